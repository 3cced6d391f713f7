import dataclasses
import json

from odoo import models
from odoo.exceptions import UserError

from ...connectors.payment import Bad, adyen, plain, stripe
from ...connectors.signature import is_shared, is_standard
from ..tracking.oms_webhook_handler import Applied

#: Digits of the number of a provider.
LONGEST_NUMBER = 9


class OmsPaymentWebhook(models.AbstractModel):
    """What payment providers tell by themselves, in the plain format of ``connectors.payment``.

    For whoever hears of payments in the provider's place: a marketplace, an integration platform.
    """

    _name = "oms.payment.webhook"
    _description = "Webhooks of Payments"
    _inherit = "oms.webhook.handler"

    def _get_title(self):
        return self.env._("Payments")

    def _find_source(self, token):
        providers = self.env["payment.provider"]
        if len(token) < plain.SHORTEST_TOKEN or not token.isprintable():
            return providers
        return providers.search([("oms_webhook_token", "=", token), ("state", "!=", "disabled")])

    def _is_genuine(self, source, message):
        secrets = (source.oms_webhook_secret or "").split()
        shared = is_shared(message.headers.get("x-webhook-secret", ""), secrets)
        return shared or is_standard(message.body, message.headers, secrets, message.received)

    def _get_message_id(self, source, message):
        return message.headers.get("webhook-id", "")

    def _get_provider(self, event):
        provider = self.env["payment.provider"].browse(event.res_id).exists()
        if not provider:
            raise UserError(self.env._("The payment provider is not there any more."))
        return provider

    def _apply(self, event, body):
        try:
            told = plain.read(body)
        except Bad as error:
            raise UserError(str(error)) from error
        return self._take_all(self._get_provider(event), told)

    def _take_all(self, provider, told):
        """Write down several notifications; what misses something keeps the message waiting."""
        transactions = self.env["payment.transaction"]
        found = [transactions._oms_take(provider, each) for each in told]
        return Applied(
            ", ".join(each.text for each in found),
            " ".join(each.missing for each in found if each.missing),
        )


class OmsPaymentWebhookAdyen(models.AbstractModel):
    """Adyen's notifications, each of which is signed by itself."""

    _name = "oms.payment.webhook.adyen"
    _description = "Webhooks of Adyen"
    _inherit = "oms.payment.webhook"

    def _get_title(self):
        return self.env._("Adyen")

    def _get_code(self):
        """Return the code of the providers whose messages these are."""
        return "adyen"

    def _find_source(self, token):
        """Return the provider to which a message came at Odoo's own address.

        :param str token: its number
        """
        providers = self.env["payment.provider"]
        if not token.isascii() or not token.isdigit() or len(token) > LONGEST_NUMBER:
            return providers
        code = [("code", "=", self._get_code()), ("state", "!=", "disabled")]
        return providers.search([("id", "=", int(token)), *code])

    def _is_genuine(self, source, message):
        try:
            items = adyen.read_items(message.body)
        except Bad:
            return False
        keys = (source.adyen_hmac_key or "").split()
        return bool(items) and all(adyen.is_genuine(item, keys) for item in items)

    def _get_message_id(self, source, message):
        try:
            return adyen.read_item(adyen.read_items(message.body)[0]).key
        except Bad:
            return ""

    def _apply(self, event, body):
        provider = self._get_provider(event)
        transactions = self.env["payment.transaction"]
        try:
            [item] = adyen.read_items(body)
            told = adyen.read_item(item, adyen.is_live(body))
        except (Bad, ValueError) as error:
            raise UserError(str(error)) from error
        return transactions._oms_take(provider, told, {**item, "resultCode": "Authorised"})

    def _split(self, message):
        """Return a message for each notification that one holds, with whom it is for.

        :return: pairs of a provider, empty if nobody has that account, and a body
        :rtype: list[tuple]
        :raises Bad: it is no message of Adyen
        """
        providers = self.env["payment.provider"].search(
            [("code", "=", "adyen"), ("state", "!=", "disabled")]
        )
        pairs = []
        live = adyen.is_live(message.body)
        for item in adyen.read_items(message.body):
            told = adyen.read_item(item, live)
            found = providers.filtered(
                lambda each, told=told: each.adyen_merchant_account == told.account
            )
            keyed = found.filtered(
                lambda each, item=item: adyen.is_genuine(item, (each.adyen_hmac_key or "").split())
            )
            # Companies may share an account: whose payment it is decides.
            own = keyed.filtered(
                lambda each, told=told: self.env["payment.transaction"]._oms_find_root(each, told)
            )
            body = {
                "live": str(live).lower(),
                "notificationItems": [{"NotificationRequestItem": item}],
            }
            pairs.append(((own or keyed or found)[:1], json.dumps(body).encode()))
        return pairs


class OmsPaymentWebhookStripe(models.AbstractModel):
    """Stripe's events at Odoo's own address; unsigned ones are refused outside of test mode."""

    _name = "oms.payment.webhook.stripe"
    _description = "Webhooks of Stripe"
    _inherit = "oms.payment.webhook.adyen"

    def _get_title(self):
        return self.env._("Stripe")

    def _get_code(self):
        return "stripe"

    def _is_genuine(self, source, message):
        secret = source.stripe_webhook_secret or ""
        if not secret:
            return source.state == "test"
        header = message.headers.get("stripe-signature", "")
        return stripe.is_genuine(message.body, header, secret, message.received)

    def _get_message_id(self, source, message):
        data = self._read(message.body)
        return str(data.get("id") or "")

    def _read(self, body):
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    def _split(self, message):
        data = self._read(message.body)
        if not isinstance(data.get("type"), str):
            raise Bad("The message is no event.")
        providers = self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        )
        keyed = providers.filtered("stripe_webhook_secret")
        genuine = keyed.filtered(lambda each: self._is_genuine(each, message))
        own = self._find_transaction(data).provider_id
        # Without a secret only what is known can be meant, and only where no money is real.
        return [((genuine or own or keyed or providers)[:1], message.body)]

    def _find_transaction(self, data, provider=None):
        """Return the transaction that an event is about, as Odoo finds it."""
        told = self._get_object(data)
        transactions = self.env["payment.transaction"]
        code = [("provider_code", "=", "stripe")]
        if provider:
            code.append(("provider_id", "=", provider.id))
        if data.get("type") == "charge.refund.updated":
            named = [("provider_reference", "=", told.get("id"))]
        else:
            named = [("reference", "=", told.get("description"))]
        return transactions.search([*code, *named], limit=1)

    def _get_object(self, data):
        inner = data.get("data")
        told = inner.get("object") if isinstance(inner, dict) else None
        return told if isinstance(told, dict) and isinstance(told.get("id"), str) else {}

    def _apply(self, event, body):
        provider = self._get_provider(event)
        data = self._read(body)
        kind, told = str(data.get("type")), self._get_object(data)
        if not kind.startswith(("payment_intent.", "setup_intent.", "charge.refund")) or not told:
            return Applied(self.env._("%s: nothing about a payment.", kind))
        transaction = self._find_transaction(data, provider)
        if not transaction:
            name = told.get("description") or told["id"]
            return Applied(kind, self.env._("No payment %s here yet.", name))
        transaction._oms_lock()
        reference = {"reference": transaction.reference}
        if kind == "charge.refunded":
            transaction._oms_take_stripe_refunds(told)
        elif kind == "charge.refund.updated":
            transaction._process("stripe", {**reference, "refund": told})
        else:
            self._complete(transaction, told)
            name = "setup_intent" if kind.startswith("setup_intent") else "payment_intent"
            data = {**reference, name: told, "payment_method": told.get("payment_method")}
            transaction._oms_take_stripe_intent(data, told)
        return Applied(f"{kind} {transaction.reference}")

    def _complete(self, transaction, told):
        """Have what a saved payment method is made of; Stripe tells its number only."""
        number = told.get("payment_method")
        saved = transaction.tokenize or transaction.operation == "validation"
        if saved and isinstance(number, str) and transaction.state in ("draft", "pending"):
            told["payment_method"] = transaction._send_api_request(
                "GET", f"payment_methods/{number}"
            )


class OmsWebhookEvent(models.Model):
    _inherit = "oms.webhook.event"

    def _get_handlers(self):
        return {
            **super()._get_handlers(),
            "payment": "oms.payment.webhook",
            "adyen": "oms.payment.webhook.adyen",
            "stripe": "oms.payment.webhook.stripe",
        }

    def _receive_native(self, kind, message):
        """Keep a message that came at the address at which Odoo would have applied it at once.

        :param str kind: code of the provider
        :param message: ``connectors.carrier.Message``
        :return: what became of it, as :meth:`_receive` says; of several the worst
        :rtype: str
        """
        # sudo: nobody is logged in when machines call
        handler = self._get_handler(kind).sudo()
        try:
            pairs = handler._split(message)
        except (Bad, ValueError):
            return "forged"
        results = [
            self._receive(kind, str(source.id), dataclasses.replace(message, body=body))
            if source
            else "unknown"
            for source, body in pairs
        ]
        worst = ("forged", "unknown", "received", "repeated")
        return min(results, key=worst.index, default="repeated")
