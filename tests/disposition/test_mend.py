from unittest.mock import patch

from odoo.tests import tagged

from ..payment.payment_case import Bank
from ..returns import test_settle
from .common import DispositionCase


@tagged("-at_install", "post_install")
class TestMendMoney(DispositionCase):
    """Money that was lost on its way is given back, up to the bank."""

    run_tasks = test_settle.TestSettle.run_tasks
    paid = test_settle.TestSettle.paid

    def setUp(self):
        super().setUp()
        self.bank = Bank()
        self.enterContext(self.bank.open(self.env))

    def found(self, record):
        self.env.flush_all()
        self.env.invalidate_all()
        mismatches = self.env["oms.return.mismatch"].search([("return_id", "=", record.id)])
        return {each.kind: each for each in mismatches}

    def back(self, order, quantity, lost):
        """Goods came back and were accepted; part of the money, or all of it, was not sent."""
        record = self.ask(order, (self.apple, quantity))
        items = record._receive([{"product_id": self.apple.id, "quantity": quantity}])
        request = type(order)._oms_request_refund

        def less(orders, amount, **kwargs):
            return request(orders, amount - lost, **kwargs) if amount > lost else None

        with patch.object(type(order), "_oms_request_refund", less):
            record._inspect([{"item_id": item.id} for item in items])
        self.run_tasks()
        return record

    def test_a_refund_that_was_lost(self):
        order = self.paid((self.apple, 3))
        record = self.back(order, 2, lost=20)
        self.assertEqual((record.amount_settled, self.bank.get_total("refund")), (20, 0))
        wrong = self.found(record)["refund"]
        self.assertEqual(wrong.amount, -20)
        wrong.action_mend()
        self.run_tasks()
        self.assertEqual(self.bank.get_total("refund"), 20)
        self.assertEqual(order.oms_payment_plan_id.refunded, 20)
        self.assertEqual(record.transaction_ids.mapped("state"), ["done"])
        self.assertEqual(self.found(record), {})

    def test_a_refund_that_was_too_small(self):
        """Twelve of twenty went back: the credit note says twenty, and so eight more go back."""
        order = self.paid((self.apple, 3))
        record = self.back(order, 2, lost=8)
        record.amount_settled = 12
        self.assertEqual(list(self.found(record)), ["credit"])
        self.found(record)["credit"].action_mend()
        self.assertEqual(list(self.found(record)), ["refund"])
        self.found(record)["refund"].action_mend()
        self.run_tasks()
        self.assertEqual(self.bank.get_total("refund"), 20)
        self.assertEqual(order.oms_payment_plan_id.refunded, 20)
        self.assertEqual(sum(record.credit_move_ids.mapped("amount_total")), 20)
        self.assertEqual(self.found(record), {})
