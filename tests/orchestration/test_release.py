from odoo import fields
from odoo.tests import tagged

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestRelease(OmsCase):
    """What is released for many orders at once is what Odoo makes of each by itself."""

    def reserved(self, moves):
        return {
            move: (
                move.state,
                sorted(
                    (line.location_id.id, line.lot_id.id, line.quantity)
                    for line in move.move_line_ids
                ),
            )
            for move in moves
        }

    def test_the_goods_are_reserved_that_odoo_would_reserve(self):
        Quant = self.env["stock.quant"]
        stock = self.near.warehouse_id.lot_stock_id
        left, right = self.env["stock.location"].create(
            [{"name": name, "location_id": stock.id} for name in ("Left", "Right")]
        )
        cheese = self.make_product("Cheese", tracking="lot")
        old, new, newest = self.env["stock.lot"].create(
            [{"name": name, "product_id": cheese.id} for name in ("Old", "New", "Newest")]
        )
        for lot, place, quantity, day in (
            (newest, left, 5, "2024-02-03"),
            (old, right, 3, "2024-02-01"),
            (new, left, 4, "2024-02-02"),
        ):
            moment = fields.Datetime.to_datetime(day)
            Quant._update_available_quantity(cheese, place, quantity, lot_id=lot, in_date=moment)
        Quant._update_available_quantity(self.apple, left, 4)
        Quant._update_available_quantity(self.apple, right, 20)
        orders = self.env["sale.order"]
        for number in range(5):
            orders += self.make_order((cheese, 2), (self.apple, 2 + number), confirm=False)
        orders.action_confirm()
        moves = orders.order_line.move_ids
        together = self.reserved(moves)
        self.assertEqual({state for state, _lines in together.values()}, {"assigned"})
        # The oldest first: five orders of two take all of the first, and of the second four.
        self.assertEqual(
            [Quant._gather(cheese, stock, lot_id=lot).reserved_quantity for lot in (old, new)],
            [3.0, 4.0],
        )
        moves._do_unreserve()
        self.assertFalse(moves.move_line_ids)
        moves._action_assign()
        self.assertEqual(self.reserved(moves), together)

    def test_goods_with_a_rule_are_reordered_at_once(self):
        vendor = self.make_partner("Vendor")
        for product in (self.apple, self.berry):
            product.write(
                {
                    "route_ids": [(4, self.env.ref("purchase_stock.route_warehouse0_buy").id)],
                    "seller_ids": [(0, 0, {"partner_id": vendor.id, "price": 1.0})],
                }
            )
        warehouse = self.near.warehouse_id
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.apple.id,
                "warehouse_id": warehouse.id,
                "location_id": warehouse.lot_stock_id.id,
                "trigger": "auto",
                "product_min_qty": 5,
                "product_max_qty": 20,
            }
        )
        self.stock(self.apple, (self.near, 6))
        self.stock(self.berry, (self.near, 6))
        self.make_order((self.apple, 3), (self.berry, 3))
        bought = self.env["purchase.order.line"].search([("partner_id", "=", vendor.id)])
        self.assertEqual(
            [(line.product_id, line.product_qty) for line in bought], [(self.apple, 17.0)]
        )

    def test_transfers_of_sites_stay_out_of_automatic_batches(self):
        """What sites do is put together by rules of preparation, and by people."""
        self.near.warehouse_id.out_type_id.write(
            {"auto_batch": True, "batch_group_by_partner": True}
        )
        self.stock(self.apple, (self.near, 100))
        self.stock(self.berry, (self.near, 100))
        other = self.make_partner("Neighbor in Paris", (48.85, 2.35))
        orders = self.env["sale.order"]
        for partner in (self.customer, other, self.customer):
            orders += self.make_order(
                (self.apple, 1), (self.berry, 1), confirm=False, partner_id=partner.id
            )
        orders.action_confirm()
        self.assertTrue(orders.picking_ids)
        self.assertFalse(orders.picking_ids.batch_id)
