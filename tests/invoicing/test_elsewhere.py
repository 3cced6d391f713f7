"""What customers pay past the providers, by transfer for one, is not captured once more."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..payment.payment_case import Bank
from .invoicing_case import InvoicingCase

RUN = "odoo.addons.oms.models.task.oms_task_run"


@tagged("post_install", "-at_install")
class TestElsewhere(InvoicingCase):
    """Three apples of 9.99, and two berries of 8.41 in a second shipment."""

    def make(self, paid=None):
        order = self.make_mixed(shipping=0.0, discount=0.0)
        self.pay(order, amount=paid)
        return order, order.oms_payment_plan_id

    def leave(self, order, site):
        self.ship_from(order, site)
        order.oms_payment_plan_id._capture_due()
        with mute_logger(RUN):
            self.settle(order)
        order._oms_invoice()

    def transfer(self, bills):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bills.ids
        )
        wizard.create({})._create_payments()

    def test_what_could_not_be_captured_is_paid_by_transfer(self):
        order, plan = self.make()
        self.leave(order, self.near)
        self.use(Bank("refused"))
        self.leave(order, self.far)
        self.assertEqual((plan.receivable, bool(plan.problem_since)), (16.82, True))
        self.transfer(order.invoice_ids.filtered("amount_residual"))
        self.assertEqual((plan.receivable, plan.problem_since), (0, False))
        # The authorization is open still: it is let go, and not captured.
        plan._capture_due()
        plan._void_rest()
        self.settle(order)
        self.assertEqual(self.bank.get_total("capture"), 0)
        self.assertEqual(self.bank.get_total("void"), 16.82)
        self.assertFalse(plan._refund_surplus())

    def test_a_deposit(self):
        """Ten were paid by transfer on a down payment invoice, the rest by card."""
        order = self.make_mixed(shipping=0.0, discount=0.0)
        deposit = self.make_down_payment(order, 10.0)
        deposit.action_post()
        self.transfer(deposit)
        left = order.amount_total - deposit.amount_total
        self.pay(order, amount=left)
        plan = order.oms_payment_plan_id
        for site in (self.near, self.far):
            self.leave(order, site)
        self.assertAlmostEqual(self.bank.get_total("capture"), left, 2)
        self.assertEqual((plan.receivable, plan.available), (0, 0))

    def test_payouts_that_somebody_matches_are_not_counted_twice(self):
        """What a provider took and nobody booked is matched by hand with its payout."""
        order, plan = self.make()
        self.ship_from(order, self.near)
        plan._capture_due()
        self.run_tasks()
        bill = order._oms_invoice()
        self.assertEqual((plan.captured, bill.amount_residual), (29.97, 29.97))
        self.transfer(bill)
        self.ship_from(order, self.far)
        plan._capture_due()
        self.run_tasks()
        self.assertAlmostEqual(self.bank.get_total("capture"), 46.79, 2)

    def test_an_invoice_of_two_orders(self):
        """What was paid of it pays each order by its share, and nothing that is not on it."""
        first, second = (
            self.make_mixed(shipping=0.0, discount=0.0, berries=berries) for berries in (2, 4)
        )
        for order in first | second:
            self.pay(order)
            self.ship_from(order, self.near)
        bill = (first | second)._create_invoices()
        self.assertEqual(len(bill), 1)
        for line in bill.invoice_line_ids.filtered(lambda each: each.product_id == self.berry):
            line.unlink()
        bill.action_post()
        self.assertAlmostEqual(bill.amount_total, 2 * 29.97, 2)
        self.transfer(bill)
        for order in first | second:
            self.assertAlmostEqual(order._oms_get_paid_elsewhere(), 29.97, 2)
            self.ship_from(order, self.far)
            order.oms_payment_plan_id._capture_due()
            self.run_tasks()
        self.assertAlmostEqual(first.oms_payment_plan_id.captured, 16.82, 2)
        self.assertAlmostEqual(second.oms_payment_plan_id.captured, second.amount_total - 29.97, 2)
