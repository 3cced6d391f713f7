"""The shares of some products as they stand while goods are taken one after the other."""

from dataclasses import replace

from ...engine.allocation import Allocation, most_at_each, refused, sellable, settle


def channel_key(channel):
    """Return what the engine calls a channel: None for no channel."""
    return ("channel", channel.id) if channel else None


def holder_key(share):
    """Return what the engine calls the holder of an ``oms.allocation``."""
    return channel_key(share.channel_id) or ("group", share.group_id.id)


class Book:
    """What was read of shares, stock and sales, at one moment.

    :param dict allocations: ``Allocation`` by (company id, product id); products that no share of
        a company governs are absent
    """

    def __init__(self, allocations: dict[tuple[int, int], Allocation]):
        self._allocations = dict(allocations)
        self._settlements = {}

    def duplicate(self):
        """Return a book to take from while this one stays as it is."""
        return Book(self._allocations)

    def governs(self, company_id, product_id):
        """Tell whether any share of a company says something about a product."""
        return (company_id, product_id) in self._allocations

    def get_settlement(self, company_id, product_id):
        """Return what the shares of a product come to."""
        key = company_id, product_id
        if key not in self._settlements:
            self._settlements[key] = settle(self._allocations[key])
        return self._settlements[key]

    def get_standing(self, share, product_id):
        """Return what an ``oms.allocation`` comes to of a product, None if it is not in effect."""
        if not self.governs(share.company_id.id, product_id):
            return None
        standings = self.get_settlement(share.company_id.id, product_id).standings
        return next((each for each in standings if each.share.key == share.id), None)

    def get_sellable(self, channel, product_id, site_ids):
        """Return what a channel may sell of a governed product, the sites in order of preference.

        :rtype: Sellable
        """
        settlement = self.get_settlement(channel.company_id.id, product_id)
        return sellable(settlement, channel_key(channel), site_ids)

    def get_most_at_each(self, channel, product_id, site_ids):
        """Return what a channel may take of a governed product at each site alone.

        :rtype: dict[int, float]
        """
        settlement = self.get_settlement(channel.company_id.id, product_id)
        return most_at_each(settlement, channel_key(channel), site_ids)

    def get_refusal(self, company_id, product_id, channel, asked):
        """Return why a channel may not take quantities by site, or None if it may.

        :rtype: Refusal or None
        """
        return refused(self.get_settlement(company_id, product_id), channel_key(channel), asked)

    def take(self, company_id, product_id, channel, taken):
        """Count quantities by site as sold."""
        key = company_id, product_id
        allocation = self._allocations[key]
        available = dict(allocation.available)
        for site_id, quantity in taken.items():
            available[site_id] = available.get(site_id, 0.0) - quantity
        seller = channel_key(channel)
        shares = allocation.shares
        if seller:
            shares = tuple(
                replace(share, sold={**share.sold, seller: share.sold.get(seller, 0.0) + quantity})
                for share in shares
                for quantity in [sum(n for site_id, n in taken.items() if site_id in share.scope)]
            )
        self._allocations[key] = replace(allocation, available=available, shares=shares)
        self._settlements.pop(key, None)
