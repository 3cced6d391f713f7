"""An order being filled step by step: what is still wanted, and what each site still has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..plan import SourcingPlan, build_plan, plan_steps
from ..problem import (
    STEP_TOLERANCE,
    Array,
    CostPart,
    MissingCost,
    OrderLine,
    SourcingProblem,
)
from ..solver import solve


class Desk:
    """An order being filled by a strategy.

    :param problem: what is to be filled
    :param usable: shape (S,) or (L, S): where stock may be taken from; by default everywhere
    :param time_limit: seconds after which a search settles for the best it found
    """

    steps: Array
    """What has been taken, in steps of each line's rounding, shape (L, S)."""
    wanted: Array
    """What each line still wants, in steps, shape (L,)."""
    stock: Array
    """What each site still has for each line, in steps, shape (L, S)."""

    def __init__(
        self,
        problem: SourcingProblem,
        usable: NDArray[np.bool_] | None = None,
        time_limit: float | None = None,
    ) -> None:
        self.problem = problem
        self.time_limit = time_limit
        self.steps = np.zeros(problem.stock.shape)
        self.wanted = problem.demand_steps.copy()
        self.stock = problem.stock_steps.copy()
        groups = problem.lines_by_product
        self._twins = {row: list(rows) for rows in groups for row in rows}
        if usable is not None:
            self.stock = np.where(usable, self.stock, 0.0)

    def keep(self, units: Array) -> None:
        """Ring-fence some units at each site, shape (L, S)."""
        problem = self.problem
        left = np.maximum(problem.stock - units, 0.0) / problem.rounding[:, None]
        free = np.floor(left + STEP_TOLERANCE) - (problem.stock_steps - self.stock)
        self.stock = np.clip(free, 0.0, self.stock)

    def fork(self) -> Desk:
        """An independent copy."""
        other = Desk.__new__(Desk)
        other.problem, other._twins = self.problem, self._twins
        other.time_limit = self.time_limit
        other.steps, other.wanted = self.steps.copy(), self.wanted.copy()
        other.stock = self.stock.copy()
        return other

    def take_from(self, sites: Sequence[int], rows: Iterable[int] | None = None) -> None:
        """Fill lines one by one, each from the given sites in turn.

        :param rows: which lines, in which order; by default all
        """
        for row in range(len(self.wanted)) if rows is None else rows:
            left = self.stock[row, sites]
            share = np.clip(self.wanted[row] - (left.cumsum() - left), 0.0, left)
            self.give(row, sites, share)

    def take_over(self, other: Desk) -> None:
        """Take what a fork of this desk took; what sites have left is counted here."""
        self._give_all(other.steps - self.steps)

    def give(self, row: int, sites: Sequence[int] | NDArray[np.intp], steps: Array) -> None:
        """Book what some sites give to a line, in steps."""
        self.steps[row, sites] += steps
        self.wanted[row] -= steps.sum()
        self.stock[np.ix_(self._twins[row], sites)] -= steps

    def dearest_first(self, rows: Sequence[int]) -> list[int]:
        """Lines of a product in the order in which they are served where costs decide."""
        penalty = self.problem.missing.per_unit
        return sorted(rows, key=lambda row: (-penalty[row], row))

    def coverage(self) -> Array:
        """Units of what is still wanted that each site could give, shape (S,)."""
        total = np.zeros(len(self.problem.sites))
        for rows in self.problem.lines_by_product:
            wanted = self.wanted[list(rows)].sum()
            total += np.minimum(self.stock[rows[0]], wanted) * self.problem.rounding[rows[0]]
        return total

    def able(self) -> NDArray[np.bool_]:
        """Which sites could give all that is still wanted, shape (S,)."""
        result = np.ones(len(self.problem.sites), dtype=bool)
        for rows in self.problem.lines_by_product:
            result &= self.stock[rows[0]] >= self.wanted[list(rows)].sum()
        return result

    def fillable(self) -> Array:
        """What of each line all sites together can still give, in steps, shape (L,).

        Of lines that share a product, the one that is dearest to miss comes first.
        """
        result = np.zeros(len(self.wanted))
        for rows in self.problem.lines_by_product:
            left = self.stock[rows[0]].sum()
            for row in self.dearest_first(rows):
                result[row] = min(self.wanted[row], left)
                left -= result[row]
        return result

    def fillable_wholly(self) -> Array:
        """Steps of the lines that can still be filled wholly, as much as can be, shape (L,)."""
        goal = np.zeros(len(self.wanted))
        for rows in map(list, self.problem.lines_by_product):
            goal[rows] = _whole_lines(self.wanted[rows], self.stock[rows[0]].sum())
        return goal

    def cover(self, order: Sequence[int]) -> None:
        """Open the site that covers most units of what is left until nothing more is to be had.

        :param order: the sites; the earlier one wins among equals
        """
        while True:
            covered = self.coverage()
            most = covered.max(initial=0.0)
            if most <= 0.0:
                return
            self.take_from([next(site for site in order if covered[site] == most)])

    def fill(self, per_parcel: Array, per_unit: Array) -> None:
        """Take what can be had in the way that costs least, leaving nothing out to save costs.

        Sites that give something already cost no parcel again.

        :param per_parcel: shape (S,)
        :param per_unit: shape (L, S)
        """
        goal = self.fillable()
        rows = np.flatnonzero(goal)
        if not len(rows):
            return
        problem = self.problem
        per_parcel = np.where(self.steps.any(axis=0), 0.0, per_parcel)
        rounding = problem.rounding[rows]
        # A plan that misses a step is dearer than this known one that misses none.
        known = self.fork()
        known.wanted = goal.copy()
        known.cover(range(len(problem.sites)))
        taken = known.steps - self.steps
        parcels = per_parcel[taken.any(axis=0)].sum()
        most = float(parcels + (taken * per_unit * problem.rounding[:, None]).sum())
        lines = [problem.lines[row] for row in rows.tolist()]
        self.add(
            solve(
                SourcingProblem(
                    lines=tuple(
                        OrderLine(line.key, line.product, quantity)
                        for line, quantity in zip(lines, goal[rows] * rounding, strict=True)
                    ),
                    sites=problem.sites,
                    stock=self.stock[rows] * rounding[:, None],
                    parts=(CostPart("cost", per_parcel, per_unit[rows]),),
                    missing=MissingCost(0.0, (2.0 * most + 1.0) / rounding),
                    rounding=rounding,
                ),
                time_limit=self.time_limit,
            )
        )

    def add(self, plan: SourcingPlan) -> None:
        """Take what a plan for the same lines and sites takes."""
        self._give_all(plan_steps(self.problem, plan))

    def _give_all(self, steps: Array) -> None:
        for row, sites in enumerate(map(np.flatnonzero, steps)):
            self.give(row, sites, steps[row, sites])

    def fill_fewest(self, per_parcel: Array, per_unit: Array, rank: Array | None = None) -> None:
        """Take what can be had from fewest sites, then at the lowest sum of ranks, then costs.

        One search finds all three: what a site costs, and then what a rank costs, is raised beyond
        whatever costs can differ by.

        :param per_parcel: shape (S,)
        :param per_unit: shape (L, S)
        :param rank: shape (S,): whole numbers
        """
        has_any = self.stock.any(axis=0)
        goal = self.fillable()
        if not goal.any():
            return
        greedy = self.fork()
        greedy.cover(range(len(has_any)))
        most_sites = int((greedy.steps - self.steps).any(axis=0).sum())
        units = goal * self.problem.rounding
        held = self.stock > 0.0
        dearest = np.where(held, per_unit, 0.0).max(axis=1, initial=0.0)
        cheapest = np.where(held, per_unit, np.inf).min(axis=1, initial=np.inf)
        cheapest[goal == 0.0] = 0.0
        differ = most_sites * float(per_parcel[has_any].max()) + float(units @ (dearest - cheapest))
        differ = differ * (1.0 + 1e-6) or 1.0
        ranks = (
            np.zeros(len(has_any)) if rank is None else np.maximum(rank - rank[has_any].min(), 0)
        )
        site = differ * (1.0 + most_sites * float(ranks[has_any].max()))
        self.fill(per_parcel + site + differ * ranks, per_unit)

    def plan(self, lower_bound: float = 0.0) -> SourcingPlan:
        """What was taken, with what it costs by the problem's own parts.

        :param lower_bound: a bound on the problem's cost that is known, if any
        """
        bound = max(lower_bound, simple_bound(self.problem))
        plan = build_plan(self.problem, self.steps, lower_bound=bound)
        if plan.cost > bound + 1e-9 * abs(bound):
            return plan
        return build_plan(self.problem, self.steps, lower_bound=None)


def simple_bound(problem: SourcingProblem) -> float:
    """A cost that no plan can be below: nothing, or one parcel and each line at its cheapest.

    What no site has is missing in any plan.
    """
    held = problem.stock_steps > 0.0
    each = np.where(held, problem.per_unit, np.inf).min(axis=1, initial=np.inf)
    each = np.minimum(each, problem.missing.per_unit)
    useful: Array = problem.per_parcel[held.any(axis=0)]
    # In whole steps: a sum of fractions can fall short by a hair.
    lacking = np.maximum(problem.demand_steps - problem.stock_steps.sum(axis=1), 0.0)
    short = lacking * problem.rounding
    missed = short @ problem.missing.per_unit + problem.missing.per_order * bool(short.any())
    shipped = (problem.quantities - short) @ each + missed + useful.min(initial=np.inf)
    shipped -= problem.waived
    nothing = problem.quantities @ problem.missing.per_unit + problem.missing.per_order
    return float(min(shipped, nothing))


def _whole_lines(wanted: Array, held: float) -> Array:
    """Which lines of a product to fill wholly, so that most is filled; the first of equals.

    :param wanted: shape (R,): steps of each line
    :param held: steps there are
    :return: shape (R,): the steps of those lines, 0 for the others
    """
    # Sums that can be filled, and the lines that make them up.
    sums: dict[float, tuple[int, ...]] = {0.0: ()}
    for position, steps in enumerate(wanted.tolist()):
        for filled, lines in list(sums.items()):
            if filled + steps <= held:
                sums.setdefault(filled + steps, (*lines, position))
    result = np.zeros(len(wanted))
    best = list(sums[max(sums)])
    result[best] = wanted[best]
    return result
