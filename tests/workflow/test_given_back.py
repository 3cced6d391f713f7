from psycopg2.errors import CheckViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import WorkflowCase


@tagged("post_install", "-at_install")
class TestGivenBack(WorkflowCase):
    """What a site gives back is sourced elsewhere, in a transaction of its own, a few times."""

    def setUp(self):
        super().setUp()
        self.make_step(self.source, event="fulfillment.rejected")
        self.stock(self.apple, (self.near, 5), (self.middle, 5), (self.far, 5))

    def run_events(self):
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_run_events").method_direct_trigger()

    def test_cancelled_at_the_site(self):
        order = self.make_order((self.apple, 2))
        order.picking_ids.action_cancel()
        event = self.event(order, "fulfillment.rejected")
        self.assertEqual((event.state, order.oms_state), ("pending", "waiting"))
        self.run_events()
        self.assertEqual(self.plan(order), {("MID", "Apple"): 2})
        self.assertEqual((event.state, order.oms_attempts), ("done", 1))
        self.assertEqual(order.oms_decision_ids[0].trigger, "rejected")
        self.assertBalanced(order)

    def test_short_pick(self):
        """Only what is missing is sourced elsewhere."""
        order = self.make_order((self.apple, 3))
        self.ship(order.picking_ids, 1)
        self.run_events()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1, ("MID", "Apple"): 2})
        self.assertBalanced(order)

    def test_backorder_is_not_given_back(self):
        order = self.make_order((self.apple, 3))
        self.ship(order.picking_ids, 1, backorder=True)
        self.assertFalse(self.event(order, "fulfillment.rejected"))

    def test_lowered_or_cancelled_order(self):
        """What the customer gives up is not given back."""
        order = self.make_order((self.apple, 3))
        order.order_line.product_uom_qty = 1
        self.cancel(order)
        self.assertFalse(self.event(order, "fulfillment.rejected"))

    def test_bounded(self):
        """After the most attempts the event is parked, until a user decides."""
        self.channel.max_attempts = 1
        order = self.make_order((self.apple, 2))
        order.picking_ids.action_cancel()
        self.run_events()
        order.picking_ids.filtered(lambda picking: picking.state != "cancel").action_cancel()
        self.run_events()
        event = self.event(order, "fulfillment.rejected")[0]
        self.assertEqual((event.state, order.oms_state), ("parked", "waiting"))
        self.assertIn("source it again by hand", event.error)
        order.action_oms_source()
        self.assertEqual((order.oms_attempts, order.oms_state), (0, "sourced"))

    def test_no_other_site(self):
        self.stock(self.apple, (self.middle, -5), (self.far, -5))
        order = self.make_order((self.apple, 2))
        order.picking_ids.action_cancel()
        self.run_events()
        self.assertEqual(order.oms_state, "waiting")
        self.assertIn("no site has", self.event(order, "fulfillment.rejected").log[0]["text"])

    def test_clerk_may_give_back(self):
        clerk = self.make_user("giving-clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        order = self.make_order((self.apple, 2))
        order.picking_ids.with_user(clerk).action_cancel()
        self.assertTrue(self.event(order, "fulfillment.rejected"))

    def test_bad_number(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.channel.max_attempts = -1
            self.env.flush_all()
