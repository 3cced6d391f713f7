from datetime import date

import numpy as np

from odoo.tests import tagged

from ..promise.lead_truth import BEGIN, TRANSIT_SPREAD, World
from ..promise.promise_case import HistoryCase, paris
from ..promise.test_lead_risk import DAY

#: The promised day of all that is asked here.
PROMISED = date(2026, 4, 30)


@tagged("post_install", "-at_install")
class TestDue(HistoryCase):
    """Until when goods have to leave, by what was learned of how long carriers take."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post.oms_delivers_sunday = True
        cls.order = cls.make_way(cls.post, "20000")
        cls.order.oms_channel_id = cls.channel
        cls.channel.promise_confidence = 0.9

    def learn_world(self):
        world = World(np.random.default_rng(5), {(self.post, "20000"): self.order}, self.sites)
        self.make_history(world.rows(world.draw(2500, 0.0, 100)))
        self.learn(BEGIN + 115 * DAY)
        return world

    def due(self, promised=PROMISED):
        """Return when something of the order is due that was released and promised for a day."""
        [part] = self.make_history([(self.order, self.near, paris(2026, 4, 20, 9, 0), None, None)])
        part.channel_id = self.channel
        self.env["oms.promise"].create(
            {
                "order_id": self.order.id,
                "fulfillment_id": part.id,
                "promised_date": promised,
                "tz": "Europe/Paris",
            }
        )
        self.env.invalidate_all()
        part._compute_due_at()
        return part.due_at

    def test_what_leaves_then_arrives_in_time(self):
        """As often as the channel promises it, by drawing parcels of the same way."""
        world = self.learn_world()
        rng = np.random.default_rng(8)
        transit = world.transit[self.post, "20000"] * np.exp(rng.normal(0, TRANSIT_SPREAD, 100_000))
        left = (paris(2026, 5, 1, 0, 0) - self.due()) / DAY
        self.assertAlmostEqual(np.mean(transit < left), 0.9, delta=0.04)
        self.channel.promise_confidence = 0.6
        later = (paris(2026, 5, 1, 0, 0) - self.due()) / DAY
        self.assertLess(later, left)
        self.assertAlmostEqual(np.mean(transit < later), 0.6, delta=0.06)

    def test_a_day_later_is_a_day_later(self):
        self.learn_world()
        self.assertAlmostEqual(
            (self.due(PROMISED + DAY) - self.due()).total_seconds(), 86_400, delta=3600
        )

    def test_fetched_by_the_carrier(self):
        """It leaves with the last pickup that arrives in time, and has to be ready for it."""
        self.learn_world()
        free = self.due()
        self.env["oms.site.pickup"].create({"site_id": self.near.id, "hour": 17})
        due = self.due()
        self.assertEqual((due.hour, due.minute), (15, 0))
        self.assertLessEqual(due, free)
        self.assertLess(free - due, DAY)

    def test_until_something_is_learned(self):
        """Under way for a day, as configured: it may leave on the day before."""
        self.assertEqual(self.due(), paris(2026, 4, 29, 23, 59))

    def test_what_customers_collect_is_ready_on_the_day(self):
        """What was learned tells when work has to begin, which is not when it has to be done."""
        self.near.collects = True
        self.order.write({"oms_service": "collect", "oms_collect_site_id": self.near.id})
        before = self.due()
        self.learn_world()
        self.assertEqual(self.due(), before)
        self.assertEqual(before, paris(2026, 4, 30, 23, 59))
