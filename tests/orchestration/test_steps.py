from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestSteps(OmsCase):
    """Deliveries in two and three steps."""

    def prepare(self, steps, quantity=4):
        self.near.warehouse_id.delivery_steps = steps
        self.stock(self.apple, (self.near, 10))
        return self.make_order((self.apple, quantity))

    def steps_of(self, order):
        return order.picking_ids.filtered(lambda p: p.state != "cancel").sorted("id")

    def assertNothingComesBack(self, order):
        receipts = order.picking_ids.filtered(
            lambda p: p.location_id.usage == "customer" and p.state != "cancel"
        )
        self.assertFalse(receipts, "no return of goods that the customer never got")

    def test_pushed_steps_stay_in_the_fulfillment(self):
        order = self.prepare("pick_pack_ship")
        for step in range(3):
            picking = self.steps_of(order)[-1]
            self.assertEqual(picking.oms_fulfillment_id, order.oms_fulfillment_ids, f"step {step}")
            self.assertEqual(picking.reference_ids, order.oms_fulfillment_ids.reference_id)
            self.assertEqual(order.oms_fulfillment_ids.state, "released")
            self.assertBalanced(order)
            self.ship(picking)
        self.assertEqual(len(self.steps_of(order)), 3)
        self.assertEqual(order.oms_fulfillment_ids.state, "shipped")
        self.assertEqual(order.oms_fulfillment_ids.line_ids.quantity_done, 4)
        self.assertEqual(order.order_line.qty_delivered, 4)
        self.assertBalanced(order)

    def test_two_orders_do_not_mix(self):
        order = self.prepare("pick_ship")
        other = self.make_order((self.apple, 3))
        for picking in (order + other).picking_ids:
            self.ship(picking)
        for each in order + other:
            self.assertEqual(len(self.steps_of(each)), 2)
            self.assertEqual(self.steps_of(each).oms_fulfillment_id, each.oms_fulfillment_ids)
            self.assertBalanced(each)

    def test_raise_after_the_first_step(self):
        order = self.prepare("pick_ship")
        self.ship(order.picking_ids)
        order.order_line.product_uom_qty = 6
        self.assertBalanced(order)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 6})
        for _step in range(3):
            for picking in self.steps_of(order).filtered(lambda p: p.state == "assigned"):
                self.ship(picking)
        self.assertEqual(order.order_line.qty_delivered, 6)
        self.assertBalanced(order)

    def test_lower_before_the_first_step(self):
        for steps in ("pick_ship", "pick_pack_ship"):
            with self.subTest(steps=steps):
                order = self.prepare(steps)
                order.order_line.product_uom_qty = 1
                self.assertEqual(self.open_moves(order).product_uom_qty, 1)
                self.assertNothingComesBack(order)
                self.assertBalanced(order)
                self.cancel(order)

    def lower_after_first_step(self, steps, quantity):
        order = self.prepare(steps)
        self.ship(order.picking_ids)
        order.order_line.product_uom_qty = quantity
        self.assertNothingComesBack(order)
        self.assertBalanced(order)
        for _step in range(4):
            for picking in self.steps_of(order).filtered(lambda p: p.state == "assigned"):
                self.ship(picking)
        self.assertNothingComesBack(order)
        self.assertEqual(order.order_line.qty_delivered, quantity)
        self.assertBalanced(order)
        on_shelf = self.env["stock.quant"]._get_available_quantity(
            self.apple, self.near.warehouse_id.lot_stock_id
        )
        self.assertEqual(on_shelf, 10 - quantity, "what is not shipped is on the shelf again")
        return order

    def test_lower_after_picking(self):
        order = self.lower_after_first_step("pick_ship", 1)
        self.assertEqual(order.oms_fulfillment_ids.state, "shipped")

    def test_lower_after_picking_in_three_steps(self):
        self.lower_after_first_step("pick_pack_ship", 1)

    def test_lower_to_zero_after_picking(self):
        order = self.lower_after_first_step("pick_ship", 0)
        self.assertEqual(order.oms_fulfillment_ids.state, "cancelled")

    def test_lower_after_picking_a_part(self):
        order = self.prepare("pick_ship")
        self.ship(order.picking_ids, 3, backorder=True)
        order.order_line.product_uom_qty = 2
        self.assertNothingComesBack(order)
        self.assertBalanced(order)
        for _step in range(4):
            for picking in self.steps_of(order).filtered(lambda p: p.state == "assigned"):
                self.ship(picking)
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertNothingComesBack(order)

    def test_lower_after_shipping_all(self):
        order = self.prepare("pick_ship")
        for _step in range(2):
            self.ship(self.steps_of(order)[-1])
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.order_line.product_uom_qty = 1
        self.assertNothingComesBack(order)
        self.assertFalse(self.open_moves(order))
        self.assertEqual(order.order_line.qty_delivered, 4)

    def test_transfer_cancelled_between_steps_is_not_shipped(self):
        order = self.prepare("pick_ship")
        self.ship(order.picking_ids)
        self.steps_of(order)[-1].action_cancel()
        self.assertNotEqual(order.oms_fulfillment_ids.state, "shipped")
