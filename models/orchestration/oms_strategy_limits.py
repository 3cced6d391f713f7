import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.sourcing import Budget, Limits

HARD = "Hard: kept to always. Otherwise it is given up for what cannot be filled within it."


class OmsStrategy(models.Model):
    """What a plan must keep to, hard or soft.

    Soft limits are kept to in a first pass; what it leaves unfilled is sourced in a second one
    under the hard ones alone.
    """

    _inherit = "oms.strategy"

    max_sites = fields.Integer(
        string="Most Sites per Order",
        tracking=True,
        help="At most so many sites serve an order; 0 is any number.",
    )
    max_sites_hard = fields.Boolean(string="Hard: Sites per Order", default=True, help=HARD)
    max_sites_per_line = fields.Integer(
        string="Most Sites per Line",
        tracking=True,
        help="At most so many sites serve a line: 1 makes lines indivisible, 0 is any number.",
    )
    max_sites_per_line_hard = fields.Boolean(string="Hard: Sites per Line", default=True, help=HARD)
    whole_lines = fields.Boolean(tracking=True, help="A line is filled wholly or waits as a whole.")
    whole_lines_hard = fields.Boolean(string="Hard: Whole Lines", default=True, help=HARD)
    whole_order = fields.Boolean(
        tracking=True, help="An order is filled wholly or waits as a whole."
    )
    whole_order_hard = fields.Boolean(string="Hard: Whole Order", default=True, help=HARD)
    together_tag_ids = fields.Many2many(
        "product.tag",
        "oms_strategy_together_tag_rel",
        "strategy_id",
        "tag_id",
        string="Ship Together: Tags",
        help="What of an order bears the same of these tags ships from one site.",
    )
    together_categ_ids = fields.Many2many(
        "product.category",
        "oms_strategy_together_categ_rel",
        "strategy_id",
        "categ_id",
        string="Ship Together: Categories",
        help="What of an order is in the same of these categories, or below it, ships from one "
        "site.",
    )
    together_hard = fields.Boolean(string="Hard: Ship Together", default=True, help=HARD)
    min_shipment_value = fields.Float(
        string="Least Value of a Shipment",
        digits=(16, 2),
        tracking=True,
        help="What each site gives, and what stays unfilled if anything does, is worth at least "
        "this much, unless one site fills the whole order.",
    )
    min_shipment_value_hard = fields.Boolean(
        string="Hard: Value of a Shipment", default=True, help=HARD
    )
    no_split_below = fields.Float(
        digits=(16, 2),
        tracking=True,
        help="An order whose untaxed amount is less ships from one site.",
    )
    no_split_product_ids = fields.Many2many(
        "product.product",
        "oms_strategy_no_split_product_rel",
        "strategy_id",
        "product_id",
        string="No Split with Products",
        help="An order with one of these ships from one site.",
    )
    no_split_categ_ids = fields.Many2many(
        "product.category",
        "oms_strategy_no_split_categ_rel",
        "strategy_id",
        "categ_id",
        string="No Split with Categories",
        help="An order with a product of these categories, or below, ships from one site.",
    )
    has_lists = fields.Boolean(compute="_compute_has_lists", store=True)
    no_split_hard = fields.Boolean(string="Hard: No Split", default=True, help=HARD)
    max_kilometers = fields.Float(
        string="Greatest Distance",
        digits=(16, 1),
        tracking=True,
        help="Sites farther from the address are not asked; 0 is any distance.",
    )
    max_kilometers_hard = fields.Boolean(string="Hard: Distance", default=True, help=HARD)
    max_priority = fields.Integer(
        string="Last Priority",
        tracking=True,
        help="Sites whose priority has a higher number are not asked; 0 is any priority.",
    )
    max_priority_hard = fields.Boolean(string="Hard: Priority", default=True, help=HARD)
    carbon_cap = fields.Float(
        string="Carbon Cap per Order",
        digits=(16, 3),
        tracking=True,
        help="The shipments of a plan emit at most so many kg CO2e; 0 is no cap.",
    )
    carbon_cap_hard = fields.Boolean(string="Hard: Carbon Cap", default=True, help=HARD)
    min_stock = fields.Float(
        string="Stock Kept Back",
        digits="Product Unit",
        tracking=True,
        help="Units of each product at each site on top of what safety stock keeps back.",
    )
    min_stock_hard = fields.Boolean(string="Hard: Stock Kept Back", default=True, help=HARD)
    min_stock_kind = fields.Selection(
        [("fence", "Never given away"), ("gate", "Nothing is given while there are fewer")],
        string="Kept Back How",
        required=True,
        default="fence",
        tracking=True,
    )
    allow_drop_ship = fields.Boolean(
        string="Drop-Ship Allowed",
        default=True,
        tracking=True,
        help="Suppliers and distributors may ship to the customer.",
    )
    drop_ship_hard = fields.Boolean(string="Hard: No Drop-Shipping", default=True, help=HARD)

    _limits_check = models.Constraint(
        "CHECK (COALESCE(max_sites, 0) >= 0 AND COALESCE(max_sites_per_line, 0) >= 0 "
        "AND COALESCE(min_shipment_value, 0) >= 0 AND COALESCE(no_split_below, 0) >= 0 "
        "AND COALESCE(max_kilometers, 0) >= 0 AND COALESCE(max_priority, 0) >= 0 "
        "AND COALESCE(carbon_cap, 0) >= 0 AND COALESCE(min_stock, 0) >= 0)",
        "The limits of a strategy cannot be negative; zero is no limit.",
    )

    @api.depends(
        "together_tag_ids", "together_categ_ids", "no_split_product_ids", "no_split_categ_ids"
    )
    def _compute_has_lists(self):
        # Kept, so that orders of strategies without lists need not look for them.
        for strategy in self:
            strategy.has_lists = bool(
                strategy.together_tag_ids
                or strategy.together_categ_ids
                or strategy.no_split_product_ids
                or strategy.no_split_categ_ids
            )

    @api.constrains("carbon_cap", "emission_factor_id")
    def _check_carbon_cap(self):
        for strategy in self:
            if strategy.carbon_cap and not strategy.emission_factor_id:
                raise ValidationError(
                    self.env._(
                        "The strategy %s caps carbon: say with an emission factor how parcels "
                        "travel.",
                        strategy.name,
                    )
                )

    # === FOR THE ENGINE === #

    def _prepare_limits(self, case, kept=None):
        """Translate the limits into the engine's, for one order.

        :param frozenset[str] kept: names of the limits that are kept to; None is all
        :rtype: Limits
        """
        self.ensure_one()
        count, limits = len(case.products), {}
        most = self._get_most_sites(case, kept)
        if most:
            limits["max_sites"] = most
        if self.max_sites_per_line and self._holds("max_sites_per_line", kept):
            limits["max_sites_per_line"] = [self.max_sites_per_line] * count
        if self.whole_lines and self._holds("whole_lines", kept):
            limits["whole_lines"] = [True] * count
        if self.whole_order and self._holds("whole_order", kept):
            limits["whole_order"] = True
        if self.has_lists and self._holds("together", kept):
            limits["together"] = self._get_groups(case)
        if self.min_shipment_value and self._holds("min_shipment_value", kept):
            limits["min_value"] = self.min_shipment_value
            limits["values"] = self._get_values(case)
        if self.carbon_cap and self._holds("carbon_cap", kept):
            kg = self._get_emissions(case)
            none = np.zeros(len(case.sites))
            limits["budgets"] = (Budget("carbon", none, kg, self.carbon_cap),)
        return Limits(**limits)

    def _get_most_sites(self, case, kept=None):
        """Return how many sites may serve an order beyond those that do already; 0 is any."""
        most = self.max_sites if self._holds("max_sites", kept) else 0
        if self._holds("no_split", kept) and self._must_not_split(case):
            most = 1
        serving = len(case.open_sites)
        # Where all places are taken only the sites that serve already are asked.
        return most if not most or most <= serving else most - serving

    def _must_not_split(self, case):
        """Tell whether an order is of those that ship from one site."""
        if self.has_lists:
            products = {product.id for product in case.products}
            if products & set(self.no_split_product_ids.ids):
                return True
            if any(self._is_in(product, self.no_split_categ_ids) for product in case.products):
                return True
        return bool(self.no_split_below) and self._get_order_value(case) < self.no_split_below

    @staticmethod
    def _is_in(product, categories):
        """Tell whether a product is in one of some categories or below."""
        path = {int(key) for key in (product.categ_id.parent_path or "").split("/") if key}
        return not path.isdisjoint(categories.ids)

    def _get_order_value(self, case):
        """Return the untaxed amount of an order in the strategy's currency."""
        order = case.order
        rate = self._get_rate_from(order.currency_id or self.currency_id, order.company_id)
        return max(order.amount_untaxed * rate, float(self._get_values(case) @ case.quantities))

    def _get_values(self, case):
        """Return what a unit of each line is worth, in the strategy's currency, shape (L,)."""
        values = []
        for line, product in zip(case.lines, case.products, strict=True):
            company = case.order.company_id
            units = line.product_uom_id and line.product_uom_id._compute_quantity(
                line.product_uom_qty, product.uom_id, round=False
            )
            if units and line.price_subtotal > 0:
                rate = self._get_rate_from(line.currency_id or self.currency_id, company)
                values.append(line.price_subtotal / units * rate)
            else:
                rate = self._get_rate_from(product.currency_id, company)
                values.append(product.lst_price * rate)
        return np.array(values)

    def _get_groups(self, case):
        """Return the groups of lines that ship together.

        :return: keys of lines, for each group of two and more
        :rtype: tuple[tuple[int, ...], ...]
        """
        groups = [
            tuple(
                line.id
                for line, product in zip(case.lines, case.products, strict=True)
                if tag in product.all_product_tag_ids
            )
            for tag in self.together_tag_ids
        ]
        groups += [
            tuple(
                line.id
                for line, product in zip(case.lines, case.products, strict=True)
                if self._is_in(product, categ)
            )
            for categ in self.together_categ_ids
        ]
        return tuple(dict.fromkeys(group for group in groups if len(group) > 1))

    def _get_allowed(self, case, kept=None):
        """Tell which sites may be asked at all, shape (S,)."""
        allowed = np.ones(len(case.sites), dtype=bool)
        if self.max_kilometers and self._holds("max_kilometers", kept):
            allowed &= case.kilometers <= self.max_kilometers
        if self.max_priority and self._holds("max_priority", kept):
            allowed &= np.array(case.sites.mapped("sequence"), dtype=int) <= self.max_priority
        if not self.allow_drop_ship and self._holds("drop_ship", kept):
            allowed &= np.array([bool(site.warehouse_id) for site in case.sites], dtype=bool)
        most = self.max_sites if self._holds("max_sites", kept) else 0
        if self._holds("no_split", kept) and case.open_sites and self._must_not_split(case):
            most = 1
        if most and len(case.open_sites) >= most:
            allowed &= np.isin(case.sites.ids, case.open_sites.ids)
        for site, barring in case.lenient.items():
            if self._rules_out(barring, kept):
                allowed &= np.array(case.sites.ids) != site.id
        return allowed

    def _explain_barred(self, case, site, kilometers, kept=None):
        """Say why a site is not among the allowed.

        :return: a word and a sentence
        :rtype: tuple[str, str]
        """
        barring = case.lenient.get(site)
        if barring and self._rules_out(barring, kept):
            return barring.reason, barring.detail
        no_drop_ship = not self.allow_drop_ship and self._holds("drop_ship", kept)
        if no_drop_ship and not site.warehouse_id:
            return "drop_ship", self.env._("the strategy allows no drop-shipping")
        far = self.max_kilometers and kilometers > self.max_kilometers
        if far and self._holds("max_kilometers", kept):
            return "distance", self.env._(
                "farther than the %s km of the strategy", f"{self.max_kilometers:g}"
            )
        low = self.max_priority and site.sequence > self.max_priority
        if low and self._holds("max_priority", kept):
            return "priority", self.env._(
                "of a priority after %s, the last of the strategy", self.max_priority
            )
        return "limited", self.env._("as many sites as the strategy allows serve the order already")

    def _get_usable_stock(self, case, stock, kept=None):
        """Return what of the stock of each line's product may be given away, shape (L, S).

        :param stock: shape (L, S)
        """
        if self.ability_rule != "off" and self._holds("ability", kept):
            able = case.sites._get_able(case.products)
            stock = stock if able is None else np.where(able, stock, 0.0)
        if case.cooling and self.cool_down_rule != "off" and self._holds("cool_down", kept):
            stock = np.where(self._get_cooling(case), 0.0, stock)
        if self.min_stock and self._holds("min_stock", kept):
            storable = np.array([product.is_storable for product in case.products], dtype=bool)
            stock = np.where(storable[:, None], self._keep_back(stock), stock)
        return stock

    def _get_cooling(self, case):
        """Tell which sites gave which products back a short time ago, shape (L, S)."""
        return np.array(
            [
                [(site_id, product.id) in case.cooling for site_id in case.sites.ids]
                for product in case.products
            ],
            dtype=bool,
        ).reshape(case.shape)

    def _get_cooling_notes(self, case):
        """Say which goods some sites are not asked for, a sentence each.

        :rtype: list[str]
        """
        if not case.cooling or self.cool_down_rule != "hard":
            return []
        return [
            self.env._(
                "%(sites)s is not asked for %(product)s, which it gave back a short time ago.",
                sites=", ".join(case.sites[place].name for place in np.flatnonzero(row).tolist()),
                product=product.display_name,
            )
            for product, row in zip(case.products, self._get_cooling(case), strict=True)
            if row.any()
        ]

    def _get_room(self, case, room, kept=None):
        """Return the most units that each site can take on, shape (S,), or None.

        :param room: where full days count, shape (S,), or None
        """
        if self._get_rule("capacity") != "off" and self._holds("capacity", kept):
            return room
        return case.late_room

    def _keep_back(self, stock):
        """Take from the stock of a product what the strategy keeps back at each site.

        :param stock: what the sites can give, shape (…, S)
        """
        if self.min_stock_kind == "fence":
            return np.maximum(stock - self.min_stock, 0.0)
        return np.where(stock >= self.min_stock, stock, 0.0)
