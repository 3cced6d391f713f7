"""Odoo's own addresses of webhooks: kept, and applied later."""

import json
import time

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.payment import adyen, stripe

INBOX = "odoo.addons.oms.models.tracking.oms_webhook_event"
KEY = "ab" * 32


@tagged("post_install", "-at_install")
class TestNativeHttp(HttpCase):
    def setUp(self):
        super().setUp()
        providers = self.env["payment.provider"].search(
            [("company_id", "=", self.env.company.id), ("code", "in", ("adyen", "stripe"))]
        )
        by_code = {provider.code: provider for provider in providers}
        self.adyen, self.stripe = by_code["adyen"], by_code["stripe"]
        self.adyen.write(
            {
                "state": "test",
                "adyen_merchant_account": "OmsMerchant",
                "adyen_api_key": "key",
                "adyen_client_key": "client",
                "adyen_hmac_key": KEY,
                "adyen_api_url_prefix": "prefix",
            }
        )
        self.stripe.write(
            {
                "state": "test",
                "stripe_publishable_key": "pk",
                "stripe_secret_key": "sk",
                "stripe_webhook_secret": "whsec",
            }
        )

    def post(self, path, body, **headers):
        headers = {"Content-Type": "application/json", **headers}
        return self.url_open(path, body, headers=headers, method="POST")

    def item(self, number, key=KEY, **changes):
        item = {
            "amount": {"value": 1000, "currency": "EUR"},
            "eventCode": "AUTHORISATION",
            "merchantAccountCode": "OmsMerchant",
            "merchantReference": "S-none",
            "pspReference": number,
            "success": "true",
            **changes,
        }
        item["additionalData"] = {"hmacSignature": adyen.sign(item, key)}
        return {"NotificationRequestItem": item}

    def events(self, provider):
        return self.env["oms.webhook.event"].search(
            [("res_model", "=", "payment.provider"), ("res_id", "=", provider.id)]
        )

    def test_adyen(self):
        path = "/payment/adyen/notification"
        body = {"live": "false", "notificationItems": [self.item("P1"), self.item("P2")]}
        response = self.post(path, json.dumps(body))
        self.assertEqual((response.status_code, response.json()), (200, "[accepted]"))
        self.assertEqual(len(self.events(self.adyen)), 2)
        self.assertEqual(self.post(path, json.dumps(body)).status_code, 200)
        self.assertEqual(len(self.events(self.adyen)), 2)
        with mute_logger(INBOX):
            body["notificationItems"] = [self.item("P3"), self.item("P4", key="00" * 32)]
            self.assertEqual(self.post(path, json.dumps(body)).status_code, 403)
        # What was signed is not lost with what was not.
        self.assertEqual(len(self.events(self.adyen)), 3)
        body["notificationItems"] = [self.item("P5", merchantAccountCode="Nobody")]
        self.assertEqual(self.post(path, json.dumps(body)).status_code, 404)
        for wrong in (b"", b"{}", b"x" * 1_000_001):
            self.assertEqual(self.post(path, wrong).status_code, 403)
        self.assertEqual(len(self.events(self.adyen)), 3)

    def test_stripe(self):
        path = "/payment/stripe/webhook"
        told = {"id": "pi_1", "description": "S-none", "status": "succeeded"}
        event = {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": told}}
        body = json.dumps(event).encode()
        signature = stripe.sign(body, "whsec", int(time.time()))
        with mute_logger(INBOX):
            self.assertEqual(self.post(path, body).status_code, 403)
            wrong = self.post(path, body + b" ", **{"Stripe-Signature": signature})
            self.assertEqual(wrong.status_code, 403)
        self.assertFalse(self.events(self.stripe))
        self.assertEqual(self.post(path, body, **{"Stripe-Signature": signature}).status_code, 200)
        self.assertEqual(len(self.events(self.stripe)), 1)

    def test_numbers_that_are_none_of_a_provider(self):
        body = json.dumps({"live": "false", "notificationItems": [self.item("P1")]})
        demo = self.env["payment.provider"].search([("code", "=", "demo")], limit=1)
        demo.state = "test"
        for kind, token in (
            ("adyen", "9" * 40),
            ("adyen", "²"),
            ("adyen", "-1"),
            ("adyen", str(demo.id)),
            ("stripe", str(demo.id)),
            ("stripe", str(self.adyen.id)),
        ):
            with self.subTest(kind=kind, token=token):
                response = self.post(f"/oms/webhook/{kind}/{token}", body)
                self.assertEqual(response.status_code, 404)
        self.assertFalse(self.events(demo) | self.events(self.adyen))
