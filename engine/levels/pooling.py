"""Stock of products at many sites: the same service with less of it.

How much is worth it: a unit that spares less than it costs to hold is not kept. And where: a site
that can send to another one's customers holds stock for both, so slow sellers lie at few sites and
need the safety of one, not of fifty (Eppen, 1979).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..demand.law import loss
from .points import Series, least_whole, missed_share

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


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


def mean_stock(series: Series, position: ArrayLike) -> Array:
    """Units on hand on average, at the end of a review period, with base stock."""
    mean, variance = series.over(series.review)
    position = np.asarray(position, dtype=float)
    return position - mean + loss(position, mean, variance, series.decimal)
