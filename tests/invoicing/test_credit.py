from odoo.exceptions import UserError
from odoo.tests import tagged

from .invoicing_case import InvoicingCase


@tagged("post_install", "-at_install")
class TestCredits(InvoicingCase):
    def make_shipped(self, **kwargs):
        order = self.make_mixed(**kwargs)
        self.ship_from(order, self.near)
        order._oms_invoice()
        self.ship_from(order, self.far)
        order._oms_invoice()
        return order

    def apples(self, order):
        return order.order_line.filtered(lambda line: line.product_id == self.apple)

    def berries(self, order):
        return order.order_line.filtered(lambda line: line.product_id == self.berry)

    def back(self, order, line, quantity):
        """Take goods of a line back."""
        picking = order.picking_ids.filtered(
            lambda p: p.state == "done" and line.product_id in p.move_ids.product_id
        )[:1]
        self.take_back(picking, quantity)

    def test_a_part_is_credited_with_its_discount(self):
        order = self.make_shipped()
        line = self.apples(order)
        self.back(order, line, 1)
        credit = order._oms_credit({line: 1})
        invoice = order.invoice_ids.sorted("id")[:1]
        self.assertEqual(credit.move_type, "out_refund")
        self.assertEqual(credit.state, "posted")
        self.assertEqual(credit.reversed_entry_id, invoice)
        discount = invoice.invoice_line_ids.filtered(lambda each: each.price_total < 0)
        self.assertAlmostEqual(credit.amount_total, 9.99 + round(discount.price_total / 3, 2), 2)
        self.assertAlmostEqual(line.qty_invoiced, 2)
        self.assertAlmostEqual(line.qty_to_invoice, 0)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_nothing_is_invoiced_again_under_either_policy(self):
        for policy in ("order", "delivery"):
            for goods_back in (True, False):
                with self.subTest(policy=policy, goods_back=goods_back):
                    self.apple.invoice_policy = policy
                    self.berry.invoice_policy = policy
                    order = self.make_shipped()
                    line = self.apples(order)
                    order._oms_credit({line: 2})
                    self.assertAlmostEqual(line.qty_to_invoice, 0)
                    if goods_back:
                        self.back(order, line, 2)
                    self.assertAlmostEqual(line.qty_to_invoice, 0)
                    self.assertEqual(line.invoice_status, "invoiced")
                    self.assertFalse(order._oms_invoice())
                    with self.assertRaises(UserError):
                        order._create_invoices(final=True)

    def test_what_is_sent_again_is_invoiced_again(self):
        for policy in ("order", "delivery"):
            with self.subTest(policy):
                self.apple.invoice_policy = policy
                order = self.make_shipped()
                line = self.apples(order)
                self.back(order, line, 1)
                order._oms_credit({line: 1})
                # What came back waits for somebody who looks at it: another one is sent.
                self.stock(self.apple, (self.near, 1))
                picking = self.get_shipment(order, self.near).picking_ids.filtered(
                    lambda p: p.picking_type_code == "outgoing"
                )[:1]
                again = picking.move_ids.copy(
                    {"picking_id": False, "product_uom_qty": 1, "origin_returned_move_id": False}
                )
                again._action_confirm()
                again.quantity = 1
                again.picked = True
                again._action_done()
                self.assertAlmostEqual(line.qty_delivered, 3)
                self.assertAlmostEqual(line.qty_to_invoice, 1)

    def test_all_in_parts_comes_to_the_invoices(self):
        order = self.make_shipped()
        notes = self.env["account.move"]
        for quantity in (1, 1, 1):
            notes |= order._oms_credit({self.apples(order): quantity})
        notes |= order._oms_credit({self.berries(order): 2})
        post = order.order_line.filtered("is_delivery")
        notes |= order._oms_credit({post: 1})
        self.assertAlmostEqual(sum(notes.mapped("amount_total")), order.amount_total, 2)
        self.assertAlmostEqual(sum(notes.mapped("amount_tax")), order.amount_tax, 2)
        for invoice in order.invoice_ids.filtered(lambda move: move.move_type == "out_invoice"):
            of_invoice = notes.filtered(
                lambda credit, invoice=invoice: credit.reversed_entry_id == invoice
            )
            self.assertAlmostEqual(sum(of_invoice.mapped("amount_total")), invoice.amount_total, 2)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_a_line_of_two_invoices_is_credited_on_both_the_youngest_first(self):
        order = self.make_mixed(berries=1)
        self.ship_from(order, self.near, 2)
        first = order._oms_invoice()
        self.ship_from(order, self.near, 1)
        second = order._oms_invoice()
        notes = order._oms_credit({self.apples(order): 2})
        self.assertEqual(notes.reversed_entry_id, first | second)
        by_invoice = {credit.reversed_entry_id: credit for credit in notes}
        for invoice in (first, second):
            goods = by_invoice[invoice].invoice_line_ids.filtered(
                lambda line: line.product_id == self.apple
            )
            self.assertAlmostEqual(goods.quantity, 1)

    def test_more_than_invoiced_is_refused(self):
        order = self.make_shipped()
        line = self.apples(order)
        order._oms_credit({line: 2})
        with self.assertRaisesRegex(UserError, "no more than 1 "):
            order._oms_credit({line: 2})
        with self.assertRaisesRegex(UserError, "above zero"):
            order._oms_credit({line: 0})
        other = self.make_mixed()
        with self.assertRaisesRegex(UserError, "Only goods and services"):
            order._oms_credit({self.apples(other): 1})

    def test_a_fee_is_kept(self):
        for line_of, price in ((self.apples, 9.99), (self.berries, 8.41)):
            with self.subTest(price=price):
                order = self.make_shipped(discount=0, shipping=0)
                credit = order._oms_credit({line_of(order): 1}, fee=2.5)
                self.assertAlmostEqual(credit.amount_total, price - 2.5, 2)
                fee = credit.invoice_line_ids.filtered(lambda line: line.price_total < 0)
                self.assertAlmostEqual(fee.price_total, -2.5, 2)
                self.assertTrue(fee.tax_ids, "a fee is taxed as the goods are")

    def test_a_fee_above_what_is_credited_is_refused(self):
        order = self.make_shipped(discount=0, shipping=0)
        with self.assertRaisesRegex(UserError, "cannot be kept"):
            order._oms_credit({self.apples(order): 1}, fee=10.5)
        self.assertEqual(len(order.invoice_ids), 2)

    def test_what_is_not_invoiced_yet_is_invoiced_before(self):
        self.policy.invoicing = "order"
        order = self.make_mixed()
        self.ship_from(order, self.near)
        credit = order._oms_credit({self.apples(order): 1})
        self.assertEqual(credit.reversed_entry_id.move_type, "out_invoice")
        self.ship_from(order, self.far)
        order._oms_invoice()
        bills = order.invoice_ids.filtered(lambda move: move.move_type == "out_invoice")
        self.assertAlmostEqual(sum(bills.mapped("amount_total")), order.amount_total, 2)

    def test_by_hand_what_was_never_invoiced_is_not_credited(self):
        self.policy.invoicing = "none"
        order = self.make_mixed()
        self.ship_from(order, self.near)
        self.assertFalse(order._oms_credit({self.apples(order): 1}))

    def test_a_draft_invoice_has_to_be_confirmed_first(self):
        self.policy.invoicing = "none"
        order = self.make_mixed()
        self.ship_from(order, self.near)
        order._create_invoices()
        with self.assertRaisesRegex(UserError, "draft"):
            order._oms_credit({self.apples(order): 1})

    def test_a_refund_pays_its_credit_note(self):
        for refund_first in (False, True):
            with self.subTest(refund_first=refund_first):
                order = self.make_mixed()
                self.pay(order)
                near = self.ship_from(order, self.near)
                order._oms_request_capture(near._oms_get_capture_amounts()[near], near)
                self.settle(order)
                invoice = order._oms_invoice()
                self.assertEqual(invoice.amount_residual, 0.0)
                if refund_first:
                    order._oms_request_refund(5.0)
                    self.settle(order)
                credit = order._oms_credit({self.apples(order): 1})
                self.assertEqual(invoice.amount_residual, 0.0)
                if not refund_first:
                    self.assertAlmostEqual(credit.amount_residual, credit.amount_total, 2)
                rest = credit.amount_total - (5.0 if refund_first else 0.0)
                order._oms_request_refund(round(rest, 2))
                self.settle(order)
                self.assertEqual(credit.amount_residual, 0.0)
                self.assertIn(credit.payment_state, ("paid", "in_payment"))

    def test_on_account_a_credit_note_lowers_what_is_owed(self):
        order = self.make_mixed()
        self.ship_from(order, self.near)
        invoice = order._oms_invoice()
        credit = order._oms_credit({self.apples(order): 1})
        self.assertEqual(credit.amount_residual, 0.0)
        self.assertAlmostEqual(
            invoice.amount_residual, invoice.amount_total - credit.amount_total, 2
        )

    def test_currencies(self):
        for code in ("JPY", "KWD"):
            with self.subTest(code):
                order = self.make_shipped(pricelist_id=self.in_currency(code).id)
                line = self.apples(order)
                notes = self.env["account.move"]
                for _each in range(3):
                    notes |= order._oms_credit({line: 1})
                notes |= order._oms_credit({self.berries(order): 2})
                post = order.order_line.filtered("is_delivery")
                notes |= order._oms_credit({post: 1})
                self.assertAlmostEqual(sum(notes.mapped("amount_total")), order.amount_total, 4)
