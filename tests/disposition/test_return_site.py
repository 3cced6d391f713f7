from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .common import DispositionCase


@tagged("-at_install", "post_install")
class TestReturnSite(DispositionCase):
    """A return goes where the goods, less their way, are worth most."""

    def choose(self, **vals):
        order = self.deliver((self.apple, 1))
        return self.ask(order, (self.apple, 1), **vals)

    def test_to_the_nearest_when_nothing_else_matters(self):
        self.terms.transfer_kg_km_cost = 0.001
        self.assertEqual(self.choose(way="label").site_id, self.near)

    def test_to_where_it_sells(self):
        self.make_sold(self.apple, self.far, 20)
        record = self.choose(way="label")
        self.assertEqual(record.site_id, self.far)
        first, *others = record.site_reason.split("\n")
        self.assertTrue(first.startswith("Far: the goods are expected to bring"))
        self.assertEqual(len(others), 2)

    def test_the_way_may_cost_too_much(self):
        self.make_sold(self.apple, self.far, 20)
        self.terms.write({"transfer_kg_cost": 0, "visit_km_cost": 1})
        self.assertNotEqual(self.choose(way="dropoff").site_id, self.far)

    def test_sites_that_are_closed_or_take_none(self):
        self.make_sold(self.apple, self.far, 20)
        self.far.takes_returns = False
        self.assertNotEqual(self.choose(way="label").site_id, self.far)

    def test_without_a_policy_to_the_nearest(self):
        self.env["oms.disposition.policy"].search([]).active = False
        record = self.choose(way="label")
        self.assertEqual(record.site_id, self.near)
        self.assertIn("nearest site", record.site_reason)

    def test_grades_are_learned(self):
        grades = self.env["oms.grade"].search([])
        before = grades._get_shares(self.apple)[self.apple]
        self.assertAlmostEqual(sum(before.values()), 1.0)
        self.assertAlmostEqual(before[self.grade_d], 0.03)
        for _each in range(2):
            self.bring_back(self.apple, 10, self.grade_d)
        after = grades._get_shares(self.apple)[self.apple]
        self.assertAlmostEqual(after[self.grade_d], (20 + 20 * 0.03) / 40)
        self.assertAlmostEqual(sum(after.values()), 1.0)

    def close(self, site, days):
        """Have a site be closed for so many days, by its calendar."""
        site.resource_calendar_id = self.env["resource.calendar"].create(
            {"name": "Week", "tz": "UTC", "company_id": self.company.id}
        )
        now = fields.Datetime.now()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Rebuilding",
                "calendar_id": site.resource_calendar_id.id,
                "company_id": self.company.id,
                "date_from": now - timedelta(days=2),
                "date_to": now + timedelta(days=days),
            }
        )

    def test_sites_that_do_not_open_soon_are_left_out(self):
        self.make_sold(self.apple, self.far, 20)
        self.terms.write({"transfer_kg_cost": 0, "visit_km_cost": 0})
        self.assertEqual(self.choose(way="dropoff").site_id, self.far)
        self.close(self.far, 30)
        record = self.choose(way="dropoff")
        self.assertNotEqual(record.site_id, self.far)
        self.assertNotIn("Far: ", record.site_reason)

    def test_waiting_costs_what_the_price_loses(self):
        self.terms.decline_percent = 7
        order = self.deliver((self.apple, 2))
        record = self.env["oms.return"].new(
            {"order_id": order.id, "company_id": self.company.id, "way": "dropoff"}
        )
        moment = fields.Datetime.now()
        opening = SimpleNamespace(is_open=False, opens_at=moment + timedelta(days=3))
        there = SimpleNamespace(is_open=True, opens_at=None)
        sites = self.near + self.far
        with patch.object(
            type(sites),
            "_get_openings",
            lambda *_args, **_more: {self.near: opening, self.far: there},
        ):
            _sites, waits = record._leave_out_closed(sites)
        self.assertAlmostEqual(waits[self.near], 3.0, 3)
        self.assertEqual(waits[self.far], 0.0)
        lines = SimpleNamespace(product_id=self.apple, quantity=2)
        facts = SimpleNamespace(prices={self.apple: 10.0})
        cost = record._get_waiting_cost(self.terms, facts, [lines], 3.0)
        # 7 % less in a week, continuously: about 3.1 % in three days.
        self.assertAlmostEqual(cost.amount, 20 * 3 / 7 * 0.0725707, 4)

    def test_a_site_that_has_too_much_to_take_in(self):
        self.make_sold(self.apple, self.far, 20)
        self.terms.write({"transfer_kg_cost": 0, "visit_km_cost": 0})
        self.far.return_daily_units = 2
        self.assertEqual(self.choose(way="label").site_id, self.far)
        order = self.deliver((self.apple, 40))
        self.ask(order, (self.apple, 40), way="label", site_id=self.far.id)
        self.assertAlmostEqual(self.far._get_return_backlog()[self.far], 20.5)
        self.assertNotEqual(self.choose(way="label").site_id, self.far)

    def test_all_closed_is_no_reason_to_choose_none(self):
        for site in self.sites:
            self.close(site, 30)
        self.assertTrue(self.choose(way="dropoff").site_id)

    def test_the_rate_of_the_carrier_counts_where_it_is_known(self):
        """The carrier takes 30 to the far site and 1 to the near one; the policy says 5 to each."""
        self.make_sold(self.apple, self.far, 20)
        carrier = self.env["delivery.carrier"].create(
            {
                "name": "Back",
                "delivery_type": "oms",
                "product_id": self.make_product("Return label", type="service").id,
            }
        )
        self.assertEqual(self.choose(way="label").site_id, self.far)
        prices = {self.near: 1.0, self.middle: 1.0, self.far: 30.0}
        asked = []

        def find(_carrier, leg, _company, **_more):
            asked.append(leg)
            return SimpleNamespace(price=prices[leg.site], currency=self.company.currency_id.name)

        with patch.object(type(carrier), "_oms_find_rate", find):
            record = self.choose(way="label", carrier_id=carrier.id)
        self.assertNotEqual(record.site_id, self.far)
        self.assertEqual({leg.site for leg in asked}, set(self.sites))
        self.assertEqual({tuple(leg.weights) for leg in asked}, {(1.0,)})
        self.assertEqual(asked[0].sender, record.order_id.partner_shipping_id)
