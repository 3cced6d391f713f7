"""Some stock to claim, for tests of claims."""

from ..common import OmsCase


class ClaimCase(OmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5), (cls.far, 5))
        cls.stock(cls.berry, (cls.far, 4))

    def assertParked(self, order, words):
        """Check that sourcing an order was refused, and took nothing."""
        event = order.oms_event_ids.filtered(lambda event: event.state == "parked")
        self.assertIn(words, event.error)
        self.assertFalse(self.plan(order) or order.order_line.oms_claim_ids)

    def available(self, product, site):
        return site._get_available(product).get((site.id, product.id), 0.0)

    def claims_of(self, order):
        return order.order_line.oms_claim_ids.sorted("id")

    def states(self, claims):
        return [(claim.quantity, claim.state) for claim in claims.sorted("id")]
