from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .network_case import NetworkCase


@tagged("post_install", "-at_install")
class TestCapacity(NetworkCase):
    """Orders take up days of the sites that serve them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Datetime.context_timestamp(
            cls.near.with_context(tz="Europe/Paris"), fields.Datetime.now()
        ).date()

    def slots(self, site=None):
        """Return (orders, units) by the number of days from today."""
        self.env.flush_all()
        slots = self.env["oms.site.slot"].search([("site_id", "=", (site or self.near).id)])
        slots.invalidate_recordset()
        return {
            (slot.day - self.today).days: (slot.orders, slot.units)
            for slot in slots
            if slot.orders or slot.units
        }

    def days(self, orders):
        """Return how many days from today each order is worked on at Near."""
        found = []
        for order in orders:
            fulfillment = order._oms_get_open_fulfillments()
            if fulfillment.site_id == self.near:
                found.append((fulfillment.slot_day - self.today).days)
            else:
                found.append(fulfillment.site_id.code)
        return found

    def make_orders(self, count, quantity=2):
        return [self.make_order((self.apple, quantity)) for _number in range(count)]

    def assertTrue_to_fulfillments(self):
        self.assertFalse(self.env["oms.site.slot"]._rebuild(), "slots say what is held")

    def test_full_days_go_to_later_ones(self):
        self.near.write({"capacity_orders": 2, "capacity_days": 1})
        orders = self.make_orders(5)
        self.assertEqual(self.days(orders), [0, 0, 1, 1, "MID"])
        self.assertEqual(self.slots(), {0: (2, 4), 1: (2, 4)})
        self.assertEqual(self.reasons(orders[-1]), {"NEAR": "capacity"})
        self.assertIn("Near – is full from", orders[-1].oms_decision_ids.note)
        self.assertTrue_to_fulfillments()

    def test_a_batch_is_bounded_too(self):
        self.near.write({"capacity_orders": 2, "capacity_days": 1})
        orders = self.env["sale.order"]
        for _number in range(5):
            orders += self.make_order((self.apple, 2), confirm=False)
        orders.action_confirm()
        self.assertEqual(sorted(map(str, self.days(orders))), ["0", "0", "1", "1", "MID"])
        self.assertEqual(self.slots(), {0: (2, 4), 1: (2, 4)})
        self.assertTrue_to_fulfillments()

    def test_full_sites_may_be_left_out(self):
        self.near.write({"capacity_orders": 1, "capacity_policy": "barred"})
        self.assertEqual(self.days(self.make_orders(2)), [0, "MID"])

    def test_units(self):
        self.near.write({"capacity_units": 10, "capacity_policy": "barred"})
        self.strategy.parcel_cost = 0
        orders = self.make_orders(2, 4)
        self.assertEqual(self.slots(), {0: (2, 8)})
        third = self.make_order((self.apple, 6))
        self.assertEqual(
            self.plan(third), {("NEAR", "Apple"): 2, ("MID", "Apple"): 4}, "no more than fits"
        )
        self.assertEqual(self.slots(), {0: (3, 10)})
        self.assertEqual(self.days(self.make_orders(1)), ["MID"])
        self.cancel(orders[0])
        self.assertEqual(self.slots(), {0: (2, 6)})
        self.assertTrue_to_fulfillments()

    def test_more_than_a_day_takes(self):
        self.near.write({"capacity_units": 10})
        self.strategy.parcel_cost = 0
        order = self.make_order((self.apple, 25))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 10, ("MID", "Apple"): 15})
        self.assertEqual(self.slots(), {0: (1, 10)})

    def test_open_orders(self):
        self.near.capacity_open = 2
        orders = self.make_orders(3)
        self.assertEqual(
            [order._oms_get_open_fulfillments().site_id.code for order in orders],
            ["NEAR", "NEAR", "MID"],
        )
        self.assertIn("has 2 open orders", orders[2].oms_decision_ids.note)
        self.ship(orders[0].picking_ids)
        [fourth] = self.make_orders(1)
        self.assertEqual(fourth._oms_get_open_fulfillments().site_id, self.near)

    def test_given_back(self):
        self.near.capacity_orders = 1
        [order] = self.make_orders(1)
        self.assertEqual(self.slots(), {0: (1, 2)})
        order.picking_ids.action_cancel()
        self.assertEqual(self.slots(), {})
        [other] = self.make_orders(1)
        self.ship(other.picking_ids)
        self.assertEqual(self.slots(), {0: (1, 2)}, "what was done has used the day")
        self.assertTrue_to_fulfillments()

    def test_quantities_follow(self):
        self.near.capacity_units = 10
        [order] = self.make_orders(1, 4)
        order.order_line.product_uom_qty = 3
        self.assertEqual(self.slots(), {0: (1, 3)})
        order.order_line.product_uom_qty = 9
        self.assertEqual(self.slots(), {0: (1, 9)}, "more of an order on its day")
        order.order_line.product_uom_qty = 12
        self.assertEqual(self.slots(), {0: (1, 10)})
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 10, ("MID", "Apple"): 2})
        self.cancel(order)
        order.unlink()
        self.assertEqual(self.slots(), {})
        self.assertTrue_to_fulfillments()

    def test_leftovers_move_with_what_is_added(self):
        self.near.write({"capacity_orders": 1, "capacity_units": 10})
        [order] = self.make_orders(1, 4)
        order.oms_fulfillment_ids.slot_day = self.today - timedelta(days=3)
        self.assertEqual(self.slots(), {-3: (1, 4)})
        order.order_line.product_uom_qty = 6
        self.assertEqual(self.slots(), {0: (1, 6)})
        self.assertTrue_to_fulfillments()

    def test_held_goods_are_done_later(self):
        """What a cart holds at a full site is done on the first day with room, not refused."""
        self.near.write({"capacity_orders": 1, "capacity_policy": "barred"})
        claims = self.hold((self.apple, self.near, 2))
        self.make_orders(1)
        order = self.make_order((self.apple, 2), confirm=False)
        order._oms_confirm_held(claims)
        self.assertEqual(self.days([order]), [1])
        self.assertEqual(self.slots(), {0: (1, 2), 1: (1, 2)})

    def test_closed_days_take_nothing(self):
        calendar = self.make_calendar(((self.today.weekday() + 2) % 7, 0, 24))
        self.near.write({"capacity_orders": 1, "resource_calendar_id": calendar.id})
        self.assertEqual(self.days(self.make_orders(3)), [2, 9, "MID"])

    def test_taking_what_is_full_fails(self):
        self.near.write({"capacity_orders": 1})
        self.make_orders(1)
        Slot = self.env["oms.site.slot"]
        with self.assertRaises(UserError):
            Slot._take({(self.near, self.today): (1.0, 1.0)})
        Slot._take({(self.near, self.today): (0.0, 1.0)})
        self.assertEqual(self.slots(), {0: (1, 2)})

    def test_rebuild(self):
        self.near.capacity_orders = 3
        self.make_orders(2)
        self.slots()
        self.env.cr.execute(
            "UPDATE oms_site_slot SET orders = 7, units = 1 WHERE site_id = %s", [self.near.id]
        )
        self.env.cr.execute(
            "INSERT INTO oms_site_slot (site_id, day, orders, units) VALUES (%s, %s, 1, 1)",
            [self.far.id, date(2026, 1, 1)],
        )
        manager = self.make_user("slot-manager", "oms.group_order_manager")
        with self.assertLogs("odoo.addons.oms.models.network.oms_site_slot", "WARNING"):
            result = self.env["oms.site.slot"].with_user(manager).action_check()
        self.assertIn("Near", result["params"]["message"])
        self.assertEqual(self.slots(), {0: (2, 4)})
        self.assertEqual(self.slots(self.far), {})
        self.assertIn("corrected", self.near.message_ids[0].body)
        self.assertTrue_to_fulfillments()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_check_slots").method_direct_trigger()

    def test_screen(self):
        self.near.write({"capacity_orders": 2, "capacity_units": 10})
        self.assertFalse(self.near.is_full_today)
        self.make_orders(1, 4)
        self.near.invalidate_recordset()
        self.assertEqual(self.near.capacity_used, 50.0)
        self.assertAlmostEqual(self.near.workload, 0.4)
        self.make_orders(1, 6)
        self.near.invalidate_recordset()
        self.assertTrue(self.near.is_full_today)
        self.assertEqual(self.near.capacity_used, 100.0)
        Site = self.env["oms.site"]
        self.assertIn(self.near, Site.search([("is_full_today", "=", True)]))
        self.assertNotIn(self.near, Site.search([("is_full_today", "=", False)]))
        self.assertIn(self.far, Site.search([("is_full_today", "=", False)]))
        slot = self.near.coming_slot_ids
        self.assertEqual((slot.orders, slot.units, slot.used), (2, 10, 100))
        action = slot.action_view_fulfillments()
        found = self.env["oms.fulfillment"].search(action["domain"])
        self.assertEqual(len(found), 2)

    def test_roles(self):
        self.sites.capacity_orders = 2
        self.make_orders(3)
        self.env.flush_all()
        clerk = self.make_user("slot-clerk", "oms.group_site_operator")
        self.middle.user_ids = clerk
        Slot = self.env["oms.site.slot"]
        self.middle.capacity_units = 1
        self.stock(self.berry, (self.middle, 5))
        self.make_order((self.berry, 1))
        self.env.flush_all()
        self.assertEqual(Slot.with_user(clerk).search([]).site_id, self.middle)
        with self.assertRaises(AccessError):
            Slot.with_user(clerk).action_check()
        for user in (clerk, self.make_user("slot-boss", "oms.group_order_manager")):
            with self.assertRaises(AccessError):
                Slot.with_user(user).create({"site_id": self.near.id, "day": self.today})
        nobody = self.make_user("slot-nobody", "base.group_user")
        with self.assertRaises(AccessError):
            Slot.with_user(nobody).search([])

    def test_bad_input(self):
        for vals in ({"capacity_orders": -1}, {"capacity_units": -1}, {"capacity_days": 61}):
            with (
                self.subTest(vals),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.near.write(vals)
                self.near.flush_recordset()


@tagged("post_install", "-at_install")
class TestRejections(NetworkCase):
    """How soon a site is asked again for what it gave back."""

    def give_back(self, order):
        pickings = order.picking_ids.filtered(lambda picking: picking.state != "cancel")
        pickings.action_cancel()
        self.env.flush_all()

    def barred(self, order, hours):
        moment = max(order.picking_ids.move_ids.mapped("write_date")) + timedelta(hours=hours)
        found = order._oms_find_given_back(moment)
        return {site.code: barring.reason for site, barring in found.items()}

    def test_never_again_by_itself(self):
        order = self.make_order((self.apple, 2))
        self.give_back(order)
        self.assertEqual(self.barred(order, 9999), {"NEAR": "rejected"})

    def test_cool_down(self):
        self.channel.cool_down_hours = 4
        order = self.make_order((self.apple, 2))
        self.give_back(order)
        self.assertEqual(self.barred(order, 3.9), {"NEAR": "cool_down"})
        self.assertEqual(self.barred(order, 4.1), {})

    def test_most_rejections(self):
        self.channel.write({"cool_down_hours": 4, "max_rejects": 2})
        order = self.make_order((self.apple, 2))
        self.give_back(order)
        order.action_oms_source()
        self.assertEqual(self.barred(order, 9), {})
        self.give_back(order)
        self.assertEqual(self.barred(order, 9), {"NEAR": "rejected"})
        order.action_oms_source()
        self.assertEqual(order._oms_get_open_fulfillments().site_id, self.near, "asked by hand")
