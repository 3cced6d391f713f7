from odoo import api, fields, models
from odoo.tools import SQL

#: Rates of several rows are those of their sums, and not the mean of rates.
_RATIOS = {
    "fill_rate": (
        "100 * (1 - SUM(%(missing_units)s) / NULLIF(SUM(%(wanted_units)s), 0))",
        ("missing_units", "wanted_units"),
    ),
    "cover_days": (
        "SUM(%(stock_units)s) / NULLIF(SUM(%(daily_units)s), 0)",
        ("stock_units", "daily_units"),
    ),
}


class OmsFlowKpi(models.Model):
    """How a network, or one of its sites, stood on a day: as much stock as is needed, no more."""

    _name = "oms.flow.kpi"
    _description = "Figures of Flows"
    _order = "day desc, plan_id, site_id"

    plan_id = fields.Many2one(
        "oms.flow.plan", required=True, readonly=True, ondelete="cascade", index=True
    )
    network_id = fields.Many2one(
        related="plan_id.network_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    site_id = fields.Many2one(
        "oms.site",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        help="Empty: the figures are those of all sites of the plan together.",
    )
    day = fields.Date(required=True, readonly=True, help="In the time zone of the company.")
    phase = fields.Selection(
        [("1_before", "Before"), ("2_after", "After")],
        string="Before or After",
        readonly=True,
        help="After: from the day on which the first proposal of the plan was accepted.",
    )
    is_backfilled = fields.Boolean(
        string="Reckoned Back",
        readonly=True,
        help="Of a day before the plan's first figures: from what has moved since, at the cost of "
        "today. Age is not known.",
    )
    stock_value = fields.Monetary(
        readonly=True, aggregator="avg", help="What is on hand at the sites, at cost."
    )
    stock_units = fields.Float(
        string="Units in Stock", digits="Product Unit", readonly=True, aggregator="avg"
    )
    cover_days = fields.Float(
        string="Cover (Days)",
        digits=(12, 1),
        readonly=True,
        aggregator="avg",
        help="How long the goods on hand last at the pace at which they were wanted in the last "
        "four weeks.",
    )
    fill_rate = fields.Float(
        string="Fill Rate (%)",
        digits=(5, 2),
        readonly=True,
        aggregator="avg",
        help="Of the units that were wanted in the four weeks before, at these sites, those that "
        "were not missing.",
    )
    daily_units = fields.Float(
        string="Wanted a Day", digits=(16, 2), readonly=True, aggregator="avg"
    )
    wanted_units = fields.Float(
        string="Wanted in 4 Weeks", digits="Product Unit", readonly=True, aggregator="avg"
    )
    missing_units = fields.Float(
        string="Missing of Them",
        digits="Product Unit",
        readonly=True,
        aggregator="avg",
        help="Refused, cancelled for want of stock, not found at the site, or still waiting for "
        "stock.",
    )
    age_days = fields.Float(
        string="Age (Days)",
        digits=(12, 1),
        readonly=True,
        aggregator="avg",
        help="How long a unit on hand has been there, on average.",
    )
    open_proposals = fields.Integer(readonly=True, aggregator="avg")
    open_gain = fields.Monetary(string="Gain Left Open", readonly=True, aggregator="avg")
    transfers = fields.Integer(
        readonly=True,
        help="Proposals of the plan that became transfers on that day; of a site, those to it.",
    )
    transfer_units = fields.Float(string="Units Moved", digits="Product Unit", readonly=True)
    purchases = fields.Integer(readonly=True)
    gain = fields.Monetary(string="Gain Accepted", readonly=True)
    carbon_kg = fields.Float(
        string="kg CO2e", digits=(16, 3), readonly=True, help="Of the transfers accepted that day."
    )

    _day_uniq = models.UniqueIndex(
        "(plan_id, day, COALESCE(site_id, 0))", "The day has figures of the plan already."
    )

    @api.depends("plan_id", "site_id", "day")
    def _compute_display_name(self):
        for kpi in self:
            names = (kpi.plan_id.name, kpi.site_id.name, fields.Date.to_string(kpi.day))
            kpi.display_name = ", ".join(filter(None, names))

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, function = aggregate_spec.partition(":")
        if function != "avg" or name not in _RATIOS:
            return super()._read_group_select(aggregate_spec, query)
        # Whether the field may be read is looked at there.
        super()._read_group_select(aggregate_spec, query)
        code, names = _RATIOS[name]
        parts = {part: self._field_to_sql(self._table, part, query) for part in names}
        return SQL(code, **parts)
