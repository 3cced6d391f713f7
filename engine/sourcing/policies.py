"""Simple rules that shops use, giving the same kind of plan as the exact search.

They are here to be compared with, and to be had by those who want them. None looks at costs: a
plan's cost and its unproven state say how far the rule is from the best.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .plan import SourcingPlan, build_plan
from .problem import Array, SourcingProblem

Policy = Callable[[SourcingProblem, ArrayLike], SourcingPlan]


def nearest(problem: SourcingProblem, distance: ArrayLike) -> SourcingPlan:
    """Serve each line from the nearest site that has its product, then the next nearest.

    :param distance: shape (S,): from each site to the customer, in any unit
    :raises ValueError: the distances do not fit the sites
    """
    desk = _Desk(problem, distance)
    desk.take_from(desk.nearest_first)
    return desk.plan()


def whole_order_first(problem: SourcingProblem, distance: ArrayLike) -> SourcingPlan:
    """Serve the order from the nearest site that has all of it, else by :func:`nearest`.

    :param distance: shape (S,): from each site to the customer, in any unit
    :raises ValueError: the distances do not fit the sites
    """
    desk = _Desk(problem, distance)
    able = desk.coverage() == problem.demand_steps @ problem.rounding
    if able.any():
        desk.take_from([next(site for site in desk.nearest_first if able[site])])
    else:
        desk.take_from(desk.nearest_first)
    return desk.plan()


def fewest_sites(problem: SourcingProblem, distance: ArrayLike) -> SourcingPlan:
    """Open the site that covers most units of what is left, nearest among equals, until done.

    :param distance: shape (S,): from each site to the customer, in any unit
    :raises ValueError: the distances do not fit the sites
    """
    desk = _Desk(problem, distance)
    while True:
        covered = desk.coverage()
        most = covered.max(initial=0.0)
        if most <= 0.0:
            return desk.plan()
        desk.take_from([next(site for site in desk.nearest_first if covered[site] == most)])


POLICIES: dict[str, Policy] = {
    "nearest": nearest,
    "whole_order_first": whole_order_first,
    "fewest_sites": fewest_sites,
}


class _Desk:
    """An order being filled by hand: what is still wanted, and what each site still has."""

    def __init__(self, problem: SourcingProblem, distance: ArrayLike) -> None:
        away = np.asarray(distance, dtype=float)
        if away.shape != (len(problem.sites),):
            raise ValueError(f"{len(problem.sites)} distances are needed, not {away.shape}.")
        self.problem = problem
        self.nearest_first: list[int] = np.argsort(away, kind="stable").tolist()
        self.steps = np.zeros(problem.stock.shape)
        self._wanted = problem.demand_steps.copy()
        self._stock = problem.stock_steps.copy()

    def take_from(self, sites: list[int]) -> None:
        """Fill the lines one by one, each from the given sites in turn."""
        for rows in self.problem.lines_by_product:
            for row in rows:
                left = self._stock[row, sites]
                share = np.clip(self._wanted[row] - (left.cumsum() - left), 0.0, left)
                self.steps[row, sites] += share
                self._wanted[row] -= share.sum()
                self._stock[np.ix_(rows, sites)] -= share

    def coverage(self) -> NDArray[np.float64]:
        """Units of what is still wanted that each site could give, shape (S,)."""
        total = np.zeros(len(self.problem.sites))
        for rows in self.problem.lines_by_product:
            wanted = self._wanted[list(rows)].sum()
            total += np.minimum(self._stock[rows[0]], wanted) * self.problem.rounding[rows[0]]
        return total

    def plan(self) -> SourcingPlan:
        """What was taken."""
        return build_plan(self.problem, self.steps, lower_bound=self._bound())

    def _bound(self) -> float:
        """A cost that no plan can be below: each line at its cheapest, and one parcel."""
        problem = self.problem
        held = problem.stock_steps > 0.0
        each = np.where(held, problem.per_unit, np.inf).min(axis=1, initial=np.inf)
        each = np.minimum(each, problem.missing.per_unit)
        useful: Array = problem.per_parcel[held.any(axis=0)]
        first = min(useful.min(initial=np.inf), problem.missing.per_order)
        return float(problem.quantities @ each + first)
