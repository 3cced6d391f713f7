"""Shares that follow the pace at which channels sell: who runs out gets from who has to spare.

A holder spares what it will not sell in the days looked ahead, and no more than a part of what it
was given; it never gets below its own need. What is spared goes to those who run out, whoever runs
out first first: their stocks are filled up to the same number of days, as water fills basins of
different width. What is taken comes from those whose stock lasts longest in the same way. Both are
exact: they are the one solution in which no receiver with less cover could get from another, and
no donor with more cover could give instead of another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Quantities that differ by less are equal.
NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Pace:
    """How a holder of a share sells.

    :param key: by which the caller knows it
    :param given: units that it was given
    :param left: units of them that it has not sold yet
    :param rate: units that it sells a day
    :param days: for which what is left has to last
    :param spare: units that it gives at most, whatever else would let it give more
    :param most: units that it can sell at most in its days, such as another limit of its
    :raises ValueError: a number is negative or not finite
    """

    key: Hashable
    given: float
    left: float
    rate: float
    days: float
    spare: float = math.inf
    most: float = math.inf

    def __post_init__(self) -> None:
        for name in ("given", "left", "rate", "days"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} of {self.key} must be a finite number from zero.")
        for name in ("spare", "most"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} of {self.key} must be a number from zero.")

    @property
    def need(self) -> float:
        """Units that it will sell in its days."""
        return min(self.rate * self.days, self.most)

    @property
    def cover(self) -> float:
        """Days for which what is left lasts."""
        return self.left / self.rate if self.rate > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Shift:
    """Units of one share that should be another's.

    :param source: key of the holder that gives
    :param target: key of the holder that gets
    :param quantity: units
    :param source_cover: days for which what is left of the source lasts, before and after
    :param target_cover: the same of the target
    """

    source: Hashable
    target: Hashable
    quantity: float
    source_cover: tuple[float, float]
    target_cover: tuple[float, float]


def follow(paces: Sequence[Pace], most: float = 0.25, step: float = 1.0) -> tuple[Shift, ...]:
    """Say what to move between the shares of one product.

    :param paces: of the holders among whom it can be moved, each key once
    :param most: part of what a holder was given that it gives at most, from 0 to 1
    :param step: quantities are multiples of it
    :return: what to move, what runs out first first; nothing if nobody runs out or can spare
    :raises ValueError: a key is there twice, or the numbers make no sense
    """
    if len({pace.key for pace in paces}) < len(paces):
        raise ValueError("Each share can be moved once.")
    if not 0.0 <= most <= 1.0 or not 0.0 < step < math.inf:
        raise ValueError("At most all of a share can be moved, in steps above zero.")
    left = np.array([pace.left for pace in paces], dtype=float)
    rate = np.array([pace.rate for pace in paces], dtype=float)
    need = np.array([pace.need for pace in paces], dtype=float)
    given = np.array([pace.given for pace in paces], dtype=float)
    bound = np.minimum(most * given, [pace.spare for pace in paces])
    spare = _floor(np.minimum(np.maximum(left - need, 0.0), bound), step)
    lack = _ceil(np.maximum(need - left, 0.0), step)
    total = min(spare.sum(), lack.sum())
    if total <= NOISE:
        return ()
    gets = _whole(filled(left, rate, lack, total), lack, total, step)
    gives = _whole(drained(left, rate, spare, total), spare, total, step)
    return _shifts(paces, left, rate, gives, gets)


def filled(left: Array, rate: Array, most: Array, total: float) -> Array:
    """Share out units so that the least cover becomes as large as it can, then the next, …

    :param left: units of each
    :param rate: units sold a day by each
    :param most: units that each gets at most; zero for those that sell nothing
    :param total: units to share out, at most the sum of the most
    :return: units for each
    """

    def poured(cover: float) -> Array:
        return np.clip(rate * cover - left, 0.0, most)

    return _level(poured, left, rate, most, total)


def drained(left: Array, rate: Array, most: Array, total: float) -> Array:
    """Take units so that the largest cover becomes as small as it can, then the next, …

    :param left: units of each
    :param rate: units sold a day by each; who sells nothing gives first
    :param most: units that each gives at most
    :param total: units to take, at most the sum of the most
    :return: units from each
    """
    idle = rate <= 0
    first = most * idle
    if first.sum() >= total:
        # None of them sells: each gives in proportion to what it can.
        return first * (total / first.sum())
    busy = most * ~idle

    def taken(cover: float) -> Array:
        return np.clip(left + rate * cover, 0.0, busy)

    return first + _level(taken, -left, rate, busy, total - first.sum())


def _level(
    poured: Callable[[float], Array], left: Array, rate: Array, most: Array, total: float
) -> Array:
    """Find the level at which what is poured comes to a total.

    It rises with the level, and does so evenly between the levels at which one begins or is full.

    :param poured: units of each at a level
    :param left: units of each; those of ``most`` zero do not matter
    """
    taking = (most > 0) & (rate > 0)
    if not taking.any():
        return np.zeros_like(most)
    marks = np.unique(
        np.concatenate([left[taking] / rate[taking], (left + most)[taking] / rate[taking]])
    )
    sums = np.array([poured(mark).sum() for mark in marks])
    place = int(np.searchsorted(sums, total - NOISE))
    if place == 0 or place >= len(marks):
        return poured(marks[min(place, len(marks) - 1)])
    low, high = sums[place - 1], sums[place]
    part = (total - low) / (high - low) if high > low else 0.0
    return poured(marks[place - 1] + part * (marks[place] - marks[place - 1]))


def _floor(amounts: Array, step: float) -> Array:
    return np.floor(amounts / step + NOISE) * step


def _ceil(amounts: Array, step: float) -> Array:
    return np.ceil(amounts / step - NOISE) * step


def _whole(amounts: Array, most: Array, total: float, step: float) -> Array:
    """Round amounts to steps so that they still sum up to a total: largest remainders go up."""
    base = np.minimum(_floor(amounts, step), most)
    missing = round((total - base.sum()) / step)
    order = np.argsort(-(amounts - base), kind="stable")
    for place in order:
        if missing <= 0:
            break
        room = min(missing, round((most[place] - base[place]) / step))
        more = min(room, 1)
        base[place] += more * step
        missing -= more
    for place in order:
        room = min(missing, round((most[place] - base[place]) / step))
        if room > 0:
            base[place] += room * step
            missing -= room
    return base


def _shifts(
    paces: Sequence[Pace], left: Array, rate: Array, gives: Array, gets: Array
) -> tuple[Shift, ...]:
    """Pair those who give with those who get: largest cover with least."""
    cover = np.array([pace.cover for pace in paces])
    after = left - gives + gets
    later = np.divide(after, rate, out=np.full_like(after, math.inf), where=rate > 0)
    sources = sorted(np.flatnonzero(gives > NOISE), key=lambda place: (-cover[place], place))
    targets = sorted(np.flatnonzero(gets > NOISE), key=lambda place: (cover[place], place))
    rest, found = gives.copy(), []
    for target in targets:
        wanted = gets[target]
        for source in sources:
            part = min(wanted, rest[source])
            if part > NOISE:
                rest[source] -= part
                wanted -= part
                found.append(
                    Shift(
                        paces[source].key,
                        paces[target].key,
                        float(part),
                        (float(cover[source]), float(later[source])),
                        (float(cover[target]), float(later[target])),
                    )
                )
    return tuple(found)
