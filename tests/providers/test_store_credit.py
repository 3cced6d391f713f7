from odoo import Command
from odoo.tests import tagged

from ..invoicing.invoicing_case import InvoicingCase


@tagged("post_install", "-at_install")
class TestStoreCredit(InvoicingCase):
    """What comes back is put into an eWallet of Odoo's loyalty programs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loyalty.program"].search([("program_type", "=", "ewallet")]).active = False
        cls.top_up = cls.env["product.product"].create(
            {"name": "Top-up", "type": "service", "list_price": 1.0, "taxes_id": False}
        )

    def make_program(self):
        rule = {
            "reward_point_amount": 1,
            "reward_point_mode": "money",
            "product_ids": [Command.set(self.top_up.ids)],
        }
        reward = {
            "reward_type": "discount",
            "discount_mode": "per_point",
            "discount": 1,
            "required_points": 1,
        }
        return self.env["loyalty.program"].create(
            {
                "name": "Wallet",
                "program_type": "ewallet",
                "applies_on": "future",
                "trigger": "auto",
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                "rule_ids": [Command.create(rule)],
                "reward_ids": [Command.create(reward)],
            }
        )

    def back(self, order):
        line = {"sale_line_id": order.order_line.id, "quantity": 1}
        record = self.env["oms.return"]._request(
            {
                "order_id": order.id,
                "site_id": self.near.id,
                "outcome": "credit",
                "lines": [line],
            }
        )
        items = record._receive([{"product_id": self.apple.id, "quantity": 1}])
        record._inspect([{"item_id": items.id}])
        return record

    def test_credit(self):
        self.assertFalse(self.env["oms.return"]._knows_store_credit(self.company))
        program = self.make_program()
        self.assertTrue(self.env["oms.return"]._knows_store_credit(self.company))
        self.stock(self.apple, (self.near, 20))
        order = self.make_order((self.apple, 3))
        self.pay(order)
        self.ship(order.picking_ids)
        left = order.oms_payment_plan_id.available
        if left:
            order._oms_request_capture(left)
        self.settle(order)
        order._oms_invoice_shipped()
        for times in (1, 2):
            record = self.back(order)
            self.assertEqual((record.state, record.amount_settled), ("closed", 9.99))
            card = self.env["loyalty.card"].search(
                [("program_id", "=", program.id), ("partner_id", "=", self.customer.id)]
            )
            self.assertAlmostEqual(card.points, 9.99 * times)
            self.assertEqual(len(card.history_ids), times)
            # Booked as bought with what was credited: the customer is owed nothing else.
            self.assertEqual(record.credit_move_ids.amount_residual, 0)
            self.assertFalse(record.transaction_ids)
        bills = self.env["account.move"].search(
            [("invoice_line_ids.product_id", "=", self.top_up.id)]
        )
        self.assertEqual(set(bills.mapped("amount_residual")), {0.0})
        self.assertEqual(order.oms_payment_plan_id.refunded, 0)
