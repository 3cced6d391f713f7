from odoo.exceptions import UserError
from odoo.tests import tagged

from .collect_case import CollectCase


@tagged("post_install", "-at_install")
class TestUndo(CollectCase):
    def check_undone(self, fulfillment, quantity):
        order = fulfillment.order_id
        self.assertEqual((fulfillment.state, fulfillment.pickup_state), ("released", "ready"))
        self.assertFalse(fulfillment.delivered_at)
        self.assertFalse(fulfillment.pickup_handed_by_id)
        self.assertEqual(order.order_line.qty_delivered, 0)
        self.assertEqual(order.order_line.oms_qty_open, 0)
        self.assertEqual(fulfillment.line_ids.quantity_done, 0)
        self.assertEqual(sum(self.open_moves(order).mapped("product_qty")), quantity)
        self.assertEqual(self.available(self.apple), 10 - quantity)

    def test_given_to_the_wrong_customer(self):
        fulfillment = self.make_ready((self.apple, 3))
        order, clerk = fulfillment.order_id, fulfillment.with_user(self.clerk)
        code = fulfillment.pickup_code
        for _time in range(2):
            clerk._collect(code)
            self.assertEqual(self.on_hand(self.apple), 7)
            clerk._undo_collect("Wrong box")
            self.assertEqual(self.on_hand(self.apple), 10)
            self.check_undone(fulfillment, 3)
        self.assertEqual((fulfillment.pickup_code, len(self.mails(fulfillment))), (code, 1))
        self.assertNotIn("fulfillment.rejected", self.events(order))
        clerk._collect(code)
        self.assertEqual((fulfillment.state, order.order_line.qty_delivered), ("delivered", 3))
        self.assertEqual((self.on_hand(self.apple), self.available(self.apple)), (7, 7))

    def test_then_not_collected(self):
        fulfillment = self.make_ready((self.apple, 3))
        fulfillment._collect()
        fulfillment._undo_collect()
        fulfillment._expire_pickup()
        order = fulfillment.order_id
        self.assertEqual(order.state, "cancel")
        self.assertEqual((self.on_hand(self.apple), self.available(self.apple)), (10, 10))

    def test_steps_and_lots(self):
        self.store.warehouse_id.delivery_steps = "pick_ship"
        self.apple.tracking = "lot"
        self.env["stock.quant"].search([("product_id", "=", self.apple.id)]).sudo().unlink()
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": self.apple.id} for name in ("L1", "L2")]
        )
        for lot in lots:
            self.stock(self.apple, (self.store, 5), lot_id=lot)
        fulfillment = self.make_ready((self.apple, 7))
        fulfillment._collect()
        fulfillment._undo_collect()
        self.check_undone(fulfillment, 7)
        fulfillment._collect()
        self.assertEqual(fulfillment.state, "delivered")
        self.assertEqual((self.on_hand(self.apple), self.available(self.apple)), (3, 3))

    def test_part(self):
        fulfillment = self.make_ready((self.apple, 3))
        fulfillment._collect(quantities={fulfillment.line_ids: 1})
        fulfillment._undo_collect()
        self.check_undone(fulfillment, 3)

    def test_nothing_to_undo(self):
        with self.assertRaisesRegex(UserError, "Nothing of .* was handed over"):
            self.make_ready()._undo_collect()
        shipped = self.make_order((self.apple, 1))
        self.ship(shipped.picking_ids)
        with self.assertRaisesRegex(UserError, "Nothing of .* was handed over"):
            shipped.oms_fulfillment_ids._undo_collect()
