from datetime import timedelta
from typing import NamedTuple

import numpy as np

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine.demand import CLASSES, law
from . import binary_copy

#: Days that a forecast is told for, and over which the one before is compared with what came.
HORIZON = 28
#: Weeks of the past and of the future that the chart shows.
PAST_WEEKS = 26
AHEAD_WEEKS = 8
#: What is not below the low and not above the high quantile was foreseen: eight times of ten.
LOW, HIGH = 0.1, 0.9

KIND_SELECTION = [
    ("smooth", "Smooth"),
    ("erratic", "Erratic"),
    ("intermittent", "Intermittent"),
    ("lumpy", "Lumpy"),
    ("none", "No Demand"),
]
METHOD_SELECTION = [
    ("pooled", "Product and Site Pooled"),
    ("local", "Pooled, Recent Weeks"),
    ("slow", "Smoothing, Slow"),
    ("fast", "Smoothing, Fast"),
    ("trend", "Damped Trend"),
    ("sba", "Croston, Unbiased"),
    ("tsb", "Teunter-Syntetos-Babai"),
]


class DemandTable(NamedTuple):
    """Forecasts of products (rows) at sites (columns), in the units of the products.

    Rates are those of the next four weeks: season and promotions to come are in them. What has no
    forecast is not ``known`` and has the rate zero.

    :param rate: units per day
    :param dispersion: variance of the demand of some days by its mean, the rate being known
    :param doubt: variance of the rate
    :param seen: days on which it could be wanted
    :param kind: place in ``engine.demand.CLASSES``
    :param decimal: products that are sold in parts of units
    """

    rate: np.ndarray
    dispersion: np.ndarray
    doubt: np.ndarray
    seen: np.ndarray
    kind: np.ndarray
    decimal: np.ndarray
    known: np.ndarray

    def mean(self, days):
        """Return how many units are wanted in so many days, on average."""
        return self.rate * days

    def variance(self, days):
        """Return the variance of the units that are wanted in so many days."""
        return self.dispersion * self.rate * days + self.doubt * np.square(days)

    def quantile(self, chance, days):
        """Return how many units are enough for so many days with a probability."""
        return law.quantile(chance, self.mean(days), self.variance(days), self.decimal)


class OmsForecast(models.Model):
    """What will be wanted of a product at a site, and how good the forecast before was."""

    _name = "oms.forecast"
    _description = "Demand Forecast"
    _order = "mean desc, id"
    _rec_name = "product_id"
    _log_access = False

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    categ_id = fields.Many2one(
        "product.category", string="Category", readonly=True, index=True, ondelete="set null"
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    site_id = fields.Many2one(
        "oms.site", string="Wanted at", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    computed_at = fields.Datetime(string="Forecast Made", readonly=True)
    kind = fields.Selection(
        KIND_SELECTION,
        string="Class",
        readonly=True,
        help="By how often something is wanted and how much the quantities differ (Syntetos, "
        "Boylan and Croston).",
    )
    method = fields.Selection(
        METHOD_SELECTION,
        readonly=True,
        help="What forecast the weeks of the past best, each from those before it.",
    )
    rate = fields.Float(
        string="Per Day", digits=(16, 4), readonly=True, help="On average over the next four weeks."
    )
    week_rate = fields.Float(string="Per Week", digits=(16, 2), compute="_compute_week_rate")
    dispersion = fields.Float(
        readonly=True, help="Variance of the demand of some days by its mean."
    )
    doubt = fields.Float(digits=(16, 8), readonly=True, help="Variance of the rate per day.")
    mean = fields.Float(
        string="Next 4 Weeks", digits="Product Unit", readonly=True, help="Expected, on average."
    )
    low = fields.Float(
        string="At Least",
        digits="Product Unit",
        readonly=True,
        help="Less than this comes in one of ten times at the most.",
    )
    high = fields.Float(
        string="At Most",
        digits="Product Unit",
        readonly=True,
        help="More than this comes in one of ten times at the most.",
    )
    ahead = fields.Json(readonly=True, help="Expected in each of the next weeks.")
    seen_days = fields.Float(
        string="Days on Offer",
        digits=(16, 0),
        readonly=True,
        help="Days of the past on which it could be wanted: there, or wanted from elsewhere.",
    )
    past_mean = fields.Float(
        string="Forecast of the 4 Weeks Before",
        digits="Product Unit",
        readonly=True,
        help="What was forecast four weeks ago; as long as no forecast of then is kept, what would "
        "have been, from what was known then.",
    )
    past_low = fields.Float(string="At Least Then", digits="Product Unit", readonly=True)
    past_high = fields.Float(string="At Most Then", digits="Product Unit", readonly=True)
    came = fields.Float(
        string="Came in Those 4 Weeks",
        digits="Product Unit",
        readonly=True,
        help="In the 28 days that the forecast before told of.",
    )
    miss = fields.Float(
        string="Too Much (+) or Too Little (-)",
        digits="Product Unit",
        readonly=True,
        help="Forecast of four weeks less what came in them. Its sum over many is their bias.",
    )
    pinball = fields.Float(
        string="Quantile Loss",
        digits=(16, 3),
        readonly=True,
        help="Pinball loss of the lower and upper end of the forecast before: smaller is better.",
    )
    scored = fields.Boolean(readonly=True, help="There was a forecast four weeks ago.")
    foreseen = fields.Boolean(
        readonly=True,
        aggregator="bool_and",
        help="What came in the four weeks was not outside of the range that was forecast.",
    )
    foreseen_share = fields.Float(
        string="Share Foreseen",
        readonly=True,
        aggregator="avg",
        help="Share whose demand was in the forecast range; eight of ten or more is as it should "
        "be.",
    )
    mase = fields.Float(
        string="MASE",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="Mean absolute error of a week's forecast by that of repeating the week before: below "
        "one is better than that.",
    )
    is_new = fields.Boolean(
        string="New", readonly=True, help="Known for less than eight weeks: like similar products."
    )
    is_promoted = fields.Boolean(
        string="Promotion", readonly=True, help="More was wanted in a promotion, told or detected."
    )
    has_outlier = fields.Boolean(
        string="Outlier", readonly=True, help="A week was far above all others and was lowered."
    )
    chart = fields.Json(compute="_compute_chart")
    explanation = fields.Text(compute="_compute_explanation")

    _series_uniq = models.UniqueIndex(
        "(product_id, site_id)", "There is one forecast for a product at a site."
    )

    # === COMPUTE METHODS === #

    @api.depends("rate")
    def _compute_week_rate(self):
        for forecast in self:
            forecast.week_rate = 7.0 * forecast.rate

    @api.depends("product_id", "site_id")
    def _compute_display_name(self):
        for forecast in self:
            forecast.display_name = (
                f"{forecast.product_id.display_name} · {forecast.site_id.display_name}"
            )

    @api.depends("product_id", "site_id", "ahead", "computed_at")
    def _compute_chart(self):
        for forecast in self:
            forecast.chart = forecast._get_chart() if forecast.computed_at else False

    def _get_chart(self):
        """Return weeks of the past and future, with what came and what was and is forecast."""
        self.ensure_one()
        # sudo: whoever sees a forecast sees what it is made of
        demand = self.env["oms.demand"].sudo()
        today = self._get_today()
        begin = today - timedelta(weeks=PAST_WEEKS)
        came = demand._get_weeks(self.product_id, self.site_id, today, PAST_WEEKS)
        weeks = HORIZON // 7
        before = (
            self.env["oms.forecast.past"]
            .sudo()  # sudo: as above
            ._get_weeks(self.product_id, self.site_id, begin, PAST_WEEKS)
        )
        made = any(value is not None for value in before)
        if self.scored and not made:
            before[-weeks:] = [self.past_mean / weeks] * weeks
        expected = [round(value, 3) for value in self.ahead or ()]
        spread = max(self.mean, 1e-9)
        return {
            "days": [
                (begin + timedelta(weeks=week)).isoformat()
                for week in range(PAST_WEEKS + len(expected))
            ],
            "came": came,
            "before": before if self.scored or made else [],
            "made": made,
            "expected": expected,
            "low": [round(value * self.low / spread, 3) for value in expected[:weeks]],
            "high": [round(value * self.high / spread, 3) for value in expected[:weeks]],
            "unit": self.uom_id.name,
        }

    def _get_today(self):
        """Return the first day that the forecast tells of."""
        return fields.Datetime.context_timestamp(
            self.with_context(tz=self.site_id.tz), self.computed_at
        ).date()

    @api.depends("kind", "method", "is_new", "has_outlier", "is_promoted", "seen_days")
    def _compute_explanation(self):
        methods = dict(self._fields["method"]._description_selection(self.env))
        for forecast in self:
            parts = [
                self.env._(
                    "%(method)s, from %(days)d days on which it could be wanted.",
                    method=methods.get(forecast.method, ""),
                    days=round(forecast.seen_days),
                )
            ]
            if forecast.is_new:
                parts.append(
                    self.env._("The product is new: it starts like similar ones of its category.")
                )
            if forecast.is_promoted:
                parts.append(
                    self.env._("Weeks of a promotion count as what would have come without it.")
                )
            if forecast.has_outlier:
                parts.append(
                    self.env._("A week far above all others was lowered to what is plausible.")
                )
            if forecast.scored and not forecast.foreseen:
                parts.append(
                    self.env._(
                        "In the four weeks before %(came)g came; %(low)g to %(high)g had been "
                        "forecast.",
                        came=forecast.came,
                        low=forecast.past_low,
                        high=forecast.past_high,
                    )
                )
            forecast.explanation = "\n".join(parts)

    # === FOR OTHERS === #

    @api.model
    def _get_forecasts(self, products, sites):
        """Return the forecasts of products at sites, in one query and without a row in Python.

        :param products: ``product.product``
        :param sites: ``oms.site``
        :return: arrays of the shape (products, sites), in the order given
        :rtype: DemandTable
        """
        self.flush_model()
        shape = (len(products), len(sites))
        kinds = ("i4", "i4", "f4", "f4", "f4", "f4", "i4")
        product, site, rate, dispersion, doubt, seen, kind = binary_copy.read(
            self.env.cr,
            SQL(
                """
                SELECT product_id, site_id, rate::float4, dispersion::float4, doubt::float4,
                       seen_days::float4, array_position(%(kinds)s::varchar[], kind) - 1
                  FROM oms_forecast
                 WHERE product_id = ANY(%(products)s) AND site_id = ANY(%(sites)s)
                """,
                kinds=list(CLASSES),
                products=products.ids,
                sites=sites.ids,
            ),
            kinds,
        )
        place = _places(products.ids, product), _places(sites.ids, site)

        def table(values, nothing, dtype=float):
            result = np.full(shape, nothing, dtype=dtype)
            result[place] = values
            return result

        decimal = np.zeros(shape, dtype=bool)
        decimal[:] = self._find_decimal(products)[:, None]
        return DemandTable(
            table(rate, 0.0),
            table(dispersion, 1.0),
            table(doubt, 0.0),
            table(seen, 0.0),
            table(kind, CLASSES.index("none"), int),
            decimal,
            table(True, False, bool),
        )

    @api.model
    def _find_decimal(self, products):
        """Tell which products are sold in parts of units, by what was wanted of them.

        :rtype: numpy.ndarray
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT product_id FROM oms_demand
                 WHERE product_id = ANY(%s) AND ABS(quantity - ROUND(quantity::numeric)) > 0.000001
                """,
                products.ids,
            )
        )
        found = {row[0] for row in rows}
        return np.array([product_id in found for product_id in products.ids], dtype=bool)

    # === ACTIONS === #

    def action_view_past(self):
        """Open what was forecast before, and what came.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_forecast_past")
        action["domain"] = [
            ("product_id", "=", self.product_id.id),
            ("site_id", "=", self.site_id.id),
        ]
        action["context"] = {}
        return action

    def action_view_demand(self):
        """Open what was wanted, day by day.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_demand")
        action["domain"] = [
            ("product_id", "=", self.product_id.id),
            ("site_id", "=", self.site_id.id),
        ]
        action["context"] = {}
        return action


def _places(ids, asked):
    """Return where ids stand in a list that holds all of them."""
    order = np.argsort(np.asarray(ids, dtype=np.int64), kind="stable")
    return order[np.searchsorted(np.asarray(ids, dtype=np.int64)[order], asked)]
