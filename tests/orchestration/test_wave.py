import math
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.engine import highs
from odoo.addons.oms.models.orchestration import oms_sourcing_wave
from odoo.addons.oms.models.orchestration.oms_sourcing_wave import OmsSourcing
from odoo.addons.oms.models.orchestration.oms_wave_run import LOCK_CLASS, OmsWave

from ..common import MARSEILLE, PARIS, OmsCase

HALFWAY = (46.6, 3.3)
RUN = "odoo.addons.oms.models.orchestration.oms_wave_run"


@tagged("post_install", "-at_install")
class TestWave(OmsCase):
    """Orders of a channel are collected and sourced together.

    Of apples there is one near Paris, and there are many at Marseille. Of two orders for one the
    first goes halfway, the second to Paris: one by one the first takes the apple near Paris,
    together it is left to the second.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strategy.unit_km_cost = 0.05
        cls.channel.write({"wave_minutes": 10, "wave_seconds": 10})
        cls.sites -= cls.middle
        cls.network.site_ids = cls.near + cls.far

    def run_waves(self):
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_run_waves").method_direct_trigger()
        self.env.invalidate_all()
        return self.env["oms.wave"].search([("channel_id", "=", self.channel.id)])

    def compete(self):
        """Two orders for the only apple near Paris; the first in turn gains less by it."""
        self.stock(self.apple, (self.near, 1), (self.far, 9))
        halfway = self.make_partner("Halfway", HALFWAY)
        first = self.make_order((self.apple, 1), partner_id=halfway.id)
        second = self.make_order((self.apple, 1))
        return first, second

    def test_collected_and_sourced_together(self):
        first, second = self.compete()
        self.assertEqual((first + second).mapped("oms_state"), ["waiting", "waiting"])
        self.assertFalse(first.oms_decision_ids)
        self.assertIn("next wave", first.oms_waiting_reason)
        self.run_cron()
        self.assertEqual(first.oms_state, "waiting", "the job for stock leaves it to the wave")
        wave = self.run_waves()
        self.assertEqual(len(wave), 1)
        self.assertEqual(wave.state, "done", wave.log)
        self.assertEqual(self.plan(first), {("FAR", "Apple"): 1})
        self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1})
        self.assertEqual((first + second).oms_decision_ids.wave_id, wave)
        self.assertEqual(set((first + second).oms_decision_ids.mapped("trigger")), {"wave"})
        self.assertEqual((wave.order_count, wave.sourced_count), (2, 2))
        self.assertLess(wave.cost_after, wave.cost_greedy)
        self.assertAlmostEqual(wave.cost_after, wave.lower_bound, places=4)
        self.assertAlmostEqual(
            wave.cost_after, sum((first + second).oms_decision_ids.mapped("cost")), places=2
        )
        for order in first + second:
            self.assertBalanced(order)
        action = wave.action_view_orders()
        self.assertEqual(self.env["sale.order"].search(action["domain"]), first | second)

    def test_one_by_one_without_waves(self):
        self.channel.wave_minutes = 0
        first, second = self.compete()
        self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1})
        self.assertEqual(self.plan(second), {("FAR", "Apple"): 1})
        self.assertFalse(self.run_waves())

    def test_only_when_the_time_has_come(self):
        self.compete()
        wave = self.run_waves()
        self.stock(self.berry, (self.near, 5))
        order = self.make_order((self.berry, 1))
        self.assertEqual(self.run_waves(), wave)
        self.assertEqual(order.oms_state, "waiting")
        wave.started_at = fields.Datetime.subtract(fields.Datetime.now(), minutes=11)
        self.assertEqual(len(self.run_waves()), 2)
        self.assertEqual(order.oms_state, "sourced")

    def test_what_waits_is_told_once(self):
        order = self.make_order((self.apple, 2))
        for _turn in range(2):
            wave = self.run_waves()[:1]
            self.assertEqual(wave.state, "done", wave.log)
            wave.started_at = "2024-01-01"
        self.assertEqual(len(order.oms_decision_ids), 1)
        self.assertEqual(order.oms_decision_ids.outcome, "none")

    def reconsider(self, least):
        self.channel.write({"wave_minutes": 0, "replan_gain": least})
        first, second = self.compete()
        self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1})
        return first, second, self.source_together(first + second)

    def source_together(self, orders):
        """Have a wave of the orders run, and run it as the scheduled job does."""
        action = orders.action_oms_source_together()
        wave = self.env["oms.wave"].browse(action["res_id"])
        self.assertEqual((wave.state, wave.order_ids), ("queued", orders))
        self.run_waves()
        return wave

    def test_better_plan_in_place_of_those_in_force(self):
        first, second, wave = self.reconsider(0.5)
        self.assertEqual(wave.state, "done", wave.log)
        self.assertEqual(wave.changed_count, 2)
        self.assertEqual(self.plan(first), {("FAR", "Apple"): 1})
        self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1})
        self.assertLess(wave.cost_after, wave.cost_before)
        self.assertGreaterEqual(wave.cost_after, wave.lower_bound, "no plans cost less than that")
        costs = sum(self.env["oms.decision"].search([("wave_id", "=", wave.id)]).mapped("cost"))
        self.assertAlmostEqual(wave.cost_after, costs + 2 * 0.5, places=2)
        for order in first + second:
            self.assertBalanced(order)

    def test_plans_in_force_stay_below_the_least_gain(self):
        first, second, wave = self.reconsider(500.0)
        pickings = (first + second).picking_ids
        self.assertEqual(wave.state, "done", wave.log)
        self.assertEqual(wave.changed_count, 0)
        self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1})
        self.assertEqual(self.plan(second), {("FAR", "Apple"): 1})
        self.assertEqual(set(pickings.mapped("state")), {"assigned"})
        self.assertEqual(len(pickings), 2, "transfers are not made anew for nothing")

    def test_the_least_gain_is_asked_of_each_plan(self):
        """What is gained is distance alone: worked out here from the places."""

        def kilometers(one, other):
            (lat, lon), (to_lat, to_lon) = (map(math.radians, place) for place in (one, other))
            half = (
                math.sin((to_lat - lat) / 2) ** 2
                + math.cos(lat) * math.cos(to_lat) * math.sin((to_lon - lon) / 2) ** 2
            )
            return 2 * 6371.0088 * math.asin(math.sqrt(half))

        before = kilometers(HALFWAY, PARIS) + kilometers(PARIS, MARSEILLE)
        after = kilometers(HALFWAY, MARSEILLE) + kilometers(PARIS, PARIS)
        each = round((before - after) * self.strategy.unit_km_cost / 2, 2)
        first, second, wave = self.reconsider(each + 0.02)
        self.assertEqual((wave.state, wave.changed_count), ("done", 0))
        self.channel.replan_gain = each - 0.02
        wave = self.source_together(first + second)
        self.assertEqual((wave.state, wave.changed_count), ("done", 2))
        self.assertEqual(wave.changed_ids, first | second)
        self.assertAlmostEqual(wave.cost_before - wave.cost_after, 0.04, delta=0.02)

    def test_nobody_loses_goods_that_were_planned(self):
        """What an order has is not given to others that would gain more by it."""
        self.channel.write({"wave_minutes": 0, "replan_gain": 0.0})
        self.stock(self.apple, (self.far, 1))
        has, wants = self.make_order((self.apple, 1)), self.make_order((self.apple, 1))
        wants.partner_shipping_id = self.make_partner("In Marseille", MARSEILLE)
        self.assertEqual((has.oms_state, wants.oms_state), ("sourced", "waiting"))
        self.source_together(has + wants)
        self.assertEqual(self.plan(has), {("FAR", "Apple"): 1})
        self.assertEqual(wants.oms_state, "waiting")

    def test_work_is_tried_again_when_others_were_faster(self):
        self.compete()
        original, calls = OmsSourcing._prepare_together, []

        def slower(sourcing, *args):
            calls.append(1)
            if len(calls) == 1:
                raise SerializationFailure("could not serialize access")
            return original(sourcing, *args)

        with patch.object(OmsSourcing, "_prepare_together", slower):
            wave = self.run_waves()
        self.assertEqual((wave.state, len(calls)), ("done", 2))

    def test_what_a_site_has_begun_stays(self):
        self.channel.write({"wave_minutes": 0, "replan_gain": 0.0})
        first, second = self.compete()
        first.picking_ids.move_ids.picked = True
        self.source_together(second)
        self.source_together(first + second)
        self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1})

    def test_goods_taken_meanwhile(self):
        """What others took while the wave was thinking is not promised twice."""
        first, second = self.compete()
        original = OmsWave._think

        def slow(wave, *args):
            together = original(wave, *args)
            self.stock(self.apple, (self.near, -1))
            self.env.flush_all()
            return together

        with patch.object(OmsWave, "_think", slow):
            wave = self.run_waves()
        self.assertEqual(wave.state, "done", wave.log)
        self.assertEqual(self.plan(first), {("FAR", "Apple"): 1})
        self.assertEqual(self.plan(second), {("FAR", "Apple"): 1})
        for order in first + second:
            self.assertBalanced(order)

    def test_prices_for_later_orders(self):
        self.strategy.write({"scarcity_factor": 1.0, "scarcity_source": "batch"})
        old = {(self.far.id, self.berry.id): 2.0, (self.near.id, self.apple.id): 99.0}
        self.env["oms.stock.price"]._replace(self.strategy, old, "batch")
        self.compete()
        wave = self.run_waves()
        prices = {
            (price.site_id, price.product_id): price.price for price in self.strategy.price_ids
        }
        self.assertEqual(wave.state, "done", wave.log)
        self.assertEqual(prices[self.far, self.berry], 2.0, "of that nobody asked for it")
        self.assertGreater(prices[self.near, self.apple], 0.0)
        self.assertLess(prices[self.near, self.apple], 30.0, "worked out anew")
        self.assertNotIn((self.far, self.apple), prices)

    def test_without_the_solver(self):
        def missing():
            raise highs.SolverMissing("pip install highspy")

        first, second = self.compete()
        with patch.object(highs, "load", missing):
            wave = self.run_waves()
        self.assertEqual((wave.state, wave.method), ("done", "sequence"))
        self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1})
        self.assertEqual(self.plan(first), {("FAR", "Apple"): 1})

    def test_a_strategy_that_does_not_go_by_costs(self):
        self.strategy.method = "nearest"
        first, second = self.compete()
        wave = self.run_waves()
        self.assertEqual(wave.state, "done", wave.log)
        self.assertEqual((wave.order_count, wave.method), (2, "stages"))
        self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1}, "first come, first served")
        self.assertEqual(self.plan(second), {("FAR", "Apple"): 1})

    @mute_logger(RUN)
    def test_a_wave_that_fails_says_so(self):
        first, _second = self.compete()

        def broken(*args, **kwargs):
            raise ValueError("No such luck")

        with patch.object(oms_sourcing_wave, "solve_batch", broken):
            wave = self.run_waves()
        self.assertEqual((wave.state, wave.log), ("failed", "No such luck"))
        self.assertEqual(first.oms_state, "waiting")
        wave.started_at = "2024-01-01"
        self.assertEqual(self.run_waves()[:1].state, "done")
        self.assertEqual(first.oms_state, "sourced")

    def test_a_killed_wave_is_told_by_the_next(self):
        self.compete()
        killed = self.env["oms.wave"].create(
            {"channel_id": self.channel.id, "trigger": "scheduled", "started_at": "2024-01-01"}
        )
        with self.assertLogs(RUN, "WARNING") as logs:
            wave = self.run_waves()[:1]
        self.assertIn(f"Wave {killed.id} of channel TWEB was interrupted", logs.output[0])
        self.assertNotEqual(wave, killed)
        self.assertEqual((wave.state, killed.state), ("done", "interrupted"))
        self.assertIn("interrupted", killed.log)

    def test_two_waves_of_a_channel_at_once(self):
        first, second = self.compete()
        # Another session has the lock, as a wave that runs does.
        with self.registry.cursor() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_CLASS, self.channel.id))
            wave = self.source_together(first + second)
            self.assertEqual((wave.state, first.oms_state), ("queued", "waiting"))
        self.assertEqual(self.run_waves(), wave)
        self.assertEqual((wave.state, first.oms_state), ("done", "sourced"))

    def test_what_becomes_of_orders_before_the_turn_of_their_wave(self):
        """Those that are held, cancelled or of another channel by then are no part of it."""
        orders = [self.make_order((self.apple, 1)) for _number in range(4)]
        held, cancelled, moved, left = orders
        self.stock(self.apple, (self.near, 9))
        wave = self.env["sale.order"].union(*orders)._oms_source_together()["res_id"]
        held.oms_held = True
        cancelled._action_cancel()
        moved.oms_channel_id = self.make_channel("B", "B", wave_minutes=10)
        wave = self.env["oms.wave"].browse(wave)
        self.assertIn(wave, self.run_waves())
        self.assertEqual((wave.state, wave.order_ids), ("done", left), wave.log)
        self.assertEqual(
            [order.oms_state for order in orders], ["held", "cancelled", "sourced", "sourced"]
        )
        other = moved.oms_decision_ids.wave_id
        self.assertEqual(other.channel_id, moved.oms_channel_id, "with the wave of its channel now")

    def test_a_wave_is_cancelled_before_its_turn(self):
        first, _second = self.compete()
        wave = self.env["oms.wave"].browse(self.channel.action_run_wave()["res_id"])
        wave.action_cancel()
        self.channel.wave_minutes = 0
        self.run_waves()
        self.assertEqual((wave.state, first.oms_state), ("cancelled", "waiting"))
        with self.assertRaisesRegex(UserError, "begun"):
            wave.action_cancel()

    def test_held_orders_and_other_channels_are_left_alone(self):
        first, second = self.compete()
        second.oms_held = True
        other = self.make_order((self.apple, 1), oms_channel_id=self.make_channel("B", "B").id)
        self.assertEqual(other.oms_state, "sourced")
        wave = self.run_waves()
        self.assertEqual(wave.order_count, 1)
        self.assertEqual((first.oms_state, second.oms_state), ("sourced", "held"))

    def test_roles(self):
        first, _second = self.compete()
        seller = self.make_user("wave_seller", "sales_team.group_sale_salesman_all_leads")
        manager = self.make_user(
            "wave_manager", "oms.group_order_manager,sales_team.group_sale_salesman_all_leads"
        )
        with self.assertRaises(AccessError):
            first.with_user(seller).action_oms_source_together()
        wave = self.source_together(first.with_user(manager))
        self.assertEqual(wave.with_user(manager).state, "done")
        with self.assertRaises(AccessError):
            wave.with_user(seller).action_cancel()
        with self.assertRaises(AccessError):
            wave.with_user(seller).read(["state"])
        with self.assertRaises(AccessError):
            wave.with_user(manager).write({"state": "failed"})

    def test_bad_input(self):
        with self.assertRaises(ValidationError):
            self.channel.wave_seconds = 6000
        with self.assertRaisesRegex(UserError, "None of these orders"):
            self.make_order((self.apple, 1), confirm=False).action_oms_source_together()
        with self.assertRaisesRegex(UserError, "waits"):
            self.channel.action_run_wave()
