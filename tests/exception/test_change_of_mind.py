from odoo.tests import tagged

from ..common import MARSEILLE
from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestChangeOfMind(ExceptionCase):
    """What goes wrong after an order was sourced, by the workflow that comes with the addon.

    Each time exactly what is open is sourced again: the other line keeps its transfer.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.workflow_id = cls.env.ref("oms.workflow_standard")
        cls.stock(cls.berry, *((site, 10) for site in cls.sites))

    def two_lines(self):
        order = self.make_order((self.apple, 3), (self.berry, 2))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3, ("NEAR", "Berry"): 2})
        kept = order.order_line[1].move_ids
        self.assertEqual(len(kept), 1)
        return order, kept

    def assertSourcedAgain(self, order, kept, quantity, trigger, attempts=0, lost=0):
        """So many apples come from the middle now, the berries as before."""
        self.assertEqual(order.order_line.mapped("oms_qty_open"), [quantity, 0])
        self.run_events()
        plan = self.plan(order)
        self.assertEqual(plan["MID", "Apple"], quantity)
        self.assertEqual((order.order_line[1].move_ids, plan["NEAR", "Berry"]), (kept, 2))
        decision = self.decision(order)
        self.assertEqual((decision.trigger, decision.units), (trigger, quantity))
        self.assertEqual((order.oms_state, order.oms_attempts), ("sourced", attempts))
        self.assertFalse(order.oms_event_ids.filtered(lambda e: e.state in ("pending", "parked")))
        under_way = sum(quantity for (_site, name), quantity in plan.items() if name == "Apple")
        self.assertEqual(under_way, order.order_line[0].product_uom_qty + lost)
        self.assertNotOverpromised(order.order_line.product_id)

    def apples(self, order):
        fulfillment = order.oms_fulfillment_ids
        line = fulfillment.line_ids.filtered(lambda each: each.product_id == self.apple)
        return fulfillment, line

    def test_rejection(self):
        order, kept = self.two_lines()
        fulfillment, line = self.apples(order)
        fulfillment._reject(self.reason("MISMATCH"), {line: 2})
        self.assertEqual(self.on_hand(self.apple, self.near), 8)
        self.assertSourcedAgain(order, kept, 2, "rejected", attempts=1)

    def test_short_pick(self):
        order, kept = self.two_lines()
        picking = order.picking_ids
        picking.action_assign()
        for move, quantity in zip(picking.move_ids, (1, 2), strict=True):
            move.write({"quantity": quantity, "picked": True})
        picking.with_context(
            skip_backorder=True, picking_ids_not_to_backorder=picking.ids
        ).button_validate()
        self.assertEqual(order.oms_rejection_ids.reason_id.code, "SHORT")
        self.assertSourcedAgain(order, kept, 2, "rejected", attempts=1)

    def test_cancelled_move(self):
        order, kept = self.two_lines()
        order.order_line[0].move_ids._action_cancel()
        self.assertSourcedAgain(order, kept, 3, "rejected", attempts=1)

    def test_lost_parcel(self):
        order, kept = self.two_lines()
        self.ship(order.picking_ids)
        fulfillment, line = self.apples(order)
        self.stock(self.apple, (self.near, -7))
        fulfillment._lose({line: 1})
        self.assertSourcedAgain(order, kept, 1, "lost", lost=1)

    def test_site_offline(self):
        """What the site has begun it ships; the rest is sourced elsewhere."""
        order, kept = self.two_lines()
        begun, _kept = self.two_lines()
        begun.order_line.move_ids.picked = True
        self.near._take_offline("Water in the cellar")
        self.assertFalse((order + begun).oms_rejection_ids, "not held against the site")
        self.assertEqual(order.order_line.mapped("oms_qty_open"), [3, 2])
        self.run_events()
        self.assertEqual(self.plan(order), {("MID", "Apple"): 3, ("MID", "Berry"): 2})
        self.assertEqual(self.plan(begun), {("NEAR", "Apple"): 3, ("NEAR", "Berry"): 2})
        self.assertEqual((self.decision(order).trigger, order.oms_attempts), ("offline", 0))
        self.assertEqual(kept.state, "cancel")
        self.assertBalanced(order)

    def test_quantity_raised(self):
        order, kept = self.two_lines()
        self.stock(self.apple, (self.near, -7))
        order.order_line[0].product_uom_qty = 5
        self.assertEqual(
            self.plan(order),
            {("NEAR", "Apple"): 3, ("MID", "Apple"): 2, ("NEAR", "Berry"): 2},
        )
        self.assertEqual((self.decision(order).trigger, self.decision(order).units), ("change", 2))
        self.assertEqual(order.order_line[1].move_ids, kept)
        self.assertBalanced(order)

    def test_quantity_lowered(self):
        order, kept = self.two_lines()
        order.order_line[0].product_uom_qty = 1
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1, ("NEAR", "Berry"): 2})
        self.assertEqual((order.order_line[1].move_ids, len(order.oms_decision_ids)), (kept, 1))
        self.assertBalanced(order)

    def test_receipt(self):
        """Who waits for a receipt gets other stock when it is late or never comes."""
        cherry = self.make_product("Cherry")
        for change in ("late", "cancelled"):
            with self.subTest(receipt=change):
                order = self.make_order((self.berry, 1), (cherry, 2))
                kept = order.order_line[0].move_ids
                self.assertEqual(order.oms_state, "partial")
                order._oms_accept_waiting()
                move = self.make_open_move(cherry, self.near, 5)
                self.stock(cherry, (self.far, 2))
                if change == "late":
                    move.date = "2099-03-04"
                else:
                    move.picking_id.action_cancel()
                self.run_events()
                self.assertEqual(self.plan(order), {("NEAR", "Berry"): 1, ("FAR", "Cherry"): 2})
                self.assertEqual(self.decision(order).trigger, "receipt")
                self.assertEqual(order.order_line[0].move_ids, kept)
                self.assertBalanced(order)

    def test_receipt_without_other_stock(self):
        """Somebody has to decide again on what was allowed to wait for a receipt."""
        cherry = self.make_product("Cherry")
        order = self.make_order((cherry, 2))
        order._oms_accept_waiting()
        found = self.env["oms.exception"].search([("order_id", "=", order.id)])
        self.assertFalse(found)
        self.make_open_move(cherry, self.near, 5).picking_id.action_cancel()
        self.run_events()
        found = self.env["oms.exception"].search([("order_id", "=", order.id)])
        self.assertEqual(found.kind, "unsourceable")

    def test_address(self):
        """What a site has begun stays; the rest is planned anew for the new place."""
        self.channel.replan_gain = 0
        order, kept = self.two_lines()
        kept.picked = True
        order.partner_shipping_id = self.make_partner("South", MARSEILLE)
        self.run_events()
        self.assertEqual(order.order_line[1].move_ids, kept)
        self.assertEqual(self.decision(order).units, 3)
        self.assertEqual(self.decision(order).trigger, "address")
        self.assertTrue(order.oms_conflict, "what was begun goes to the old address")
        self.assertBalanced(order)

    def test_better_stock(self):
        self.channel.write({"replan_daily": True, "replan_gain": 0.5})
        self.stock(self.apple, (self.near, -10), (self.middle, -10))
        order = self.make_order((self.apple, 9), (self.berry, 1))
        self.stock(self.apple, (self.near, 10))
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_replan").method_direct_trigger()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 9, ("NEAR", "Berry"): 1})
        self.assertEqual(self.decision(order).trigger, "better")
        self.assertBalanced(order)

    def test_attempts_are_bounded(self):
        """After so many attempts somebody has to decide, and reads what was tried."""
        self.channel.max_attempts = 2
        order, kept = self.two_lines()
        for site, reason in (
            (self.near, "CAPACITY"),
            (self.middle, "DAMAGE"),
            (self.far, "CLOSED"),
        ):
            fulfillment = order.oms_fulfillment_ids.filtered(lambda f, s=site: f.site_id == s)
            line = fulfillment.line_ids.filtered(lambda each: each.product_id == self.apple)
            fulfillment._reject(self.reason(reason), {line: 3})
            self.run_events()
        self.assertEqual((order.oms_attempts, order.oms_state), (2, "partial"))
        self.assertEqual(order.order_line[1].move_ids, kept, "the other line is as it was")
        [parked] = order.oms_event_ids.filtered(lambda event: event.state == "parked")
        self.assertEqual(parked.event, "fulfillment.rejected")
        found = self.env["oms.exception"].search([("order_id", "=", order.id)])
        self.assertEqual((found.kind, found.attempts, found.decisions), ("attempts", 2, 3))
        for site, reason in (("Near", "No time for it"), ("Middle", "Damaged"), ("Far", "closed")):
            self.assertRegex(found.tried, f"{site} gave back 3 .*Apple: .*{reason}")
        self.assertIn("as often as its channel allows (2)", found.reason)
        # More cannot happen by itself; a user may begin anew.
        self.run_cron()
        self.run_events()
        self.assertEqual(len(order.oms_decision_ids), 3)
        found.action_retry()
        self.assertEqual((order.oms_state, order.oms_attempts), ("sourced", 0))
        self.assertFalse(found.search([("order_id", "=", order.id)]))
        self.assertBalanced(order)
