from odoo import api, fields, models


class StockLocation(models.Model):
    _inherit = "stock.location"

    oms_grade_id = fields.Many2one(
        "oms.grade",
        string="Grade",
        compute="_compute_oms_grade_id",
        store=True,
        readonly=False,
        recursive=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Goods in this location and those below are of this grade; empty: as new.",
    )
    oms_is_donation = fields.Boolean(
        string="Donations", help="Goods of returns that are given away are moved here."
    )

    @api.depends("location_id.oms_grade_id")
    def _compute_oms_grade_id(self):
        for location in self:
            location.oms_grade_id = location.location_id.oms_grade_id or location.oms_grade_id
