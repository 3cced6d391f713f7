"""What a plan must cost at least, whichever sites it opens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .incumbent import Mask
from .problem import Array
from .reduction import Core

MOST_SORTED = 120
"""With more columns than this, items are bounded more loosely, without sorting."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of the search: facilities that are open for sure, and those that may be opened.

    :param facilities: shape (m,): the facilities concerned, ascending; the rest are closed
    :param opened: shape (m,): which of them are open for sure
    :param columns: shape (J,): the columns of the core that belong to them, in the same order;
        the first m are one for each facility
    :param demand: shape (I,)
    :param supply: shape (I, J)
    :param unit: shape (I, J)
    :param fixed: shape (m,): costs of the facilities that are not open yet, zero for the others
    :param paid: fixed costs of the opened ones
    """

    facilities: NDArray[np.intp]
    opened: Mask
    columns: NDArray[np.intp]
    demand: Array
    supply: Array
    unit: Array
    fixed: Array
    paid: float

    @classmethod
    def of(cls, core: Core, opened: Mask, closed: Mask) -> Region:
        """Cut a region out of the core.

        :param opened: shape (n + 1,)
        :param closed: shape (n + 1,)
        """
        facilities = np.flatnonzero(~closed)
        columns = core.columns(~closed)
        is_open = opened[facilities]
        fixed = core.fixed[facilities]
        return cls(
            facilities=facilities,
            opened=is_open,
            columns=columns,
            demand=core.demand,
            supply=core.supply.take(columns, axis=1),
            unit=core.unit.take(columns, axis=1),
            fixed=np.where(is_open, 0.0, fixed),
            paid=float(fixed[is_open].sum()),
        )

    @property
    def extra(self) -> int:
        """How many columns the missing facility, always the last, has beyond its first."""
        return len(self.columns) - len(self.facilities)

    def opened_columns(self) -> Mask:
        """Which columns belong to facilities that are open for sure, shape (J,)."""
        if not self.extra:
            return self.opened
        return np.concatenate([self.opened, np.repeat(self.opened[-1], self.extra)])

    def by_facility(self, columns: Array) -> Array:
        """Add up amounts per column to amounts per facility, shape (m,)."""
        if not self.extra:
            return columns
        m = len(self.facilities)
        sums = columns[:m].copy()
        sums[-1] += columns[m:].sum()
        return sums


def item_costs(region: Region, unit: Array) -> tuple[Array, Array]:
    """Bound what each item costs, by the first facility in order of unit cost that serves it.

    If, of the facilities not open yet, *f* is the cheapest for the item among those that serve
    it, then the item costs at least what filling it takes from the opened ones, *f*, and
    whatever is dearer than *f*. Where *f* has enough for the whole item, that is exact.

    :param unit: shape (I, J): cost per step, at most the region's own plus what the caller took
        out of fixed costs
    :return: costs with nothing but the opened ones (I,), costs by first facility (I, m); ``inf``
        where impossible or useless
    """
    demand = region.demand[:, None]
    supply = region.supply
    m = len(region.facilities)
    is_open = region.opened_columns()
    if len(region.columns) > MOST_SORTED and not is_open.any():
        # Not worth the sorting yet: whatever else serves the item costs no less than the first.
        return np.full(len(unit), np.inf), np.where(supply > 0.0, demand * unit, np.inf)[:, :m]
    if ((supply == 0.0) | (supply == demand)).all():
        whole = np.where(supply > 0.0, demand * unit, np.inf)
        base = whole[:, is_open].min(axis=1, initial=np.inf)
        whole[:, is_open] = np.inf
        return base, whole[:, :m]
    order = np.argsort(unit, axis=1, kind="stable")
    n_items, width = order.shape
    rows = np.arange(n_items)[:, None]
    unit, supply = unit[rows, order], supply[rows, order]
    free = np.where(is_open[order], 0.0, supply)
    steps, costs = supply.cumsum(axis=1), (supply * unit).cumsum(axis=1)
    free_before = free.cumsum(axis=1) - free
    free_cost_before = (free * unit).cumsum(axis=1) - free * unit
    # Leaving out the free facilities before f: the demand is met where all supply reaches this.
    goal = demand + free_before
    # One search over all rows, shifted so that they do not overlap.
    shift = rows * (steps[:, -1].max() + goal.max() + 1.0)
    found = np.searchsorted((steps + shift).ravel(), (goal + shift).ravel())
    reached = found.reshape(n_items, width) - rows * width
    short = reached >= width
    reached = np.minimum(reached, width - 1)
    filled = costs[rows, reached] - (steps[rows, reached] - goal) * unit[rows, reached]
    open_before = steps - supply - free_before
    useless = short | (free == 0.0) | (open_before >= demand)
    first = np.empty_like(unit)
    first[rows, order] = np.where(useless, np.inf, filled - free_cost_before)
    given = np.clip(demand - open_before, 0.0, supply - free)
    base = np.where(given.sum(axis=1) < region.demand, np.inf, (given * unit).sum(axis=1))
    return base, first[:, :m]


def shift_fixed(region: Region, prices: Array) -> tuple[Array, Array]:
    """Move fixed costs onto the units of items that a facility can serve in part only.

    A facility that gives one of its ``a`` steps of an item is charged 1/a of a share of its fixed
    cost, so a plan never pays more than before, and bounds that count each item once notice
    that an item needs several facilities.

    :param prices: shape (I,): what a step of each item is about worth
    :return: fixed costs left (m,), unit costs (I, J)
    """
    supply = region.supply
    partly = (supply > 0.0) & (supply < region.demand[:, None])
    # The columns of missing share one fixed cost; it stays whole.
    last = len(region.facilities) - 1 if region.extra else len(region.columns)
    partly[:, last:] = False
    shares = np.where(partly, supply * np.maximum(prices[:, None] - region.unit, 0.0), 0.0)
    wanted = shares.sum(axis=0)
    m = len(region.facilities)
    given = np.minimum(wanted[:m], region.fixed)
    scale = np.zeros(len(wanted))
    np.divide(given, wanted[:m], out=scale[:m], where=wanted[:m] > 0.0)
    moved = np.divide(shares * scale, supply, out=np.zeros_like(shares), where=partly)
    return region.fixed - given, region.unit + moved


@dataclass(frozen=True, slots=True, eq=False)
class Relaxation:
    """A bound from prices, and what it says about each facility.

    :param bound: no plan in the region costs less
    :param prices: shape (I,): what a step of each item is worth
    :param reduced: shape (m,): what opening a facility costs beyond what it saves
    :param loose: the same bound if any number of facilities may be opened
    """

    bound: float
    prices: Array
    reduced: Array
    loose: float


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Facilities that cannot give all that they have: it takes room, and there is too little.

    :param columns: shape (c,): their columns in a region
    :param sizes: shape (I, c): room that a step of each item takes there
    :param room: shape (c,): how much there is
    :param ceiling: shape (I,): prices above these are no use
    """

    columns: NDArray[np.intp]
    sizes: Array
    room: Array
    ceiling: Array

    def fill(self, supply: Array, gain: Array) -> Array:
        """What each facility gives at most, the steps first that gain most for their room.

        :param supply: shape (I, J)
        :param gain: shape (I, J), not negative
        :return: shape (I, J)
        """
        offer, sizes = supply[:, self.columns], self.sizes
        dense = np.full(sizes.shape, np.inf)
        np.divide(gain[:, self.columns], sizes, out=dense, where=sizes > 0.0)
        order = np.argsort(-dense, axis=0, kind="stable")
        columns = np.arange(order.shape[1])
        needs = (offer * sizes)[order, columns]
        given = np.clip(self.room - (needs.cumsum(axis=0) - needs), 0.0, needs)
        spread = np.empty_like(given)
        spread[order, columns] = given
        taken = supply.copy()
        taken[:, self.columns] = np.divide(spread, sizes, out=offer, where=sizes > 0.0)
        return taken


def relax(
    region: Region,
    prices: Array,
    target: float,
    rounds: int,
    most: int | None = None,
    crowd: Crowd | None = None,
) -> Relaxation:
    """Raise the linear relaxation's bound by following its subgradients.

    Any prices give a bound: each item is sold at its price, and each facility pays its fixed cost
    only if what it gains covers that.

    :param prices: shape (I,): where to start
    :param target: cost of a known plan; the search stops once the bound exceeds it
    :param rounds: how many steps to try
    :param most: how many further facilities may be opened; None is any number
    :param crowd: facilities that cannot give all that they have
    """
    demand, supply, unit = region.demand, region.supply, region.unit
    best: Relaxation | None = None
    eager, stuck = 1.0, 0
    width = supply / demand[:, None]
    for _round in range(rounds):
        if crowd is not None:
            prices = np.minimum(prices, crowd.ceiling)
        gain = np.maximum(prices[:, None] - unit, 0.0)
        if crowd is not None:
            supply = crowd.fill(region.supply, gain)
            width = supply / demand[:, None]
        reduced = region.fixed - region.by_facility(np.add.reduce(supply * gain))
        loss = np.minimum(reduced, 0.0)
        bound = loose = region.paid + float(demand @ prices + loss.sum())
        losing = reduced < 0.0
        if most is not None:
            losing = _few(losing, reduced, region.opened, most)
            bound = region.paid + float(demand @ prices + loss[losing].sum())
        if best is None or bound > best.bound:
            best, stuck = Relaxation(bound, prices, reduced, loose), 0
            if bound > target:
                break
        else:
            stuck += 1
            if stuck == 3:
                eager, stuck, prices = eager / 2.0, 0, best.prices
                continue
        if region.extra:
            losing = np.concatenate([losing, np.repeat(losing[-1], region.extra)])
        columns = losing.nonzero()[0]
        slope = 1.0 - (width.take(columns, axis=1) * (gain.take(columns, axis=1) > 0.0)).sum(axis=1)
        steepness = float(slope @ slope)
        if steepness == 0.0:
            break
        stride = eager * max(target - bound, 1e-3 * abs(target)) / steepness
        prices = np.maximum(prices + stride * slope / demand, 0.0)
    assert best is not None
    return best


def _few(losing: Mask, reduced: Array, opened: Mask, most: int) -> Mask:
    """Which facilities a relaxation opens if only so many may be, besides the opened ones."""
    free = losing & ~opened
    if np.count_nonzero(free) <= most:
        return losing
    kept = losing & opened
    places = np.flatnonzero(free)
    kept[places[np.argsort(reduced[places], kind="stable")[:most]]] = True
    return kept
