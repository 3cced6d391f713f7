"""One number per order, which nobody changes and no other order has."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .payment_case import PaymentCase, pay


@tagged("post_install", "-at_install")
class TestNumber(PaymentCase):
    def test_a_placed_order_keeps_its_number(self):
        order = self.make_order((self.apple, 1))
        with self.assertRaisesRegex(UserError, "keeps its number"):
            order.name = "Other"
        order.name = order.name

    def test_an_order_that_is_being_paid_keeps_its_number(self):
        order = self.make_order((self.apple, 1), confirm=False)
        order.name = "Quotation 7"
        pay(order, self.provider)
        with self.assertRaisesRegex(UserError, "keeps its number"):
            order.name = "Other"

    def test_references_derive_from_it(self):
        order, root = self.make_paid()
        capture = order._oms_request_capture(60.0)
        self.run_tasks()
        refund = order._oms_request_refund(10.0)
        for each in root | capture | refund:
            self.assertIn(order.name, each.reference)

    def test_no_two_orders_that_a_bank_knows_have_one_number(self):
        order = self.make_order((self.apple, 1))
        self.make_order((self.apple, 1), name=order.name)
        third = self.make_order((self.apple, 1), confirm=False, name=order.name)
        pay(third, self.provider)
        with self.assertRaisesRegex(UserError, "has the number"):
            third.action_confirm()

    def test_companies_number_their_orders_apart(self):
        companies = self.env["res.company"].create([{"name": "North"}, {"name": "South"}])
        names = [
            self.env["ir.sequence"].with_company(company).next_by_code("sale.order")
            for company in companies | self.company
            for _twice in range(2)
        ]
        self.assertEqual(len(set(names)), 6)
        prefixes = [names[0].split("-")[0], names[2].split("-")[0]]
        self.assertEqual(prefixes, [f"S{company.id}" for company in companies])
