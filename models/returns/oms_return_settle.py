from odoo import fields, models
from odoo.exceptions import UserError


class OmsReturn(models.Model):
    """Judging what came, and giving the customer money, an exchange or credit for it."""

    _inherit = "oms.return"

    # === INSPECTED === #

    def _inspect(self, verdicts):
        """Write down what goods are like, and whether the customer gets something for them.

        :param list verdicts: dicts with ``item_id`` and perhaps ``grade_id``, ``accepted``,
            ``checks``, ``note``, ``photo_ids``
        :return: the items
        :rtype: oms.return.item
        :raise UserError: an item is of another return, or was settled
        """
        self.ensure_one()
        self._check_state(
            ("authorized", "in_transit", "received", "inspected"), self.env._("inspected")
        )
        # sudo: who inspects goods need not have rights on the order
        record = self.sudo()
        items = self.env["oms.return.item"].sudo()
        for verdict in verdicts:
            item = record.item_ids.filtered(lambda each, of=verdict: each.id == of.get("item_id"))
            if not item:
                raise UserError(self.env._("That did not come with %s.", self.name))
            item._judge(verdict)
            items |= item
        if record.state == "received" and all(
            item.state == "inspected" for item in record.item_ids
        ):
            record.write({"state": "inspected", "inspected_at": fields.Datetime.now()})
            record._raise_event("return.inspected")
            record._settle()
        return items.with_env(self.env)

    # === SETTLED === #

    def _get_unsettled(self):
        """Return the accepted lines for which the customer is still to get something.

        :return: quantity in the product's unit by line
        :rtype: dict
        """
        self.ensure_one()
        left = {line: line.quantity_accepted - line.settled for line in self.line_ids}
        return {
            line: quantity
            for line, quantity in left.items()
            if line.uom_id.compare(quantity, 0.0) > 0
        }

    def _settle(self):
        """Give the customers what they want for what was accepted: money, exchange or credit.

        What was settled before is left alone, so that it may be called again.
        """
        # sudo: who takes goods back need not have rights on money
        for record in self.sudo():
            record.order_id.order_line._oms_lock_returns()
            record.line_ids.invalidate_recordset(["settled"])
            left = record._get_unsettled()
            for outcome in ("refund", "exchange", "credit"):
                lines = {
                    line: quantity
                    for line, quantity in left.items()
                    if (line.outcome or record.outcome) == outcome
                }
                if lines:
                    getattr(record, f"_settle_{outcome}")(lines)
            if left:
                record.refunded_at = fields.Datetime.now()
            if record.state == "inspected":
                record._close()

    def _get_amount_of(self, lines):
        """Return what the customer gets for lines, and what is kept back of it.

        :param dict lines: quantity in the product's unit by line
        :return: value and fee in the currency of the order
        :rtype: tuple[float, float]
        """
        value = fee = 0.0
        for line, quantity in lines.items():
            before = line.currency_id.round(line.price * line.settled)
            worth = line.currency_id.round(line.price * (line.settled + quantity)) - before
            kept = min(max(line.fee - before, 0.0), worth)
            value, fee = value + worth, fee + kept
        return self.currency_id.round(value), self.currency_id.round(fee)

    def _settle_refund(self, lines):
        """Credit the invoices and give the money back.

        :param dict lines: quantity in the product's unit by line
        """
        value, fee = self._get_amount_of(lines)
        self._credit(lines, fee)
        self._note_settled(lines, value - fee)
        amount = self.currency_id.round(value - fee)
        if not self.currency_id.is_zero(amount):
            self._pay_back(amount)
            self._raise_event("return.refunded")

    def _pay_back(self, amount):
        """Give money back as far as it was paid; the rest stays to the customer's credit.

        :param float amount: above zero, in the currency of the order
        """
        order = self.order_id
        order._oms_ensure_payment_plans()
        paid = self.currency_id.round(min(amount, order.oms_payment_plan_id.refundable))
        if self.currency_id.compare_amounts(paid, 0.0) > 0:
            order._oms_request_refund(paid, return_=self)
        rest = self.currency_id.round(amount - max(paid, 0.0))
        if self.currency_id.compare_amounts(rest, 0.0) > 0:
            self.message_post(
                body=self.env._(
                    "%s stay to the customer's credit: that much was not paid through a provider.",
                    self.currency_id.format(rest),
                )
            )

    def _settle_exchange(self, lines):
        """Credit the invoices, and order the goods that the customer wants instead.

        :param dict lines: quantity in the product's unit by line
        """
        self._settle_refund(lines)

    def _settle_credit(self, lines):
        """Credit the invoices, and give the customer store credit.

        :param dict lines: quantity in the product's unit by line
        """
        self._settle_refund(lines)

    def _credit(self, lines, fee):
        """Make the credit note of lines.

        :param dict lines: quantity in the product's unit by line
        :param float fee: what is kept back, in the currency of the order
        """
        if not hasattr(self.order_id, "_oms_credit"):
            return
        quantities = {}
        for line, quantity in lines.items():
            sale_line = line.sale_line_id
            quantities.setdefault(sale_line, 0.0)
            quantities[sale_line] += line.uom_id._compute_quantity(
                quantity, sale_line.product_uom_id, round=False
            )
        moves = self.order_id._oms_credit(quantities, fee=fee)
        self.credit_move_ids |= moves

    def _note_settled(self, lines, amount):
        for line, quantity in lines.items():
            line.settled += quantity
        self.amount_settled += amount


class OmsReturnItem(models.Model):
    _inherit = "oms.return.item"

    def _judge(self, verdict):
        """Write down what goods are like.

        :param dict verdict: as in ``oms.return._inspect``
        :raise UserError: the customer got something for them already
        """
        self.ensure_one()
        accepted = verdict.get("accepted", self.accepted)
        if accepted != self.accepted and self.line_id.settled:
            raise UserError(
                self.env._(
                    "The customer got something for %s already.", self.product_id.display_name
                )
            )
        values = {
            "state": "inspected",
            "accepted": accepted and bool(self.line_id),
            "inspected_at": fields.Datetime.now(),
            "inspector_id": self.env.uid,
        }
        for name in ("grade_id", "checks", "note"):
            if name in verdict:
                values[name] = verdict[name]
        if verdict.get("photo_ids"):
            values["photo_ids"] = [fields.Command.link(each) for each in verdict["photo_ids"]]
        self.write(values)
