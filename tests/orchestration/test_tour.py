from odoo.tests import tagged

from ..common import TourCase


@tagged("post_install", "-at_install")
class TestTour(TourCase):
    """A user confirms an order in the browser and sees it go to two sites."""

    def test_source_an_order(self):
        self.make_user("tour-operator", "oms.group_order_operator")
        self.stock(self.apple, (self.near, 3), (self.middle, 1), (self.far, 4))
        order = self.make_order(
            (self.apple, 5),
            confirm=False,
            partner_id=self.make_partner("Tour Customer", (48.85, 2.35)).id,
        )
        self.start_tour_surely("/odoo", "oms_source_order", login="tour-operator")
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3, ("FAR", "Apple"): 2})
        self.assertBalanced(order)
