"""Worlds of deliveries: generated ones whose truth is known, and real ones changed.

A generated world has a pace that says how long things take compared with the first day: steady, in
drift, with sudden steps at or after the day on which the test begins, with seasons, wandering. It
holds for what is ordered on a day, or for whatever is under way then. Durations are log-normal,
gamma, or a mix with stragglers; orders few or many, the share of stragglers may change with the
test. Carriers work in the daytime, on most days of the week; some parcels never arrive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.files import Delivery

Floats = NDArray[np.float64]
Rng = np.random.Generator

START = datetime(2023, 1, 2)
"""A Monday."""

DRAWS = 400
"""Fates of each order from which its true distribution is known."""


@dataclass(frozen=True, eq=False)
class World:
    """Orders to learn from and orders to promise for.

    :param name: what happens in it, and how
    :param family: what happens in it
    :param history: orders to learn from
    :param test: orders to promise for, ascending
    :param fates: days from the date of each order of the test to that of its arrival, as often as
        it may have come otherwise, shape (N, K); None where the truth is not known
    """

    name: str
    family: str
    history: list[Delivery]
    test: list[Delivery]
    fates: NDArray[np.int64] | None = None


# Generated ----------------------------------------------------------------------------------------

Pace = Callable[[Floats, Rng, float], Floats]
"""How long things take on days since the test began, compared with before; the last argument is
how long the test is, days."""


def _step(at: float, factor: float) -> Pace:
    return lambda day, rng, length: np.where(day >= at * length, factor, 1.0)


def _trend(factor: float) -> Pace:
    return lambda day, rng, length: factor ** np.clip(day / length, -0.5, 1.0)


def _wander(sigma: float) -> Pace:
    def pace(day: Floats, rng: Rng, length: float) -> Floats:
        steps = np.cumsum(rng.normal(0.0, sigma, 800))
        return np.exp(np.interp(day, np.arange(-400.0, 400.0), steps - steps[400]))

    return pace


PACES: dict[str, Pace] = {
    "steady": lambda day, rng, length: np.ones(day.shape),
    "trend down": _trend(0.6),
    "trend up": _trend(1.5),
    "step down at once": _step(0.0, 0.7),
    "small step down at once": _step(0.0, 0.85),
    "step up at once": _step(0.0, 1.25),
    "small step up at once": _step(0.0, 1.12),
    "step down later": _step(0.4, 0.7),
    "step up later": _step(0.4, 1.35),
    "steps": lambda day, rng, length: (
        np.where(day < 0, 1.0, 0.75)
        * np.where((day > 0.35 * length) & (day < 0.65 * length), 1.35, 1.0)
    ),
    "step down, then trend": lambda day, rng, length: (
        np.where(day < 0, 1.0, 0.75) * 0.8 ** np.clip(day / length, 0.0, 1.0)
    ),
    "season": lambda day, rng, length: (
        1.0 + 0.25 * np.sin(day / rng.uniform(12.0, 40.0) + rng.uniform(0.0, 6.3))
    ),
    "peak": lambda day, rng, length: (
        1.0 + 0.5 * np.exp(-(((day - rng.uniform(0.2, 0.7) * length) / 12.0) ** 2))
    ),
    "end of a peak": lambda day, rng, length: 1.0 + 0.5 * np.exp(-(((day + 8.0) / 14.0) ** 2)),
    "wandering": _wander(0.012),
    "wandering fast": _wander(0.025),
}


def _log_normal(rng: Rng, size: int, _late: Floats) -> Floats:
    return np.exp(rng.normal(0.0, 0.5, size))


def _tight(rng: Rng, size: int, _late: Floats) -> Floats:
    return np.exp(rng.normal(0.0, 0.3, size))


def _gamma(rng: Rng, size: int, _late: Floats) -> Floats:
    return rng.gamma(3.0, 1.0 / 2.67, size)


def _stragglers(rng: Rng, size: int, _late: Floats) -> Floats:
    return np.exp(rng.normal(0.0, 0.4, size)) * np.where(
        rng.random(size) < 0.08, rng.uniform(1.5, 4.0, size), 1.0
    )


def _fewer_stragglers(rng: Rng, size: int, late: Floats) -> Floats:
    part = np.where(late, 0.03, 0.09)
    return np.exp(rng.normal(0.0, 0.42, size)) * np.where(
        rng.random(size) < part, rng.uniform(1.5, 4.0, size), 1.0
    )


def _more_stragglers(rng: Rng, size: int, late: Floats) -> Floats:
    return _fewer_stragglers(rng, size, ~late.astype(bool))


SHAPES = {
    "log-normal": _log_normal,
    "tight": _tight,
    "gamma": _gamma,
    "stragglers": _stragglers,
    "fewer stragglers": _fewer_stragglers,
    "more stragglers": _more_stragglers,
}


def generated(number: int, pace: str | None = None, draws: int = DRAWS) -> World:
    """Return a generated world.

    :param number: which; the same number gives the same world
    :param pace: name of the pace; by turns if left out
    :param draws: fates of each order, 0 if the truth is not asked for
    """
    rng = np.random.default_rng([number, 20261])
    names = list(PACES)
    pace = pace or names[number % len(names)]
    shape = list(SHAPES)[int(rng.integers(len(SHAPES)))]
    per_day = float(rng.choice([10.0, 15.0, 25.0, 50.0]))
    length = int(rng.choice([60, 90, 120, 150]))
    history = int(rng.choice([150, 300, 420]))
    typical = float(rng.uniform(5.0, 14.0))
    under_way = bool(rng.random() < 0.4)
    lost = float(rng.choice([0.0, 0.02, 0.04]))
    works = (rng.random(7) < np.array([1, 1, 1, 1, 1, 0.6, 0.1])).astype(float)
    busy = rng.uniform(0.6, 1.3, 7)
    days = np.arange(-history, length)
    # Another stream for what happens at random in time, so that all fates share it.
    counts = rng.poisson(per_day * busy[days % 7] * 1.3 ** ((days + history) / 365.0))
    placed = np.repeat(days, counts) + rng.random(counts.sum())
    placed = np.sort(np.round(placed * 1440.0) / 1440.0)
    grid = np.arange(-history, length + 400.0)
    factor = PACES[pace](grid, np.random.default_rng([number, 5]), float(length))

    def arrivals(begun: Floats) -> Floats:
        work = typical * SHAPES[shape](rng, begun.size, begun >= 0.0)
        if under_way:
            done = np.concatenate([[0.0], np.cumsum(1.0 / factor)])
            edges = np.append(grid, grid[-1] + 1.0)
            ended = np.interp(np.interp(begun, edges, done) + work, done, edges)
        else:
            ended = begun + work * factor[np.floor(begun).astype(int) + history]
        day = np.floor(ended).astype(int)
        for _again in range(3):
            day += works[day % 7] == 0.0
        hour = np.clip(0.375 + 0.42 * rng.random(begun.size), 0.0, 1.0)
        return np.maximum(day + hour, begun + 1.0 / 24.0)

    arrived = arrivals(placed)
    gone = rng.random(placed.size) < lost
    test = placed >= 0.0
    fates = None
    if draws:
        came = placed[test & ~gone]
        fates = np.floor(arrivals(np.repeat(came, draws))).reshape(-1, draws)
        fates = (fates - np.floor(came)[:, None]).astype(np.int64)
    orders = [
        Delivery(
            f"{row:06}",
            START + timedelta(days=float(begun)),
            None if lost_one else START + timedelta(minutes=round(1440.0 * float(ended))),
            None,
        )
        for row, (begun, ended, lost_one) in enumerate(zip(placed, arrived, gone, strict=True))
    ]
    split = int(np.searchsorted(placed, 0.0))
    name = (
        f"{number}: {pace}, {shape}, {per_day:.0f} a day for {length} days, "
        f"{'all under way' if under_way else 'new orders'}"
    )
    return World(name, pace, orders[:split], orders[split:], fates)


def lanes_world(number: int) -> World:
    """Return a generated world whose orders go on lanes that differ, with known truth."""
    rng = np.random.default_rng([number, 77])
    base = generated(number, draws=0)
    sites = rng.normal(0.0, 0.25, 6)
    methods = np.array([-0.4, 0.0, 0.4])
    regions = rng.normal(0.0, 0.3, 6)
    found: list[list[Delivery]] = []
    for orders in (base.history, base.test):
        mine = []
        for each in orders:
            s, m, r = (int(rng.integers(size)) for size in (6, 3, 6))
            factor = math.exp(sites[s] + methods[m] + regions[r])
            arrived = None
            if each.arrived:
                lasted = (each.arrived - each.placed) * factor
                arrived = (each.placed + lasted).replace(second=0, microsecond=0)
            mine.append(Delivery(each.key, each.placed, arrived, None, f"r{r}", f"s{s}", f"m{m}"))
        found.append(mine)
    return World(f"lanes {base.name}", "lanes", *found)


# Real, changed ------------------------------------------------------------------------------------


def _months(year: int, month: int, count: int) -> datetime:
    month += count - 1
    return datetime(year + month // 12, month % 12 + 1, 1)


def splits(orders: Sequence[Delivery]) -> Iterator[tuple[str, list[Delivery], list[Delivery]]]:
    """Cut a file of deliveries at some months, and end at others."""
    last = orders[-1].placed
    first = orders[0].placed
    span = (last.year - first.year) * 12 + last.month - first.month
    for begin in range(6, span):
        start = _months(first.year, first.month, begin)
        for length in (2, 3, 5):
            end = _months(first.year, first.month, begin + length)
            if end > last + timedelta(days=5):
                continue
            history = [each for each in orders if each.placed < start]
            test = [each for each in orders if start <= each.placed < end]
            if len(history) > 600 and len(test) > 200:
                yield f"{start:%Y-%m} + {length}", history, test


def _stretched(
    orders: Sequence[Delivery], factor: Callable[[Floats, Floats], Floats], begin: datetime
) -> list[Delivery]:
    """Have all orders take longer or shorter.

    :param factor: for days since the beginning and days that each took
    """
    came = [each for each in orders if each.arrived]
    day = np.array([(each.placed - begin).total_seconds() for each in came]) / 86400.0
    took = np.array([(each.arrived - each.placed).total_seconds() for each in came]) / 86400.0
    new = iter((took * factor(day, took)).tolist())
    return [
        replace(
            each,
            # The hour of the day stays as it was.
            arrived=max(
                each.placed,
                datetime.combine(
                    (each.placed + timedelta(days=next(new))).date(), each.arrived.time()
                ),
            ),
        )
        if each.arrived
        else each
        for each in orders
    ]


def changed(orders: Sequence[Delivery]) -> Iterator[World]:
    """Yield the splits of a real file, as they are and changed in many ways."""
    ways: dict[str, Callable[[Floats, Floats], Floats]] = {
        "step down at once": lambda day, took: np.where(day < 0, 1.0, 0.7),
        "small step down at once": lambda day, took: np.where(day < 0, 1.0, 0.85),
        "step up at once": lambda day, took: np.where(day < 0, 1.0, 1.25),
        "step down later": lambda day, took: np.where(day < 35, 1.0, 0.7),
        "step up later": lambda day, took: np.where(day < 35, 1.0, 1.35),
        "trend down": lambda day, took: 0.75 ** np.clip(day / 60.0, 0.0, 3.0),
        "trend up": lambda day, took: 1.2 ** np.clip(day / 60.0, 0.0, 3.0),
        "fewer stragglers": lambda day, took: np.where(
            (day < 0) | (took < 10.0), 1.0, (10.0 + 0.6 * (took - 10.0)) / np.maximum(took, 1.0)
        ),
        "stretched": lambda day, took: np.full(day.shape, 1.8),
        "shrunk": lambda day, took: np.full(day.shape, 0.4),
    }
    for number, (name, history, test) in enumerate(splits(orders)):
        begin = test[0].placed.replace(hour=0, minute=0)
        yield World(f"real {name}", "real as it is", history, test)
        names = list(ways)
        for place in range(3):
            way = names[(3 * number + place) % len(names)]
            yield World(
                f"real {name}, {way}",
                f"real {way}",
                _stretched(history, ways[way], begin),
                _stretched(test, ways[way], begin),
            )
        rng = np.random.default_rng([number, 3])
        thin = [
            [each for each, keep in zip(part, rng.random(len(part)) < 0.5, strict=True) if keep]
            for part in (history, test)
        ]
        if number % 3 == 0:
            yield World(f"real {name}, thinned", "real thinned", *thin)
