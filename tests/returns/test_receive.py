from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestReceive(ReturnCase):
    def test_as_announced(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        items = record._receive([{"product_id": self.apple.id, "quantity": 2}])
        self.assertEqual(record.state, "received")
        self.assertEqual(items.line_id, record.line_ids)
        self.assertEqual(self.at(self.apple, self.near.return_location_id), 2)
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(self.returnable(order, self.apple)[0], 1)
        record._inspect([{"item_id": items.id}])
        self.assertEqual(record.state, "closed")
        self.assertEqual((record.amount_accepted, record.amount_settled), (20, 20))

    def test_into_another_site(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        record._receive([{"product_id": self.apple.id, "quantity": 1}], self.far)
        self.assertEqual(record.state, "authorized")
        self.assertEqual(record.line_ids.state, "partial")
        self.assertEqual(self.at(self.apple, self.far.return_location_id), 1)
        self.assertEqual(order.order_line.qty_delivered, 2)
        open_moves = record.picking_ids.move_ids.filtered(lambda m: m.state == "assigned")
        self.assertEqual(open_moves.product_uom_qty, 1)
