"""A world whose lead times are known: what promises are held against."""

from datetime import datetime, timedelta
from math import erf, exp, log, sqrt
from zoneinfo import ZoneInfo

import numpy as np

BEGIN = datetime(2026, 1, 1)
HANDLING_SPREAD, TRANSIT_SPREAD = 0.5, 0.3


class World:
    """Sites that prepare parcels within hours, and ways on which they are for days.

    Both are log-normal; their medians differ by site, carrier and region.

    :param rng: random generator
    :param orders: ``sale.order`` records by (carrier, region)
    :param sites: ``oms.site`` records
    """

    def __init__(self, rng, orders, sites):
        self.rng = rng
        self.orders = orders
        self.sites = list(sites)
        self.ways = list(orders)
        self.handling = {site: 0.3 * 2**place for place, site in enumerate(self.sites)}
        by_carrier = {carrier: 2.0 + 2.0 * n for n, carrier in enumerate(dict(self.ways))}
        regions = sorted({region for _carrier, region in self.ways})
        by_region = {region: exp(0.25 * (n - 1)) for n, region in enumerate(regions)}
        self.transit = {
            (carrier, region): by_carrier[carrier] * by_region[region]
            for carrier, region in self.ways
        }

    def draw(self, number, first, days, pace=lambda day: 1.0):
        """Draw fulfillments of some days.

        :param pace: how much longer than usual a step takes that begins on a day of the world
        :return: (site, (carrier, region), released, shipped, delivered) tuples, in order
        """
        found = []
        for begun in np.sort(self.rng.uniform(first, first + days, number)).tolist():
            site = self.sites[self.rng.integers(len(self.sites))]
            way = self.ways[self.rng.integers(len(self.ways))]
            prepared = self.handling[site] * exp(self.rng.normal(0.0, HANDLING_SPREAD))
            prepared *= pace(begun)
            carried = self.transit[way] * exp(self.rng.normal(0.0, TRANSIT_SPREAD))
            carried *= pace(begun + prepared)
            moments = np.cumsum([begun, prepared, carried]).tolist()
            found.append(
                (site, way, *(BEGIN + timedelta(minutes=round(1440 * each)) for each in moments))
            )
        return found

    def rows(self, drawn):
        """Return what was drawn in the form of ``make_history``."""
        return [
            (self.orders[way], site, released, shipped, delivered)
            for site, way, released, shipped, delivered in drawn
        ]


def share_within(days, median, spread):
    """Return the share of a log-normal distribution below some days."""
    return 0.5 * (1.0 + erf(log(days / median) / spread / sqrt(2.0)))


def date_in_paris(moment):
    """Return the day that a moment of Odoo is on, by the clocks of Paris."""
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Europe/Paris")).date()
