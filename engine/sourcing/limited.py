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
from .fitting import MOST_NODES, Fit
from .incumbent import SLACK, Mask
from .limited_cover import LimitedCover, sums_of_sets
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

PATIENCE = 20
"""How many times as long to look in the end for quantities that were not found to be the best."""

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
        self.cost = cutoff
        self.given: Array | None = None
        self.regions = 0
        self.complete = False
        self._most_regions, self._most_nodes = most_regions, most_nodes
        self._needed = needed
        self._first = list(first)
        self._deadline = deadline
        self._used: list[int] | None = None
        # Prices of a budget hide how much must be missing, which is all that counts where no cost
        # comes up to the penalty of a step.
        dearest = float(rules.unit.max(initial=0.0) + rules.core.fixed.max(initial=0.0))
        self._whole_after = 0 if rules.penalty.min(initial=np.inf) > dearest else WHOLE_AFTER
        self._slack = SLACK * rules.core.scale
        self._same = self._slack / 16.0
        self._tried: set[tuple[bool, tuple[int, ...]]] = set()
        self._unfit: list[tuple[float, bool, tuple[int, ...]]] = []
        self._queue: list[tuple[float, int, Node]] = []
        self._pushed = 0

    @property
    def limit(self) -> float:
        """Bounds above this leave nothing to look for."""
        return self.cost + self._slack

    @property
    def _target(self) -> float:
        """How high bounds are worth being raised."""
        if np.isfinite(self.cost):
            return self.limit
        return self.rules.nothing + float(self.rules.core.fixed.max())

    def run(self, closed: Iterable[int] = ()) -> LimitedResult | None:
        """Find the best plan.

        :param closed: sites that must stay closed
        :return: None if no plan costs less than the cutoff
        """
        rules = self.rules
        if self._needed is None and rules.nothing < self.cost:
            self.cost, self.given, self._used = rules.nothing, np.zeros(rules.supply.shape), []
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
            if lower > self.limit:
                break
            self.regions += 1
            self._examine(node)
        bound = min(bound, self._work_out())
        self.complete = bound >= self.cost - self._slack
        if self.given is None:
            return None
        bound = min(bound, self.cost)
        proven = bound >= self.cost - self._slack
        return LimitedResult(self.given, self.cost, float(bound), bool(proven))

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
            self._offer(missing, sites, -np.inf)
        lower, steps, whole = -np.inf, 0.0, None
        if self._whole_after == 0 and self._needed is None:
            whole = look_at_whole(rules, missing=missing, deadline=self._deadline, closed=closed)
        if whole is not None:
            self._offer(missing, whole.sites, whole.bound)
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
            prices = budget_prices(view, region, self.given, self._target, node.left)
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
        prices = node.prices if node.prices is not None else view.first_prices(self.given)
        covered = False
        for rounds, most in STAGES:
            region = Region.of(view.core, node.opened, node.closed)
            target = self._target - view.offset + self._slack
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
        self._offer(node.view.missing, sorted({*node.sites, *whole.sites}), node.lower)
        if whole.pick is not None:
            node.pick = whole.pick
        return self._is_enough(node.lower)

    def _is_enough(self, lower: float) -> bool:
        """Whether nothing above a bound is cheaper by more than what counts as equal.

        Then there may be a plan that the tie rule prefers. It is looked for a while, unless there
        are no costs of sites that would bring the bounds near to it.
        """
        core = self.rules.core
        if lower < self.cost - core.hairs:
            return False
        return self.regions >= TIE_REGIONS or float(core.fixed[:-1].max()) <= core.hairs

    def _settle(self, node: Node) -> bool:
        """Work out the opened sites alone.

        :return: more sites may be opened
        """
        opened = node.sites
        if opened:
            self._offer(node.view.missing, opened, node.lower)
        if node.left <= 0:
            return False
        return bool(node.undecided)

    def _is_cheap(self, node: Node) -> bool:
        return len(node.undecided) << len(node.view.lines) <= CHEAP_COVER

    def _fix(self, node: Node, region: Region, relaxed: Relaxation) -> bool:
        """Decide the sites that the relaxation decides.

        :return: nothing is left to look for in the region
        """
        offset, limit = node.view.offset, self.limit
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
            self._offer(
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
        paid, limit = region.paid + view.offset, self.limit
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
        self._offer(view.missing, sorted([*opened, *names[chosen].tolist()]), node.lower)
        node.closed[names[through > self.limit]] = True
        node.pick = int(names[chosen[np.argmin(through[chosen])]])
        if node.lower >= self.cost - self._slack:
            # No cheaper plan here; there may be one that the tie rule prefers.
            return not node.may_lose_to(self._used)
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
        limit = self.limit - view.offset
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
            if bound > self.limit:
                break
            more = free[sets[rows[place]] == 1].tolist()
            self._offer(view.missing, sorted(opened + more), bound)
        return True

    def _work_out(self) -> float:
        """Look again at sets of sites that could not be worked out to the end.

        :return: a lower bound of those that still cannot
        """
        again, self._unfit = self._unfit, []
        for bound, missing, sites in sorted(again):
            if bound <= self.limit:
                self._tried.discard((missing, sites))
                self._offer(missing, list(sites), bound, PATIENCE)
        return min((bound for bound, _missing, _sites in self._unfit), default=np.inf)

    def _offer(self, missing: bool, sites: list[int], bound: float, patience: int = 1) -> None:
        """Work out a set of sites; keep its plan if it is better, or first among equals.

        :param bound: a known lower bound of the set
        :param patience: how many times as long as usual to look
        """
        if (
            not sites
            or len(sites) > self.rules.most_sites
            or (missing, tuple(sites)) in self._tried
        ):
            return
        self._tried.add((missing, tuple(sites)))
        fit = Fit(
            self.rules,
            sites,
            missing=missing,
            needed=self._needed,
            most_nodes=patience * self._most_nodes,
            by_missing=self._whole_after == 0 and bool(self.rules.caps),
        )
        found = fit.solve(self.cost + self._same, self._deadline)
        if not fit.proven:
            self._unfit.append((max(bound, fit.bound), missing, tuple(sites)))
        if found is None:
            return
        cost, given = found
        used = np.flatnonzero(given.any(axis=0)).tolist()
        if cost < self.cost - self._same or (
            cost <= self.cost + self._same and self._used is not None and used < self._used
        ):
            self.cost, self.given, self._used = cost, given, used

    def _branch(self, node: Node) -> None:
        """Queue the two halves of a region: with a site opened, and without it."""
        left = node.undecided
        if left:
            for child in node.halves(node.pick if node.pick in left else left[0]):
                self._push(child)
