import numpy as np

from odoo import api, fields, models

from ...engine.prices import worth

#: Of how many units the curve tells at most.
MOST_TOLD = 60
#: Of how many units beyond those that are there it tells at least.
BEYOND = 5


class OmsValue(models.Model):
    """What stock of a product is worth at a site: what one more unit would still earn there.

    Kept for the screen; whoever decides asks :meth:`_get_values` for those of now.
    """

    _name = "oms.value"
    _description = "Value by Site"
    _order = "stock_value desc, id"
    _rec_name = "product_id"

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    categ_id = fields.Many2one(related="product_id.categ_id")
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    site_id = fields.Many2one(
        "oms.site", required=True, readonly=True, ondelete="cascade", index=True
    )
    kind = fields.Selection(related="site_id.kind")
    company_id = fields.Many2one(
        related="site_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    computed_at = fields.Datetime(string="Worked Out", required=True, readonly=True)
    price = fields.Monetary(
        readonly=True, aggregator="avg", help="What a unit earns when it is sold today."
    )
    cost = fields.Monetary(
        readonly=True,
        aggregator="avg",
        groups="oms.group_order_operator,stock.group_stock_manager",
        help="What a unit cost.",
    )
    margin = fields.Monetary(
        string="Margin Expected",
        readonly=True,
        aggregator="avg",
        groups="oms.group_order_operator,stock.group_stock_manager",
        help="What the next unit is worth, less what it cost. The cost is spent already and counts "
        "in no decision about where goods go.",
    )
    rate = fields.Float(
        string="Wanted per Day", digits=(16, 4), readonly=True, help="Units per day."
    )
    variance = fields.Float(
        string="Variance per Day",
        digits=(16, 4),
        readonly=True,
        aggregator=None,
        help="How much that varies from day to day.",
    )
    stock = fields.Float(
        string="Stock There",
        digits="Product Unit",
        readonly=True,
        help="What is there or comes and is promised to nobody, what is held back included.",
    )
    age_days = fields.Float(
        string="Age (Days)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="For how long what is there has been there, on average.",
    )
    next_value = fields.Monetary(
        string="Next Unit Is Worth",
        readonly=True,
        aggregator="avg",
        help="What one more unit would still earn there, sold after all that is there.",
    )
    last_value = fields.Monetary(
        string="Last Unit Is Worth",
        readonly=True,
        aggregator="avg",
        help="What the unit is worth that is sold last of those there: what the site loses that "
        "gives one away.",
    )
    stock_value = fields.Monetary(
        string="Stock Is Worth", readonly=True, help="What all that is there will still earn."
    )
    sale = fields.Monetary(
        string="Expected Sale",
        readonly=True,
        aggregator="avg",
        help="Price of today times the chance that the next unit is sold in time.",
    )
    markdown = fields.Monetary(
        string="Lost to Markdown",
        readonly=True,
        aggregator="avg",
        help="By how much the price falls until it is sold.",
    )
    interest = fields.Monetary(
        string="Lost to Waiting",
        readonly=True,
        aggregator="avg",
        help="What money is worth less that comes later.",
    )
    holding = fields.Monetary(
        string="Storage",
        readonly=True,
        aggregator="avg",
        help="What it costs to keep it until it is sold or left over.",
    )
    salvage = fields.Monetary(
        string="If Left Over",
        readonly=True,
        aggregator="avg",
        help="What it brings if it is left over, times the chance of that.",
    )
    chance = fields.Float(
        string="Chance of a Sale",
        readonly=True,
        aggregator="avg",
        help="How surely the next unit is sold before it counts as left over.",
    )
    days = fields.Float(
        string="Days to Sell",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="How long that takes on average, if it is sold.",
    )
    curve = fields.Json(compute="_compute_curve")
    why = fields.Text(compute="_compute_why")

    _place_uniq = models.UniqueIndex(
        "(product_id, site_id)", "The product has a value at this site already."
    )

    @api.depends("product_id.display_name", "site_id.name")
    def _compute_display_name(self):
        for value in self:
            value.display_name = f"{value.product_id.display_name} · {value.site_id.name}"

    @api.depends("price", "rate", "variance", "stock", "age_days", "company_id")
    def _compute_curve(self):
        """Say what each unit is worth, those that are there and some more.

        A list of [number of the unit, value, chance, days or null, whether it is there].
        """
        terms_of = self._get_terms()
        for company, own in self.grouped("company_id").items():
            terms = terms_of.get(company)
            if not terms:
                own.curve = []
                continue
            products, sites = own.product_id, own.site_id
            limits = self.env["oms.stock.rule"]._get_limits(company, products, sites)
            lives = limits.life.reshape(len(products), len(sites))
            row_of = {product: row for row, product in enumerate(products)}
            column_of = {site: column for column, site in enumerate(sites)}
            for value in own:
                life = lives[row_of[value.product_id], column_of[value.site_id]]
                value.curve = value._get_curve(terms, float(life))

    def _get_curve(self, terms, life):
        there = max(int(self.stock), 0)
        most = max(there + BEYOND, 2 * BEYOND, int(there * 1.5))
        places = np.unique(
            np.concatenate(([there, there + 1], np.linspace(1, most, min(most, MOST_TOLD))))
            .round()
            .clip(min=1.0)
        )
        ages = np.where(places <= there, self.age_days, 0.0)
        found = worth(terms, self.price, self.rate, places, ages, variance=self.variance, life=life)
        rounding = self.currency_id.decimal_places
        return [
            [
                int(place),
                round(float(amount), rounding),
                round(float(chance), 4),
                None if np.isnan(days) else round(float(days), 1),
                bool(place <= there),
            ]
            for place, amount, chance, days in zip(
                places, found.value, found.chance, found.days, strict=True
            )
        ]

    def _get_terms(self):
        """Return what is reckoned with by company; companies without a policy are absent.

        :rtype: dict
        """
        policies = {
            company: self.env["oms.disposition.policy"]._find_policy(company)
            for company in self.company_id
        }
        return {company: policy._get_terms() for company, policy in policies.items() if policy}

    @api.depends("next_value", "last_value", "chance", "days", "rate", "stock")
    def _compute_why(self):
        terms_of = self._get_terms()
        for value in self:
            value.why = " ".join(value._tell_why(terms_of.get(value.company_id)))

    def _tell_why(self, terms):
        """Say in sentences what the next unit is worth and why.

        :param Terms terms: what is reckoned with now, None if nothing says it
        :rtype: Iterator[str]
        """
        self.ensure_one()
        money = self.currency_id.format
        yield self.env._(
            "%(stock)g %(unit)s are there or come and are promised to nobody; %(rate).2f are "
            "wanted in a week.",
            stock=self.stock,
            unit=self.uom_id.name,
            rate=self.rate * 7.0,
        )
        if not self.chance:
            yield self.env._(
                "Nobody is expected to want one more: it is worth %s, what is left over brings "
                "less what keeping it costs.",
                money(self.next_value),
            )
        else:
            yield self.env._(
                "One more is sold with %(chance).0f %% chance, in %(days).0f days, and so is worth "
                "%(value)s.",
                chance=100.0 * self.chance,
                days=self.days,
                value=money(self.next_value),
            )
        if self.stock >= 1.0:
            yield self.env._(
                "Whoever takes one away takes %s from the site.", money(self.last_value)
            )
        if terms:
            yield self.env._(
                "What is not sold in %(days).0f days counts as left over: sourcing, flows and "
                "returns all reckon with that.",
                days=terms.horizon,
            )

    # === ACTIONS === #

    def action_refresh(self):
        """Work out values anew, with the stock and the sales of now.

        :return: a client action that loads the screen anew
        :rtype: dict
        """
        self.check_access("read")
        # sudo: values follow from stock and sales, and nobody writes them otherwise
        self.sudo()._refresh(self.product_id, self.site_id)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
