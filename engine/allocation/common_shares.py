"""Shares of many goods at once that follow the pace: of a category, or of all goods.

To raise such a share raises it for each of its goods, so one number has to do for all of them. A
move between two holders spares the one sales that it would miss and may cost the other some. What
is missed in all, by what it earns, is a sum of hinges in the amount moved, and so convex: the best
amount is at one of its corners, or next to it in steps. What the giver loses weighs double: a move
has to be clearly better than none.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: What the giver misses counts so many times.
CARE = 2.0
NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Holding:
    """What a holder has of several goods by one share.

    :param key: by which the caller knows the share
    :param amount: of the share, in its own measure
    :param least: below which it is not lowered
    :param left: units that are left of each product, shape (products,)
    :param need: units of each that will be sold, same shape
    :param unit: units of each that one of the amount is; zero where the share is not in effect
    :raises ValueError: a number is negative or not finite
    """

    key: Hashable
    amount: float
    least: float
    left: Array
    need: Array
    unit: Array

    def __post_init__(self) -> None:
        numbers = (self.amount, self.least)
        if not all(0.0 <= number < math.inf for number in numbers):
            raise ValueError(f"The amounts of {self.key} must be finite numbers from zero.")
        for name in ("left", "need", "unit"):
            values = getattr(self, name)
            if not (np.isfinite(values).all() and (values >= 0.0).all()):
                raise ValueError(f"{name} of {self.key} must be finite numbers from zero.")

    def missed(self, change: float) -> Array:
        """Units of each product that will be missed once the amount is changed.

        Who has sold more than it has then has less than nothing: that keeps the sum convex.
        """
        return np.maximum(self.need - self.left - change * self.unit, 0.0)


@dataclass(frozen=True, slots=True)
class Move:
    """A part of a share that should be another's.

    :param source: key of the share that is lowered
    :param target: key of the share that is raised
    :param amount: in the measure of the shares
    :param spared: units that the target misses no more
    :param lost: units that the source misses instead
    :param gain: what the spared earn, less what the lost would have
    """

    source: Hashable
    target: Hashable
    amount: float
    spared: float
    lost: float
    gain: float


def move(
    holdings: Sequence[Holding], value: Array, most: float = 0.25, step: float = 1.0
) -> tuple[Move, ...]:
    """Say what to move between shares of the same goods.

    :param holdings: of the holders among whom it can be moved, each key once
    :param value: what a unit of each product earns, shape (products,)
    :param most: part of its amount that a share gives at most, from 0 to 1
    :param step: amounts are multiples of it
    :return: what to move, the best first; each pair once
    :raises ValueError: a key is there twice, or the numbers make no sense
    """
    if len({each.key for each in holdings}) < len(holdings):
        raise ValueError("Each share can be moved once.")
    if not 0.0 <= most <= 1.0 or not 0.0 < step < math.inf:
        raise ValueError("At most all of a share can be moved, in steps above zero.")
    now = list(holdings)
    spare = [max(min(most * each.amount, each.amount - each.least), 0.0) for each in holdings]
    open_pairs = {(a, b) for a in range(len(now)) for b in range(len(now)) if a != b}
    gives, gets, found = set(), set(), []
    while open_pairs:
        trials = [
            (trial, -source, -target)
            for source, target in sorted(open_pairs)
            # Who gets something does not give: it would only pass it on.
            if source not in gets and target not in gives
            for trial in [_best(now[source], now[target], value, spare[source], step)]
            if trial[0] > NOISE
        ]
        if not trials:
            break
        (_better, back), source, target = max(trials)
        source, target, amount = -source, -target, -back
        open_pairs.discard((source, target))
        gives.add(source)
        gets.add(target)
        spare[source] -= amount
        found.append(_described(now[source], now[target], value, amount))
        now[source] = _changed(now[source], -amount)
        now[target] = _changed(now[target], amount)
    return tuple(found)


def _best(
    source: Holding, target: Holding, value: Array, spare: float, step: float
) -> tuple[float, float]:
    """By how much less is missed with the best amount, and that amount below zero."""
    most = math.floor(spare / step + NOISE)
    if most < 1:
        return 0.0, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        corners = np.concatenate(
            (
                (target.need - target.left) / target.unit,
                (source.left - source.need) / source.unit,
            )
        )
    corners = corners[np.isfinite(corners) & (corners > 0.0)] / step
    tries = np.unique(
        np.clip(np.concatenate((np.floor(corners), np.ceil(corners), [most])), 1, most)
    )
    # Convex: the best of few corners is found by halving, not by trying all.
    low, high = 0, tries.size - 1
    while high - low > 2:
        middle = (low + high) // 2
        here, next_ = (
            _saved(source, target, value, tries[at] * step) for at in (middle, middle + 1)
        )
        low, high = (low, middle) if here >= next_ else (middle + 1, high)
    return max(
        (_saved(source, target, value, number * step), -float(number * step))
        for number in tries[low : high + 1]
    )


def _saved(source: Holding, target: Holding, value: Array, amount: float) -> float:
    spared = target.missed(0.0) - target.missed(amount)
    lost = source.missed(-amount) - source.missed(0.0)
    return float(value @ (spared - CARE * lost))


def _described(source: Holding, target: Holding, value: Array, amount: float) -> Move:
    spared = target.missed(0.0) - target.missed(amount)
    lost = np.minimum(source.missed(-amount), source.need) - source.missed(0.0)
    return Move(
        source.key,
        target.key,
        float(amount),
        float(spared.sum()),
        float(lost.sum()),
        float(value @ (spared - lost)),
    )


def _changed(holding: Holding, amount: float) -> Holding:
    left = np.maximum(holding.left + amount * holding.unit, 0.0)
    return replace(holding, amount=holding.amount + amount, left=left)
