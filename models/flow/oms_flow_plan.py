import math

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

PRESET_SELECTION = [
    ("balance", "Worth most"),
    ("drain", "Old and excess stock first"),
    ("consolidate", "End of season: gather what is left"),
]
#: What a plan can propose, by the field that says so.
KIND_FIELDS = {
    "does_transfer": "transfer",
    "does_pull": "pull",
    "does_purchase": "purchase",
    "does_level": "level",
    "does_share": "share",
    "does_preparation": "preparation",
}


class OmsFlowPlan(models.Model):
    """What is proposed for the sites of a network, how often, and what goes by itself.

    What interest, storage, handling and carbon cost is said once for the whole company, in its
    disposition policy: a unit is worth the same to returns and to flows.
    """

    _name = "oms.flow.plan"
    _description = "Flow Plan"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    network_id = fields.Many2one(
        "oms.network",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        check_company=True,
    )
    company_id = fields.Many2one(
        related="network_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    categ_ids = fields.Many2many(
        "product.category",
        string="Product Categories",
        help="Only goods of these categories and those below; empty: all goods.",
    )
    horizon_days = fields.Integer(
        string="Days Looked Ahead",
        default=28,
        required=True,
        tracking=True,
        help="What is sent to a site lasts for so many days: more can go when the plan runs again. "
        "What a unit is worth does not depend on it, but on the Days to Sell of the disposition "
        "policy, the same for sourcing, returns and flows.",
    )
    preset = fields.Selection(
        PRESET_SELECTION,
        string="Aim",
        default="balance",
        required=True,
        tracking=True,
        help="Worth most: goods go where they earn most.\n"
        "Old and excess stock first: only what a site will not sell in the days looked ahead, or "
        "has had for long, leaves it.\n"
        "End of season: what is left over is gathered where it still sells; sites keep neither a "
        "presentation minimum nor what they may need later.",
    )
    does_transfer = fields.Boolean(string="Transfers between Sites", default=True, tracking=True)
    does_pull = fields.Boolean(string="Pulls from Warehouses", default=True, tracking=True)
    does_purchase = fields.Boolean(string="Purchases", default=True, tracking=True)
    does_level = fields.Boolean(string="Safety Stock and Levels", default=True, tracking=True)
    does_share = fields.Boolean(string="Channel Shares", default=True, tracking=True)
    does_preparation = fields.Boolean(string="Preparation", default=True, tracking=True)
    minimum_gain = fields.Monetary(
        tracking=True,
        help="A transfer is not proposed if all that goes from one site to the other gains less "
        "together, its costs taken off: what a shipment costs is shared by all on it.",
    )
    automatic = fields.Boolean(
        string="Accept by Itself",
        tracking=True,
        help="Proposals above the gain become transfers and purchases without anybody. Who follows "
        "the plan is told.",
    )
    automatic_gain = fields.Monetary(string="Above a Gain Of", default=100.0, tracking=True)
    automatic_risk = fields.Float(
        string="Up to a Risk Of (%)",
        default=25.0,
        digits=(5, 2),
        tracking=True,
        help="What is likelier to be regretted waits for somebody.",
    )
    automatic_cost = fields.Monetary(
        string="Up to Costs Of",
        tracking=True,
        help="So much a run may spend by itself, on transport and goods together; what gains most "
        "goes first. 0 is no limit.",
    )
    automatic_share = fields.Boolean(
        string="Move Channel Shares by Itself",
        tracking=True,
        help="Proposals on channel shares are accepted at once, whatever they gain.",
    )
    share_step = fields.Float(
        string="Largest Move of a Share (%)",
        default=25.0,
        digits=(5, 2),
        tracking=True,
        help="No more of a channel's share is moved to another one at once.",
    )
    keep_days = fields.Integer(
        string="Days Kept Open",
        default=7,
        required=True,
        help="What nobody decided on for so long is taken back when the plan runs again.",
    )
    learn_weeks = fields.Integer(
        string="Weeks Remembered",
        default=8,
        required=True,
        help="So long a rejected proposal is not made again.",
    )
    most_proposals = fields.Integer(
        default=5000,
        required=True,
        help="Of each kind the best ones are written, no more than so many.",
    )
    interval_days = fields.Float(
        string="Every (Days)",
        default=1.0,
        digits=(6, 2),
        tracking=True,
        help="0: only when somebody starts it.",
    )
    next_run_at = fields.Datetime(string="Next Run", default=fields.Datetime.now, copy=False)
    run_ids = fields.One2many("oms.flow.run", "plan_id", string="Runs", readonly=True)
    last_run_id = fields.Many2one("oms.flow.run", compute="_compute_last_run_id")
    proposal_count = fields.Integer(string="Open Proposals", compute="_compute_proposals")
    proposal_gain = fields.Monetary(string="Gain of Open Proposals", compute="_compute_proposals")
    constraint_count = fields.Integer(compute="_compute_proposals")

    _name_network_uniq = models.UniqueIndex(
        "(network_id, name) WHERE active", "The network has a plan of this name already."
    )
    _numbers_check = models.Constraint(
        "CHECK (horizon_days BETWEEN 1 AND 730 "
        "AND keep_days BETWEEN 0 AND 365 AND learn_weeks BETWEEN 0 AND 520 "
        "AND most_proposals BETWEEN 1 AND 1000000)",
        "A plan looks from 1 to 730 days ahead, keeps proposals "
        "open for up to 365 days, remembers rejections for up to 520 weeks and makes up to a "
        "million proposals.",
    )
    _money_check = models.Constraint(
        "CHECK (LEAST(COALESCE(minimum_gain, 0), COALESCE(automatic_gain, 0), "
        "COALESCE(automatic_cost, 0)) >= 0 AND COALESCE(automatic_risk, 0) BETWEEN 0 AND 100 "
        "AND COALESCE(interval_days, 0) BETWEEN 0 AND 366 "
        "AND COALESCE(share_step, 0) BETWEEN 0 AND 100)",
        "Gains and costs are not negative, plans run at least once a year, a risk is from 0 to "
        "100 %, and a share moves by 0 to 100 %.",
    )

    # === COMPUTE METHODS === #

    @api.depends("run_ids")
    def _compute_last_run_id(self):
        for plan in self:
            plan.last_run_id = plan.run_ids.sorted("id")[-1:]

    def _compute_proposals(self):
        domain = [("plan_id", "in", self.ids), ("state", "=", "proposed")]
        found = {
            plan: (count, gain)
            for plan, count, gain in self.env["oms.proposal"]._read_group(
                domain, ["plan_id"], ["__count", "gain:sum"]
            )
        }
        constraints = dict(
            self.env["oms.flow.constraint"]._read_group(
                [("network_id", "in", self.network_id.ids)], ["network_id"], ["__count"]
            )
        )
        for plan in self:
            plan.proposal_count, plan.proposal_gain = found.get(plan, (0, 0.0))
            plan.constraint_count = constraints.get(plan.network_id, 0)

    # === CONSTRAINTS === #

    @api.constrains(
        "minimum_gain", "automatic_gain", "automatic_cost", "automatic_risk", "interval_days",
        "share_step",
    )  # fmt: skip
    def _check_finite(self):
        for plan in self:
            numbers = (
                plan.minimum_gain, plan.automatic_gain, plan.automatic_cost, plan.automatic_risk,
                plan.interval_days, plan.share_step,
            )  # fmt: skip
            if not all(map(math.isfinite, numbers)):
                raise ValidationError(self.env._("The numbers of %s must be finite.", plan.name))

    # === BUSINESS METHODS === #

    def _get_sites(self):
        """Return the sites of the network that keep stock and work.

        :rtype: oms.site
        """
        self.ensure_one()
        return self.network_id.site_ids.filtered(
            lambda site: site.active and site.warehouse_id and site.company_id == self.company_id
        ).sorted("id")

    def _get_policy(self):
        """Return the disposition policy, which says what time, storage and carbon cost.

        :rtype: oms.disposition.policy
        """
        self.ensure_one()
        return self.env["oms.disposition.policy"]._get_policy(self.company_id)

    def _get_kinds(self):
        """Return the kinds of proposals that the plan makes.

        :rtype: set[str]
        """
        self.ensure_one()
        return {kind for name, kind in KIND_FIELDS.items() if self[name]}

    def _start(self):
        """Put a run of each plan into the queue; one that waits or is at work is left alone.

        :return: the runs, one for each plan
        :rtype: oms.flow.run
        """
        Run = self.env["oms.flow.run"]
        # A run that has just ended must have ended in the database, too.
        Run.flush_model(["state"])
        runs = Run
        for plan in self:
            runs |= plan.run_ids.filtered(lambda run: run.state in ("waiting", "running"))[
                :1
            ] or Run.create({"plan_id": plan.id})
        return runs

    # === ACTION METHODS === #

    def action_run(self):
        """Start the plans now, in the background.

        :return: a window action that shows the runs
        :rtype: dict
        :raises AccessError: the user is no planner
        :raises UserError: the plan proposes nothing
        """
        self.env["oms.proposal"]._check_planner()
        for plan in self:
            if not plan._get_kinds():
                raise UserError(
                    self.env._("%s proposes nothing: choose what it is to propose.", plan.name)
                )
        # sudo: planners start runs, whose rows only the addon writes
        runs = self.sudo()._start().sudo(False)
        self.env.ref("oms.cron_flow_run")._trigger()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_flow_run")
        if len(runs) == 1:
            return {**action, "res_id": runs.id, "views": [(False, "form")], "view_mode": "form"}
        return {**action, "domain": [("id", "in", runs.ids)]}

    def action_view_proposals(self):
        """Open what the plans propose.

        :return: a window action
        :rtype: dict
        """
        return self._get_action("oms.action_proposal")

    def action_view_runs(self):
        """Open the runs of the plans.

        :return: a window action
        :rtype: dict
        """
        return self._get_action("oms.action_flow_run")

    def action_view_kpis(self):
        """Open the figures of the plans over time.

        :return: a window action
        :rtype: dict
        """
        action = self._get_action("oms.action_flow_kpi")
        # Those of the sites have a screen of their own.
        return {**action, "domain": [*action["domain"], ("site_id", "=", False)]}

    def _get_action(self, xmlid):
        """Return an action that shows what belongs to the plans."""
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("plan_id", "in", self.ids)]
        return action

    def action_view_constraints(self):
        """Open what was learned from rejections in the networks of the plans.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_flow_constraint")
        action["domain"] = [("network_id", "in", self.network_id.ids)]
        return action
