from odoo import models


class OmsReturnMismatch(models.Model):
    """Returns of which a part was invoiced only after it was settled."""

    _inherit = "oms.return.mismatch"

    def _mend_credit(self):
        record = self.return_id
        lines = record._get_uncredited()
        if not lines or not record.credit_move_ids:
            return super()._mend_credit()
        # What was settled without a credit note is counted anew, with it.
        for line in lines:
            line.settled = 0.0
        value, fee = record._get_amount_of(lines)
        record.amount_settled = record.currency_id.round(record.amount_settled - value + fee)
        record._credit(lines)
        return None


class OmsReturn(models.Model):
    _inherit = "oms.return"

    def _get_uncredited(self):
        """Return what was settled, is invoiced now, and stands on no credit note of the return.

        :return: quantity in the product's unit by line
        :rtype: dict
        """
        self.ensure_one()
        notes = self.credit_move_ids.filtered(lambda move: move.state == "posted")
        credited = notes.invoice_line_ids.sale_line_ids
        return {
            line: line.settled
            for line in self.line_ids
            if line.settled > 0
            and line.sale_line_id not in credited
            and line.sale_line_id._oms_get_posted_invoice_lines()
        }
