import json
import secrets
from datetime import UTC, datetime

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import Message

from .provider_case import ProviderCase

INBOX = "odoo.addons.oms.models.tracking.oms_webhook_event"


@tagged("post_install", "-at_install")
class TestPlainWebhook(ProviderCase):
    """Payments of which somebody tells in the provider's place."""

    def setUp(self):
        super().setUp()
        self.provider = self.use_provider("demo")
        self.provider.action_oms_new_webhook()
        self.payment = self.pay(self.provider, state="pending")

    def tell(self, kind, amount, secret=None, token=None, **more):
        told = {"kind": kind, "amount": amount, "currency": "EUR", **more}
        body = json.dumps({"notifications": [told]}).encode()
        headers = {"x-webhook-secret": secret or self.provider.oms_webhook_secret}
        inbox = self.env["oms.webhook.event"]
        token = token or self.provider.oms_webhook_token
        result = inbox._receive("payment", token, Message(headers, body, datetime.now(UTC)))
        for event in inbox.search([("kind", "=", "payment"), ("state", "!=", "done")]):
            event._process()
        return result

    def test_a_payment_from_beginning_to_end(self):
        name = self.payment.reference
        self.tell("captured", "100.00", reference="C1", payment="P1")
        self.assertFalse(self.payment.child_transaction_ids)
        self.tell("authorized", "300.00", reference="P1", merchant_reference=name)
        self.assertEqual(
            (self.payment.state, self.payment.provider_reference), ("authorized", "P1")
        )
        capture = self.payment.child_transaction_ids
        if not capture:
            # It waited for the payment, and is tried as soon as that is there.
            for event in self.env["oms.webhook.event"].search([("kind", "=", "payment")]):
                event._process()
            capture = self.payment.child_transaction_ids
        self.assertEqual((capture.state, capture.amount), ("done", 100.0))
        self.tell("refunded", "40.00", reference="R1", payment="P1")
        self.tell("voided", "200.00", reference="V1", payment="P1")
        self.assertEqual(self.payment.state, "done")
        self.assertEqual(capture._oms_get_refundable(), 60.0)

    def test_refused(self):
        more = {"reference": "P1", "merchant_reference": self.payment.reference}
        with mute_logger(INBOX):
            self.assertEqual(self.tell("authorized", "300.00", secret="guess", **more), "forged")
        unknown = secrets.token_urlsafe(32)
        self.assertEqual(self.tell("authorized", "300.00", token=unknown, **more), "unknown")
        self.assertEqual(self.payment.state, "pending")
        self.provider.oms_webhook_secret = False
        with mute_logger(INBOX):
            self.assertEqual(self.tell("authorized", "300.00", secret="x", **more), "forged")

    def test_more_than_was_captured_is_not_given_back(self):
        more = {"reference": "P1", "merchant_reference": self.payment.reference}
        self.tell("authorized", "300.00", **more)
        self.tell("captured", "100.00", reference="C1", payment="P1")
        self.tell("refunded", "100.01", reference="R1", payment="P1")
        event = self.env["oms.webhook.event"].search([("kind", "=", "payment")], limit=1)
        self.assertEqual(event.state, "failed")
        self.assertEqual(self.payment._oms_get_refundable(), 100.0)
