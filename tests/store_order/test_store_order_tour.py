from odoo.tests import tagged

from ..common import TourCase
from .store_order_case import StoreOrderCase


@tagged("post_install", "-at_install")
class TestStoreOrderTour(TourCase, StoreOrderCase):
    """A seller with a phone sells what another site has."""

    browser_size = "360x740"

    def test_an_order_for_a_customer(self):
        self.make_partner("Zoe Zimmer", email="zoe@example.com", zip="69001", city="Lyon")
        self.start_tour_surely("/odoo/oms-store-order", "oms_store_order", login=self.seller.login)
        self.env.invalidate_all()
        order = self.env["sale.order"].search([("oms_seller_site_id", "=", self.near.id)])
        self.assertEqual(order.partner_id.name, "Grace")
        self.assertEqual(order.oms_fulfillment_ids.site_id, self.far)
        self.assertEqual(sum(order.order_line.mapped("product_uom_qty")), 3.0)
