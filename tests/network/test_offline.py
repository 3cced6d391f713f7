from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .network_case import NOW, NetworkCase


@tagged("post_install", "-at_install")
class TestOffline(NetworkCase):
    """Sites that are asked for nothing for a time."""

    def take_offline(self, sites, user=None, **vals):
        sites = sites.with_user(user) if user else sites
        action = sites.action_take_offline()
        wizard = (
            self.env["oms.site.offline.wizard"]
            .with_user(sites.env.user)
            .with_context(**action["context"])
            .create({"reason": "Stocktaking", **vals})
        )
        wizard.action_take_offline()

    def test_offline_site_is_not_asked(self):
        self.take_offline(self.near)
        order, sites = self.source((self.apple, 5))
        self.assertEqual(sites, self.middle)
        self.assertEqual(self.reasons(order), {"NEAR": "offline"})
        self.assertIn("Near – offline: Stocktaking", order.oms_decision_ids.note)
        self.assertTrue(self.near.is_offline)
        self.near.action_back_online()
        self.assertFalse(self.near.is_offline)
        self.assertEqual(self.source((self.apple, 5))[1], self.near)

    def test_period_counts_from_its_begin_to_its_end(self):
        self.env["oms.site.offline"].create(
            {
                "site_id": self.near.id,
                "date_from": NOW,
                "date_to": NOW + timedelta(days=2),
                "reason": "Flood",
            }
        )
        for hours, offline in ((-1, False), (0, True), (47, True), (48, False)):
            moment = NOW + timedelta(hours=hours)
            with self.subTest(hours=hours), self.at(moment):
                self.near.invalidate_recordset(["is_offline"])
                self.assertEqual(self.near.is_offline, offline)
                found = self.env["oms.site"].search([("is_offline", "=", True)])
                self.assertEqual(self.near in found, offline)
                found = self.env["oms.site"].search([("is_offline", "=", False)])
                self.assertEqual(self.near in found, not offline)
                barred = self.sites._get_barred(self.env["sale.order"], moment)
                self.assertEqual(barred, {})
                self.assertEqual(self.near in self.sites._get_offline(moment), offline)

    def test_waiting_order_says_why(self):
        self.take_offline(self.sites)
        order, sites = self.source((self.apple, 5))
        self.assertFalse(sites)
        self.assertIn("Near, Middle, Far – offline: Stocktaking", order.oms_waiting_reason)
        self.assertIn("No site of the channel can be asked", order.oms_waiting_reason)
        triggers = self.count_triggers()
        self.sites.action_back_online()
        self.assertGreater(self.count_triggers(), triggers, "waiting orders are looked at")
        self.run_cron()
        self.assertEqual(order.oms_state, "sourced")

    def test_open_work_goes_elsewhere(self):
        order, sites = self.source((self.apple, 5))
        begun, _sites = self.source((self.apple, 3))
        begun.picking_ids.move_ids.picked = True
        self.assertEqual(sites, self.near)
        self.take_offline(self.near)
        self.assertEqual(order.oms_fulfillment_ids.state, "cancelled")
        self.assertEqual(begun.oms_fulfillment_ids.state, "released", "what was begun goes on")
        self.assertIn("went offline", order.oms_fulfillment_ids.message_ids[0].body)
        self.run_cron()
        self.assertEqual(order._oms_get_open_fulfillments().site_id, self.middle)
        self.assertBalanced(order)

    def test_much_open_work_is_taken_back_at_once(self):
        """What each order costs more is its messages, not a cancellation of its own."""
        counts = []
        for number in (2, 7):
            orders = [self.source((self.apple, 1))[0] for _ in range(number)]
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.take_offline(self.near)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            for order in orders:
                self.assertEqual(order.oms_fulfillment_ids.state, "cancelled")
            self.near.action_back_online()
        self.assertLess((counts[1] - counts[0]) / 5, 60)

    def test_open_work_may_stay(self):
        order, _sites = self.source((self.apple, 5))
        self.take_offline(self.near, resource_work=False)
        self.assertEqual(order.oms_fulfillment_ids.state, "released")

    def test_planned_period_begins_by_itself(self):
        order, _sites = self.source((self.apple, 5))
        begin = fields.Datetime.now() + timedelta(days=1)
        self.take_offline(self.near, date_from=begin, date_to=begin + timedelta(days=1))
        self.assertEqual(order.oms_fulfillment_ids.state, "released")
        job = self.env.ref("oms.cron_begin_offline")
        for days, state in ((0, "released"), (1.1, "cancelled")):
            with (
                self.at(begin + timedelta(days=days - 1)),
                self.enter_registry_test_mode(),
            ):
                job.method_direct_trigger()
            order.invalidate_recordset()
            if days == 1.1:
                self.assertEqual(order.oms_fulfillment_ids.state, state)

    def test_operators_find_their_sites(self):
        """Who only works at a site can open it to take it offline."""
        worker = new_test_user(self.env, "packer", groups="oms.group_site_operator")
        menus = self.env["ir.ui.menu"].with_user(worker).load_menus(False)
        shown = {menu.get("action_id") for menu in menus.values()}
        self.assertIn(self.env.ref("oms.action_site").id, shown)

    def test_bad_input(self):
        with self.assertRaises(ValidationError):
            self.take_offline(self.near, date_to=fields.Datetime.now() - timedelta(days=1))
        with self.assertRaises(UserError):
            self.near.action_back_online()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env["oms.site.offline"].create(
                {
                    "site_id": self.near.id,
                    "date_from": NOW,
                    "date_to": NOW,
                    "reason": "No time at all",
                }
            )

    def test_who_may_switch(self):
        clerk = self.make_user("offline-clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        order, _sites = self.source((self.apple, 5))
        self.take_offline(self.near, clerk)
        self.assertTrue(self.near.is_offline)
        self.assertEqual(order.oms_fulfillment_ids.state, "cancelled")
        self.near.with_user(clerk).action_back_online()
        self.assertFalse(self.near.is_offline)
        with self.assertRaises(AccessError):
            self.far.with_user(clerk).action_take_offline()
        with self.assertRaises(AccessError):
            self.near.with_user(clerk).capacity_orders = 3
        with self.assertRaises(AccessError):
            self.env["oms.site.offline"].with_user(clerk).create(
                {"site_id": self.near.id, "reason": "By the back door"}
            )
        seller = self.make_user("offline-seller", "sales_team.group_sale_salesman_all_leads")
        with self.assertRaises(AccessError):
            self.near.with_user(seller).action_take_offline()
        manager = self.make_user("offline-manager", "oms.group_order_manager")
        self.take_offline(self.near + self.far, manager)
        self.assertTrue(self.far.is_offline)
        periods = self.env["oms.site.offline"].with_user(clerk).search([])
        self.assertEqual(periods.site_id, self.near, "a clerk sees the own site's periods only")
