from unittest.mock import patch

import numpy as np
from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.orchestration.sourcing_case import Case, Facts

from ..common import OmsCase


class TariffCase(OmsCase):
    """Apples of 2 kg, berries of 0.5 kg; nothing but carriers' rates costs anything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apple.write({"weight": 2.0, "list_price": 10.0, "volume": 0.01})
        cls.berry.write({"weight": 0.5, "list_price": 4.0, "volume": 0.02})
        cls.strategy.write({"unit_cost": 0.01, "parcel_cost": 0.0, "unit_km_cost": 0.0})
        cls.env["delivery.carrier"].search([]).active = False

    @classmethod
    def make_rates(cls, *rows, **common):
        """Give the strategy a table of (zone, up to kg, price per parcel) rows."""
        cls.strategy.rate_ids = [(5,)] + [
            (0, 0, {"name": zone, "max_weight": weight, "parcel_price": price, **common})
            for zone, weight, price in rows
        ]

    @classmethod
    def make_carrier(cls, name, rules=(), **vals):
        """Make a delivery method by rules (variable, operator, limit, base, price, factor)."""
        prices = ["list_base_price", "list_price", "variable_factor"]
        names = ["variable", "operator", "max_value", *prices]
        if rules:
            vals["delivery_type"] = "base_on_rule"
            vals["price_rule_ids"] = [
                (0, 0, {"sequence": place, **dict(zip(names, rule, strict=True))})
                for place, rule in enumerate(rules)
            ]
        product = cls.env["product.product"].create(
            {"name": name, "type": "service", "taxes_id": [(5,)]}
        )
        return cls.env["delivery.carrier"].create({"name": name, "product_id": product.id, **vals})

    def decide(self, *lines, **vals):
        """Confirm an order and return its decision."""
        self.order = self.make_order(*lines, **vals)
        return self.order.oms_decision_ids[:1]

    def get_rates(self, decision):
        return dict(decision.costs)["rates"]

    def get_parcels(self, decision):
        return next(amount for name, amount, _unit in decision.amounts if name == "rates")


@tagged("post_install", "-at_install")
class TestTable(TariffCase):
    """Weight brackets, several parcels and several carriers in the rate table."""

    def test_a_table_without_brackets_stays_a_sum_over_units(self):
        self.make_rates(("All", 0, 4.0))
        self.assertFalse(self.strategy.has_tariff)
        self.stock(self.apple, (self.near, 5))
        decision = self.decide((self.apple, 2))
        self.assertNotIn("rates", dict(decision.costs))
        self.assertEqual(dict(decision.costs)["weight"], 4.0)

    def test_two_light_parcels_are_cheaper_than_a_heavy_one(self):
        self.make_rates(("All", 4, 5.0), ("All", 30, 15.0))
        self.stock(self.apple, (self.near, 9))
        decision = self.decide((self.apple, 4))
        self.assertEqual((self.get_rates(decision), self.get_parcels(decision)), (10.0, 2.0))
        decision = self.decide((self.apple, 5))
        self.assertEqual((self.get_rates(decision), self.get_parcels(decision)), (15.0, 1.0))
        self.assertTrue(decision.gap == 0)

    def test_most_units_of_a_parcel(self):
        self.make_rates(("All", 30, 5.0), max_units=2.0)
        self.stock(self.berry, (self.near, 9))
        self.assertEqual(self.get_parcels(self.decide((self.berry, 5))), 3.0)

    def test_most_volume_of_a_parcel(self):
        self.make_rates(("All", 30, 5.0), max_volume=0.03)
        self.stock(self.apple, (self.near, 9))
        self.assertEqual(self.get_parcels(self.decide((self.apple, 4))), 2.0)

    def test_the_cheapest_carrier_counts_for_what_a_site_ships(self):
        light, heavy = self.make_carrier("Light"), self.make_carrier("Heavy")
        self.strategy.rate_ids = [
            (0, 0, {"name": "A", "carrier_id": light.id, "parcel_price": 3, "kg_price": 2}),
            (0, 0, {"name": "B", "carrier_id": heavy.id, "parcel_price": 9, "kg_price": 0.5}),
        ]
        self.stock(self.apple, (self.near, 9))
        self.assertEqual(self.get_rates(self.decide((self.apple, 1))), 7.0)
        self.assertEqual(self.get_rates(self.decide((self.apple, 4))), 13.0)

    def test_zones_by_distance_have_brackets_of_their_own(self):
        rows = [("Near", 5, 4, 50), ("Near", 30, 9, 50), ("Far", 5, 11, 0), ("Far", 30, 25, 0)]
        self.strategy.rate_ids = [
            (
                0,
                0,
                {"name": name, "max_weight": kg, "parcel_price": price, "max_kilometers": km},
            )
            for name, kg, price, km in rows
        ]
        self.stock(self.apple, (self.near, 1), (self.far, 5))
        # One from near and one from far cost 15, both from far 11.
        decision = self.decide((self.apple, 2))
        self.assertEqual((self.get_rates(decision), decision.site_ids), (11.0, self.far))

    def test_what_is_packed_anyway_leaves_room_for_more(self):
        self.make_rates(("All", 5, 5.0), ("All", 30, 15.0))
        self.stock(self.apple, (self.near, 1))
        self.decide((self.apple, 1), (self.berry, 2))
        self.stock(self.berry, (self.near, 9), (self.middle, 9))
        self.order.order_line._oms_source_and_release("manual")
        decision = self.order.oms_decision_ids.sorted("id")[-1]
        self.assertEqual((self.get_rates(decision), decision.site_ids), (0.0, self.near))

    def test_brackets_of_a_zone_say_the_same_per_kg(self):
        with self.assertRaisesRegex(ValidationError, "differ in “Per kg”"):
            self.strategy.rate_ids = [
                (0, 0, {"name": "All", "max_weight": 2, "kg_price": 1.0}),
                (0, 0, {"name": "All", "max_weight": 5, "kg_price": 2.0}),
            ]

    def test_maxima_cannot_be_negative(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.make_rates(("All", -2, 4.0))

    def test_everything_is_filled_however_dear(self):
        self.make_rates(("All", 1, 400.0))
        self.stock(self.apple, (self.near, 4), (self.far, 9))
        decision = self.decide((self.apple, 7))
        self.assertEqual(decision.outcome, "full")

    def test_the_explanation_tells_the_share_of_each_site(self):
        self.make_rates(("All", 4, 5.0), ("All", 30, 15.0))
        self.stock(self.apple, (self.near, 9), (self.middle, 9))
        decision = self.decide((self.apple, 4))
        decision._explain()
        rows = {row["site_id"]: row for row in decision.considered["rows"]}
        self.assertIn(["Rates by parcel", 10.0], list(map(list, rows[self.near.id]["costs"])))
        self.assertEqual(decision.considered["amounts"]["Rates by parcel"], "2 parcels")

    def test_waves_plan_such_orders_together_unless_carriers_are_asked(self):
        self.make_rates(("All", 4, 5.0))
        self.assertTrue(self.strategy._can_plan_together())
        self.strategy.rate_source = "carriers"
        self.assertFalse(self.strategy._can_plan_together())


@tagged("post_install", "-at_install")
class TestCarriers(TariffCase):
    """Carriers' own rates, as delivery methods of Odoo know them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strategy.rate_source = "carriers"
        cls.strategy.rate_ids = [(0, 0, {"name": "All", "parcel_price": 50.0})]

    def test_rules_are_reckoned_for_what_each_site_ships(self):
        carrier = self.make_carrier(
            "Rules",
            [
                ("weight", "<=", 3.0, 4.0, 0.0, "weight"),
                ("weight", "<=", 9.0, 5.0, 1.0, "weight"),
                ("quantity", ">", 3.0, 30.0, 0.5, "quantity"),
            ],
        )
        self.stock(self.apple, (self.near, 99))
        for units, price in ((1, 4.0), (4, 13.0), (6, 33.0)):
            native = carrier._get_price_from_picking(units * 10.0, units * 2.0, units * 0.01, units)
            self.assertEqual(native, price)
            self.assertEqual(self.get_rates(self.decide((self.apple, units))), price)

    def test_rules_agree_with_odoo_whatever_they_look_at(self):
        rules = [
            ("price", ">=", 60.0, 1.0, 0.1, "price"),
            ("volume", ">", 0.08, 2.0, 100.0, "volume"),
            ("wv", "<", 0.035, 3.0, 10.0, "wv"),
            ("quantity", "==", 2.0, 7.0, 1.5, "quantity"),
            ("weight", ">=", 0.0, 5.0, 0.25, "weight"),
        ]
        carrier = self.make_carrier("Rules", rules)
        self.stock(self.apple, (self.near, 99))
        self.stock(self.berry, (self.near, 99))
        for apples, berries in ((1, 1), (2, 1), (1, 2), (4, 1), (5, 5), (1, 9)):
            decision = self.decide((self.apple, apples), (self.berry, berries))
            native = carrier._get_price_from_picking(
                apples * 10.0 + berries * 4.0,
                apples * 2.0 + berries * 0.5,
                apples * 0.01 + berries * 0.02,
                apples + berries,
                wv=apples * 0.02 + berries * 0.01,
            )
            self.assertAlmostEqual(self.get_rates(decision), native, 6)

    def test_a_dear_heavy_shipment_is_split_where_two_light_ones_are_cheaper(self):
        self.make_carrier(
            "Rules",
            [("weight", "<=", 4.0, 5.0, 0.0, "weight"), ("weight", ">", 4.0, 40.0, 0.0, "weight")],
        )
        self.stock(self.apple, (self.near, 9), (self.middle, 9))
        decision = self.decide((self.apple, 4))
        self.assertEqual((self.get_rates(decision), len(decision.site_ids)), (10.0, 2))

    def test_the_table_counts_for_what_no_carrier_takes(self):
        self.make_carrier("Light", [("weight", "<=", 2.0, 4.0, 0.0, "weight")])
        self.stock(self.apple, (self.near, 9))
        self.assertEqual(self.get_rates(self.decide((self.apple, 1))), 4.0)
        self.assertEqual(self.get_rates(self.decide((self.apple, 2))), 50.0)

    def test_fixed_price_margin_and_free_delivery(self):
        self.make_carrier(
            "Fixed", delivery_type="fixed", fixed_price=6.0, free_over=True, amount=30.0
        )
        self.stock(self.apple, (self.near, 9))
        self.assertEqual(self.get_rates(self.decide((self.apple, 3))), 6.0)
        self.strategy.carrier_price = "customer"
        self.assertEqual(self.get_rates(self.decide((self.apple, 2))), 6.0)
        self.assertEqual(self.get_rates(self.decide((self.apple, 3))), 0.0)

    def test_margins_count_as_customers_pay_them(self):
        self.make_carrier(
            "Rules", [("weight", ">=", 0.0, 4.0, 1.0, "weight")], margin=0.5, fixed_margin=2.0
        )
        self.stock(self.apple, (self.near, 9))
        self.assertEqual(self.get_rates(self.decide((self.apple, 1))), 6.0)
        self.strategy.carrier_price = "customer"
        self.assertEqual(self.get_rates(self.decide((self.apple, 1))), 11.0)

    def test_a_site_goes_by_the_carriers_that_fetch_there(self):
        cheap = self.make_carrier("Cheap", delivery_type="fixed", fixed_price=2.0)
        dear = self.make_carrier("Dear", delivery_type="fixed", fixed_price=9.0)
        self.near.carrier_ids = dear
        self.stock(self.apple, (self.near, 9), (self.far, 9))
        decision = self.decide((self.apple, 1))
        self.assertEqual((self.get_rates(decision), decision.site_ids), (2.0, self.far))
        self.far.carrier_ids = dear
        self.middle.carrier_ids = cheap
        self.assertEqual(self.get_rates(self.decide((self.apple, 1))), 9.0)

    def test_the_carrier_that_the_customer_chose_counts(self):
        self.make_carrier("Cheap", delivery_type="fixed", fixed_price=2.0)
        dear = self.make_carrier("Dear", delivery_type="fixed", fixed_price=9.0)
        self.stock(self.apple, (self.near, 9))
        decision = self.decide((self.apple, 1), carrier_id=dear.id)
        self.assertEqual(self.get_rates(decision), 9.0)

    def test_carriers_of_other_addresses_are_left_out(self):
        self.make_carrier(
            "Spain", delivery_type="fixed", fixed_price=2.0, country_ids=self.env.ref("base.es").ids
        )
        self.customer.country_id = self.env.ref("base.fr")
        self.stock(self.apple, (self.near, 9))
        decision = self.decide((self.apple, 1))
        self.assertEqual(self.get_rates(decision), 50.0)
        self.assertIn("No delivery method leads to the address", decision.note)

    def test_another_currency(self):
        dollar = self.env.ref("base.USD")
        currency = self.env.ref("base.CHF") if self.company.currency_id == dollar else dollar
        currency.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", currency.id)]).unlink()
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": "2020-01-01", "rate": 2.0}
        )
        self.strategy.currency_id = currency
        self.make_carrier("Rules", [("price", ">=", 20.0, 4.0, 0.1, "price")])
        self.stock(self.apple, (self.near, 9))
        self.assertAlmostEqual(self.get_rates(self.decide((self.apple, 2))), 12.0, 6)

    # Carriers that are asked over the network.

    def answer(self, price, sites=None, error=None):
        """Answer for a carrier over the network, and note who is asked from where."""
        self.asked = []
        carrier_class = type(self.env["delivery.carrier"])

        def rate_shipment(carrier, order):
            if carrier.delivery_type != "fixed":
                return None
            site = order.warehouse_id.oms_site_ids
            self.asked.append(site.name)
            if error:
                raise error
            if sites is not None and site.name not in sites:
                return {"success": False, "price": 0, "error_message": "does not go there"}
            return {"success": True, "price": price.get(site.name, 99.0), "error_message": False}

        self.startPatcher(patch.object(carrier_class, "rate_shipment", rate_shipment))
        module = "odoo.addons.oms.models.orchestration."
        for name in ("oms_strategy_tariff", "oms_strategy_quote"):
            # No provider is installed with the tests: fixed prices stand for one.
            self.startPatcher(patch(f"{module}{name}.AT_HAND", ("base_on_rule",)))
        return self.make_carrier("Express", delivery_type="fixed", fixed_price=1.0)

    def test_each_of_the_nearest_sites_is_asked_once(self):
        self.answer({"Near": 9.0, "Middle": 3.0, "Far": 1.0})
        self.strategy.carrier_sites = 2
        self.stock(self.apple, (self.near, 9), (self.middle, 9), (self.far, 9))
        decision = self.decide((self.apple, 1))
        self.assertEqual(self.asked, ["Near", "Middle"])
        self.assertEqual((self.get_rates(decision), decision.site_ids), (3.0, self.middle))
        self.assertEqual(self.order.warehouse_id, self.order._origin.warehouse_id)

    def test_the_order_stays_as_it_is(self):
        self.answer({"Near": 9.0, "Middle": 3.0, "Far": 1.0})
        self.stock(self.apple, (self.near, 9))
        order = self.make_order((self.apple, 1), confirm=False)
        before = order.warehouse_id
        order.action_confirm()
        self.assertEqual(order.warehouse_id, before)
        self.env.invalidate_all()
        self.assertEqual(order.warehouse_id, before)

    def test_who_does_not_answer_is_told_and_the_table_counts(self):
        self.answer({"Near": 9.0}, sites=["Near"])
        self.stock(self.apple, (self.middle, 9))
        decision = self.decide((self.apple, 1))
        self.assertEqual(self.get_rates(decision), 50.0)
        self.assertIn("Express from Middle – does not go there", decision.note)

    @mute_logger("odoo.addons.oms.models.orchestration.oms_strategy_quote")
    def test_a_failure_keeps_no_order_from_being_sourced(self):
        self.answer({}, error=TimeoutError("timed out"))
        self.stock(self.apple, (self.near, 9))
        decision = self.decide((self.apple, 1))
        self.assertEqual((decision.outcome, self.get_rates(decision)), ("full", 50.0))
        self.assertIn("Express from Near – timed out", decision.note)

    def test_without_time_nobody_is_asked(self):
        self.answer({"Near": 1.0})
        self.strategy.carrier_seconds = 0.0
        self.stock(self.apple, (self.near, 9))
        decision = self.decide((self.apple, 1))
        self.assertFalse(self.asked)
        self.assertIn("there was no time left to ask", decision.note)

    def test_strategies_of_the_table_ask_nobody(self):
        self.answer({"Near": 1.0})
        self.strategy.rate_source = "table"
        self.stock(self.apple, (self.near, 9))
        self.decide((self.apple, 1))
        self.assertFalse(self.asked)

    def test_prices_of_scarce_stock_ask_nobody(self):
        self.answer({"Near": 1.0})
        order = self.make_order((self.apple, 1))
        self.asked.clear()
        case = Case(
            sites=self.sites,
            products=(self.apple,),
            kilometers=np.zeros(3),
            quantities=np.ones(1),
            open_sites=self.env["oms.site"],
            partner=self.customer,
            facts=Facts(),
            order=order,
            lines=tuple(order.order_line),
        )
        [part] = self.strategy._get_shipment_part(case)
        self.assertFalse(self.asked)
        self.assertEqual(part.per_parcel.tolist(), [50.0] * 3)

    def test_asking_is_bounded(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.strategy.carrier_sites = 51
