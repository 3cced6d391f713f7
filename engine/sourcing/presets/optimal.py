"""Strategies that find the best plan for one aim, then for the next, by the exact search.

Apart from *balanced* and *cheapest*, which weigh what is missing against costs as the problem
says, they all fill as much as there is stock for.
"""

from __future__ import annotations

import bisect
import dataclasses

import numpy as np

from ..plan import SourcingPlan
from ..problem import Array, SourcingProblem
from ..solver import solve
from .desk import Desk
from .facts import Facts
from .within import distances

CARRIER_PARTS = ("parcel", "distance", "weight")
"""Cost parts that are paid to a carrier."""
PICKING_PARTS = ("handling",)
"""Cost parts that a site pays for its work."""


def balanced(
    problem: SourcingProblem, facts: Facts, *, time_limit: float | None = None
) -> SourcingPlan:
    """The cheapest plan by all costs as they are given; facts are not looked at."""
    return solve(problem, time_limit=time_limit)


def cheapest(
    problem: SourcingProblem, facts: Facts, *, time_limit: float | None = None
) -> SourcingPlan:
    """The cheapest plan by what carriers and picking cost; facts are not looked at.

    Other parts (carbon, lateness, scarcity …) are added up in the plan's cost, but decide nothing.
    """
    counted = CARRIER_PARTS + PICKING_PARTS
    parts = tuple(part for part in problem.parts if part.name in counted)
    found = solve(dataclasses.replace(problem, parts=parts), time_limit=time_limit)
    desk = Desk(problem)
    desk.add(found)
    # Whatever a part leaves out makes a plan cheaper, so this bound holds for all parts too.
    return desk.plan(found.lower_bound)


def fastest(
    problem: SourcingProblem, facts: Facts, *, time_limit: float | None = None
) -> SourcingPlan:
    """The order is complete as early as can be: the last parcel counts. Then cost.

    Looks at ``days``; sites whose days are not known count as the slowest. Where some of the
    order cannot be had at all, it is complete when the rest is.
    """
    days = facts.for_problem(problem).days
    days = np.where(np.isnan(days), np.inf, days)
    goal = Desk(problem).fillable()

    def is_enough(deadline: float) -> bool:
        return bool((Desk(problem, days <= deadline).fillable() >= goal).all())

    deadlines = np.unique(days).tolist()
    first = bisect.bisect_left(deadlines, True, key=is_enough)
    desk = Desk(problem, days <= deadlines[first], time_limit)
    desk.fill(problem.per_parcel, problem.per_unit)
    return desk.plan()


def greenest(
    problem: SourcingProblem, facts: Facts, *, time_limit: float | None = None
) -> SourcingPlan:
    """As little carbon as can be, then cost.

    Looks at ``carbon_per_unit``.
    """
    return _by_unit(problem, facts.for_problem(problem).carbon_per_unit, time_limit)


def ship_from_store_first(
    problem: SourcingProblem, facts: Facts, *, time_limit: float | None = None
) -> SourcingPlan:
    """Every unit that a store has comes from a store, the rest from elsewhere; then cost.

    Looks at ``is_store``.
    """
    is_store = facts.for_problem(problem).is_store
    elsewhere = np.tile(np.where(is_store, 0.0, 1.0), (len(problem.lines), 1))
    return _by_unit(problem, elsewhere, time_limit)


def fewest_splits(
    problem: SourcingProblem, facts: Facts, *, time_limit: float | None = None
) -> SourcingPlan:
    """From as few sites as can be; among sets of as many, the one that is nearest on average.

    Finds what enumerating sets of 1, 2, … sites until some of them cover the order would find,
    as Salesforce routes, without a limit to the number of sets. Within the set the nearest site
    gives first. Looks at ``kilometers``; sites without a known place count as farther than all.
    """
    km = distances(facts.for_problem(problem))
    chosen = Desk(problem, time_limit=time_limit)
    chosen.fill_fewest(km, np.zeros(problem.stock.shape))
    desk = Desk(problem)
    used = chosen.steps.any(axis=0)
    desk.take_from([site for site in np.argsort(km, kind="stable").tolist() if used[site]])
    return desk.plan()


def _by_unit(problem: SourcingProblem, amounts: Array, time_limit: float | None) -> SourcingPlan:
    """Take each product where it takes least of something; costs decide between equals.

    Per product the sites are known that are used up, and those of which it does not matter, but
    for costs, how much each of them gives.

    :param amounts: shape (L, S): what a unit takes, equal for lines with the same product
    """
    desk = Desk(problem, time_limit=time_limit)
    goal = desk.fillable()
    for rows in problem.lines_by_product:
        held = desk.stock[rows[0]]
        wanted = goal[list(rows)].sum()
        order = [site for site in np.argsort(amounts[rows[0]], kind="stable") if held[site] > 0.0]
        if not order or not wanted:
            continue
        takes = amounts[rows[0], order]
        reached = int(np.argmax(held[order].cumsum() >= wanted))
        last = takes[reached]
        # Amounts that differ by the noise of floating point are equal.
        noise = 1e-9 * max(abs(last), 1e-12)
        used_up = [site for site, taken in zip(order, takes, strict=True) if taken < last - noise]
        dearer = amounts[rows[0]] > last + noise
        desk.take_from(used_up, desk.dearest_first(rows))
        for row in rows:
            desk.stock[row, dearer] = 0.0
    desk.fill(problem.per_parcel, problem.per_unit)
    return desk.plan()
