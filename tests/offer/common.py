from ..common import OmsCase


class OfferCase(OmsCase):
    """Three stores that have apples, and a channel that asks two of them at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sites.kind = "store"
        cls.stock(cls.apple, (cls.near, 10), (cls.middle, 10), (cls.far, 10))
        cls.channel.write({"offer_count": 2, "offer_minutes": 30, "offer_rounds": 3})

    def offer(self, order, site):
        """Return what a site is asked to do of an order."""
        return order.oms_offer_ids.filtered(
            lambda offer: offer.site_id == site and offer.state == "open"
        )

    def states(self, order):
        """Return the states of the offers of an order by name of the site."""
        return {offer.site_id.name: offer.state for offer in order.oms_offer_ids}

    def available(self, site, product=None):
        product = product or self.apple
        return site._get_available(product).get((site.id, product.id), 0.0)

    def works_at(self, order):
        """Return the sites that have the order to do."""
        return order.oms_fulfillment_ids.filtered(lambda each: each.state == "released").site_id
