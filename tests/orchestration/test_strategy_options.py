from datetime import datetime
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.orchestration.oms_sourcing import Demand

from .test_strategy_limits import LimitCase

SPLIT = {("NEAR", "Apple"): 2, ("FAR", "Berry"): 1}
NEAR, MIDDLE = {("NEAR", "Apple"): 1}, {("MID", "Apple"): 1}


class OptionCase(LimitCase):
    """Apples near (5) and 112 km away (5), berries 661 km away (5)."""

    def rank(self, *ranks):
        """Give sites priorities in the strategy: (site, priority[, preferred])."""
        self.strategy.rank_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "site_id": site.id,
                        "priority": priority,
                        "is_preferred": bool(preferred),
                    }
                )
                for site, priority, *preferred in ranks
            ),
        ]

    def route(self, *rules):
        """Give the strategy inventory rules, and go by them."""
        self.strategy.write(
            {
                "method": "hotwax",
                "rule_ids": [
                    Command.clear(),
                    *(
                        Command.create({"sequence": number, "name": f"Rule {number}", **vals})
                        for number, vals in enumerate(rules, start=1)
                    ),
                ],
            }
        )

    def group_of(self, *sites):
        return self.env["oms.network"].create(
            {
                "name": f"Group of {len(sites)}: {sites[0].name}",
                "site_ids": [(6, 0, [site.id for site in sites])],
            }
        )

    def empty(self):
        """Cancel all orders, so that each site has what it had."""
        orders = self.env["sale.order"].search([("oms_channel_id", "=", self.channel.id)])
        orders.filtered(lambda order: order.state == "sale").with_context(
            disable_cancel_warning=True
        ).action_cancel()


@tagged("post_install", "-at_install")
class TestD365(OptionCase):
    """The rules of Dynamics 365 Commerce, set on the strategy."""

    def setUp(self):
        super().setUp()
        self.strategy.method = "d365"
        self.lines = (self.apple, 2), (self.berry, 1)

    def test_maximum_locations(self):
        self.assertEqual(self.source(*self.lines, d365_max_locations="1"), {})
        self.assertIn("whole orders from at most 1 locations", self.decision.note)
        self.assertEqual(self.source(*self.lines, d365_max_locations="2"), SPLIT)

    def test_soft(self):
        plan = self.source(*self.lines, d365_max_locations="1", d365_partial_hard=False)
        self.assertEqual(plan, SPLIT)

    def test_partial(self):
        lines = (self.apple, 2), (self.berry, 9)
        all_of_it = {("NEAR", "Apple"): 2, ("FAR", "Berry"): 5}
        self.assertEqual(self.source(*lines), all_of_it)
        self.empty()
        self.assertEqual(self.source(*lines, d365_partial_lines=False), {("NEAR", "Apple"): 2})
        self.empty()
        self.assertEqual(self.source(*lines, d365_partial_orders=False), {})

    def test_distance_in_place_of_costs(self):
        self.near.parcel_cost = 100.0
        self.rank((self.near, 1), (self.middle, 1))
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)
        self.assertEqual(self.source((self.apple, 1), d365_rank_by="distance"), NEAR)
        self.middle.sequence = 1
        self.assertEqual(self.source((self.apple, 1), d365_local_kilometers=100), NEAR)
        self.assertEqual(self.source((self.apple, 1), d365_local_kilometers=120), MIDDLE)
        self.assertIn("equally near within 120 km", self.decision.note)

    def test_priorities(self):
        self.rank((self.middle, 1), (self.near, 2))
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)
        self.assertEqual(self.source((self.berry, 1)), {}, "who is not listed is not asked")

    def test_maximum_rejects(self):
        self.strategy.d365_max_rejects = 1
        order = self.make_order((self.berry, 1))
        order.picking_ids.action_cancel()
        order.action_oms_source()
        self.assertEqual(self.plan(order), {})
        self.strategy.d365_max_rejects = 2
        order.action_oms_source()
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 1})

    def test_bad_input(self):
        with self.assertRaisesRegex(ValidationError, "partial lines need partial orders"):
            self.strategy.write({"d365_partial_orders": False, "d365_partial_lines": True})


@tagged("post_install", "-at_install")
class TestIom(OptionCase):
    """The constraints of Intelligent Order Management, set on the strategy."""

    def setUp(self):
        super().setUp()
        self.strategy.method = "iom"

    def test_restrict_partial(self):
        lines = (self.apple, 2), (self.berry, 9)
        self.assertEqual(self.source(*lines), {("NEAR", "Apple"): 2})
        self.empty()
        self.assertEqual(self.source(*lines, iom_restrict_partial=True), {})
        self.assertIn("whole orders only", self.decision.note)
        self.empty()
        self.assertEqual(self.source(*lines, iom_partial_hard=False), {("NEAR", "Apple"): 2})

    def test_cut_off(self):
        self.near.write({"tz": "Europe/Paris", "cutoff_hour": 12.5})
        self.middle.write({"tz": "Europe/Paris", "cutoff_hour": 18.0})
        self.strategy.iom_respect_timings = True
        for hour, minute, plan in ((11, 29, NEAR), (11, 30, MIDDLE)):
            moment = datetime(2026, 3, 24, hour, minute)
            with patch.object(fields.Datetime, "now", lambda *args, moment=moment: moment):
                self.assertEqual(self.source((self.apple, 1)), plan)

    def test_order_lines_a_day(self):
        self.strategy.iom_lines_per_day = 1
        self.assertEqual(self.source((self.apple, 1)), NEAR)
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)
        self.assertEqual(self.source((self.apple, 1)), {})
        self.assertEqual(self.source((self.apple, 1), iom_lines_hard=False), NEAR)

    def test_order_lines_of_yesterday_do_not_count(self):
        self.strategy.iom_lines_per_day = 1
        self.source((self.apple, 1))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE oms_fulfillment_line SET create_date = create_date - interval '1 day'"
        )
        self.assertEqual(self.source((self.apple, 1)), NEAR)

    def test_safety_stock_looks_at_what_is_on_hand(self):
        """Three of five are promised, but on hand."""
        self.source((self.apple, 3))
        self.assertEqual(self.source((self.apple, 2), iom_safety_stock=5), {("NEAR", "Apple"): 2})
        self.assertEqual(self.source((self.apple, 1), iom_safety_stock=6), {})
        self.assertEqual(self.source((self.apple, 1), iom_safety_hard=False), MIDDLE)


@tagged("post_install", "-at_install")
class TestHotWax(OptionCase):
    """Inventory rules as records."""

    def test_without_rules(self):
        self.assertEqual(self.source((self.apple, 7), method="hotwax"), {
            ("NEAR", "Apple"): 5, ("MID", "Apple"): 2,
        })  # fmt: skip
        self.assertIn("1. nearest facility with all; 2. parts by distance", self.decision.note)

    def test_groups(self):
        self.route({"network_ids": self.group_of(self.middle, self.far).ids})
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)
        self.assertIn("HotWax rules: 1. Rule 1.", self.decision.note)
        self.route({"excluded_network_ids": self.group_of(self.near).ids})
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)

    def test_sequence_and_radius(self):
        self.route({"max_kilometers": 50}, {"max_kilometers": 200, "partial": True})
        self.assertEqual(self.source((self.apple, 6)), {
            ("NEAR", "Apple"): 5, ("MID", "Apple"): 1,
        })  # fmt: skip
        self.empty()
        self.route({"max_kilometers": 50, "then": "queue"}, {"partial": True})
        self.assertEqual(self.source((self.apple, 6)), {}, "the first rule ends it")

    def test_partial_and_values(self):
        """An apple is worth 10: of 7, parts of 5 and 2."""
        self.route({})
        self.assertEqual(self.source((self.apple, 7)), {})
        parts = {("NEAR", "Apple"): 5, ("MID", "Apple"): 2}
        self.route({"partial": True, "min_value": 20})
        self.assertEqual(self.source((self.apple, 7)), parts)
        self.empty()
        self.route({"partial": True, "min_value": 21})
        self.assertEqual(self.source((self.apple, 7)), {})

    def test_all_available(self):
        self.route({"partial": True, "all_available": True})
        self.assertEqual(self.source((self.apple, 2), (self.berry, 9)), {})

    def test_safety_stock(self):
        self.route({"safety_stock": 5})
        self.assertEqual(self.source((self.apple, 1)), NEAR)
        self.route({"safety_stock": 5, "gate": "more_than"})
        self.assertEqual(self.source((self.apple, 1)), {})

    def test_sort_by_stock(self):
        self.stock(self.apple, (self.middle, 1))
        self.route({"sort_1": "inventory"})
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)

    def test_sort_by_list(self):
        self.rank((self.middle, 1), (self.near, 2))
        self.route({"sort_1": "custom"})
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)

    def test_sort_by_weeks_of_supply(self):
        """Near sold 2 of its 5, in the middle 1 of 5: it lasts longer there."""
        for site, quantity in ((self.near, 2), (self.middle, 1)):
            move = self.make_open_move(self.apple, site, -quantity)
            self.ship(move.picking_id)
        self.stock(self.apple, (self.near, 2), (self.middle, 1))
        self.route({"sort_1": "weeks_of_supply", "weeks": 4})
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)

    def test_sort_by_room(self):
        self.near.capacity_orders, self.middle.capacity_orders = 2, 9
        self.route({"sort_1": "remaining"})
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)

    def test_order_limit(self):
        self.near.write({"capacity_orders": 1, "capacity_policy": "barred"})
        self.route({})
        self.assertEqual(self.source((self.apple, 1)), NEAR)
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)
        self.route({"ignore_order_limit": True})
        self.assertEqual(self.source((self.apple, 1)), NEAR)

    def test_combos(self):
        """What makes a combo comes from one facility, unless the rule splits it."""
        combos = self.env["product.combo"].create(
            [
                {"name": product.name, "combo_item_ids": [(0, 0, {"product_id": product.id})]}
                for product in self.apple + self.berry
            ]
        )
        meal = self.env["product.product"].create(
            {"name": "Meal", "type": "combo", "combo_ids": [(6, 0, combos.ids)]}
        )

        def source(**vals):
            self.route({"partial": True, **vals})
            order = self.make_order((meal, 1), confirm=False)
            order.order_line = [
                Command.create(
                    {
                        "product_id": item.product_id.id,
                        "product_uom_qty": 1,
                        "combo_item_id": item.id,
                        "linked_line_id": order.order_line[0].id,
                    }
                )
                for item in combos.combo_item_ids
            ]
            order.action_confirm()
            return self.plan(order)

        self.assertEqual(source(), {})
        self.assertEqual(source(partial_kits=True), {("NEAR", "Apple"): 1, ("FAR", "Berry"): 1})

    def test_bad_input(self):
        with self.assertRaisesRegex(ValidationError, "sorts twice"):
            self.route({"sort_2": "proximity"})
        with self.assertRaisesRegex(ValidationError, "without a number of weeks"):
            self.route({"sort_1": "weeks_of_supply"})
        for name in ("max_kilometers", "safety_stock", "min_value", "weeks"):
            with (
                self.subTest(name=name),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(IntegrityError, "amounts_check"),
                self.env.cr.savepoint(),
            ):
                self.route({name: -1})
                self.env.flush_all()


@tagged("post_install", "-at_install")
class TestOtherMethods(OptionCase):
    """First non-tie, Magento and stores first."""

    def test_ties(self):
        self.strategy.method = "first_non_tie"
        self.rank((self.near, 1), (self.middle, 2, True))
        self.assertEqual(self.source((self.apple, 1)), MIDDLE)
        rules = {"tie_rule_1": "priority", "tie_rule_2": False, "tie_rule_3": False}
        self.assertEqual(self.source((self.apple, 1), **rules), NEAR)
        self.assertIn("Sites ranked by: Better priority.", self.decision.note)

    def test_tie_rules(self):
        with self.assertRaisesRegex(ValidationError, "choose each rule once"):
            self.strategy.tie_rule_4 = "coverage"
        with self.assertRaisesRegex(ValidationError, "at least one rule"):
            self.strategy.write(
                {
                    "method": "first_non_tie",
                    "tie_rule_1": False,
                    "tie_rule_2": False,
                    "tie_rule_3": False,
                    "tie_rule_4": False,
                }
            )

    def test_magento_by_the_list(self):
        self.rank((self.middle, 1))
        for method in ("magento_priority", "magento_distance"):
            with self.subTest(method=method):
                plan = self.source((self.apple, 6), method=method)
                first = "MID" if method == "magento_priority" else "NEAR"
                self.assertEqual(plan[first, "Apple"], 5)
                self.empty()

    def test_stores(self):
        vals = {
            "method": "ship_from_store_first",
            "store_network_ids": self.group_of(self.middle).ids,
        }
        self.assertEqual(self.source((self.apple, 1), **vals), MIDDLE)
        self.assertEqual(self.source((self.apple, 1), store_max_kilometers=100), NEAR)

    def test_priorities_are_of_one_site_each(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(IntegrityError, "site_uniq"),
            self.env.cr.savepoint(),
        ):
            self.rank((self.near, 1), (self.near, 2))
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(IntegrityError, "priority_check"),
            self.env.cr.savepoint(),
        ):
            self.rank((self.near, 0))

    def test_a_stage_has_its_own(self):
        """Each strategy of a chain decides by its own parameters."""
        other = self.strategy.copy({"name": "Other", "method": "magento_priority"})
        other.rank_ids = [Command.create({"site_id": self.middle.id, "priority": 1})]
        self.rank((self.near, 1))
        stages = [Command.create({"name": "Other", "substrategy_id": other.id, "accept": "any"})]
        self.assertEqual(self.source((self.apple, 1), stage_ids=stages), MIDDLE)

    def test_what_is_shown(self):
        form = Form(self.strategy)
        self.assertEqual(form.method_keys, "balanced")
        form.method = "d365"
        self.assertEqual(form.method_keys, "d365")
        with form.stage_ids.new() as stage:
            stage.name = "Rules"
            stage.method = "hotwax"
        self.assertEqual(form.method_keys, "hotwax")

    def test_copies(self):
        self.rank((self.near, 1))
        self.route({"max_kilometers": 50})
        copy = self.strategy.copy()
        self.assertEqual(copy.rank_ids.site_id, self.near)
        self.assertEqual(copy.rule_ids.max_kilometers, 50)

    def test_roles(self):
        self.rank((self.near, 1))
        self.route({"max_kilometers": 50})
        operator = self.make_user("options-operator", "oms.group_order_operator")
        manager = self.make_user("options-manager", "oms.group_order_manager")
        clerk = self.make_user("options-clerk", "base.group_user")
        for records in (self.strategy.rank_ids, self.strategy.rule_ids):
            records.with_user(manager).write({"strategy_id": self.strategy.id})
            self.assertTrue(records.with_user(operator).read())
            for operation in ("write", "create", "unlink"):
                self.assertFalse(records.with_user(operator).has_access(operation))
            self.assertFalse(records.with_user(clerk).has_access("read"))


@tagged("post_install", "-at_install")
class TestOptionQueries(OptionCase):
    """What methods look at is asked for once a batch, and only where a rule looks at it."""

    TABLES = ("stock_quant", "stock_move", "oms_rejection", "oms_fulfillment_line")

    def gather(self, orders):
        """Return the statements that gather facts for some orders."""
        demands = {
            order: [Demand(line, line.product_uom_qty) for line in order.order_line]
            for order in orders
        }
        sites = self.channel._get_sourcing_sites()
        orders.order_line.product_id.mapped("weight")
        orders.partner_shipping_id.mapped("partner_latitude")
        self.strategy._get_all_used().rule_ids.mapped("sort_1")
        with self.queries() as statements:
            facts = self.env["oms.sourcing"]._gather_facts(
                self.strategy, orders, demands, dict.fromkeys(orders, sites)
            )
            for order in orders:
                case = self.env["oms.sourcing"]._prepare_case(
                    order, demands[order], sites, sites.mapped("latitude"), facts
                )
                self.assertTrue(case)
        return [
            statement
            for statement in statements
            if any(table in statement for table in self.TABLES)
        ]

    def test_counts(self):
        orders = self.env["sale.order"]
        for _ in range(5):
            orders += self.make_order((self.apple, 1), (self.berry, 1), confirm=False)
        self.env.flush_all()
        asks = (
            ("balanced", {}, 0),
            ("d365", {}, 0),
            ("d365", {"d365_max_rejects": 2}, 1),
            ("iom", {}, 0),
            ("iom", {"iom_safety_stock": 2}, 1),
            ("iom", {"iom_lines_per_day": 2}, 1),
            ("hotwax", {}, 0),
            ("hotwax", {"rule_ids": [
                Command.create({"name": "W", "sort_1": "weeks_of_supply", "weeks": 1})
            ]}, 2),
        )  # fmt: skip
        for method, vals, count in asks:
            with self.subTest(method=method, vals=vals):
                self.strategy.write(
                    {
                        "method": method,
                        "d365_max_rejects": 0,
                        "iom_safety_stock": 0,
                        "iom_lines_per_day": 0,
                        **vals,
                    }
                )
                self.env.flush_all()
                for batch in (orders[:1], orders):
                    asked = self.gather(batch)
                    self.assertEqual(len(asked), count, "\n".join(asked))
