"""Operations are bounded, asked for once by tasks, and written down by the provider's own code."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.payment import oms_payment_task
from odoo.addons.oms.models.payment.payment_provider import KEY_DAYS

from .payment_case import Bank, PaymentCase, pay


@tagged("post_install", "-at_install")
class TestOperations(PaymentCase):
    def test_a_capture_per_shipment_and_the_rest_let_go(self):
        order, root = self.make_paid()
        self.assertEqual(order.oms_payment_plan_id.state, "authorized")
        first = order._oms_request_capture(30.0)
        self.assertEqual(self.bank.asked, [], "nobody is asked before the commit")
        self.assertEqual(order.oms_payment_plan_id.capturing, 30.0)
        self.assertEqual(order.oms_payment_plan_id.available, 70.0)
        second = order._oms_request_capture(50.0)
        self.run_tasks()
        self.assertEqual((first | second).mapped("state"), ["done", "done"])
        self.assertEqual(first.oms_order_id, order)
        order._oms_request_void()
        self.run_tasks()
        self.assertEqual(
            self.sums(order),
            {
                "authorized": 100.0,
                "available": 0.0,
                "captured": 80.0,
                "voided": 20.0,
                "refunded": 0.0,
                "due": 20.0,
            },
        )
        self.assertEqual(root.state, "done")
        self.assertEqual(
            [what[:3] for what in self.bank.asked],
            [
                ("capture", f"P-{order.name}", 30.0),
                ("capture", f"P-{order.name}-1", 50.0),
                ("void", f"P-{order.name}-2", 20.0),
            ],
        )

    def test_refunds_go_against_the_newest_captures(self):
        order, _root = self.make_paid()
        captures = order._oms_request_capture(30.0) | order._oms_request_capture(50.0)
        self.run_tasks()
        refunds = order._oms_request_refund(60.0)
        self.assertEqual(refunds.source_transaction_id.sorted("id"), captures)
        self.assertEqual(sorted(refunds.mapped("amount")), [-50.0, -10.0])
        self.run_tasks()
        self.assertEqual(self.sums(order)["refunded"], 60.0)
        self.assertEqual(self.bank.get_total("refund"), 60.0)
        with self.assertRaisesRegex(UserError, "no more than"):
            order._oms_request_refund(20.01)
        order._oms_request_refund(20.0)
        self.run_tasks()
        self.assertEqual(order.oms_payment_plan_id.state, "refunded")

    def test_bounds(self):
        order, root = self.make_paid()
        order._oms_request_capture(60.0)
        for ask in (
            lambda: order._oms_request_capture(40.01),
            lambda: order._oms_request_void(40.01),
            lambda: order._oms_request_refund(1.0),
            lambda: order._oms_request_capture(0.0),
            lambda: order._oms_request_capture(-1.0),
            lambda: root._capture(40.01),
            lambda: root._void(40.01),
            lambda: root._refund(1.0),
        ):
            with self.assertRaises(UserError):
                ask()
        order._oms_request_capture(40.0)
        with self.assertRaises(UserError):
            order._oms_request_capture(0.01)
        self.run_tasks()
        with self.assertRaises(UserError):
            root.child_transaction_ids[0]._refund(1000.0)
        self.assertEqual(self.bank.get_total("capture"), 100.0)

    def test_odoos_own_buttons_keep_the_bounds(self):
        order, root = self.make_paid()
        capture = root._capture(70.0)
        self.assertEqual(capture.oms_operation, "capture")
        void = root._void()
        self.assertEqual((void.oms_operation, void.amount), ("void", 30.0))
        self.assertEqual(order.oms_payment_plan_id.state, "partial")

    def test_odoos_button_lets_go_of_the_rest(self):
        order, root = self.make_paid()
        order._oms_request_capture(60.0)
        root.with_user(self.env.ref("base.user_admin")).action_void()
        self.assertEqual(self.sums(order)["voided"], 40.0)

    def test_another_currency_is_converted(self):
        order = self.make_order((self.apple, 10))
        other = self.env["res.currency"].create(
            {
                "name": "XTS",
                "symbol": "X",
                "rate_ids": [
                    Command.create({"name": "2020-01-01", "rate": 4.0}),
                ],
            }
        )
        payment = pay(order, self.provider, 400.0, currency_id=other.id)
        plan = order.oms_payment_plan_id
        rate = other._get_conversion_rate(other, plan.currency_id, plan.company_id)
        self.assertAlmostEqual(plan.authorized, 400.0 * rate, 2)
        self.assertNotEqual(plan.authorized, payment.amount)
        with self.assertRaises(UserError):
            order._oms_request_capture(1.0)

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_a_refused_capture(self):
        self.use(Bank("refused"))
        order, _root = self.make_paid()
        capture = order._oms_request_capture(30.0)
        self.run_tasks()
        self.assertEqual((capture.state, capture.oms_task_id.state), ("error", "rejected"))
        self.assertIn("Insufficient funds", capture.state_message)
        self.assertEqual(self.sums(order)["available"], 100.0)

    def test_nobody_answers(self):
        """What may have been done is asked for again under its key, and so done once."""
        for answer in ("after", "before"):
            self.use(Bank(answer))
            order, _root = self.make_paid()
            capture = order._oms_request_capture(30.0)
            self.run_tasks()
            self.assertEqual((capture.state, capture.oms_task_id.state), ("draft", "unknown"))
            self.run_tasks()
            self.assertEqual((capture.state, capture.oms_task_id.state), ("done", "done"))
            self.assertEqual(self.bank.get_total("capture"), 30.0)
            self.assertEqual(len(self.bank.asked), 2)

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_a_provider_that_knows_no_keys_is_not_asked_twice(self):
        self.use(Bank("after"))
        KEY_DAYS.pop("none")
        order, _root = self.make_paid()
        capture = order._oms_request_capture(30.0)
        self.run_tasks()
        self.run_tasks()
        self.assertEqual((capture.state, capture.oms_task_id.state), ("draft", "stuck"))
        self.assertEqual(len(self.bank.asked), 1)
        with self.assertRaisesRegex(UserError, "Look at the other side"):
            capture.oms_task_id.action_retry()

    def test_a_provider_whose_requests_cannot_be_recorded(self):
        """It is asked in a transaction for nothing else, and never twice."""
        self.enterContext(patch.object(oms_payment_task, "UNRECORDED", ("none",)))
        self.use(Bank("ok", "refused"))
        order, _root = self.make_paid()
        first = order._oms_request_capture(30.0)
        second = order._oms_request_capture(30.0)
        with mute_logger("odoo.addons.oms.models.task.oms_task_run", "odoo.addons.payment"):
            self.run_tasks()
        self.assertEqual((first | second).mapped("state"), ["done", "error"])
        self.assertEqual(len(self.bank.asked), 2)
        self.assertIsNone(
            self.env["oms.payment.task.capture"]._prepare_look(
                order._oms_request_capture(5.0).oms_task_id
            )
        )

    def test_paid_at_once(self):
        order = self.make_order((self.apple, 10))
        self.provider.capture_manually = False
        payment = pay(order, self.provider, state="done")
        self.assertEqual(payment.oms_operation, "capture")
        self.assertEqual(order.oms_payment_plan_id.state, "captured")
        refund = order._oms_request_refund(40.0)
        self.run_tasks()
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.sums(order)["refunded"], 40.0)

    def test_nothing_secret_is_kept(self):
        order, _root = self.make_paid()
        capture = order._oms_request_capture(30.0)
        self.run_tasks()
        task = capture.oms_task_id
        self.assertNotIn("s3cret", f"{task.arguments} {task.result} {task.error}")
        self.assertNotIn("s3cret", repr(capture._oms_record()))
