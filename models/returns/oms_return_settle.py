from odoo import api, fields, models
from odoo.exceptions import UserError

#: States in which what came is judged.
JUDGED_STATES = ("authorized", "in_transit", "received", "inspected")


class OmsReturn(models.Model):
    """Judging what came, and giving the customer money, an exchange or credit for it."""

    _inherit = "oms.return"

    settle_error = fields.Text(
        string="Not Settled Because",
        readonly=True,
        copy=False,
        help="Why the customer did not get anything yet; it is tried again every hour.",
    )

    # === INSPECTED === #

    def _inspect(self, verdicts):
        """Write down what goods are like, and whether the customer gets something for them.

        When all that came was judged, the customers get what they want for it.

        :param list verdicts: dicts with ``item_id`` and perhaps ``grade_id``, ``accepted``,
            ``checks``, ``note``, ``photo_ids``
        :return: the items
        :rtype: oms.return.item
        :raise UserError: an item is of another return, or was settled
        """
        self.ensure_one()
        self._check_state(JUDGED_STATES, self.env._("inspected"))
        # sudo: who inspects goods need not have rights on the order
        record = self.sudo()
        # Two who judge the last two items at once would each leave the end to the other.
        record._lock_work()
        items = self.env["oms.return.item"].sudo()
        for verdict in verdicts:
            item = record.item_ids.filtered(lambda each, of=verdict: each.id == of.get("item_id"))
            if not item:
                raise UserError(self.env._("That did not come with %s.", self.name))
            item._judge(verdict)
            items |= item
        record._note_inspected()
        return items.with_env(self.env)

    def _note_inspected(self):
        """Go on with returns of which all that came was judged."""
        done = self.filtered(
            lambda record: (
                record.state == "received"
                and all(item.state == "inspected" for item in record.item_ids)
            )
        )
        done.write({"state": "inspected", "inspected_at": fields.Datetime.now()})
        done._raise_event("return.inspected")
        done._try_settle()

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

    def _check_objections(self):
        """Make sure that the policy would have let come what is to be settled, if it was asked.

        :raise UserError: somebody has to decide
        """
        for record in self.sudo():
            objections = [line.objection for line in record._get_unsettled() if line.objection]
            if objections:
                raise UserError(
                    self.env._(
                        "%s It came all the same: settle it, or give nothing for it.",
                        " ".join(dict.fromkeys(objections)),
                    )
                )

    def _try_settle(self):
        """Settle returns; what cannot be settled now says why, and is tried again."""
        for record in self:
            try:
                with self.env.cr.savepoint():
                    record._check_objections()
                    record._settle()
            except UserError as error:
                record.invalidate_recordset()
                record.line_ids.invalidate_recordset()
                text = str(error.args[0])
                if record.settle_error != text:
                    record.sudo().settle_error = text
                    record.message_post(body=self.env._("Not settled: %s", text))

    @api.model
    def _cron_settle(self):
        """Try again to settle what could not be settled when it was inspected."""
        waiting = self.search([("settle_error", "!=", False)], order="id")
        self.env["ir.cron"]._commit_progress(remaining=len(waiting))
        for record in waiting:
            record._try_settle()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _settle(self):
        """Give the customers what they want for what was accepted: money, exchange or credit.

        What was settled before is left alone, so that it may be called again.

        :raise UserError: something cannot be settled now
        """
        # sudo: who takes goods back need not have rights on money
        for record in self.sudo().filtered("order_id"):
            record.order_id.order_line._oms_lock_returns()
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
                record._raise_event("return.refunded")
            record.settle_error = False
            if record.state == "inspected":
                record._close()

    def _credit(self, lines):
        """Credit the invoices of what comes back, and say what the customer gets for it.

        That is what the credit notes come to; of what is not invoiced, its price less the fee.

        :param dict lines: quantity in the product's unit by line
        :return: the credit notes, and the amount in the currency of the order
        :rtype: tuple
        """
        quantities = self._get_sold_quantities(lines)
        invoiced = self.order_id._oms_invoice_before_credit(quantities)
        billed = {line: part for line, part in lines.items() if line.sale_line_id in invoiced}
        plain = {line: part for line, part in lines.items() if line not in billed}
        notes = self.env["account.move"]
        amount = 0.0
        if billed:
            _value, fee = self._get_amount_of(billed)
            notes = self.order_id._oms_credit(self._get_sold_quantities(billed), fee=fee)
            self.credit_move_ids |= notes
            amount += sum(notes.mapped("amount_total"))
        if plain:
            value, fee = self._get_amount_of(plain)
            amount += value - fee
        for line, quantity in lines.items():
            line.settled += quantity
        amount = self.currency_id.round(max(amount, 0.0))
        self.amount_settled += amount
        return notes, amount

    def _get_sold_quantities(self, lines):
        """Return how much of which order lines return lines are.

        :param dict lines: quantity in the product's unit by line
        :return: in the unit of the order line, by ``sale.order.line``
        :rtype: dict
        """
        quantities = {}
        for line, quantity in lines.items():
            sale_line = line.sale_line_id
            quantities.setdefault(sale_line, 0.0)
            quantities[sale_line] += line.uom_id._compute_quantity(
                quantity, sale_line.product_uom_id, round=False
            )
        return quantities

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
            # Kept back of the first that is settled.
            kept = min(max(line.fee - before, 0.0), worth)
            value, fee = value + worth, fee + kept
        return self.currency_id.round(value), self.currency_id.round(fee)

    def _settle_refund(self, lines):
        """Credit the invoices and give the money back.

        :param dict lines: quantity in the product's unit by line
        """
        _notes, amount = self._credit(lines)
        self._pay_back(amount)

    def _pay_back(self, amount):
        """Give back what was paid beyond what is owed; the rest stays to the customer's credit.

        :param float amount: in the currency of the order
        :raise UserError: a capture is under way: it is known only then what can be given back
        """
        order, currency = self.order_id, self.currency_id
        amount = self._set_off(amount)
        plan = order.oms_payment_plan_id
        paid = currency.round(min(amount, max(plan.refundable, 0.0)))
        rest = currency.round(amount - paid)
        if currency.compare_amounts(rest, 0.0) > 0 and plan.capturing:
            raise UserError(
                self.env._("The payment of %s is just being captured: wait for it.", order.name)
            )
        if currency.compare_amounts(paid, 0.0) > 0:
            order._oms_request_refund(paid, return_=self)
        if currency.compare_amounts(rest, 0.0) > 0:
            self.message_post(
                body=self.env._(
                    "%s stay to the customer's credit: that much was not paid through a provider.",
                    currency.format(rest),
                )
            )

    def _set_off(self, amount):
        """Have what the customer is credited pay first what is still owed for the order.

        :param float amount: in the currency of the order
        :return: what is left of it
        :rtype: float
        """
        order, currency = self.order_id, self.currency_id
        order._oms_hold_payment()
        part = order.oms_payment_plan_id._set_off(amount)
        if not part:
            return amount
        self.amount_set_off += part
        order._oms_match_set_off(self.credit_move_ids)
        self.message_post(
            body=self.env._("%s paid what was still owed for the order.", currency.format(part))
        )
        return currency.round(amount - part)


class OmsReturnItem(models.Model):
    _inherit = "oms.return.item"

    def _judge(self, verdict):
        """Write down what goods are like.

        :param dict verdict: as in ``oms.return._inspect``
        :raise UserError: the customer got something for them already
        """
        self.ensure_one()
        accepted = bool(verdict.get("accepted", self.accepted) and self.line_id)
        if accepted != self.accepted and self.line_id.settled:
            raise UserError(
                self.env._(
                    "The customer got something for %s already.", self.product_id.display_name
                )
            )
        values = {
            "state": "inspected",
            "accepted": accepted,
            "inspected_at": fields.Datetime.now(),
            "inspector_id": self.env.uid,
        }
        for name in ("grade_id", "checks", "note"):
            if name in verdict:
                values[name] = verdict[name]
        if verdict.get("photo_ids"):
            values["photo_ids"] = [fields.Command.link(each) for each in verdict["photo_ids"]]
        self.write(values)
