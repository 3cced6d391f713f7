from collections import defaultdict

from odoo import fields, models
from odoo.tools import float_repr


class OmsPosition(models.Model):
    """Stock by site also says what of a product lies apart, by its grade."""

    _inherit = "oms.position"

    grade_text = fields.Char(
        string="By Grade",
        compute="_compute_grade_text",
        help="What lies apart at the site because it is not sold as new: it is not part of what is "
        "on hand, and no channel is promised it.",
    )

    def _compute_grade_text(self):
        """Read what lies apart of all positions on the page at once."""
        found = self._read_apart()
        for position in self:
            parts = found.get((position.site_id.id, position.product_id.id), {})
            digits = 2 if any(quantity % 1 for quantity in parts.values()) else 0
            grades = sorted(parts, key=lambda grade: (grade.sequence, grade.id))
            position.grade_text = " · ".join(
                f"{grade.code} {float_repr(parts[grade], digits)}" for grade in grades
            )

    def _read_apart(self):
        """Return what lies in locations of grades that are not sold as new.

        :return: quantity by grade, by (site id, product id)
        :rtype: dict
        """
        found = defaultdict(dict)
        # sudo: whoever sees a position may know what else of the product is there
        sites = self.sudo().site_id.filtered("warehouse_id")
        site_of = {site.warehouse_id: site.id for site in sites}
        if not site_of:
            return found
        for product, location, quantity in (
            self.env["stock.quant"]
            .sudo()
            ._read_group(
                [
                    ("product_id", "in", self.product_id.ids),
                    ("location_id.warehouse_id", "in", sites.warehouse_id.ids),
                    ("location_id.oms_grade_id.sellable", "=", False),
                    ("location_id.oms_grade_id", "!=", False),
                    ("location_id.usage", "=", "internal"),
                ],
                ["product_id", "location_id"],
                ["quantity:sum"],
            )
        ):
            parts = found[site_of[location.warehouse_id], product.id]
            grade = location.oms_grade_id
            parts[grade] = parts.get(grade, 0.0) + quantity
        return found

    def action_view_grades(self):
        """Open the stock records of what lies apart by grade.

        :return: a window action
        :rtype: dict
        """
        # sudo: only locations are looked up; the records are read with the user's own rights
        places = (
            self.env["stock.location"]
            .sudo()
            .search(
                [
                    ("warehouse_id", "in", self.sudo().site_id.warehouse_id.ids),
                    ("oms_grade_id", "!=", False),
                ]
            )
        )
        action = self._get_quants_action(self.product_id, self.site_id)
        return {
            **action,
            "name": self.env._("Stock by Grade"),
            "domain": [
                ("product_id", "in", self.product_id.ids),
                ("location_id", "in", places.ids),
            ],
        }
