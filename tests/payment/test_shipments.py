"""Money is taken when goods leave, let go when they never will, and owed where it is refused."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .payment_case import Bank, pay
from .shipment_case import ShipmentCase

RUN = "odoo.addons.oms.models.task.oms_task_run"


@tagged("post_install", "-at_install")
class TestShipments(ShipmentCase):
    def test_two_shipments_are_captured_each(self):
        order, _payment = self.place(120.0)
        near = self.leave(order, self.near)
        [capture] = self.plan_of(order).transaction_ids.filtered("source_transaction_id")
        self.assertEqual((capture.amount, capture.state), (30.0, "done"))
        self.assertEqual(capture.oms_fulfillment_id, near)
        self.assertEqual(self.plan_of(order).state, "partial")
        self.leave(order, self.far)
        self.assertEqual(
            [what[:1] + what[2:3] for what in self.bank.asked],
            [("capture", 30.0), ("capture", 70.0), ("void", 20.0)],
        )
        self.assertEqual(self.plan_of(order).state, "captured")
        self.assertEqual(self.sums(order)["available"], 0.0)

    def test_what_comes_back_is_refunded_of_the_capture_that_paid_for_it(self):
        order, _payment = self.place()
        near = self.leave(order, self.near)
        self.leave(order, self.far)
        line = order.order_line.filtered(lambda each: each.product_id == self.apple)
        returned = self.env["oms.return"].create(
            {
                "order_id": order.id,
                "partner_id": order.partner_id.id,
                "line_ids": [
                    Command.create(
                        {
                            "sale_line_id": line.id,
                            "product_id": self.apple.id,
                            "quantity": 1,
                            "fulfillment_line_id": near.line_ids.id,
                        }
                    )
                ],
            }
        )
        refunds = order._oms_request_refund(35.0, return_=returned)
        self.assertEqual(refunds.oms_return_id, returned)
        self.assertEqual(
            {each.source_transaction_id.oms_fulfillment_id: each.amount for each in refunds},
            {near: -30.0, (order.oms_fulfillment_ids - near): -5.0},
        )

    def test_what_is_cancelled_is_let_go(self):
        order, payment = self.place()
        self.cancel(order)
        self.follow()
        self.assertEqual(self.sums(order)["voided"], 100.0)
        self.assertEqual(payment.state, "cancel")

    def test_a_cancelled_order_that_was_paid_is_refunded(self):
        self.provider.capture_manually = False
        order, _payment = self.place(state="done")
        self.cancel(order)
        self.follow()
        self.assertEqual(self.sums(order)["refunded"], 100.0)
        self.assertEqual(self.bank.get_total("refund"), 100.0)

    @mute_logger(RUN)
    def test_a_refused_capture_is_owed_and_nothing_is_unshipped(self):
        order, _payment = self.place()
        self.use(Bank("refused"))
        fulfillment = self.leave(order, self.near)
        plan = self.plan_of(order)
        self.assertIn(fulfillment.state, ("shipped", "delivered"))
        self.assertEqual(plan.receivable, 30.0)
        self.assertIn("Insufficient funds", plan.problem)
        self.assertTrue(plan.activity_ids)
        exception = self.env["oms.exception"].search([("order_id", "=", order.id)])
        self.assertEqual(exception.kind, "payment")
        self.assertIn("could not be captured", exception.reason)
        exception.action_retry()
        self.follow()
        self.assertEqual((plan.receivable, plan.captured), (0.0, 30.0))
        self.assertFalse(self.env["oms.exception"].search([("order_id", "=", order.id)]))

    def test_more_leaves_than_is_authorized(self):
        order, _payment = self.place(50.0)
        self.leave(order, self.far)
        plan = self.plan_of(order)
        self.assertEqual((plan.captured, plan.receivable), (50.0, 20.0))
        pay(order, self.provider, 50.0)
        self.follow()
        self.assertEqual((plan.captured, plan.receivable), (70.0, 0.0))
        self.leave(order, self.near)
        self.assertEqual((plan.captured, plan.state), (100.0, "captured"))

    def test_nothing_is_authorized(self):
        """Where each shipment is to be captured, one that cannot be is told."""
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "Captured", "method": "multi"}
        )
        order, _payment = self.place(0.0)
        self.leave(order, self.far)
        plan = self.plan_of(order)
        self.assertEqual((plan.receivable, plan.state), (70.0, "waiting"))
        self.assertTrue(plan.activity_ids)

    def test_nobody_was_asked_for_money(self):
        """An order without any payment is paid by its invoices: nobody is alarmed."""
        order, _payment = self.place(0.0)
        self.leave(order, self.far)
        plan = self.plan_of(order)
        self.assertEqual((plan.method, plan.receivable, plan.due), ("account", 0.0, 100.0))
        self.assertFalse(plan.activity_ids)

    def test_on_account(self):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "On account", "method": "account"}
        )
        order, _payment = self.place(0.0)
        self.leave(order, self.far)
        plan = self.plan_of(order)
        self.assertEqual((plan.method, plan.receivable, plan.due), ("account", 0.0, 100.0))
        self.assertFalse(plan.activity_ids)

    def test_everything_at_the_first_shipment(self):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "Full", "method": "full"}
        )
        order, _payment = self.place()
        self.leave(order, self.near)
        self.assertEqual(self.sums(order)["captured"], 100.0)
        self.leave(order, self.far)
        self.assertEqual(self.bank.get_total("capture"), 100.0)

    def test_captured_before_it_leaves(self):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "Early", "capture_at": "released"}
        )
        self.stock(self.berry, (self.far, -10))
        order, _payment = self.place(sites=1)
        plan = self.plan_of(order)
        self.assertEqual(plan.capturing, 30.0, "the berry is not released yet")
        fulfillment = order.oms_fulfillment_ids
        with self.assertRaisesRegex(UserError, "is not paid yet"), self.env.cr.savepoint():
            self.ship(fulfillment.picking_ids)
        self.follow()
        self.assertEqual(plan.captured, 30.0)
        self.leave(order, self.near)
        self.assertEqual((plan.captured, plan.capturing, plan.receivable), (30.0, 0.0, 0.0))
        self.stock(self.berry, (self.far, 10))
        order.action_oms_source()
        self.assertEqual(plan.capturing, 70.0)
        self.follow()
        self.leave(order, self.far)
        self.assertEqual((plan.captured, plan.state), (100.0, "captured"))

    def test_a_capture_under_way_when_the_order_is_cancelled(self):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "Early", "capture_at": "released"}
        )
        order, _payment = self.place()
        self.assertEqual(self.plan_of(order).capturing, 100.0)
        self.cancel(order)
        self.follow()
        self.assertEqual(self.bank.get_total("capture"), 100.0)
        self.assertEqual(self.bank.get_total("refund"), 100.0)
        self.assertEqual(self.plan_of(order).state, "refunded")

    @mute_logger(RUN)
    def test_the_rest_of_a_single_capture_is_refused(self):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "Single", "method": "single"}
        )
        order, _payment = self.place(token_id=self.token(None).id)
        self.use(Bank("ok", "refused"))
        self.leave(order, self.near)
        self.assertTrue(order.oms_held)
        self.assertEqual(self.sums(order)["captured"], 30.0)
        pay(order, self.provider, 70.0)
        self.assertFalse(order.oms_held)
        self.leave(order, self.far)
        self.assertEqual(self.plan_of(order).state, "captured")

    def test_a_placed_order_waits_for_its_payment(self):
        order, _payment = self.place(0.0)
        plan = self.plan_of(order)
        self.assertEqual((plan.state, plan.due), ("waiting", 100.0))

    def test_the_rest_of_a_single_capture_is_authorized_anew(self):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "Single", "method": "single"}
        )
        order, _payment = self.place(token_id=self.token(None).id)
        plan = self.plan_of(order)
        self.assertEqual(plan.method, "single")
        self.leave(order, self.near)
        self.assertEqual(
            (plan.captured, plan.voided, plan.available, plan.authorized),
            (30.0, 70.0, 70.0, 170.0),
        )
        self.assertEqual(
            [what[:1] + what[2:3] for what in self.bank.asked],
            [("capture", 30.0), ("authorize", 70.0)],
            "the bank lets go by itself",
        )
        self.leave(order, self.far)
        self.assertEqual((plan.captured, plan.state), (100.0, "captured"))

    def use_method(self, method):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": method, "method": method}
        )

    def asked(self):
        return [what[:1] + what[2:3] for what in self.bank.asked]

    def test_what_leaves_together_is_one_capture_where_there_is_only_one(self):
        self.use_method("single")
        order, _payment = self.place(120.0, token_id=self.token(None).id)
        self.ship(order.oms_fulfillment_ids.picking_ids)
        self.follow()
        self.assertEqual(self.asked(), [("capture", 100.0)], "the bank lets go by itself")
        plan = self.plan_of(order)
        self.assertEqual((plan.captured, plan.voided, plan.available), (100.0, 20.0, 0.0))

    def test_what_leaves_while_the_one_capture_is_under_way_waits_for_it(self):
        self.use_method("single")
        order, _payment = self.place(token_id=self.token(None).id)
        plan = self.plan_of(order)
        near = order.oms_fulfillment_ids.filtered(lambda each: each.site_id == self.near)
        self.ship(near.picking_ids)
        plan._capture_due()
        self.ship((order.oms_fulfillment_ids - near).picking_ids)
        plan._capture_due()
        self.assertEqual((plan.capturing, plan.receivable), (30.0, 70.0))
        self.assertFalse(plan.activity_ids, "nobody has to do anything")
        self.follow()
        self.assertEqual(self.asked(), [("capture", 30.0), ("authorize", 70.0), ("capture", 70.0)])
        self.assertEqual((plan.captured, plan.receivable, plan.available), (100.0, 0.0, 0.0))

    def test_what_was_taken_ahead_is_not_authorized_again(self):
        self.use_method("full")
        order, _payment = self.place(token_id=self.token(None).id)
        self.leave(order, self.near)
        plan = self.plan_of(order)
        self.assertEqual(plan.captured, 100.0)
        self.assertEqual(plan._authorize_open(), "")

    # === EXPIRY === #

    def renew(self, after):
        """Run the job that renews authorizations, some days after now."""
        moment = fields.Datetime.now() + timedelta(days=after)
        with freeze_time(moment):
            plans = self.env["oms.payment.plan"].search([("available", ">", 0)])
            for plan in plans.filtered(lambda each: each._is_to_renew(moment)):
                plan._renew()
            self.run_tasks()
        self.env.invalidate_all()

    def test_an_authorization_is_renewed_before_it_expires(self):
        order, payment = self.place(token_id=self.token(None).id)
        self.leave(order, self.near)
        plan = self.plan_of(order)
        self.renew(5)
        self.assertEqual(len(self.bank.asked), 1, "there is time")
        self.renew(6.5)
        self.run_tasks()
        self.assertEqual(
            [what[:1] + what[2:3] for what in self.bank.asked[1:]],
            [("authorize", 70.0), ("void", 70.0)],
            "the new one first",
        )
        self.assertEqual((payment.state, plan.available), ("done", 70.0))
        self.renew(6.6)
        self.assertEqual(len(self.bank.asked), 3, "once")
        self.leave(order, self.far)
        self.assertEqual(plan.captured, 100.0)

    @mute_logger(RUN)
    def test_a_renewal_that_is_refused_holds_the_order(self):
        order, payment = self.place(token_id=self.token(None).id)
        self.use(Bank("refused"))
        self.renew(6.5)
        plan = self.plan_of(order)
        self.assertTrue(order.oms_held)
        self.assertTrue(plan.holds_order)
        self.assertEqual(payment.state, "authorized", "the old one stands as long as it does")
        mail = self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "=", order.id)], limit=1
        )
        self.assertIn("payment_amount=100.0", mail.body_html)
        exception = self.env["oms.exception"].search([("order_id", "=", order.id)])
        self.assertEqual(exception.kind, "payment")
        pay(order, self.provider)
        self.assertFalse(order.oms_held)
        self.assertFalse(plan.holds_order or plan.problem_since)

    def test_without_a_saved_card_the_customer_is_asked(self):
        order, _payment = self.place()
        self.renew(6.5)
        self.assertTrue(order.oms_held)
        self.assertEqual(self.bank.asked, [])
        self.renew(8)
        self.assertEqual(self.plan_of(order).state, "expired")

    def test_what_is_not_needed_any_more_is_let_go(self):
        order, _payment = self.place(120.0, token_id=self.token(None).id)
        self.renew(6.5)
        self.run_tasks()
        self.assertEqual(self.sums(order)["available"], 100.0)
