from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PreparationCase

MONDAY = "2024-03-04 {}:00"


@tagged("post_install", "-at_install")
class TestRule(PreparationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.near.tz = "Europe/Paris"

    def run_at(self, moment):
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref("oms.cron_preparation").method_direct_trigger()

    def make_rule_at(self, moment, **vals):
        with freeze_time(moment):
            return self.make_rule(**vals)

    # === WHEN === #

    def test_times_are_those_of_the_site(self):
        rule = self.make_rule_at(MONDAY.format("06:00"), times=(9.0,))
        self.assertIsNone(rule._find_due_slot(datetime(2024, 3, 4, 7, 59)))
        # 9:00 in Paris, in winter.
        self.assertEqual(
            rule._find_due_slot(datetime(2024, 3, 4, 8, 0)), datetime(2024, 3, 4, 8, 0)
        )
        rule.last_slot_at = datetime(2024, 7, 1)
        # ... and in summer.
        self.assertEqual(
            rule._find_due_slot(datetime(2024, 7, 1, 7, 5)), datetime(2024, 7, 1, 7, 0)
        )

    def test_closed_days_make_no_waves(self):
        calendar = self.env["resource.calendar"].create(
            {
                "name": "Weekdays",
                "tz": "Europe/Paris",
                "attendance_ids": [
                    (0, 0, {"name": "d", "dayofweek": str(d), "hour_from": 8, "hour_to": 18})
                    for d in range(5)
                ],
            }
        )
        self.near.resource_calendar_id = calendar
        rule = self.make_rule_at("2024-03-01 20:00:00", times=(9.0,))
        self.assertIsNone(rule._find_due_slot(datetime(2024, 3, 2, 9, 0)))
        self.assertTrue(rule._find_due_slot(datetime(2024, 3, 4, 9, 0)))
        with freeze_time("2024-03-02 09:00:00"):
            rule.invalidate_recordset(["next_slot_at"])
            self.assertEqual(rule.next_slot_at, datetime(2024, 3, 4, 8, 0))
        # Minutes before closing time, as no pickup is known.
        rule.write({"when": "cutoff", "minutes": 90})
        self.assertIn(datetime(2024, 3, 4, 15, 30), rule._get_slots(datetime(2024, 3, 4, 12, 0)))

    def test_minutes_before_each_pickup(self):
        self.near.pickup_ids = [(0, 0, {"hour": 12.0}), (0, 0, {"hour": 18.0})]
        rule = self.make_rule_at(MONDAY.format("01:00"), when="cutoff", minutes=120)
        self.assertEqual(
            [
                each
                for each in rule._get_slots(datetime(2024, 3, 4, 12, 0))
                if each.date() == date(2024, 3, 4)
            ],
            [datetime(2024, 3, 4, 9, 0), datetime(2024, 3, 4, 15, 0)],
        )

    def test_of_missed_times_the_last_is_made_up_for(self):
        rule = self.make_rule_at(MONDAY.format("05:00"), times=(7.0, 8.0, 9.0))
        self.assertEqual(
            rule._find_due_slot(datetime(2024, 3, 4, 8, 30)), datetime(2024, 3, 4, 8, 0)
        )
        # After a night nobody wants the waves of the morning before.
        self.assertIsNone(rule._find_due_slot(datetime(2024, 3, 4, 23, 0)))

    def test_a_rule_of_now_is_not_for_this_morning(self):
        rule = self.make_rule_at(MONDAY.format("10:00"), times=(9.0,))
        self.assertIsNone(rule._find_due_slot(datetime(2024, 3, 4, 10, 5)))

    def test_times_are_needed(self):
        with self.assertRaisesRegex(ValidationError, "at which times"):
            self.make_rule(times=())

    # === WHAT === #

    def test_the_job_makes_waves_once(self):
        rule = self.make_rule_at(MONDAY.format("06:00"))
        orders = self.make_order((self.apple, 1)) + self.make_order((self.apple, 2))
        orders += self.make_order((self.berry, 1))
        orders[2].picking_ids.do_unreserve()
        self.run_at(MONDAY.format("07:30"))
        self.assertFalse(rule.run_ids)
        self.run_at(MONDAY.format("08:02"))
        run = rule.run_ids
        self.assertEqual((run.wave_count, run.order_count, run.left_count), (1, 2, 1))
        self.assertEqual(run.planned_at, datetime(2024, 3, 4, 8, 0))
        self.assertEqual(run.wave_ids.picking_ids, orders[:2].picking_ids)
        self.assertEqual(run.left_ids.reason, "unreserved")
        self.assertEqual(run.left_ids.fulfillment_id, orders[2].oms_fulfillment_ids)
        # What came since waits for the next time.
        later = self.make_order((self.apple, 1))
        self.run_at(MONDAY.format("08:05"))
        self.assertEqual(rule.run_ids, run)
        self.assertFalse(later.oms_fulfillment_ids.wave_id)
        self.run_at("2024-03-05 08:05:00")
        self.assertEqual(len(rule.run_ids), 2)
        self.assertTrue(later.oms_fulfillment_ids.wave_id)

    def test_other_sites_and_carriers_are_left_alone(self):
        self.network.site_ids |= self.far
        cake = self.make_product("Cake")
        self.stock(cake, (self.far, 5))
        foreign, own = self.make_order((cake, 1)), self.make_order((self.apple, 1))
        rule = self.make_rule()
        rule.action_run()
        self.assertTrue(own.oms_fulfillment_ids.wave_id)
        self.assertFalse(foreign.oms_fulfillment_ids.wave_id)
        with self.assertRaisesRegex(UserError, "Nothing is released"):
            rule.action_run()

    def test_only_what_is_due_soon(self):
        soon, later = self.make_order((self.apple, 1)), self.make_order((self.apple, 1))
        self.set_due(soon, "2024-03-05 10:00:00")
        self.set_due(later, "2099-01-01 00:00:00")
        self.make_rule(due_hours=24.0).action_run()
        self.assertTrue(soon.oms_fulfillment_ids.wave_id)
        self.assertFalse(later.oms_fulfillment_ids.wave_id)

    def test_a_rule_that_fails_keeps_no_other_waiting(self):
        bad = self.make_rule_at(MONDAY.format("06:00"), name="Bad", sequence=1)
        good = self.make_rule_at(MONDAY.format("06:00"), name="Good", sequence=2)
        order = self.make_order((self.apple, 1))
        Rule = self.env.registry["oms.preparation.rule"]
        original = Rule._run

        def fail(rule, slot=None):
            if rule == bad:
                raise ValueError("broken")
            return original(rule, slot)

        self.patch(Rule, "_run", fail)
        with mute_logger("odoo.addons.oms.models.preparation.oms_preparation_rule_run"):
            self.run_at(MONDAY.format("08:02"))
        self.assertFalse(bad.run_ids)
        self.assertTrue(good.run_ids)
        self.assertTrue(order.oms_fulfillment_ids.wave_id)
