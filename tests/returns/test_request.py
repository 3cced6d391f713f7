from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestRequest(ReturnCase):
    def test_what_can_come_back(self):
        order = self.deliver((self.apple, 3), (self.berry, 2))
        self.assertEqual(self.returnable(order, self.apple), (3, ""))
        record = self.ask(order, (self.apple, 2))
        self.assertEqual(record.state, "authorized")
        self.assertEqual(record.site_id, self.near)
        self.assertEqual(record.line_ids.quantity, 2)
        self.assertEqual(record.amount_announced, 20)
        self.assertEqual(self.returnable(order, self.apple)[0], 1)
        self.assertEqual(self.returnable(order, self.berry)[0], 2)

    def test_transfers_and_supply(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2), site_id=self.far.id)
        picking = record.picking_ids
        self.assertEqual(picking.picking_type_id, self.far.warehouse_id.in_type_id)
        self.assertEqual(picking.return_id, order.picking_ids - picking)
        self.assertEqual(picking.move_ids.origin_returned_move_id, order.order_line.move_ids[:1])
        self.assertEqual(picking.state, "assigned")
        self.env.flush_all()
        supply = self.env["oms.supply"].search([("picking_id", "=", picking.id)])
        self.assertEqual((supply.site_id, supply.kind, supply.quantity), (self.far, "return", 2))

    def test_cancelled(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        record.action_cancel()
        self.assertEqual(record.state, "cancelled")
        self.assertEqual(record.picking_ids.state, "cancel")
        self.assertEqual(self.returnable(order, self.apple)[0], 3)

    def test_not_delivered(self):
        order = self.make_order((self.apple, 3))
        with self.assertRaisesRegex(UserError, "has not been delivered yet"):
            self.ask(order, (self.apple, 1))

    def test_twice(self):
        order = self.deliver((self.apple, 3))
        first = self.ask(order, (self.apple, 3))
        with self.assertRaisesRegex(UserError, f"being returned already: {first.name}"):
            self.ask(order, (self.apple, 1))

    def test_more_than_bought(self):
        order = self.deliver((self.apple, 3))
        with self.assertRaisesRegex(UserError, "more than can be returned: 3"):
            self.ask(order, (self.apple, 2), (self.apple, 2))
        self.assertFalse(order.oms_return_ids)
