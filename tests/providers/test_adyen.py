from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.payment import adyen
from odoo.addons.oms.connectors.payment.bank import CARDS
from odoo.addons.payment_adyen.controllers.main import AdyenController

from ..common import OmsCase
from .provider_case import AdyenCase

INBOX = "odoo.addons.oms.models.tracking.oms_webhook_event"
PROVIDER = "odoo.addons.payment.models.payment_provider"
CARD = {outcome: number for number, outcome in CARDS.items()}


@tagged("post_install", "-at_install")
class TestAdyenAsked(AdyenCase):
    """What Odoo's code of Adyen asks, from Odoo's own buttons."""

    def paths(self):
        return [path for _method, path, _body in self.simulator.requests]

    def test_captures_and_voids_are_about_the_payment(self):
        payment = self.authorize()
        first, second = payment._capture(100.0), payment._capture(150.0)
        void = payment._void(50.0)
        at = f"/payments/{payment.provider_reference}"
        self.assertEqual(self.paths(), [f"{at}/captures", f"{at}/captures", f"{at}/cancels"])
        self.run_bank()
        self.assertEqual((first | second).mapped("state"), ["done", "done"])
        self.assertEqual((void.state, payment.state), ("cancel", "done"))
        bank = self.of_bank(payment)
        self.assertEqual((bank.captured, bank.voided), (25000, 5000))

    def test_a_capture_of_all_ends_the_capture_that_asked_for_it(self):
        payment = self.authorize()
        capture = payment._capture(300.0)
        self.run_bank()
        self.assertEqual((capture.state, payment.state), ("done", "done"))
        self.assertEqual(payment.child_transaction_ids, capture)

    def test_a_refund_of_a_capture_is_about_the_payment(self):
        payment = self.authorize()
        capture = payment._capture(100.0)
        self.run_bank()
        refund = capture._refund(30.0)
        self.assertEqual(self.paths()[-1], f"/payments/{payment.provider_reference}/refunds")
        self.assertIn(capture.provider_reference.encode(), self.simulator.requests[-1][2])
        self.run_bank()
        self.assertEqual((refund.state, refund.amount), ("done", -30.0))
        self.assertEqual(self.of_bank(payment).refunded, 3000)

    def test_all_that_is_not_captured_is_let_go_and_no_part_of_it(self):
        payment = self.authorize()
        payment._capture(100.0)
        with mute_logger(PROVIDER):
            void = payment._void(50.0)
        self.assertEqual(void.state, "error")
        self.assertIn("200", void.state_message)
        self.assertFalse(any("cancels" in path for path in self.paths()))
        self.assertEqual(payment._void(200.0).state, "draft")

    def test_bounds(self):
        payment = self.authorize(100.0)
        for amount in (500.0, 100.01, -1.0):
            with self.assertRaises(UserError):
                payment._capture(amount)
        capture = payment._capture(100.0)
        self.run_bank()
        with self.assertRaises(UserError):
            capture._refund(400.0)
        self.assertEqual(self.of_bank(payment).captured, 10000)

    def test_a_saved_card(self):
        payment = self.pay(self.provider, 300.0, "draft")
        payment.token_id = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "payment_details": "1234",
                "provider_ref": "stored",
                "partner_id": self.customer.id,
                "adyen_shopper_reference": "C7",
            }
        )
        payment.operation = "offline"
        payment._charge_with_token()
        self.assertEqual(payment.state, "authorized")

    def test_operations_carry_keys_that_say_what_they_do(self):
        payment = self.authorize()
        headers = []
        ask = self.bank.ask

        def keep(path, body, told):
            headers.append(told.get("idempotency-key"))
            return ask(path, body, told)

        self.patch(self.bank, "ask", keep)
        capture = payment._capture(100.0)
        self.run_bank()
        capture._refund(10.0)
        payment._void(200.0)
        self.assertEqual(len(set(headers)), 3)
        self.assertTrue(all(headers))

    def test_currencies_that_adyen_counts_otherwise(self):
        for name, value in (("JPY", 300), ("KWD", 300000), ("CLP", 30000), ("IDR", 300)):
            currency = self.env["res.currency"].with_context(active_test=False)
            currency = currency.search([("name", "=", name)])
            currency.active = True
            payment = self.authorize(300.0, currency, reference=f"S-{name}")
            capture = payment._capture(100.0)
            self.run_bank()
            with self.subTest(currency=name):
                self.assertEqual(self.of_bank(payment).money.value, value)
                self.assertEqual((capture.state, payment.state), ("done", "authorized"))
                self.assertEqual(payment.child_transaction_ids, capture)


@tagged("post_install", "-at_install")
class TestAdyenTold(AdyenCase):
    """What Adyen tells by itself: whoever sends it, in whatever order, and however often."""

    def test_signatures_are_those_that_odoo_checks(self):
        body = self.write_item("CAPTURE", merchantReference="a:b\\c")

        [item] = adyen.read_items(body)
        signature = AdyenController._compute_signature(item, self.bank.hmac_key)
        self.assertEqual(item["additionalData"]["hmacSignature"], signature)

    def test_forged(self):
        payment = self.authorize(told=False)
        good = self.write_item("AUTHORISATION", payment)
        with mute_logger(INBOX):
            for body in (
                self.write_item("AUTHORISATION", payment, key="00" * 32),
                good.replace(b"30000", b"30001"),
                good.replace(b"hmacSignature", b"nothing"),
                b"{}",
                b"",
            ):
                self.assertEqual(self.tell([body]), ["forged"])
        self.assertFalse(self.apply())
        self.assertEqual(payment.state, "draft")

    def test_nobody_has_that_account(self):
        body = self.write_item("AUTHORISATION", merchantAccountCode="Other")
        self.assertEqual(self.tell([body]), ["unknown"])

    def test_kept_once(self):
        self.authorize(told=False)
        [body] = self.bank.take()
        self.assertEqual(self.tell([body, body]), ["received", "repeated"])
        self.assertEqual(len(self.apply()), 1)

    def test_told_before_we_know_the_payment(self):
        item = {"merchantReference": "S-late", "pspReference": "PSP9"}
        self.tell([self.write_item("AUTHORISATION", **item)])
        [event] = self.apply()
        self.assertEqual((event.state, "S-late" in event.error), ("parked", True))
        payment = self.pay(self.provider, 300.0, "draft", reference="S-late")
        self.apply()
        self.assertEqual((event.state, payment.state), ("done", "authorized"))
        self.assertEqual(payment.provider_reference, "PSP9")

    def test_disorder_and_duplicates(self):
        for seed in range(8):
            payment = self.authorize(told=False, reference=f"S-disorder-{seed}")
            payment.provider_reference = self.psp_reference
            payment.state = "authorized"
            captures = [payment._capture(amount) for amount in (100.0, 120.0)]
            void = payment._void(80.0)
            # Nobody here knows that the payment is authorized, nor the numbers of the captures.
            payment.write({"state": "draft", "provider_reference": False})
            captures[0].provider_reference = False
            self.bank.work()
            bodies = self.bank.take(seed=seed, copies=2)
            self.tell(bodies)
            for _round in range(3):
                self.apply()
            with self.subTest(seed=seed):
                self.assertEqual([each.state for each in captures], ["done", "done"])
                self.assertEqual((void.state, payment.state), ("cancel", "done"))
                self.assertEqual(len(payment.child_transaction_ids), 3)

    def test_declined(self):
        payment = self.authorize(card=CARD["declined"], told=False)
        self.run_bank()
        self.assertEqual(payment.state, "error")

    def test_a_second_try_under_the_same_reference(self):
        payment = self.authorize()
        self.tell([self.write_item("AUTHORISATION", payment, success="false", pspReference="X")])
        self.apply()
        self.assertEqual(payment.state, "authorized")

    def test_authorized_though_nobody_heard_the_answer(self):
        payment = self.authorize(told=False)
        payment._set_error("Could not establish the connection")
        self.run_bank()
        self.assertEqual(payment.state, "authorized")

    def test_another_amount_changes_nothing(self):
        payment = self.authorize(told=False)
        self.bank.take()
        wrong = {"value": 29999, "currency": "EUR"}
        self.tell([self.write_item("AUTHORISATION", payment, amount=wrong)])
        [event] = self.apply()
        self.assertEqual((event.state, payment.state), ("failed", "draft"))
        self.assertIn("299.99", event.error)
        other = {"value": 30000, "currency": "USD"}
        self.tell([self.write_item("AUTHORISATION", payment, amount=other, pspReference="P2")])
        self.assertEqual(self.apply()[-1].state, "failed")
        self.tell([self.write_item("AUTHORISATION", payment, pspReference="P3")])
        self.apply()
        self.assertEqual((payment.state, payment.provider_reference), ("authorized", "P3"))

    def test_refused_captures(self):
        payment = self.authorize(card=CARD["capture_refused"])
        capture = payment._capture(100.0)
        self.run_bank()
        self.assertEqual((capture.state, payment.state), ("error", "authorized"))
        self.assertEqual(payment._oms_get_capturable(), 300.0)

    def test_captures_that_fail_afterwards(self):
        for seed in (None, 1, 2, 3):
            payment = self.authorize(card=CARD["capture_fails"], reference=f"S-fail-{seed}")
            capture = payment._capture(100.0)
            self.bank.work()
            self.tell(self.bank.take(seed=seed, copies=2))
            for _round in range(2):
                self.apply()
            with self.subTest(seed=seed):
                self.assertEqual((capture.state, capture.oms_taken_back), ("error", True))
                self.assertEqual(payment._oms_get_captured(), 0.0)

    def test_refunds_that_fail_afterwards(self):
        payment = self.authorize(card=CARD["refund_fails"])
        capture = payment._capture(100.0)
        self.run_bank()
        refund = capture._refund(100.0)
        self.run_bank()
        self.assertEqual((refund.state, refund.oms_taken_back), ("error", True))
        self.assertEqual(capture._oms_get_refundable(), 100.0)

    def test_what_somebody_did_at_adyen(self):
        payment = self.authorize()
        for path, value in (("captures", 10000), ("refunds", 2500)):
            self.bank.ask(
                f"/payments/{payment.provider_reference}/{path}",
                {
                    "merchantAccount": self.bank.account,
                    "amount": {"value": value, "currency": "EUR"},
                    "reference": payment.reference,
                },
                {"x-api-key": self.bank.api_key},
            )
            self.run_bank()
        made = payment.child_transaction_ids.sorted("id")
        self.assertEqual(made.mapped("oms_operation"), ["capture", "refund"])
        self.assertEqual(made.mapped("amount"), [100.0, -25.0])
        self.assertEqual(set(made.mapped("state")), {"done"})
        self.assertEqual(payment._oms_get_capturable(), 200.0)

    def test_what_expires(self):
        payment = self.authorize()
        payment._capture(100.0)
        self.run_bank()
        self.bank.expire(payment.provider_reference)
        self.run_bank()
        self.assertEqual(payment.state, "done")
        self.assertEqual(payment._oms_get_capturable(), 0.0)
        other = self.authorize(reference="S-other")
        self.bank.expire(other.provider_reference)
        self.run_bank()
        self.assertEqual(other.state, "cancel")

    def test_the_bank_takes_money_back(self):
        """It is shown, needs somebody, and is not given back once more."""
        order = self.make_chair_order()
        payment = self.authorize(reference="S-disputed", sale_order_ids=[(4, order.id)])
        plan = order.oms_payment_plan_id

        def tell(code, value=12000, **changes):
            self.tell(
                [
                    self.write_item(
                        code,
                        payment,
                        originalReference=payment.provider_reference,
                        **{"pspReference": "D1", **changes},
                        amount={"value": value, "currency": "EUR"},
                    )
                ]
            )
            return self.apply()[-1].state

        self.bank.take()
        # It is told before the capture is: it waits for it.
        self.assertEqual(tell("CHARGEBACK"), "parked")
        self.assertFalse(plan.charged_back)
        capture = payment._capture(200.0)
        self.run_bank()
        self.apply()
        self.assertEqual((payment.oms_charged_back, plan.charged_back), (120.0, 120.0))
        self.assertTrue(plan.disputed)
        self.assertIn("took", plan.activity_ids.note)
        self.assertEqual((plan.refundable, plan.captured), (80.0, 200.0))
        with self.assertRaisesRegex(UserError, "no more than"):
            capture._refund(100.0)
        plan.action_dispute_done()
        self.assertFalse(plan.disputed or plan.problem_since)
        # Won, and lost after all.
        self.assertEqual(tell("CHARGEBACK_REVERSED"), "done")
        self.assertEqual((plan.charged_back, plan.refundable), (0.0, 200.0))
        self.assertEqual(tell("SECOND_CHARGEBACK"), "done")
        self.assertEqual((plan.charged_back, plan.disputed), (120.0, True))
        self.assertEqual(tell("CHARGEBACK", 20000, pspReference="D2"), "failed")
        self.assertEqual(plan.charged_back, 120.0)

    def test_cancelled_or_refunded(self):
        """What it was depends on what had been captured by then."""
        payment = self.authorize()
        self.bank.take()

        def tell(value):
            self.tell(
                [
                    self.write_item(
                        "CANCEL_OR_REFUND",
                        payment,
                        originalReference=payment.provider_reference,
                        pspReference="R1",
                        amount={"value": value, "currency": "EUR"},
                    )
                ]
            )
            return self.apply()[-1].state

        self.assertEqual(tell(0), "done")
        self.assertEqual((payment.state, payment._oms_get_capturable()), ("cancel", 0.0))

    def test_refunded_or_cancelled(self):
        payment = self.authorize()
        capture = payment._capture(200.0)
        self.bank.work()
        held = self.bank.take()
        self.tell(
            [
                self.write_item(
                    "CANCEL_OR_REFUND",
                    payment,
                    originalReference=payment.provider_reference,
                    pspReference="R1",
                    amount={"value": 20000, "currency": "EUR"},
                )
            ]
        )
        # As long as the capture is under way nobody knows which of both it was.
        self.assertEqual(self.apply()[-1].state, "parked")
        self.tell(held)
        self.apply()
        self.apply()
        self.assertEqual(capture.state, "done")
        refunds = (payment | capture).child_transaction_ids.filtered(
            lambda each: each.operation == "refund"
        )
        self.assertEqual((refunds.mapped("amount"), refunds.mapped("state")), ([-200.0], ["done"]))

    def test_what_is_about_no_payment(self):
        self.tell([self.write_item("REPORT_AVAILABLE")])
        [event] = self.apply()
        self.assertEqual(event.state, "done")

    def test_more_than_there_is(self):
        payment = self.authorize()
        self.bank.take()
        more = {"value": 40000, "currency": "EUR"}
        self.tell(
            [
                self.write_item(
                    "CAPTURE", payment, amount=more, originalReference=payment.provider_reference
                )
            ]
        )
        [event] = self.apply()
        self.assertEqual(event.state, "failed")
        self.assertFalse(payment.child_transaction_ids)


@tagged("post_install", "-at_install")
class TestLoadOrder(OmsCase):
    def test_modules_of_providers_define_nothing_that_is_extended_here(self):
        """Whichever is loaded first, what is extended here stands before what it extends."""
        extended = {
            "payment.transaction": ("_process", "_send_api_request", "_validate_amount"),
            "payment.provider": ("_send_api_request",),
            "ir.http": ("_dispatch",),
        }
        for model, names in extended.items():
            for base in self.env.registry[model].__mro__:
                module = getattr(base, "_module", None) or ""
                if module.startswith("payment_"):
                    for name in names:
                        self.assertNotIn(name, vars(base), f"{module} defines {name} of {model}")
