from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

STATE_SELECTION = [
    ("queued", "Waits for Its Turn"),
    ("running", "Running"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("interrupted", "Interrupted"),
    ("cancelled", "Cancelled"),
]
PHASE_SELECTION = [
    ("prepare", "Looks at the orders and what there is"),
    ("think", "Plans"),
    ("write", "Writes the plans"),
]


class OmsWave(models.Model):
    """One run in which many orders of a channel are sourced together."""

    _name = "oms.wave"
    _description = "Sourcing Wave"
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    channel_id = fields.Many2one(
        "oms.channel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="channel_id.company_id", store=True, precompute=True, index=True
    )
    strategy_id = fields.Many2one("oms.strategy", readonly=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", readonly=True)
    trigger = fields.Selection(
        [("scheduled", "Scheduled"), ("manual", "Asked by a user")], required=True, readonly=True
    )
    state = fields.Selection(STATE_SELECTION, required=True, readonly=True, default="running")
    phase = fields.Selection(
        PHASE_SELECTION, string="What It Does Now", readonly=True, help="While it runs."
    )
    started_at = fields.Datetime(
        string="Started", required=True, readonly=True, default=fields.Datetime.now
    )
    order_count = fields.Integer(
        string="Orders", readonly=True, aggregator="sum", help="Orders that were planned together."
    )
    sourced_count = fields.Integer(
        string="Sourced", readonly=True, help="Orders for which sites were found."
    )
    changed_count = fields.Integer(
        string="Replaced", readonly=True, help="Plans in force that gave way to a better one."
    )
    cost_before = fields.Monetary(
        readonly=True,
        help="What the plans in force cost, with the penalty for what had no plan yet.",
    )
    cost_greedy = fields.Monetary(
        string="One by One",
        readonly=True,
        help="What exact plans made one after the other, each with what was left, would cost.",
    )
    cost_after = fields.Monetary(
        string="Together",
        readonly=True,
        help="What the plans made together cost, with what replacing a plan in force must gain at "
        "least for each that was replaced.",
    )
    lower_bound = fields.Monetary(
        string="Proven Bound", readonly=True, help="No plans whatsoever cost less together."
    )
    gap = fields.Float(
        digits=(16, 6), readonly=True, help="How far the plans may be from the best ones."
    )
    saved = fields.Monetary(
        compute="_compute_saved", help="What planning together saves over planning one by one."
    )
    gained = fields.Monetary(
        compute="_compute_saved",
        help="How much less the plans cost than those in force before, with the penalty for what "
        "had no plan.",
    )
    most_seconds = fields.Integer(
        related="channel_id.wave_seconds", string="Longest Thinking (s)", related_sudo=True
    )
    seconds = fields.Float(string="Thinking (s)", digits=(16, 2), readonly=True)
    method = fields.Selection(
        [
            ("columns", "Optimized together"),
            ("sequence", "Improved in turn"),
            ("stages", "Stage by stage"),
        ],
        readonly=True,
        help="Improved in turn: the Python package highspy is missing (pip install highspy), with "
        "which orders are planned better. Stage by stage: the strategy has stages, soft limits or "
        "a rule. Each stage is gone through for all orders before the next: by costs, they are "
        "planned together; by a rule, one after the other, earlier orders first. Plans in force "
        "are left alone then.",
    )
    log = fields.Text(readonly=True)
    order_ids = fields.Many2many(
        "sale.order",
        "oms_wave_order_rel",
        "wave_id",
        "order_id",
        string="Orders Planned",
        readonly=True,
    )
    changed_ids = fields.Many2many(
        "sale.order",
        "oms_wave_changed_rel",
        "wave_id",
        "order_id",
        string="Plans Replaced",
        readonly=True,
        help="Orders whose plan in force gave way to a better one.",
    )
    decision_ids = fields.One2many("oms.decision", "wave_id", string="Decisions", readonly=True)

    @api.depends("channel_id.code", "started_at")
    def _compute_name(self):
        for wave in self:
            wave.name = self.env._(
                "Wave %(number)s of %(channel)s",
                number=wave.id or "",
                channel=wave.channel_id.name or "",
            )

    @api.depends("cost_before", "cost_greedy", "cost_after")
    def _compute_saved(self):
        for wave in self:
            wave.saved = max(wave.cost_greedy - wave.cost_after, 0.0)
            wave.gained = max(wave.cost_before - wave.cost_after, 0.0)

    # === ACTION METHODS === #

    def action_cancel(self):
        """Take back waves whose turn has not come.

        :raise UserError: one of them has begun
        :raise AccessError: the user is no order manager
        """
        if not self.env.user.has_group("oms.group_order_manager"):
            raise AccessError(self.env._("Only order managers can cancel waves."))
        self.check_access("read")
        if any(wave.state != "queued" for wave in self):
            raise UserError(
                self.env._("Only waves whose turn has not come can be cancelled: it has begun.")
            )
        # sudo: waves are written by the system, whoever asks for it
        self.sudo().state = "cancelled"

    def action_reload(self):
        """Show how far the wave is.

        :return: a client action
        :rtype: dict
        """
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_view_changed(self):
        """Open the orders whose plan in force gave way to a better one.

        :return: a window action
        :rtype: dict
        """
        return self._prepare_orders_action(self.changed_ids)

    def action_view_orders(self):
        """Open the orders that the waves planned.

        :return: a window action
        :rtype: dict
        """
        return self._prepare_orders_action(self.order_ids)

    def _prepare_orders_action(self, orders):
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_order")
        action["domain"] = [("id", "in", orders.ids)]
        action["context"] = {}
        return action

    def action_view_decisions(self):
        """Open the decisions of the waves.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_decision")
        action["domain"] = [("wave_id", "in", self.ids)]
        action["context"] = {}
        return action


class OmsDecision(models.Model):
    _inherit = "oms.decision"

    wave_id = fields.Many2one(
        "oms.wave",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The run in which the order was sourced together with others. It may have left goods "
        "to orders that needed them more.",
    )


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    wave_minutes = fields.Integer(
        string="Collect Orders For",
        tracking=True,
        help="Minutes for which orders are collected before they are sourced together in a wave. "
        "0: each order is sourced at once.",
    )
    wave_replan = fields.Boolean(
        string="Reconsider Plans",
        tracking=True,
        help="A wave also looks at what sites have not begun yet. A plan is replaced only when "
        "that gains more than the least gain of a new plan.",
        groups="base.group_user",
    )
    wave_seconds = fields.Integer(
        string="Thinking Time of a Wave",
        default=60,
        help="Seconds after which the best plans found are good enough.",
        groups="base.group_user",
    )

    _wave_check = models.Constraint(
        "CHECK (COALESCE(wave_minutes, 0) >= 0 AND COALESCE(wave_seconds, 0) >= 0)",
        "Neither minutes nor seconds of a wave can be negative.",
    )

    @api.constrains("wave_seconds")
    def _check_wave_seconds(self):
        for channel in self:
            if channel.wave_seconds > 600:
                raise ValidationError(
                    self.env._("A wave thinks for ten minutes (600 seconds) at most.")
                )

    def action_run_wave(self):
        """Source what waits on the channel together, as soon as the scheduled job gets to it.

        :return: a window action to the wave
        :rtype: dict
        :raise UserError: nothing waits
        """
        self.ensure_one()
        self.check_access("write")
        # sudo: who may change the channel may have it sourced
        orders = self.sudo()._get_wave_orders()
        if not orders:
            raise UserError(self.env._("No order of %s waits to be sourced.", self.name))
        return orders._oms_source_together()
