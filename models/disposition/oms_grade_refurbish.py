from odoo import api, fields, models
from odoo.exceptions import ValidationError


class OmsGrade(models.Model):
    """How goods of a grade sell, and what they become when they are refurbished."""

    _inherit = "oms.grade"

    pace = fields.Float(
        string="Pace (%)",
        default=100.0,
        digits=(6, 1),
        help="How fast goods of the grade sell at their price, compared with new ones of the same "
        "product at the same site.",
    )
    refurbish_grade_id = fields.Many2one(
        "oms.grade",
        string="Refurbished To",
        ondelete="restrict",
        help="What goods become when they are repaired, cleaned or packed anew, at sites that do "
        "so; empty: it is not worth the effort.",
    )
    refurbish_percent = fields.Float(
        string="Refurbishing Costs (%)", digits=(6, 2), help="In percent of the price as new."
    )
    refurbish_days = fields.Float(string="Refurbishing Takes (Days)", digits=(6, 1))
    refurbish_chance = fields.Float(string="Refurbishing Succeeds (%)", default=90.0, digits=(6, 2))

    _pace_check = models.Constraint(
        "CHECK (pace >= 0 AND COALESCE(refurbish_percent, 0) >= 0 "
        "AND COALESCE(refurbish_days, 0) >= 0 AND refurbish_chance BETWEEN 0 AND 100)",
        "Pace, costs and days are not negative, and a chance runs from 0 to 100 %.",
    )

    @api.constrains("refurbish_grade_id", "sequence")
    def _check_refurbish_grade(self):
        for grade in self:
            better = grade.refurbish_grade_id
            if better and (better.sequence, better.id) >= (grade.sequence, grade.id):
                raise ValidationError(
                    self.env._(
                        "Goods of grade %s are refurbished to a better grade, not to a worse one.",
                        grade.name,
                    )
                )
