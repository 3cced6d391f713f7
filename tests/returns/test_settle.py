"""What customers get for what came back: money, other goods, store credit."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..invoicing.invoicing_case import InvoicingCase
from ..payment.payment_case import Bank, make_provider, pay
from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestSettle(ReturnCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create(
            {"name": "Tax of returns", "amount": 20.0, "company_id": cls.company.id}
        )
        cls.shirt = cls.make_product("Shirt", taxes_id=[(6, 0, cls.tax.ids)])
        cls.hat = cls.make_product("Hat", list_price=25.0)
        cls.sock = cls.make_product("Sock", list_price=4.0)
        for product in (cls.shirt, cls.hat, cls.sock):
            cls.stock(product, (cls.near, 20))

    def setUp(self):
        super().setUp()
        self.bank = Bank()
        self.enterContext(self.bank.open(self.env))

    def paid(self, *lines, captured=True):
        """An order that was paid, shipped and captured."""
        order = self.make_order(*lines, confirm=False)
        pay(order, make_provider(self.env, self.company))
        order.action_confirm()
        for picking in order.picking_ids:
            self.ship(picking)
        if captured:
            order._oms_ensure_payment_plans()
            left = order.oms_payment_plan_id.available
            if left:
                order._oms_request_capture(left)
            self.run_tasks()
        return order

    def run_tasks(self):
        for _time in range(2):
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE oms_task SET next_try = now() at time zone 'UTC' WHERE next_try IS NOT NULL"
            )
            self.env.invalidate_all()
            with self.enter_registry_test_mode():
                self.env.ref("oms.cron_run_tasks").method_direct_trigger()
            self.env.invalidate_all()

    def back(self, order, product, quantity, **vals):
        """Goods that were asked for, came and are accepted."""
        line = vals.pop("line", {})
        record = self.ask(order, (product, quantity, line), **vals)
        items = record._receive([{"product_id": product.id, "quantity": quantity}])
        record._inspect([{"item_id": item.id} for item in items])
        return record

    def test_money_back(self):
        order = self.paid((self.shirt, 3), (self.apple, 1))
        self.assertEqual(order.oms_payment_plan_id.captured, 46)
        record = self.back(order, self.shirt, 2)
        self.run_tasks()
        self.assertEqual((record.state, record.amount_settled), ("closed", 24))
        self.assertEqual(record.transaction_ids.mapped("state"), ["done"])
        self.assertEqual(self.bank.get_total("refund"), 24)
        self.assertEqual(order.oms_payment_plan_id.refunded, 24)
        notes = record.credit_move_ids
        self.assertEqual(notes.mapped("amount_total"), [24])
        self.assertTrue(notes.reversed_entry_id)
        self.assertEqual(notes.state, "posted")
        # The rest of the order, to the last cent.
        rest = [self.back(order, self.shirt, 1), self.back(order, self.apple, 1)]
        self.run_tasks()
        self.assertEqual([each.amount_settled for each in rest], [12, 10])
        self.assertEqual(order.oms_payment_plan_id.refundable, 0)
        self.assertEqual(self.bank.get_total("refund"), 46)

    def test_fee_is_kept_back(self):
        self.policy.write({"fee_percent": 10, "fee_fixed": 2})
        order = self.paid((self.shirt, 2))
        record = self.back(order, self.shirt, 1)
        self.run_tasks()
        # 12.00 less 10 % and 2.00
        self.assertEqual((record.amount_fee, record.amount_settled), (3.2, 8.8))
        self.assertEqual(record.credit_move_ids.amount_total, 8.8)
        self.assertEqual(self.bank.get_total("refund"), 8.8)

    def test_discount_of_the_order(self):
        discount = self.make_product("Discount", type="service", is_storable=False)
        order = self.paid((self.hat, 2), (self.apple, 5), (discount, 1, {"price_unit": -20.0}))
        self.assertEqual(order.amount_total, 80)
        record = self.back(order, self.hat, 1)
        self.run_tasks()
        self.assertEqual((record.amount_announced, record.amount_settled), (20, 20))
        self.assertEqual(self.bank.get_total("refund"), 20)

    def test_nothing_comes_back_once_all_was_refunded(self):
        order = self.paid((self.apple, 2), (self.hat, 1))
        order._oms_request_refund(15)
        self.run_tasks()
        self.assertEqual(self.returnable(order, self.apple)[0], 2)
        order._oms_request_refund(30)
        with self.assertRaisesRegex(UserError, f"All of {order.name} was refunded already"):
            self.ask(order, (self.apple, 1))

    def test_no_more_goes_back_than_was_captured(self):
        order = self.paid((self.apple, 2))
        order._oms_request_refund(15)
        record = self.back(order, self.apple, 1)
        self.run_tasks()
        self.assertEqual(self.bank.get_total("refund"), 20)
        self.assertIn("stay to the customer's credit", "".join(record.message_ids.mapped("body")))

    def test_not_paid_through_a_provider(self):
        order = self.deliver((self.apple, 2))
        record = self.back(order, self.apple, 1)
        self.assertEqual((record.state, record.amount_settled), ("closed", 10))
        self.assertFalse(record.transaction_ids)

    def test_waits_for_a_draft_invoice(self):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "By hand", "invoicing": "none"}
        )
        order = self.paid((self.apple, 2))
        invoice = order._create_invoices()
        record = self.back(order, self.apple, 1)
        self.assertEqual(record.state, "inspected")
        self.assertIn("draft invoice", record.settle_error)
        self.assertFalse(record.amount_settled)
        invoice.action_post()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_settle_returns").method_direct_trigger()
        self.assertEqual((record.state, record.amount_settled), ("closed", 10))
        self.assertFalse(record.settle_error)

    def invoiced_by_hand(self, *lines):
        """A paid order whose first line is invoiced and whose others are not."""
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "By hand", "invoicing": "none"}
        )
        order = self.paid(*lines)
        invoice = order._create_invoices()
        products = order.order_line[1:].product_id
        invoice.invoice_line_ids.filtered(lambda line: line.product_id in products).unlink()
        invoice.action_post()
        return order

    def test_what_is_not_invoiced_is_paid_back_beside_what_is(self):
        self.policy.fee_percent = 10
        order = self.invoiced_by_hand((self.sock, 1), (self.hat, 2))
        record = self.ask(order, (self.sock, 1), (self.hat, 2))
        items = record._receive(
            [
                {"product_id": self.sock.id, "quantity": 1},
                {"product_id": self.hat.id, "quantity": 2},
            ]
        )
        record._inspect([{"item_id": item.id} for item in items])
        self.run_tasks()
        self.assertEqual((record.state, record.settle_error), ("closed", False))
        # 54.00 less 10 %, of which 4.00 less 10 % were invoiced.
        self.assertEqual(record.credit_move_ids.mapped("amount_total"), [3.6])
        self.assertEqual(record.amount_settled, 48.6)
        self.assertEqual(self.bank.get_total("refund"), 48.6)

    def test_same_goods_again_cost_what_they_cost_with_the_discount_of_the_order(self):
        discount = self.make_product("Discount", type="service", is_storable=False)
        order = self.paid((self.shirt, 3), (self.hat, 2), (discount, 1, {"price_unit": -8.6}))
        record = self.back(order, self.shirt, 1, outcome="exchange")
        self.run_tasks()
        new = record.exchange_order_id
        self.assertEqual(new.amount_total, record.amount_settled)
        self.assertEqual(new.state, "sale")
        self.assertFalse(self.bank.get_total("refund"))

    def test_same_goods_again(self):
        order = self.paid((self.shirt, 2))
        record = self.back(order, self.shirt, 1, outcome="exchange")
        self.run_tasks()
        new = record.exchange_order_id
        self.assertEqual((new.state, new.amount_total), ("sale", 12))
        self.assertEqual(new.order_line.product_id, self.shirt)
        self.assertEqual(new.oms_state, "sourced")
        self.assertFalse(self.bank.get_total("refund"))
        self.assertEqual(record.state, "closed")

    def test_exchanged_for_something_cheaper(self):
        order = self.paid((self.apple, 2))
        line = {"exchange_product_id": self.sock.id}
        record = self.back(order, self.apple, 1, line=line, outcome="exchange")
        self.run_tasks()
        self.assertEqual(record.exchange_order_id.state, "sale")
        self.assertEqual(self.bank.get_total("refund"), 6)

    def test_exchanged_for_something_dearer(self):
        order = self.paid((self.apple, 2))
        line = {"exchange_product_id": self.hat.id}
        record = self.back(order, self.apple, 1, line=line, outcome="exchange")
        new = record.exchange_order_id
        self.assertEqual((new.state, new.amount_total), ("sent", 25))
        self.assertTrue(new.require_payment)
        self.assertEqual(new._get_prepayment_required_amount(), 15)
        self.assertTrue(record.activity_ids)

    def test_the_customer_pays_what_dearer_goods_cost_more(self):
        """With the difference paid the order is raised, shipped, and nothing more is taken."""
        order = self.paid((self.apple, 2))
        line = {"exchange_product_id": self.hat.id}
        record = self.back(order, self.apple, 1, line=line, outcome="exchange")
        new = record.exchange_order_id
        self.assertFalse(new.picking_ids, "nothing leaves before it is paid")
        pay(new, make_provider(self.env, self.company), amount=15)._post_process()
        self.assertEqual((new.state, new.oms_state), ("sale", "sourced"))
        plan = new.oms_payment_plan_id
        self.assertEqual((plan.due, plan.available), (15, 15))
        self.ship(new.picking_ids)
        plan._capture_due()
        self.run_tasks()
        self.assertEqual((plan.captured, plan.due, plan.receivable), (15, 0, 0))
        self.assertEqual(plan.state, "captured")
        self.assertFalse(self.bank.get_total("refund"))

    def test_dearer_goods_that_come_back_in_turn(self):
        """What was paid goes back to the bank, and no more; the rest is the customer's credit."""
        order = self.paid((self.apple, 2))
        line = {"exchange_product_id": self.hat.id}
        new = self.back(order, self.apple, 1, line=line, outcome="exchange").exchange_order_id
        pay(new, make_provider(self.env, self.company), amount=15)._post_process()
        self.ship(new.picking_ids)
        new.oms_payment_plan_id._capture_due()
        self.run_tasks()
        record = self.back(new, self.hat, 1)
        self.run_tasks()
        self.assertEqual((record.state, record.amount_settled), ("closed", 25))
        self.assertEqual(self.bank.get_total("refund"), 15)

    def test_no_store_credit_without_loyalty(self):
        order = self.deliver((self.apple, 2))
        if self.env["oms.return"]._knows_store_credit(self.company):
            self.assertTrue(self.ask(order, (self.apple, 1), outcome="credit"))
        else:
            with self.assertRaisesRegex(UserError, "no store credit here"):
                self.ask(order, (self.apple, 1), outcome="credit")

    def test_no_verdict_is_changed_once_money_went_back(self):
        self.policy.refund_at = "received"
        order = self.paid((self.apple, 2))
        record = self.ask(order, (self.apple, 1))
        items = record._receive([{"product_id": self.apple.id, "quantity": 1}])
        self.assertEqual((record.state, record.amount_settled), ("received", 10))
        with self.assertRaisesRegex(UserError, "got something for"):
            record._inspect([{"item_id": items.id, "accepted": False}])
        record._inspect([{"item_id": items.id}])
        self.assertEqual((record.state, record.amount_settled), ("closed", 10))


@tagged("post_install", "-at_install")
class TestBooks(InvoicingCase):
    """What comes back in the books: credit notes, refunds and what is ordered instead."""

    def setUp(self):
        super().setUp()
        self.stock(self.apple, (self.near, 20))
        self.order = self.make_order((self.apple, 3))
        self.pay(self.order)
        self.ship(self.order.picking_ids)
        left = self.order.oms_payment_plan_id.available
        if left:
            self.order._oms_request_capture(left)
        self.settle(self.order)
        self.order._oms_invoice_shipped()

    def back(self, line=None, **vals):
        line = {"sale_line_id": self.order.order_line.id, "quantity": 1, **(line or {})}
        record = self.env["oms.return"]._request(
            {"order_id": self.order.id, "site_id": self.near.id, "lines": [line], **vals}
        )
        items = record._receive([{"product_id": self.apple.id, "quantity": 1}])
        record._inspect([{"item_id": items.id}])
        self.assertEqual((record.state, record.amount_settled), ("closed", 9.99))
        return record

    def test_refund_pays_the_credit_note(self):
        record = self.back()
        self.settle(self.order)
        note = record.credit_move_ids
        self.assertEqual((note.amount_total, note.amount_residual), (9.99, 0))
        self.assertEqual(note.reversed_entry_id, self.order.invoice_ids - note)
        self.assertEqual(record.transaction_ids.mapped("amount"), [-9.99])
        self.assertEqual(self.order.order_line.qty_invoiced, 2)
        self.assertEqual(self.order.order_line.qty_to_invoice, 0)

    def test_credit_note_pays_the_exchange(self):
        record = self.back(outcome="exchange")
        new, note = record.exchange_order_id, record.credit_move_ids
        self.assertEqual((new.state, new.amount_total), ("sale", 9.99))
        self.assertEqual(note.amount_residual, 9.99)
        self.ship(new.picking_ids)
        new._oms_invoice_shipped()
        self.assertEqual((new.invoice_ids.amount_total, new.invoice_ids.amount_residual), (9.99, 0))
        self.assertEqual(note.amount_residual, 0)
        self.assertFalse(record.transaction_ids)

    def test_credit_note_and_payment_pay_dearer_goods(self):
        hat = self.make_product("Hat", list_price=25.0)
        self.stock(hat, (self.near, 5))
        record = self.back(outcome="exchange", line={"exchange_product_id": hat.id})
        new, note = record.exchange_order_id, record.credit_move_ids
        self.assertEqual((new.state, new.amount_total), ("sent", 25))
        difference = new._get_prepayment_required_amount()
        self.assertEqual(difference, 15.01)
        self.pay(new, amount=difference)._post_process()
        self.assertEqual(new.state, "sale")
        self.ship(new.picking_ids)
        plan = new.oms_payment_plan_id
        plan._capture_due()
        self.settle(new)
        new._oms_invoice_shipped()
        self.settle(new)
        new._oms_reconcile_payments()
        invoice = new.invoice_ids
        self.assertEqual((plan.captured, plan.due, plan.receivable), (15.01, 0, 0))
        self.assertEqual((invoice.amount_total, invoice.amount_residual), (25, 0))
        self.assertEqual(note.amount_residual, 0)

    def test_what_was_credited_for_it_never_left_takes_nothing_from_what_did(self):
        self.stock(self.berry, (self.near, 20))
        self.berry.invoice_policy = "order"
        order = self.make_order((self.berry, 3))
        order._create_invoices().action_post()
        self.ship(order.picking_ids, 2)
        order._oms_credit({order.order_line: 1})
        self.assertEqual((order.order_line.qty_delivered, order.order_line.qty_invoiced), (2, 2))
        self.assertEqual(order._oms_get_returnable()[order.order_line]["quantity"], 2)
