from odoo import fields, models


class OmsFlowKpi(models.Model):
    """How a network stood on a day: as much stock as is needed, and no more."""

    _name = "oms.flow.kpi"
    _description = "Figures of Flows"
    _order = "day desc, plan_id"

    plan_id = fields.Many2one(
        "oms.flow.plan", required=True, readonly=True, ondelete="cascade", index=True
    )
    network_id = fields.Many2one(
        related="plan_id.network_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    day = fields.Date(required=True, readonly=True)
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
        help="How long the goods on hand last at the pace at which they sell.",
    )
    fill_rate = fields.Float(
        string="Fill Rate (%)",
        digits=(5, 2),
        readonly=True,
        aggregator="avg",
        help="Of the units that customers ordered in the last four weeks, those that were not "
        "cancelled or left unserved.",
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
        readonly=True, help="Proposals of the plan that became transfers on that day."
    )
    transfer_units = fields.Float(string="Units Moved", digits="Product Unit", readonly=True)
    purchases = fields.Integer(readonly=True)
    gain = fields.Monetary(string="Gain Accepted", readonly=True)
    carbon_kg = fields.Float(
        string="kg CO2e", digits=(16, 3), readonly=True, help="Of the transfers accepted that day."
    )

    _day_uniq = models.UniqueIndex("(plan_id, day)", "The day has figures of the plan already.")
