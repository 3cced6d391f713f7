from odoo import api, models

from .given import SellerOrder


class OmsOrderPlacing(models.AbstractModel):
    _inherit = "oms.order.placing"

    @api.model
    def _prepare_service_vals(self, channel, given, lookup):
        vals = super()._prepare_service_vals(channel, given, lookup)
        if isinstance(given, SellerOrder):
            vals |= {"user_id": given.seller_id, "oms_seller_site_id": given.seller_site_id}
        return vals
