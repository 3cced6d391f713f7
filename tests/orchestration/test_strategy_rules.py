from datetime import timedelta

import numpy as np

from odoo import fields
from odoo.tests import tagged

from odoo.addons.oms.models.orchestration.sourcing_case import Case

from .test_strategy_limits import LimitCase

SPLIT = {("NEAR", "Apple"): 2, ("FAR", "Berry"): 1}


@tagged("post_install", "-at_install")
class TestSoftLimits(LimitCase):
    """Each limit hard, soft and off: what is left out, what is given up, and what is said of it.

    Apples are near (5) and in the middle (5), berries far only (5).
    """

    def check(self, lines, hard, soft, sentence, rule=None, off=None, **vals):
        """Source with the limit hard, then soft, then off.

        :param hard: plan under the hard limit
        :param soft: plan where it is soft
        :param sentence: what the decision says is given up
        :param rule: name of the field that says how hard the limit is
        :param off: plan without the limit; like ``soft`` if not given
        """
        is_flag = rule.endswith("_hard")
        for hardness, plan in (("hard", hard), ("soft", soft), ("off", off or soft)):
            if is_flag and hardness == "off":
                continue
            with self.subTest(rule=rule, hardness=hardness):
                vals[rule] = hardness == "hard" if is_flag else hardness
                self.assertEqual(self.source(*lines, **vals), plan)
                note = self.decision.note or ""
                if hardness == "soft":
                    self.assertIn("Soft limits given up", note)
                    self.assertIn(sentence, note.split("Soft limits given up")[1])
                else:
                    self.assertNotIn("given up", note)
                self.assertTrue(self.decision.considered or not plan)
                self.refill()

    def refill(self):
        """Have as much at each site as before."""
        orders = self.env["sale.order"].search([("oms_channel_id", "=", self.channel.id)])
        orders.filtered(lambda order: order.state == "sale").with_context(
            disable_cancel_warning=True
        ).action_cancel()

    lines = property(lambda self: ((self.apple, 2), (self.berry, 1)))

    def test_most_sites(self):
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "most sites of an order", "max_sites_hard",
            max_sites=1,
        )  # fmt: skip

    def test_most_sites_per_line(self):
        self.check(
            [(self.apple, 7)], {("NEAR", "Apple"): 5}, {("NEAR", "Apple"): 5, ("MID", "Apple"): 2},
            "most sites of a line", "max_sites_per_line_hard", max_sites_per_line=1,
        )  # fmt: skip

    def test_whole_lines(self):
        self.check(
            [(self.apple, 11)], {}, {("NEAR", "Apple"): 5, ("MID", "Apple"): 5},
            "whole lines", "whole_lines_hard", whole_lines=True,
        )  # fmt: skip

    def test_whole_order(self):
        self.check(
            [(self.apple, 2), (self.berry, 9)], {}, {("NEAR", "Apple"): 2, ("FAR", "Berry"): 5},
            "whole order", "whole_order_hard", whole_order=True,
        )  # fmt: skip

    def test_together(self):
        tag = self.env["product.tag"].create({"name": "Set"})
        (self.apple + self.berry).product_tag_ids = tag
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "what ships together", "together_hard",
            together_tag_ids=tag.ids,
        )  # fmt: skip

    def test_least_value(self):
        """A berry is worth 4, so it cannot ship alone; an apple is 10."""
        self.check(
            self.lines, {("NEAR", "Apple"): 1}, SPLIT, "least value of a shipment",
            "min_shipment_value_hard", min_shipment_value=5,
        )  # fmt: skip

    def test_no_split(self):
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "no split", "no_split_hard",
            no_split_below=1000,
        )  # fmt: skip

    def test_distance(self):
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "greatest distance (Far)",
            "max_kilometers_hard", max_kilometers=50,
        )  # fmt: skip

    def test_priority(self):
        self.far.sequence = 20
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "last priority (Far)", "max_priority_hard",
            max_priority=10,
        )  # fmt: skip

    def test_carbon_cap(self):
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "carbon cap", "carbon_cap_hard",
            carbon_cap=0.001, emission_factor_id=self.truck.id,
        )  # fmt: skip

    def test_stock_kept_back(self):
        full = {("NEAR", "Apple"): 5, ("MID", "Apple"): 5}
        self.check(
            [(self.apple, 10)], {("NEAR", "Apple"): 2, ("MID", "Apple"): 2}, full,
            "stock kept back (Near, Middle)", "min_stock_hard", min_stock=3,
        )  # fmt: skip
        self.check(
            [(self.apple, 10)], {}, full, "stock kept back (Near, Middle)", "min_stock_hard",
            min_stock=6, min_stock_kind="gate",
        )  # fmt: skip

    def test_what_is_not_needed_is_not_given_up(self):
        """Two apples are there beyond what is kept back: they come within the limit."""
        plan = self.source((self.apple, 2), min_stock=3, min_stock_hard=False)
        self.assertEqual(plan, {("NEAR", "Apple"): 2})
        self.assertNotIn("given up", self.decision.note or "")

    def test_offline(self):
        now = fields.Datetime.now()
        self.env["oms.site.offline"].create(
            {
                "site_id": self.far.id,
                "date_from": now - timedelta(hours=1),
                "date_to": now + timedelta(days=1),
                "reason": "Stocktaking",
            }
        )
        self.check(self.lines, {("NEAR", "Apple"): 2}, SPLIT, "offline sites (Far)", "offline_rule")

    def test_a_period_that_has_not_begun_limits_nothing(self):
        now = fields.Datetime.now()
        self.env["oms.site.offline"].create(
            {"site_id": self.far.id, "date_from": now + timedelta(days=1), "reason": "Later"}
        )
        self.assertEqual(self.source(*self.lines), SPLIT)

    def test_delivery_area(self):
        self.far.max_kilometers = 100
        self.check(self.lines, {("NEAR", "Apple"): 2}, SPLIT, "delivery area (Far)", "area_rule")

    def test_ability(self):
        ability = self.env["oms.ability"].create({"name": "Cold store", "code": "COLD"})
        self.berry.oms_ability_ids = ability
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT,
            "abilities that the goods need (Far)", "ability_rule",
        )  # fmt: skip

    def test_capacity(self):
        """Far has had its open order; asked all the same it takes another."""
        self.far.capacity_open = 1
        self.source((self.berry, 1))
        first = self.env["sale.order"].search([("oms_channel_id", "=", self.channel.id)])
        self.refill = lambda: (
            self.env["sale.order"]
            .search([("oms_channel_id", "=", self.channel.id), ("id", "not in", first.ids)])
            .with_context(disable_cancel_warning=True)
            .action_cancel()
        )
        self.check(self.lines, {("NEAR", "Apple"): 2}, SPLIT, "capacity (Far)", "capacity_rule")

    def test_calendar(self):
        """A site that never opens is not asked, if that is hard."""
        calendar = self.env["resource.calendar"].create(
            {"name": "Never", "attendance_ids": [(5,)], "tz": "UTC"}
        )
        calendar.attendance_ids.unlink()
        self.far.resource_calendar_id = calendar
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "opening hours (Far)", "calendar_rule"
        )

    def test_drop_ship(self):
        """Suppliers are asked in the second pass where that is soft."""
        maker = self.env["oms.site"].create(
            {
                "name": "Maker",
                "code": "MAKER",
                "kind": "supplier",
                "partner_id": self.make_partner("Maker").id,
            }
        )
        case = Case(
            sites=self.near + maker,
            products=(self.apple,),
            kilometers=np.zeros(2),
            quantities=np.ones(1),
            open_sites=self.near.browse(),
            partner=self.customer,
        )
        self.assertEqual(self.strategy._get_allowed(case).tolist(), [True, True])
        self.strategy.allow_drop_ship = False
        for hard in (True, False):
            self.strategy.drop_ship_hard = hard
            kept = self.strategy._get_hard_limits()
            self.assertEqual(self.strategy._get_allowed(case).tolist(), [True, False])
            self.assertEqual(self.strategy._get_allowed(case, kept).tolist(), [True, not hard])
            self.assertEqual(self.strategy._has_soft_limits(), not hard)

    def test_networks(self):
        self.network.site_ids -= self.far
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "networks of the channel (Far)",
            "network_rule",
        )  # fmt: skip

    def test_services(self):
        self.far.ships = False
        self.check(
            self.lines, {("NEAR", "Apple"): 2}, SPLIT, "services of the site (Far)", "service_rule"
        )
        self.refill()
        self.network.site_ids -= self.far
        plan = self.source(*self.lines, service_rule="soft")
        self.assertEqual(plan, {("NEAR", "Apple"): 2}, "not in the networks either")

    def give_back(self, hours):
        """Have a site give an order back, to be asked again after some hours; 0 is never."""
        self.channel.write({"cool_down_hours": hours, "max_rejects": 1 if not hours else 0})
        order = self.make_order((self.berry, 1))
        order.oms_fulfillment_ids.with_context(tracking_disable=True)
        picking = order.picking_ids
        picking.action_cancel()
        return order

    def retake(self, order, **vals):
        self.strategy.write(vals)
        order._oms_take_up("stock")
        return self.plan(order)

    def test_cool_down(self):
        order = self.give_back(2.0)
        self.assertEqual(self.retake(order), {})
        self.assertEqual(self.retake(order, cool_down_rule="soft"), {("FAR", "Berry"): 1})
        self.assertIn("cool-down after a rejection (Far)", order.oms_decision_ids[:1].note)

    def test_most_rejections(self):
        order = self.give_back(0)
        self.assertEqual(self.retake(order), {})
        self.assertEqual(self.retake(order, cool_down_rule="soft"), {}, "the other rule is hard")
        self.assertEqual(self.retake(order, rejects_rule="off"), {("FAR", "Berry"): 1})
        self.assertNotIn("given up", order.oms_decision_ids[:1].note or "")

    def test_every_reason_must_be_soft(self):
        """Offline and too far: one soft rule is not enough."""
        self.far.max_kilometers = 100
        now = fields.Datetime.now()
        self.env["oms.site.offline"].create(
            {"site_id": self.far.id, "date_from": now - timedelta(hours=1), "reason": "Stocktaking"}
        )
        plan = self.source(*self.lines, offline_rule="soft")
        self.assertEqual(plan, {("NEAR", "Apple"): 2})
        self.assertIn("offline: Stocktaking", self.decision.note)
        self.refill()
        self.assertEqual(self.source(*self.lines, area_rule="soft"), SPLIT)
        self.assertIn("offline sites (Far); delivery area (Far)", self.decision.note)

    def test_soft_within_a_chain(self):
        """A strategy within a stage brings its own limits, hard and soft."""
        other = self.strategy.copy({"name": "Other", "min_stock": 3, "min_stock_hard": False})
        stages = [(0, 0, {"name": "Other", "substrategy_id": other.id, "accept": "any"})]
        plan = self.source((self.apple, 10), stage_ids=stages)
        self.assertEqual(plan, {("NEAR", "Apple"): 5, ("MID", "Apple"): 5})
        self.assertIn("given up", self.decision.note)
        self.refill()
        other.min_stock_hard = True
        plan = self.source((self.apple, 10))
        self.assertEqual(plan, {("NEAR", "Apple"): 2, ("MID", "Apple"): 2})
