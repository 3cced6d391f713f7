"""Branch and bound over the set of sites that a plan opens.

Given the set, the best plan is plain: every item is filled from the cheapest opened site up. So
the search is for the set alone. A region of it is bounded by the linear relaxation, whose prices
also rule out most sites; by covering whole items (exact unless a site has a part of what is
asked); and by covering again after the prices have moved fixed costs onto units. As soon as few
sets of sites are left, each is tried.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .bounds import Region, Relaxation, item_costs, relax, shift_fixed
from .incumbent import Incumbent, Mask
from .problem import Array
from .reduction import Core
from .subsets import MOST_ITEMS, Cover
from .trial import sets_within, try_sets

MOST_REGIONS = 20_000
"""How many regions are looked at before the search settles for the best found."""

MOST_ENUMERATED = 60
"""With so few undecided facilities, it is worth looking how many sets of them are left."""

LAST_SETS = 16_000
ROOT_STAGES = ((4, 300), (12, 1_000), (20, 8_000))
CHILD_STAGES = ((6, 1_000), (12, 4_000))
"""Steps of the relaxation, and how many sets it may leave to be tried one by one."""

CHEAP_COVER = 60_000
"""Covering first pays up to this size of its table; above, the relaxation first thins out sites."""

REPAIR_EVERY = 8
"""In how many regions one incomplete set of sites is made into a plan."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a search found.

    :param facilities: what the best plan opens, ascending; the number of sites means missing
    :param given: shape (I, n + T): steps
    :param cost: cost of the plan, with the hairs of the tie rule
    :param bound: no plan costs less, with the hairs
    :param proven: the plan is the best one
    """

    facilities: tuple[int, ...]
    given: Array
    cost: float
    bound: float
    proven: bool


class Search:
    """One search; see :meth:`run`.

    :param core: the reduced problem
    :param time_limit: seconds after which to settle for the best found
    :param cutoff: plans that do not cost less than this are of no interest
    :param most_regions: how many regions to look at before settling for the best found
    """

    def __init__(
        self,
        core: Core,
        time_limit: float | None = None,
        cutoff: float = np.inf,
        most_regions: int = MOST_REGIONS,
    ) -> None:
        self.core = core
        self._most_regions = most_regions
        self.best = Incumbent(core, cutoff)
        self.regions = 0
        self._deadline = None if time_limit is None else time.perf_counter() + time_limit
        self._pushed = 0
        self._queue: list[tuple[float, int, Mask, Mask, Array | None]] = []

    def run(self, opened: Iterable[int] = (), closed: Iterable[int] = ()) -> Result | None:
        """Find the best set of facilities.

        :param opened: facilities that are open already
        :param closed: sites that must stay closed
        :return: None if no plan costs less than the cutoff
        """
        n_facilities = self.core.n_sites + 1
        is_open, is_closed = np.zeros((2, n_facilities), dtype=bool)
        is_open[list(opened)] = True
        is_closed[list(closed)] = True
        if self.core.fixed[-1] == 0.0:
            is_open[-1] = True
        single = self.best.offer_single(is_open, is_closed)
        self._queue = [] if single else [(-np.inf, 0, is_open, is_closed, None)]
        bound = np.inf
        while self._queue:
            if self._out_of_time():
                bound = self._queue[0][0]
                break
            lower, _number, is_open, is_closed, prices = heapq.heappop(self._queue)
            if lower > self.best.limit:
                break
            self.regions += 1
            self._examine(is_open.copy(), is_closed.copy(), lower, prices)
        best = self.best
        if best.facilities is None:
            return None
        bound = min(bound, best.cost)
        return Result(
            tuple(best.facilities), best.given, best.cost, bound, bound >= best.cost - best.slack
        )

    def _out_of_time(self) -> bool:
        if self.regions >= self._most_regions:
            return True
        # The first region is always looked at, so that there is a plan and a bound.
        return (
            self.regions > 0 and self._deadline is not None and time.perf_counter() > self._deadline
        )

    def _examine(self, is_open: Mask, is_closed: Mask, lower: float, prices: Array | None) -> None:
        """Bound a region, look for better plans in it, and queue what is left of it."""
        core = self.core
        node = _Node(is_open, is_closed, lower)
        small = len(core.demand) <= MOST_ITEMS
        covered = False
        stages = CHILD_STAGES
        if prices is None:
            self.best.gather(node.opened, node.closed)
            prices, stages = self.best.prices(), ROOT_STAGES
        for stage, (rounds, most) in enumerate(stages):
            region = Region.of(core, node.opened, node.closed)
            relaxed = relax(region, prices, self.best.limit + self.best.slack, rounds)
            prices = relaxed.prices
            if self._fix(node, region, relaxed) or self._enumerate(node, region, relaxed, most):
                return
            if stage == 0 and small and self._is_cheap(node):
                covered = True
                if self._cover(node, None) or self._enumerate(node, region, relaxed, most):
                    return
                if node.only_ties:
                    break
        for given_prices in ([prices] if covered else [prices, None]) if small else ():
            if node.only_ties or (given_prices is None and not self._is_cheap(node)):
                break
            if self._cover(node, given_prices):
                return
            if self._enumerate(node, region, relaxed, LAST_SETS):
                return
        self._branch(node, prices)

    def _is_cheap(self, node: _Node) -> bool:
        left = np.count_nonzero(~(node.opened | node.closed))
        return left << len(self.core.demand) <= CHEAP_COVER

    def _cover(self, node: _Node, prices: Array | None) -> bool:
        """Bound a region by covering whole items, and try the sites that this opens.

        :param prices: shape (I,): if given, fixed costs are shared out among units first
        :return: nothing is left to look for in the region
        """
        region = Region.of(self.core, node.opened, node.closed)
        if prices is None:
            fixed, unit = region.fixed, region.unit
        else:
            fixed, unit = shift_fixed(region, prices)
        base, first = item_costs(region, unit)
        free = np.flatnonzero(~region.opened)
        names = region.facilities[free]
        costs = np.concatenate([base[:, None], first.take(free, axis=1)], axis=1)
        cover = Cover(np.concatenate([[0.0], fixed[free]]), costs)
        bound = region.paid + cover.cost
        node.lower = max(node.lower, bound)
        if bound > self.best.limit:
            return True
        choice = cover.choice() - 1
        served = choice >= 0
        opened = node.opened.copy()
        opened[names[choice[served]]] = True
        offered = self.best.offer(opened)
        through = region.paid + cover.through()[1:]
        hopeless = through > self.best.limit
        node.closed[names[hopeless]] = True
        relevant = names[~hopeless]
        if bound >= self.best.cost - self.best.slack:
            # No cheaper plan here; there may be one that the tie rule prefers.
            node.only_ties = True
            node.pick = int(relevant[0]) if len(relevant) else None
            return node.pick is None or not self.best.may_lose_to(node.opened, relevant)
        node.pick = None
        if served.any():
            item_cost = np.where(offered.short, self.best.cost, offered.costs)
            doubt = np.zeros(len(names))
            rows = np.flatnonzero(served)
            bounded = first[rows, free[choice[rows]]]
            np.add.at(doubt, choice[rows], item_cost[rows] - bounded)
            doubt[choice[rows]] += region.fixed[free[choice[rows]]] - fixed[free[choice[rows]]]
            chosen = np.unique(choice[rows])
            node.pick = int(names[chosen[np.argmax(doubt[chosen])]])
        return False

    def _fix(self, node: _Node, region: Region, relaxed: Relaxation) -> bool:
        """Decide the facilities that the relaxation decides.

        :return: nothing is left to look for in the region
        """
        limit = self.best.limit
        node.lower = max(node.lower, relaxed.bound)
        if relaxed.bound > limit:
            return True
        free = ~region.opened
        worse = relaxed.bound + np.abs(relaxed.reduced) > limit
        node.closed[region.facilities[free & worse & (relaxed.reduced > 0.0)]] = True
        node.opened[region.facilities[free & worse & (relaxed.reduced < 0.0)]] = True
        names = np.flatnonzero(~node.opened & ~node.closed)
        if not len(names):
            self.best.offer(node.opened)
            return True
        if len(self.core.demand) > MOST_ITEMS:
            reduced = np.full(len(node.opened), np.inf)
            reduced[region.facilities] = relaxed.reduced
            node.pick = int(names[np.argmin(reduced[names])])
            opened = node.opened | (reduced < 0.0) & ~node.closed
            self.best.offer(opened)
            if self.regions % REPAIR_EVERY == 1:
                self.best.repair(opened, node.closed)
        return False

    def _enumerate(self, node: _Node, region: Region, relaxed: Relaxation, most: int) -> bool:
        """Try every set of sites that the relaxation leaves in a region, if they are few.

        :param most: how many sets are few
        :return: the region has been dealt with
        """
        free = np.flatnonzero(~(node.opened | node.closed))
        if len(free) > MOST_ENUMERATED:
            return False
        reduced = np.zeros(self.core.n_sites + 1)
        reduced[region.facilities] = relaxed.reduced
        # Smallest first: if there are too many sets, that shows early.
        free = free[np.argsort(np.abs(reduced[free]), kind="stable")]
        sets = sets_within(reduced[free], self.best.limit - relaxed.bound, most)
        if sets is None:
            return False
        try_sets(self.best, node.opened, free, sets)
        return True

    def _branch(self, node: _Node, prices: Array | None) -> None:
        """Queue the two halves of a region: with a site opened, and without it."""
        pick = node.pick
        if pick is None or node.opened[pick] or node.closed[pick]:
            left = np.flatnonzero(~node.opened & ~node.closed)
            if not len(left):
                self.best.offer(node.opened)
                return
            pick = int(left[0])
        core = self.core
        opened, closed = node.opened.copy(), node.closed.copy()
        opened[pick] = closed[pick] = True
        if pick < core.n_sites:
            # Whatever the picked site does at least as well never comes instead of it.
            others = np.flatnonzero(~node.opened[:-1] & ~closed[:-1])
            fixed, picked = core.fixed[others], core.fixed[pick]
            weaker = (fixed > picked) | ((fixed == picked) & (others > pick))
            others = others[weaker]
            column = slice(pick, pick + 1)
            supply = core.supply[:, others]
            weaker = (core.unit[:, others] >= core.unit[:, column]) | (supply == 0.0)
            weaker &= supply <= core.supply[:, column]
            closed[others[weaker.all(axis=0)]] = True
        self._pushed += 2
        push = heapq.heappush
        push(self._queue, (node.lower, -self._pushed, opened, node.closed, prices))
        push(self._queue, (node.lower, 1 - self._pushed, node.opened, closed, prices))


@dataclass(slots=True, eq=False)
class _Node:
    """A region under examination: shape (n + 1,) masks that this may tighten."""

    opened: Mask
    closed: Mask
    lower: float
    pick: int | None = None
    only_ties: bool = False
