from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class OmsReturnMismatch(models.Model):
    """Mends what does not fit: goods, credit notes and money of a return are made to agree."""

    _inherit = "oms.return.mismatch"

    def _mend_unpaid(self):
        self.return_id._settle()

    def _mend_refund(self):
        plan = self.return_id.order_id.oms_payment_plan_id
        amount = self.currency_id.round(min(-self.amount, plan.refundable))
        self.return_id.order_id._oms_request_refund(amount, return_=self.return_id)

    # === CREDIT NOTES === #

    def _mend_credit(self):
        """Credit what was settled without a credit note; or take over what the credit notes say.

        They are what the customer and the tax office have. What they say more than was paid back
        is then shown as money that is still due.
        """
        record = self.return_id
        notes = record.credit_move_ids.filtered(lambda note: note.state == "posted")
        if not notes:
            self._credit_anew()
            return
        record.message_post(
            body=self.env._(
                "The credit notes say %(said)s, which is %(more)s more than was settled of what is "
                "invoiced: the credit notes count.",
                said=record.currency_id.format(sum(notes.mapped("amount_total"))),
                more=record.currency_id.format(self.amount),
            )
        )
        # What is not invoiced has no credit note, and stays as it was settled.
        record.amount_settled = record.currency_id.round(record.amount_settled + self.amount)

    def _mend_currency(self):
        """Cancel credit notes in another currency, and credit the same goods in that of the order.

        :raises UserError: one cannot be cancelled any more
        """
        record = self.return_id
        wrong = record.credit_move_ids.filtered(
            lambda note: note.state == "posted" and note.currency_id != record.currency_id
        )
        locked = wrong.filtered(lambda note: note.inalterable_hash or note.restrict_mode_hash_table)
        if locked:
            raise UserError(
                self.env._(
                    "%s is secured by a hash and cannot be cancelled: reverse it in Invoicing and "
                    "credit the goods by hand.",
                    ", ".join(locked.mapped("name")),
                )
            )
        names = ", ".join(wrong.mapped("name"))
        wrong.button_draft()
        wrong.button_cancel()
        record.credit_move_ids = [Command.unlink(note.id) for note in wrong]
        self._credit_anew()
        record.message_post(
            body=self.env._(
                "Credited anew in %(currency)s; cancelled, since in another currency: %(notes)s.",
                currency=record.currency_id.name,
                notes=names,
            )
        )

    def _credit_anew(self):
        record = self.return_id
        lines = {line: line.settled for line in record.line_ids if line.settled > 0}
        # What was settled without a credit note is counted anew, with it.
        record.line_ids.settled = 0.0
        record.amount_settled = 0.0
        record._credit(lines)

    # === GOODS === #

    def _mend_site(self):
        proposals = self.item_id.disposition_ids.filtered(lambda each: each.state == "proposed")
        if not proposals:
            raise UserError(
                self.env._(
                    "What becomes of %s is decided already, or it was not inspected yet. Leave it "
                    "as it is and say why.",
                    self.product_id.display_name,
                )
            )
        proposals._choose("send", self.return_id.site_id, self.env._("It was to come there."))

    def _mend_quantity(self):
        """Have the announcement say what came.

        What was announced and did not come can be announced again; what came beyond it was checked
        against what the customer had when it was taken in.
        """
        line = self.line_id
        self.return_id.message_post(
            body=self.env._(
                "Of %(product)s %(said)g had been announced and %(came)g came: that counts now.",
                product=line.product_id.display_name,
                said=line.quantity,
                came=line.quantity_received,
            )
        )
        line.quantity = line.quantity_received

    def _mend_unexpected(self):
        """Tie goods that nobody announced to the order that delivered them.

        That of the return if it can be, else the latest one of the same customer; then they are a
        return of that order, and the customer gets something for them.

        :raises UserError: no order of the customer delivered them
        """
        item, record = self.item_id, self.return_id
        if record.order_id:
            record._lock_work()
            record.order_id.order_line._oms_lock_returns()
            if item._tie_to_order():
                item._settle_tied()
                return
        order = item._find_other_order()
        if not order:
            raise UserError(
                self.env._(
                    "No order of %(customer)s delivered %(product)s that is not back yet. Open the "
                    "return and name the order, or leave it as it is: the goods are then ours.",
                    customer=record.partner_id.display_name or self.env._("the customer"),
                    product=self.product_id.display_name,
                )
            )
        item._move_to_return_of(order)


class OmsReturnItem(models.Model):
    _inherit = "oms.return.item"

    def _settle_tied(self):
        """Charge the share that is kept of what was added, and give the customer what is due."""
        record = self.return_id
        self._announce()
        for line in self.line_id.filtered(lambda each: each.reason_id.paid_by != "seller"):
            terms = record.policy_id._get_terms(line.product_id, record.channel_id)
            line.fee = record.currency_id.round(line.amount * terms.fee_percent / 100.0)
        if record.state in ("inspected", "closed"):
            record._try_settle()

    def _announce(self):
        """Have the lines of what came say that it was to come."""
        for line in self.line_id:
            line.quantity = max(line.quantity, line.quantity_received)

    def _find_other_order(self):
        """Return the latest order of the customer that delivered such goods, not back yet.

        :rtype: sale.order
        """
        self.ensure_one()
        record = self.return_id
        partner = record.partner_id.commercial_partner_id
        if not partner:
            return self.env["sale.order"]
        lines = self.env["sale.order.line"].search(
            [
                ("order_id.partner_id", "child_of", partner.id),
                ("company_id", "=", record.company_id.id),
                ("product_id", "=", self.product_id.id),
                ("state", "=", "sale"),
                ("qty_delivered", ">", 0),
                ("order_id", "!=", record.order_id.id),
            ],
            order="id desc",
            limit=50,
        )
        for line in lines:
            expected = sum(each._get_quantity_expected() for each in line.oms_return_line_ids)
            has = line._oms_get_quantity_with_customer() - expected
            if self.uom_id.compare(has, self.quantity) >= 0 and line._oms_has_lot(self.lot_id):
                return line.order_id
        return self.env["sale.order"]

    def _move_to_return_of(self, order):
        """Make a return of another order of goods that came with this one.

        :param order: ``sale.order`` that delivered them
        :raises UserError: they came by one transfer with other goods that nobody announced
        """
        self.ensure_one()
        record = self.return_id
        together = record.item_ids.filtered(lambda item: item.move_ids & self.move_ids)
        if together != self:
            raise UserError(
                self.env._(
                    "%s came together with other goods of the same kind: name the order in the "
                    "return.",
                    self.product_id.display_name,
                )
            )
        now = fields.Datetime.now()
        other = record.create(
            {
                "origin": "blind",
                "way": "dropoff",
                "state": "inspected" if self.state == "inspected" else "received",
                "authorized_at": now,
                "received_at": now,
                "inspected_at": now if self.state == "inspected" else False,
                "company_id": record.company_id.id,
                "partner_id": record.partner_id.id,
                "site_id": self.site_id.id,
            }
        )
        self.return_id = other
        other._match_order(order)
        self._announce()
        name = self.product_id.display_name
        record.message_post(
            body=self.env._(
                "%(product)s is of %(order)s: it is in %(other)s now.",
                product=name,
                order=order.name,
                other=other.name,
            )
        )
        other.message_post(
            body=self.env._(
                "%(product)s of %(order)s had come with %(other)s.",
                product=name,
                order=order.name,
                other=record.name,
            )
        )
