import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.levels import Limits


class OmsStockRule(models.Model):
    """What levels of goods at sites must respect besides service.

    Of several rules about the same goods at the same site each number is taken from the nearest one
    that gives it: product before category before all goods, site before network before all sites.
    """

    _name = "oms.stock.rule"
    _description = "Stock Rule"
    _order = "sequence, id"
    _check_company_auto = True

    sequence = fields.Integer(
        default=10, help="Of rules that are equally near the one with the lowest number counts."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    product_id = fields.Many2one(
        "product.product",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
        domain="[('is_storable', '=', True)]",
    )
    categ_id = fields.Many2one(
        "product.category",
        string="Product Category",
        ondelete="cascade",
        index="btree_not_null",
        help="With the categories below, where these have no rule of their own.",
    )
    site_id = fields.Many2one(
        "oms.site", ondelete="cascade", index="btree_not_null", check_company=True
    )
    network_id = fields.Many2one(
        "oms.network", ondelete="cascade", index="btree_not_null", check_company=True
    )
    presentation = fields.Float(
        string="Presentation Minimum",
        digits="Product Unit",
        help="So much is to stand on the shelf of a store, whatever is wanted; 0 says nothing. "
        "Warehouses present nothing.",
    )
    pack = fields.Float(
        digits="Product Unit",
        help="It comes only in multiples of this; 0 says nothing.",
    )
    capacity = fields.Float(
        string="Shelf Holds", digits="Product Unit", help="No more fits there; 0 is no limit."
    )
    end_date = fields.Date(
        string="Last Day of Sale",
        help="End of season or of life: nothing is ordered that would not be sold before.",
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    note = fields.Char()

    _product_scope_check = models.Constraint(
        "CHECK (product_id IS NULL OR categ_id IS NULL)",
        "A stock rule is for a product or for a category: leave one of them empty.",
    )
    _site_scope_check = models.Constraint(
        "CHECK (site_id IS NULL OR network_id IS NULL)",
        "A stock rule is for a site or for a network: leave one of them empty.",
    )
    _numbers_check = models.Constraint(
        "CHECK (COALESCE(presentation, 0) BETWEEN 0 AND 1e9 AND COALESCE(pack, 0) BETWEEN 0 AND 1e9"
        " AND COALESCE(capacity, 0) BETWEEN 0 AND 1e9)",
        "Presentation, pack and shelf are numbers of units, zero or above.",
    )

    @api.depends("product_id", "categ_id", "site_id", "network_id")
    def _compute_display_name(self):
        for rule in self:
            goods = rule.product_id or rule.categ_id
            place = rule.site_id or rule.network_id
            rule.display_name = self.env._(
                "%(goods)s, %(place)s",
                goods=goods.display_name if goods else self.env._("All products"),
                place=place.display_name if place else self.env._("all sites"),
            )

    @api.constrains("company_id", "presentation", "capacity", "pack", "end_date")
    def _check_says_something(self):
        for rule in self:
            if not (rule.presentation or rule.capacity or rule.pack or rule.end_date):
                raise ValidationError(
                    self.env._("A stock rule says something: give a number or a last day.")
                )
            if rule.capacity and rule.presentation > rule.capacity:
                raise ValidationError(
                    self.env._("More is to be presented than the shelf holds: change one of them.")
                )

    @api.model
    def _get_limits(self, company, products, sites, smallest=1.0):
        """Return the limits of products at sites, one row for each product at each site.

        :param products: ``product.product``
        :param sites: ``oms.site``
        :param smallest: in multiples of what products come where no rule says it, one number or
            one for each product
        :rtype: engine.levels.Limits
        :return: rows in the order of products, then sites
        """
        shape = (len(products), len(sites))
        presentation, pack = np.zeros(shape), np.ones(shape)
        pack *= np.reshape(smallest, (-1, 1))
        capacity, life = np.full(shape, np.inf), np.full(shape, np.inf)
        today = fields.Date.context_today(self)
        # sudo: the rules of the company that is planned for
        rules = self.sudo().search([("company_id", "=", company.id)])
        # From the farthest to the nearest: each overwrites those before it.
        for rule in rules.sorted(lambda each: each._get_rank()):
            cells = rule._find_cells(products, sites)
            if not cells[0].size or not cells[1].size:
                continue
            where = np.ix_(*cells)
            if rule.presentation:
                presentation[where] = rule.presentation
            if rule.pack:
                pack[where] = rule.pack
            if rule.capacity:
                capacity[where] = rule.capacity
            if rule.end_date:
                life[where] = max((rule.end_date - today).days + 1, 0)
        stores = np.array([site.kind != "warehouse" for site in sites], dtype=bool)
        presentation *= stores
        columns = (each.ravel() for each in (presentation, pack, capacity, life))
        return Limits.of(presentation.size, *columns)

    def _get_rank(self):
        """Return how near a rule is: those that are nearer come later."""
        goods = 2 if self.product_id else 1 if self.categ_id else 0
        depth = len((self.categ_id.parent_path or "").split("/")) if self.categ_id else 0
        place = 2 if self.site_id else 1 if self.network_id else 0
        return goods, depth, place, -self.sequence, -self.id

    def _find_cells(self, products, sites):
        """Return the positions of the products and of the sites that a rule is about."""
        ids = np.array(products.ids, dtype=np.int64)
        if self.product_id:
            rows = np.flatnonzero(ids == self.product_id.id)
        elif self.categ_id:
            below = set(self.categ_id.search([("id", "child_of", self.categ_id.id)]).ids)
            rows = np.flatnonzero([product.categ_id.id in below for product in products])
        else:
            rows = np.arange(len(ids))
        if self.site_id:
            kept = self.site_id
        elif self.network_id:
            kept = self.network_id.site_ids
        else:
            kept = sites
        return rows, np.flatnonzero([site in kept for site in sites])
