from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import format_date

from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestException(ExceptionCase):
    """Which orders need a person, why, and how they leave the list."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Moves of the test orders are due in days to come.
        cls.today = fields.Datetime.now()

    def make_order(self, *lines, **vals):
        vals.setdefault("date_order", self.today)
        return super().make_order(*lines, **vals)

    def exceptions(self, *orders):
        orders = self.env["sale.order"].union(*orders)
        return self.env["oms.exception"].search([("order_id", "in", orders.ids)])

    def assertKind(self, order, kind):
        self.assertEqual(self.exceptions(order).kind, kind)

    def give_back_often(self):
        self.channel.max_attempts = 1
        order = self.make_order((self.apple, 2))
        for _each in range(2):
            self.open_moves(order).picking_id.action_cancel()
            self.run_events()
        return order

    def test_kinds(self):
        fine = self.make_order((self.apple, 1))
        self.assertFalse(self.exceptions(fine))
        nowhere = self.make_order((self.berry, 1))
        self.assertKind(nowhere, "unsourceable")
        self.assertIn("no site found", self.exceptions(nowhere).reason)
        often = self.give_back_often()
        self.assertKind(often, "attempts")
        tried = self.exceptions(often)
        self.assertIn("Near gave back 2 ", tried.tried)
        self.assertIn("source it again by hand", tried.reason)
        self.assertEqual((tried.attempts, tried.site_id), (1, self.middle))
        late = self.make_order((self.apple, 1))
        late.order_line.move_ids.date_deadline = self.today - timedelta(days=2)
        self.assertKind(late, "late")
        self.assertAlmostEqual(self.exceptions(late).age, 2, 1)
        due = fields.Datetime.context_timestamp(late, self.today - timedelta(days=2)).date()
        due = format_date(self.env, due)
        self.assertIn(f"should have been shipped on {due}", self.exceptions(late).reason)
        promised = self.make_order((self.berry, 1), commitment_date="2024-03-05 10:00:00")
        promised._oms_accept_waiting()
        self.assertKind(promised, "late")
        counts = self.env["oms.exception"].get_counts()
        self.assertGreaterEqual(counts["late"], 2)

    def test_collected_for_a_wave(self):
        """A new order waits for its wave as it should, until waves have left it lying."""
        self.channel.wave_minutes = 10
        order = self.make_order((self.apple, 1))
        self.assertEqual(order.oms_state, "waiting")
        self.assertFalse(self.exceptions(order))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE oms_event SET create_date = create_date - interval '1 h' WHERE order_id = %s",
            [order.id],
        )
        self.assertKind(order, "unsourceable")
        order.action_oms_source_together()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_run_waves").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(order.oms_state, "sourced")
        self.assertFalse(self.exceptions(order))

    def test_parked(self):
        broken = self.make_action("Broken", state="code", code="raise UserError('No printer.')")
        self.make_step(broken, sequence=60)
        order = self.make_order((self.apple, 1))
        self.assertKind(order, "parked")
        self.assertIn("No printer.", self.exceptions(order).reason)
        broken.code = "pass"
        self.exceptions(order).action_retry()
        self.assertFalse(self.exceptions(order))
        self.assertIn("Tried again by hand", order.message_ids[0].body)

    def test_retry_in_bulk(self):
        orders = self.make_order((self.berry, 1)) + self.make_order((self.berry, 2))
        self.stock(self.berry, (self.far, 1))
        notification = self.exceptions(*orders).action_retry()
        self.assertIn("1 of 2", notification["params"]["message"])
        self.assertEqual(orders.mapped("oms_state"), ["sourced", "waiting"])

    def test_retry_when_given_back_often(self):
        """A user may go back to sites that gave the order back, and the count begins anew."""
        order = self.give_back_often()
        self.exceptions(order).action_retry()
        self.assertEqual(order.oms_state, "sourced")
        self.assertFalse(self.exceptions(order))
        self.assertBalanced(order)

    def test_accepted(self):
        """An order that may wait leaves the list until its day, or until something happens."""
        order = self.make_order((self.berry, 1))
        order._oms_accept_waiting(note="The customer agreed.")
        self.assertFalse(self.exceptions(order))
        self.assertIn("The customer agreed.", order.message_ids[0].body)
        order.oms_backorder_until = self.today - timedelta(days=1)
        self.assertKind(order, "unsourceable")
        order._oms_accept_waiting(fields.Date.today() + timedelta(days=3))
        self.assertFalse(self.exceptions(order))
        with self.assertRaisesRegex(UserError, "a day to come"):
            order._oms_accept_waiting(fields.Date.to_date("2024-03-05"))
        order._oms_raise("receipt.late")
        self.assertKind(order, "unsourceable")
        with self.assertRaisesRegex(UserError, "No selected order waits"):
            self.make_order((self.apple, 1))._oms_accept_waiting()

    def test_told_once(self):
        """An event tells that an order came to need a person, once."""
        order = self.make_order((self.berry, 1))

        def told():
            with self.enter_registry_test_mode():
                self.env.ref("oms.cron_raise_exceptions").method_direct_trigger()
            return len(order.oms_event_ids.filtered(lambda e: e.event == "order.exception"))

        self.assertEqual(told(), 1)
        self.assertEqual(told(), 1)
        order._oms_accept_waiting()
        self.assertEqual(told(), 1)
        order._oms_stop_waiting()
        self.assertEqual(told(), 2)

    def test_roles(self):
        order = self.make_order((self.berry, 1))
        operator = self.make_user("deciding-operator", "oms.group_order_operator")
        found = self.exceptions(order).with_user(operator)
        self.assertEqual(found.kind, "unsourceable")
        self.assertTrue(found.reason and found.tried)
        self.stock(self.berry, (self.far, 1))
        found.action_retry()
        self.assertEqual(order.oms_state, "sourced")
        clerk = self.make_user("curious-clerk", "oms.group_site_operator")
        api = self.make_user("curious-channel", "oms.group_channel_user")
        for user in (clerk, api):
            with self.assertRaises(AccessError):
                self.env["oms.exception"].with_user(user).search([])
        other = self.env["res.company"].create({"name": "Other company"})
        stranger = self.make_user(
            "stranger",
            "oms.group_order_operator",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        order = self.make_order((self.berry, 1))
        self.assertFalse(
            self.env["oms.exception"].with_user(stranger).search([("order_id", "=", order.id)])
        )
