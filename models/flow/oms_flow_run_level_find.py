from dataclasses import dataclass, replace

import numpy as np

from odoo import models

from ...engine import levels
from .flow_offers import LEAD_SPREAD

#: What is ordered lasts so many days where nobody says what an order costs.
LOT_DAYS = 7.0
#: And no more than so many, whatever it costs.
MOST_LOT_DAYS = 90.0


@dataclass(frozen=True)
class _Wanted:
    """Demand of products (rows) at sites (columns), classes and service by product.

    :param smallest: in multiples of what a product is wanted: 1, or the precision of units where
        it is sold in parts of them
    :param shared: whether any site may send to the customers of all
    :param local: share of the demand at a site that no other can serve, by product and site
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
    shared: np.ndarray
    local: np.ndarray


@dataclass(frozen=True)
class _Leveled:
    """Levels of some cells: products at sites, a row each.

    :param cells: position of the product times the number of sites, plus that of the site
    :param series: of the engine, in multiples of ``step``
    :param limits: likewise
    :param levels: in units of the product
    :param step: units, see ``smallest`` of :class:`_Wanted`
    :param own: units wanted a day by a site's own customers; the rest by sites that pull from it
    :param off_worth: units that service asks for and that are not worth their storage
    """

    cells: np.ndarray
    series: levels.Series
    limits: levels.Limits
    levels: levels.Levels
    step: np.ndarray
    own: np.ndarray
    off_worth: np.ndarray

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
        local = np.zeros(rate.shape)
        local[facts.product, facts.site] = facts.local
        return _Wanted(
            products=products,
            rate=rate,
            variance=variance,
            abc=abc,
            xyz=xyz,
            service=share[abc, xyz],
            is_cycle=cycle[abc, xyz],
            decimal=decimal,
            smallest=smallest,
            shared=self._find_shared(xyz, whole),
            local=local,
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
        alone = self._get_alone(wanted)
        if alone is not wanted:
            own = self._get_series(facts, alone, sources, offers, is_carried)
            own = replace(own, lead=series.lead, lead_variance=series.lead_variance, lot=series.lot)
        else:
            own = series
        wished = self._get_points(wanted, own, asked & (own.rate > 0.0))
        points = self._limit_by_worth(facts, own, wished)
        off_worth = wished - points
        # What is kept for all may lie where none of it is wanted.
        points = points + self._get_pooled(facts, wanted, series)
        if cells is None:
            about = (series.rate > 0.0) | (points > 0.0)
            about |= (limits.presentation > 0.0) | np.isfinite(limits.life)
            cells = np.flatnonzero(about)
        series, limits, step = series.take(cells), limits.take(cells), step[cells]
        limits = limits.times(1.0 / step)
        found = levels.limited(series, points[cells], limits).times(step)
        own_rate = wanted.rate.ravel()[cells]
        return _Leveled(cells, series, limits, found, step, own_rate, off_worth[cells] * step)

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

    def _get_points(self, wanted, series, asked):
        """Return the order points that service asks for, a number for each row of the series.

        :param asked: of which rows, shape (rows,); the others have zero
        """
        sites = wanted.rate.shape[1]
        points = np.zeros(len(series))
        is_cycle = np.repeat(wanted.is_cycle, sites)
        service = np.repeat(wanted.service, sites)
        for measure, some in (("fill", ~is_cycle), ("cycle", is_cycle)):
            rows = np.flatnonzero(asked & some)
            if rows.size:
                points[rows] = levels.order_points(series.take(rows), service[rows], measure)
        return points

    def _limit_by_worth(self, facts, series, points):
        """Lower order points to what is worth its storage, if the plan says so.

        :param points: units in multiples of the smallest, a number for each row of the series
        """
        holding = self._get_holding_cost()
        if not self.plan_id.level_worth or holding <= 0.0:
            return points
        cost = np.nan_to_num(facts.cost)
        sites = len(facts.sites)
        daily = np.repeat(cost * holding, sites)
        margin = np.repeat(np.maximum(facts.price - cost, 0.0), sites)
        rows = np.flatnonzero((points > 0.0) & (daily > 0.0) & (margin > 0.0))
        some, last = series.take(rows), points[rows]
        missed = levels.missed_share(some, np.stack([last - 1.0, last]))
        # Most are worth it: the others are looked at one unit after the other.
        is_dear = (missed[0] - missed[1]) * some.rate * margin[rows] < daily[rows]
        rows = rows[is_dear]
        if not rows.size:
            return points
        worth = levels.worth_holding(series.take(rows), margin[rows], daily[rows])
        points = points.copy()
        points[rows] = np.minimum(points[rows], worth)
        return points
