"""The exact search for the cheapest plan of one order that keeps to limits.

Branch and bound over the set of sites, as without limits, in two worlds: everything is filled, or
something is missing and its penalty paid. Bounds come from a view of the problem in which limits
that couple several lines are relaxed; how good a set of sites really is, is worked out exactly.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .bounds import Region, Relaxation, item_costs, relax, shift_fixed
from .fitting import MOST_NODES
from .incumbent import Mask
from .limited_cover import LimitedCover, sums_of_sets
from .limited_incumbent import LimitedIncumbent
from .nodes import Node
from .problem import Array
from .rules import Rules
from .subsets import MOST_ITEMS
from .trial import price_sets, sets_within
from .views import View, budget_prices
from .whole_fit import look_at_whole

MOST_REGIONS = 20_000
"""How many regions are looked at before the search settles for the best found."""

MOST_ENUMERATED = 40
"""With so few undecided sites, it is worth looking how many sets of them are left."""

STAGES = ((6, 200), (14, 1_500), (24, 6_000))
"""Steps of the relaxation, and how many sets it may leave to be priced."""

CHEAP_COVER = 60_000
"""Covering before the relaxation has thinned out sites pays up to this size of its table."""

WHOLE_AFTER = 200
"""After so many regions each is also bounded by quantities in whole steps."""

TIE_REGIONS = 12
"""So long plans that cost the same are told apart where a budget binds."""

FEW_FITS = 48
"""So many sets of sites are worked out one by one rather than bounded further."""


@dataclass(frozen=True, slots=True, eq=False)
class LimitedResult:
    """What a search found.

    :param given: shape (L, n): steps
    :param cost: cost of the plan, with the hairs of the tie rule
    :param bound: no plan costs less, with the hairs
    :param proven: the plan is the best one
    """

    given: Array
    cost: float
    bound: float
    proven: bool


class LimitedSearch:
    """One search; see :meth:`run`.

    :param rules: the problem
    :param deadline: when to settle for the best found
    :param cutoff: plans that do not cost less than this are of no interest
    :param needed: a site that must give at least one step
    :param first: sets of sites to try first
    :param most_regions: how many regions to look at before settling for the best found
    :param most_nodes: the same for the quantities of one set of sites
    """

    def __init__(
        self,
        rules: Rules,
        deadline: float | None = None,
        *,
        cutoff: float = np.inf,
        needed: int | None = None,
        first: Iterable[list[int]] = (),
        most_regions: int = MOST_REGIONS,
        most_nodes: int = MOST_NODES,
    ) -> None:
        self.rules = rules
        self.regions = 0
        self.complete = False
        self._most_regions = most_regions
        self._needed = needed
        self._first = list(first)
        self._deadline = deadline
        # Prices of a budget hide how much must be missing, which is all that counts where no cost
        # comes up to the penalty of a step.
        dearest = float(rules.unit.max(initial=0.0) + rules.core.fixed.max(initial=0.0))
        self._whole_after = 0 if rules.penalty.min(initial=np.inf) > dearest else WHOLE_AFTER
        self.best = LimitedIncumbent(
            rules,
            deadline,
            cutoff=cutoff,
            needed=needed,
            most_nodes=most_nodes,
            by_missing=self._whole_after == 0 and bool(rules.caps),
        )
        self._queue: list[tuple[float, int, Node]] = []
        self._pushed = 0

    def run(self, closed: Iterable[int] = ()) -> LimitedResult | None:
        """Find the best plan.

        :param closed: sites that must stay closed
        :return: None if no plan costs less than the cutoff
        """
        rules = self.rules
        best = self.best
        if self._needed is None:
            best.offer_nothing()
        is_closed = np.zeros(rules.core.n_sites + 1, dtype=bool)
        is_closed[list(closed)] = True
        for missing in (False, True):
            self._start(missing, is_closed.copy())
        bound = np.inf
        while self._queue:
            if self._out_of_time():
                bound = self._queue[0][0]
                break
            lower, _number, node = heapq.heappop(self._queue)
            if lower > best.limit:
                break
            self.regions += 1
            self._examine(node)
        bound = min(bound, best.work_out())
        self.complete = bound >= best.cost - best.slack
        if best.given is None:
            return None
        bound = min(bound, best.cost)
        proven = bound >= best.cost - best.slack
        return LimitedResult(best.given, best.cost, float(bound), bool(proven))

    def _out_of_time(self) -> bool:
        if self.regions >= self._most_regions:
            return True
        # The first regions are always looked at, so that there is a plan and a bound.
        return (
            self.regions > 1 and self._deadline is not None and time.perf_counter() > self._deadline
        )

    def _start(self, missing: bool, closed: Mask) -> None:
        """Queue one of the two worlds."""
        rules = self.rules
        paid = rules.core.fixed[-1] == 0.0 and rules.min_value <= 0.0 and not rules.whole_order
        if not missing and paid:
            return  # The other world holds everything that this one does.
        for sites in self._first:
            self.best.offer(missing, sites, -np.inf)
        lower, steps, whole = -np.inf, 0.0, None
        if self._whole_after == 0 and self._needed is None:
            whole = look_at_whole(rules, missing=missing, deadline=self._deadline, closed=closed)
        if whole is not None:
            self.best.offer(missing, whole.sites, whole.bound)
            lower, steps = whole.bound, whole.least_missing
            if self._is_enough(lower):
                return
        view = View.with_missing(rules, steps) if missing else View.of(rules, missing=False)
        if not view.can_fill:
            return
        closed[:-1] |= ~(view.core.supply[:, :-1] > 0.0).any(axis=0)
        closed[-1] = not missing
        opened = np.zeros(len(closed), dtype=bool)
        opened[-1] = missing
        if self._needed is not None:
            if closed[self._needed]:
                return
            opened[self._needed] = True
        node = Node(view, opened, closed, lower)
        if rules.caps:
            region = Region.of(view.core, opened, closed)
            prices = budget_prices(view, region, self.best.given, self.best.target, node.left)
            if prices.any():
                node.view = view.priced(prices)
        self._push(node)

    def _push(self, node: Node) -> None:
        self._pushed += 1
        heapq.heappush(self._queue, (node.lower, -self._pushed, node))

    # One region.

    def _examine(self, node: Node) -> None:
        """Bound a region, look for better plans in it, and queue what is left of it."""
        view = node.view
        if not self._settle(node):
            return
        small = len(view.lines) <= MOST_ITEMS
        prices = node.prices if node.prices is not None else view.first_prices(self.best.given)
        covered = False
        for rounds, most in STAGES:
            region = Region.of(view.core, node.opened, node.closed)
            target = self.best.target - view.offset + self.best.slack
            crowd = view.crowd(region)
            relaxed = relax(region, prices, target, rounds, node.left, crowd)
            prices = node.prices = relaxed.prices
            if self._fix(node, region, relaxed):
                return
            if small and not covered and self._is_cheap(node):
                covered = True
                if self._cover(node, None):
                    return
            if self._enumerate(node, region, relaxed, most):
                return
        if small:
            if self._cover(node, prices) or (not covered and self._cover(node, None)):
                return
            if self._enumerate(node, region, relaxed, STAGES[-1][1]):
                return
        if not self._look_at_whole(node):
            self._branch(node)

    def _look_at_whole(self, node: Node) -> bool:
        """Bound a region by quantities in whole steps, if there are budgets.

        :return: nothing is left to look for in the region, but for what counts as equal
        """
        if self.regions <= self._whole_after:
            return False
        whole = look_at_whole(
            self.rules,
            missing=node.view.missing,
            deadline=self._deadline,
            opened=node.sites,
            closed=node.closed,
        )
        if whole is None:
            return False
        node.lower = max(node.lower, whole.bound)
        self.best.offer(node.view.missing, sorted({*node.sites, *whole.sites}), node.lower)
        if whole.pick is not None:
            node.pick = whole.pick
        return self._is_enough(node.lower)

    def _is_enough(self, lower: float) -> bool:
        """Whether nothing above a bound is cheaper by more than what counts as equal.

        Then there may be a plan that the tie rule prefers. It is looked for a while, unless there
        are no costs of sites that would bring the bounds near to it.
        """
        core = self.rules.core
        if lower < self.best.cost - core.hairs:
            return False
        return self.regions >= TIE_REGIONS or float(core.fixed[:-1].max()) <= core.hairs

    def _settle(self, node: Node) -> bool:
        """Work out the opened sites alone.

        :return: more sites may be opened
        """
        opened = node.sites
        if opened:
            self.best.offer(node.view.missing, opened, node.lower)
        if node.left <= 0:
            return False
        return bool(node.undecided)

    def _is_cheap(self, node: Node) -> bool:
        return len(node.undecided) << len(node.view.lines) <= CHEAP_COVER

    def _fix(self, node: Node, region: Region, relaxed: Relaxation) -> bool:
        """Decide the sites that the relaxation decides.

        :return: nothing is left to look for in the region
        """
        offset, limit = node.view.offset, self.best.limit
        bound = relaxed.bound + offset
        node.lower = max(node.lower, bound)
        if bound > limit:
            return True
        free = ~region.opened
        reduced = relaxed.reduced
        node.closed[region.facilities[free & (reduced > 0.0) & (bound + reduced > limit)]] = True
        # Once the opened ones are worked out, only plans with another site are left.
        least = float(np.maximum(reduced[free], 0.0).min(initial=np.inf))
        node.lower = max(node.lower, min(bound + least, limit + 1.0))
        opens = free & (reduced < 0.0) & (relaxed.loose + offset - reduced > limit)
        if opens.any() and node.left >= np.count_nonzero(opens):
            node.opened[region.facilities[opens]] = True
            return not self._settle(node)
        if opens.any():
            return True
        if not node.undecided:
            return True
        losing = region.facilities[free & (reduced < 0.0)]
        if len(losing):
            order = np.argsort(reduced[free & (reduced < 0.0)], kind="stable")
            chosen = losing[order[: node.left]].tolist()
            self.best.offer(
                node.view.missing,
                sorted([*node.sites, *chosen]),
                node.lower,
            )
        return False

    def _cover(self, node: Node, prices: Array | None) -> bool:
        """Bound a region by covering whole items, and work out the sites that this opens.

        :param prices: shape (k,): if given, fixed costs are shared out among units first
        :return: nothing is left to look for in the region
        """
        view = node.view
        region = Region.of(view.core, node.opened, node.closed)
        if prices is None:
            fixed, unit = region.fixed, region.unit
        else:
            fixed, unit = shift_fixed(region, prices)
        base, first = item_costs(region, unit)
        free = np.flatnonzero(~region.opened)
        names = region.facilities[free]
        table = sums_of_sets(fixed[free], first.take(free, axis=1))
        extra = view.together(names)
        if extra is not None:
            table += extra
        cover = LimitedCover(base, table, node.left)
        paid, limit = region.paid + view.offset, self.best.limit
        opened = node.sites
        through = paid + cover.through()
        # The opened sites alone have been worked out: at least one more is opened.
        node.lower = max(node.lower, float(through.min(initial=np.inf)))
        if node.lower > limit:
            return True
        choice = cover.choice()
        chosen = np.unique(choice[choice >= 0])
        if not len(chosen):
            chosen = np.array([int(np.argmin(through))])
        self.best.offer(view.missing, sorted([*opened, *names[chosen].tolist()]), node.lower)
        node.closed[names[through > self.best.limit]] = True
        node.pick = int(names[chosen[np.argmin(through[chosen])]])
        if node.lower >= self.best.cost - self.best.slack:
            # No cheaper plan here; there may be one that the tie rule prefers.
            return not node.may_lose_to(self.best.used)
        return not node.undecided

    def _enumerate(self, node: Node, region: Region, relaxed: Relaxation, most: int) -> bool:
        """Work out every set of sites that the relaxation leaves in a region, if they are few.

        :param most: how many sets are few enough to be priced
        :return: the region has been dealt with
        """
        view = node.view
        free = np.flatnonzero(~(node.opened | node.closed))
        if len(free) > MOST_ENUMERATED:
            return False
        reduced = np.zeros(len(node.opened))
        reduced[region.facilities] = relaxed.reduced
        free = free[np.argsort(np.abs(reduced[free]), kind="stable")]
        limit = self.best.limit - view.offset
        sets = sets_within(reduced[free], limit - relaxed.loose, most)
        if sets is None:
            return False
        sizes = sets.sum(axis=1)
        sets = sets[(sizes > 0) & (sizes <= node.left)]
        if not len(sets):
            return True
        costs, rows = price_sets(view.core, limit, node.opened, free, sets)
        if len(rows) > FEW_FITS:
            return False
        opened = node.sites
        for place in np.argsort(costs, kind="stable").tolist():
            bound = float(costs[place]) + view.offset
            if bound > self.best.limit:
                break
            more = free[sets[rows[place]] == 1].tolist()
            self.best.offer(view.missing, sorted(opened + more), bound)
        return True

    def _branch(self, node: Node) -> None:
        """Queue the two halves of a region: with a site opened, and without it."""
        left = node.undecided
        if left:
            for child in node.halves(node.pick if node.pick in left else left[0]):
                self._push(child)
