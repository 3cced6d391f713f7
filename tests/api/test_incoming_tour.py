from odoo.tests import tagged

from odoo.addons.oms.models.api.contract import GivenOrder

from ..common import TourCase


@tagged("post_install", "-at_install")
class TestIncomingTour(TourCase):
    """A person mends what a channel sent in the browser, without touching what it sent."""

    def test_parked_mended_placed(self):
        self.make_user("mending-operator", "oms.group_order_operator")
        self.stock(self.apple, (self.near, 5))
        given = [
            GivenOrder.model_validate(
                {
                    "reference": f"W-{number}",
                    "customer": {"name": "Ada", "email": "ada@example.com"},
                    "ship_to": {"country": "FR", "city": "Paris", "zip": "75001"},
                    "lines": [{"id": "a", "product": "SKU-9", "quantity": 1, "unit_price": 9.5}],
                }
            )
            for number in (1, 2)
        ]
        incoming = self.env["oms.incoming.order"].with_context(allowed_company_ids=self.company.ids)
        incoming._place_chunk(self.channel, given[:1])
        self.start_tour_surely("/odoo/oms-incoming", "oms_incoming_order", login="mending-operator")
        order = self.env["sale.order"].search([("oms_external_ref", "=", "W-1")])
        self.assertEqual(order.order_line.product_id, self.apple)
        # What was said holds for what comes.
        incoming._place_chunk(self.channel, given[1:])
        order = self.env["sale.order"].search([("oms_external_ref", "=", "W-2")])
        self.assertEqual(order.order_line.product_id, self.apple)
