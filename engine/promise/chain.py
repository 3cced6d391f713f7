"""Goods are prepared, wait for their carrier and travel: when are they there, all in all?

Each step has a clock of its own, and between them lie opening hours and pickups that only the
caller knows. So the first step is told by some of its quantiles, each of which stands for a part of
what can happen; the caller says when goods leave in each of these cases, and the second step is
added up over them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .clock import Clock
from .curve import EDGES
from .lanes import Lane
from .learner import Learner

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

BOUNDS: Floats = np.array(
    [0.0, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.82, 0.88, 0.92, 0.95, 0.975, 0.99, 1.0]
)
"""Shares between which the cases lie; narrower where goods are late, which promises are about."""

CASES: Floats = 0.5 * (BOUNDS[1:] + BOUNDS[:-1])
"""Quantiles that stand for the cases, shape (Q,)."""

CHANCES: Floats = np.diff(BOUNDS)
"""Chance of each case, sum 1, shape (Q,)."""

AHEAD = 250
"""Days that a clock is read ahead."""


def after(clock: Clock, moment: float, days: ArrayLike) -> Floats:
    """Tell at which moments so much time has passed since another.

    :param moment: days since 1970-01-01
    :param days: usual days of the clock, any shape; what takes more than `AHEAD` days is capped
    :return: days since 1970-01-01, same shape
    """
    grid = np.floor(moment) + np.arange(AHEAD + 1.0)
    shown = clock.at(grid)
    wanted = np.minimum(clock.at(moment) + np.asarray(days, dtype=float), shown[-1])
    place = np.clip(np.searchsorted(shown, wanted, side="left") - 1, 0, AHEAD - 1)
    step = np.maximum(shown[place + 1] - shown[place], 1e-12)
    return np.maximum(grid[place] + (wanted - shown[place]) / step, moment)


def shares_by_day(
    learner: Learner,
    lanes: Sequence[Lane],
    starts: ArrayLike,
    chances: ArrayLike,
    first: ArrayLike,
    count: int,
    profiles: tuple[Floats, Floats] | None = None,
) -> Floats:
    """Tell which share of goods is there by the end of each day.

    :param learner: of the way
    :param lanes: L of them
    :param starts: when goods leave in each case, days since 1970-01-01, infinity for never, (L, Q)
    :param chances: of each case, shape (L, Q)
    :param first: first day of each lane, whole days since 1970-01-01, shape (L,)
    :param count: how many days, D
    :param profiles: the first two of what :meth:`.Learner.profiles` says of the lanes, if that is
        known already
    :return: shape (L, D)
    """
    starts, chances = np.asarray(starts, dtype=float), np.asarray(chances, dtype=float)
    clock = learner.clock()
    known = np.where(np.isfinite(starts), starts, 0.0)
    begun = np.where(np.isfinite(starts), clock.at(known), np.inf)
    ends = clock.at(np.asarray(first, dtype=float)[:, None] + 1.0 + np.arange(count))
    passed = np.maximum(ends[:, None, :] - begun[:, :, None], 0.0)
    scale, known_shares = profiles or learner.profiles(lanes)[:2]
    found = np.empty((len(lanes), count))
    for row, shares in enumerate(known_shares):
        found[row] = chances[row] @ np.interp(passed[row] / scale[row], EDGES, shares)
    return found


def choose_days(shares: ArrayLike, confidence: float, nearest: bool = False) -> Index:
    """Choose the day by which enough is there.

    :param shares: of what is there by the end of each day, never falling, shape (L, D)
    :param confidence: that is asked for
    :param nearest: the day whose share is nearest, be it below what is asked; otherwise the first
        that reaches it
    :return: index of the day of each row, the last where none has enough, shape (L,)
    """
    shares = np.asarray(shares, dtype=float)
    place = np.minimum((shares < confidence - 1e-9).sum(axis=1), shares.shape[1] - 1)
    if nearest:
        rows = np.arange(len(shares))
        before = np.maximum(place - 1, 0)
        closer = np.abs(shares[rows, before] - confidence) < np.abs(
            shares[rows, place] - confidence
        )
        place = np.where(closer, before, place)
    return place
