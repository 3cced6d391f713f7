from odoo import api, models


class OmsOrderPlacing(models.AbstractModel):
    _inherit = "oms.order.placing"

    @api.model
    def _prepare_service_vals(self, channel, given):
        vals = super()._prepare_service_vals(channel, given)
        seller_id = getattr(given, "seller_id", None)
        if seller_id:
            vals |= {"user_id": seller_id, "oms_seller_site_id": given.seller_site_id}
        return vals
