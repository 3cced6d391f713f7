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
        self.sell(self.apple, self.far, 20)
        record = self.choose(way="label")
        self.assertEqual(record.site_id, self.far)
        first, *others = record.site_reason.split("\n")
        self.assertTrue(first.startswith("Far: the goods are expected to bring"))
        self.assertEqual(len(others), 2)

    def test_the_way_may_cost_too_much(self):
        self.sell(self.apple, self.far, 20)
        self.terms.write({"transfer_kg_cost": 0, "visit_km_cost": 1})
        self.assertNotEqual(self.choose(way="dropoff").site_id, self.far)

    def test_sites_that_are_closed_or_take_none(self):
        self.sell(self.apple, self.far, 20)
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
