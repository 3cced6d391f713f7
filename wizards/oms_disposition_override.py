from odoo import fields, models

from ..models.disposition.oms_disposition import KIND_SELECTION


class OmsDispositionOverride(models.TransientModel):
    """Asks what becomes of returned goods instead of what is proposed."""

    _name = "oms.disposition.override"
    _description = "Decide Otherwise on Goods"

    disposition_ids = fields.Many2many(
        "oms.disposition", string="Goods", required=True, readonly=True
    )
    company_id = fields.Many2one(related="disposition_ids.company_id")
    kind = fields.Selection(KIND_SELECTION, string="Disposition", required=True, default="sell")
    site_id = fields.Many2one(
        "oms.site",
        string="To",
        domain="[('warehouse_id', '!=', False), ('company_id', '=', company_id)]",
    )
    reason = fields.Char(required=True, help="For those who look at it later.")

    def action_confirm(self):
        """Do it.

        :return: a client action that closes the dialog
        :rtype: dict
        """
        self.ensure_one()
        dispositions = self.disposition_ids
        dispositions._check_may_decide()
        # sudo: who decides about goods need not have rights on all that is moved
        dispositions.sudo()._choose(self.kind, self.site_id.sudo(), self.reason)
        return {"type": "ir.actions.act_window_close"}
