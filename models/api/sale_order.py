from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_channel_total = fields.Monetary(
        string="Total of the Channel",
        copy=False,
        readonly=True,
        help="What the customer pays according to the channel, with tax.",
        groups="base.group_user",
    )
    oms_channel_with_tax = fields.Boolean(
        string="Prices of the Channel with Tax",
        copy=False,
        readonly=True,
        help="The channel's prices of this order are with tax.",
        groups="base.group_user",
    )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    oms_external_ref = fields.Char(
        string="External Line",
        copy=False,
        help="By what the channel knows the line.",
        groups="base.group_user",
    )
    oms_channel_price = fields.Float(
        string="Price of the Channel",
        copy=False,
        readonly=True,
        min_display_digits="Product Price",
        help="For one unit of the product, before discount, as the channel gave it.",
        groups="base.group_user",
    )
