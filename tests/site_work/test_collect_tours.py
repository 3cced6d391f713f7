from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..collect.collect_case import CollectCase
from ..common import TourCase

MAKE_CODE = "odoo.addons.oms.models.collect.oms_fulfillment_pickup.make_code"


@tagged("post_install", "-at_install")
class TestCollectTours(TourCase, CollectCase):
    """Customers come to a store, whose clerk has a phone and a hand scanner."""

    browser_size = "360x740"

    def start_work(self, tour):
        self.start_tour_surely("/odoo/oms-site-work", tour, login=self.clerk.login)
        self.env.invalidate_all()

    def test_collect_with_code(self):
        """Picked, ready, found by its code, identity checked, handed over."""
        self.apple.barcode = "2000000000015"
        self.channel.pickup_identity = "always"
        fulfillment = self.collect_order((self.apple, 2)).oms_fulfillment_ids
        # Odoo writes down what it refuses.
        with patch(MAKE_CODE, lambda: "BCDF2345"), mute_logger("odoo.http"):
            self.start_work("oms_site_work_collect")
        self.assertEqual(fulfillment.pickup_state, "collected")
        self.assertEqual(fulfillment.pickup_handed_by_id, self.clerk)
        self.assertTrue(fulfillment.pickup_identity_checked)
        self.assertEqual(self.on_hand(self.apple), 8)
        self.assertBalanced(fulfillment.order_id)

    def test_reserved_tried_sold(self):
        """Of what was put aside the customer takes a part, which is an order then."""
        fulfillment = self.reserve((self.apple, 3))
        order = fulfillment.order_id
        self.start_work("oms_site_work_reserve")
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [2])
        self.assertEqual(fulfillment.pickup_state, "collected")
        self.assertEqual(self.on_hand(self.apple), 8)
        self.assertEqual(self.available(self.apple), 8)
