from odoo import fields, models
from odoo.tools import SQL

from ...engine.promise import LEVELS
from .oms_lead_model import lane_of
from .oms_lead_observation import STEP_SELECTION

#: Observations, older ones counted less, from which on promises rest on what was seen.
ENOUGH_COUNT = 20.0
#: Observations from which on a lane speaks for itself.
OWN_COUNT = 5.0
#: Lanes that are shown of each step, those with the most observations.
MOST_LANES = 5000

BASIS_SELECTION = [
    ("lane", "Seen on This Way"),
    ("group", "Seen on Ways Like It"),
    ("configured", "Configured"),
]


class OmsLeadLane(models.Model):
    """How long a step takes on a way: what is promised rests on it."""

    _name = "oms.lead.lane"
    _description = "Lead Time"
    _order = "step, count desc, site_id, carrier_id, region, id"
    _rec_name = "site_id"
    _log_access = False

    model_id = fields.Many2one(
        "oms.lead.model", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="model_id.company_id", store=True, index=True)
    step = fields.Selection(STEP_SELECTION, required=True, readonly=True)
    site_id = fields.Many2one("oms.site", readonly=True, ondelete="cascade", index=True)
    carrier_id = fields.Many2one("delivery.carrier", readonly=True, ondelete="cascade")
    region = fields.Char(readonly=True, help="Of the destination.")
    season = fields.Char(readonly=True)
    count = fields.Integer(
        string="Observations", readonly=True, help="Of things that are done on this way."
    )
    open_count = fields.Integer(
        string="Going On", readonly=True, help="They count for as long as they have lasted so far."
    )
    median = fields.Float(
        string="Half Within (Days)",
        readonly=True,
        digits=(16, 2),
        aggregator="avg",
        help="As learned; on days on which nothing moves, no time passes.",
    )
    late = fields.Float(
        string="90 % Within (Days)", readonly=True, digits=(16, 2), aggregator="avg"
    )
    usual = fields.Float(
        string="Configured (Days)", readonly=True, digits=(16, 2), aggregator="avg"
    )
    basis = fields.Selection(
        BASIS_SELECTION,
        readonly=True,
        help="What promises on this way rest on: what was seen on it, on ways that have the site, "
        "carrier or region in common with it, or only what is configured.",
    )

    def action_view_observations(self):
        """Open how long the step took on these ways, over time.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_lead_observation")
        domain = [
            ("step", "in", self.mapped("step")),
            ("site_id", "in", self.site_id.ids),
            ("company_id", "in", self.company_id.ids),
        ]
        if "handling" not in self.mapped("step"):
            domain += [
                ("carrier_id", "in", self.carrier_id.ids or [False]),
                ("region", "in", self.mapped("region")),
            ]
        action["domain"] = domain
        return action


class OmsLeadModel(models.Model):
    _inherit = "oms.lead.model"

    def _write_lanes(self):
        """Write down what was learned lane by lane, for people to look at."""
        self.env["oms.lead.observation"].flush_model()
        self.lane_ids.unlink()
        values = []
        for model in self:
            rows = model._read_lanes()
            learner = model._load()
            known = model._knows(learner)
            lanes = [lane_of(model.step, *row[:5]) for row in rows]
            quantiles = learner.quantiles(lanes, [0.5, 0.9]).tolist() if known and lanes else []
            for place, (lane, row) in enumerate(zip(lanes, rows, strict=True)):
                site_id, carrier_id, region, season, usual, count, open_count = row
                median, late = quantiles[place] if known else (usual, usual)
                values.append(
                    {
                        "model_id": model.id,
                        "step": model.step,
                        "site_id": site_id,
                        "carrier_id": carrier_id,
                        "region": region,
                        "season": season,
                        "usual": usual,
                        "count": count,
                        "open_count": open_count,
                        "median": median,
                        "late": late,
                        "basis": get_basis(learner, lane, model.step) if known else "configured",
                    }
                )
        self.env["oms.lead.lane"].create(values)

    def _read_lanes(self):
        """Return the lanes of a step that were seen in the last year.

        :return: (site id, carrier id, region, season, configured days, number done, number going
            on) of each
        """
        self.ensure_one()
        return self.env.execute_query(
            SQL(
                """
                SELECT site_id, carrier_id, region, season, AVG(usual)::float,
                       COUNT(*) FILTER (WHERE state = 'done'),
                       COUNT(*) FILTER (WHERE state = 'open')
                  FROM oms_lead_observation
                 WHERE company_id = %s AND step = %s
                   AND started > %s::timestamp - INTERVAL '400 days'
              GROUP BY site_id, carrier_id, region, season
              ORDER BY COUNT(*) DESC, site_id, carrier_id, region, season
                 LIMIT %s
                """,
                self.company_id.id,
                self.step,
                self.learned_at or fields.Datetime.now(),
                MOST_LANES,
            )
        )

    def _knows(self, learner):
        """Tell whether enough was seen for promises to rest on it."""
        return learner.until is not None and learner.nodes.count[0] >= ENOUGH_COUNT


def get_basis(learner, lane, step):
    """Tell whether enough was seen on a lane itself for it to speak for itself.

    :param str step: that the learner knows
    :return: "lane" or "group"
    """
    own = ("site",) if step == "handling" else ("site", "method", "region")
    if not lane.region and step != "handling":
        own = ("site", "method")
    found = int(learner.nodes.of([lane])[0][LEVELS.index(own)])
    return "lane" if found >= 0 and learner.nodes.count[found] >= OWN_COUNT else "group"
