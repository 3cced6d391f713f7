from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import WorkflowCase


@tagged("post_install", "-at_install")
class TestHold(WorkflowCase):
    """A step may hold an order; nothing is sourced until it is let go."""

    def setUp(self):
        super().setUp()
        self.stock(self.apple, (self.near, 9))
        self.hold = self.make_action("Hold", state="oms_hold", oms_hold_reason="Look at it.")
        self.make_step(self.hold)

    def run_let_go(self):
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_let_go").method_direct_trigger()

    def test_held_and_let_go(self):
        order = self.make_order((self.apple, 2))
        event = self.event(order)
        self.assertEqual((order.oms_state, event.state), ("held", "held"))
        self.assertEqual(order.oms_hold_reason, "Look at it.")
        self.assertFalse(order.order_line.oms_claim_ids or order.picking_ids)
        order.action_oms_let_go()
        self.assertEqual((order.oms_state, event.state), ("sourced", "done"))
        self.assertFalse(order.oms_hold_reason)
        with self.assertRaisesRegex(UserError, "No selected order is on hold"):
            order.action_oms_let_go()

    def test_jobs_leave_a_held_order_alone(self):
        order = self.make_order((self.apple, 2))
        self.run_cron()
        self.run_let_go()
        self.assertEqual(order.oms_state, "held")
        with self.assertRaisesRegex(UserError, "no selected order waits"):
            order.action_oms_source()

    def test_time_is_over(self):
        self.hold.oms_hold_minutes = 30
        order = self.make_order((self.apple, 2))
        self.run_let_go()
        self.assertTrue(order.oms_held)
        order.oms_hold_until = "2020-01-01 00:00:00"
        self.run_let_go()
        self.assertEqual(order.oms_state, "sourced")

    def test_change_while_held(self):
        """A raise is sourced with the rest, once the order goes on."""
        self.make_step(self.source, event="order.changed")
        order = self.make_order((self.apple, 2))
        order.order_line.product_uom_qty = 3
        self.assertEqual(order.oms_state, "held")
        order.action_oms_let_go()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})

    def test_cancelled_while_held(self):
        order = self.make_order((self.apple, 2))
        self.cancel(order)
        self.assertFalse(order.oms_held)
        self.assertEqual(self.event(order).state, "discarded")

    def test_two_holds(self):
        """A second step may hold an order that was let go."""
        again = self.make_action("Hold again", state="oms_hold", oms_hold_reason="Once more.")
        self.make_step(again, sequence=20)
        order = self.make_order((self.apple, 2))
        order.action_oms_let_go()
        self.assertEqual(order.oms_hold_reason, "Once more.")
        order.action_oms_let_go()
        self.assertEqual(order.oms_state, "sourced")

    def test_who_may_let_go(self):
        order = self.make_order((self.apple, 2))
        clerk = self.make_user("hold-clerk", "oms.group_site_operator")
        with self.assertRaises(AccessError):
            order.with_user(clerk).action_oms_let_go()
        operator = self.make_user("hold-operator", "oms.group_order_operator")
        order.with_user(operator).action_oms_let_go()
        self.assertEqual(order.oms_state, "sourced")

    def test_negative_time(self):
        with self.assertRaises(ValidationError):
            self.hold.oms_hold_minutes = -5
