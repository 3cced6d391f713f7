from odoo import api, fields, models


class SaleOrder(models.Model):
    """Orders have their delivery address placed, wherever they come from."""

    _inherit = "sale.order"

    oms_place_hint = fields.Char(
        string="Not on the Map",
        compute="_compute_oms_place_hint",
        help="Why the delivery address could not be placed.",
        groups="base.group_user",
    )

    @api.depends(
        "partner_shipping_id.partner_latitude",
        "partner_shipping_id.partner_longitude",
        "partner_shipping_id.zip",
        "partner_shipping_id.city",
        "partner_shipping_id.country_id",
        "state",
    )
    def _compute_oms_place_hint(self):
        for order in self:
            # sudo: not everybody who sees an order sees its channel
            told = order.state != "cancel" and order.sudo().oms_channel_id
            partner = order.partner_shipping_id
            order.oms_place_hint = partner._oms_get_place_hint() if told and partner else ""

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders.partner_shipping_id._oms_place()
        return orders

    def write(self, vals):
        res = super().write(vals)
        if vals.get("partner_shipping_id") or vals.get("partner_id"):
            self.partner_shipping_id._oms_place()
        return res
