from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..common import MARSEILLE
from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestTriggers(ExceptionCase):
    """What happens to an order after it was sourced, and what is sourced again then."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.replan = cls.make_action("Plan anew", state="oms_replan")
        cls.make_step(cls.replan, event="address.changed")
        cls.marseille = cls.make_partner("Customer in Marseille", MARSEILLE)

    def events(self, order, code):
        return order.oms_event_ids.filtered(lambda event: event.event == code)

    # === SITE OFFLINE === #

    def test_taken_back(self):
        """What nobody works on is taken back, and not held against the site."""
        order, picked = self.make_order((self.apple, 3)), self.make_order((self.apple, 2))
        picked.order_line.move_ids.picked = True
        fulfillments = (order | picked).oms_fulfillment_ids
        taken = fulfillments._oms_take_back("The site went offline.")
        self.assertEqual(taken, order.oms_fulfillment_ids)
        self.assertEqual((taken.state, order.oms_state), ("cancelled", "waiting"))
        self.assertFalse(order.oms_rejection_ids)
        self.assertIn("went offline", order.message_ids[0].body)
        self.near.ships = False
        self.run_events()
        self.assertEqual(self.plan(order), {("MID", "Apple"): 3})
        self.assertEqual((self.decision(order).trigger, order.oms_attempts), ("offline", 0))
        self.assertEqual(self.plan(picked), {("NEAR", "Apple"): 2})
        self.assertBalanced(order)

    # === LOST PARCEL === #

    def test_lost(self):
        order = self.make_order((self.apple, 3))
        self.ship(order.picking_ids)
        fulfillment = order.oms_fulfillment_ids
        self.assertEqual(order.order_line.qty_delivered, 3)
        fulfillment._lose(note="The carrier says so.")
        self.assertEqual((fulfillment.state, order.order_line.oms_qty_open), ("lost", 3))
        self.assertEqual(order.order_line.qty_delivered, 0)
        self.assertEqual(self.on_hand(self.apple, self.near), 7)
        self.run_events()
        again = order.oms_fulfillment_ids - fulfillment
        self.assertEqual(self.decision(order).trigger, "lost")
        self.assertEqual(sum(again.line_ids.mapped("quantity")), 3)
        self.ship(again.picking_ids.filtered(lambda picking: picking.state != "done"))
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual((order.order_line.oms_qty_open, order.oms_state), (0, "sourced"))
        self.assertEqual(self.on_hand(self.apple, self.near), 4)
        self.assertIn("The carrier says so.", fulfillment.message_ids[0].body)

    def test_part_of_a_parcel_in_two_steps_with_lots(self):
        self.near.warehouse_id.delivery_steps = "pick_ship"
        product = self.make_product("Cheese", tracking="lot")
        lot = self.env["stock.lot"].create({"name": "A", "product_id": product.id})
        self.stock(product, (self.near, 10), lot_id=lot)
        order = self.make_order((product, 3))
        for _step in range(2):
            self.ship(order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")))
        line = order.oms_fulfillment_ids.line_ids
        for quantity in (4, 0):
            with self.assertRaisesRegex(ValidationError, "cannot be lost"):
                order.oms_fulfillment_ids._lose({line: quantity})
        order.oms_fulfillment_ids._lose({line: 1})
        self.assertEqual((line.fulfillment_id.state, order.order_line.oms_qty_open), ("shipped", 1))
        self.assertEqual((order.order_line.qty_delivered, lot.product_qty), (2, 7))
        with self.assertRaisesRegex(ValidationError, "cannot be lost"):
            order.oms_fulfillment_ids._lose({line: 3})
        self.run_events()
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(sum(self.open_moves(order).mapped("product_qty")), 1)

    def test_only_what_was_shipped_is_lost(self):
        order = self.make_order((self.apple, 3))
        with self.assertRaisesRegex(UserError, "Nothing of this was shipped"):
            order.oms_fulfillment_ids._lose()
        self.ship(order.picking_ids)
        self.take_back(order.picking_ids, 3)
        with self.assertRaisesRegex(UserError, "Nothing of this was shipped"):
            order.oms_fulfillment_ids._lose()
        clerk = self.make_user("losing-clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        with self.assertRaises(AccessError):
            order.oms_fulfillment_ids.with_user(clerk)._lose()

    def test_lost_and_lowered(self):
        """Who no longer wants what was lost lowers the order, and nothing is shipped again."""
        order = self.make_order((self.apple, 3))
        self.ship(order.picking_ids)
        order.oms_fulfillment_ids._lose()
        order.order_line.product_uom_qty = 0
        self.run_events()
        self.assertFalse(self.open_moves(order))
        self.assertEqual(order.order_line.oms_qty_open, 0)

    # === ADDRESS === #

    def test_address(self):
        """A customer who moves far away is served from there, if that gains enough."""
        order = self.make_order((self.apple, 10))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 10})
        order.partner_shipping_id = self.marseille
        self.assertEqual(self.events(order, "address.changed").state, "pending")
        self.run_events()
        # 10 units over 661 km at 0.00035 are 2.31 more than the limit of 1.
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 10})
        self.assertEqual(self.open_moves(order).picking_id.partner_id, self.marseille)
        self.assertEqual(self.decision(order).trigger, "address")
        self.assertFalse(order.oms_rejection_ids)
        self.assertBalanced(order)

    def test_address_that_gains_too_little(self):
        order = self.make_order((self.apple, 4))
        order.partner_shipping_id = self.marseille
        self.run_events()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 4})
        self.assertEqual(len(order.oms_decision_ids), 1, "what was tried leaves nothing behind")
        event = self.events(order, "address.changed")
        self.assertIn("The plan stays", event.log[0]["text"])
        self.assertEqual(order.picking_ids.partner_id, self.marseille)

    def test_address_when_a_site_may_serve_no_more(self):
        order = self.make_order((self.apple, 1))
        self.network.site_ids -= self.near
        order.partner_shipping_id = self.marseille
        self.run_events()
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 1})

    def test_address_while_worked_on(self):
        order = self.make_order((self.apple, 10))
        order.picking_ids.printed = True
        order.partner_shipping_id = self.marseille
        self.assertIn(order.picking_ids.name, order.oms_conflict)
        found = self.env["oms.exception"].search([("order_id", "=", order.id)])
        self.assertEqual(found.kind, "conflict")
        self.run_events()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 10})
        found.action_resolved()
        self.assertFalse(order.oms_conflict)
        with self.assertRaisesRegex(UserError, "None of these"):
            found.action_resolved()

    # === BETTER STOCK === #

    def test_better_stock(self):
        """What comes nearer is used when it gains more than the channel asks for."""
        self.stock(self.berry, (self.far, 10))
        order, small = self.make_order((self.berry, 6)), self.make_order((self.berry, 1))
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 6})
        self.stock(self.berry, (self.near, 10))

        def look():
            with self.enter_registry_test_mode():
                self.env.ref("oms.cron_replan").method_direct_trigger()

        look()
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 6}, "the channel does not want it")
        self.channel.replan_daily = True
        look()
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 6})
        self.assertEqual(self.plan(small), {("FAR", "Berry"): 1}, "gains too little")
        self.assertEqual(self.decision(order).trigger, "better")
        self.assertBalanced(order)
        notification = order.action_oms_replan()
        self.assertIn("The plan stays", notification["params"]["message"])

    # === RECEIPTS === #

    def test_receipt(self):
        """Orders that wait for goods hear that their receipt is late, or never comes."""
        order, other = self.make_order((self.berry, 2)), self.make_order((self.apple, 1))
        order._oms_accept_waiting()
        move = self.make_open_move(self.berry, self.near, 5)
        move.date = move.date + timedelta(days=3)
        event = self.events(order, "receipt.late")
        self.assertEqual((event.state, order.oms_backorder), ("pending", False))
        self.assertFalse(self.events(other, "receipt.late"))
        self.assertIn("comes later", order.message_ids[0].body)
        move.date = move.date - timedelta(days=3)
        self.assertEqual(len(self.events(order, "receipt.late")), 1, "earlier is no news")
        self.run_events()
        self.assertEqual(event.state, "done")
        move.picking_id.action_cancel()
        self.assertEqual(len(self.events(order, "receipt.late")), 2)
        self.assertIn("was cancelled", order.message_ids[0].body)

    def test_receipt_elsewhere(self):
        """A receipt at a site that does not serve the channel concerns nobody."""
        elsewhere = self.make_site("Elsewhere", "ELSE")
        order = self.make_order((self.berry, 2))
        self.make_open_move(self.berry, elsewhere, 5).picking_id.action_cancel()
        self.assertFalse(self.events(order, "receipt.late"))

    # === KINDS OF STEPS === #

    def test_release(self):
        """What is only planned is released by a step or by hand."""
        self.stock(self.berry, (self.near, 2))
        order = self.make_order((self.berry, 2), confirm=False)
        self.source_step.active = False
        order.action_confirm()
        sourcing = self.env["oms.sourcing"]
        sourcing._source_lines(order.order_line, "manual")
        self.assertEqual(order.oms_fulfillment_ids.state, "planned")
        release = self.make_action("Release", state="oms_release")
        release.with_context(active_model="sale.order", active_ids=order.ids).run()
        self.assertEqual(order.oms_fulfillment_ids.state, "released")
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 2})
        self.assertBalanced(order)

    def test_default_workflows_handle_what_happens(self):
        for name in ("standard", "review", "grace"):
            workflow = self.env.ref(f"oms.workflow_{name}")
            for event in ("site.offline", "parcel.lost", "receipt.late", "address.changed"):
                with self.subTest(workflow=name, event=event):
                    self.assertTrue(workflow._get_steps(event, self.env.lang))

    def test_moment(self):
        """A moment to come is no delay of what came."""
        move = self.make_open_move(self.berry, self.near, 5)
        move.quantity = 5
        move.picked = True
        move.picking_id.button_validate()
        order = self.make_order((self.berry, 7))
        move.date = fields.Datetime.now() + timedelta(days=3)
        self.assertFalse(self.events(order, "receipt.late"))
