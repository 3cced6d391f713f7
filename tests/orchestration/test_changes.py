from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestRaise(OmsCase):
    """A quantity raised after confirmation."""

    def test_at_the_same_site_when_it_has_stock(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        order = self.make_order((self.apple, 2))
        order.order_line.product_uom_qty = 4
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 4})
        self.assertEqual(len(order.oms_fulfillment_ids), 1)
        self.assertEqual(len(order.picking_ids), 1)
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, 4)
        self.assertEqual(
            order.oms_decision_ids.sorted("id").mapped("trigger"), ["confirm", "change"]
        )
        self.assertBalanced(order)

    def test_open_parcel_draws_the_rest(self):
        """What FAR packs anyway costs less than a new parcel from NEAR."""
        self.stock(self.apple, (self.far, 9))
        order = self.make_order((self.apple, 1))
        self.stock(self.apple, (self.near, 9))
        order.order_line.product_uom_qty = 3
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 3})
        self.assertBalanced(order)

    def test_at_another_site(self):
        self.stock(self.apple, (self.near, 2), (self.far, 5))
        order = self.make_order((self.apple, 2))
        order.order_line.product_uom_qty = 4
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2, ("FAR", "Apple"): 2})
        self.assertEqual(len(order.oms_fulfillment_ids), 2)
        self.assertTrue(order.oms_decision_ids.sorted("id")[-1].split)
        self.assertBalanced(order)

    def test_after_shipping(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        self.ship(order.picking_ids)
        order.order_line.product_uom_qty = 3
        self.assertEqual(len(order.oms_fulfillment_ids), 2)
        self.assertEqual(
            set(order.oms_fulfillment_ids.mapped("name")),
            {f"{order.name}/NEAR", f"{order.name}/NEAR/2"},
        )
        self.assertEqual(self.open_moves(order).product_uom_qty, 1)
        self.assertBalanced(order)

    def test_printed_transfer_is_left_alone(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        printed = order.picking_ids
        printed.printed = True
        order.order_line.product_uom_qty = 3
        self.assertEqual(printed.move_ids.product_uom_qty, 2)
        self.assertEqual(len(order.picking_ids), 2)
        self.assertEqual(len(order.oms_fulfillment_ids), 1)
        self.assertBalanced(order)

    def test_of_a_waiting_order(self):
        order = self.make_order((self.apple, 2))
        order.order_line.product_uom_qty = 5
        self.assertEqual(order.order_line.oms_qty_open, 5)
        order.order_line.product_uom_qty = 1
        self.assertEqual(order.order_line.oms_qty_open, 1)
        self.assertFalse(order.picking_ids)
        self.assertBalanced(order)

    def test_return_is_not_asked_for_again(self):
        self.stock(self.apple, (self.near, 9))
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids)
        self.take_back(order.picking_ids, 2)
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(order.order_line.oms_qty_open, 0)
        order.order_line.product_uom_qty = 6
        self.assertEqual(self.open_moves(order).product_uom_qty, 1)
        self.assertEqual(order.oms_state, "sourced")
        self.assertBalanced(order)

    def test_return_then_raised_and_lowered(self):
        """What a return made up for is not shipped when the quantity goes up and down again."""
        self.stock(self.apple, (self.near, 20))
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids, 5)
        self.take_back(order.picking_ids, 2)
        order.order_line.product_uom_qty = 7
        order.order_line.product_uom_qty = 4
        open_moves = order.order_line.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        )
        self.assertFalse(open_moves)

    def test_lowering_a_waiting_line_decides_nothing(self):
        order = self.make_order((self.apple, 60))
        decisions = order.oms_decision_ids
        order.order_line.product_uom_qty = 1
        self.assertEqual(order.oms_decision_ids, decisions)
        self.assertEqual(order.order_line.oms_qty_open, 1)

    def test_return_then_ordered_lowered_to_what_stayed(self):
        self.stock(self.apple, (self.near, 9))
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids)
        self.take_back(order.picking_ids, 2)
        for quantity in (4, 3):
            order.order_line.product_uom_qty = quantity
            self.assertFalse(self.open_moves(order))
            self.assertFalse(order.order_line.oms_qty_open)


@tagged("post_install", "-at_install")
class TestLower(OmsCase):
    """A quantity lowered after confirmation: nothing comes back from a customer who got nothing."""

    def test_at_one_site(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 4))
        order.order_line.product_uom_qty = 1
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.assertEqual(order.oms_fulfillment_ids.line_ids.quantity, 1)
        self.assertEqual(order.picking_ids.move_ids.quantity, 1, "reserves no more than it needs")
        self.assertBalanced(order)

    def test_to_zero(self):
        self.stock(self.apple, (self.near, 2), (self.far, 2))
        order = self.make_order((self.apple, 3))
        order.order_line.product_uom_qty = 0
        self.assertEqual(self.plan(order), {})
        self.assertEqual(set(order.picking_ids.mapped("state")), {"cancel"})
        self.assertEqual(set(order.oms_fulfillment_ids.mapped("state")), {"cancelled"})
        self.assertEqual(order.oms_state, "sourced")
        self.assertBalanced(order)
        order.order_line.product_uom_qty = 2
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        self.assertBalanced(order)

    def test_over_several_sites_whole_parcels_fall_away(self):
        self.stock(self.apple, (self.near, 3), (self.far, 1), (self.middle, 2))
        order = self.make_order((self.apple, 6))
        order.order_line.product_uom_qty = 3
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        self.assertBalanced(order)

    def test_by_more_than_one_site_has(self):
        self.stock(self.apple, (self.near, 3), (self.far, 3))
        order = self.make_order((self.apple, 6))
        order.order_line.product_uom_qty = 1
        self.assertEqual(sum(self.plan(order).values()), 1)
        self.assertBalanced(order)

    def test_over_two_transfers_of_one_site(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        order.picking_ids.printed = True
        order.order_line.product_uom_qty = 4
        self.assertEqual(len(self.open_moves(order)), 2)
        order.order_line.product_uom_qty = 1
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.assertBalanced(order)

    def test_printed_transfer(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 4))
        order.picking_ids.printed = True
        order.order_line.product_uom_qty = 1
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.assertEqual(len(order.picking_ids), 1)
        self.assertBalanced(order)

    def test_transfer_raised_by_hand(self):
        self.stock(self.apple, (self.near, 9))
        order = self.make_order((self.apple, 3))
        order.picking_ids.move_ids.product_uom_qty = 8
        order.order_line.product_uom_qty = 2
        self.env.flush_all()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})

    def test_after_partial_shipping(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids, 2, backorder=True)
        order.order_line.product_uom_qty = 3
        self.assertEqual(self.open_moves(order).product_uom_qty, 1)
        order.order_line.product_uom_qty = 2
        self.assertFalse(self.open_moves(order))
        self.assertEqual(order.oms_fulfillment_ids.state, "shipped")
        self.assertBalanced(order)

    def test_shipped_goods_are_left_alone(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        order = self.make_order((self.apple, 8))
        near = order.picking_ids.filtered(
            lambda p: p.picking_type_id.warehouse_id == self.near.warehouse_id
        )
        self.ship(near)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.order_line.product_uom_qty = 2
        order.order_line.product_uom_qty = 5
        self.assertFalse(self.open_moves(order))
        self.assertEqual(order.picking_ids.mapped("picking_type_code"), ["outgoing"] * 2)
        self.assertEqual(order.order_line.qty_delivered, 5)

    def test_of_a_partly_sourced_order(self):
        self.stock(self.apple, (self.near, 2))
        order = self.make_order((self.apple, 5))
        order.order_line.product_uom_qty = 3
        self.assertEqual(order.order_line.oms_qty_open, 1)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        order.order_line.product_uom_qty = 1
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.assertBalanced(order)

    def test_one_of_two_lines_of_the_same_product(self):
        self.stock(self.apple, (self.near, 9))
        order = self.make_order((self.apple, 3), (self.apple, 4))
        order.order_line[0].product_uom_qty = 1
        self.assertEqual(
            [sum(line.move_ids.mapped("product_uom_qty")) for line in order.order_line], [1, 4]
        )
        self.assertBalanced(order)

    def test_channel_no_longer_orchestrated(self):
        """What was sourced over several sites is also given up by them."""
        self.stock(self.apple, (self.near, 3), (self.far, 3))
        order = self.make_order((self.apple, 6))
        self.channel.orchestrated = False
        order.order_line.product_uom_qty = 1
        self.assertFalse(order.picking_ids.filtered(lambda p: p.picking_type_code == "incoming"))
        self.assertEqual(sum(self.plan(order).values()), 1)


@tagged("post_install", "-at_install")
class TestCancel(OmsCase):
    """Orders cancelled, and confirmed again."""

    def test_cancelled(self):
        self.stock(self.apple, (self.near, 2), (self.far, 2))
        order = self.make_order((self.apple, 3))
        self.cancel(order)
        self.assertEqual(order.oms_state, "cancelled")
        self.assertEqual(set(order.picking_ids.mapped("state")), {"cancel"})
        self.assertEqual(set(order.oms_fulfillment_ids.mapped("state")), {"cancelled"})
        self.assertFalse(order.order_line.oms_qty_open)
        available = self.sites._get_available(self.apple)
        self.assertEqual(sum(available.values()), 4)

    def test_waiting_order_cancelled(self):
        order = self.make_order((self.apple, 3))
        self.cancel(order)
        self.assertEqual(order.oms_state, "cancelled")
        self.assertFalse(order.order_line.oms_qty_open)

    def test_confirmed_again(self):
        self.stock(self.apple, (self.near, 2), (self.far, 2))
        order = self.make_order((self.apple, 3))
        first = order.oms_fulfillment_ids
        self.cancel(order)
        order.action_draft()
        self.assertFalse(order.oms_state)
        order.action_confirm()
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2, ("FAR", "Apple"): 1})
        self.assertEqual(set(first.mapped("state")), {"cancelled"})
        again = order.oms_fulfillment_ids - first
        self.assertEqual(set(again.mapped("name")), {f"{order.name}/NEAR/2", f"{order.name}/FAR/2"})
        self.assertFalse(order._oms_get_sites_given_back(), "no site gave anything back")
        self.assertBalanced(order)

    def test_partly_shipped_cancelled_and_confirmed_again(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids, 2, backorder=True)
        self.cancel(order)
        self.assertEqual(order.oms_fulfillment_ids.state, "shipped")
        order.action_draft()
        order.action_confirm()
        self.assertEqual(self.open_moves(order).product_uom_qty, 3)
        self.assertFalse(order._oms_get_sites_given_back())
        self.assertBalanced(order)

    def test_deleting_a_cancelled_order(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 1))
        fulfillment, decision = order.oms_fulfillment_ids, order.oms_decision_ids
        self.cancel(order)
        order.unlink()
        self.assertFalse(fulfillment.exists() + self.env["oms.fulfillment"])
        self.assertFalse(decision.exists())


@tagged("post_install", "-at_install")
class TestLocked(OmsCase):
    """Orders that lock themselves at confirmation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.config.settings"].create({"group_auto_done_setting": True}).execute()

    def test_sourced_at_confirmation(self):
        self.stock(self.apple, (self.near, 2), (self.far, 2))
        order = self.make_order((self.apple, 3))
        self.assertTrue(order.locked)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2, ("FAR", "Apple"): 1})
        self.assertBalanced(order)

    def test_taken_up_and_still_locked(self):
        order = self.make_order((self.apple, 3))
        self.assertTrue(order.locked)
        self.assertEqual(order.oms_state, "waiting")
        self.stock(self.apple, (self.near, 5))
        self.run_cron()
        self.assertEqual(order.oms_state, "sourced")
        self.assertTrue(order.locked)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        self.assertBalanced(order)

    def test_quantity_of_a_locked_order_stays(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 3))
        with self.assertRaises(UserError):
            order.order_line.price_unit = 1.0
        order.order_line._action_launch_stock_rule()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
