import json
import time
from datetime import UTC, datetime
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import Message
from odoo.addons.oms.connectors.payment import stripe

from .provider_case import ProviderCase

INBOX = "odoo.addons.oms.models.tracking.oms_webhook_event"
SECRET = "whsec_secret"


class Asked:
    """In place of Stripe: keeps what it is asked, and answers what it is told to."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, provider, method, endpoint, **kwargs):
        self.asked.append((method, endpoint, kwargs))
        return self.answers.pop(0)


@tagged("post_install", "-at_install")
class TestStripe(ProviderCase):
    def setUp(self):
        super().setUp()
        self.provider = self.use_provider(
            "stripe",
            stripe_publishable_key="pk",
            stripe_secret_key="sk",
            stripe_webhook_secret=SECRET,
        )

    def intent(self, status, received=0, amount=30000, **more):
        return {
            "id": "pi_1",
            "object": "payment_intent",
            "amount": amount,
            "amount_received": received,
            "currency": "eur",
            "description": more.pop("description", self.payment.reference),
            "status": status,
            **more,
        }

    def authorize(self, **vals):
        self.payment = self.pay(self.provider, provider_reference="pi_1", **vals)
        return self.payment

    def make_event(self, kind, told, number="evt_1"):
        return json.dumps({"id": number, "type": kind, "data": {"object": told}}).encode()

    def tell(self, body, secret=SECRET, header=None):
        if header is None:
            header = stripe.sign(body, secret, int(time.time()))
        message = Message({"stripe-signature": header}, body, datetime.now(UTC))
        return self.env["oms.webhook.event"]._receive_native("stripe", message)

    def apply(self):
        events = self.env["oms.webhook.event"].search(
            [("kind", "=", "stripe"), ("res_id", "=", self.provider.id)], order="id"
        )
        for event in events.filtered(lambda each: each.state in ("received", "parked")):
            event._process()
        return events

    def answering(self, *answers):
        asked = Asked(*answers)
        registry = self.env.registry["payment.provider"]
        self.enterContext(
            patch.object(registry, "_send_api_request", lambda *args, **kw: asked(*args, **kw))
        )
        return asked

    # === ASKED === #

    def test_a_part_is_captured_and_no_more(self):
        payment = self.authorize()
        asked = self.answering(self.intent("succeeded", 10000))
        capture = payment._capture(100.0)
        [(_method, endpoint, more)] = asked.asked
        self.assertEqual(endpoint, "payment_intents/pi_1/capture")
        self.assertEqual(more["data"], {"amount_to_capture": 10000})
        self.assertEqual((capture.state, capture.amount), ("done", 100.0))

    def test_another_amount_than_asked_for_is_seen(self):
        payment = self.authorize()
        self.answering(self.intent("succeeded", 30000))
        self.assertEqual(payment._capture(100.0).state, "error")

    def test_yen_have_no_digits(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        payment = self.authorize(currency=yen)
        asked = self.answering(self.intent("succeeded", 100, 300, currency="jpy"))
        self.assertEqual(payment._capture(100.0).state, "done")
        self.assertEqual(asked.asked[0][2]["data"], {"amount_to_capture": 100})

    def test_all_is_let_go(self):
        payment = self.authorize()
        self.answering(self.intent("canceled"))
        self.assertEqual(payment._void(300.0).state, "cancel")
        self.assertEqual(payment.state, "cancel")

    def test_a_refund_is_of_the_payment(self):
        payment = self.authorize()
        asked = self.answering(
            self.intent("succeeded", 10000),
            {"id": "re_1", "amount": 4000, "currency": "eur", "status": "succeeded"},
        )
        refund = payment._capture(100.0)._refund(40.0)
        self.assertEqual(asked.asked[1][2]["data"], {"payment_intent": "pi_1", "amount": 4000})
        self.assertEqual((refund.state, refund.provider_reference), ("done", "re_1"))
        keys = [more.get("idempotency_key") for _m, _e, more in asked.asked]
        self.assertTrue(all(keys) and len(set(keys)) == 2)

    # === TOLD === #

    def test_signed(self):
        payment = self.authorize(state="draft")
        body = self.make_event(
            "payment_intent.amount_capturable_updated", self.intent("requires_capture")
        )
        self.assertEqual(self.tell(body), "received")
        self.assertEqual(self.tell(body), "repeated")
        [event] = self.apply()
        self.assertEqual((event.state, payment.state), ("done", "authorized"))

    def test_forged(self):
        payment = self.authorize(state="draft")
        body = self.make_event("payment_intent.succeeded", self.intent("succeeded", 30000))
        old = stripe.sign(body, SECRET, int(time.time()) - 3600)
        with mute_logger(INBOX):
            self.assertEqual(self.tell(body, secret="other"), "forged")
            self.assertEqual(self.tell(body, header=""), "forged")
            self.assertEqual(self.tell(body, header=old), "forged")
            self.assertEqual(self.tell(b"no event"), "forged")
        self.assertFalse(self.apply())
        self.assertEqual(payment.state, "draft")

    def test_without_a_secret_nothing_is_believed_about_real_money(self):
        payment = self.authorize(state="draft")
        self.provider.write({"stripe_webhook_secret": False, "state": "enabled"})
        body = self.make_event("payment_intent.succeeded", self.intent("succeeded", 30000))
        with mute_logger(INBOX):
            self.assertEqual(self.tell(body, header=""), "forged")
            self.assertEqual(self.tell(body, secret=""), "forged")
        self.assertFalse(self.apply())
        self.assertEqual(payment.state, "draft")
        self.provider.state = "test"
        self.assertEqual(self.tell(body, header=""), "received")

    def test_told_before_we_know_the_payment(self):
        self.payment = self.env["payment.transaction"]
        intent = self.intent("requires_capture", description="S-late")
        self.tell(self.make_event("payment_intent.amount_capturable_updated", intent))
        [event] = self.apply()
        self.assertEqual(event.state, "parked")
        payment = self.pay(self.provider, state="draft", reference="S-late")
        self.apply()
        self.assertEqual((event.state, payment.state), ("done", "authorized"))

    def test_a_refund_is_told_before_its_answer_came(self):
        payment = self.authorize()
        self.answering(self.intent("succeeded", 10000))
        capture = payment._capture(100.0)
        refund = capture._create_child_transaction(40.0, is_refund=True)
        told = {"id": "re_1", "amount": 4000, "currency": "eur", "status": "succeeded"}
        charge = {
            "id": "ch_1",
            "description": payment.reference,
            "refunds": {"data": [told], "has_more": False},
        }
        for number in ("evt_1", "evt_2"):
            self.tell(self.make_event("charge.refunded", charge, number))
        self.apply()
        self.assertEqual((refund.state, refund.provider_reference), ("done", "re_1"))
        self.assertEqual(capture.child_transaction_ids, refund)

    def test_a_refund_made_at_stripe(self):
        payment = self.authorize()
        self.answering(self.intent("succeeded", 10000))
        capture = payment._capture(100.0)
        told = {"id": "re_7", "amount": 4000, "currency": "eur", "status": "succeeded"}
        charge = {"id": "ch_1", "description": payment.reference, "refunds": {"data": [told]}}
        self.tell(self.make_event("charge.refunded", charge))
        self.apply()
        self.assertEqual(capture.child_transaction_ids.amount, -40.0)
        self.assertEqual(capture._oms_get_refundable(), 60.0)

    def test_what_is_late_changes_nothing(self):
        payment = self.authorize()
        self.answering(self.intent("succeeded", 30000))
        capture = payment._capture(300.0)
        self.assertEqual((capture.state, payment.state), ("done", "done"))
        late = self.intent("requires_capture")
        self.tell(self.make_event("payment_intent.amount_capturable_updated", late))
        self.tell(
            self.make_event("payment_intent.succeeded", self.intent("succeeded", 30000), "evt_2")
        )
        self.assertEqual(self.apply().mapped("state"), ["done", "done"])
        self.assertEqual((capture.state, payment.state), ("done", "done"))
        self.assertEqual(payment.child_transaction_ids, capture)

    def test_a_part_that_was_captured_at_stripe(self):
        payment = self.authorize()
        self.tell(self.make_event("payment_intent.succeeded", self.intent("succeeded", 12000)))
        self.apply()
        parts = payment.child_transaction_ids.sorted("id")
        self.assertEqual(parts.mapped("oms_operation"), ["capture", "void"])
        self.assertEqual(parts.mapped("amount"), [120.0, 180.0])
        self.assertEqual(payment.state, "done")
