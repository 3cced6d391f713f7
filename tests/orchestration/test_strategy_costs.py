import numpy as np
from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.orchestration.sourcing_case import Case, Facts

from ..common import OmsCase


class CostCase(OmsCase):
    """Three sites 0, 100 and 1,000 km away; apples of 2 kg for 10, berries of 0.5 kg for 4."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apple.write({"weight": 2.0, "list_price": 10.0})
        cls.berry.write({"weight": 0.5, "list_price": 4.0})
        cls.truck = cls.make_factor("Truck", 0.02, 0.08)
        cls.hub = cls.make_factor("Hub", 0.0, 1.5, mode="hub")

    @classmethod
    def make_factor(cls, name, wtt, ttw, **vals):
        return cls.env["oms.emission.factor"].create(
            {"name": name, "wtt": wtt, "ttw": ttw, "source": "Made up for the test", **vals}
        )

    def price(self, open_sites=None, promised_days=None, partner=None, **facts):
        """Return the cost parts of an order of apples and berries by name, and the penalty."""
        case = Case(
            sites=self.sites,
            products=(self.apple, self.berry),
            kilometers=np.array([0.0, 100.0, 1000.0]),
            quantities=np.array([3.0, 5.0]),
            open_sites=open_sites or self.env["oms.site"],
            partner=partner or self.customer,
            promised_days=promised_days,
            facts=Facts(**facts),
        )
        parts, missing = self.strategy._prepare_costs(case, np.ones(2))
        self.notes = self.strategy._get_cost_notes(case)
        return {part.name: part for part in parts}, missing

    def assertArray(self, array, expected):
        np.testing.assert_allclose(array, expected, atol=1e-12)


@tagged("post_install", "-at_install")
class TestCostParts(CostCase):
    """Each part of the cost, by numbers worked out by hand."""

    def test_what_is_not_priced_is_no_part(self):
        parts, _missing = self.price(promised_days=0.0)
        self.assertEqual(list(parts), ["parcel", "handling", "distance"])
        self.assertFalse(self.notes)

    def test_own_units_of_the_basic_parts(self):
        parts, _missing = self.price(open_sites=self.near)
        self.assertEqual(parts["parcel"].unit, "parcels")
        self.assertArray(parts["parcel"].amount_per_parcel, [0, 1, 1])
        self.assertArray(parts["handling"].amount_per_unit, np.ones((2, 3)))
        self.assertEqual(parts["distance"].unit, "km")
        self.assertArray(parts["distance"].amount_per_parcel, [0, 100, 1000])

    def test_split(self):
        self.strategy.split_cost = 3.0
        parts, _missing = self.price(open_sites=self.middle)
        self.assertArray(parts["split"].per_parcel, [3, 0, 3])
        self.assertFalse(parts["split"].first_free, "there is a parcel already")
        parts, _missing = self.price()
        self.assertArray(parts["split"].per_parcel, [3, 3, 3])
        self.assertTrue(parts["split"].first_free)

    def test_carbon(self):
        """2 kg over 1,000 km: 0.002 t x 1,000 x 0.1 = 0.2 kg, and 0.002 t x 1.5 at the hub."""
        self.strategy.write(
            {
                "carbon_price": 100.0,
                "emission_factor_id": self.truck.id,
                "hub_factor_id": self.hub.id,
            }
        )
        parts, _missing = self.price()
        kg = np.array([[0.003, 0.023, 0.203], [0.00075, 0.00575, 0.05075]])
        self.assertEqual(parts["carbon"].unit, "kg CO2e")
        self.assertArray(parts["carbon"].amount_per_unit, kg)
        self.assertArray(parts["carbon"].per_unit, kg * 0.1)

    def test_carbon_by_site(self):
        self.strategy.emission_factor_id = self.truck
        self.far.emission_factor_id = self.make_factor("Plane", 0, 1.0, mode="air", extra_km=95)
        self.middle.emission_factor_id = self.make_factor("Van", 0.1, 0.4, detour=1.2)
        parts, _missing = self.price()
        self.assertArray(parts["carbon"].amount_per_unit[0], [0, 0.002 * 120 * 0.5, 0.002 * 1095])
        self.assertFalse(parts["carbon"].per_unit.any(), "shown, but of no weight")

    def test_weight_unknown(self):
        self.berry.weight = 0.0
        self.strategy.write({"emission_factor_id": self.truck.id, "default_weight": 0.75})
        parts, _missing = self.price()
        self.assertArray(parts["carbon"].amount_per_unit[1], [0, 0.0075, 0.075])
        self.assertEqual(
            self.notes, ["Without a weight, counted as 0.75 kg a unit: [Berry] Berry."]
        )

    def test_weights_in_pounds(self):
        self.env["ir.config_parameter"].sudo().set_param("product.weight_in_lbs", "1")
        self.strategy.emission_factor_id = self.truck
        parts, _missing = self.price(unit_kg=self.env["oms.sourcing"]._get_unit_kg())
        self.assertAlmostEqual(parts["carbon"].amount_per_unit[0, 2], 0.2 * 0.45359237, 6)

    def test_outdated_factor(self):
        self.truck.valid_to = "2020-12-31"
        self.strategy.emission_factor_id = self.truck
        self.price()
        self.assertIn("does not hold today: Truck", self.notes[0])

    def test_rates_by_distance(self):
        """First row that holds; 2 kg at 0.3 are 0.6, at 0.9 are 1.8."""
        self.strategy.rate_ids = [
            (0, 0, {"name": "Near", "max_kilometers": 100, "parcel_price": 4, "kg_price": 0.3}),
            (0, 0, {"name": "Rest", "parcel_price": 7, "kg_price": 0.9}),
        ]
        parts, _missing = self.price()
        self.assertArray(parts["weight"].per_parcel, [4, 4, 7])
        self.assertArray(parts["weight"].per_unit, [[0.6, 0.6, 1.8], [0.15, 0.15, 0.45]])
        self.assertArray(parts["weight"].amount_per_unit, [[2, 2, 2], [0.5, 0.5, 0.5]])

    def test_rates_by_address_and_site(self):
        france, spain = self.env.ref("base.fr"), self.env.ref("base.es")
        self.strategy.rate_ids = [
            (0, 0, {"name": "Spain", "country_ids": spain.ids, "parcel_price": 20}),
            (
                0,
                0,
                {
                    "name": "Paris",
                    "country_ids": france.ids,
                    "zip_prefixes": "75, 92",
                    "site_ids": (self.near + self.middle).ids,
                    "parcel_price": 3,
                },
            ),
            (0, 0, {"name": "France", "country_ids": france.ids, "parcel_price": 5}),
        ]
        paris = self.make_partner("Paris", country_id=france.id, zip="75 011")
        lyon = self.make_partner("Lyon", country_id=france.id, zip="69001")
        self.assertArray(self.price(partner=paris)[0]["weight"].per_parcel, [3, 3, 5])
        self.assertArray(self.price(partner=lyon)[0]["weight"].per_parcel, [5, 5, 5])
        self.assertFalse(self.notes)
        self.assertArray(self.price()[0]["weight"].per_parcel, [20, 20, 20])
        self.assertIn("No rate holds the way from Near, Middle, Far", self.notes[0])

    def test_lateness(self):
        """A day of handling and 500 km a day: 1, 1.2 and 3 days; promised in 1.1."""
        self.strategy.late_day_cost = 5.0
        parts, _missing = self.price(promised_days=1.1, open_sites=self.far)
        self.assertArray(parts["lateness"].amount_per_parcel, [0, 0.1, 1.9])
        self.assertArray(parts["lateness"].per_parcel, [0, 0.5, 9.5])
        self.assertNotIn("lateness", self.price()[0], "nothing was promised")

    def test_retail_value(self):
        """What units would still earn where they are, by the weight of the strategy."""
        self.strategy.stock_value_factor = 0.5
        earnings = {
            (self.near.id, self.apple.id): 1.6,
            (self.middle.id, self.apple.id): 4.0,
            (self.near.id, self.berry.id): 0.5,
        }
        parts, _missing = self.price(earnings=earnings)
        value = np.array([[1.6, 4.0, 0.0], [0.5, 0.0, 0.0]])
        self.assertArray(parts["stock_value"].amount_per_unit, value)
        self.assertArray(parts["stock_value"].per_unit, value / 2)
        self.assertEqual(parts["stock_value"].unit, self.company.currency_id.name)

    def test_workload(self):
        self.strategy.write({"workload_cost": 2.0, "workload_capacity": 50.0})
        parts, _missing = self.price(open_units={self.near.id: 75.0, self.far.id: 25.0})
        self.assertArray(parts["workload"].amount_per_parcel, [1.5, 0, 0.5])
        self.assertArray(parts["workload"].per_parcel, [3, 0, 1])

    def test_scarcity(self):
        self.strategy.scarcity_factor = 0.5
        prices = {(self.far.id, self.berry.id): 6.0}
        parts, _missing = self.price(scarcity={self.strategy.id: prices})
        self.assertArray(parts["scarcity"].per_unit, [[0, 0, 0], [0, 0, 3]])

    def test_missing_counts_more_than_the_dearest_way_by_all_parts(self):
        self.strategy.write({"split_cost": 3.0, "emission_factor_id": self.truck.id})
        self.strategy.carbon_price = 1000.0
        _parts, missing = self.price()
        apple = 8 + 3 + 0.4 + 0.35 + 0.2
        self.assertArray(missing.per_unit, [2 * apple, 2 * (apple - 0.2 + 0.05)])

    def test_other_currency(self):
        """A strategy in a currency of which two make one of the company."""
        other = self.env["res.currency"].create({"name": "TST", "symbol": "T"})
        self.env["res.currency.rate"].create(
            {"currency_id": other.id, "rate": 2.0, "company_id": self.company.id}
        )
        self.strategy.write({"currency_id": other.id, "stock_value_factor": 1.0})
        self.near.parcel_cost = 1.5
        parts, _missing = self.price(earnings={(self.near.id, self.apple.id): 10.0})
        self.assertArray(parts["parcel"].per_parcel, [8 + 3, 8, 8])
        self.assertAlmostEqual(parts["stock_value"].per_unit[0, 0], 20.0)
        self.assertEqual(parts["stock_value"].unit, "TST")


@tagged("post_install", "-at_install")
class TestBadInput(CostCase):
    """What makes no sense is refused, with what to do about it."""

    def assertRefused(self, **vals):
        with (
            self.subTest(vals=vals),
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.strategy.write(vals)
            self.strategy.flush_recordset()

    def test_negative_weights(self):
        self.strategy.emission_factor_id = self.truck
        for name in (
            "split_cost",
            "carbon_price",
            "late_day_cost",
            "stock_value_factor",
            "workload_cost",
            "scarcity_factor",
            "handling_days",
            "default_weight",
        ):
            self.assertRefused(**{name: -0.1})

    def test_measures(self):
        self.assertRefused(transit_km_per_day=0.0)
        self.assertRefused(workload_capacity=0.0)
        self.assertRefused(sales_weeks=0)
        self.assertRefused(rate_ids=[(0, 0, {"name": "Gift", "parcel_price": -1})])

    def test_carbon_price_needs_a_factor(self):
        with self.assertRaisesRegex(ValidationError, "how parcels travel"):
            self.strategy.carbon_price = 80.0

    def test_factor_needs_a_source(self):
        with self.assertRaisesRegex(ValidationError, "needs its source"):
            self.make_factor("Rumor", 0, 1, source="  ")

    def test_factor_amounts(self):
        for vals in ({"ttw": -1}, {"detour": 0.5}, {"valid_from": "2025-02-01"}):
            with (
                self.subTest(vals=vals),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.truck.write({"valid_to": "2025-01-31", **vals})
                self.truck.flush_recordset()

    def test_factor_in_use_stays(self):
        self.strategy.emission_factor_id = self.truck
        self.env.flush_all()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.truck.unlink()

    def test_shipped_factors_name_their_source(self):
        factors = self.env.ref("oms.emission_factor_van") + self.env.ref("oms.emission_factor_rail")
        for factor in factors:
            self.assertIn("Conversion Factors", factor.source)
            self.assertAlmostEqual(factor.intensity, factor.wtt + factor.ttw)
