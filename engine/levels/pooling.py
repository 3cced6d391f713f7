"""Stock of many products at many sites together: the same service with less of it.

Two questions that single series do not answer. How much of each product: a unit goes where it
spares most misses (marginal analysis; with gains that never rise, greedy is the best for every
budget: Fox, *Discrete optimization via marginal analysis*, Management Science 13, 1966; Sherbrooke,
METRIC, 1968). And where: a site that can send to another one's customers holds stock for both, so
slow sellers lie at few sites and need the safety of one, not of fifty (Eppen, 1979).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..demand.law import loss, quantile
from .points import Series, least_whole, missed_share

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_SURE = 0.9999
"""Up to this quantile at least a unit of stock is thought of."""


def spared(series: Series, first: ArrayLike, count: int) -> Array:
    """Units per day that each further unit of stock spares from being missed.

    :param first: units that are there before, shape (S,)
    :param count: how many further units are asked for
    :return: shape (S, count), never rising along a row
    """
    places = np.asarray(first, dtype=float) + np.arange(count + 1.0)[:, None]
    missed = missed_share(series, places) * series.rate
    gains = -np.diff(missed, axis=0).T
    # Of an order of several units the second can spare more than the first only by rounding of
    # the law: P(D_{L+R} >= n) - P(D_L >= n) need not fall. What is bought together is averaged.
    return _falling(np.maximum(gains, 0.0))


def _falling(gains: Array) -> Array:
    """Even out gains that rise, so that sums up to any end of an even stretch stay the same.

    The least concave majorant of the sums, row by row.
    """
    rises = np.flatnonzero((np.diff(gains, axis=1) > 1e-15).any(axis=1))
    for row in rises.tolist():
        gains[row] = _even(gains[row])
    return gains


def _even(gains: Array) -> Array:
    blocks: list[tuple[float, int]] = []
    for gain in gains.tolist():
        blocks.append((gain, 1))
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            (above, many), (below, few) = blocks[-2:]
            blocks[-2:] = [((above * many + below * few) / (many + few), many + few)]
    return np.concatenate([np.full(number, gain) for gain, number in blocks])


def together(
    series: Series, target: float, value: ArrayLike = 1.0, costs: ArrayLike = 1.0
) -> Array:
    """Find the least stock with which all series together reach a fill rate.

    Not each of them: where a unit spares little it is better kept of something else. The same
    service for each would take more stock for the same service on the whole.

    :param target: share of all that is wanted, from 0 and below 1
    :param value: how much a missed unit of each series counts, shape (S,) or one number
    :param costs: what a unit of stock of each costs, above zero, shape (S,) or one number
    :return: order-up-to levels, whole units, shape (S,)
    :raises ValueError: the target is outside, or a cost or value makes no sense
    """
    value, costs = (
        np.broadcast_to(np.asarray(each, dtype=float), series.rate.shape) for each in (value, costs)
    )
    if not 0.0 <= target < 1.0:
        raise ValueError("A service target is a share from 0 and below 1.")
    if costs.size and not (costs.min() > 0.0 and value.min() >= 0.0):
        raise ValueError("A unit costs something, and missing one does not earn anything.")
    missed = missed_share(series, 0.0) * series.rate * value
    allowed = (1.0 - target) * float((series.rate * value).sum())
    if missed.sum() <= allowed:
        return np.zeros(len(series))
    # Nobody needs more than almost everything that is wanted until the next can have come; and
    # if all need more than that, all have it.
    surest = max(LEAST_SURE, 1.0 - (1.0 - target) / 50.0)
    most = quantile(surest, *series.over(series.review), series.decimal)
    most = np.where(series.rate > 0.0, np.ceil(most) + 1.0, 0.0).astype(np.int64)
    rows = np.repeat(np.arange(len(series)), most)
    places = (np.arange(len(rows)) - np.repeat(most.cumsum() - most, most)).astype(float)
    some = series.take(rows)
    gains = missed_share(some, places) - missed_share(some, places + 1.0)
    gains = np.maximum(gains, 0.0) * some.rate * value[rows]
    rising = np.unique(rows[1:][(np.diff(gains) > 1e-15) & (rows[1:] == rows[:-1])])
    ends = most.cumsum()
    for row in rising.tolist():
        stretch = slice(ends[row] - most[row], ends[row])
        gains[stretch] = _even(gains[stretch])
    order = np.argsort(-gains / costs[rows], kind="stable")
    left = missed.sum() - gains[order].cumsum()
    stop = int(np.searchsorted(-left, -(allowed + 1e-12))) + 1
    return np.bincount(rows[order[:stop]], minlength=len(series)).astype(float)


def worth_holding(series: Series, miss: ArrayLike, holding: ArrayLike) -> Array:
    """The most units of which the last still spares more than it costs to hold.

    :param miss: money that a missed unit costs, shape (S,) or one number
    :param holding: money per unit and day, more than zero, shape (S,) or one number
    :return: whole units, shape (S,)
    """
    miss, holding = (
        np.broadcast_to(np.asarray(each, dtype=float), series.rate.shape)
        for each in (miss, holding)
    )
    if holding.size and not (holding.min() > 0.0 and miss.min() >= 0.0):
        raise ValueError("Holding a unit costs something, and missing one does not earn anything.")
    # Below what the lead time takes everything is owed, whether there is one more or not: the
    # gains fall from there on.
    start = np.floor(series.over()[0])

    def too_many(units: Array, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        some, first = series.take(rows), start[rows]
        missed = missed_share(some, first + np.stack([units, units + 1.0]))
        return (missed[0] - missed[1]) * some.rate * miss[rows] < holding[rows]

    most = start + least_whole(too_many, len(series))
    missed = missed_share(series, np.stack([np.zeros(len(series)), most])) * series.rate * miss
    return np.where(missed[0] <= missed[1] + holding * most, 0.0, most)


def share_out(gains: Array, budget: int, costs: ArrayLike = 1.0) -> Ints:
    """Spend a budget of stock where it spares most.

    :param gains: what each further unit of each series spares, shape (S, N), never rising
    :param budget: what may be spent, units (or money, with costs)
    :param costs: of a unit of each series, shape (S,)
    :return: units of each series, shape (S,); the order of rows decides between equals
    :raises ValueError: gains rise or are negative, or a cost is not above zero
    """
    gains = np.asarray(gains, dtype=float)
    costs = np.broadcast_to(np.asarray(costs, dtype=float), gains.shape[:1])
    if gains.size and (gains.min() < 0.0 or np.diff(gains, axis=1).max(initial=0.0) > 1e-12):
        raise ValueError("Each further unit spares no more than the one before, and not below 0.")
    if costs.size and not costs.min() > 0.0:
        raise ValueError("A unit costs something.")
    worth = (gains / costs[:, None]).ravel()
    order = np.argsort(-worth, kind="stable")
    order = order[worth[order] > 0.0]
    rows = order // max(gains.shape[1], 1)
    taken = costs[rows].cumsum() <= budget + 1e-9
    # The first unit that is too dear ends it: a later, cheaper one of the same series would jump
    # the queue of its own series.
    stop = int(np.argmin(taken)) if not taken.all() else len(taken)
    return np.bincount(rows[:stop], minlength=len(gains)).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Which site serves whom, the fewer sites hold stock the farther.

    :param order: sites in the order in which they are opened, shape (M,)
    :param server: for each number of open sites the one that serves each home: shape (M, K), row
        m - 1 for m open sites
    :param cost: for each number of open sites what serving a unit costs on average, shape (M,)
    """

    order: Ints
    server: Ints
    cost: Array


def open_sites(weight: ArrayLike, serve: ArrayLike, extra: ArrayLike, most: int) -> Map:
    """Open sites one after the other, each where it lowers the cost of serving everybody most.

    Greedy k-median (Cornuejols, Fisher and Nemhauser, 1977).

    :param weight: units wanted by the customers of each home, shape (K,)
    :param serve: what serving a unit of home j from site k costs, infinite where it may not be,
        shape (K sites, K homes)
    :param extra: what a unit of each site costs besides, on its way in, shape (K,) or one number
    :param most: how many sites may be opened
    """
    weight, cost = np.asarray(weight, dtype=float), np.asarray(serve, dtype=float)
    cost = cost + np.broadcast_to(np.asarray(extra, dtype=float), cost.shape[:1])[:, None]
    total = weight.sum()
    share = weight / total if total > 0.0 else np.full(weight.shape, 1.0 / max(len(weight), 1))
    worst = np.where(np.isfinite(cost), cost, 0.0).max(initial=0.0) * 10.0 + 1.0
    bounded = np.where(np.isfinite(cost), cost, worst)
    best, chosen = np.full(cost.shape[1], np.inf), []
    servers, costs = [], []
    for _ in range(min(most, len(cost))):
        trial = np.minimum(bounded, best) @ share
        trial[chosen] = np.inf
        chosen.append(int(np.argmin(trial)))
        best = np.minimum(best, bounded[chosen[-1]])
        servers.append(np.array(chosen)[np.argmin(bounded[chosen], axis=0)])
        costs.append(float(best @ share))
    return Map(np.array(chosen, dtype=np.int64), np.array(servers), np.array(costs))


def split_whole(totals: Array, shares: Array) -> Array:
    """Divide whole units by shares, the largest remainders rounded up.

    :param totals: whole units, shape (P,)
    :param shares: shape (P, M), each row adds up to 1
    :return: whole units, shape (P, M), each row adds up to its total
    """
    exact = totals[:, None] * shares
    low = np.floor(exact + 1e-9)
    rest = np.round(totals - low.sum(axis=1)).astype(np.int64)
    rank = np.argsort(np.argsort(-(exact - low), axis=1, kind="stable"), axis=1, kind="stable")
    return low + (rank < rest[:, None])


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Where stock lies.

    :param units: order-up-to level of each product at each site, shape (P, K)
    :param sites: how many sites hold each product, shape (P,)
    """

    units: Array
    sites: Ints


def place(
    total: Array,
    series: Series,
    weights: Array,
    open_map: Map,
    split_cost: float,
    serve_elsewhere: float,
) -> Placed:
    """Put the stock of each product at so many sites as cost least to serve from.

    More sites are nearer to customers; but each holds less, and what runs out at the nearest comes
    from farther away, in a parcel more.

    :param total: whole units of each product in the network, shape (P,)
    :param series: demand of each product in the whole network, P rows
    :param weights: share of each home in the demand of each product, shape (P, K)
    :param open_map: in which order sites are opened
    :param split_cost: money of one parcel more, for each unit that the nearest site has not
    :param serve_elsewhere: money by which serving a unit from another open site costs more
    """
    products, homes = weights.shape
    best_cost, best_count = np.full(products, np.inf), np.ones(products, dtype=np.int64)
    best = np.zeros((products, homes))
    for count in _counts(len(open_map.order)):
        server = open_map.server[count - 1]
        shares = np.zeros((products, homes))
        np.add.at(shares.T, server, weights.T)
        units = split_whole(total, shares)
        missed = _missed_near(series, units, shares, open_map.order[:count])
        everywhere = missed_share(series, total)
        from_far = np.maximum(missed - everywhere, 0.0) if count > 1 else np.zeros(products)
        cost = open_map.cost[count - 1] + from_far * (split_cost + serve_elsewhere)
        better = cost < best_cost - 1e-12
        best_cost = np.where(better, cost, best_cost)
        best_count = np.where(better, count, best_count)
        best = np.where(better[:, None], units, best)
    return Placed(best, best_count)


def _counts(most: int) -> list[int]:
    """1, 2, 3, 4, 5, 6, 8, 10, 13 …: every number would only cost time."""
    counts, number = [], 1
    while number < most:
        counts.append(number)
        number = max(number + 1, int(number * 1.25))
    return [*counts, most] if most else []


def _missed_near(series: Series, units: Array, shares: Array, sites: Ints) -> Array:
    """Share of the units wanted that the site which is nearest of those open has not."""
    missed = np.zeros(len(series))
    for site in sites.tolist():
        share = shares[:, site]
        part = replace(series, rate=series.rate * share, variance=series.variance * share)
        missed += share * missed_share(part, units[:, site])
    return missed


def around(level: Array, position: Array) -> Array:
    """Lower levels where enough lies at other sites already.

    What lies or comes somewhere beyond the level there serves the others' customers, too: until it
    is gone, less is ordered elsewhere, where the most would have been ordered first.

    :param level: order-up-to levels of each product at each site, shape (P, K)
    :param position: on hand and ordered, less what is owed, same shape
    :return: levels, same shape; the stock that they lead to is the least that holds the totals
    """
    short = np.maximum(level - position, 0.0)
    surplus = np.maximum(position - level, 0.0).sum(axis=1)
    order = np.argsort(-short, axis=1, kind="stable")
    sorted_short = np.take_along_axis(short, order, axis=1)
    before = np.cumsum(sorted_short, axis=1) - sorted_short
    off = np.clip(surplus[:, None] - before, 0.0, sorted_short)
    lowered = np.zeros(level.shape)
    np.put_along_axis(lowered, order, off, axis=1)
    return level - lowered


def mean_stock(series: Series, position: ArrayLike) -> Array:
    """Units on hand on average, at the end of a review period, with base stock."""
    mean, variance = series.over(series.review)
    position = np.asarray(position, dtype=float)
    return position - mean + loss(position, mean, variance, series.decimal)
