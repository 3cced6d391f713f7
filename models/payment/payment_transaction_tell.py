from odoo import models

from .events import EVENTS


class PaymentTransaction(models.Model):
    """Whatever ends an operation, a task, a notification or a person: the order is told."""

    _inherit = "payment.transaction"

    def _update_state(self, allowed_states, target_state, state_message):
        changed = super()._update_state(allowed_states, target_state, state_message)
        # sudo: what becomes of an order does not depend on who is told first
        changed.sudo()._oms_tell(target_state)
        return changed

    def _oms_tell(self, state):
        """Go on with the orders whose operations just ended.

        :param str state: how
        """
        for transaction in self.filtered("oms_plan_id"):
            operation = transaction.oms_operation
            event = EVENTS.get((operation, state))
            if event and operation == "authorize" and transaction.child_transaction_ids:
                # All its parts have ended, each of which was told.
                continue
            if (
                operation == "capture"
                and state == "error"
                and not transaction.source_transaction_id
            ):
                event = "payment.failed"
            getattr(transaction, f"_oms_after_{operation}_{state}", lambda: None)()
            if event:
                transaction.oms_order_id._oms_raise_payment(event)

    def _oms_after_authorize_authorized(self):
        self.oms_plan_id._on_authorized(self)

    def _oms_after_authorize_error(self):
        self.oms_plan_id._on_not_authorized(self)

    def _oms_after_capture_done(self):
        self.oms_plan_id._on_captured(self)

    def _oms_after_capture_error(self):
        if self.source_transaction_id:
            self.oms_plan_id._on_capture_refused(self)
        else:
            self.oms_plan_id._on_not_authorized(self)

    def _oms_after_void_error(self):
        source = self.source_transaction_id
        if source and self.oms_plan_id._is_expired(source):
            # The bank holds it no longer: there is nothing to let go of, and nothing to ask again.
            source._oms_take_expiry()

    def _oms_after_refund_error(self):
        self.oms_plan_id._alert(
            self.env._(
                "The refund %(reference)s of %(amount)s failed: %(reason)s Try it again, or pay it "
                "back by other means.",
                reference=self.reference,
                amount=self.currency_id.format(abs(self.amount)),
                reason=self.state_message or "",
            )
        )
