from odoo import api, fields, models

from .oms_payment_policy import METHOD_SELECTION
from .payment_transaction import UNDER_WAY

STATE_SELECTION = [
    ("none", "Nothing to Pay"),
    ("waiting", "Waiting for Payment"),
    ("authorized", "Authorized"),
    ("partial", "Partly Captured"),
    ("captured", "Paid"),
    ("refunded", "Refunded"),
    ("voided", "Voided"),
    ("expired", "Expired"),
    ("failed", "Failed"),
]
#: Methods that take no money by themselves.
LEDGER_ONLY = ("account", "collection")
SUMS = (
    "authorized",
    "available",
    "captured",
    "capturing",
    "voided",
    "voiding",
    "refunded",
    "refunding",
    "refundable",
    "charged_back",
    "due",
)


class OmsPaymentPlan(models.Model):
    """How one order is paid, and how far that is, by the transactions that there are."""

    _name = "oms.payment.plan"
    _description = "Payment Plan"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "order_id"
    # Nobody writes plans, and all who see them may talk about them.
    _mail_post_access = "read"

    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="order_id.currency_id", store=True, precompute=True)
    partner_id = fields.Many2one(
        related="order_id.partner_invoice_id", string="Customer", store=True, precompute=True
    )
    channel_id = fields.Many2one(
        related="order_id.oms_channel_id", store=True, precompute=True, index="btree_not_null"
    )
    date_order = fields.Datetime(related="order_id.date_order", store=True, precompute=True)
    amount_total = fields.Monetary(
        related="order_id.amount_total", string="Order Total", store=True, precompute=True
    )
    policy_id = fields.Many2one(
        "oms.payment.policy",
        compute="_compute_policy_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        tracking=True,
        ondelete="restrict",
        help="That of the channel, unless another one is chosen for the order.",
    )
    method = fields.Selection(
        METHOD_SELECTION[1:],
        compute="_compute_method",
        store=True,
        precompute=True,
        tracking=True,
        help="How money is taken: as the policy says, as far as the provider can do it.",
    )
    transaction_ids = fields.One2many(
        "payment.transaction", "oms_plan_id", string="Operations", readonly=True
    )
    provider_id = fields.Many2one("payment.provider", compute="_compute_provider_id", store=True)
    authorized = fields.Monetary(
        compute="_compute_sums", store=True, help="What the bank said yes to."
    )
    available = fields.Monetary(
        compute="_compute_sums",
        store=True,
        string="Still Authorized",
        help="What can be captured or voided: authorized, and neither yet, nor about to be.",
    )
    captured = fields.Monetary(compute="_compute_sums", store=True, help="What was taken.")
    capturing = fields.Monetary(
        compute="_compute_sums", store=True, help="Captures that are under way."
    )
    voided = fields.Monetary(
        compute="_compute_sums", store=True, help="What was authorized and let go."
    )
    voiding = fields.Monetary(compute="_compute_sums", store=True, help="Voids under way.")
    refunded = fields.Monetary(compute="_compute_sums", store=True, help="What was given back.")
    refunding = fields.Monetary(
        compute="_compute_sums", store=True, help="Refunds that are under way."
    )
    refundable = fields.Monetary(
        compute="_compute_sums",
        store=True,
        help="What can be refunded: captured, and neither given back yet nor about to be.",
    )
    charged_back = fields.Monetary(
        string="Taken Back by the Bank",
        compute="_compute_sums",
        store=True,
        help="What the customer had the bank take back.",
    )
    due = fields.Monetary(
        compute="_compute_sums", store=True, help="What of the order's total is not taken yet."
    )
    expires_at = fields.Datetime(
        string="Expires",
        compute="_compute_expires_at",
        store=True,
        index="btree_not_null",
        help="When the first authorization expires of which something is still open.",
    )
    state = fields.Selection(
        STATE_SELECTION, compute="_compute_state", store=True, tracking=True, index=True
    )

    _order_uniq = models.UniqueIndex("(order_id)", "The order has a payment plan already.")

    # === COMPUTE METHODS === #

    @api.depends("order_id.name")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = plan.order_id.name

    @api.depends("order_id.oms_channel_id.payment_policy_id")
    def _compute_policy_id(self):
        default = self.env["oms.payment.policy"]._get_default()
        for plan in self:
            # Who chose another one for the order meant it.
            of_channel = plan.order_id.oms_channel_id.payment_policy_id
            plan.policy_id = plan.policy_id or of_channel or default

    @api.depends(
        "policy_id.method",
        "transaction_ids.provider_id",
        "transaction_ids.token_id",
        # That a transaction is of the plan is computed, too, and told by nothing else.
        "transaction_ids.state",
    )
    def _compute_method(self):
        for plan in self:
            method = plan.policy_id.method or "auto"
            plan.method = (
                plan._resolve_method() if method in ("auto", "multi", "single") else method
            )

    def _resolve_method(self):
        """Tell how money is taken by what the provider can do.

        :rtype: str
        """
        self.ensure_one()
        wanted = self.policy_id.method or "auto"
        root = self._get_roots()[-1:]
        if not root:
            # Nobody who can be asked for money is known: it is paid as Odoo's invoices are.
            return "account" if wanted == "auto" else wanted
        # sudo: what a provider can do is no secret
        ability = root.provider_id.sudo().support_manual_capture
        if ability == "partial" and wanted != "single":
            return "multi"
        return "single" if ability and root.token_id else "full"

    @api.depends("transaction_ids.provider_id", "transaction_ids.state")
    def _compute_provider_id(self):
        for plan in self:
            plan.provider_id = plan._get_roots()[-1:].provider_id

    @api.depends(
        "amount_total",
        "set_off",
        "order_id.state",
        "transaction_ids.state",
        "transaction_ids.amount",
        "transaction_ids.oms_operation",
        "transaction_ids.oms_charged_back",
        "transaction_ids.source_transaction_id",
    )
    def _compute_sums(self):
        for plan in self:
            plan.update(plan._get_sums())

    def _get_sums(self):
        """Return the sums of the operations by field, in the currency of the order.

        :rtype: dict[str, float]
        """
        self.ensure_one()
        roots = self._get_roots()
        children = self.transaction_ids - roots
        sums = dict.fromkeys(SUMS, 0.0)
        for root in roots:
            for field, get_amount in (
                ("captured", root._oms_get_captured),
                ("authorized", root._oms_get_authorized),
                ("available", root._oms_get_capturable),
                ("refundable", root._oms_get_refundable),
                ("charged_back", lambda root=root: root.oms_charged_back),
            ):
                sums[field] += self._convert(root, get_amount())
        for field, operation, states in (
            ("capturing", "capture", UNDER_WAY),
            ("voided", "void", ("cancel",)),
            ("voiding", "void", UNDER_WAY),
            ("refunded", "refund", ("done",)),
            ("refunding", "refund", (*UNDER_WAY, "authorized")),
        ):
            sums[field] = sum(
                self._convert(child, abs(child.amount))
                for child in children
                if child.oms_operation == operation and child.state in states
            )
        if self.order_id.state != "cancel":
            sums["due"] = max(self.amount_total - sums["captured"] - self.set_off, 0.0)
        return {field: self.currency_id.round(amount) for field, amount in sums.items()}

    def _convert(self, transaction, amount):
        """Return an amount of a transaction in the currency of the order."""
        if transaction.currency_id == self.currency_id:
            return amount
        day = transaction.create_date or fields.Datetime.now()
        return transaction.currency_id._convert(amount, self.currency_id, self.company_id, day)

    def _get_roots(self):
        """Return the payments themselves, without what was captured, voided or refunded of them."""
        return self.transaction_ids.filtered(
            lambda transaction: (
                not transaction.source_transaction_id and transaction.operation != "validation"
            )
        ).sorted("id")

    @api.depends(
        "policy_id.authorization_days",
        "transaction_ids.state",
        "transaction_ids.last_state_change",
        "available",
    )
    def _compute_expires_at(self):
        for plan in self:
            moments = [root._oms_get_expiry(plan.policy_id) for root in plan._get_open_roots()]
            plan.expires_at = min(moments, default=False)

    def _get_open_roots(self):
        """Return the authorizations of which something is open.

        What expires first comes first, but after all others what has expired: most banks hold it
        no longer.
        """
        roots = self._get_roots().filtered(lambda root: root._oms_get_capturable() > 0)
        return roots.sorted(
            lambda root: (
                self._is_expired(root),
                root._oms_get_expiry(self.policy_id),
                root.id,
            )
        )

    def _is_expired(self, root):
        """Tell whether an authorization is older than the policy says that banks hold it."""
        return root._oms_get_expiry(self.policy_id) <= fields.Datetime.now()

    @api.depends(
        *SUMS, "amount_total", "method", "order_id.state", "transaction_ids.state", "expires_at"
    )
    def _compute_state(self):
        for plan in self:
            plan.state = plan._get_state()

    def _get_state(self):
        """Tell how far the order is paid.

        :return: a key of the state selection
        :rtype: str
        """
        self.ensure_one()
        zero = self.currency_id.is_zero
        taken = not zero(self.captured)
        expired = self.expires_at and self.expires_at <= fields.Datetime.now()
        if expired and not zero(self.available) and not zero(self.due):
            return "expired"
        if taken and self.currency_id.compare_amounts(self.refunded, self.captured) >= 0:
            return "refunded"
        if taken and zero(self.due):
            return "captured"
        if taken:
            return "partial"
        if not zero(self.available) or not zero(self.capturing):
            return "authorized"
        roots = self._get_roots()
        if roots[-1:].state == "error":
            return "failed"
        if not zero(self.voided) or "cancel" in roots.mapped("state"):
            return "voided"
        return "none" if zero(self.due) else "waiting"
