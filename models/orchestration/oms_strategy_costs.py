from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: Fields that price something; where all of them are zero no site is better than another.
WEIGHTS = (
    "parcel_cost",
    "unit_cost",
    "unit_km_cost",
    "carbon_price",
    "late_day_cost",
    "split_cost",
    "stock_value_factor",
    "workload_cost",
    "scarcity_factor",
)


class OmsStrategy(models.Model):
    """What the parts of a plan's cost are priced by."""

    _inherit = "oms.strategy"

    # Not monetary: prices of a thousandth matter where they are multiplied by units.
    parcel_cost = fields.Float(
        string="Cost per Parcel",
        digits=(16, 6),
        default=8.0,
        tracking=True,
        help="Charged once for each site that ships a part of the order. What a site costs on top "
        "is set on the site.",
    )
    unit_cost = fields.Float(
        string="Cost per Unit",
        digits=(16, 6),
        default=0.4,
        tracking=True,
        help="Picking and packing of one unit, in the unit of measure of the product.",
    )
    unit_km_cost = fields.Float(
        string="Cost per Unit and Kilometer",
        digits=(16, 9),
        default=0.00035,
        tracking=True,
        help="Charged for each unit and each kilometer between the site and the customer.",
    )
    split_cost = fields.Float(
        string="Cost of a Split",
        digits=(16, 6),
        tracking=True,
        help="Charged for each parcel of an order beyond the first.",
    )
    rate_ids = fields.One2many(
        "oms.rate",
        "strategy_id",
        string="Rates",
        copy=True,
        help="What carriers charge by zone and weight, on top of the costs above. For each site "
        "the first row that holds the address counts; where none does, the dearest of the table.",
    )
    has_rates = fields.Boolean(compute="_compute_has_rates", store=True)
    default_weight = fields.Float(
        string="Weight if Unknown (kg)",
        digits="Stock Weight",
        default=1.0,
        tracking=True,
        help="What a unit of a product without a weight counts. The decision names the products.",
    )
    carbon_price = fields.Float(
        string="Carbon Price per Tonne",
        digits=(16, 2),
        tracking=True,
        help="What a metric tonne of CO2 equivalents costs.",
    )
    emission_factor_id = fields.Many2one(
        "oms.emission.factor",
        string="Transport",
        domain="[('mode', '!=', 'hub')]",
        check_company=True,
        ondelete="restrict",
        tracking=True,
        help="How parcels travel, where the site does not say otherwise. With a factor, decisions "
        "show kg CO2e even if carbon has no price.",
    )
    hub_factor_id = fields.Many2one(
        "oms.emission.factor",
        string="Handling at the Site",
        domain="[('mode', '=', 'hub')]",
        check_company=True,
        ondelete="restrict",
        tracking=True,
        help="What handling goods at a site emits, where the site does not say otherwise.",
    )
    late_day_cost = fields.Float(
        string="Cost of a Day Late",
        digits=(16, 6),
        tracking=True,
        help="Charged for each parcel and each day, in fractions too, that it arrives after the "
        "delivery date promised on the order.",
    )
    handling_days = fields.Float(
        default=1.0,
        digits=(6, 2),
        tracking=True,
        help="Days until a parcel leaves a site, where nothing better is known.",
    )
    transit_km_per_day = fields.Float(
        string="Kilometers a Day",
        default=500.0,
        digits=(8, 1),
        tracking=True,
        help="How far a parcel gets in a day, where nothing better is known.",
    )
    stock_value_factor = fields.Float(
        string="Weight of Retail Value",
        digits=(8, 4),
        tracking=True,
        help="How much of what a unit would still earn where it is, more than if nobody bought it, "
        "counts as a cost of taking it: see Value by Site. The more there is, the slower it sells "
        "and the older it is, the less: so aged stock and excess are spent first.",
    )
    sales_weeks = fields.Integer(
        string="Weeks of Sales Looked at",
        default=13,
        tracking=True,
        help="The pace of sales is that of so many past weeks.",
    )
    workload_cost = fields.Float(
        string="Cost of a Day of Backlog",
        digits=(16, 6),
        tracking=True,
        help="Charged for a parcel from a site with a day's work of open units before it.",
    )
    workload_capacity = fields.Float(
        string="Units a Day per Site",
        default=200.0,
        digits=(16, 2),
        tracking=True,
        help="How many units a site works off in a day, where it has no capacity in units itself.",
    )
    scarcity_factor = fields.Float(
        string="Weight of Scarcity Prices",
        digits=(8, 4),
        tracking=True,
        help="How much of the price of scarce stock, what one more unit would save later orders, "
        "counts as a cost of taking it.",
    )
    shortage_policy = fields.Selection(
        [
            ("fill", "Fill whatever can be filled"),
            ("price", "Leave unfilled what costs more than its penalty"),
        ],
        required=True,
        default="fill",
        tracking=True,
        help="Filling first: a missing unit counts more than the dearest way to ship it alone. At "
        "a price: a parcel once per order with something missing, and the dearest way of each "
        "missing unit, both times the missing factor; a small rest may then stay unfilled though "
        "a site has it.",
    )
    missing_factor = fields.Float(
        default=2.0,
        tracking=True,
        help="How many times its cost of shipping a missing unit counts.",
    )

    _costs_check = models.Constraint(
        "CHECK (parcel_cost >= 0 AND unit_cost >= 0 AND unit_km_cost >= 0)",
        "The costs of a strategy cannot be negative.",
    )
    _weights_check = models.Constraint(
        "CHECK (COALESCE(split_cost, 0) >= 0 AND COALESCE(carbon_price, 0) >= 0 "
        "AND COALESCE(late_day_cost, 0) >= 0 AND COALESCE(stock_value_factor, 0) >= 0 "
        "AND COALESCE(workload_cost, 0) >= 0 AND COALESCE(scarcity_factor, 0) >= 0)",
        "The weights of a strategy cannot be negative.",
    )
    _measures_check = models.Constraint(
        "CHECK (COALESCE(handling_days, 0) >= 0 AND COALESCE(transit_km_per_day, 1) > 0 "
        "AND COALESCE(default_weight, 0) >= 0 AND COALESCE(workload_capacity, 1) > 0 "
        "AND COALESCE(sales_weeks, 1) BETWEEN 1 AND 104)",
        "Days and weights cannot be negative, sales are looked at for 1 to 104 weeks, and "
        "kilometers and units a day are more than zero.",
    )
    _missing_factor_check = models.Constraint(
        "CHECK (missing_factor > 1 OR (shortage_policy = 'price' AND missing_factor > 0))",
        "To fill whatever can be filled, the missing factor must be above one: otherwise leaving "
        "goods unshipped would be cheaper than shipping them.",
    )

    @api.depends("rate_ids")
    def _compute_has_rates(self):
        # Kept, so that orders of strategies without rates need not look for them.
        for strategy in self:
            strategy.has_rates = bool(strategy.rate_ids)

    # === CONSTRAINTS === #

    @api.constrains(*WEIGHTS, "rate_ids", "rate_source")
    def _check_weights(self):
        for strategy in self:
            priced = strategy.rate_source == "carriers"
            priced = (
                priced
                or any(strategy[name] for name in WEIGHTS)
                or any(rate.parcel_price or rate.kg_price for rate in strategy.rate_ids)
            )
            if not priced:
                raise ValidationError(
                    self.env._(
                        "All costs of the strategy %s are zero, so it cannot tell one site from "
                        "another: price parcels, units or kilometers at least.",
                        strategy.name,
                    )
                )

    @api.constrains("carbon_price", "emission_factor_id")
    def _check_carbon(self):
        for strategy in self:
            if strategy.carbon_price and not strategy.emission_factor_id:
                raise ValidationError(
                    self.env._(
                        "The strategy %s prices carbon: say with an emission factor how parcels "
                        "travel.",
                        strategy.name,
                    )
                )
