from odoo import api, fields, models


class StockLocation(models.Model):
    _inherit = "stock.location"

    oms_not_for_sale = fields.Boolean(
        string="Not for Sale",
        help="Goods here and in the locations below are not promised to anybody: quarantine, "
        "display, damaged goods.",
    )
    oms_for_sale = fields.Boolean(
        compute="_compute_oms_for_sale",
        store=True,
        recursive=True,
        help="Neither this location nor one above is marked as not for sale.",
    )
    oms_position_site_id = fields.Many2one(
        "oms.site",
        string="Counts for Site",
        compute="_compute_oms_position_site_id",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        help="The site for which goods in this location can be promised.",
    )

    @api.depends("oms_not_for_sale", "location_id.oms_for_sale")
    def _compute_oms_for_sale(self):
        for location in self:
            parent = location.location_id
            location.oms_for_sale = not location.oms_not_for_sale and (
                not parent or parent.oms_for_sale
            )

    @api.depends("usage", "oms_for_sale", "warehouse_id.oms_site_ids")
    def _compute_oms_position_site_id(self):
        for location in self:
            counts = location.usage == "internal" and location.oms_for_sale
            # sudo: who makes a location need not have rights on sites
            site = location.warehouse_id.sudo().with_context(active_test=False).oms_site_ids[:1]
            location.oms_position_site_id = counts and site
