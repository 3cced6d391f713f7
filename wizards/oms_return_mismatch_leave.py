from odoo import fields, models


class OmsReturnMismatchLeave(models.TransientModel):
    """Asks why differences of returns are left as they are."""

    _name = "oms.return.mismatch.leave"
    _description = "Leave Differences of Returns"

    reason = fields.Char(required=True)

    def action_confirm(self):
        """Leave them.

        :return: a client action that loads the screen anew
        :rtype: dict
        """
        self.ensure_one()
        # Numbers of a view: nothing could refer to them.
        ids = self.env.context.get("oms_mismatch_ids", [])
        mismatches = self.env["oms.return.mismatch"].search([("id", "in", ids)])
        mismatches._check_may_mend()
        mismatches._leave(self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
