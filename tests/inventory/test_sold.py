from odoo.tests import tagged

from ..common import DATE_ORDER, OmsCase


@tagged("post_install", "-at_install")
class TestSold(OmsCase):
    """Moves know the channel and the date of the order for which goods leave."""

    def test_every_step_of_a_delivery(self):
        self.near.warehouse_id.delivery_steps = "pick_pack_ship"
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        while pickings := order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")):
            self.ship(pickings[0])
        self.assertEqual(len(order.picking_ids), 3)
        moves = order.picking_ids.move_ids
        self.assertEqual(moves.oms_channel_id, self.channel)
        self.assertEqual(set(moves.mapped("oms_ordered_at")), {order.date_order})

    def test_backdated_order(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        order.date_order = DATE_ORDER
        self.assertEqual(str(order.picking_ids.move_ids.oms_ordered_at), DATE_ORDER)

    def test_goods_that_nobody_ordered(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2), oms_channel_id=False)
        self.assertFalse(order.picking_ids.move_ids.oms_channel_id)
