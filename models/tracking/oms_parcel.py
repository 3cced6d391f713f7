from odoo import api, models


class OmsParcel(models.Model):
    """Parcels of which carriers told before they were known here."""

    _inherit = "oms.parcel"

    @api.model_create_multi
    def create(self, vals_list):
        parcels = super().create(vals_list)
        # sudo: whoever has labels bought need not see what carriers tell
        events = self.env["oms.webhook.event"].sudo()
        for account, of_account in parcels.grouped("account_id").items():
            events._try_parked(account, of_account.mapped("tracking_number"))
        return parcels


class OmsCarrierCancel(models.AbstractModel):
    _inherit = "oms.carrier.cancel"

    def _apply(self, task, result):
        res = super()._apply(task, result)
        parcels = self.env["oms.parcel"].browse(task.arguments["parcel_ids"]).exists()
        parcels.taken_back = True
        return res
