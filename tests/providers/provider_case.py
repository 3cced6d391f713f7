"""Odoo's own payment providers beside the addon, and a provider that answers on this machine."""

import json
from datetime import UTC, datetime
from unittest.mock import patch

from odoo.addons.oms.connectors.carrier import Message
from odoo.addons.oms.connectors.payment import adyen
from odoo.addons.oms.connectors.payment.bank import Bank
from odoo.addons.oms.connectors.payment.simulator import Simulator

from ..common import OmsCase

#: Where Odoo's code of Adyen would call.
HOST = "https://prefix-checkout.adyen.com/checkout/V71"


def redirected(registry, url, host=HOST):
    """Return a context in which what would be asked of a host is asked of another one."""
    provider = registry["payment.provider"]
    build = provider._build_request_url

    def build_request_url(self, endpoint, **kwargs):
        return build(self, endpoint, **kwargs).replace(host, url)

    return patch.object(provider, "_build_request_url", build_request_url)


class ProviderCase(OmsCase):
    """Payments of three hundred by Odoo's genuine providers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.method = cls.env.ref("payment.payment_method_card")

    @classmethod
    def use_provider(cls, code, **vals):
        """Return Odoo's provider of a code, in test mode and capturing by hand."""
        provider = cls.env["payment.provider"].search(
            [("code", "=", code), ("company_id", "=", cls.company.id)], limit=1
        )
        provider.write({"state": "test", "capture_manually": True, **vals})
        return provider

    @classmethod
    def use_adyen(cls, bank, **vals):
        return cls.use_provider(
            "adyen",
            adyen_merchant_account=bank.account,
            adyen_api_key=bank.api_key,
            adyen_client_key="client",
            adyen_hmac_key=bank.hmac_key,
            adyen_api_url_prefix="https://prefix-checkout",
            **vals,
        )

    def pay(self, provider, amount=300.0, state="authorized", currency=None, **vals):
        """Return a payment as a customer made it."""
        return self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.method.id,
                "reference": vals.pop("reference", f"S{self._testMethodName}"[:60]),
                "amount": amount,
                "currency_id": (currency or self.euro).id,
                "partner_id": self.customer.id,
                "operation": "online_direct",
                "state": state,
                **vals,
            }
        )


class AdyenCase(ProviderCase):
    """The genuine ``payment_adyen`` and a simulator in Adyen's dialect."""

    def setUp(self):
        super().setUp()
        self.bank = Bank()
        self.provider = self.use_adyen(self.bank)
        self.simulator = Simulator(self.bank)
        self.enterContext(self.simulator)
        self.lead_to(self.simulator.url)

    def lead_to(self, url):
        """Have Odoo's code of Adyen call another host; all else of its addresses stays."""
        self.enterContext(redirected(self.env.registry, url))

    def authorize(self, amount=300.0, currency=None, card="4111111111111111", told=True, **vals):
        """Return a payment that the bank authorized, as a customer makes one on a page."""
        payment = self.pay(self.provider, amount, "draft", currency, **vals)
        money = payment.provider_id._adyen_get_formatted_amount(amount, payment.currency_id)
        _status, answer = self.bank.ask(
            "/payments",
            {
                "merchantAccount": self.bank.account,
                "amount": money,
                "reference": payment.reference,
                "paymentMethod": {"type": "scheme", "encryptedCardNumber": f"test_{card}"},
            },
            {"x-api-key": self.bank.api_key},
        )
        self.psp_reference = answer["pspReference"]
        if told:
            payment._process("adyen", answer)
        return payment

    def make_chair_order(self):
        """Return an order of three hundred euros."""
        euros = self.env["product.pricelist"].create({"name": "EUR", "currency_id": self.euro.id})
        chair = self.make_product("Chair", taxes_id=False)
        return self.make_order((chair, 1, {"price_unit": 300.0}), pricelist_id=euros.id)

    def of_bank(self, payment):
        """Return what the bank knows of a payment."""
        return self.bank.payments[payment.provider_reference]

    def run_bank(self, **options):
        """Let the bank work and tell, and apply what it told."""
        self.bank.work()
        self.tell(self.bank.take(**options))
        return self.apply()

    def tell(self, bodies):
        """Let messages arrive at Odoo's own address of Adyen; return what became of them."""
        inbox = self.env["oms.webhook.event"]
        now = datetime.now(UTC)
        return [inbox._receive_native("adyen", Message({}, body, now)) for body in bodies]

    def apply(self):
        """Apply what was received or waits, once each; return all messages of the provider."""
        events = self.env["oms.webhook.event"].search(
            [("res_model", "=", "payment.provider"), ("res_id", "=", self.provider.id)], order="id"
        )
        # What is parked again by what was applied before is tried in the same round.
        for event in events.filtered(lambda each: each.state in ("received", "parked")):
            event._process()
        return events

    def write_item(self, code, payment=None, **changes):
        """Return the signed body of a notification that the bank did not send by itself."""
        item = {
            "additionalData": {},
            "amount": {"value": 30000, "currency": "EUR"},
            "eventCode": code,
            "eventDate": "2026-03-04T10:00:00+01:00",
            "merchantAccountCode": self.bank.account,
            "merchantReference": payment.reference if payment else "",
            "pspReference": "PSP1",
            "success": "true",
            **changes,
        }
        key = changes.pop("key", self.bank.hmac_key)
        item.pop("key", None)
        item["additionalData"] = {"hmacSignature": adyen.sign(item, key)}
        told = {"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}
        return json.dumps(told).encode()
