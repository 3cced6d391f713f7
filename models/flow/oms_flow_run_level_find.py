from dataclasses import dataclass

import numpy as np

from odoo import models

from ...engine import levels
from ...engine.geography import great_circle_km
from .flow_offers import LEAD_SPREAD

#: What is ordered lasts so many days where nobody says what an order costs.
LOT_DAYS = 7.0
#: And no more than so many, whatever it costs.
MOST_LOT_DAYS = 90.0
#: At most so many sites share the stock of a slow seller.
MOST_SITES = 12
#: Money per unit and kilometer of serving customers from farther away, where stock is pooled; and
#: of a parcel more.
KILOMETER_COST, PARCEL_COST = 0.0004, 5.0


@dataclass(frozen=True)
class _Wanted:
    """Demand of products (rows) at sites (columns), classes and service by product.

    :param smallest: in multiples of what a product is wanted: 1, or the precision of units where
        it is sold in parts of them
    """

    products: object
    rate: np.ndarray
    variance: np.ndarray
    abc: np.ndarray
    xyz: np.ndarray
    service: np.ndarray
    is_cycle: np.ndarray
    decimal: np.ndarray
    smallest: np.ndarray


@dataclass(frozen=True)
class _Leveled:
    """Levels of some cells: products at sites, a row each.

    :param cells: position of the product times the number of sites, plus that of the site
    :param series: of the engine, in multiples of ``step``
    :param limits: likewise
    :param levels: in units of the product
    :param step: units, see ``smallest`` of :class:`_Wanted`
    :param own: units wanted a day by a site's own customers; the rest by sites that pull from it
    """

    cells: np.ndarray
    series: levels.Series
    limits: levels.Limits
    levels: levels.Levels
    step: np.ndarray
    own: np.ndarray

    def __len__(self):
        return len(self.cells)

    @property
    def rate(self):
        return self.series.rate * self.step


class OmsFlowRun(models.Model):
    """Which levels service and stock rules ask for: read for proposals, and where none are kept."""

    _inherit = "oms.flow.run"

    def _get_wanted(self, facts):
        """Return demand as the plan sees it, by product and site, and service classes.

        :rtype: _Wanted
        """
        products = self.env["product.product"].browse(facts.product_ids.tolist())
        rate, variance = np.zeros((2, len(products), len(facts.sites)))
        rate[facts.product, facts.site] = facts.rate
        variance[facts.product, facts.site] = facts.variance
        margin = np.maximum(facts.price - np.nan_to_num(facts.cost), 0.0)
        whole = rate.sum(axis=1)
        abc = levels.better_of(levels.abc(margin * whole), levels.abc(whole))
        xyz = levels.xyz(whole, variance.sum(axis=1))
        services = self.env["oms.service.class"]._get_table(self.company_id)
        share, cycle = np.zeros((3, 3)), np.zeros((3, 3), dtype=bool)
        for row, letter in enumerate(levels.ABC):
            for column, other in enumerate(levels.XYZ):
                share[row, column], measure = services[letter, other]
                cycle[row, column] = measure == "cycle"
        decimal, smallest = self._get_smallest(products)
        return _Wanted(
            products, rate, variance, abc, xyz, share[abc, xyz], cycle[abc, xyz], decimal, smallest
        )

    def _get_smallest(self, products):
        """Return which products are sold in parts of units, and in multiples of what they are.

        What always was wanted in whole units is kept in whole ones, however fine units may be.
        """
        decimal = self.env["oms.forecast"]._find_decimal(products)
        precision = 10.0 ** -self.env["decimal.precision"].precision_get("Product Unit")
        # In a database that knows whole units only nothing is finer.
        decimal &= precision < 1.0
        return decimal, np.where(decimal, precision, 1.0)

    def _get_sources(self, facts):
        """Return the lane on which a warehouse supplies each site that is none, the quickest.

        :rtype: dict[oms.site, oms.lane]
        """
        sources = {}
        for lane in self._get_lanes(facts.sites).sorted(lambda lane: (lane.days, lane.id)):
            if self._get_moving_kind(lane) == "pull":
                sources.setdefault(lane.site_id, lane)
        return sources

    def _find_levels(
        self, facts, wanted, sources, offers, cells=None, is_asked=True, is_carried=None
    ):
        """Return the levels that service and stock rules ask for.

        :param _Wanted wanted: demand
        :param dict sources: see :meth:`_get_sources`
        :param offers: see :meth:`_get_offers`
        :param cells: which are asked for, see :class:`_Leveled`; all that matter when None
        :param is_asked: of which cells the order point is to be found, that of others is zero
        :param is_carried: which sites have goods at all, shape (products, sites): others supply
            nobody with them; all when None
        :rtype: _Leveled
        """
        shape = wanted.rate.shape
        limits = self.env["oms.stock.rule"]._get_limits(
            self.company_id, wanted.products, facts.sites, wanted.smallest
        )
        if is_carried is None:
            is_carried = np.ones(shape, dtype=bool)
        step = np.repeat(wanted.smallest, shape[1])
        series = self._get_series(facts, wanted, sources, offers, is_carried)
        asked = series.rate > 0.0
        if cells is not None:
            asked &= np.isin(np.arange(len(series)), cells[np.broadcast_to(is_asked, cells.shape)])
        points = self._get_points(facts, wanted, series, asked)
        if cells is None:
            about = (series.rate > 0.0) | (points > 0.0)
            about |= (limits.presentation > 0.0) | np.isfinite(limits.life)
            cells = np.flatnonzero(about)
        series, limits, step = series.take(cells), limits.take(cells), step[cells]
        limits = limits.times(1.0 / step)
        found = levels.limited(series, points[cells], limits).times(step)
        return _Leveled(cells, series, limits, found, step, wanted.rate.ravel()[cells])

    def _get_series(self, facts, wanted, sources, offers, is_carried):
        """Return the series of the engine, in multiples of the smallest unit.

        What sites pull from a warehouse is wanted there, too.

        :rtype: levels.Series
        """
        place_of = {site: column for column, site in enumerate(facts.sites)}
        rate, variance = wanted.rate.copy(), np.maximum(wanted.variance, 0.0)
        usual = offers.get_usual(rate.sum(axis=1) * MOST_LOT_DAYS, self._get_holding_cost())
        lead, deviation = (
            np.repeat(each[:, None], rate.shape[1], axis=1)
            for each in (usual.days, usual.deviation)
        )
        for site, lane in sources.items():
            column, origin = place_of[site], place_of[lane.origin_id]
            fed = is_carried[:, origin]
            lead[fed, column] = max(lane.days, 0.0)
            deviation[fed, column] = LEAD_SPREAD * max(lane.days, 0.0)
            rate[fed, origin] += wanted.rate[fed, column]
            variance[fed, origin] += np.maximum(wanted.variance[fed, column], 0.0)
        lasts = self._get_lot_days(facts, rate, sources, offers, usual, is_carried)
        smallest = wanted.smallest[:, None]
        return levels.Series.of(
            (rate / smallest).ravel(),
            (variance / smallest**2).ravel(),
            lead.ravel(),
            (deviation**2).ravel(),
            max(self.plan_id.interval_days, 1.0),
            np.maximum(np.round(rate * lasts / smallest), 1.0).ravel(),
            np.repeat(wanted.decimal, rate.shape[1]),
        )

    def _get_holding_cost(self):
        """Return which share of its price a unit costs for each day that it lies."""
        terms = self.plan_id._get_policy()._get_terms()
        return terms.holding + terms.interest

    def _get_lot_days(self, facts, rate, sources, offers, usual, is_carried):
        """Return for how many days it is best to order at once, shape (products, sites).

        By what an order of the supplier, or a shipment on the lane, costs, shared by all goods that
        come with it; a week where nobody says that.
        """
        holding = self._get_holding_cost()
        lasts = np.full(rate.shape, LOT_DAYS)
        if holding <= 0.0:
            return lasts
        price = np.where(np.isnan(usual.price), np.nan_to_num(facts.cost), usual.price)
        sold = np.maximum(usual.supplier, 0)
        count = len(offers.suppliers)
        costs = np.array([each.order_cost for each in offers.suppliers])
        for column, site in enumerate(facts.sites):
            bought = usual.supplier >= 0
            if site in sources:
                lane = sources[site]
                fed = is_carried[:, facts.sites.ids.index(lane.origin_id.id)]
                value = float(rate[fed, column] @ np.nan_to_num(facts.cost)[fed])
                days = levels.common_cycle(value, lane.shipment_cost, holding)
                if lane.shipment_cost > 0.0:
                    lasts[fed, column] = days
                bought &= ~fed
            if bought.any():
                value = np.bincount(sold[bought], (rate[:, column] * price)[bought], count)
                days = levels.common_cycle(value, costs, holding)
                known = bought & (costs > 0.0)[sold]
                lasts[known, column] = days[sold][known]
        return np.minimum(lasts, MOST_LOT_DAYS)

    def _get_points(self, facts, wanted, series, asked):
        """Return the order points that service asks for, a number for each row of the series.

        :param asked: of which rows, shape (rows,); the others have zero
        """
        sites = len(facts.sites)
        points = np.zeros(len(series))
        is_cycle = np.repeat(wanted.is_cycle, sites)
        service = np.repeat(wanted.service, sites)
        for measure, some in (("fill", ~is_cycle), ("cycle", is_cycle)):
            rows = np.flatnonzero(asked & some)
            if rows.size:
                points[rows] = levels.order_points(series.take(rows), service[rows], measure)
        if self.plan_id.level_scope == "network":
            points = self._get_pooled(facts, wanted, series, points)
        return points

    def _get_pooled(self, facts, wanted, series, points):
        """Return order points of goods of class Z that all sites of the network share.

        What hardly ever is wanted at a site lies at few sites, from which all can be served.
        """
        rare = np.flatnonzero((wanted.xyz == 2) & (wanted.rate.sum(axis=1) > 0.0))
        if not rare.size:
            return points
        sites = facts.sites
        shape = wanted.rate.shape
        smallest = wanted.smallest[rare]
        rate = wanted.rate[rare].sum(axis=1) / smallest
        variance = wanted.variance[rare].sum(axis=1) / smallest**2
        slowest = np.argmax(series.lead.reshape(shape)[rare], axis=1)
        lead, deviation = (
            each.reshape(shape)[rare, slowest] for each in (series.lead, series.lead_variance)
        )
        whole = levels.Series.of(
            rate, variance, lead, deviation, float(series.review[0]), 1.0, wanted.decimal[rare]
        )
        service = np.minimum(wanted.service[rare], 0.9999)
        total = levels.order_points(whole, service)
        lat = np.array([site.latitude for site in sites])
        lng = np.array([site.longitude for site in sites])
        serve = KILOMETER_COST * great_circle_km(lat[:, None], lng[:, None], lat, lng)
        # A store gets it from a warehouse first: that is a way more.
        inward = np.array([0.0 if site.kind == "warehouse" else 0.5 for site in sites])
        opened = levels.open_sites(wanted.rate[rare].sum(axis=0), serve, inward, MOST_SITES)
        shares = wanted.rate[rare] / wanted.rate[rare].sum(axis=1)[:, None]
        farther = float(np.median(serve)) if len(sites) > 1 else 0.0
        placed = levels.place(total, whole, shares, opened, PARCEL_COST, farther)
        table = points.reshape(shape).copy()
        table[rare] = placed.units
        return table.ravel()
