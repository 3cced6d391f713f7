from datetime import timedelta

from odoo import api, fields, models

from .oms_flow_note import STAGE_SELECTION

#: Runs and what nobody decided on are forgotten after so many days; what was decided on stays.
KEPT_DAYS = 180
SUPERSEDED_DAYS = 30
#: So many are forgotten at once.
MOST_FORGOTTEN = 10_000

STATE_SELECTION = [
    ("waiting", "Waiting"),
    ("running", "Running"),
    ("done", "Done"),
    ("stopped", "Stopped"),
    ("failed", "Failed"),
]


class OmsFlowRun(models.Model):
    """One time at which a plan was worked out: what it proposed, what it could not, and how long.

    It is done stage by stage, each in a transaction of its own: a run that is stopped or broken
    off goes on with the stage that it had not ended.
    """

    _name = "oms.flow.run"
    _description = "Flow Run"
    _inherit = ["mail.thread"]
    _order = "id desc"

    plan_id = fields.Many2one(
        "oms.flow.plan", required=True, readonly=True, ondelete="cascade", index=True
    )
    network_id = fields.Many2one(
        related="plan_id.network_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="plan_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users", string="Started By", readonly=True, default=lambda self: self.env.user
    )
    state = fields.Selection(
        STATE_SELECTION, required=True, readonly=True, default="waiting", tracking=True, index=True
    )
    stage = fields.Selection(
        STAGE_SELECTION, readonly=True, help="What is done next, or was done when it ended."
    )
    progress = fields.Float(digits=(5, 1), readonly=True, aggregator="avg", help="Percent.")
    is_stopping = fields.Boolean(
        readonly=True, help="Somebody stopped it: it ends after the stage that it is at."
    )
    attempts = fields.Integer(readonly=True, help="How often the stage was begun.")
    started_at = fields.Datetime(string="Started", readonly=True)
    ended_at = fields.Datetime(string="Ended", readonly=True)
    seconds = fields.Float(
        string="Took (s)", digits=(16, 2), readonly=True, help="Working time of all stages."
    )
    figures = fields.Json(readonly=True)
    product_count = fields.Integer(string="Goods Looked At", readonly=True)
    site_count = fields.Integer(string="Sites", readonly=True)
    proposal_ids = fields.One2many("oms.proposal", "run_id", string="Proposals", readonly=True)
    proposal_count = fields.Integer(compute="_compute_proposals")
    open_count = fields.Integer(string="Still Open", compute="_compute_proposals")
    gain = fields.Monetary(compute="_compute_proposals", help="Of all its proposals together.")
    note_ids = fields.One2many("oms.flow.note", "run_id", string="Notes", readonly=True)
    note_count = fields.Integer(compute="_compute_note_count")
    error = fields.Text(
        readonly=True, help="What stages could not do; what the others found is proposed."
    )

    # A plan is worked out once at a time.
    _plan_uniq = models.UniqueIndex(
        "(plan_id) WHERE state IN ('waiting', 'running')", "The plan is at work already."
    )

    # === COMPUTE METHODS === #

    @api.depends("plan_id.name", "create_date")
    def _compute_display_name(self):
        for run in self:
            moment = fields.Datetime.context_timestamp(
                run, run.create_date or fields.Datetime.now()
            )
            run.display_name = f"{run.plan_id.name}, {moment:%Y-%m-%d %H:%M}"

    @api.depends("proposal_ids.state", "proposal_ids.gain")
    def _compute_proposals(self):
        found = {run: [0, 0, 0.0] for run in self}
        for run, state, count, gain in self.env["oms.proposal"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state"], ["__count", "gain:sum"]
        ):
            known = found[run]
            known[0] += count
            known[1] += count if state == "proposed" else 0
            known[2] += gain
        for run in self:
            run.proposal_count, run.open_count, run.gain = found[run]

    @api.depends("note_ids")
    def _compute_note_count(self):
        counts = dict(
            self.env["oms.flow.note"]._read_group(
                [("run_id", "in", self.ids)], ["run_id"], ["__count"]
            )
        )
        for run in self:
            run.note_count = counts.get(run, 0)

    # === ACTION METHODS === #

    def action_stop(self):
        """Have the runs end: at once if they wait, or else after the stage that they are at.

        :raises AccessError: the user is no planner
        """
        self.env["oms.proposal"]._check_planner()
        self.check_access("read")
        # sudo: planners stop runs, whose rows only the addon writes
        own = self.sudo()
        own.filtered(lambda run: run.state == "waiting").write(
            {"state": "stopped", "ended_at": fields.Datetime.now()}
        )
        own.filtered(lambda run: run.state == "running").is_stopping = True

    def action_view_proposals(self):
        """Open what the runs propose.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_proposal")
        action["domain"] = [("run_id", "in", self.ids)]
        return action

    def action_view_notes(self):
        """Open what the runs left out.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_flow_note")
        action["domain"] = [("run_id", "in", self.ids)]
        return action

    # === CLEANING UP === #

    @api.autovacuum
    def _gc_runs(self):
        """Forget runs that ended long ago, with their notes; what they proposed stays."""
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        old = [("state", "not in", ("waiting", "running")), ("create_date", "<", limit)]
        found = self.search(old, limit=MOST_FORGOTTEN, order="id")
        found.unlink()
        return len(found), len(found) == MOST_FORGOTTEN

    @api.autovacuum
    def _gc_superseded(self):
        """Forget proposals that were taken back because they were out of date."""
        limit = fields.Datetime.now() - timedelta(days=SUPERSEDED_DAYS)
        old = [("state", "=", "superseded"), ("write_date", "<", limit)]
        found = self.env["oms.proposal"].search(old, limit=MOST_FORGOTTEN, order="id")
        found.unlink()
        return len(found), len(found) == MOST_FORGOTTEN
