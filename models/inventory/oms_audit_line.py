from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

KIND_SELECTION = [
    ("position", "Position Differs from Records"),
    ("oversold", "Promised Beyond Stock"),
    ("claim_ended", "Claim of an Ended Order"),
    ("order_excess", "Promised Beyond Order"),
    ("consumed", "Claims Without Transfers"),
    ("reservation", "Reservation Without Transfer"),
    ("over_reserved", "Reserved Beyond Stock"),
    ("negative", "Negative Stock"),
    ("claim_late", "Expired Claims Not Ended"),
    ("trigger", "Trigger Does Not Fire"),
    ("function", "Function Missing or Changed"),
    ("ledger", "Ledger Not Compacted"),
    ("job", "Scheduled Job Does Not Run"),
]
MEASURE_SELECTION = [
    ("on_hand", "On Hand"),
    ("reserved", "Reserved"),
    ("demand", "Open Demand"),
    ("incoming", "Incoming"),
    ("claimed", "Claimed"),
    ("available", "Promised"),
    ("promised", "Promised to the Order"),
    ("count", "Number"),
]
CAUSE_SELECTION = [
    # Positions that are not kept true.
    ("trigger_off", "Trigger Off"),
    ("trigger_was_off", "Trigger Was Off"),
    ("not_followed", "Records Changed Past the Triggers"),
    ("deleted_unfollowed", "Records Deleted Past the Triggers"),
    ("edited", "Figures Changed by Hand"),
    ("restored", "Database Restored or Copied"),
    ("deleted", "Product or Site Deleted"),
    # More promised than there is.
    ("native", "Transfers Outside of Orchestration"),
    ("counted_down", "Counted Down"),
    ("scrapped", "Scrapped"),
    ("moved_out", "Moved Out"),
    ("not_for_sale", "Location Not for Sale"),
    ("owned_by_others", "Owner Changed"),
    ("external_less", "Supplier Has Less"),
    ("external_stale", "External Stock Out of Date"),
    ("kept_wrong", "Position Is Wrong"),
    # Claims and orders.
    ("order_cancelled", "Order Cancelled"),
    ("order_delivered", "Order Delivered"),
    ("fulfillment_ended", "Fulfillment Ended"),
    ("claimed_twice", "Claimed Twice"),
    ("transfer_raised", "Transfer Raised"),
    ("consumed_twice", "Consumed by the Same Transfers"),
    ("expired", "Expiry Job Did Not Run"),
    # Reservations and stock records.
    ("reserved_twice", "Reserved Twice at the Same Time"),
    ("reserved_by_hand", "Reserved by Hand"),
    ("shipped_unseen", "Shipped Without Stock"),
    # Machinery.
    ("trigger_missing", "Trigger Missing"),
    ("replica", "Triggers Skipped"),
    ("function_missing", "Function Missing"),
    ("function_changed", "Function Changed"),
    ("ledger_waits", "Compactor Stands Still"),
    ("ledger_long", "Compactor Is Behind"),
    ("job_off", "Job Switched Off"),
    ("job_failing", "Job Fails"),
    ("job_late", "Job Is Late"),
    ("unknown", "Unknown"),
]
STATE_SELECTION = [
    ("open", "Open"),
    ("repaired", "Repaired"),
    ("gone", "Gone"),
    ("accepted", "Accepted"),
]
#: Kinds that a click repairs, and jobs that were switched off.
REPAIRABLE = (
    "position",
    "claim_ended",
    "order_excess",
    "reservation",
    "claim_late",
    "trigger",
    "function",
    "ledger",
)


class OmsAuditLine(models.Model):
    """Something that an audit found wrong, from the run that found it to its end.

    A later run that finds the same again keeps the line, as long as it is open or accepted. What
    comes back after it was repaired is a line of its own.
    """

    _name = "oms.audit.line"
    _description = "Audit Finding"
    _order = "state_order, last_seen desc, id desc"

    audit_ids = fields.Many2many(
        "oms.audit",
        "oms_audit_line_rel",
        "line_id",
        "audit_id",
        string="Runs",
        readonly=True,
        help="The runs that saw it.",
    )
    kind = fields.Selection(KIND_SELECTION, required=True, readonly=True)
    key = fields.Char(required=True, readonly=True, help="What is the same when it is seen again.")
    product_id = fields.Many2one(
        "product.product", readonly=True, ondelete="set null", index="btree_not_null"
    )
    site_id = fields.Many2one(
        "oms.site", readonly=True, ondelete="set null", index="btree_not_null"
    )
    # What is kept of a product or a site may outlive it.
    product_key = fields.Integer(readonly=True, index=True)
    site_key = fields.Integer(readonly=True)
    company_id = fields.Many2one(related="site_id.company_id", store=True, index="btree_not_null")
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    measure = fields.Selection(MEASURE_SELECTION, required=True, readonly=True)
    kept = fields.Float(
        digits="Product Unit",
        aggregator=None,
        readonly=True,
        help="What is kept, reserved or promised, in the product's unit.",
    )
    recorded = fields.Float(
        string="Records Say",
        digits="Product Unit",
        aggregator=None,
        readonly=True,
        help="What the stock records, transfers and claims say, or what is there.",
    )
    difference = fields.Float(
        digits="Product Unit",
        aggregator=None,
        readonly=True,
        help="What is missing of what is kept; below zero what is too much.",
    )
    cause = fields.Selection(CAUSE_SELECTION, required=True, readonly=True, default="unknown")
    evidence = fields.Json(readonly=True)
    sentence = fields.Text(string="How It Came", compute="_compute_sentence")
    documents = fields.Html(compute="_compute_documents", sanitize=False)
    state = fields.Selection(
        STATE_SELECTION,
        required=True,
        readonly=True,
        default="open",
        help="Gone: a later look did not find it any more. Accepted: known and left as it is; it "
        "opens again when it gets worse.",
    )
    state_order = fields.Integer(compute="_compute_state_order", store=True)
    first_seen = fields.Datetime(readonly=True)
    last_seen = fields.Datetime(readonly=True)
    closed_by_id = fields.Many2one("res.users", readonly=True)
    closed_at = fields.Datetime(readonly=True)
    outcome = fields.Char(readonly=True, help="What repairing it did.")
    notified = fields.Boolean(readonly=True, help="Whether an activity was raised for it.")
    can_repair = fields.Boolean(compute="_compute_can_repair")
    is_shortage = fields.Boolean(compute="_compute_can_repair")

    _alive_uniq = models.UniqueIndex(
        "(key) WHERE state IN ('open', 'accepted')", "This is written down already."
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "product_id", "site_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for line in self:
            parts = [kinds.get(line.kind), line.product_id.display_name, line.site_id.name]
            line.display_name = " · ".join(filter(None, parts))

    @api.depends("state")
    def _compute_state_order(self):
        order = {"open": 0, "accepted": 1}
        for line in self:
            line.state_order = order.get(line.state, 2)

    @api.depends("kind", "cause", "state")
    def _compute_can_repair(self):
        for line in self:
            line.can_repair = line.state == "open" and (
                (line.kind in REPAIRABLE and line.cause not in ("replica", "transfer_raised"))
                or line.cause == "job_off"
            )
            line.is_shortage = line.kind in ("oversold", "over_reserved", "negative")

    @api.depends("evidence")
    def _compute_documents(self):
        """Link the records that have to do with the finding."""
        for line in self:
            # sudo: a finding may name what its reader cannot open
            records = [
                self.env[model].sudo().browse(record_id).exists()
                for model, record_id in line._get_documents()
            ]
            line.documents = Markup("<br/>").join(
                Markup('<a href="/odoo/%s/%s">%s</a>')
                % (record._name, record.id, line._get_document_name(record))
                for record in records
                if record
            )

    def _get_documents(self):
        """Return model and id of the records that have to do with the finding.

        :rtype: list[tuple[str, int]]
        """
        self.ensure_one()
        documents = (self.evidence or {}).get("documents", ())
        return [(model, record_id) for model, record_id in documents if model in self.env]

    def _get_records(self, model):
        """Return those of the records of one model that still exist."""
        ids = [record_id for name, record_id in self._get_documents() if name == model]
        return self.env[model].browse(ids).exists()

    # === BUSINESS METHODS === #

    def _close(self, state, **vals):
        """End findings, and with the last open one of a run that run's differences.

        :param str state: how they end
        """
        if not self:
            return
        self.write({"state": state, "closed_at": fields.Datetime.now(), **vals})
        self.audit_ids._refresh_state()

    @api.model
    def get_empty_list_help(self, help_message):
        """Say that all is well, if it is, and when that was last proven."""
        text = super().get_empty_list_help(help_message)
        if self.search_count([("state", "=", "open")], limit=1):
            return text
        Audit = self.env["oms.audit"]
        proven = Audit._get_last_proof()
        title = self.env._("All is well") if proven else self.env._("Nothing proven yet")
        return Markup('<p class="o_view_nocontent_smiling_face">%s</p><p>%s</p>') % (
            title,
            Audit._get_proof_sentence(),
        )

    # === ACTION METHODS === #

    def action_run(self):
        """Start an audit; see :meth:`oms.audit.action_run`."""
        return self.env["oms.audit"].action_run()

    def action_accept(self):
        """Leave findings as they are; they open again when they get worse.

        :return: True
        """
        self.env["oms.audit"]._check_manager()
        # sudo: findings are written by the audit alone
        known = self.sudo().filtered(lambda line: line.state == "open")
        known._close("accepted", closed_by_id=self.env.uid)
        known._log(self.env._("Accepted by %s:", self.env.user.name))
        return True

    def action_reopen(self):
        """Have accepted findings count as open again.

        :return: True
        """
        self.env["oms.audit"]._check_manager()
        # sudo: see action_accept
        known = self.sudo().filtered(lambda line: line.state == "accepted")
        known.write({"state": "open", "closed_by_id": False, "closed_at": False})
        known.audit_ids._refresh_state()
        known._log(self.env._("Opened again by %s:", self.env.user.name))
        return True

    def action_check_again(self):
        """Look again at the products of some findings, now.

        :return: a notification that tells what is still wrong
        :rtype: dict
        """
        Audit = self.env["oms.audit"]
        Audit._check_manager()
        if not self.product_id:
            raise UserError(
                self.env._("Only findings about products can be looked at by themselves.")
            )
        # sudo: runs are written by the audit alone
        if Audit.sudo()._get_running():
            raise UserError(self.env._("An audit is running: wait for its end."))
        Audit.sudo()._start_run("user", self.product_id)
        still_open = len(self.filtered(lambda line: line.state == "open"))
        return Audit._get_notification(
            "warning" if still_open else "success",
            self.env._("%(open)s of %(all)s are still there.", open=still_open, all=len(self)),
        )

    def _log(self, title):
        """Write into the chatter of the runs that saw findings last what became of them.

        Everybody who reads runs reads it: it names findings, which have rules of their own, and
        no products.

        :param str title: what was done, and by whom
        """
        for audit, lines in self.grouped(lambda line: line.audit_ids.sorted("id")[-1:]).items():
            if not audit:
                continue
            items = Markup().join(
                Markup('<li><a href="/odoo/oms.audit.line/%s">%s #%s</a> %s</li>')
                % (
                    line.id,
                    dict(self._fields["kind"]._description_selection(self.env))[line.kind],
                    line.id,
                    line.outcome or "",
                )
                for line in lines[:50]
            )
            if len(lines) > 50:
                items += Markup("<li>%s</li>") % self.env._("and %s more", len(lines) - 50)
            audit.message_post(body=Markup("%s<ul>%s</ul>") % (title, items))
