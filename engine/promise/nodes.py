"""Factors that lanes have in common, each known as well as what was seen of it allows.

The logarithm of how a lane differs from what is usual is the sum of its nodes: all lanes, its
season, its region, its method and so on down to itself. Each node is a number with a variance (a
Kalman filter): it starts at zero with the variance that nodes of its level were found to have, so
that a lane of which little is known lies where its group does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .lanes import LEVELS, Lane

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

NODRIFT = 0.004
DRIFT = np.array([0.012] + [NODRIFT] * (len(LEVELS) - 1))
"""How much a node of each level may wander in a day, standard deviation of its logarithm. 1.2 %
for all lanes together is 7 % in a month: a filter that expects more takes chance for change."""

UNSEEN = np.array([0.3, 0.2, 0.2, 0.3, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1])
"""Standard deviation of nodes of each level before anything was seen: what one thing does, and,
less, what two of them do together beyond what each does."""

SILENT, UNKNOWN = -1, -2
"""In place of a node: the lane does not say, or names what was never seen."""

GROUP_WEIGHT = 4.0
"""As many nodes have to differ before their own spread counts more than `UNSEEN`."""

STEP = 0.25
"""Most that a node moves at once: what was reckoned around one value is not true far off."""


@dataclass
class Nodes:
    """The nodes seen so far; the first is that of all lanes.

    :param keys: level and values of each
    :param value: logarithm of the factor, shape (N,)
    :param variance: of that, shape (N,)
    :param count: arrivals seen, older ones counted less, shape (N,)
    """

    keys: list[tuple[int, tuple[str, ...]]] = field(default_factory=lambda: [(0, ())])
    value: Floats = field(default_factory=lambda: np.zeros(1))
    variance: Floats = field(default_factory=lambda: np.array([UNSEEN[0] ** 2]))
    count: Floats = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        self._place = {key: place for place, key in enumerate(self.keys)}
        self._level = np.array([level for level, _values in self.keys], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, lanes: Sequence[Lane], grow: bool = False) -> Index:
        """Find the nodes of lanes.

        :param grow: make those that are missing
        :return: indices by level, `SILENT` or `UNKNOWN` where there is none, shape
            (lanes, levels)
        """
        # The same lane is asked for many times: once is enough. By identity, since comparing
        # costs more than it saves where all are different.
        distinct = {id(lane): lane for lane in lanes}
        found = np.full((len(distinct), len(LEVELS)), SILENT, dtype=np.int64)
        fresh: list[tuple[int, tuple[str, ...]]] = []
        for row, lane in enumerate(distinct.values()):
            for level, names in enumerate(LEVELS):
                values = tuple([getattr(lane, name) for name in names])
                if names and not all(values):
                    continue
                key = (level, values)
                place = self._place.get(key, UNKNOWN)
                if place < 0 and grow:
                    place = len(self.keys) + len(fresh)
                    self._place[key] = place
                    fresh.append(key)
                found[row, level] = place
        if fresh:
            levels = np.array([level for level, _values in fresh], dtype=np.int64)
            spread = self.spreads()
            self.keys += fresh
            self.value = np.append(self.value, np.zeros(len(fresh)))
            self.variance = np.append(self.variance, spread[levels] ** 2)
            self.count = np.append(self.count, np.zeros(len(fresh)))
            self._level = np.append(self._level, levels)
        if len(distinct) == len(lanes):
            return found
        place = {key: row for row, key in enumerate(distinct)}
        return found[[place[id(lane)] for lane in lanes]]

    def spreads(self) -> Floats:
        """How much nodes of each level differ, shape (levels,): what an average square of them is
        believed to be, as in the EM algorithm for variance components."""
        squares = self.value**2 + self.variance
        number = np.bincount(self._level, minlength=len(LEVELS))
        total = np.bincount(self._level, squares, minlength=len(LEVELS))
        mean = (total + GROUP_WEIGHT * UNSEEN**2) / (number + GROUP_WEIGHT)
        mean[0] = UNSEEN[0] ** 2
        return np.sqrt(mean)

    def age(self, days: float, keep: float) -> None:
        """Let time pass: what is known of each node becomes less sure.

        :param days: how many
        :param keep: share of the weight of arrivals that stays
        """
        grown = self.variance + (DRIFT**2 * days)[self._level]
        self.variance = np.minimum(grown, np.maximum(self.spreads()[self._level] ** 2, 1e-6))
        self.count *= keep

    def sums(self, found: Index) -> Floats:
        """Logarithms of what is typical of lanes.

        :param found: as `of` returns it, shape (L, levels)
        """
        return np.where(found >= 0, self.value[np.maximum(found, 0)], 0.0).sum(axis=1)

    def variances(self, found: Index) -> Floats:
        """How sure `sums` is: its variance; a node that is unknown counts as much as its level
        usually differs, where the lane names one.

        :param found: as `of` returns it, shape (L, levels)
        """
        unseen = np.where(found == UNKNOWN, self.spreads() ** 2, 0.0)
        return np.where(found >= 0, self.variance[np.maximum(found, 0)], unseen).sum(axis=1)

    def learn(
        self, level: int, place: Index, surplus: Floats, slope: Floats, noise: Floats
    ) -> None:
        """Move the nodes of a level toward what was seen.

        :param level: which
        :param place: node of each lane, negative for none, shape (L,)
        :param surplus: expected less seen arrivals of each lane, shape (L,)
        :param slope: how much fewer are expected if the logarithm grows by one, shape (L,)
        :param noise: variance of the surplus, shape (L,)
        """
        has = place >= 0
        if not has.any():
            return
        used, inverse = np.unique(place[has], return_inverse=True)
        total = np.bincount(inverse, surplus[has])
        slopes = np.bincount(inverse, slope[has])
        noises = np.bincount(inverse, noise[has])
        informed = slopes > 1e-9
        used, total, slopes, noises = (each[informed] for each in (used, total, slopes, noises))
        before = self.variance[used]
        gain = before * slopes / (before * slopes**2 + noises + 1e-12)
        self.value[used] += np.clip(gain * total, -STEP, STEP)
        self.variance[used] = before * np.maximum(1.0 - gain * slopes, 1e-4)
