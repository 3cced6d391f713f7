from datetime import timedelta

from odoo import api, fields, models


class OmsPromotion(models.Model):
    """A time in which more is wanted than usual.

    What came in it teaches nothing about what is usual, and what will come in one to come is
    forecast by its factor.
    """

    _name = "oms.promotion"
    _description = "Promotion"
    _inherit = ["mail.thread"]
    _order = "date_from desc, id desc"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    date_from = fields.Date(string="From", required=True, tracking=True)
    date_to = fields.Date(string="Until", required=True, tracking=True)
    product_ids = fields.Many2many(
        "product.product",
        "oms_promotion_product_rel",
        "promotion_id",
        "product_id",
        string="Products",
        domain=[("is_storable", "=", True)],
    )
    categ_ids = fields.Many2many(
        "product.category",
        "oms_promotion_category_rel",
        "promotion_id",
        "categ_id",
        string="Categories",
        help="All products of these categories and of those below them.",
    )
    site_ids = fields.Many2many(
        "oms.site",
        "oms_promotion_site_rel",
        "promotion_id",
        "site_id",
        string="Sites",
        check_company=True,
        help="All sites if none is named.",
    )
    factor = fields.Float(
        tracking=True,
        help="How many times as much is wanted as usual; zero: learned from what came, which is "
        "known only once it is over.",
    )
    learned_factor = fields.Float(
        readonly=True, copy=False, help="How many times as much came, by the last forecast."
    )

    _date_check = models.Constraint(
        "CHECK (date_to >= date_from)", "A promotion ends no earlier than it begins."
    )
    _factor_check = models.Constraint(
        "CHECK (factor IS NULL OR (factor >= 0 AND factor <= 20))",
        "A factor is between zero and 20.",
    )

    def _get_products(self):
        """Return the products of a promotion."""
        self.ensure_one()
        products = self.product_ids
        if self.categ_ids:
            products |= self.env["product.product"].search(
                [("categ_id", "child_of", self.categ_ids.ids), ("is_storable", "=", True)]
            )
        return products

    @api.model
    def _find(self, company, begin, end):
        """Return the promotions of a company that touch some days."""
        return self.search(
            [
                ("company_id", "=", company.id),
                ("date_to", ">=", begin),
                ("date_from", "<", end + timedelta(days=1)),
            ],
            order="id",
        )
