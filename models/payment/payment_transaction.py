from datetime import timedelta

from odoo import api, fields, models

OPERATION_SELECTION = [
    ("authorize", "Authorization"),
    ("capture", "Capture"),
    ("void", "Void"),
    ("refund", "Refund"),
]
#: States of transactions that are under way: nobody knows yet what becomes of them.
UNDER_WAY = ("draft", "pending")


class PaymentTransaction(models.Model):
    """What a transaction does for an order, and for which shipment or return."""

    _inherit = "payment.transaction"

    oms_operation = fields.Selection(
        OPERATION_SELECTION,
        string="What It Does",
        compute="_compute_oms_operation",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        index=True,
        help="Authorization: the bank holds the money. Capture: it is taken. Void: what was "
        "authorized is let go. Refund: what was captured is given back.",
        groups="base.group_user",
    )
    oms_order_id = fields.Many2one(
        "sale.order",
        string="Order",
        compute="_compute_oms_order_id",
        store=True,
        recursive=True,
        index="btree_not_null",
        help="The one order that the transaction is for, also of captures, voids and refunds.",
        groups="base.group_user",
    )
    oms_plan_id = fields.Many2one(
        "oms.payment.plan",
        string="Payment Plan",
        compute="_compute_oms_plan_id",
        store=True,
        index="btree_not_null",
        groups="base.group_user",
    )
    oms_fulfillment_id = fields.Many2one(
        "oms.fulfillment",
        string="Fulfillment",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="The shipment that is paid by it.",
        groups="base.group_user",
    )
    oms_task_id = fields.Many2one(
        "oms.task",
        string="Task",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="How the provider is asked.",
        groups="base.group_user",
    )

    @api.depends("source_transaction_id", "operation", "state")
    def _compute_oms_operation(self):
        for transaction in self:
            transaction.oms_operation = transaction._oms_get_operation()

    def _oms_get_operation(self):
        """Tell what a transaction does; what was said when it was made stands.

        :rtype: str
        """
        self.ensure_one()
        if self.operation == "validation":
            return False
        if self.operation == "refund":
            return "refund"
        if self.source_transaction_id:
            # Odoo takes what ends as cancelled for let go, whatever it was meant to be.
            if self.state == "cancel":
                return "void"
            return "capture" if self.state == "done" else self.oms_operation or "capture"
        if self.state == "authorized" or self.oms_operation == "authorize":
            return "authorize"
        manual = self.provider_id.sudo().capture_manually  # sudo: everybody's payments
        return "authorize" if manual else "capture"

    @api.depends("sale_order_ids", "invoice_ids", "source_transaction_id.oms_order_id")
    def _compute_oms_order_id(self):
        for transaction in self:
            source = transaction.source_transaction_id
            # sudo: what a payment is for does not depend on who looks
            own = transaction.sudo()
            orders = own.sale_order_ids or own.invoice_ids.line_ids.sale_line_ids.order_id
            one = orders if len(orders) == 1 else orders[:0]
            transaction.oms_order_id = source.oms_order_id if source else one

    @api.depends("oms_order_id.oms_payment_plan_ids")
    def _compute_oms_plan_id(self):
        for transaction in self:
            # sudo: see above
            transaction.oms_plan_id = transaction.oms_order_id.sudo().oms_payment_plan_ids

    def _oms_get_authorized(self):
        """Return what the bank said yes to, of a payment that is no part of another one.

        :rtype: float
        """
        self.ensure_one()
        if self.state in ("authorized", "done"):
            return self.amount
        ended = self.child_transaction_ids.filtered(
            lambda child: (
                child.oms_operation in ("capture", "void") and child.state in ("done", "cancel")
            )
        )
        return sum(ended.mapped("amount"))

    def _oms_is_for_return(self):
        """Tell whether a refund settles a return."""
        self.ensure_one()
        # Returns are a room of their own.
        return "oms_return_id" in self._fields and bool(self.oms_return_id)

    def _oms_get_expiry(self, policy):
        """Return when the bank lets go of an authorization, as far as is known.

        :param policy: ``oms.payment.policy``
        :rtype: datetime.datetime
        """
        self.ensure_one()
        since = self.last_state_change or self.create_date
        return since + timedelta(days=policy.authorization_days or 7)

    @api.model_create_multi
    def create(self, vals_list):
        transactions = super().create(vals_list)
        # sudo: customers pay, and have no rights on plans
        transactions.sudo().oms_order_id._oms_ensure_payment_plans()
        return transactions
