"""Channels, a group of them, and their shares of stock."""

from ..common import OmsCase


class ShareCase(OmsCase):
    """Two channels and a group of two more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["oms.allocation"].search([]).active = False
        cls.market = cls.make_channel("Market", "TMAR")
        cls.shops = cls.env["oms.channel.group"].create({"name": "Shops"})
        cls.north = cls.make_channel("North", "TNOR", group_id=cls.shops.id)
        cls.south = cls.make_channel("South", "TSOU", group_id=cls.shops.id)

    @classmethod
    def share(cls, holder, kind, amount, product=None, **vals):
        """Give a channel or a group a share of the apple, or of another product."""
        name = "group_id" if holder._name == "oms.channel.group" else "channel_id"
        if "categ_id" not in vals:
            vals["product_id"] = cls.apple.id if product is None else product.id
        return cls.env["oms.allocation"].create(
            {name: holder.id, "kind": kind, "amount": amount, **vals}
        )

    def sellable(self, channel, product=None, sites=None):
        """Return how much a channel can sell; None where shares have no say."""
        product = product or self.apple
        found = channel._get_sellable(product, sites).get(product.id)
        return found and found.total

    def order(self, channel, *lines, **vals):
        return self.make_order(*lines, oms_channel_id=channel.id, **vals)
