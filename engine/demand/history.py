"""What was wanted: sparse daily demand of many series, and its weeks.

A series is a product at a site. Demand is given sparse, a row for each day on which something was
wanted, because most days of most series know none: a million series stay within memory. Weeks are
counted back from the last day, so that the newest is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Whole = NDArray[np.integer]
Flags = NDArray[np.bool_]

WEEK = 7
PIECE = 1 << 20
"""Rows of a long table that are reckoned with at once."""


def _none() -> NDArray[np.float64]:
    return np.zeros(0)


def _nobody() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A time in which more is wanted than usual.

    :param products: numbers of the products
    :param first: first day, counted like the days of the history; the future begins at its length
    :param last: last day, included
    :param factor: how many times as much is wanted; learned from the history if None
    :param sites: numbers of the sites, all if None
    """

    products: Whole
    first: int
    last: int
    factor: float | None = None
    sites: Whole | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the demand of all series.

    :param days: how many days were watched; the last is yesterday
    :param product: number of the product of each series, shape (n,)
    :param site: number of the site of each series, shape (n,)
    :param group: number of the group of each product (a category) that shares its season, (P,)
    :param series: series of each row of demand, shape (e,)
    :param day: its day, from 0 to days - 1, shape (e,)
    :param quantity: units wanted on that day, sold or not, shape (e,)
    :param out_series: series of each time without stock, shape (o,)
    :param out_from: when it began, in days and parts of days, shape (o,)
    :param out_to: when it ended, shape (o,)
    :param first: day from which on each series was offered, shape (n,); from the beginning if empty
    :param likeness: a number per product that is near for products alike, such as the logarithm of
        the price, shape (P,); none if empty
    :param decimal: products that are sold in parts of units, shape (P,); none if empty
    :param promotions: times in which more was or will be wanted
    :raises ValueError: shapes do not fit or numbers point nowhere
    """

    days: int
    product: Whole
    site: Whole
    group: Whole
    series: Whole
    day: Whole
    quantity: Array
    out_series: Whole = field(default_factory=_nobody)
    out_from: Array = field(default_factory=_none)
    out_to: Array = field(default_factory=_none)
    first: Array = field(default_factory=_none)
    likeness: Array = field(default_factory=_none)
    decimal: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))
    promotions: tuple[Promotion, ...] = ()

    def __post_init__(self) -> None:
        count, products = self.product.size, self.group.size
        for name, size, needed in (
            ("site", self.site.size, count),
            ("day", self.day.size, self.series.size),
            ("quantity", self.quantity.size, self.series.size),
            ("out_from", self.out_from.size, self.out_series.size),
            ("out_to", self.out_to.size, self.out_series.size),
            ("first", self.first.size, self.first.size and count),
            ("likeness", self.likeness.size, self.likeness.size and products),
            ("decimal", self.decimal.size, self.decimal.size and products),
        ):
            if size != needed:
                raise ValueError(f"There must be {needed} numbers of {name}, not {size}.")
        for name, numbers, below in (
            ("product", self.product, products),
            ("series", self.series, count),
            ("out_series", self.out_series, count),
        ):
            if numbers.size and not (numbers.min() >= 0 and numbers.max() < below):
                raise ValueError(f"A {name} is outside of 0 to {below - 1}.")
        for name, numbers in (("site", self.site), ("group", self.group)):
            if numbers.size and numbers.min() < 0:
                raise ValueError(f"A {name} is negative.")
        if self.days < WEEK:
            raise ValueError("Demand must have been watched for at least a week.")

    @property
    def weeks(self) -> int:
        return self.days // WEEK

    @property
    def start(self) -> int:
        """First day that belongs to a whole week."""
        return self.days - self.weeks * WEEK


@dataclass(slots=True)
class Weeks:
    """The same, by weeks and sorted by series: what the engine reckons with.

    :param series: series of each week with demand, sorted
    :param week: its week
    :param quantity: units wanted in it
    :param gap_series: series of each week in which it could not be wanted the whole time
    :param gap_week: that week
    :param gap: share of that week
    :param odd: rows of demand that were left out because they are no number, negative or undated
    """

    series: Whole
    week: Whole
    quantity: NDArray[np.float32]
    gap_series: Whole
    gap_week: Whole
    gap: NDArray[np.float64]
    odd: int

    def series_sums(self, count: int, value: Callable[[slice], Array]) -> NDArray[np.float64]:
        """Sum values of the weeks with demand up by series, (count,)."""
        return sums(count, self.series.size, lambda piece: self.series[piece], value)

    def row_sums(
        self, rows: Whole, count: int, weeks: int, value: Callable[[slice], Array]
    ) -> NDArray[np.float64]:
        """Sum values of the weeks with demand up by rows to which series belong, (count, weeks)."""
        places = self.places(rows, weeks)
        return sums(count * weeks, self.series.size, places, value).reshape(count, weeks)

    def row_most(self, rows: Whole, count: int, weeks: int) -> NDArray[np.float64]:
        """Most that a single series wanted in each week, (count, weeks)."""
        result, places = np.zeros(count * weeks), self.places(rows, weeks)
        for piece in pieces(self.series.size):
            np.maximum.at(result, places(piece), self.quantity[piece])
        return result.reshape(count, weeks)

    def places(self, rows: Whole, weeks: int) -> Callable[[slice], Whole]:
        return lambda piece: rows[self.series[piece]].astype(np.int64) * weeks + self.week[piece]


def pieces(count: int) -> Iterator[slice]:
    """Parts of a long table, so that what is reckoned from it does not fill the memory."""
    for begin in range(0, count, PIECE):
        yield slice(begin, min(begin + PIECE, count))


def sums(
    size: int, count: int, place: Callable[[slice], Whole], value: Callable[[slice], Array]
) -> NDArray[np.float64]:
    """Sum values of a long table up by where they belong, a part of the table at a time."""
    result = np.zeros(size)
    for piece in pieces(count):
        result += np.bincount(place(piece), value(piece), size)
    return result


def by_weeks(history: History) -> Weeks:
    """Sum demand and times without stock up into weeks."""
    weeks, count = history.weeks, history.series.size
    order = None if _in_order(history) else np.lexsort((history.day, history.series))
    odd, parts, left = 0, [], (np.zeros(0, dtype=np.int64), np.zeros(0))
    for piece in pieces(count):
        rows = piece if order is None else order[piece]
        day, quantity = history.day[rows], history.quantity[rows]
        fine = np.isfinite(quantity) & (quantity > 0.0) & (day >= 0) & (day < history.days)
        odd += int(np.count_nonzero(~fine & (quantity != 0.0)))
        fine &= day >= history.start
        key = history.series[rows][fine].astype(np.int64) * weeks
        key += (day[fine].astype(np.int64) - history.start) // WEEK
        # The last week of a part may go on in the next one.
        key = np.concatenate((left[0], key))
        key, total = _summed(key, np.concatenate((left[1], quantity[fine].astype(float))))
        left = key[-1:], total[-1:]
        parts.append(_packed(key[:-1], total[:-1], weeks))
    parts.append(_packed(*left, weeks))
    series, week, quantity = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Weeks(series, week, quantity, *_gaps(history), odd)


def _in_order(history: History) -> bool:
    for piece in pieces(history.series.size - 1):
        after = slice(piece.start + 1, piece.stop + 1)
        series, later = history.series[piece], history.series[after]
        same = series == later
        if (later < series).any() or (same & (history.day[after] < history.day[piece])).any():
            return False
    return True


def _packed(
    key: NDArray[np.int64], total: NDArray[np.float64], weeks: int
) -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.float32]]:
    return (
        (key // weeks).astype(np.int32),
        (key % weeks).astype(np.int16),
        total.astype(np.float32),
    )


def _summed(
    key: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if not key.size:
        return key, weight
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    return key[starts], np.add.reduceat(weight, starts)


def outs(history: History) -> tuple[Whole, NDArray[np.float64], NDArray[np.float64]]:
    """Times without stock that are sound, cut to the days watched, by series and beginning."""
    begin = np.clip(np.nan_to_num(history.out_from, nan=0.0), history.start, history.days)
    end = np.clip(np.nan_to_num(history.out_to, nan=history.days), history.start, history.days)
    some = np.flatnonzero(end > begin)
    order = some[np.lexsort((begin[some], history.out_series[some]))]
    return history.out_series[order], begin[order], end[order]


def _gaps(history: History) -> tuple[Whole, Whole, NDArray[np.float64]]:
    series, begin, end = outs(history)
    if history.first.size:
        young = np.flatnonzero(history.first > history.start)
        series = np.concatenate((series, young))
        begin = np.concatenate((begin, np.full(young.size, float(history.start))))
        end = np.concatenate((end, np.minimum(history.first[young], float(history.days))))
    begin, end = (begin - history.start) / WEEK, (end - history.start) / WEEK
    low = np.floor(begin).astype(np.int64)
    spans = np.maximum(np.ceil(end).astype(np.int64) - low, 0)
    row = np.repeat(np.arange(series.size), spans)
    week = low[row] + np.arange(row.size) - np.repeat(np.cumsum(spans) - spans, spans)
    gap = np.minimum(end[row], week + 1.0) - np.maximum(begin[row], week)
    key = series[row].astype(np.int64) * history.weeks + week
    order = np.argsort(key, kind="stable")
    key, gap = _summed(key[order], gap[order])
    return key // history.weeks, key % history.weeks, np.clip(gap, 0.0, 1.0)
