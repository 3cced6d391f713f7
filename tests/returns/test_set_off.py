"""What comes back and was never paid: it pays what is owed, and only what was paid goes back."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..invoicing.invoicing_case import InvoicingCase
from ..payment.payment_case import Bank

RUN = "odoo.addons.oms.models.task.oms_task_run"


@tagged("post_install", "-at_install")
class TestSetOff(InvoicingCase):
    """Three apples of 9.99 are captured; the capture of two berries of 8.41 is refused."""

    def setUp(self):
        super().setUp()
        self.order = self.make_mixed(shipping=0.0, discount=0.0)
        self.apples, self.berries = self.order.order_line
        self.total, self.paid, self.owed = 46.79, 29.97, 16.82
        self.assertEqual(self.order.amount_total, self.total)
        self.pay(self.order)
        self.plan = self.order.oms_payment_plan_id
        self.leave(self.near)

    def leave(self, site):
        self.ship_from(self.order, site)
        self.plan._capture_due()
        with mute_logger(RUN):
            self.settle(self.order)
        self.order._oms_invoice()

    def refuse(self):
        self.use(Bank("refused"))
        self.leave(self.far)
        self.assertEqual((self.plan.captured, self.plan.receivable), (self.paid, self.owed))
        self.assertEqual(self.plan.due, self.owed)

    def back(self, line, quantity, **vals):
        record = self.env["oms.return"]._request(
            {
                "order_id": self.order.id,
                "site_id": self.near.id,
                "lines": [{"sale_line_id": line.id, "quantity": quantity}],
                **vals,
            }
        )
        items = record._receive([{"product_id": line.product_id.id, "quantity": quantity}])
        record._inspect([{"item_id": item.id} for item in items])
        self.assertFalse(record.settle_error)
        self.settle(self.order)
        self.order._oms_reconcile_payments()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(
            self.env["oms.return.mismatch"].search([("return_id", "=", record.id)]).mapped("kind")
        )
        return record

    def left_in_books(self):
        return {
            move.move_type + str(round(move.amount_total, 2)): move.amount_residual
            for move in self.order.invoice_ids
        }

    def test_what_was_not_paid_is_not_paid_back(self):
        self.refuse()
        record = self.back(self.berries, 2)
        self.assertEqual((record.amount_settled, record.amount_set_off), (self.owed, self.owed))
        self.assertFalse(record.transaction_ids)
        self.assertEqual(self.bank.get_total("refund"), 0)
        self.assertEqual((self.plan.receivable, self.plan.due), (0, 0))
        self.assertEqual(self.plan.state, "captured")
        # What the bank still held for them is let go, and nothing is captured of it.
        self.assertEqual(self.bank.get_total("void"), self.owed)
        self.assertIn("could", self.plan._capture_due() or "could")
        self.assertEqual(self.bank.get_total("capture"), 0)
        self.assertEqual(set(self.left_in_books().values()), {0})

    def test_a_part(self):
        """One berry comes back: the other is owed still, and captured for its price alone."""
        self.refuse()
        record = self.back(self.berries, 1)
        half = self.owed / 2
        self.assertAlmostEqual(record.amount_set_off, half, 2)
        self.assertAlmostEqual(self.plan.receivable, half, 2)
        self.use(Bank())
        self.plan._capture_due()
        self.settle(self.order)
        self.assertAlmostEqual(self.bank.get_total("capture"), half, 2)
        self.assertEqual((self.plan.receivable, self.plan.due), (0, 0))
        self.order._oms_reconcile_payments()
        self.assertEqual(set(self.left_in_books().values()), {0})

    def test_what_was_paid_pays_what_is_owed(self):
        """Of apples that are paid nothing goes back as long as berries are owed."""
        self.refuse()
        first = self.back(self.apples, 1)
        self.assertEqual((first.amount_settled, first.amount_set_off), (9.99, 9.99))
        self.assertAlmostEqual(self.plan.receivable, self.owed - 9.99, 2)
        second = self.back(self.apples, 2)
        self.assertAlmostEqual(second.amount_set_off, self.owed - 9.99, 2)
        self.assertAlmostEqual(self.bank.get_total("refund"), 3 * 9.99 - self.owed, 2)
        self.assertEqual(self.plan.receivable, 0)
        self.assertEqual(set(self.left_in_books().values()), {0})

    def test_not_captured_yet(self):
        """What left and is about to be captured is not any more when it came back before."""
        self.ship_from(self.order, self.far)
        record = self.back(self.berries, 2)
        self.assertEqual(record.amount_set_off, self.owed)
        self.plan._capture_due()
        self.settle(self.order)
        self.assertEqual(self.bank.get_total("capture"), self.paid)
        self.assertEqual(self.bank.get_total("void"), self.owed)

    def test_paid_by_transfer(self):
        """What was paid past the bank of the order is owed no more: it is the customer's."""
        self.refuse()
        bill = self.order.invoice_ids.filtered(lambda move: move.amount_total == self.owed)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        ).create({})._create_payments()
        self.assertEqual(bill.amount_residual, 0)
        record = self.back(self.berries, 2)
        self.assertEqual((record.amount_settled, record.amount_set_off), (self.owed, 0))
        self.assertEqual(self.bank.get_total("refund"), self.owed)

    def test_all_was_paid(self):
        self.leave(self.far)
        record = self.back(self.berries, 1)
        self.assertFalse(record.amount_set_off)
        self.assertEqual(self.bank.get_total("refund"), record.amount_settled)
        self.assertFalse(self.plan.set_off)
