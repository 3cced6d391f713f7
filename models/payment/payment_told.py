import dataclasses
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...connectors.payment import Kind
from ...connectors.payment.amounts import to_decimal, to_money
from ..tracking.oms_webhook_handler import Applied

#: What a notification is about, by its kind.
OPERATIONS = {
    Kind.CAPTURED: "capture",
    Kind.CAPTURE_FAILED: "capture",
    Kind.VOIDED: "void",
    Kind.REFUNDED: "refund",
    Kind.REFUND_FAILED: "refund",
}
#: What is told of a payment that is captured as soon as it is authorized, too.
ALL_AT_ONCE = (Kind.CAPTURED, Kind.CAPTURE_FAILED)
#: States of what the bank has not said yes to.
OPEN = ("draft", "pending", "error")


class PaymentTransaction(models.Model):
    """What providers tell by themselves, in whatever order and however often.

    A step back is never made: what is done stays done unless the provider says that it failed
    afterwards. What cannot be told apart from a mistake changes nothing, and a person looks.
    """

    _inherit = "payment.transaction"

    oms_taken_back = fields.Boolean(
        string="Failed Afterwards",
        readonly=True,
        copy=False,
        help="The provider said that it was done, and later that it failed.",
        groups="base.group_user",
    )

    @api.model
    def _oms_take(self, provider, told, data=None):
        """Write down what a provider tells.

        :param provider: ``payment.provider``
        :param told: ``connectors.payment.Notification``
        :param dict data: the same as the provider's code of Odoo reads it, of an authorization
        :rtype: Applied
        :raises UserError: nobody can make anything of it; a person has to look
        """
        if told.kind is Kind.OTHER:
            return Applied(self.env._("%s: nothing about a payment.", told.code))
        root = self._oms_find_root(provider, told)
        if not root:
            words = told.merchant_reference if told.kind is Kind.AUTHORIZED else told.original
            name = words or told.reference
            return Applied(told.code, self.env._("No payment %s here yet.", name))
        root._oms_lock()
        text = self.env._(
            "%(code)s %(reference)s: %(amount)s",
            code=told.code,
            reference=root.reference,
            amount=root.currency_id.format(float(to_decimal(told.money))),
        )
        if told.kind is Kind.AUTHORIZED:
            missing = root._oms_take_authorization(told, data)
        elif told.kind is Kind.EXPIRED:
            missing = root._oms_take_expiry()
        elif told.kind in OPERATIONS:
            missing = root._oms_take_operation(told)
        elif told.kind is Kind.REVERSED:
            missing = root._oms_take_reversal(told)
        else:
            missing = root._oms_take_chargeback(told)
        root._oms_post_process_later()
        return Applied(text, missing or "")

    # === WHAT IT IS ABOUT === #

    @api.model
    def _oms_find_root(self, provider, told):
        """Return the payment that a notification is about, nothing where it is not known."""
        own = [("provider_id", "=", provider.id)]
        if told.kind is Kind.AUTHORIZED:
            named = [("reference", "=", told.merchant_reference)]
            return self.search([*own, *named], limit=1) or self.search(
                [*own, ("provider_reference", "=", told.reference)], limit=1
            )
        wanted = told.original or told.reference
        roots = [("provider_reference", "=", wanted), ("source_transaction_id", "=", False)]
        root = self.search([*own, *roots], limit=1)
        if root:
            return root
        part = self.search([*own, ("reference", "=", told.merchant_reference)], limit=1)
        root = part._oms_get_root() if part else part
        known = root.provider_reference
        same = not known or not told.original or known == told.original
        return root if same else root[:0]

    def _oms_find_operation(self, told):
        """Return what was asked for of a payment and is told of, nothing if it was not from here.

        By the provider's reference, or, where its answer never came, by the one that it was given.
        """
        self.ensure_one()
        operation = OPERATIONS[told.kind]
        parts = self.child_transaction_ids | self.child_transaction_ids.child_transaction_ids
        parts = parts.filtered(lambda part: part.oms_operation == operation)
        known = parts.filtered(lambda part: part.provider_reference == told.reference)
        return (
            known
            or parts.filtered(
                lambda part: (
                    not part.provider_reference and part.reference == told.merchant_reference
                )
            )
        )[:1]

    def _oms_check_told(self, told, amounts):
        """Check that what is told is about the amount that was asked for.

        :param list amounts: that it may be
        :raises UserError: it is not; nothing is changed
        """
        self.ensure_one()
        amount = float(to_decimal(told.money))
        currency = self.currency_id
        same = [each for each in amounts if not currency.compare_amounts(amount, each)]
        if told.money.currency != currency.name or not same:
            raise UserError(
                self.env._(
                    "%(code)s tells of %(told)s %(currency)s, and %(reference)s is about "
                    "%(amount)s. Nothing was changed: compare it with the provider's list.",
                    code=told.code,
                    told=to_decimal(told.money),
                    currency=told.money.currency,
                    reference=self.reference,
                    amount=currency.format(amounts[0]),
                )
            )

    # === THE PAYMENT ITSELF === #

    def _oms_take_authorization(self, told, data):
        self.ensure_one()
        if not told.success:
            # Customers try again under the same reference: what was paid stays paid.
            if self.state in ("draft", "pending"):
                self._set_error(told.reason or self.env._("The bank refused it."))
            return None
        self._oms_check_told(told, [self.amount])
        if self.state in OPEN or (self.state == "cancel" and not self.child_transaction_ids):
            if self.state in ("error", "cancel"):
                # The bank holds the money, whatever kept us from hearing of it.
                self._set_pending(extra_allowed_states=("error", "cancel"))
            self._oms_write_authorized(told, data)
        if not self.provider_reference:
            self.provider_reference = told.reference
        inbox = self.env["oms.webhook.event"]
        inbox._try_parked(self.provider_id, [self.reference, self.provider_reference])
        return None

    def _oms_write_authorized(self, told, data):
        if data is not None:
            self._process(self.provider_code, data)
        elif self.provider_id.capture_manually:
            self._set_authorized()
        else:
            self._set_done()

    def _oms_take_expiry(self):
        """Let go of what the bank holds no longer."""
        self.ensure_one()
        if self.state == "authorized":
            left = self._oms_get_capturable()
            if self.currency_id.compare_amounts(left, 0.0) > 0:
                void = self._create_child_transaction(left, oms_operation="void")
                void._set_canceled(self.env._("The authorization expired."))
        elif self.state in ("draft", "pending"):
            self._set_canceled(self.env._("The authorization expired."))

    # === WHAT WAS DONE WITH IT === #

    def _oms_take_operation(self, told):
        """Write down a capture, a void or a refund of a payment.

        :return: what is missing
        :rtype: str | None
        """
        self.ensure_one()
        failed = told.kind in (Kind.CAPTURE_FAILED, Kind.REFUND_FAILED)
        part = self._oms_find_operation(told)
        if self.state in OPEN:
            # What is done with a payment was paid before: that is about to be told, too.
            return self.env._("%s is not authorized here yet.", self.reference)
        if not part and told.kind in ALL_AT_ONCE and self._oms_is_taken_at_once():
            part = self
        if not part and failed:
            return self.env._("No such operation of %s here yet.", self.reference)
        if not part and not told.success:
            return None
        part = part or self._oms_make_operation(told)
        if not part.provider_reference:
            part.provider_reference = told.reference
        if failed:
            return part._oms_take_back(told)
        if told.success:
            part._oms_end_operation(told)
        elif part.state == ("cancel" if part.oms_operation == "void" else "done"):
            raise UserError(
                self.env._(
                    "%(code)s says that %(reference)s was refused, and it is done already: "
                    "compare it with the provider's list.",
                    code=told.code,
                    reference=part.reference,
                )
            )
        else:
            part._set_error(told.reason or self.env._("The provider refused it."))
        return None

    def _oms_take_reversal(self, told):
        """Write down that a payment was let go or given back, whichever it could be.

        What has left of it decides: what is captured can only be given back.

        :return: what is missing
        :rtype: str | None
        """
        self.ensure_one()
        if self.state in OPEN:
            return self.env._("%s is not authorized here yet.", self.reference)
        capturing = self._oms_sum("capture", ("draft", "pending"))
        if not self.currency_id.is_zero(capturing):
            # It decides which of both it was.
            return self.env._("%s is being captured: it is not told yet.", self.reference)
        captured = not self.currency_id.is_zero(self._oms_get_captured())
        left = self._oms_get_refundable() if captured else self._oms_get_capturable()
        money = told.money
        if not money.value and not self.currency_id.is_zero(left):
            # All of it, then.
            digits = self.currency_id.decimal_places
            money = to_money(Decimal(f"{left:.{digits}f}"), self.currency_id.name)
        kind = Kind.REFUNDED if captured else Kind.VOIDED
        return self._oms_take_operation(dataclasses.replace(told, kind=kind, money=money))

    def _oms_is_taken_at_once(self):
        """Tell whether a payment was authorized and captured in one step."""
        parts = self.child_transaction_ids.filtered(lambda part: part.operation != "refund")
        return self.state == "done" and not parts

    def _oms_make_operation(self, told):
        """Return the operation of which we hear for the first time: it was asked for elsewhere.

        :raises UserError: there is not so much to capture, let go or refund
        """
        self.ensure_one()
        operation = OPERATIONS[told.kind]
        amount = float(to_decimal(told.money))
        self._oms_check_told(told, [amount])
        if told.kind is Kind.VOIDED:
            amount = min(amount, self._oms_get_capturable() or amount)
        self._oms_check_bounds(operation, amount)
        return self._create_child_transaction(
            amount,
            is_refund=operation == "refund",
            oms_operation=operation,
            provider_reference=told.reference,
        )

    def _oms_end_operation(self, told):
        """Write down that an operation is done."""
        self.ensure_one()
        if self.oms_taken_back:
            # It was done, and failed afterwards: the news of the first is late.
            return
        amount = abs(self.amount)
        if self.oms_operation == "void":
            # Providers tell what was let go, or the payment of which it was.
            root = self._oms_get_root()
            self._oms_check_told(told, [amount, root.amount])
            self._set_canceled(extra_allowed_states=("error",))
            return
        self._oms_check_told(told, [amount])
        self._set_done()

    def _oms_take_back(self, told):
        """Write down that what was done failed afterwards.

        :return: what is missing
        :rtype: str | None
        """
        self.ensure_one()
        if self.oms_taken_back:
            return None
        if self.state in ("draft", "pending", "authorized"):
            return self.env._("%s is not told to be done yet.", self.reference)
        reason = told.reason or self.env._("It failed at the bank.")
        self._set_error(reason, extra_allowed_states=("done",))
        self.oms_taken_back = True
        # No money came, or went: what was booked of it is canceled.
        self.payment_id.action_cancel()
        return None
