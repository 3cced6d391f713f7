from datetime import date, timedelta

import numpy as np

from odoo.tests import tagged

from .lead_truth import BEGIN, HANDLING_SPREAD, TRANSIT_SPREAD, World, date_in_paris
from .promise_case import HistoryCase, paris

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestLeadRisk(HistoryCase):
    """How likely goods are late, and until when each step has to begin."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post.oms_delivers_sunday = True
        cls.order = cls.make_way(cls.post, "20000")
        cls.order.oms_channel_id = cls.channel

    def chance(self, moment, due, *moments):
        """Return the chance that a fulfillment with some moments comes after a day."""
        [part] = self.make_history([(self.order, self.near, *moments)])
        return self.Lead._get_miss_chances({part: due}, moment)[part]

    def learn_world(self):
        world = World(np.random.default_rng(5), {(self.post, "20000"): self.order}, self.sites)
        self.make_history(world.rows(world.draw(2500, 0.0, 100)))
        self.learn(BEGIN + 115 * DAY)
        return world

    def test_configured_only(self):
        """One day under way: it is there on the next day, or it is not."""
        moment = paris(2026, 3, 24, 10, 0)
        shipped = paris(2026, 3, 24, 9, 0)
        self.assertEqual(self.chance(moment, date(2026, 3, 25), shipped, shipped, None), 0.0)
        self.assertEqual(self.chance(moment, date(2026, 3, 24), shipped, shipped, None), 1.0)
        self.assertEqual(self.chance(moment, date(2026, 3, 25), shipped, None, None), 0.0)
        self.assertEqual(self.chance(moment, date(2026, 3, 24), shipped, None, None), 1.0)
        later = moment + 2 * DAY
        self.assertEqual(self.chance(later, date(2026, 3, 25), shipped, shipped, None), 1.0)
        self.assertEqual(self.chance(later, date(2026, 3, 27), shipped, None, None), 0.0)
        self.assertEqual(
            self.chance(later, date(2026, 3, 25), shipped, shipped, paris(2026, 3, 25, 23, 59)), 0.0
        )
        self.assertEqual(
            self.chance(later, date(2026, 3, 25), shipped, shipped, paris(2026, 3, 26, 0, 1)), 1.0
        )

    def test_chances_are_those_of_the_world(self):
        """Against drawing what comes of the same situation many times."""
        world = self.learn_world()
        rng, drawn = np.random.default_rng(6), 100_000
        way = (self.post, "20000")
        moment = paris(2026, 4, 27, 12, 0)
        handling = world.handling[self.near] * np.exp(rng.normal(0, HANDLING_SPREAD, drawn))
        transit = world.transit[way] * np.exp(rng.normal(0, TRANSIT_SPREAD, drawn))
        for since, shipped_since in ((0.0, None), (0.4, None), (1.0, 0.5), (3.0, 2.5), (4.0, 3.5)):
            released = moment - since * DAY
            if shipped_since is None:
                possible = handling > since
                arrives = (handling + transit - since)[possible]
                shipped = None
            else:
                shipped = moment - shipped_since * DAY
                possible = transit > shipped_since
                arrives = (transit - shipped_since)[possible]
            for days in range(1, 5):
                due = date_in_paris(moment) + days * DAY
                truth = np.mean(np.floor(0.5 + arrives) > days)
                found = self.chance(moment, due, released, shipped, None)
                with self.subTest(since=since, shipped=shipped_since, days=days):
                    self.assertAlmostEqual(found, truth, delta=0.1)

    def test_milestones_backwards(self):
        """Begun by then, so many come in time; begun a day later, too many do not."""
        world = self.learn_world()
        rng, drawn = np.random.default_rng(7), 100_000
        handling = world.handling[self.near] * np.exp(rng.normal(0, HANDLING_SPREAD, drawn))
        transit = world.transit[self.post, "20000"] * np.exp(rng.normal(0, TRANSIT_SPREAD, drawn))
        [part] = self.make_history([(self.order, self.near, paris(2026, 4, 20, 9, 0), None, None)])
        due = date(2026, 4, 30)
        for confidence in (0.8, 0.9, 0.95):
            found = self.Lead._get_milestones({part: due}, confidence)[part]
            self.assertLess(found.release, found.handover)
            end = paris(2026, 5, 1, 0, 0)
            left = (end - found.handover) / DAY
            self.assertAlmostEqual(np.mean(transit < left), confidence, delta=0.04)
            left = (end - found.release) / DAY
            self.assertAlmostEqual(np.mean(handling + transit < left), confidence, delta=0.04)

    def test_milestones_as_configured(self):
        """One day under way, fetched at five, and two hours of work."""
        self.near.handling_time = 2
        self.env["oms.site.pickup"].create({"site_id": self.near.id, "hour": 17})
        self.post.oms_delivers_sunday = False
        [part] = self.make_history([(self.order, self.near, paris(2026, 3, 20, 9, 0), None, None)])
        found = self.Lead._get_milestones({part: date(2026, 3, 25)})[part]
        self.assertEqual(found.handover, paris(2026, 3, 24, 17, 0))
        self.assertAlmostEqual(found.release, paris(2026, 3, 24, 15, 0), delta=timedelta(hours=1.1))
        # Nothing moves on Sunday.
        found = self.Lead._get_milestones({part: date(2026, 3, 23)})[part]
        self.assertEqual(found.handover, paris(2026, 3, 22, 17, 0))

    def test_of_many_at_once(self):
        self.learn_world()
        parts = self.make_history(
            [(self.order, self.near, paris(2026, 4, 26, 9, 0), None, None)] * 50
        )
        moment = paris(2026, 4, 27, 12, 0)
        due = dict.fromkeys(parts, date(2026, 5, 1))
        self.Lead._get_miss_chances(due, moment)
        parts.invalidate_recordset()
        with self.assertQueryCount(15):
            chances = self.Lead._get_miss_chances(due, moment)
        self.assertEqual(len(set(chances.values())), 1)
