from odoo import models

from ...connectors.payment.amounts import DIGITS, get_digits
from .payment_told import OPEN


class PaymentTransaction(models.Model):
    """Stripe captures what was asked for, and not all that there is.

    Odoo tells it no amount, so that it takes all, and holds the amount of the whole payment against
    that of the capture. See ``provider_adyen`` for why it is done here.
    """

    _inherit = "payment.transaction"

    def _send_api_request(self, method, endpoint, *, data=None, **kwargs):
        if self.provider_code == "stripe" and self._oms_is_part() and endpoint.endswith("/capture"):
            data = {**(data or {}), "amount_to_capture": self._oms_to_stripe(self.amount)}
        return super()._send_api_request(method, endpoint, data=data, **kwargs)

    def _validate_amount(self, payment_data):
        intent = payment_data.get("payment_intent") if self.provider_code == "stripe" else None
        if intent and self._oms_is_part():
            captured = intent.get("status") == "succeeded"
            received = intent.get("amount_received") if captured else None
            # What is let go is told with the amount of the whole payment.
            amount = self._oms_to_stripe(self.amount) if received is None else received
            payment_data = {**payment_data, "payment_intent": {**intent, "amount": amount}}
        return super()._validate_amount(payment_data)

    def _oms_is_part(self):
        """Tell whether it captures or lets go of what was authorized before."""
        return bool(self.source_transaction_id) and self.operation != "refund"

    def _oms_to_stripe(self, amount):
        """Return an amount as Stripe counts it."""
        return round(amount * 10 ** get_digits(self.currency_id.name, DIGITS))

    def _oms_from_stripe(self, amount):
        """Return an amount of Stripe in the currency of the transaction."""
        return amount / 10 ** get_digits(self.currency_id.name, DIGITS)

    # === WHAT STRIPE TELLS BY ITSELF === #

    def _oms_take_stripe_intent(self, data, intent):
        """Write down what became of a payment, or of what was asked for of it.

        :param dict data: as Odoo's code of Stripe reads it
        :param dict intent: Stripe's object
        """
        self.ensure_one()
        status = intent.get("status")
        part = self._oms_find_stripe_part(intent)
        if part:
            part._process("stripe", {**data, "reference": part.reference})
        elif status == "succeeded" and self.state == "authorized":
            received = self._oms_from_stripe(intent.get("amount_received") or 0)
            if self.currency_id.compare_amounts(received, self.amount) < 0:
                # Somebody captured a part at Stripe, which lets go of the rest.
                self._oms_check_bounds("capture", received)
                self._create_child_transaction(received, oms_operation="capture")._process(
                    "stripe", data
                )
                self._oms_take_expiry()
            else:
                self._process("stripe", data)
        elif self.state in OPEN or (status == "canceled" and self.state == "authorized"):
            self._process("stripe", data)
        self._oms_post_process_later()

    def _oms_find_stripe_part(self, intent):
        """Return what was asked for from here and is told of, nothing if nothing was."""
        status = intent.get("status")
        operation = {"succeeded": "capture", "canceled": "void"}.get(status)
        parts = self.child_transaction_ids.filtered(
            lambda part: part.oms_operation == operation and part.state != "error"
        )
        if operation == "capture":
            received = intent.get("amount_received") or 0
            parts = parts.filtered(lambda part: self._oms_to_stripe(part.amount) == received)
        return parts[:1]

    def _oms_take_stripe_refunds(self, charge):
        """Write down the refunds of a payment; those asked for from here are known again.

        :param dict charge: Stripe's object
        """
        self.ensure_one()
        listed = charge.get("refunds")
        refunds = listed.get("data") if isinstance(listed, dict) else []
        parts = self.child_transaction_ids
        own = (parts | parts.child_transaction_ids).filtered(
            lambda each: each.operation == "refund"
        )
        for refund in refunds:
            known = own.filtered(
                lambda each, refund=refund: each.provider_reference == refund["id"]
            )
            if known:
                continue
            amount = self._oms_from_stripe(refund["amount"])
            # The answer to the request may still be on its way.
            waiting = own.filtered(
                lambda each, amount=amount: (
                    not each.provider_reference
                    and each.state in ("draft", "pending")
                    and not each.currency_id.compare_amounts(-each.amount, amount)
                )
            )[:1]
            if not waiting:
                source = (
                    parts.filtered(
                        lambda part: part.oms_operation == "capture" and part.state == "done"
                    )[:1]
                    or self
                )
                source._oms_check_bounds("refund", amount)
                waiting = source._create_child_transaction(amount, is_refund=True)
            own |= waiting
            waiting._process("stripe", {"reference": waiting.reference, "refund": refund})
        self._oms_post_process_later()
