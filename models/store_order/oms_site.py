from odoo import fields, models


class OmsSite(models.Model):
    """Where sellers take orders of customers who stand before them."""

    _inherit = "oms.site"

    seller_channel_id = fields.Many2one(
        "oms.channel",
        string="Sellers' Channel",
        check_company=True,
        domain="[('orchestrated', '=', True)]",
        help="The channel on which sellers of the site take orders for customers, from the stock "
        "of all its sites. Without one no orders are taken there.",
        groups="base.group_user",
    )
