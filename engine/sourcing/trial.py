"""Trying many sets of facilities at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .incumbent import Incumbent, Mask
from .problem import Array
from .reduction import Core

CHUNK = 5
"""So many facilities are decided at once."""

SUBSETS = (np.arange(1 << CHUNK)[:, None] >> np.arange(CHUNK) & 1).astype(float)

MOST_AT_ONCE = 20_000
"""Up to so many amounts are looked at in one go, without sorting out sets on the way."""


def sets_within(reduced: Array, spare: float, most: int) -> NDArray[np.int64] | None:
    """The sets of facilities that a relaxation does not rule out.

    Whatever set is opened costs at least the relaxation's bound, and the reduced cost of each
    facility whose state differs from the one that the relaxation gives it.

    :param reduced: shape (f,): reduced costs, smallest amounts first; the relaxation opens the
        negative ones
    :param spare: how much a set may cost above the bound, not negative
    :param most: give up beyond so many sets
    :return: shape (N, f): 1 where a set opens a facility, else 0; None if there are too many
    """
    costs = np.abs(reduced)
    above, flips = np.zeros(1), np.zeros(1, dtype=np.int64)
    for start in range(0, len(costs), CHUNK):
        some = costs[start : start + CHUNK]
        among = SUBSETS[: 1 << len(some), : len(some)] @ some
        order = among.argsort()
        among = among[order]
        # Each set so far goes with the cheapest subsets of these, as many as it can afford.
        counts = among.searchsorted(spare - above, side="right")
        number = int(counts.sum())
        if number > most:
            return None
        rows = np.repeat(np.arange(len(above)), counts)
        places = np.arange(number) - np.repeat(counts.cumsum() - counts, counts)
        above, flips = above[rows] + among[places], flips[rows] | (order[places] << start)
    return (flips[:, None] >> np.arange(len(reduced)) & 1) ^ (reduced < 0.0)


def try_sets(
    best: Incumbent, is_open: Mask, free: NDArray[np.intp], sets: NDArray[np.int64]
) -> None:
    """Offer the best of many sets of facilities, the first of equals.

    :param is_open: shape (n + 1,): open in all of the sets
    :param free: shape (f,): the other facilities in question
    :param sets: shape (N, f): which of them each set opens, 1 or 0
    """
    costs, rows = price_sets(best.core, best.limit, is_open, free, sets)
    if not len(rows):
        return
    equals = rows[costs <= costs.min() + best.same]
    if len(equals) > 1:
        equals = sorted(equals.tolist(), key=lambda row: sorted(free[sets[row] == 1].tolist()))
    opened = is_open.copy()
    opened[free] = sets[equals[0]] == 1
    if opened.nonzero()[0].tolist() != best.facilities:
        best.offer(opened)


def price_sets(
    core: Core, limit: float, is_open: Mask, free: NDArray[np.intp], sets: NDArray[np.int64]
) -> tuple[Array, NDArray[np.intp]]:
    """What each of many sets of facilities costs.

    :param limit: sets that cost more are of no interest
    :param is_open: shape (n + 1,): open in all of the sets
    :param free: shape (f,): the other facilities in question
    :param sets: shape (N, f): which of them each set opens, 1 or 0
    :return: the costs within the limit, and which of the sets have them
    """
    places = np.full(core.n_sites + 1, len(free))
    places[free] = np.arange(len(free))
    involved = is_open.copy()
    involved[free] = True
    columns = core.columns(involved)
    usable = np.ones((len(sets), len(free) + 1))
    usable[:, :-1] = sets
    costs = usable[:, :-1] @ core.fixed[free] + core.fixed[is_open].sum()
    places = places[np.minimum(columns, core.n_sites)]
    if len(sets) * len(core.demand) * len(columns) <= MOST_AT_ONCE:
        costs += _fill_all(core, columns, places, usable)
        rows = (costs <= limit).nonzero()[0]
        return costs[rows], rows
    fills = [_Fill.of(core, item, columns, places) for item in range(len(core.demand))]
    # Every item at its cheapest; then at what the set allows, the scarcest item first.
    fills.sort(key=lambda fill: len(fill.places))
    costs += sum(fill.at_least for fill in fills)
    rows = np.arange(len(sets))
    for fill in fills:
        costs = costs + fill.costs(usable) - fill.at_least
        left = costs <= limit
        costs, rows, usable = costs[left], rows[left], usable[left]
        if not len(rows):
            break
    return costs, rows


def _fill_all(
    core: Core, columns: NDArray[np.intp], places: NDArray[np.intp], usable: Array
) -> Array:
    """What all items together cost for each set, ``inf`` where the set lacks supply.

    :param columns: shape (w,): columns of the core
    :param places: shape (w,): where these stand in a set
    :param usable: shape (N, places): 1 where the set opens what stands there, else 0
    :return: shape (N,)
    """
    supply, unit = core.supply.take(columns, axis=1), core.unit.take(columns, axis=1)
    held = supply > 0.0
    # What has nothing costs as much as the dearest, so that it adds nothing below.
    dearest = np.where(held, unit, 0.0).max(axis=1)
    unit = np.where(held, unit, dearest[:, None])
    order = unit.argsort(axis=1, kind="stable")
    each = np.arange(len(order))[:, None]
    unit, supply = unit[each, order], supply[each, order]
    drops = unit.copy()
    drops[:, :-1] -= unit[:, 1:]
    served = (usable.take(places[order], axis=1) * supply).cumsum(axis=2)
    np.minimum(served, core.demand[:, None], out=served)
    costs = served.reshape(len(usable), -1) @ drops.ravel()
    costs[(served[:, :, -1] < core.demand).any(axis=1)] = np.inf
    return costs


@dataclass(frozen=True, slots=True, eq=False)
class _Fill:
    """What one item costs under many sets of facilities.

    :param demand: steps
    :param places: where in a set those stand that have it, cheapest first
    :param supply: steps at each of them
    :param drops: by how much the next one is dearer, negative; at last the dearest cost
    :param at_least: cost with all of them opened
    """

    demand: float
    places: NDArray[np.intp]
    supply: Array
    drops: Array
    at_least: float

    @classmethod
    def of(
        cls, core: Core, item: int, columns: NDArray[np.intp], places: NDArray[np.intp]
    ) -> _Fill:
        """Look at one item in some columns of the core, which stand at these places of a set."""
        supply, unit = core.supply[item, columns], core.unit[item, columns]
        holding = np.flatnonzero(supply)
        holding = holding[np.argsort(unit[holding], kind="stable")]
        supply, unit = supply[holding], unit[holding]
        demand = float(core.demand[item])
        served = np.minimum(supply.cumsum(), demand)
        drops = np.append(unit[:-1] - unit[1:], unit[-1:])
        return cls(demand, places[holding], supply, drops, float(served @ drops))

    def costs(self, usable: Array) -> Array:
        """Cost of the item for each set, ``inf`` where the set lacks supply.

        :param usable: shape (N, places): 1 where the set opens what stands there, else 0
        :return: shape (N,)
        """
        if not len(self.places):
            return np.full(len(usable), np.inf)
        served = np.minimum((usable[:, self.places] * self.supply).cumsum(axis=1), self.demand)
        return np.where(served[:, -1] < self.demand, np.inf, served @ self.drops)
