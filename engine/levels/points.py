"""Order points of single series from demand, lead time and a service target.

A series is a product at a site. What is on hand and on its way, less what is owed, is its position.
Every ``review`` days the position is looked at; where it is below the *minimum* so much is ordered
that it is the *maximum* again, and that arrives after the lead time. What was not there when it was
wanted is owed (or lost: with the high service that targets ask for, the difference is small, and
levels are on the safe side).

The stock that is there when an order placed at position ``y`` has arrived, until the next could,
is ``y`` less the demand of the lead time and of the review period after it. So the units missed in
a review period are ``loss(y; lead + review) - loss(y; lead)`` with ``loss(y) = E[(D - y)+]``, and
exactly so if demand has independent increments (Poisson, negative binomial): Zipkin, *Foundations
of Inventory Management*, 2000, §6.2 and §9.6. This counts the size of customers' orders, too: one
of eight units meets a stock of five with three missing, however rare it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..demand.law import cdf, loss

Array = NDArray[np.float64]

SHORTEST_REVIEW = 0.05
"""Days. Who looks all the time is taken to look so often; a shorter one loses digits."""

MOST_POSITIONS = 16
"""The position is equally often anywhere from minimum to maximum; so many of them are looked at."""

MEASURES = ("fill", "cycle")
"""*fill*: share of the units that are there when they are wanted. *cycle*: probability that nothing
is missed between two arrivals."""


@dataclass(frozen=True, slots=True)
class LeadTime:
    """How long it takes until what is ordered has arrived.

    :param mean: days
    :param variance: days²
    """

    mean: float
    variance: float = 0.0

    @classmethod
    def of(cls, days: ArrayLike, chances: ArrayLike | None = None) -> LeadTime:
        """Take one from lead times that were seen, or from a discrete distribution.

        :param days: shape (N,)
        :param chances: how likely (or often) each is, shape (N,); none means equally
        :raises ValueError: there are none, a number is negative or not finite, or all chances are 0
        """
        values = np.asarray(days, dtype=float)
        weights = np.ones(values.shape) if chances is None else np.asarray(chances, dtype=float)
        if values.ndim != 1 or not values.size or values.shape != weights.shape:
            raise ValueError("A lead time needs as many days as chances, and at least one.")
        for each in (values, weights):
            if not (np.isfinite(each).all() and each.min() >= 0.0):
                raise ValueError("Days and chances of a lead time are finite and not negative.")
        if not weights.sum() > 0.0:
            raise ValueError("No lead time has a chance.")
        weights = weights / weights.sum()
        mean = float(weights @ values)
        return cls(mean, float(weights @ (values - mean) ** 2))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Products at sites, one a row.

    :param rate: units wanted per day, shape (S,)
    :param variance: of the units wanted in a day, shape (S,)
    :param lead: days until what is ordered arrives, mean, shape (S,)
    :param lead_variance: of these days, shape (S,)
    :param review: days between two looks, shape (S,)
    :param lot: units that an order is worth while for, at least 1, shape (S,)
    :param decimal: whether any quantity can be wanted, not only whole units, shape (S,)
    :raises ValueError: shapes differ, or a number is negative or not finite
    """

    rate: Array
    variance: Array
    lead: Array
    lead_variance: Array
    review: Array
    lot: Array
    decimal: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for field in fields(self):
            kind = bool if field.name == "decimal" else float
            values = np.asarray(getattr(self, field.name), dtype=kind)
            if values.shape != np.shape(self.rate) or values.ndim != 1:
                raise ValueError(f"The {field.name} needs one number for each series.")
            if not (np.isfinite(values).all() and values.min(initial=0.0) >= 0.0):
                raise ValueError(f"The {field.name} holds a negative or not finite number.")
            object.__setattr__(self, field.name, values)
        if self.lot.size and self.lot.min() < 1.0:
            raise ValueError("The lot is at least one unit.")

    @classmethod
    def of(
        cls,
        rate: ArrayLike,
        variance: ArrayLike,
        lead: ArrayLike,
        lead_variance: ArrayLike = 0.0,
        review: ArrayLike = 1.0,
        lot: ArrayLike = 1.0,
        decimal: ArrayLike = False,
    ) -> Series:
        """Make series of what may be single numbers for all of them."""
        given = (rate, variance, lead, lead_variance, review, lot, decimal)
        flat = [np.atleast_1d(np.asarray(each, dtype=float)) for each in given]
        return cls(*(each.copy() for each in np.broadcast_arrays(*flat)))

    def __len__(self) -> int:
        return len(self.rate)

    def take(self, rows: NDArray[np.generic]) -> Series:
        """Those of some rows."""
        return Series(*(getattr(self, field.name)[rows] for field in fields(self)))

    def over(self, more: ArrayLike = 0.0) -> tuple[Array, Array]:
        """Mean and variance of the demand in the lead time and so many days after it.

        Days of a lead time of random length vary with it: the variance of a random sum.
        """
        days = self.lead + more
        return self.rate * days, self.variance * days + self.rate**2 * self.lead_variance


def missed_share(series: Series, position: ArrayLike) -> Array:
    """Share of the units wanted that are missed by who orders up to a position at each look.

    :param position: units, shape (S,) or one that broadcasts with it in its last axis
    :return: in the broadcast shape, 0 where nothing is wanted
    """
    review = np.maximum(series.review, SHORTEST_REVIEW)
    wanted = series.rate * review
    missed = loss(position, *series.over(review), series.decimal)
    missed -= loss(position, *series.over(), series.decimal)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(wanted > 0.0, missed / np.where(wanted > 0.0, wanted, 1.0), 0.0)
    return np.clip(share, 0.0, 1.0)


def fill_rate(series: Series, minimum: ArrayLike) -> Array:
    """Share of the units wanted that are there, at order points.

    The position is equally often at each number from minimum to maximum = minimum + lot - 1.

    :param minimum: units, shape (S,)
    :return: shape (S,), 1 where nothing is wanted
    """
    count = np.minimum(np.ceil(series.lot), MOST_POSITIONS).astype(np.int64)
    begin = count.cumsum() - count
    rows = np.repeat(np.arange(len(series)), count)
    place = np.arange(len(rows)) - begin[rows]
    # Midpoints of equal parts where there are more positions than are looked at.
    parts = np.round((place + 0.5) / count[rows] * series.lot[rows] - 0.5)
    steps = np.where(series.lot[rows] <= MOST_POSITIONS, place, parts)
    units = np.broadcast_to(np.asarray(minimum, dtype=float), count.shape)
    missed = missed_share(series.take(rows), units[rows] + steps)
    return 1.0 - np.bincount(rows, missed, len(series)) / np.maximum(count, 1)


def cycle_service(series: Series, minimum: ArrayLike) -> Array:
    """Probability that nothing is missed until what is ordered at the minimum has come."""
    return cdf(minimum, *series.over(series.review), series.decimal)


def order_points(series: Series, target: ArrayLike, measure: str = "fill") -> Array:
    """Find the least minimum with which a service target is reached.

    :param target: share from 0, below 1, shape (S,) or one number
    :param measure: one of :data:`MEASURES`
    :return: whole units, shape (S,); 0 where nothing is wanted: nothing is kept there
    :raises ValueError: a target is outside, or the measure is unknown
    """
    goal = np.broadcast_to(np.asarray(target, dtype=float), series.rate.shape)
    if not (np.isfinite(goal).all() and goal.min(initial=0.0) >= 0.0 and goal.max(initial=0) < 1):
        raise ValueError("A service target is a share from 0 and below 1.")
    if measure not in MEASURES:
        raise ValueError(f"A service is measured by {' or '.join(MEASURES)}, not by {measure}.")
    reached = fill_rate if measure == "fill" else cycle_service

    def is_enough(units: Array, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        return reached(series.take(rows), units) >= goal[rows] - 1e-12

    found = least_whole(is_enough, len(series))
    return np.where(series.rate > 0.0, found, 0.0)


def least_whole(
    enough: Callable[[Array, NDArray[np.int64]], NDArray[np.bool_]], rows: int
) -> Array:
    """Find the least whole number from 0 that is enough, row by row.

    :param enough: says of numbers for some rows, and which these are, whether they are; true from
        some number on
    :param rows: how many
    :return: shape (rows,)
    """
    low, high = np.full(rows, -1.0), np.zeros(rows)
    open_rows = np.arange(rows)
    while (open_rows := open_rows[~enough(high[open_rows], open_rows)]).size:
        low[open_rows], high[open_rows] = high[open_rows], 2.0 * high[open_rows] + 1.0
        if high.max() > 1e12:
            raise ValueError("No stock is enough.")
    while (open_rows := np.flatnonzero(high - low > 1.0)).size:
        middle = np.floor((low[open_rows] + high[open_rows]) / 2.0)
        fits = enough(middle, open_rows)
        high[open_rows[fits]], low[open_rows[~fits]] = middle[fits], middle[~fits]
    return high


def economic_lot(rate: Array, order_cost: ArrayLike, holding: ArrayLike) -> Array:
    """Harris's economic order quantity: ordering and holding cost the same.

    :param rate: units per day, shape (S,)
    :param order_cost: money per order
    :param holding: money per unit and day, more than zero
    :return: whole units, at least 1, shape (S,)
    """
    holding = np.asarray(holding, dtype=float)
    if holding.size and not holding.min() > 0.0:
        raise ValueError("Holding a unit costs something.")
    return np.maximum(np.round(np.sqrt(2.0 * rate * np.asarray(order_cost) / holding)), 1.0)


def common_cycle(value: ArrayLike, order_cost: ArrayLike, holding: ArrayLike) -> Array:
    """Days between two orders of many products that one order brings together.

    Where only orders cost something, not lines, all products are best ordered each time; the best
    time between two orders is Harris's for their value together (Silver, *A simple method of
    determining order quantities in joint replenishments*, Management Science 22, 1976).

    :param value: money per day for which all of the products are wanted
    :param order_cost: money per order, however many lines it has
    :param holding: share of its value that a unit costs per day, more than zero
    :return: days; infinite where something must be paid for an order and nothing is wanted
    """
    value, cost, holding = np.broadcast_arrays(
        *(np.asarray(each, dtype=float) for each in (value, order_cost, holding))
    )
    if holding.size and not holding.min() > 0.0:
        raise ValueError("Holding a unit costs something.")
    some = np.where(value > 0.0, value, 1.0)
    days = np.sqrt(2.0 * cost / (holding * some))
    return np.where(value > 0.0, days, np.where(cost > 0.0, np.inf, 0.0))


def cover_days(
    rate: ArrayLike, variance: ArrayLike, least: ArrayLike, most: float = 365.0
) -> Array:
    """Days over which the demand of a series is looked at when its level is set.

    What is ordered for a slow seller lies for months: it must be worth while at the pace of all of
    them, not of the season in which it was looked at. The time in which two orders of customers
    come is taken, their size being the variance by the mean.

    :param rate: units wanted per day, shape (S,)
    :param variance: of the units of a day, shape (S,)
    :param least: days until what is ordered next can have come
    :param most: days
    :return: shape (S,)
    """
    rate = np.asarray(rate, dtype=float)
    size = np.maximum(np.asarray(variance, dtype=float) / np.maximum(rate, 1e-12), 1.0)
    return np.clip(2.0 * size / np.maximum(rate, 1e-12), least, np.maximum(least, most))
