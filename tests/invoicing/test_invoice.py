from odoo.tests import tagged

from .invoicing_case import InvoicingCase


@tagged("post_install", "-at_install")
class TestInvoices(InvoicingCase):
    def check_lines(self, invoice):
        """Taxes of an invoice are what its lines come to, to a cent a line."""
        self.assertEqual(invoice.state, "posted")
        debit = sum(invoice.line_ids.mapped("debit"))
        self.assertAlmostEqual(debit, sum(invoice.line_ids.mapped("credit")), 2)

    def test_an_invoice_for_each_shipment_comes_to_its_capture(self):
        order = self.make_mixed()
        near = self.ship_from(order, self.near)
        amount = near._oms_get_capture_amounts()[near]
        first = order._oms_invoice()
        self.check_lines(first)
        self.assertEqual(first.move_type, "out_invoice")
        self.assertEqual(first.oms_fulfillment_ids, near)
        self.assertAlmostEqual(first.amount_total, amount, 2)
        self.assertFalse(order._oms_invoice(), "twice does nothing more")
        far = self.ship_from(order, self.far)
        second = order._oms_invoice()
        self.assertEqual(second.oms_fulfillment_ids, far)
        self.assertAlmostEqual(first.amount_total + second.amount_total, order.amount_total, 2)
        self.assertEqual(order.invoice_status, "invoiced")
        for line in order.order_line:
            self.assertAlmostEqual(line.qty_invoiced, line.product_uom_qty, 2)
            self.assertAlmostEqual(
                sum(line.invoice_lines.mapped("price_total")), line.price_total, 2
            )

    def test_parts_of_a_line_come_to_the_line(self):
        self.apple.list_price = 3.33
        order = self.make_mixed(apples=7, berries=1, discount=-1.0)
        for _each in range(7):
            self.ship_from(order, self.near, 1)
            self.check_lines(order._oms_invoice())
        self.ship_from(order, self.far)
        order._oms_invoice()
        self.assertEqual(len(order.invoice_ids), 8)
        self.assertAlmostEqual(sum(order.invoice_ids.mapped("amount_total")), order.amount_total, 2)
        self.assertAlmostEqual(sum(order.invoice_ids.mapped("amount_tax")), order.amount_tax, 2)

    def test_other_currencies_and_rounding_over_the_order(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        for code in ("EUR", "JPY", "KWD"):
            with self.subTest(code):
                order = self.make_mixed(apples=3, berries=2, pricelist_id=self.in_currency(code).id)
                near = self.ship_from(order, self.near)
                amount = near._oms_get_capture_amounts()[near]
                first = order._oms_invoice()
                self.assertEqual(first.currency_id.name, code)
                self.assertAlmostEqual(first.amount_total, amount, 4)
                self.ship_from(order, self.far)
                order._oms_invoice()
                self.assertAlmostEqual(
                    sum(order.invoice_ids.mapped("amount_total")), order.amount_total, 4
                )

    def test_one_invoice_when_all_is_shipped(self):
        self.policy.invoicing = "order"
        order = self.make_mixed()
        self.ship_from(order, self.near)
        self.assertFalse(order._oms_invoice())
        self.ship_from(order, self.far)
        invoice = order._oms_invoice()
        self.assertAlmostEqual(invoice.amount_total, order.amount_total, 2)
        self.assertEqual(invoice.oms_fulfillment_ids, order.oms_fulfillment_ids)

    def test_by_hand_nothing_is_invoiced(self):
        self.policy.invoicing = "none"
        order = self.make_mixed()
        self.ship_from(order, self.near)
        self.assertFalse(order._oms_invoice())

    def test_what_somebody_invoiced_by_hand_is_not_invoiced_again(self):
        self.policy.invoicing = "none"
        order = self.make_mixed()
        self.ship_from(order, self.near)
        by_hand = order._create_invoices()
        by_hand.action_post()
        self.policy.invoicing = "shipment"
        self.ship_from(order, self.far)
        order._oms_invoice()
        self.assertAlmostEqual(sum(order.invoice_ids.mapped("amount_total")), order.amount_total, 2)

    def test_a_down_payment_is_taken_off_the_last_invoice(self):
        order = self.make_mixed()
        down = self.make_down_payment(order, 10.0)
        down.action_post()
        self.ship_from(order, self.near)
        order._oms_invoice()
        self.ship_from(order, self.far)
        order._oms_invoice()
        total = sum(order.invoice_ids.mapped("amount_total"))
        self.assertAlmostEqual(total, order.amount_total, 2)
        self.assertEqual(len(order.invoice_ids), 3)

    def test_captures_pay_their_invoices(self):
        order = self.make_mixed()
        self.pay(order)
        for site, invoice_first in ((self.near, True), (self.far, False)):
            shipment = self.ship_from(order, site)
            amount = shipment._oms_get_capture_amounts()[shipment]
            if invoice_first:
                order._oms_invoice()
            order._oms_request_capture(amount, shipment)
            self.settle(order)
            if not invoice_first:
                order._oms_invoice()
            invoice = order.invoice_ids.filtered(
                lambda move, shipment=shipment: shipment in move.oms_fulfillment_ids
            )
            self.assertIn(invoice.payment_state, ("paid", "in_payment"))
            self.assertEqual(invoice.amount_residual, 0.0)

    def test_money_taken_for_another_shipment_does_not_pay_for_this(self):
        order = self.make_mixed()
        self.pay(order)
        near, far = self.ship_from(order, self.near), self.ship_from(order, self.far)
        order._oms_invoice()
        self.assertEqual(len(order.invoice_ids), 1, "what left together is on one invoice")
        amounts = (near | far)._oms_get_capture_amounts()
        order._oms_request_capture(amounts[far], far)
        self.settle(order)
        self.assertAlmostEqual(order.invoice_ids.amount_residual, amounts[near], 2)

    def test_a_clerk_ships_and_the_invoice_is_made(self):
        order = self.make_mixed()
        self.ship_from(order, self.near)
        clerk = self.make_user("settle-clerk", "base.group_user,stock.group_stock_user")
        invoice = order.with_user(clerk)._oms_invoice()
        self.assertEqual(invoice.sudo().state, "posted")

    def test_lines_change_by_hand_is_reckoned_anew(self):
        order = self.make_mixed(discount=0, shipping=0)
        self.ship_from(order, self.near)
        invoice = order._oms_invoice()
        invoice.button_draft()
        invoice.invoice_line_ids.quantity = 2
        self.assertAlmostEqual(invoice.amount_total, 19.98, 2)


@tagged("post_install", "-at_install")
class TestSteps(InvoicingCase):
    def test_what_leaves_is_invoiced_by_the_workflow(self):
        self.channel.workflow_id = self.env.ref("oms.workflow_standard")
        order = self.make_mixed()
        self.pay(order)
        near = self.ship_from(order, self.near)
        amount = near._oms_get_capture_amounts()[near]
        self.assertFalse(order.invoice_ids, "who ships does not wait for it")
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_run_events").method_direct_trigger()
        self.env.invalidate_all()
        invoice = order.invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertAlmostEqual(invoice.amount_total, amount, 2)
        self.settle(order)
        self.assertEqual(invoice.amount_residual, 0.0)
        event = order.oms_event_ids.filtered(lambda each: each.event == "fulfillment.shipped")
        self.assertEqual(event.state, "done")
