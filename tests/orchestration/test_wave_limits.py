from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.oms.models.orchestration.oms_wave_run import OmsWave

from ..common import MARSEILLE, OmsCase


@tagged("post_install", "-at_install")
class TestWaveLimits(OmsCase):
    """What orders of a wave share besides stock, and what none of them may lose.

    As in the tests of waves: two orders for one apple, the first goes halfway and the second to
    Paris. There is room for only one of them near Paris; the second gains more by it.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strategy.unit_km_cost = 0.05
        cls.channel.write({"wave_minutes": 10, "wave_seconds": 10})
        cls.sites -= cls.middle
        cls.network.site_ids = cls.near + cls.far
        cls.stock(cls.apple, (cls.near, 5), (cls.far, 9))

    def compete(self):
        halfway = self.make_partner("Halfway", (46.6, 3.3))
        first = self.make_order((self.apple, 1), partner_id=halfway.id)
        return first, self.make_order((self.apple, 1))

    def source_together(self, *orders):
        action = self.env["sale.order"].union(*orders).action_oms_source_together()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_run_waves").method_direct_trigger()
        self.env.invalidate_all()
        wave = self.env["oms.wave"].browse(action["res_id"])
        self.assertEqual(wave.state, "done", wave.log)
        return wave

    def assertSecondGoesFirst(self, first, second, wave):
        self.assertEqual(self.plan(first), {("FAR", "Apple"): 1})
        self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1})
        self.assertLess(wave.cost_after, wave.cost_greedy)
        costs = sum((first + second).oms_decision_ids.mapped("cost"))
        self.assertAlmostEqual(wave.cost_after, costs, places=2, msg="plans were written as made")
        self.assertAlmostEqual(wave.cost_after, wave.lower_bound, places=2)

    # === WHAT SITES CAN DO === #

    def test_orders_of_a_day_go_to_whom_they_save_most(self):
        self.near.write({"capacity_orders": 1, "capacity_policy": "barred"})
        first, second = self.compete()
        self.assertSecondGoesFirst(first, second, self.source_together(first, second))

    def test_units_of_a_day_go_to_whom_they_save_most(self):
        self.near.write({"capacity_units": 1, "capacity_policy": "barred"})
        first, second = self.compete()
        self.assertSecondGoesFirst(first, second, self.source_together(first, second))

    def test_open_orders_go_to_whom_they_save_most(self):
        self.near.capacity_open = 1
        first, second = self.compete()
        self.assertSecondGoesFirst(first, second, self.source_together(first, second))

    def test_later_days_count(self):
        self.near.write({"capacity_orders": 1, "capacity_days": 5})
        first, second = self.compete()
        self.source_together(first, second)
        fulfillments = (first + second).oms_fulfillment_ids
        self.assertEqual(fulfillments.site_id, self.near)
        self.assertEqual(len(set(fulfillments.mapped("slot_day"))), 2)

    def test_full_days_that_do_not_count_keep_nobody_waiting(self):
        self.near.write({"capacity_orders": 1, "capacity_policy": "barred"})
        self.strategy.capacity_rule = "off"
        first, second = self.compete()
        self.source_together(first, second)
        self.assertEqual((first + second).oms_fulfillment_ids.site_id, self.near)

    def test_full_days_that_are_soft_keep_nobody_waiting(self):
        self.near.write({"capacity_orders": 1, "capacity_policy": "barred"})
        self.strategy.capacity_rule = "soft"
        self.stock(self.apple, (self.far, -9))
        first, second = self.compete()
        self.source_together(first, second)
        self.assertEqual((first + second).mapped("oms_state"), ["sourced", "sourced"])
        self.assertEqual((first + second).oms_fulfillment_ids.site_id, self.near)

    def test_a_site_that_works_for_an_order_takes_no_further_order_by_it(self):
        """The only slot is the order's already: what is added to the order fits into it."""
        self.near.write({"capacity_orders": 1, "capacity_policy": "barred"})
        order = self.make_order((self.apple, 1))
        self.source_together(order)
        order.picking_ids.move_ids.picked = True
        self.stock(self.berry, (self.near, 3), (self.far, 3))
        order.order_line = [(0, 0, {"product_id": self.berry.id, "product_uom_qty": 1})]
        self.source_together(order)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1, ("NEAR", "Berry"): 1})

    # === WHAT SHARES LEAVE === #

    def test_goods_that_shares_leave_go_to_whom_they_save_most(self):
        self.env["oms.allocation"].create(
            {
                "kind": "capped",
                "amount": 1,
                "channel_id": self.channel.id,
                "product_id": self.apple.id,
                "site_id": self.near.id,
            }
        )
        first, second = self.compete()
        self.assertSecondGoesFirst(first, second, self.source_together(first, second))

    def test_goods_that_are_set_aside_for_others_are_left_to_them(self):
        other = self.make_channel("Other", "TOTH")
        self.env["oms.allocation"].create(
            {
                "kind": "protected",
                "amount": 13,
                "channel_id": other.id,
                "product_id": self.apple.id,
                "network_id": self.network.id,
            }
        )
        first, second = self.compete()
        wave = self.source_together(first, second)
        states = sorted((first + second).mapped("oms_state"))
        self.assertEqual(states, ["sourced", "waiting"], "of 14 there is one left")
        self.assertEqual(second.oms_state, "sourced", "who costs less is served")
        self.assertAlmostEqual(wave.cost_after, wave.lower_bound, places=2)

    def test_fractions_of_a_unit_beside_whole_units(self):
        """By itself one order is counted in halves of what the other is counted in wholes of."""
        for method in ("balanced", "nearest"):
            self.strategy.method = method
            first, second = self.make_order((self.apple, 1.5)), self.make_order((self.apple, 1))
            self.source_together(first, second)
            self.assertEqual((first + second).mapped("oms_state"), ["sourced", "sourced"])
            self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1.5})
            self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1})

    # === WHAT ORDERS HAVE === #

    def test_nobody_loses_part_of_a_line(self):
        """The order has one of three; another one would gain more by that one."""
        self.channel.write({"wave_minutes": 0, "replan_gain": 0.0})
        self.stock(self.apple, (self.near, -5), (self.far, -8))
        has, wants = self.make_order((self.apple, 3)), self.make_order((self.apple, 1))
        wants.partner_shipping_id = self.make_partner("In Marseille", MARSEILLE)
        self.assertEqual((has.oms_state, wants.oms_state), ("partial", "waiting"))
        wave = self.source_together(has, wants)
        self.assertEqual(self.plan(has), {("FAR", "Apple"): 1})
        self.assertEqual(wants.oms_state, "waiting")
        self.assertEqual(wave.changed_count, 0)
        # What comes goes to both, and the part that is there stays.
        self.stock(self.apple, (self.far, 3))
        self.source_together(has, wants)
        self.assertEqual((has.oms_state, wants.oms_state), ("sourced", "sourced"))
        for order in has + wants:
            self.assertBalanced(order)

    def test_what_is_gone_meanwhile_is_not_taken_from_who_has_it(self):
        """The first is to give its apple to the second; what it was to get instead gets lost."""
        self.channel.write({"wave_minutes": 0, "replan_gain": 0.0})
        self.stock(self.apple, (self.near, -4))
        first, second = self.compete()
        self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1})
        original = OmsWave._think

        def slow(wave, *args):
            together = original(wave, *args)
            self.assertEqual(together.changed, {first.id, second.id})
            self.stock(self.apple, (self.far, -9))
            self.env.flush_all()
            return together

        with patch.object(OmsWave, "_think", slow):
            wave = self.source_together(first, second)
        self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1})
        self.assertEqual(self.plan(second), {("FAR", "Apple"): 1})
        self.assertEqual((wave.changed_count, wave.changed_ids), (0, self.env["sale.order"]))
        self.assertIn("keeps its plan", wave.log)

    def test_a_plan_that_cannot_be_weighed_is_left_alone(self):
        """A site that may serve the order no more keeps what it has, and the other plans anew."""
        self.channel.write({"wave_minutes": 0, "replan_gain": 0.0})
        self.stock(self.apple, (self.near, -4))
        first, second = self.compete()
        self.network.site_ids = self.far
        wave = self.source_together(first, second)
        self.assertEqual(self.plan(first), {("NEAR", "Apple"): 1})
        self.assertEqual(wave.order_count, 1)

    # === STAGES === #

    def stages(self, *stages):
        self.strategy.stage_ids = [
            (0, 0, {"name": name, "sequence": number, **vals})
            for number, (name, vals) in enumerate(stages)
        ]

    def test_orders_compete_for_each_stage(self):
        self.stock(self.apple, (self.near, -4))
        near = self.env["oms.network"].create({"name": "Near", "site_ids": self.near.ids})
        self.stages(
            ("Near", {"network_ids": near.ids, "accept": "full"}), ("All", {"accept": "any"})
        )
        first, second = self.compete()
        wave = self.source_together(first, second)
        self.assertEqual((wave.method, wave.order_count, wave.sourced_count), ("stages", 2, 2))
        self.assertEqual(self.plan(first), {("FAR", "Apple"): 1})
        self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1}, "who gains most by it")
        self.assertIn(
            "1. Near: fills nothing; 2. All: fills everything", first.oms_decision_ids.note
        )
        self.assertIn("1. Near: fills everything", second.oms_decision_ids.note)
        costs = sum((first + second).oms_decision_ids.mapped("cost"))
        self.assertAlmostEqual(wave.cost_after, costs, places=2)

    def test_rules_serve_who_ordered_first(self):
        self.stock(self.apple, (self.near, -4))
        self.strategy.method = "nearest"
        first, second = self.compete()
        second.date_order = "2024-03-01 10:00:00"
        wave = self.source_together(first, second)
        self.assertEqual(wave.method, "stages")
        self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1})
        self.assertEqual(self.plan(first), {("FAR", "Apple"): 1})

    def test_stages_keep_to_what_sites_can_do(self):
        """The only slot near Paris goes to who ordered first."""
        self.near.write({"capacity_orders": 1, "capacity_units": 9, "capacity_policy": "barred"})
        self.strategy.method = "nearest"
        first, second = self.compete()
        second.date_order = "2024-03-01 10:00:00"
        wave = self.source_together(first, second)
        self.assertEqual((wave.method, wave.sourced_count), ("stages", 2))
        self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1})
        self.assertEqual(self.plan(first), {("FAR", "Apple"): 1})

    def test_soft_limits_are_kept_to_first(self):
        """Within the distance there is one apple; what it does not do for, comes from farther."""
        self.stock(self.apple, (self.near, -4))
        self.strategy.write({"max_kilometers": 400, "max_kilometers_hard": False})
        first, second = self.compete()
        wave = self.source_together(first, second)
        self.assertEqual((wave.method, wave.sourced_count), ("stages", 2))
        self.assertEqual(self.plan(second), {("NEAR", "Apple"): 1})

    def test_stages_fill_what_is_open_beside_plans_in_force(self):
        self.stock(self.apple, (self.near, -4), (self.far, -9))
        self.strategy.method = "nearest"
        order = self.make_order((self.apple, 3))
        self.source_together(order)
        self.assertEqual(order.oms_state, "partial")
        pickings = order.picking_ids
        self.stock(self.apple, (self.far, 9))
        wave = self.source_together(order)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1, ("FAR", "Apple"): 2})
        self.assertEqual((pickings.state, wave.changed_count), ("assigned", 0))

    def test_stages_leave_plans_in_force_alone(self):
        self.stock(self.apple, (self.near, -4), (self.far, -9))
        self.strategy.method = "nearest"
        self.channel.wave_minutes = 0
        first, second = self.compete()
        pickings = first.picking_ids
        self.assertEqual((first.oms_state, second.oms_state), ("sourced", "waiting"))
        wave = self.source_together(first, second)
        self.assertEqual(wave.order_count, 1)
        self.assertEqual(second.oms_state, "waiting")
        self.assertEqual((first.picking_ids, pickings.state), (pickings, "assigned"))
