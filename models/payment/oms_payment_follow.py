from odoo import fields, models

from ...engine import settlement


class OmsPaymentPlan(models.Model):
    """What follows from how operations end: receivables, holds, alerts."""

    _inherit = "oms.payment.plan"

    receivable = fields.Monetary(
        readonly=True,
        help="What has left and could not be captured: the customer owes it.",
    )
    problem = fields.Char(readonly=True, help="What went wrong last, in the bank's words.")
    problem_since = fields.Datetime(readonly=True, help="Since when the payment needs somebody.")
    holds_order = fields.Boolean(
        readonly=True, help="The order was put on hold until the customer pays again."
    )

    # === HOW OPERATIONS ENDED === #

    def _on_authorized(self, transaction):
        """Go on with what waited for the money."""
        self._let_go_of_renewed(transaction)
        self._go_on()
        if self.receivable:
            self._capture_due()

    def _on_captured(self, transaction):
        self._go_on()
        if self.method == "single":
            self._renew_rest(transaction)
        self._refresh_receivable()
        once = self._get_engine_method() is not settlement.Method.MULTI
        if once and self.receivable and not (self.holds_order or self._get_authorizing()):
            # What left while the one capture was under way has waited for it.
            self._capture_due()
        if self.order_id.state == "cancel":
            # The bank was faster than the customer.
            self._refund_surplus()

    def _on_capture_refused(self, transaction):
        """What has left stays with the customer, who owes it; somebody is told."""
        self._refresh_receivable()
        self._alert(
            self.env._(
                "The capture %(reference)s of %(amount)s was refused: %(reason)s Capture it again, "
                "or send the customer a payment link.",
                reference=transaction.reference,
                amount=transaction.currency_id.format(transaction.amount),
                reason=transaction.state_message or "",
            )
        )
        self.problem = transaction.state_message

    def _on_not_authorized(self, transaction):
        self.problem = transaction.state_message
        if transaction.oms_renews_id:
            self._ask_customer()

    def _go_on(self):
        """Let orders go on that were held until the customer paid."""
        self.problem = False
        if self.holds_order:
            self.holds_order = False
            self._refresh_receivable()
            self.order_id._oms_let_go_if_held()

    # === RECEIVABLES === #

    def _refresh_receivable(self):
        """Reckon anew what has left and is neither captured nor about to be."""
        now = fields.Datetime.now()
        due = self.order_id._oms_get_due_amounts()
        for plan in self:
            ledger = plan.method in ("account", "collection")
            amount = 0.0 if ledger else due[plan.order_id]
            owed = not plan.currency_id.is_zero(amount)
            wrong = owed or plan.holds_order or plan.disputed
            since = plan.problem_since or now if wrong else False
            plan.write({"receivable": amount, "problem_since": since})

    def _get_problem_reason(self):
        """Say why the payment needs somebody.

        :rtype: str
        """
        self.ensure_one()
        if self.receivable:
            text = self.env._(
                "%s of what has left could not be captured.",
                self.currency_id.format(self.receivable),
            )
        elif self.disputed and not self.holds_order:
            text = self.env._(
                "%s was taken back by the customer's bank: answer it at the provider.",
                self.currency_id.format(self.charged_back),
            )
        else:
            text = self.env._("The customer is asked to pay again.")
        return f"{text} {self.problem}" if self.problem else text

    def _alert(self, text):
        """Ask somebody to look after the payment of an order.

        :param str text: what is wrong, and what can be done
        """
        self.ensure_one()
        manager = self.order_id.user_id or self.env.user
        self.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.env._("A payment needs somebody"),
            note=text,
            user_id=manager.id,
        )
        self.message_post(body=text)
