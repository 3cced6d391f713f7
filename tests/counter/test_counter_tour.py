from odoo.tests import tagged

from ..common import TourCase
from .test_counter import CounterCase


@tagged("post_install", "-at_install")
class TestCounterTour(TourCase, CounterCase):
    """A customer pays at the counter; the clerk has a phone."""

    browser_size = "360x740"

    def test_cash_and_then_the_goods(self):
        fulfillment = self.make_ready()
        self.start_tour_surely(
            "/odoo/oms-site-work", "oms_site_work_counter", login=self.clerk.login
        )
        self.env.invalidate_all()
        self.assertEqual(fulfillment.state, "delivered")
        plan = fulfillment.order_id.oms_payment_plan_id
        self.assertAlmostEqual(plan.captured, 19.98, 2)
