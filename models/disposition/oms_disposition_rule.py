from odoo import fields, models

from .oms_disposition import KIND_SELECTION


class OmsDispositionRule(models.Model):
    """What always, or never, becomes of some returned goods, and what needs no person to say so."""

    _name = "oms.disposition.rule"
    _description = "Disposition Rule"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    effect = fields.Selection(
        [
            ("always", "Always"),
            ("never", "Never"),
            ("accept", "Carry Out What Is Proposed"),
        ],
        required=True,
        default="always",
        help="Always: of the goods becomes this, if it can; the first such rule counts. Never: it "
        "is not proposed. Carry out: what is proposed is done at once, without a person.",
    )
    kind = fields.Selection(KIND_SELECTION, string="Disposition")
    grade_ids = fields.Many2many(
        "oms.grade",
        "oms_disposition_rule_grade_rel",
        "rule_id",
        "grade_id",
        string="Grades",
        help="Empty: all.",
    )
    categ_ids = fields.Many2many(
        "product.category",
        "oms_disposition_rule_categ_rel",
        "rule_id",
        "categ_id",
        string="Product Categories",
        help="These and those below. Empty: all.",
    )
    product_ids = fields.Many2many(
        "product.product",
        "oms_disposition_rule_product_rel",
        "rule_id",
        "product_id",
        string="Products",
        help="Empty: all.",
    )
    reason_ids = fields.Many2many(
        "oms.return.reason",
        "oms_disposition_rule_reason_rel",
        "rule_id",
        "reason_id",
        string="Reasons of Return",
        help="Empty: all.",
    )
    site_ids = fields.Many2many(
        "oms.site",
        "oms_disposition_rule_site_rel",
        "rule_id",
        "site_id",
        string="Came To",
        help="Empty: all.",
    )
    price_below = fields.Float(
        digits="Product Price", help="Only for goods of a lower sales price; 0 is no limit."
    )

    _kind_check = models.Constraint(
        "CHECK (effect = 'accept' OR kind IS NOT NULL)", "Say what becomes of the goods."
    )

    def _get_matching(self, product, grade, site, reason):
        """Return the rules that hold for goods.

        :param product: ``product.product``
        :param grade: ``oms.grade``
        :param site: ``oms.site`` where they are
        :param reason: ``oms.return.reason``, may be empty
        """
        above = {int(each) for each in (product.categ_id.parent_path or "").split("/") if each}
        return self.filtered(
            lambda rule: (
                (not rule.company_id or rule.company_id == site.company_id)
                and (not rule.grade_ids or grade in rule.grade_ids)
                and (not rule.categ_ids or above.intersection(rule.categ_ids.ids))
                and (not rule.product_ids or product in rule.product_ids)
                and (not rule.reason_ids or reason in rule.reason_ids)
                and (not rule.site_ids or site in rule.site_ids)
                and (not rule.price_below or product.lst_price < rule.price_below)
            )
        )
