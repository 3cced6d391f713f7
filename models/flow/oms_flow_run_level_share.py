from dataclasses import replace

import numpy as np

from odoo import fields, models

from ...engine import levels
from ...engine.geography import great_circle_km
from .flow_facts import spread

#: At most so many sites share the stock of goods.
MOST_SITES = 12
#: Money per unit and kilometer of serving customers from farther away, and of a parcel more, in the
#: currency of the company.
KILOMETER_COST, PARCEL_COST = 0.0004, 5.0
#: A product of which little was wanted is collected like the others at the site: that weighs like
#: so many units.
USUAL_UNITS = 5.0

_LOCAL = """
    SELECT position.product_id, position.site_id, SUM(position.quantity),
           SUM(LEAST(COALESCE(position.local, 0), position.quantity))
      FROM oms_demand position
     WHERE position.site_id = ANY(%(sites)s) AND position.day >= %(since)s AND %(goods)s
  GROUP BY position.product_id, position.site_id
"""


class OmsFlowRun(models.Model):
    """Where any site may send to the customers of all, their stock is kept for all together.

    What is collected at a site, or sold at its till, no other site can serve: that is kept there.
    """

    _inherit = "oms.flow.run"

    def _gather_local(self, product_ids, site_ids):
        """Return which share of what is wanted no other site can serve, shape (pairs,).

        :param product_ids: of the pairs, shape (pairs,)
        :param site_ids: likewise
        """
        if self.plan_id.level_scope == "site":
            return np.ones(len(product_ids))
        self.env["oms.demand"].flush_model()
        since = fields.Date.subtract(
            fields.Date.context_today(self), weeks=self.plan_id._get_policy().sales_weeks
        )
        rows = self._read(_LOCAL, 4, since=since)
        quantity, local = spread(product_ids, site_ids, rows)
        sites, place = np.unique(site_ids, return_inverse=True)
        whole = np.bincount(place, quantity, len(sites))
        usual = np.bincount(place, local, len(sites)) / np.where(whole > 0.0, whole, 1.0)
        return (local + USUAL_UNITS * usual[place]) / (quantity + USUAL_UNITS)

    def _find_shared(self, xyz, whole):
        """Return of which products all sites serve the customers of all, shape (products,).

        :param xyz: class by variability
        :param whole: units wanted a day in the network
        """
        scope = self.plan_id.level_scope
        is_about = xyz == 2 if scope == "rare" else np.full(len(xyz), scope == "network")
        return is_about & (whole > 0.0)

    def _get_alone(self, wanted):
        """Return the demand that each site serves by itself; all of it if nothing is shared.

        :rtype: _Wanted
        """
        if not wanted.shared.any():
            return wanted
        # Customers come one by one: of their stream some, chosen by chance, vary likewise.
        share = np.where(wanted.shared[:, None], wanted.local, 1.0)
        return replace(wanted, rate=wanted.rate * share, variance=wanted.variance * share)

    def _get_pooled(self, facts, wanted, series):
        """Return the order points of what all sites share, by row of the series.

        It lies at so many sites as cost least to serve all customers from.
        """
        table = np.zeros(wanted.rate.shape)
        if not wanted.shared.any():
            return table.ravel()
        rate = wanted.rate * (1.0 - wanted.local)
        some = np.flatnonzero(wanted.shared & (rate.sum(axis=1) > 1e-9))
        if not some.size:
            return table.ravel()
        variance = wanted.variance[some] * (1.0 - wanted.local[some])
        slowest = np.argmax(series.lead.reshape(table.shape)[some], axis=1)
        lead, lead_variance = (
            each.reshape(table.shape)[some, slowest] for each in (series.lead, series.lead_variance)
        )
        review = float(series.review[0])
        whole = self._get_whole(wanted, some, rate[some], variance, lead, lead_variance, review)
        total = levels.order_points(whole, np.minimum(wanted.service[some], 0.9999))
        serve = KILOMETER_COST * self._get_distances(facts)
        # A store gets it from a warehouse first: that is a way more.
        inward = np.array([0.0 if site.kind == "warehouse" else 0.5 for site in facts.sites])
        opened = levels.open_sites(rate[some].sum(axis=0), serve, inward, MOST_SITES)
        shares = rate[some] / rate[some].sum(axis=1)[:, None]
        farther = float(np.median(serve)) if len(facts.sites) > 1 else 0.0
        table[some] = levels.place(total, whole, shares, opened, PARCEL_COST, farther).units
        return table.ravel()

    def _get_whole(self, wanted, products, rate, variance, lead, lead_variance, review):
        """Return the demand of products in the whole network, in multiples of the smallest unit.

        :param products: positions, shape (n,)
        :param rate: units a day, shape (n, sites)
        :param variance: likewise
        :param lead: days until the slowest site is filled, shape (n,)
        :param lead_variance: likewise, days²
        :param float review: days between two looks
        :rtype: levels.Series
        """
        smallest = wanted.smallest[products]
        return levels.Series.of(
            rate.sum(axis=1) / smallest,
            variance.sum(axis=1) / smallest**2,
            lead,
            lead_variance,
            review,
            1.0,
            wanted.decimal[products],
        )

    def _get_distances(self, facts):
        """Return how far sites are from each other, kilometers, shape (sites, sites)."""
        lat = np.array([site.latitude for site in facts.sites])
        lng = np.array([site.longitude for site in facts.sites])
        return great_circle_km(lat[:, None], lng[:, None], lat, lng)

    def _get_spared(self, wanted, found, high):
        """Return how many units a day are no more missed by what is kept for all, by level.

        Of goods that are shared it matters what is kept in all; each level has its part by how much
        it changes.

        :param _Leveled found: levels, of any goods
        :param high: order-up-to levels of today, units, shape (levels,)
        """
        product = found.cells // wanted.rate.shape[1]
        count, some = len(wanted.shared), np.flatnonzero(wanted.shared)
        lead, lead_variance = np.zeros((2, count))
        np.maximum.at(lead, product, found.series.lead)
        np.maximum.at(lead_variance, product, found.series.lead_variance)
        change = np.abs(found.levels.maximum - high)
        before, after, changes = (
            np.bincount(product, each, count) for each in (high, found.levels.maximum, change)
        )
        rate, review = wanted.rate[some], float(found.series.review[0])
        whole = self._get_whole(
            wanted, some, rate, wanted.variance[some], lead[some], lead_variance[some], review
        )
        positions = np.stack([before[some], after[some]]) / wanted.smallest[some]
        missed = levels.missed_share(whole, positions)
        spared = np.zeros(count)
        spared[some] = (missed[0] - missed[1]) * rate.sum(axis=1)
        return spared[product] * change / np.where(changes > 0.0, changes, 1.0)[product]
