from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.oms.models.orchestration.oms_sourcing import Demand

from ..common import LYON, PARIS
from .test_strategy_costs import CostCase


@tagged("post_install", "-at_install")
class TestFacts(CostCase):
    """What is gathered for orders, and what becomes of it in decisions."""

    def amounts(self, order):
        decision = order.oms_decision_ids[:1]
        return {name: (amount, unit) for name, amount, unit in decision.amounts}

    def costs(self, order):
        return dict(order.oms_decision_ids[:1].costs)

    def test_carbon_moves_the_choice_and_is_shown(self):
        """The nearest site ships by plane."""
        self.stock(self.apple, (self.near, 5), (self.middle, 5))
        self.near.emission_factor_id = self.make_factor("Plane", 0, 10.0, mode="air", extra_km=95)
        self.strategy.write({"carbon_price": 5000.0, "emission_factor_id": self.truck.id})
        order = self.make_order((self.apple, 3))
        self.assertEqual(self.plan(order), {("MID", "Apple"): 3})
        kilometers = order.oms_decision_ids.kilometers
        amount, unit = self.amounts(order)["carbon"]
        self.assertEqual(unit, "kg CO2e")
        self.assertAlmostEqual(amount, 0.006 * kilometers * 0.1, 3)
        self.assertAlmostEqual(self.costs(order)["carbon"], amount * 5, 6)
        shown = order.oms_decision_ids.considered["amounts"]
        self.assertIn("kg CO2e", shown["Carbon"])
        self.assertEqual(shown["Parcels"], "1 parcel")

    def test_splits_count_from_the_second_parcel(self):
        self.strategy.split_cost = 3.0
        self.stock(self.apple, (self.near, 1), (self.far, 1))
        one = self.make_order((self.apple, 1))
        self.assertEqual(self.costs(one)["split"], 0.0)
        self.assertEqual(self.amounts(one)["split"], (0.0, "parcels"))
        self.assertAlmostEqual(one.oms_decision_ids.cost, 8.4, 2)
        self.stock(self.apple, (self.near, 1))
        two = self.make_order((self.apple, 2))
        self.assertEqual(self.costs(two)["split"], 3.0)
        decision = two.oms_decision_ids
        self.assertAlmostEqual(decision.cost, sum(self.costs(two).values()), 2)
        self.assertAlmostEqual(decision.lower_bound, decision.cost, 2)

    def test_split_cost_prefers_one_parcel(self):
        self.stock(self.apple, (self.near, 50), (self.far, 50))
        self.stock(self.berry, (self.far, 1))
        lines = (self.apple, 50), (self.berry, 1)
        self.strategy.split_cost = 4.0
        self.assertEqual(
            self.plan(self.make_order(*lines)), {("FAR", "Apple"): 50, ("FAR", "Berry"): 1}
        )

    def test_late_parcels_lose(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        self.near.parcel_cost = 2.0
        self.strategy.write({"late_day_cost": 10.0, "handling_days": 1.0})
        soon = fields.Datetime.now() + timedelta(days=1.5)
        self.assertEqual(
            self.plan(self.make_order((self.apple, 1), commitment_date=soon)),
            {("NEAR", "Apple"): 1},
        )
        self.assertEqual(self.plan(self.make_order((self.apple, 1))), {("FAR", "Apple"): 1})

    def test_excess_is_spent_first(self):
        """Both hold eight apples, and only the near site sells them."""
        self.stock(self.apple, (self.near, 12), (self.far, 8))
        self.ship_to_customer(self.apple, self.near, 4)
        self.strategy.write({"stock_value_factor": 1.0, "sales_weeks": 4})
        order = self.make_order((self.apple, 1))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 1})
        shelves = self.env["oms.sourcing"]._get_shelves(self.sites, self.apple, 4)
        self.assertEqual(shelves[self.near.id, self.apple.id], (8.0, 1.0))
        self.assertEqual(shelves[self.far.id, self.apple.id].weekly, 0.0)

    def test_aged_stock_is_spent_first(self):
        self.stock(self.apple, (self.near, 5))
        old = fields.Datetime.now() - timedelta(days=300)
        self.stock(self.apple, (self.far, 5), in_date=old)
        for site in (self.near, self.far):
            self.ship_to_customer(self.apple, site, 2)
        self.strategy.stock_value_factor = 1.0
        self.assertEqual(self.plan(self.make_order((self.apple, 1))), {("FAR", "Apple"): 1})
        values = self.env["oms.value"]._get_values(self.apple, self.far)
        self.assertAlmostEqual(values.age[0, 0], 300, delta=0.1)

    def test_without_a_policy_retail_value_does_not_count(self):
        self.env["oms.disposition.policy"].search([]).active = False
        self.stock(self.apple, (self.near, 5))
        self.strategy.stock_value_factor = 1.0
        order = self.make_order((self.apple, 1))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.assertIn("nothing says what time and storage cost", order.oms_decision_ids[:1].note)

    def test_busy_sites_lose(self):
        self.stock(self.apple, (self.near, 50), (self.middle, 5))
        self.make_order((self.apple, 40))
        self.strategy.write({"workload_cost": 10.0, "workload_capacity": 40.0})
        order = self.make_order((self.apple, 1))
        self.assertEqual(self.plan(order), {("MID", "Apple"): 1})

    def ship_to_customer(self, product, site, quantity):
        """Sell something at a site, past orders."""
        move = self.make_open_move(product, site, -quantity)
        self.ship(move.picking_id)


@tagged("post_install", "-at_install")
class TestPlaces(CostCase):
    """Where an address without coordinates is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.country = cls.env["res.country"].create({"name": "Testland", "code": "QX"})
        cls.state = cls.env["res.country.state"].create(
            {"name": "North", "code": "N", "country_id": cls.country.id}
        )
        cls.make_known("A", PARIS, zip="100", state_id=cls.state.id)
        cls.make_known("B", (PARIS[0] + 0.2, PARIS[1] + 0.2), zip="100")
        cls.make_known("C", LYON, zip="200", state_id=cls.state.id)
        cls.make_known("Poisoned", (1000.0, 1000.0), zip="100")

    @classmethod
    def make_known(cls, name, coordinates, **vals):
        return cls.make_partner(name, coordinates, country_id=cls.country.id, **vals)

    def locate(self, **vals):
        partner = self.make_partner("Lost", **vals)
        return partner._oms_locate().get(partner.id)

    def assertPlace(self, place, precision, latitude, longitude):
        self.assertEqual(place.precision, precision)
        self.assertAlmostEqual(place.latitude, latitude, 6)
        self.assertAlmostEqual(place.longitude, longitude, 6)

    def test_same_postcode(self):
        place = self.locate(country_id=self.country.id, zip="100", state_id=self.state.id)
        self.assertPlace(place, "zip", PARIS[0] + 0.1, PARIS[1] + 0.1)

    def test_same_region(self):
        place = self.locate(country_id=self.country.id, zip="999", state_id=self.state.id)
        self.assertPlace(place, "region", (PARIS[0] + LYON[0]) / 2, (PARIS[1] + LYON[1]) / 2)

    def test_same_country(self):
        place = self.locate(country_id=self.country.id)
        self.assertPlace(
            place,
            "country",
            (2 * PARIS[0] + 0.2 + LYON[0]) / 3,
            (2 * PARIS[1] + 0.2 + LYON[1]) / 3,
        )

    def test_across_the_date_line(self):
        other = self.env["res.country"].create({"name": "Islands", "code": "QY"})
        for longitude in (179.0, -179.0):
            self.make_partner("Isle", (-17.0, longitude), country_id=other.id)
        place = self.locate(country_id=other.id)
        self.assertAlmostEqual(abs(place.longitude), 180.0, 6)

    def test_nothing_known(self):
        self.assertIsNone(self.locate())
        self.assertIsNone(
            self.locate(
                country_id=self.env["res.country"].create({"name": "Void", "code": "QZ"}).id
            )
        )

    def test_coordinates_that_are_none(self):
        """What other code marks as not found by 1000 is found by the postcode."""
        partner = self.make_known("Again", (1000.0, 1000.0), zip="200")
        place = partner._oms_locate()[partner.id]
        self.assertPlace(place, "zip", *LYON)

    def test_decision_says_so(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        self.far.sequence = 1
        lost = self.make_partner("Lost", country_id=self.country.id, zip="100")
        order = self.make_order((self.apple, 1), partner_id=lost.id)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.assertIn("where its postcode 100 is", order.oms_decision_ids.note)


@tagged("post_install", "-at_install")
class TestQueries(CostCase):
    """Gathering asks the database a few times a batch, and not for what has no weight."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 100), (cls.far, 100))
        cls.stock(cls.berry, (cls.near, 100), (cls.far, 100))
        cls.orders = cls.env["sale.order"]
        for _ in range(6):
            cls.orders += cls.make_order((cls.apple, 1), (cls.berry, 1), confirm=False)

    def count(self, orders):
        """Count the statements of gathering and pricing what some orders need."""
        sourcing = self.env["oms.sourcing"]
        self.env.invalidate_all()
        demands = {
            order: [Demand(line, line.product_uom_qty) for line in order.order_line]
            for order in orders
        }
        sites = self.channel._get_sourcing_sites()
        by_order = dict.fromkeys(orders, sites)
        orders.order_line.product_id.mapped("weight")
        orders.mapped("commitment_date")
        orders.mapped("oms_channel_id.strategy_id.name")
        orders.oms_fulfillment_ids.mapped("state")
        orders.partner_shipping_id.mapped("partner_latitude")
        with self.queries() as statements:
            facts = sourcing._gather_facts(self.strategy, orders, demands, by_order)
            for order in orders:
                kilometers, _note = sourcing._get_kilometers(order, sites, facts.places)
                case = sourcing._prepare_case(order, demands[order], sites, kilometers, facts)
                self.strategy._prepare_costs(case, [1.0, 1.0])
                self.strategy._get_cost_notes(case)
                self.strategy._get_allowed(case)
                self.strategy._prepare_limits(case)
        return statements

    def test_nothing_is_asked_for_what_has_no_weight(self):
        asked = [
            statement
            for statement in self.count(self.orders)
            if any(
                table in statement
                for table in (
                    "FROM stock_quant",
                    "FROM stock_move",
                    "AS lost (",
                    "oms_emission_factor",
                    "oms_rate",
                    "oms_strategy_stage",
                    "oms_strategy_together_tag_rel",
                    "oms_strategy_no_split_product_rel",
                    '"oms_fulfillment"',
                )
            )
        ]
        self.assertFalse(asked)

    def test_many_orders_ask_as_often_as_one(self):
        self.strategy.write(
            {
                "stock_value_factor": 1.0,
                "workload_cost": 1.0,
                "late_day_cost": 1.0,
                "carbon_price": 80.0,
                "emission_factor_id": self.truck.id,
                "rate_ids": [(0, 0, {"name": "All", "kg_price": 1.0})],
            }
        )
        self.env.flush_all()
        one, six = self.count(self.orders[:1]), self.count(self.orders)
        self.assertLessEqual(len(six), len(one), "\n".join(six))
