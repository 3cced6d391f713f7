from datetime import timedelta

from odoo import fields, models

from odoo.addons.payment import utils as payment_utils

from .payment_provider import KEY_DAYS, Recorded, Recording, Replay
from .payment_transaction import UNDER_WAY

#: Providers whose code of Odoo does not ask through the one place that can be recorded. They are
#: asked in a transaction that does nothing else.
UNRECORDED = ("authorize",)
REQUESTS = {
    "authorize": "_send_payment_request",
    "capture": "_send_capture_request",
    "void": "_send_void_request",
    "refund": "_send_refund_request",
}


class Nothing(Exception):
    """The provider is not asked; what its code did is taken back until it may do it."""


class PaymentTransaction(models.Model):
    """Asking providers by tasks."""

    _inherit = "payment.transaction"

    def _oms_ask_later(self):
        """Put the transactions into the queue; their providers are asked after the commit."""
        if not self:
            return
        for transaction in self:
            transaction._log_sent_message()
        tasks = self.env["oms.task"]._enqueue(
            [
                {
                    "kind": f"payment.{transaction.oms_operation}",
                    "key": transaction.reference,
                    "name": transaction._oms_get_task_name(),
                    "company_id": transaction.company_id.id,
                    "res_model": transaction._name,
                    "res_id": transaction.id,
                    "arguments": {"transaction_id": transaction.id},
                }
                for transaction in self
            ]
        )
        for transaction, task in zip(self, tasks, strict=True):
            transaction.oms_task_id = task

    def _oms_get_task_name(self):
        self.ensure_one()
        names = dict(self._fields["oms_operation"]._description_selection(self.env))
        return self.env._(
            "%(operation)s %(reference)s of %(amount)s",
            operation=names[self.oms_operation],
            reference=self.reference,
            amount=self.currency_id.format(abs(self.amount)),
        )

    def _oms_record(self):
        """Return what the provider is asked for the transaction; nothing is left in the database.

        :rtype: connectors.payment.exchange.Request | None
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                recording = self.with_context(oms_exchange=Recording())
                getattr(recording, REQUESTS[self.oms_operation])()
                raise Nothing
        except Recorded as recorded:
            return recorded.request
        except Nothing:
            return None
        finally:
            self.env.invalidate_all(flush=False)

    def _oms_replay(self, answer):
        """Let the provider's code make of an answer what it makes of it.

        :param dict answer: ``status`` and ``text``; None if the provider was not asked
        """
        self.ensure_one()
        exchange = Replay(answer) if answer else None
        replaying = self.with_context(oms_exchange=exchange)
        getattr(replaying, REQUESTS[self.oms_operation])()
        if self.state == "draft":
            # They will tell.
            self._set_pending()
        self._oms_post_process_later()

    def _oms_post_process_later(self):
        """Have Odoo make payments and reconcile them, in a transaction of its own."""
        job = self.env.ref("payment.cron_post_process_payment_tx", raise_if_not_found=False)
        if job:
            # sudo: whoever causes a payment need not have rights on scheduled jobs
            job.sudo()._trigger()

    def _oms_may_repeat(self, task):
        """Tell whether the provider knows a task's key again, so that it does nothing twice."""
        days = KEY_DAYS.get(self.provider_code)
        if not days:
            return False
        # An hour less, for whoever's clock is wrong.
        limit = task.create_date + timedelta(days=days, hours=-1)
        return fields.Datetime.now() < limit

    def _send_api_request(self, method, endpoint, **kwargs):
        # Odoo names only payments by a key, and not what is done with them later.
        if self.provider_code in KEY_DAYS and method == "POST" and self.oms_operation:
            key = payment_utils.generate_idempotency_key(self, scope=self.oms_operation)
            kwargs.setdefault("idempotency_key", key)
        return super()._send_api_request(method, endpoint, **kwargs)

    def _oms_is_under_way(self):
        self.ensure_one()
        return self.state in UNDER_WAY
