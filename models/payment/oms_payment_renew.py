import logging
from dataclasses import replace
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...engine import settlement
from ..transaction import retrying

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    oms_renews_id = fields.Many2one(
        "payment.transaction",
        string="Renews",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The authorization that is let go as soon as this one stands.",
        groups="base.group_user",
    )


class OmsPaymentPlan(models.Model):
    """Authorizations before they expire: the new one first, then the old one is let go."""

    _inherit = "oms.payment.plan"

    @api.model
    def _cron_renew(self):
        """Renew authorizations that expire soon, each order in a transaction of its own."""
        now = fields.Datetime.now()
        plans = self.search([("available", ">", 0), ("expires_at", "!=", False)], order="id")
        due = plans.filtered(lambda plan: plan._is_to_renew(now))
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for plan in due:
            try:
                retrying(self.env, lambda env, plan=plan: plan.with_env(env)._renew())
            except (OperationalError, UserError) as error:
                # One that cannot be renewed must not keep the others from it.
                _logger.warning("Payment of %s is not renewed: %s", plan.display_name, error)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _is_to_renew(self, now):
        """Tell whether an authorization expires within the hours of the policy, or has expired."""
        self.ensure_one()
        hours = self.policy_id.reauthorize_hours
        return bool(self.expires_at) and self.expires_at <= now + timedelta(hours=hours)

    def _renew(self):
        """Have authorized anew what is still needed of what expires; let go of what is not."""
        self.ensure_one()
        order = self.order_id
        order._oms_hold_payment()
        now = fields.Datetime.now()
        soon = now + timedelta(hours=self.policy_id.reauthorize_hours)
        expiring = self._get_open_roots().filtered(
            lambda root: root._oms_get_expiry(self.policy_id) <= soon
        )
        renewed = self._get_roots().oms_renews_id
        new = expiring - renewed
        if expiring and min(root._oms_get_expiry(self.policy_id) for root in expiring) <= now:
            self.env.add_to_compute(self._fields["state"], self)
        if not new or self.holds_order:
            return
        order._oms_raise_payment("payment.expiring")
        step = settlement.Step.of(self.currency_id.rounding)
        kept = sum(root._oms_get_capturable() for root in self._get_capturable_roots() - expiring)
        # What is only asked for may be refused: nothing is let go for it.
        standing = replace(self._get_standing(), capturable=step.count(kept), authorizing=0)
        parts = settlement.fill(
            settlement.rest_to_authorize(standing),
            {root: step.count(root._oms_get_capturable()) for root in new},
        )
        needed = {part.key: step.amount(part.amount) for part in parts}
        for root in new:
            self._renew_one(root, needed.get(root, 0.0))

    def _renew_one(self, root, amount):
        """Renew one authorization by the amount that is needed of it; let go of it without."""
        if not amount:
            self._operate("void", [(root, root._oms_get_capturable())])
            return
        token = root.token_id.filtered("active") or self._get_token()
        if self.policy_id.reauthorize_hours and self._is_usable(token):
            self._authorize(amount, token).oms_renews_id = root
        else:
            self._ask_customer()

    def _let_go_of_renewed(self, transaction):
        """Void what a new authorization stands for, now that it stands."""
        old = transaction.oms_renews_id
        left = old._oms_get_capturable() if old else 0.0
        if not self.currency_id.is_zero(left):
            old._oms_lock()
            self._operate("void", [(old, old._oms_get_capturable())])

    def _renew_rest(self, capture):
        """Have authorized anew what the bank let go with the one capture that it allows."""
        root = capture.source_transaction_id
        left = root._oms_get_capturable() if root else 0.0
        if self.currency_id.is_zero(left):
            return
        # The bank lets go by itself: nobody asks it.
        void = root._create_child_transaction(left, oms_operation="void")
        void._set_canceled(self.env._("The bank lets go of the rest with the first capture."))
        step = settlement.Step.of(self.currency_id.rounding)
        needed = settlement.rest_to_authorize(self._get_standing())
        amount = step.amount(min(step.count(left), needed))
        if not amount:
            return
        if self._is_usable(root.token_id):
            self._authorize(amount, root.token_id).oms_renews_id = root
        else:
            self._ask_customer()

    def _ask_customer(self):
        """Hold the order, and ask the customer to pay again."""
        self.ensure_one()
        order = self.order_id
        if self.holds_order:
            return
        self.holds_order = True
        self._refresh_receivable()
        order.write(
            {
                "oms_held": True,
                "oms_hold_until": False,
                "oms_hold_reason": self.env._(
                    "The payment expires and could not be renewed: the customer is asked to pay "
                    "again."
                ),
            }
        )
        template = self.env.ref("oms.mail_pay_again", raise_if_not_found=False)
        if template:
            template.send_mail(order.id, force_send=False)
        self._alert(order.oms_hold_reason)
