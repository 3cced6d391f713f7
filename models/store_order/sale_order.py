from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_seller_site_id = fields.Many2one(
        "oms.site",
        string="Sold at",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The site whose seller took the order.",
        groups="base.group_user",
    )
