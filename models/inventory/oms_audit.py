from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_datetime

STATE_SELECTION = [
    ("running", "Running"),
    ("clean", "Clean"),
    ("differences", "Differences"),
    ("repaired", "Repaired"),
    ("stopped", "Stopped"),
]
#: States of runs that looked at all of their scope.
ENDED_STATES = ("clean", "differences", "repaired")


class OmsAudit(models.Model):
    """One run of the proof that positions are true and that nothing is promised twice.

    A run looks and writes down what it finds; it repairs nothing. It belongs to no company, its
    findings do: who reads a run sees the findings of own companies, and counts of these.
    """

    _name = "oms.audit"
    _description = "Stock Audit"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    # Nobody writes runs, and all who see them may talk about them.
    _mail_post_access = "read"

    scope = fields.Selection(
        [("all", "All Products"), ("products", "Some Products")],
        required=True,
        readonly=True,
        default="all",
    )
    product_ids = fields.Many2many(
        "product.product",
        "oms_audit_product_rel",
        "audit_id",
        "product_id",
        string="Products",
        readonly=True,
        help="The products looked at, when not all are.",
    )
    origin = fields.Selection(
        [("job", "Scheduled"), ("user", "Started by Hand")],
        string="How It Began",
        required=True,
        readonly=True,
        default="user",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Started By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
    )
    state = fields.Selection(
        STATE_SELECTION,
        required=True,
        readonly=True,
        index=True,
        default="running",
        help="Clean: nothing was found. Differences: findings are open, of one company or another. "
        "Repaired: what was found is settled.",
    )
    started = fields.Datetime(readonly=True, default=fields.Datetime.now)
    ended = fields.Datetime(readonly=True)
    seconds = fields.Float(
        string="Duration (s)",
        digits=(16, 1),
        readonly=True,
        help="Time spent looking, without the pauses between two slices.",
    )
    error = fields.Text(string="Why It Stopped", readonly=True)
    position_count = fields.Integer(
        string="Positions",
        readonly=True,
        help="How many positions, products at sites, were looked at.",
    )
    product_count = fields.Integer(string="Products to Look At", readonly=True)
    product_done = fields.Integer(string="Products Looked At", readonly=True)
    cursor_product_id = fields.Integer(
        readonly=True, default=0, help="The products up to this id were looked at."
    )
    progress = fields.Float(compute="_compute_progress")
    snapshot = fields.Json(
        readonly=True,
        groups="base.group_system",
        help="What tells at the next run which rows were written since this one.",
    )
    line_ids = fields.Many2many(
        "oms.audit.line",
        "oms_audit_line_rel",
        "audit_id",
        "line_id",
        string="Findings",
        readonly=True,
    )
    finding_count = fields.Integer(string="Found", compute="_compute_counts")
    open_count = fields.Integer(string="Still Open", compute="_compute_counts")
    unlisted_count = fields.Integer(
        string="Not Listed",
        readonly=True,
        help="What was found beyond the number of findings that are written down. Repair what is "
        "listed, or rebuild all positions, and look again.",
    )

    _running_uniq = models.UniqueIndex(
        "(state) WHERE state = 'running'", "An audit is running already."
    )

    # === COMPUTE METHODS === #

    @api.depends("started")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for audit in self:
            moment = format_datetime(self.env, audit.started) if audit.started else ""
            audit.display_name = self.env._("Audit %s", moment)

    @api.depends("product_done", "product_count", "state")
    def _compute_progress(self):
        for audit in self:
            if audit.state in ENDED_STATES:
                audit.progress = 100.0
            else:
                audit.progress = 100.0 * audit.product_done / max(audit.product_count, 1)

    @api.depends("line_ids.state")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_counts(self):
        """Count what the user may see."""
        found, still_open = {}, {}
        groups = self.env["oms.audit.line"]._read_group(
            [("audit_ids", "in", self.ids)], ["audit_ids", "state"], ["__count"]
        )
        for audit, state, count in groups:
            found[audit] = found.get(audit, 0) + count
            if state == "open":
                still_open[audit] = count
        for audit in self:
            audit.finding_count = found.get(audit, 0)
            audit.open_count = still_open.get(audit, 0)

    # === BUSINESS METHODS === #

    @api.model
    def _check_manager(self):
        """Make sure that the user may run audits and repair what they find.

        :raises AccessError: the user is no order manager
        """
        if not self.env.su and not self.env.user.has_group("oms.group_order_manager"):
            raise AccessError(
                self.env._("Audits are run, and what they find is repaired, by order managers.")
            )

    @api.model
    def _get_last_proof(self):
        """Return the last run over all products that came to its end."""
        return self.search(
            [("scope", "=", "all"), ("state", "in", ENDED_STATES)], order="id desc", limit=1
        )

    def _refresh_state(self):
        """Set the state of runs that ended from the states of what they found."""
        ended = self.filtered(lambda audit: audit.state in ENDED_STATES)
        states = dict.fromkeys(ended, "clean")
        # sudo: the state is that of all companies, and is not the user's to write
        groups = (
            self.env["oms.audit.line"]
            .sudo()
            ._read_group([("audit_ids", "in", ended.ids)], ["audit_ids"], ["state:array_agg"])
        )
        for audit, found in groups:
            if "open" in found:
                states[audit.sudo(False)] = "differences"
            elif set(found) - {"accepted"}:
                states[audit.sudo(False)] = "repaired"
        for audit, state in states.items():
            if audit.state != state:
                audit.sudo().state = state

    # === ACTION METHODS === #

    def action_run(self):
        """Start an audit of all products, or open the one that is running.

        A small stock is looked at at once, a large one by the scheduled job.

        :return: a window action on the run
        :rtype: dict
        :raises AccessError: the user is no order manager
        """
        self._check_manager()
        # sudo: runs are written by the audit alone
        audit = self.sudo()._get_running() or self.sudo()._start_run("user")
        return audit.sudo(False)._action_open()

    def action_resume(self):
        """Have a run that goes on in the background go on with now.

        :return: True
        """
        self._check_manager()
        if any(audit.state == "running" for audit in self):
            self._trigger()
        return True

    def action_stop(self):
        """End a run before it has looked at everything.

        :return: True
        """
        self._check_manager()
        for audit in self.filtered(lambda audit: audit.state == "running"):
            # sudo: see action_run
            audit.sudo()._stop(self.env._("Stopped by %s.", self.env.user.name))
        return True

    def action_rebuild(self):
        """Correct all positions in one statement, by entries in the ledger.

        For when so many are wrong that they are not even listed.

        :return: a notification that tells how many positions were corrected
        :rtype: dict
        """
        self._check_manager()
        self.ensure_one()
        # sudo: what is kept is no model that users write
        corrected = self.env["oms.position"].sudo()._rebuild()
        message = self.env._("Corrected positions: %s.", corrected)
        self.message_post(body=message)
        return self._get_notification("success", message)

    def action_view_findings(self):
        """Open what the runs found.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_audit_line")
        action["domain"] = [("audit_ids", "in", self.ids)]
        action["context"] = dict(self.env.context.get("findings_context") or {})
        return action

    def action_view_positions(self):
        """Open the positions that the run looked at.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_position")
        if self.scope == "products":
            action["domain"] = [("product_id", "in", self.product_ids.ids)]
        return action

    def _action_open(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.model
    def _get_notification(self, kind, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _get_proof_sentence(self):
        """Say when everything was last looked at, and how much that was.

        :rtype: str
        """
        audit = self._get_last_proof()
        if not audit:
            return self.env._("Nothing has been looked at yet: run an audit.")
        return self.env._(
            "Positions last proven on %(moment)s: %(count)s.",
            count=audit.position_count,
            moment=format_datetime(self.env, audit.ended),
        )

    @api.model
    def get_empty_list_help(self, help_message):
        """Say when the stock was last proven."""
        text = super().get_empty_list_help(help_message)
        return (text or "") + Markup("<p>%s</p>") % self._get_proof_sentence()
