"""Covering a few items by few facilities, each with a say in what it serves together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .checks import Array
from .subsets import partitions, splits


class LimitedCover:
    """The cheapest way to serve every item by what is open and at most so many others.

    :param base: shape (k,): cost of each item from what is open, ``inf`` where impossible
    :param table: shape (2^k, m): cost of each set of items at each other facility
    :param most: how many of these may be used
    """

    def __init__(self, base: Array, table: Array, most: int) -> None:
        self._base, self._table, self._most = base, table, most
        self._best = table.min(axis=1, initial=np.inf)
        layers = [_sums(base)]
        for _layer in range(min(most, len(base))):
            layers.append(self._fold(layers[-1]))
            if np.array_equal(layers[-1], layers[-2]):
                break
        self._layers = layers
        self.cost = float(layers[-1][-1])

    def _fold(self, fewer: Array) -> Array:
        """Cost of every set of items with one facility more than before, shape (2^k,)."""
        cheapest = np.zeros(len(fewer))
        for sets, parts, rests in partitions(len(self._base)):
            lowest = parts[:, 0]
            first = self._base[np.log2(lowest).astype(np.intp)] + cheapest[sets ^ lowest]
            through = (self._best[parts] + fewer[rests]).min(axis=1)
            cheapest[sets] = np.minimum(first, through)
        return cheapest

    def through(self) -> Array:
        """Cost of the cheapest cover that pays for a facility, shape (m,)."""
        # With the last but one layer, another facility may still be added.
        full = self._most >= len(self._layers)
        fewer = self._layers[-1] if full else self._layers[-2]
        return (self._table + fewer[::-1, None]).min(axis=0)

    def choice(self) -> NDArray[np.intp]:
        """What serves each item in a cheapest cover, -1 for what is open, shape (k,)."""
        chosen = np.full(len(self._base), -1, dtype=np.intp)
        left, layer = len(self._best) - 1, len(self._layers) - 1
        while left and layer:
            lowest = left & -left
            bit = lowest.bit_length() - 1
            parts, rests = splits(left)
            fewer = self._layers[layer - 1]
            through = self._best[parts] + fewer[rests]
            place = int(np.argmin(through))
            if self._base[bit] + self._layers[layer][left ^ lowest] <= through[place]:
                left ^= lowest
                continue
            part = int(parts[place])
            facility = int(np.argmin(self._table[part]))
            for item in range(len(self._base)):
                if part >> item & 1:
                    chosen[item] = facility
            left, layer = left ^ part, layer - 1
        return chosen


def sums_of_sets(start: Array, costs: Array) -> Array:
    """Add up the costs of every set of items at every facility, shape (2^k, m).

    :param start: shape (m,): of the empty set
    :param costs: shape (k, m)
    """
    table = np.empty((1 << len(costs), len(start)))
    table[0] = start
    for item, row in enumerate(costs):
        size = 1 << item
        np.add(table[:size], row, out=table[size : 2 * size])
    return table


def _sums(costs: Array) -> Array:
    return sums_of_sets(np.zeros(1), costs[:, None])[:, 0]
