from odoo import models
from odoo.exceptions import UserError, ValidationError

from ...connectors.outcome import Ok, Rejected, Unknown
from ...connectors.payment.exchange import ask
from ..transaction import reading_snapshot
from .payment_transaction_ask import UNRECORDED


class OmsPaymentTask(models.AbstractModel):
    """Asking a payment provider for an operation."""

    _name = "oms.payment.task"
    _description = "Payment Task"
    _inherit = "oms.task.handler"

    def _get_transaction(self, task):
        """Return the transaction of a task.

        :raises UserError: it is not there any more
        """
        transaction = self.env["payment.transaction"].sudo()  # sudo: a task acts for the system
        transaction = transaction.browse(task.arguments["transaction_id"]).exists()
        if not transaction:
            raise UserError(self.env._("The transaction is not there any more."))
        return transaction.with_company(transaction.company_id)

    def _prepare_call(self, task):
        transaction = self._get_transaction(task)
        if transaction.state == "error":
            raise UserError(
                transaction.state_message
                or self.env._("It was refused. Ask for it anew from the payment of the order.")
            )
        if not transaction._oms_is_under_way() or transaction.provider_reference:
            # It came by a notification.
            return lambda: Ok({"settled": True})
        transaction._ensure_provider_is_not_disabled()
        if transaction.provider_code in UNRECORDED:
            return self._prepare_own_transaction(transaction)
        request = transaction._oms_record()
        if request is None:
            return lambda: Ok({"answer": None})
        allow_local = transaction.provider_id.state == "test"

        def call():
            outcome = ask(request, allow_local=allow_local)
            return Ok({"answer": outcome.value}) if isinstance(outcome, Ok) else outcome

        return call

    def _prepare_own_transaction(self, transaction):
        """Return what has the provider's code of Odoo ask, in a transaction for nothing else."""
        env, transaction_id = self.env, transaction.id

        def call():
            with reading_snapshot(env) as own:
                asked = own["payment.transaction"].sudo().browse(transaction_id)
                try:
                    asked._oms_replay(None)
                except ValidationError as error:
                    return Rejected("refused", str(error))
            return Ok({"settled": True})

        return call

    def _prepare_look(self, task):
        transaction = self._get_transaction(task)
        if not transaction._oms_is_under_way() or transaction.provider_reference:
            return lambda: Ok({"settled": True})
        if transaction.provider_code in UNRECORDED:
            return None
        call = self._prepare_call(task)
        if transaction._oms_record() is None:
            return call
        if not transaction._oms_may_repeat(task):
            return None

        def look():
            # Under its key it is done once, however often it is asked for.
            outcome = call()
            return Ok(None) if isinstance(outcome, Rejected) else outcome

        return look

    def _apply(self, task, result):
        transaction = self._get_transaction(task)
        transaction._oms_lock()
        if not transaction._oms_is_under_way():
            return
        if result.get("settled"):
            transaction.filtered(lambda each: each.state == "draft")._set_pending()
            return
        transaction._oms_replay(result["answer"])

    def _on_rejected(self, task):
        transaction = self._get_transaction(task)
        transaction._oms_lock()
        if transaction._oms_is_under_way():
            transaction._set_error(task.error or self.env._("The provider refused it."))

    def _on_unwanted(self, task, result):
        # What the bank did stays done: it is undone by another operation.
        self._apply(task, result)


class OmsPaymentTaskAuthorize(models.AbstractModel):
    _name = "oms.payment.task.authorize"
    _description = "Authorize Payments"
    _inherit = "oms.payment.task"

    def _get_title(self):
        return self.env._("Authorize a payment")


class OmsPaymentTaskCapture(models.AbstractModel):
    _name = "oms.payment.task.capture"
    _description = "Capture Payments"
    _inherit = "oms.payment.task"

    def _get_title(self):
        return self.env._("Capture a payment")

    def _on_unwanted(self, task, result):
        self._apply(task, result)
        transaction = self._get_transaction(task)
        if transaction.state == "done" and transaction.oms_order_id:
            transaction.oms_order_id._oms_request_refund(transaction.amount)


class OmsPaymentTaskVoid(models.AbstractModel):
    _name = "oms.payment.task.void"
    _description = "Void Payments"
    _inherit = "oms.payment.task"

    def _get_title(self):
        return self.env._("Void an authorization")

    def _prepare_call(self, task):
        # Providers that know no partial void let go of all that is not captured by then.
        source = self._get_transaction(task).source_transaction_id
        waiting = source.child_transaction_ids.filtered(
            lambda each: each.oms_operation == "capture" and each.state == "draft"
        )
        if waiting:
            text = self.env._("What is captured of the same payment comes first.")
            return lambda: Unknown(text, sent=False)
        return super()._prepare_call(task)


class OmsPaymentTaskRefund(models.AbstractModel):
    _name = "oms.payment.task.refund"
    _description = "Refund Payments"
    _inherit = "oms.payment.task"

    def _get_title(self):
        return self.env._("Refund a payment")
