"""What of the past says something about the future: stock-outs, promotions, outliers.

All of it works on the sparse weeks, so that no series is laid out in full.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .history import WEEK, Flags, History, Weeks, Whole, by_weeks, outs, pieces

Array = NDArray[np.float64]

OUTLIER = 6.0
"""Standard deviations of the other weeks from which on a week is an outlier."""
LIFT = 5.0
"""Standard deviations from which on a week of a product is a promotion nobody told of."""
LEAST_LIFT = 1.5
LEAST_SITES = 3
BACKED = 3.0
"""Units by which the factor of a promotion is held to one."""


@dataclass(slots=True)
class Clean:
    """Weeks as they are learned from.

    :param lift: how many times as much was wanted of a product in a week, (products, weeks)
    :param outliers: series in which a week was lowered
    :param promoted: products with a promotion in the past that was told or detected
    :param factors: factor of each promotion of the history, given or learned
    :param answered: share of demand without stock that was seen all the same
    """

    weeks: Weeks
    lift: NDArray[np.float32]
    outliers: Flags
    promoted: Flags
    factors: Array
    answered: float


def clean(history: History) -> Clean:
    """Take out what would mislead, and say what it was."""
    weeks = by_weeks(history)
    count = history.product.size
    answered = _answered(history, weeks)
    weeks.gap = weeks.gap * (1.0 - answered)
    watched = history.weeks - np.bincount(weeks.gap_series, weeks.gap, count)
    index = _index(history, weeks, watched)
    lift = np.ones((history.group.size, history.weeks), dtype=np.float32)
    factors = _told(history, weeks, watched, index, lift)
    _detected(history, weeks, watched, index, lift)
    outliers = _lower(history, weeks, watched, index, lift)
    return Clean(weeks, lift, outliers, (lift != 1.0).any(axis=1), factors, answered)


def _answered(history: History, weeks: Weeks) -> float:
    """Share of what is wanted without stock that is seen nevertheless (refused baskets and such).

    Days without stock say as much about demand as this share of a day with stock.
    """
    series, begin, end = outs(history)
    if not series.size or not history.series.size:
        return 0.0
    count, span = history.product.size, history.days + 1.0
    out = np.bincount(series, end - begin, count)
    here = np.flatnonzero(out[history.series] > 0.0)
    event, day = history.series[here], history.day[here] + 0.5
    place = np.searchsorted(series * span + begin, event * span + day, side="right") - 1
    place = np.maximum(place, 0)
    inside = (series[place] == event) & (begin[place] <= day) & (day < end[place])
    quantity = np.nan_to_num(history.quantity[here].astype(float), posinf=0.0).clip(0.0)
    quantity[(day < history.start) | (day >= history.days)] = 0.0
    lost = np.bincount(event, quantity * inside, count)
    sold = np.bincount(event, quantity * ~inside, count)
    open_days = np.maximum(history.days - history.start - out, 0.0)
    expected = sold / np.maximum(open_days, 1.0) * out
    # Series that were nearly never in stock tell no rate to compare with.
    fair = open_days >= 28.0
    if expected[fair].sum() <= 0.0:
        return 0.0
    return float(np.clip(lost[fair].sum() / expected[fair].sum(), 0.0, 1.0))


def usual_rates(weeks: Weeks, watched: Array) -> Array:
    """Units per week of each series while it was watched."""
    total = weeks.series_sums(watched.size, lambda piece: weeks.quantity[piece])
    return total / np.maximum(watched, 0.5)


def expected_weeks(history: History, weeks: Weeks, rates: Array, rows: Whole, count: int) -> Array:
    """What all series of a row together would have wanted in each week at their usual rates.

    :param rows: row of each series
    """
    usual = np.repeat(np.bincount(rows, rates, count)[:, None], history.weeks, axis=1)
    gone = rates[weeks.gap_series] * weeks.gap
    place = rows[weeks.gap_series].astype(np.int64) * history.weeks + weeks.gap_week
    return usual - np.bincount(place, gone, usual.size).reshape(usual.shape)


def _index(history: History, weeks: Weeks, watched: Array) -> Array:
    """How busy each week was for each group, (groups, weeks); one where that is not known.

    A rough measure against which single products and series are judged, in which none of them
    counts by itself: where a week of a group hangs on few series it is that of all groups.
    """
    rates = usual_rates(weeks, watched)
    product, length = history.product, history.weeks
    of_series = history.group[product]
    groups = int(history.group.max(initial=0)) + 1
    result = np.ones((groups, length))
    if not weeks.series.size:
        return result
    told = _told_weeks(history)
    untold = expected_weeks(history, weeks, rates, product, history.group.size) * told

    def value(piece: slice) -> Array:
        return weeks.quantity[piece] * ~told[product[weeks.series[piece]], weeks.week[piece]]

    for rows, of_product, count in (
        (np.zeros_like(of_series), np.zeros_like(history.group), 1),
        (of_series, history.group, groups),
    ):
        came = weeks.row_sums(rows, count, length, value)
        most = weeks.row_most(rows, count, length)
        expected = expected_weeks(history, weeks, rates, rows, count)
        np.subtract.at(expected, of_product, untold)
        sure = (came >= 200.0) & (most < 0.1 * came) & (expected >= 100.0)
        result = np.where(sure, came / np.maximum(expected, 1e-9), result)
    return np.clip(result, 0.05, 20.0)


def _told_weeks(history: History) -> Flags:
    """Weeks of products in which a promotion that was told of was on, (products, weeks)."""
    told = np.zeros((history.group.size, history.weeks), dtype=bool)
    for promotion in history.promotions:
        begin = max(promotion.first - history.start, 0) // WEEK
        end = -(-max(promotion.last + 1 - history.start, 0) // WEEK)
        told[promotion.products, begin:end] = True
    return told


def _told(history: History, weeks: Weeks, watched: Array, index: Array, lift: Array) -> Array:
    """Raise the weeks of promotions that were told of; learn factors that were not."""
    factors = np.array([each.factor or 1.0 for each in history.promotions], dtype=float)
    for number, promotion in enumerate(history.promotions):
        begin = (max(promotion.first, history.start) - history.start) / WEEK
        end = (min(promotion.last + 1, history.days) - history.start) / WEEK
        if end <= begin:
            continue
        covered = np.clip(
            np.minimum(np.arange(history.weeks) + 1.0, end)
            - np.maximum(np.arange(history.weeks), begin),
            0.0,
            1.0,
        )
        mine = np.zeros(history.group.size, dtype=bool)
        mine[promotion.products] = True
        if promotion.factor is None:
            factors[number] = _learned(history, weeks, watched, index, mine, covered)
        if promotion.sites is None:
            lift[mine] *= 1.0 + (factors[number] - 1.0) * covered
        else:
            _raise_sites(history, weeks, mine, promotion.sites, covered * (factors[number] - 1.0))
    return factors


def _learned(
    history: History, weeks: Weeks, watched: Array, index: Array, mine: Flags, covered: Array
) -> float:
    """Factor of a promotion by what came in it; towards one where little was expected."""
    mine = mine[history.product]
    wanted = (mine[weeks.series] * weeks.quantity).astype(float)
    during = wanted * covered[weeks.week]
    count = history.product.size
    # What is usual is told by the weeks before and after it.
    other = np.bincount(weeks.series, wanted - during, count)
    usual = np.where(mine, other / np.maximum(watched - covered.sum(), 1.0), 0.0)
    rows = history.group[history.product]
    expected = expected_weeks(history, weeks, usual, rows, index.shape[0])
    expected_during = float((expected * index * covered).sum())
    factor = (float(during.sum()) + BACKED) / (expected_during + BACKED)
    return float(np.clip(factor, 0.5, 20.0))


def _raise_sites(history: History, weeks: Weeks, mine: Flags, sites: Whole, more: Array) -> None:
    series = np.flatnonzero(mine[history.product] & np.isin(history.site, sites))
    at = np.flatnonzero(more)
    weeks.gap_series = np.concatenate((weeks.gap_series, np.repeat(series, at.size)))
    weeks.gap_week = np.concatenate((weeks.gap_week, np.tile(at, series.size)))
    weeks.gap = np.concatenate((weeks.gap, np.tile(-more[at], series.size)))


def _detected(
    history: History, weeks: Weeks, watched: Array, index: Array, lift: NDArray[np.float32]
) -> None:
    """Weeks in which far more of a product was wanted at several sites at once."""
    products = history.group.size
    rates = usual_rates(weeks, watched)
    length, product = history.weeks, history.product
    came = weeks.row_sums(product, products, length, lambda piece: weeks.quantity[piece])
    busy = index[history.group] * lift
    expected = expected_weeks(history, weeks, rates, history.product, products) * busy
    # The other weeks tell what is usual: a promotion is no part of its own measure.
    ratio = (came.sum(1, keepdims=True) - came) / np.maximum(
        expected.sum(1, keepdims=True) - expected, 1e-9
    )
    usual = np.maximum(expected * ratio, 0.0)
    off = (came - usual) ** 2 / np.maximum(usual, 1.0)
    spread = (off.sum(1, keepdims=True) - off) / max(history.weeks - 1, 1)
    limit = usual + LIFT * np.sqrt(np.maximum(spread, 1.0) * np.maximum(usual, 1.0))
    high = (came > limit) & (came > LEAST_LIFT * usual) & (lift == 1.0) & (usual > 0.0)
    if not high.any():
        return

    def above(piece: slice) -> Array:
        row = weeks.series[piece]
        usually = rates[row] * index[history.group[product[row]], weeks.week[piece]]
        return 1.0 * (weeks.quantity[piece] > 1.2 * usually)

    sites = weeks.row_sums(product, products, length, above)
    most = weeks.row_most(product, products, length)
    # Not when one series makes it, nor when it is what goes on until today: that is a new level.
    high &= (sites >= LEAST_SITES) & (most < 0.5 * came)
    high[high[:, -3:].sum(1) >= 3, -3:] = False
    lift[high] = np.clip(came[high] / np.maximum(usual[high], 1e-9), 1.0, 20.0)


def _lower(
    history: History, weeks: Weeks, watched: Array, index: Array, lift: NDArray[np.float32]
) -> Flags:
    """Lower single weeks of single series to what the other weeks make plausible."""
    outliers = np.zeros(history.product.size, dtype=bool)
    number = np.maximum(watched, 1.0)
    for _ in range(2):
        found, lowered = _found(history, weeks, number, index, lift)
        # Weeks that follow each other until now are a new level, not a mistake.
        late = weeks.week[found] >= history.weeks - 4
        lasting = np.bincount(weeks.series[found[late]], minlength=outliers.size) >= 3
        kept = ~(late & lasting[weeks.series[found]]) & (watched[weeks.series[found]] >= 8.0)
        if not kept.any():
            break
        weeks.quantity[found[kept]] = lowered[kept]
        outliers[weeks.series[found[kept]]] = True
    return outliers


def _found(
    history: History, weeks: Weeks, number: Array, index: Array, lift: NDArray[np.float32]
) -> tuple[Whole, Array]:
    """Rows of weeks that are far above the others, and what would be plausible there."""
    product, count = history.product, history.product.size

    def busy(piece: slice) -> Array:
        row, week = product[weeks.series[piece]], weeks.week[piece]
        return index[history.group[row], week] * lift[row, week]

    def level(piece: slice) -> Array:
        return weeks.quantity[piece] / busy(piece)

    total = weeks.series_sums(count, level)
    squares = weeks.series_sums(count, lambda piece: level(piece) ** 2)
    times = weeks.series_sums(count, lambda piece: np.ones(piece.stop - piece.start))
    of_product = np.bincount(product, total, history.group.size)
    times_of_product = np.bincount(product, times, history.group.size)
    found, lowered = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for piece in pieces(weeks.series.size):
        row, own = weeks.series[piece], level(piece)
        others = np.maximum(number[row] - 1.0, 1.0)
        mean = (total[row] - own).clip(0.0) / others
        spread = (squares[row] - own * own).clip(0.0) / others - mean * mean
        of_row = product[row]
        size = np.maximum(
            (total[row] - own).clip(0.0) / np.maximum(times[row] - 1.0, 1.0),
            (of_product[of_row] - own).clip(0.0) / np.maximum(times_of_product[of_row] - 1.0, 1.0),
        )
        # At least what demands of the usual size vary by when they come by chance.
        least = np.where(size > 0.0, size * (mean + size), 1.0)
        limit = mean + OUTLIER * np.sqrt(np.maximum(spread, least))
        high = np.flatnonzero(own > limit)
        found.append(high + piece.start)
        lowered.append(((mean + limit) / 2.0 * busy(piece))[high])
    return np.concatenate(found), np.concatenate(lowered)
