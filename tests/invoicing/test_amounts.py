from odoo.tests import tagged

from .invoicing_case import InvoicingCase


@tagged("post_install", "-at_install")
class TestAmounts(InvoicingCase):
    def captured(self, order, site):
        return self.get_shipment(order, site)._oms_get_capture_amounts()

    def test_two_shipments_come_to_the_total(self):
        order = self.make_mixed()
        total = order.amount_total
        # 29.97 + 2 x 7.77 + 8.25% = 16.82; goods 46.79; shipping 4.95 and discount -3.33 as they
        # are, taxes included.
        self.assertAlmostEqual(total, 29.97 + 16.82 + 4.95 - 3.33, 2)
        self.assertAlmostEqual(order._oms_get_open_amount(), total, 2)
        near = self.ship_from(order, self.near)
        amount = near._oms_get_capture_amounts()[near]
        # The apples, and of shipping and discount their share of the goods.
        share = 29.97 / 46.79
        expected = 29.97 + round(4.95 * share, 2) + round(-3.33 * share, 2)
        self.assertAlmostEqual(amount, expected, 2)
        self.assertAlmostEqual(order._oms_get_open_amount(), total - amount, 2)
        far = self.ship_from(order, self.far)
        amounts = (near | far)._oms_get_capture_amounts()
        self.assertAlmostEqual(sum(amounts.values()), total, 2)
        self.assertAlmostEqual(amounts[near], amount, 2)
        self.assertEqual(order._oms_get_open_amount(), 0.0)
        self.assertAlmostEqual(order._oms_get_due_amount(), total, 2)

    def test_part_after_part_of_one_shipment(self):
        order = self.make_mixed(apples=3, berries=1, shipping=0, discount=0)
        near = self.ship_from(order, self.near, 1)
        self.assertAlmostEqual(near._oms_get_capture_amounts()[near], 9.99, 2)
        self.ship_from(order, self.near, 2)
        self.assertAlmostEqual(near._oms_get_capture_amounts()[near], 29.97, 2)

    def test_what_was_captured_is_not_due(self):
        order = self.make_mixed()
        self.pay(order)
        near = self.ship_from(order, self.near)
        amount = near._oms_get_capture_amounts()[near]
        order._oms_request_capture(amount, near)
        self.assertEqual(near._oms_get_capture_amounts()[near], 0.0)
        self.settle(order)
        self.assertEqual(near._oms_get_capture_amounts()[near], 0.0)
        far = self.ship_from(order, self.far)
        rest = far._oms_get_capture_amounts()[far]
        self.assertAlmostEqual(amount + rest, order.amount_total, 2)

    def test_what_came_back_was_due_still(self):
        order = self.make_mixed()
        near = self.ship_from(order, self.near)
        amount = near._oms_get_capture_amounts()[near]
        self.take_back(near.picking_ids, 1)
        self.assertAlmostEqual(near._oms_get_capture_amounts()[near], amount, 2)

    def test_currencies_without_cents_and_with_three(self):
        for code, digits in (("JPY", 0), ("KWD", 3)):
            with self.subTest(code):
                order = self.make_mixed(pricelist_id=self.in_currency(code).id)
                self.assertEqual(order.currency_id.name, code)
                near = self.ship_from(order, self.near)
                one = near._oms_get_capture_amounts()[near]
                self.assertEqual(round(one, digits), one)
                far = self.ship_from(order, self.far)
                both = (near | far)._oms_get_capture_amounts()
                self.assertAlmostEqual(sum(both.values()), order.amount_total, digits + 1)

    def test_rounded_over_the_whole_order(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        order = self.make_mixed(apples=7, berries=5)
        amounts = order._oms_get_amounts()[order]
        self.assertEqual(amounts.step.amount(amounts.total()), order.amount_total)

    def test_a_cancelled_order_is_open_for_nothing(self):
        order = self.make_mixed()
        self.cancel(order)
        self.assertEqual(order._oms_get_open_amount(), 0.0)

    def test_a_line_in_dozens(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.stock(self.apple, (self.near, 24))
        order = self.make_order((self.apple, 2, {"product_uom_id": dozen.id, "price_unit": 100.0}))
        near = self.ship_from(order, self.near, 6)
        self.assertAlmostEqual(near._oms_get_capture_amounts()[near], 50.0, 2)

    def test_early_payment_discount(self):
        """Its tax is reckoned on what is paid early, by Odoo for each invoice by itself.

        Captures come to the order; invoices may be off by a step for each that there is.
        """
        term = self.env["account.payment.term"].create(
            {
                "name": "2 % within 7 days",
                "early_discount": True,
                "discount_percentage": 2.0,
                "discount_days": 7,
                "early_pay_discount_computation": "mixed",
                "line_ids": [(0, 0, {"value": "percent", "value_amount": 100, "nb_days": 30})],
            }
        )
        self.berry.taxes_id = self.apple.taxes_id = self.on_top
        order = self.make_mixed(shipping=0.0, discount=0.0, payment_term_id=term.id)
        self.pay(order)
        captured = []
        for site in (self.near, self.far):
            fulfillment = self.ship_from(order, site)
            amount = fulfillment._oms_get_capture_amounts()[fulfillment]
            order._oms_request_capture(amount, fulfillment)
            captured.append(amount)
            self.settle(order)
            order._oms_invoice()
        self.assertAlmostEqual(sum(captured), order.amount_total, 2)
        bills = order.invoice_ids.sorted("id")
        self.assertEqual(len(bills), 2)
        self.assertAlmostEqual(sum(bills.mapped("amount_total")), order.amount_total, delta=0.0201)
