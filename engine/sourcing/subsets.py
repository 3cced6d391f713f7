"""Covering a few items by facilities at least cost: dynamic programming over sets of items.

The facilities here are unlimited: each may serve any set of items, at its fixed cost plus one
cost for each item. For k items and m facilities that takes 2^k × m + 3^k / 2 additions, all of
them in numpy.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .problem import Array

MOST_ITEMS = 12
"""Beyond this many items the tables grow too large."""


class Cover:
    """The cheapest way to serve every item, and the cheapest with each facility.

    :param fixed: shape (m,): cost of each facility
    :param costs: shape (k, m): cost of each item at each facility, ``inf`` where impossible
    """

    def __init__(self, fixed: Array, costs: Array) -> None:
        n_items = len(costs)
        table = np.empty((1 << n_items, len(fixed)))
        table[0] = fixed
        for item in range(n_items):
            size = 1 << item
            np.add(table[:size], costs[item], out=table[size : 2 * size])
        self._table = table
        self._best = table.min(axis=1)
        self._cheapest = self._fold(n_items)
        self.cost = float(self._cheapest[-1])

    def _fold(self, n_items: int) -> Array:
        """Cost of the cheapest partition of every set of items, shape (2^k,)."""
        best = self._best
        cheapest = np.zeros(len(best))
        for sets, parts, rests in partitions(n_items):
            cheapest[sets] = (best[parts] + cheapest[rests]).min(axis=1)
        return cheapest

    def through(self) -> Array:
        """Cost of the cheapest cover that pays for a facility, shape (m,).

        A facility may be paid for without serving any item as a whole: where items are in truth
        split, it can be the second to serve one.
        """
        return (self._table + self._cheapest[::-1, None]).min(axis=0)

    def choice(self) -> NDArray[np.intp]:
        """The facility that serves each item in a cheapest cover, shape (k,)."""
        n_items = len(self._best).bit_length() - 1
        chosen = np.zeros(n_items, dtype=np.intp)
        left = len(self._best) - 1
        while left:
            parts, rests = splits(left)
            part = parts[int(np.argmin(self._best[parts] + self._cheapest[rests]))]
            facility = int(np.argmin(self._table[part]))
            for item in range(n_items):
                if part >> item & 1:
                    chosen[item] = facility
            left ^= int(part)
        return chosen


@lru_cache(maxsize=1 << MOST_ITEMS)
def splits(whole: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The parts of a set that hold its lowest item, and what each leaves over."""
    lowest = whole & -whole
    rest = whole ^ lowest
    parts = [lowest]
    while rest:
        bit = rest & -rest
        parts += [part | bit for part in parts]
        rest ^= bit
    array = np.array(parts, dtype=np.intp)
    return array, whole ^ array


@lru_cache(maxsize=MOST_ITEMS + 1)
def partitions(
    n_items: int,
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]], ...]:
    """For the sets of 1, 2, … items: the sets, their parts and what each part leaves over."""
    by_size: list[list[int]] = [[] for _ in range(n_items + 1)]
    for mask in range(1, 1 << n_items):
        by_size[bin(mask).count("1")].append(mask)
    levels = []
    for sets in by_size[1:]:
        split = [splits(mask) for mask in sets]
        levels.append(
            (
                np.array(sets, dtype=np.intp),
                np.array([parts for parts, _rests in split]),
                np.array([rests for _parts, rests in split]),
            )
        )
    return tuple(levels)
