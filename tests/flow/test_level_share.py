from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestLevelShare(FlowCase):
    """Levels of goods that any site may send to the customers of all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.propose_only("level")
        cls.sites.write({"latitude": 50.0, "longitude": 8.0})
        # Steady, much wanted goods at all sites.
        for site in cls.sites:
            for days in range(2, 90, 2):
                cls.make_sold(cls.apple, site, 1 + days % 3, days_ago=days)

    def set_local(self, site, share):
        """Say which share of the apples wanted at a site was collected or sold at its till."""
        today = fields.Date.context_today(self.plan_record)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_demand
                       (product_id, site_id, company_id, day, quantity, lost, local, source, key)
                SELECT %s, %s, %s, day, 100, 0, %s, 'orders', '' FROM unnest(%s) AS day
                """,
                self.apple.id,
                site.id,
                site.company_id.id,
                100 * share,
                [today - timedelta(weeks=week) for week in range(1, 11)],
            )
        )
        self.env["oms.demand"].invalidate_model()

    def levels(self, scope):
        """Levels of apples that a plan proposes, by site."""
        self.plan_record.level_scope = scope
        found = self.work().proposal_ids.filtered(lambda each: each.product_id == self.apple)
        found.sudo().state = "superseded"
        return {each.site_id: each for each in found}

    def units(self, levels):
        return {site: each.site_after for site, each in levels.items()}

    def test_all_goods_are_kept_for_all(self):
        alone, shared = self.levels("site"), self.levels("network")
        stores = self.middle + self.far
        self.assertTrue(all(self.units(alone).get(site) for site in stores))
        # Sites are beside each other: what one keeps for all does as well, and saves the stores'.
        self.assertEqual(set(shared), {self.near})
        self.assertLess(shared[self.near].site_after, sum(self.units(alone).values()))
        self.assertIn("Any site may send it", shared[self.near].why)
        # Only what is wanted steadily is left: nothing of it is rare.
        self.assertEqual(self.units(self.levels("rare")), self.units(alone))

    def test_it_may_lie_where_none_of_it_is_wanted(self):
        for site, longitude in ((self.near, 8.0), (self.middle, 34.0), (self.far, 60.0)):
            site.longitude = longitude
        for days in range(2, 90):
            self.make_sold(self.apple, self.middle, 50, days_ago=days)
        self.make_sold(self.berry, self.far, 3, days_ago=30)
        self.plan_record.level_scope = "network"
        with patch("odoo.addons.oms.models.flow.oms_flow_run_level_share.MOST_SITES", 1):
            found = self.work().proposal_ids.filtered(lambda each: each.product_id == self.berry)
        self.assertEqual(found.site_id, self.middle)
        self.assertGreaterEqual(found.site_after, 3)

    def test_what_is_collected_is_kept_where_it_is(self):
        for site in self.sites:
            self.set_local(site, 1.0 if site == self.far else 0.0)
        alone, shared = self.levels("site"), self.levels("network")
        # Nobody else can serve any of it: the level is that of a site by itself.
        self.assertEqual(shared[self.far].site_after, alone[self.far].site_after)
        self.assertNotIn(self.middle, shared)
        self.assertIn("100 % of what is wanted here is collected here", shared[self.far].why)

    def test_a_part_is_collected(self):
        for site in self.sites:
            self.set_local(site, 0.5 if site == self.far else 0.0)
        alone, shared = self.levels("site"), self.levels("network")
        self.assertGreater(shared[self.far].site_after, 0)
        self.assertLess(shared[self.far].site_after, alone[self.far].site_after)

    def test_thin_goods_are_collected_as_is_usual(self):
        """What was hardly ever wanted is collected like the rest at the site."""
        self.set_local(self.far, 0.8)
        self.make_sold(self.berry, self.far, 1, days_ago=5)
        self.plan_record.level_scope = "network"
        facts = self.plan_record._start()._gather()
        found = {
            (facts.product_ids[product], facts.sites[site]): share
            for product, site, share in zip(facts.product, facts.site, facts.local, strict=True)
        }
        self.assertAlmostEqual(found[self.apple.id, self.far], 0.8)
        self.assertAlmostEqual(found[self.berry.id, self.far], 0.8)
        self.assertEqual(found[self.apple.id, self.near], 0.0)

    def test_the_gain_is_that_of_the_network(self):
        """Less is kept of what all share, and no sale is missed for it: it gains."""
        Point = self.env["stock.warehouse.orderpoint"]
        for site, proposal in self.levels("site").items():
            Point.create(
                {
                    "product_id": self.apple.id,
                    "location_id": site.warehouse_id.lot_stock_id.id,
                    "product_min_qty": proposal.site_after - 1,
                    "product_max_qty": proposal.site_after * 2,
                    "trigger": "manual",
                }
            )
        shared = self.levels("network")
        self.assertTrue(shared)
        gain = sum(each.gain for each in shared.values())
        lost = sum(
            amount
            for each in shared.values()
            for name, amount in each.explanation["parts"]
            if name == "saved"
        )
        stored = sum(
            -amount
            for each in shared.values()
            for name, amount in each.explanation["parts"]
            if name == "holding"
        )
        self.assertGreater(gain, 0.0)
        self.assertAlmostEqual(gain, lost - stored, 2)
        # A hundredth of what is sold in the days looked ahead is missed at most.
        sold = sum(each.site_rate for each in self.levels("site").values()) * 28 * 10
        self.assertGreater(lost, -0.06 * sold)


@tagged("post_install", "-at_install")
class TestLevelWorth(FlowCase):
    """No unit is kept that costs more to store than the sales bring that it spares."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.propose_only("level")
        cls.plan_record.level_scope = "site"
        # Dear to store, hardly any margin, and wanted once, many at a time.
        cls.berry.write({"list_price": 100.5, "standard_price": 100.0})
        cls.make_sold(cls.berry, cls.far, 9, days_ago=40)
        for days in range(2, 90, 2):
            cls.make_sold(cls.apple, cls.far, 2, days_ago=days)

    def levels(self, is_worth):
        self.plan_record.level_worth = is_worth
        found = self.work().proposal_ids.filtered(lambda each: each.site_id == self.far)
        found.sudo().state = "superseded"
        return {each.product_id: each for each in found}

    def test_what_is_not_worth_its_storage(self):
        by_class, by_worth = self.levels(False), self.levels(True)
        self.assertGreater(by_class[self.berry].site_after, 1)
        self.assertNotIn(self.berry, by_worth)
        self.assertEqual(by_worth[self.apple].site_after, by_class[self.apple].site_after)

    def test_it_is_told(self):
        self.env["oms.stock.rule"].create({"product_id": self.berry.id, "presentation": 1})
        proposal = self.levels(True)[self.berry]
        self.assertEqual(proposal.site_after, 1)
        self.assertIn("to store them would cost more", proposal.why)
        level = proposal.explanation["facts"]["level"]
        self.assertAlmostEqual(
            proposal.site_after,
            level["for_demand"]
            + level["for_service"]
            + level["for_presentation"]
            + level["for_lot"]
            - level["off_worth"]
            - level["off_capacity"]
            - level["off_life"],
            1,
        )

    def test_goods_without_margin_follow_their_class(self):
        self.berry.list_price = 90.0
        by_class, by_worth = self.levels(False), self.levels(True)
        self.assertEqual(by_worth[self.berry].site_after, by_class[self.berry].site_after)
