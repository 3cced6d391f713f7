from odoo import fields, models

from .given import SellerOrder


class OmsIncomingOrder(models.Model):
    """Orders of sellers that wait for somebody to mend something: who took them stays known."""

    _inherit = "oms.incoming.order"

    seller_id = fields.Many2one("res.users", readonly=True)
    seller_site_id = fields.Many2one("oms.site", string="Sold at", readonly=True)

    def _prepare_parked_vals(self, given):
        vals = super()._prepare_parked_vals(given)
        if isinstance(given, SellerOrder):
            vals |= {"seller_id": given.seller_id, "seller_site_id": given.seller_site_id}
        return vals

    def _read_payload(self):
        # sudo: who mends an order places it as it was taken, whatever he may see of that
        waiting = self.sudo()
        if not waiting.seller_id or not waiting.seller_site_id:
            return super()._read_payload()
        seller = {"seller_id": waiting.seller_id.id, "seller_site_id": waiting.seller_site_id.id}
        return SellerOrder.model_validate({**self.payload, **seller}, strict=False)
