"""Forecasts of many series at once: clean, pool, try the methods week by week, keep the best.

Memory is bounded: the history is sparse, tables by product and week are small, and series are laid
out week by week in chunks only. Every method forecasts each week from the weeks before it (rolling
origin), so that the errors it is chosen by are those of real forecasts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .classes import ERRATIC, INTERMITTENT, LUMPY, NONE, SMOOTH, classes
from .cleaning import Clean, clean, expected_weeks, usual_rates
from .history import WEEK, History
from .methods import Croston, Pooled, Smoothing, Teunter
from .outlook import METHODS, Forecast
from .pooling import Pool, pool
from .products import paths
from .season import weekdays, yearly

Array = NDArray[np.float64]
Small = NDArray[np.float32]

AHEAD = 60
"""Weeks ahead for which the season is told."""
CHUNK = 16_384
HELD = 15.0
"""How many weeks the dispersion of series alike counts against a series' own."""
POOLED, LOCAL, SLOW, FAST, TREND, SBA, TSB = range(len(METHODS))
ALLOWED = {
    SMOOTH: (POOLED, LOCAL, SLOW, FAST, TREND),
    ERRATIC: (POOLED, LOCAL, SLOW, FAST, TREND),
    INTERMITTENT: (POOLED, LOCAL, SLOW, SBA, TSB),
    LUMPY: (POOLED, LOCAL, SLOW, SBA, TSB),
    NONE: (POOLED,),
}
DAMPING = 0.95
NEW = 8.0
"""Weeks on offer under which a product is new."""


@dataclass(slots=True)
class _Errors:
    """What the rolling forecasts of all methods missed, (methods, n) and (n,)."""

    square: Small
    absolute: Small
    sum: Small
    wanted: Small
    naive: Small
    weeks: Small


@dataclass(slots=True)
class _Facts:
    """Everything a chunk of series needs of the others."""

    history: History
    cleaned: Clean
    pooled: Pool
    path: Small
    drift: Array
    busy: Small
    dispersion: Array
    kinds: NDArray[np.int8]
    total: Array
    exposure: Array
    bounds: NDArray[np.integer]
    gap_bounds: NDArray[np.integer]


def forecast(history: History) -> Forecast:
    """Forecast every series of a history.

    :param history: what was wanted, when it could be, and what is known besides
    :return: rates, laws, kinds, methods and scores, one for each series
    :raises ValueError: the history is shorter than four weeks
    """
    if history.weeks < 4:
        raise ValueError("Demand must have been watched for at least four weeks.")
    cleaned = clean(history)
    facts, season = _gathered(history, cleaned)
    result = Forecast.empty(history, season[:, history.weeks :], DAMPING)
    for begin in range(0, history.product.size, CHUNK):
        _chunk(facts, result, slice(begin, min(begin + CHUNK, history.product.size)))
    _dispersed(history, result, facts)
    result.kind[:] = facts.kinds
    result.outlier[:] = cleaned.outliers
    result.promoted[:] = cleaned.promoted[history.product]
    result.factors = cleaned.factors
    result.odd = cleaned.weeks.odd
    watched = np.zeros(history.group.size)
    np.maximum.at(watched, history.product, result.seen / WEEK)
    result.new[:] = (watched < NEW)[history.product]
    result.weekday = weekdays(history)
    return result


def _gathered(history: History, cleaned: Clean) -> tuple[_Facts, Array]:
    weeks, count, length = cleaned.weeks, history.product.size, history.weeks
    products = history.group.size
    watched = length - np.bincount(weeks.gap_series, weeks.gap, count)
    group = history.group
    groups = int(group.max(initial=0)) + 1
    rates = usual_rates(weeks, watched)
    came = weeks.row_sums(history.product, products, length, lambda piece: weeks.quantity[piece])
    expected = expected_weeks(history, weeks, rates, history.product, products) * cleaned.lift
    season = yearly(_by(group, came, groups), _by(group, expected, groups), AHEAD)
    busy = (season[group, :length] * cleaned.lift).astype(np.float32)
    product = history.product
    gap_busy = busy[product[weeks.gap_series], weeks.gap_week] * weeks.gap
    exposure = busy.sum(1, dtype=float)[product] - np.bincount(weeks.gap_series, gap_busy, count)
    exposure = np.maximum(exposure, 0.0)
    total = weeks.series_sums(count, lambda piece: weeks.quantity[piece])
    dispersion = _dispersion(history, cleaned, busy, exposure, total)
    pooled = pool(history, total, exposure, dispersion)
    gone = np.bincount(
        product[weeks.gap_series] * length + weeks.gap_week,
        pooled.share[weeks.gap_series] * gap_busy,
        products * length,
    ).reshape(products, length)
    open_share = np.bincount(product, pooled.share, products)[:, None] * busy - gone
    path, drift = paths(came, np.maximum(open_share, 0.0), pooled, dispersion[group])

    def level(piece: slice) -> Array:
        usual = busy[product[weeks.series[piece]], weeks.week[piece]]
        return weeks.quantity[piece] / np.maximum(usual, 1e-6)

    kinds = classes(
        np.maximum(watched, 0.0),
        weeks.series_sums(count, lambda piece: np.ones(piece.stop - piece.start)),
        weeks.series_sums(count, level),
        weeks.series_sums(count, lambda piece: level(piece) ** 2.0),
    )
    order = np.argsort(weeks.gap_series, kind="stable")
    weeks.gap_series, weeks.gap_week = weeks.gap_series[order], weeks.gap_week[order]
    weeks.gap = weeks.gap[order]
    edges = np.arange(count + 1)
    bounds = np.searchsorted(weeks.series, edges)
    gap_bounds = np.searchsorted(weeks.gap_series, edges)
    return (
        _Facts(
            history,
            cleaned,
            pooled,
            path,
            drift,
            busy,
            dispersion,
            kinds,
            total,
            exposure,
            bounds,
            gap_bounds,
        ),
        season,
    )


def _by(rows: NDArray[np.integer], values: Array, count: int) -> Array:
    result = np.zeros((count, values.shape[1]))
    np.add.at(result, rows, values)
    return result


def _dispersion(
    history: History, cleaned: Clean, busy: Small, exposure: Array, total: Array
) -> Array:
    """Variance of a week's demand by its mean, of each group, around each series' own rate."""
    weeks, count = cleaned.weeks, history.product.size
    group = history.group[history.product]
    groups = int(group.max(initial=0)) + 1
    rate = total / np.maximum(exposure, 1e-6)
    squared = (busy.astype(float) ** 2).sum(1)[history.product]
    busy_gap = busy[history.product[weeks.gap_series], weeks.gap_week]
    squared -= np.bincount(weeks.gap_series, busy_gap**2 * (2.0 * weeks.gap - weeks.gap**2), count)

    def part(piece: slice) -> Array:
        row, quantity = weeks.series[piece], weeks.quantity[piece].astype(float)
        mean = rate[row] * busy[history.product[row], weeks.week[piece]]
        return quantity * quantity - 2.0 * mean * quantity

    off = weeks.series_sums(count, part)
    off = np.maximum(off + rate * rate * squared, 0.0)
    freedom = np.maximum(exposure - 1.0, 0.0) * (total > 0.0)
    own = np.where(total > 0.0, off / np.maximum(total, 1e-9) * exposure, 0.0)
    everywhere = own.sum() / max(freedom.sum(), 1.0)
    pooled = (np.bincount(group, own, groups) + 50.0 * everywhere) / (
        np.bincount(group, freedom, groups) + 50.0
    )
    whole = not history.decimal.any()
    return np.maximum(pooled, 1.0 if whole else 1e-3)


def _laid_out(facts: _Facts, rows: slice) -> tuple[Small, Small]:
    """Weeks of some series in full: wanted and exposure, (weeks, rows)."""
    weeks, length = facts.cleaned.weeks, facts.history.weeks
    number = rows.stop - rows.start
    wanted = np.zeros((length, number), dtype=np.float32)
    mine = slice(facts.bounds[rows.start], facts.bounds[rows.stop])
    wanted[weeks.week[mine], weeks.series[mine] - rows.start] = weeks.quantity[mine]
    open_ = np.ones((length, number), dtype=np.float32)
    mine = slice(facts.gap_bounds[rows.start], facts.gap_bounds[rows.stop])
    np.subtract.at(
        open_,
        (weeks.gap_week[mine], weeks.gap_series[mine] - rows.start),
        weeks.gap[mine].astype(np.float32),
    )
    np.maximum(open_, 0.0, out=open_)
    # What came in a week that was not watched at all says that it was.
    open_[(open_ <= 0.0) & (wanted > 0.0)] = 0.05
    return wanted, open_


def _chunk(facts: _Facts, result: Forecast, rows: slice) -> None:
    history, pooled = facts.history, facts.pooled
    product = history.product[rows]
    group = history.group[product]
    wanted, exposure = _laid_out(facts, rows)
    result.seen[rows] = exposure.sum(0) * WEEK
    exposure *= facts.busy[product].T
    share = pooled.share[rows].astype(np.float32)
    path = np.ascontiguousarray(facts.path[product].T)
    path *= share
    strength = pooled.strength[group].astype(np.float32)
    dispersion = facts.dispersion[group].astype(np.float32)
    first = np.maximum(path[0], 1e-6)
    size = _first_size(facts, rows)
    whole = Pooled(strength, dispersion, 1.0)
    recent = Pooled(strength, dispersion, 0.97)
    rated = (
        Smoothing(first, 0.05),
        Smoothing(first, 0.2),
        Smoothing(first, 0.15, 0.03, DAMPING),
        Croston(size, np.clip(size / first, 1.0, 500.0), 0.1),
        Teunter(size, np.clip(first / size, 1e-3, 1.0), 0.1, 0.05),
    )
    errors = _roll(wanted, exposure, path, (whole, recent), rated)
    best = _best(errors, facts.kinds[rows], facts.total[rows])
    prior = path[-1]
    rates = np.stack(
        (prior * whole.factor(), prior * recent.factor(), *(each.rate() for each in rated))
    )
    pick = (best, np.arange(best.size))
    result.method[rows] = best
    result.rate[rows] = rates[pick] / WEEK
    drift = facts.drift[product] * share
    drifts = {POOLED: drift * whole.factor(), LOCAL: drift * recent.factor(), TREND: rated[2].trend}
    trend = np.zeros_like(prior)
    for method, change in drifts.items():
        trend = np.where(best == method, change, trend)
    result.trend[rows] = trend / WEEK
    # Half of what came and half of what was expected: by what came alone whatever faded away would
    # have a wild law, by what was expected alone whatever began.
    foreseen = np.maximum(errors.wanted + errors.sum[pick] / 2.0, 0.0)
    spread = np.where(foreseen > 1e-6, errors.square[pick] / np.maximum(foreseen, 1e-6), 0.0)
    result.own_dispersion[rows] = spread
    result.scored[rows] = errors.weeks
    result.expected[rows] = foreseen
    scored = np.maximum(errors.weeks, 1.0)
    result.bias[rows] = errors.sum[pick] / scored / WEEK
    naive = errors.naive
    result.mase[rows] = np.where(
        naive > 0.0, errors.absolute[pick] / np.maximum(naive, 1e-9), np.nan
    )
    level = rates[pick]
    steady = {SLOW: 0.05, FAST: 0.2, TREND: 0.25, SBA: 0.1, TSB: 0.075}
    doubt = np.where(best == LOCAL, prior**2 * recent.doubt(), prior**2 * whole.doubt())
    for method, alpha in steady.items():
        doubt = np.where(best == method, alpha / (2.0 - alpha) * dispersion * level, doubt)
    result.doubt[rows] = doubt / WEEK**2


def _first_size(facts: _Facts, rows: slice) -> Small:
    """Units of a demand: of the series as far as it goes, of a unit or the group's otherwise."""
    weeks = facts.cleaned.weeks
    times = np.diff(facts.bounds)[rows]
    number = times + 2.0
    usual = weeks.quantity.sum() / max(weeks.quantity.size, 1)
    return ((facts.total[rows] + 2.0 * max(usual, 1e-3)) / number).astype(np.float32)


def _roll(
    wanted: Small,
    exposure: Small,
    path: Small,
    pools: tuple[Pooled, Pooled],
    rated: tuple[Smoothing | Croston | Teunter, ...],
) -> _Errors:
    length, number = wanted.shape
    burn = min(length // 3, 26)
    methods = len(pools) + len(rated)
    square, absolute, total = (np.zeros((methods, number), dtype=np.float32) for _ in range(3))
    errors = _Errors(square, absolute, total, *(np.zeros(number, np.float32) for _ in range(3)))
    before = wanted[0]
    for week in range(length):
        came, open_ = wanted[week], exposure[week]
        expected = path[week] * open_
        if week >= burn:
            watched = open_ > 0.0
            errors.weeks += watched
            errors.naive += watched * np.abs(came - before)
            errors.wanted += came
            for number_, mean in enumerate(
                (
                    *(expected * each.factor() for each in pools),
                    *(each.rate() * open_ for each in rated),
                )
            ):
                off = came - mean
                total[number_] -= off
                absolute[number_] += np.abs(off)
                off *= off
                square[number_] += off
            before = np.where(watched, came, before)
        else:
            before = came
        for each in pools:
            each.learn(came, expected)
        for each in rated:
            each.learn(came, open_)
    return errors


def _best(errors: _Errors, kinds: NDArray[np.int8], total: Array) -> NDArray[np.int8]:
    """The method of the smallest squared error that suits the kind; others must be clearly better.

    Chance alone makes one of many methods look better than the first on a thin series.
    """
    score = errors.square * (1.02 + 1.0 / (1.0 + total))
    score[POOLED] = errors.square[POOLED]
    for kind, allowed in ALLOWED.items():
        of_kind = kinds == kind
        for method in range(len(METHODS)):
            if method not in allowed:
                score[method, of_kind] = np.inf
    return np.argmin(score, axis=0).astype(np.int8)


def _dispersed(history: History, result: Forecast, facts: _Facts) -> None:
    """Share the dispersion among series alike: of a group, a kind and a pace."""
    group = history.group[history.product].astype(np.int64)
    pace = np.clip(np.log2(np.maximum(result.rate * WEEK, 2.0**-6)) + 6.0, 0.0, 15.0)
    # Of series that are rarely wanted chance decides which were wanted at all, and how: one kind.
    rare = np.isin(facts.kinds, (INTERMITTENT, LUMPY, NONE))
    alike = pace.astype(np.int64) * 8 + np.where(rare, LUMPY, facts.kinds)
    cell = group * 128 + alike
    wanted = result.expected.astype(float)
    # A series that was unwanted while it was scored says so by nothing but its zeros.
    off = result.own_dispersion * np.maximum(wanted, 1e-9)
    every = (np.bincount(alike, off, 128) + 5.0) / (np.bincount(alike, wanted, 128) + 5.0)
    mine = (np.bincount(cell, off) + 30.0 * every[np.arange(cell.max(initial=-1) + 1) % 128]) / (
        np.bincount(cell, wanted) + 30.0
    )
    weeks = result.scored
    own = 1.0 / (2.0 / np.maximum(weeks, 1e-6) + 1.0 / np.maximum(wanted, 1e-6))
    spread = (own * result.own_dispersion + HELD * mine[cell]) / (own + HELD)
    rate = np.maximum(result.rate * WEEK, 1e-9)
    least = np.where(result.decimal, 0.05 * spread, np.maximum(1.0, 0.3 * spread))
    # The errors of a week hold the doubt about the rate already.
    result.dispersion[:] = np.maximum(spread - result.doubt * WEEK**2 / rate, least)
