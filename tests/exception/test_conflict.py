from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestConflict(ExceptionCase):
    """Changes that somebody has to look after: a site works on it, or nobody can keep it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_step(cls.make_action("Plan anew", state="oms_replan"), event="date.changed")

    def kind(self, order):
        return self.env["oms.exception"].search([("order_id", "=", order.id)]).kind

    # === QUANTITIES === #

    def test_lowered_before_anybody_began(self):
        order = self.make_order((self.apple, 3))
        order.order_line.product_uom_qty = 1
        self.assertFalse(order.oms_conflict)
        self.assertBalanced(order)

    def test_lowered_while_worked_on(self):
        """The transfer is for less, and the site and the operators hear of it."""
        order = self.make_order((self.apple, 3))
        picking = order.picking_ids
        picking.printed = True
        order.order_line.product_uom_qty = 1
        self.assertEqual(picking.move_ids.product_uom_qty, 1)
        self.assertIn(picking.name, order.oms_conflict)
        self.assertIn("Apple", order.oms_conflict)
        self.assertIn(picking.name, order.oms_fulfillment_ids.message_ids[0].body)
        self.assertEqual(self.kind(order), "conflict")
        order.order_line.product_uom_qty = 0
        self.assertEqual(len(order.oms_conflict.splitlines()), 1, "said once")
        order._oms_settle_conflicts("The clerk knows.")
        self.assertFalse(order.oms_conflict or order.oms_conflict_at)
        self.assertIn("The clerk knows.", order.message_ids[0].body)
        self.assertBalanced(order)

    def test_lowered_between_two_steps(self):
        self.near.warehouse_id.delivery_steps = "pick_ship"
        order = self.make_order((self.apple, 3))
        self.ship(order.picking_ids)
        order.order_line.product_uom_qty = 1
        self.assertIn(order.oms_fulfillment_ids.name, order.oms_conflict)
        self.assertBalanced(order)

    def test_raised_while_worked_on(self):
        """What is wanted besides is sourced by itself: the site's work stays as it is."""
        order = self.make_order((self.apple, 3))
        picking = order.picking_ids
        picking.printed = True
        order.order_line.product_uom_qty = 5
        self.assertEqual(picking.move_ids.product_uom_qty, 3)
        self.assertEqual((order.oms_state, order.order_line.oms_qty_open), ("sourced", 0))
        self.assertFalse(order.oms_conflict)
        self.assertBalanced(order)

    # === DATES === #

    def test_unreachable_date(self):
        """A date that the chosen site cannot keep is a conflict; one that it can is none."""
        self.strategy.write({"handling_days": 2.0, "transit_km_per_day": 500.0})
        order = self.make_order((self.apple, 3))
        order.commitment_date = fields.Datetime.now() + timedelta(days=9)
        self.run_events()
        self.assertFalse(order.oms_conflict)
        [event] = order.oms_event_ids.filtered(lambda each: each.event == "date.changed")
        self.assertEqual(event.state, "done")
        order.commitment_date = fields.Datetime.now() + timedelta(days=1)
        self.run_events()
        self.assertIn("Near", order.oms_conflict)
        self.assertEqual(self.kind(order), "conflict")
        order.commitment_date = fields.Datetime.now() + timedelta(days=12)
        self.run_events()
        events = order.oms_event_ids.filtered(lambda each: each.event == "date.changed")
        self.assertEqual(len(events), 2, "a later date is no news")

    def test_earlier_date_moves_the_order(self):
        """Where lateness is priced, the site that keeps the date takes over."""
        self.strategy.write(
            {"handling_days": 0.0, "transit_km_per_day": 120.0, "late_day_cost": 50.0}
        )
        self.stock(self.berry, (self.far, 5))
        order = self.make_order((self.berry, 2))
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 2})
        self.stock(self.berry, (self.near, 5))
        order.commitment_date = fields.Datetime.now() + timedelta(days=1)
        self.run_events()
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 2})
        self.assertEqual(self.decision(order).trigger, "date")
        self.assertFalse(order.oms_conflict)
        self.assertBalanced(order)

    # === FOUND AGAIN === #

    def lost_order(self):
        order = self.make_order((self.apple, 3))
        self.ship(order.picking_ids)
        fulfillment = order.oms_fulfillment_ids
        fulfillment._lose()
        return order, fulfillment

    def test_found_before_it_is_replaced(self):
        order, fulfillment = self.lost_order()
        fulfillment._find_again(note="It was at the neighbor's.")
        self.assertEqual((fulfillment.state, order.order_line.qty_delivered), ("shipped", 3))
        self.assertEqual((order.order_line.oms_qty_open, order.oms_state), (0, "sourced"))
        self.run_events()
        self.assertFalse(self.open_moves(order))
        self.assertEqual(self.on_hand(self.apple, self.near), 7)
        self.assertIn("neighbor", order.message_ids[0].body)
        self.assertFalse(order.oms_conflict)
        with self.assertRaisesRegex(UserError, "Nothing of this was lost"):
            fulfillment._find_again()

    def test_found_while_it_is_replaced(self):
        order, fulfillment = self.lost_order()
        self.run_events()
        self.assertEqual(sum(self.open_moves(order).mapped("product_qty")), 3)
        line = fulfillment.line_ids
        for quantity in (4, 0):
            with self.assertRaisesRegex(ValidationError, "3 were lost"):
                fulfillment._find_again({line: quantity})
        fulfillment._find_again({line: 2})
        self.assertEqual(sum(self.open_moves(order).mapped("product_qty")), 1)
        self.assertEqual((order.order_line.qty_delivered, line.quantity_lost), (2, 1))
        self.ship(self.open_moves(order).picking_id)
        self.assertEqual((order.order_line.qty_delivered, order.oms_state), (3, "sourced"))
        self.assertFalse(order.oms_conflict)

    def test_found_after_it_was_replaced(self):
        order, fulfillment = self.lost_order()
        self.run_events()
        self.ship(self.open_moves(order).picking_id)
        fulfillment.action_find_again()
        self.assertEqual(order.order_line.qty_delivered, 6)
        self.assertIn("3 ", order.oms_conflict)
        self.assertIn("too much", order.oms_conflict)

    def test_lost_found_and_lost_again(self):
        order, fulfillment = self.lost_order()
        fulfillment._find_again()
        self.assertTrue(fulfillment.can_lose and not fulfillment.can_find)
        fulfillment._lose()
        self.assertEqual((order.order_line.oms_qty_open, order.order_line.qty_delivered), (3, 0))
        fulfillment._find_again()
        self.assertEqual((order.order_line.oms_qty_open, order.order_line.qty_delivered), (0, 3))
        self.assertEqual(self.on_hand(self.apple, self.near), 7)

    def test_found_lots(self):
        product = self.make_product("Cheese", tracking="lot")
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": product.id} for name in ("A", "B")]
        )
        for lot in lots:
            self.stock(product, (self.near, 2), lot_id=lot)
        order = self.make_order((product, 4))
        self.ship(order.picking_ids)
        fulfillment = order.oms_fulfillment_ids
        fulfillment._lose({fulfillment.line_ids: 3})
        fulfillment._find_again({fulfillment.line_ids: 1})
        fulfillment._find_again({fulfillment.line_ids: 2})
        customers = order.order_line.move_ids.filtered(
            lambda m: m.state == "done" and not m.origin_returned_move_id
        ).location_dest_id
        for lot in lots:
            there = self.env["stock.quant"]._get_available_quantity(
                product, customers, lot_id=lot, strict=True
            )
            self.assertEqual(there, 2)

    def test_roles(self):
        _order, fulfillment = self.lost_order()
        clerk = self.make_user("finding-clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        with self.assertRaises(AccessError):
            fulfillment.with_user(clerk)._find_again()
        operator = self.make_user("finding-operator", "oms.group_order_operator")
        fulfillment.with_user(operator).action_find_again()
        self.assertEqual(fulfillment.state, "shipped")
