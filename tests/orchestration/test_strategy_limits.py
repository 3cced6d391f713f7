from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.engine.sourcing import PRESETS
from odoo.addons.oms.models.orchestration.oms_strategy_stage import METHOD_SELECTION

from .test_strategy_costs import CostCase


class LimitCase(CostCase):
    """Apples near and in the middle, berries far only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5), (cls.middle, 5))
        cls.stock(cls.berry, (cls.far, 5))

    def source(self, *lines, **vals):
        self.strategy.write(vals)
        order = self.make_order(*lines)
        self.decision = order.oms_decision_ids[:1]
        return self.plan(order)


@tagged("post_install", "-at_install")
class TestLimits(LimitCase):
    """Each limit keeps what it should out of plans, and soft ones only in the first pass."""

    def test_no_limit(self):
        self.assertEqual(
            self.source((self.apple, 2), (self.berry, 1)),
            {("NEAR", "Apple"): 2, ("FAR", "Berry"): 1},
        )

    def test_most_sites(self):
        lines = (self.apple, 2), (self.berry, 1)
        self.assertEqual(self.source(*lines, max_sites=1), {("NEAR", "Apple"): 2})
        self.assertEqual(
            self.source(*lines, max_sites_hard=False),
            {("NEAR", "Apple"): 2, ("FAR", "Berry"): 1},
            "soft: the rest is sourced in the second pass",
        )

    def test_sites_that_serve_already_count(self):
        order = self.make_order((self.apple, 1))
        self.strategy.max_sites = 1
        order.order_line = [(0, 0, {"product_id": self.berry.id, "product_uom_qty": 1})]
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.assertIn("sites as the strategy allows", order.oms_decision_ids.sorted("id")[-1].note)
        self.strategy.max_sites = 2
        order.action_oms_source()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1, ("FAR", "Berry"): 1})

    def test_indivisible_lines(self):
        self.assertEqual(self.source((self.apple, 7), max_sites_per_line=1), {("NEAR", "Apple"): 5})
        self.assertEqual(self.source((self.apple, 7), whole_lines=True), {})

    def test_whole_order(self):
        self.assertEqual(self.source((self.apple, 1), (self.berry, 9), whole_order=True), {})
        self.assertEqual(
            self.source((self.apple, 1), (self.berry, 9), whole_order_hard=False),
            {("NEAR", "Apple"): 1, ("FAR", "Berry"): 5},
        )

    def test_ship_together_by_tag(self):
        tag = self.env["product.tag"].create({"name": "Set"})
        (self.apple + self.berry).product_tag_ids = tag
        self.stock(self.apple, (self.far, 2))
        lines = (self.apple, 2), (self.berry, 1)
        plan = self.source(*lines, together_tag_ids=tag.ids)
        self.assertEqual(plan, {("FAR", "Apple"): 2, ("FAR", "Berry"): 1})

    def test_ship_together_by_category(self):
        categ = self.env["product.category"].create({"name": "Suite"})
        below = categ.create({"name": "Beds", "parent_id": categ.id})
        self.apple.categ_id, self.berry.categ_id = categ, below
        self.stock(self.apple, (self.far, 5))
        plan = self.source((self.apple, 2), (self.berry, 1), together_categ_ids=categ.ids)
        self.assertEqual(plan, {("FAR", "Apple"): 2, ("FAR", "Berry"): 1})

    def test_least_value(self):
        """A berry is worth 4: it cannot ship alone, and an apple waits so that it need not."""
        self.assertEqual(
            self.source((self.apple, 2), (self.berry, 1), min_shipment_value=5),
            {("NEAR", "Apple"): 1},
        )
        self.assertEqual(
            self.source((self.apple, 2), (self.berry, 2)),
            {("NEAR", "Apple"): 2, ("FAR", "Berry"): 2},
        )

    def test_no_split(self):
        lines = (self.apple, 2), (self.berry, 1)
        self.assertEqual(self.source(*lines, no_split_below=24.01), {("NEAR", "Apple"): 2})
        split = {("NEAR", "Apple"): 2, ("FAR", "Berry"): 1}
        self.assertEqual(self.source(*lines, no_split_below=24.0), split)
        self.stock(self.apple, (self.near, 9))
        plan = self.source(*lines, no_split_product_ids=self.berry.ids)
        self.assertEqual(plan, {("NEAR", "Apple"): 2})
        self.strategy.no_split_product_ids = False
        self.berry.categ_id = self.env["product.category"].create({"name": "Fruit"})
        plan = self.source(*lines, no_split_categ_ids=self.berry.categ_id.ids)
        self.assertEqual(plan, {("NEAR", "Apple"): 2})

    def test_distance(self):
        lines = (self.apple, 7), (self.berry, 1)
        self.assertEqual(self.source(*lines, max_kilometers=50), {("NEAR", "Apple"): 5})
        self.assertIn(
            "Not asked: Middle, Far – farther than the 50 km of the strategy.", self.decision.note
        )
        rows = {row["site"]: row["reason"] for row in self.decision.considered["rows"]}
        self.assertIn("km of the strategy", rows["Far (FAR)"])
        self.stock(self.apple, (self.near, 5))
        self.assertEqual(
            self.source(*lines, max_kilometers_hard=False),
            {("NEAR", "Apple"): 5, ("MID", "Apple"): 2, ("FAR", "Berry"): 1},
        )

    def test_priority(self):
        self.near.sequence = 20
        self.assertEqual(self.source((self.apple, 1), max_priority=10), {("MID", "Apple"): 1})
        self.assertIn("of a priority after 10", self.decision.note)

    def test_stock_kept_back(self):
        self.assertEqual(
            self.source((self.apple, 4), min_stock=3), {("NEAR", "Apple"): 2, ("MID", "Apple"): 2}
        )
        self.assertEqual(
            self.source((self.apple, 3), min_stock=3, min_stock_kind="gate"),
            {("NEAR", "Apple"): 3},
        )
        self.assertEqual(self.source((self.apple, 1), min_stock=4), {})

    def test_carbon_cap(self):
        """An apple from 112 km away emits 0.0224 kg, a berry from 661 km 0.033."""
        vals = {"emission_factor_id": self.truck.id}
        self.assertEqual(
            self.source((self.apple, 6), (self.berry, 1), carbon_cap=0.03, **vals),
            {("NEAR", "Apple"): 5, ("MID", "Apple"): 1},
        )

    def test_negative_limits(self):
        for name in ("max_sites", "max_kilometers", "carbon_cap", "min_stock", "no_split_below"):
            with (
                self.subTest(name=name),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(IntegrityError, "limits_check"),
                self.env.cr.savepoint(),
            ):
                self.strategy.write({name: -1, "emission_factor_id": self.truck.id})
                self.strategy.flush_recordset()

    def test_carbon_cap_needs_a_factor(self):
        with self.assertRaisesRegex(ValidationError, "caps carbon"):
            self.strategy.carbon_cap = 1.0


@tagged("post_install", "-at_install")
class TestMethods(LimitCase):
    """Strategies by the rules of the field, and chains of them."""

    def test_methods_are_those_of_the_engine(self):
        self.assertEqual({key for key, _label in METHOD_SELECTION}, set(PRESETS))

    def test_presets_are_loaded(self):
        """Each has a record that says what it does."""
        for key in PRESETS:
            if key in ("whole_order_first", "fewest_sites"):
                continue
            with self.subTest(key=key):
                preset = self.env.ref(f"oms.strategy_{key}")
                self.assertEqual(preset.method, key)
                self.assertGreater(len(preset.description), 100)

    def test_every_method_sources(self):
        for key, _label in METHOD_SELECTION:
            with self.subTest(key=key):
                plan = self.source((self.apple, 1), method=key)
                self.assertEqual(sum(plan.values()), 1.0)
                self.make_room()

    def make_room(self):
        self.stock(self.apple, (self.near, 1))

    def test_methods_differ(self):
        """Nearest goes line by line; the fewest splits come from the far site."""
        self.stock(self.apple, (self.far, 5))
        lines = (self.apple, 2), (self.berry, 1)
        self.assertEqual(
            self.source(*lines, method="nearest"), {("NEAR", "Apple"): 2, ("FAR", "Berry"): 1}
        )
        one = {("FAR", "Apple"): 2, ("FAR", "Berry"): 1}
        self.assertEqual(self.source(*lines, method="fewest_splits"), one)
        self.near.sequence, self.middle.sequence = 30, 5
        self.assertEqual(
            self.source(*lines, method="magento_priority"),
            {("MID", "Apple"): 2, ("FAR", "Berry"): 1},
        )

    def test_stores_first(self):
        self.middle.kind = "store"
        self.assertEqual(
            self.source((self.apple, 2), method="ship_from_store_first"), {("MID", "Apple"): 2}
        )

    def test_greenest(self):
        self.near.emission_factor_id = self.make_factor("Plane", 0, 9.0, mode="air", extra_km=95)
        vals = {"method": "greenest", "emission_factor_id": self.truck.id}
        self.assertEqual(self.source((self.apple, 2), **vals), {("MID", "Apple"): 2})

    def test_widening_radius(self):
        stages = [
            (0, 0, {"sequence": 1, "name": "City", "max_kilometers": 50}),
            (0, 0, {"sequence": 2, "name": "Region", "max_kilometers": 200}),
            (0, 0, {"sequence": 3, "name": "All", "accept": "any"}),
        ]
        self.assertEqual(self.source((self.apple, 5), stage_ids=stages), {("NEAR", "Apple"): 5})
        self.assertIn("City: fills everything", self.decision.note)
        self.stock(self.apple, (self.near, 2))
        self.assertEqual(self.source((self.apple, 6)), {("NEAR", "Apple"): 2, ("MID", "Apple"): 4})
        self.assertIn("City: fills a part; 2. Region: fills everything", self.decision.note)
        self.assertEqual(self.source((self.berry, 9)), {("FAR", "Berry"): 5})

    def test_parts_go_on(self):
        stages = [
            (0, 0, {"sequence": 1, "name": "City", "max_kilometers": 50, "accept": "part"}),
            (0, 0, {"sequence": 2, "name": "All", "accept": "any"}),
        ]
        self.assertEqual(
            self.source((self.apple, 7), (self.berry, 1), stage_ids=stages),
            {("NEAR", "Apple"): 5, ("MID", "Apple"): 2, ("FAR", "Berry"): 1},
        )

    def test_stage_by_network(self):
        network = self.env["oms.network"].create(
            {"name": "Middle only", "site_ids": [(6, 0, self.middle.ids)]}
        )
        stages = [(0, 0, {"name": "Middle", "network_ids": network.ids})]
        self.assertEqual(self.source((self.apple, 1), stage_ids=stages), {("MID", "Apple"): 1})

    def test_stage_for_a_time(self):
        """A stage out of its time is passed over; where none holds, the method decides."""
        now = fields.Datetime.now()
        network = self.env["oms.network"].create(
            {"name": "Middle only", "site_ids": [(6, 0, self.middle.ids)]}
        )
        stage = {"name": "Sale", "network_ids": network.ids, "accept": "any"}
        for begins, ends, code in (
            (now - timedelta(days=1), now + timedelta(days=1), "MID"),
            (False, now - timedelta(hours=1), "NEAR"),
            (now + timedelta(days=1), False, "NEAR"),
        ):
            with self.subTest(begins=begins, ends=ends):
                vals = {**stage, "date_from": begins, "date_to": ends}
                stages = [(5,), (0, 0, vals)]
                plan = self.source((self.apple, 1), stage_ids=stages)
                self.assertEqual(plan, {(code, "Apple"): 1})
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(IntegrityError, "dates_check"),
            self.env.cr.savepoint(),
        ):
            self.strategy.stage_ids.write({"date_to": now, "date_from": now})
            self.env.flush_all()

    def test_stage_by_another_strategy(self):
        other = self.strategy.copy({"name": "Other", "method": "magento_priority"})
        self.middle.sequence = 1
        stages = [(0, 0, {"name": "By priority", "substrategy_id": other.id})]
        self.assertEqual(self.source((self.apple, 1), stage_ids=stages), {("MID", "Apple"): 1})
        self.assertEqual(self.strategy._get_all_used(), self.strategy + other)

    def test_stages_in_a_circle(self):
        other = self.strategy.copy({"name": "Other"})
        self.strategy.stage_ids = [(0, 0, {"name": "Other", "substrategy_id": other.id})]
        with self.assertRaisesRegex(
            ValidationError, "circle: Other → Test strategy → Other|circle: Test strategy → Other"
        ):
            other.stage_ids = [(0, 0, {"name": "Back", "substrategy_id": self.strategy.id})]
        with self.assertRaisesRegex(ValidationError, "circle"):
            self.strategy.stage_ids = [(0, 0, {"name": "I", "substrategy_id": self.strategy.id})]

    def test_every_shipped_strategy_sources(self):
        for strategy in self.env["oms.strategy"].search([("company_id", "=", False)]):
            with self.subTest(strategy=strategy.name):
                self.make_room()
                self.channel.strategy_id = strategy
                order = self.make_order((self.apple, 1))
                self.assertEqual(sum(self.plan(order).values()), 1.0)
                self.assertTrue(order.oms_decision_ids.considered)

    def test_late_stage(self):
        """In time if possible, else two days late: 1 day of handling and 500 km a day."""
        self.strategy.write({"handling_days": 1.0, "transit_km_per_day": 500.0})
        stages = [
            (0, 0, {"sequence": 1, "name": "In time", "late_limited": True}),
            (
                0,
                0,
                {"sequence": 2, "name": "Late", "late_limited": True, "late_days": 2},
            ),
        ]
        soon = fields.Datetime.now() + timedelta(days=1.1)
        self.strategy.stage_ids = stages
        order = self.make_order((self.berry, 1), commitment_date=soon)
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 1})
        self.assertIn("its sites have nothing of it; 2. Late: fills", order.oms_decision_ids.note)


@tagged("post_install", "-at_install")
class TestRoles(CostCase):
    """Who may see and change strategies, their rates and stages, and emission factors."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strategy.write(
            {
                "rate_ids": [(0, 0, {"name": "All", "kg_price": 1.0})],
                "stage_ids": [(0, 0, {"name": "All", "accept": "any"})],
            }
        )
        cls.records = cls.strategy, cls.strategy.rate_ids, cls.strategy.stage_ids, cls.truck

    def test_manager(self):
        user = self.make_user("strategist", "oms.group_order_manager")
        for records in self.records:
            records = records.with_user(user)
            records.name = f"{records.name} changed"
            records.copy()
        self.truck.with_user(user).copy().unlink()

    def test_operator_reads(self):
        user = self.make_user("operator", "oms.group_order_operator")
        for records in self.records:
            records = records.with_user(user)
            self.assertTrue(records.read())
            for operation in ("write", "create", "unlink"):
                self.assertFalse(records.has_access(operation), (records._name, operation))

    def test_others(self):
        user = self.make_user("clerk", "base.group_user")
        for records in self.records:
            self.assertFalse(records.with_user(user).has_access("read"), records._name)
        site = self.make_user("site-clerk", "oms.group_site_operator")
        self.assertTrue(self.truck.with_user(site).has_access("read"), "a site names its factor")

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        user = self.make_user(
            "elsewhere",
            "oms.group_order_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.strategy.company_id = self.company
        self.truck.company_id = self.company
        self.env.flush_all()
        for records in self.records:
            found = self.env[records._name].with_user(user).search([("id", "in", records.ids)])
            self.assertFalse(found, records._name)

    def test_changes_are_tracked(self):
        strategy = (
            self.env["oms.strategy"]
            .with_context(tracking_disable=False)
            .create({"name": "Tracked"})
        )
        self.flush_tracking()
        strategy.max_sites = 3
        self.flush_tracking()
        self.assertIn("max_sites", strategy.message_ids.tracking_value_ids.field_id.mapped("name"))

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.flush()
