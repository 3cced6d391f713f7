from odoo import fields, models
from odoo.tools import SQL

#: Rows from which on PostgreSQL has to be told that there are many.
MANY = 1000

STEP_SELECTION = [
    ("handling", "Preparing at the Site"),
    ("transit", "Under Way"),
    ("total", "Both Together"),
]
STATE_SELECTION = [("open", "Going On"), ("done", "Done"), ("dropped", "Given Up")]


class OmsLeadObservation(models.Model):
    """How long a step of a fulfillment took, or has taken so far."""

    _name = "oms.lead.observation"
    _description = "Observed Lead Time"
    _order = "started desc, id desc"
    _rec_name = "fulfillment_id"
    _log_access = False

    fulfillment_id = fields.Many2one(
        "oms.fulfillment", required=True, readonly=True, ondelete="cascade", index=True
    )
    step = fields.Selection(STEP_SELECTION, required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    site_id = fields.Many2one("oms.site", required=True, readonly=True, ondelete="cascade")
    carrier_id = fields.Many2one("delivery.carrier", readonly=True, ondelete="set null")
    region = fields.Char(readonly=True, help="Of the destination.")
    season = fields.Char(readonly=True)
    started = fields.Datetime(
        required=True,
        readonly=True,
        help="When the site began to work on it by its opening hours, or the carrier fetched it.",
    )
    ended = fields.Datetime(readonly=True)
    days = fields.Float(
        string="Days Taken",
        readonly=True,
        digits=(16, 2),
        aggregator="avg",
        help="Days of the calendar from beginning to end.",
    )
    usual = fields.Float(string="Days Configured", readonly=True, digits=(16, 2), aggregator="avg")
    load = fields.Float(
        readonly=True,
        digits=(16, 2),
        aggregator="avg",
        help="How much more there was to do at the site than usual: 2 is twice as much.",
    )
    state = fields.Selection(STATE_SELECTION, required=True, readonly=True)
    begun = fields.Float(required=True, readonly=True)
    left = fields.Float(readonly=True)
    fed = fields.Boolean(readonly=True, help="What is known so far was learned from.")
    counted = fields.Boolean(string="Learned", readonly=True, help="It was learned from.")

    _step_uniq = models.UniqueIndex(
        "(fulfillment_id, step)", "Each step of a fulfillment is observed once."
    )
    _open_idx = models.Index("(company_id, step) WHERE NOT counted")
    _done_idx = models.Index("(company_id, step, site_id)")

    def _store(self, rows):
        """Write down what was seen; what was learned from already stays as it is.

        :param rows: list of tuples in the order of the columns below
        """
        columns = (
            "fulfillment_id, step, company_id, site_id, carrier_id, region, season, usual, load, "
            'started, ended, days, state, begun, "left", counted'
        )
        for first in range(0, len(rows), 1000):
            part = rows[first : first + 1000]
            self.env.cr.execute(
                SQL(
                    "INSERT INTO oms_lead_observation (%(columns)s, fed) VALUES %(rows)s "
                    "ON CONFLICT (fulfillment_id, step) DO UPDATE SET (%(columns)s) = "
                    "ROW(%(excluded)s) WHERE NOT oms_lead_observation.counted",
                    columns=SQL(columns),
                    rows=SQL(", ").join(SQL("%s", (*row, False)) for row in part),
                    excluded=SQL(
                        ", ".join(f"EXCLUDED.{name.strip()}" for name in columns.split(","))
                    ),
                )
            )
        if len(rows) >= MANY:
            # PostgreSQL would go on as if the table were as small as it was.
            self.env.cr.execute("ANALYZE oms_lead_observation")
        self.invalidate_model()
