"""The exact search for the cheapest plan of one order."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from .limited import LimitedSearch
from .plan import SourcingPlan, build_plan, plan_steps
from .problem import SourcingProblem
from .reduction import line_steps, reduce
from .rules import Rules
from .search import Search
from .tariff_search import solve_with_tariff

FREE_REGIONS = 20
"""How long the search without limits may go on before the one with limits begins."""


def solve(problem: SourcingProblem, *, time_limit: float | None = None) -> SourcingPlan:
    """Find the cheapest plan of an order.

    Lines may be split over sites, or left missing in part, wherever that is cheaper. The search
    is exact and its result the same for the same problem, always. Two things may end it with the
    best plan found and a lower bound instead: a time limit, and a cap on the work, which orders
    may reach that must be pieced together from dozens of sites with a few units each. Whoever has
    somebody waiting should set a time limit.

    Of a problem with limits the plan keeps them all, and is just as exact. There always is one:
    giving nothing breaks no limit.

    Plans of equal cost are told apart by this rule: a plan that fills everything comes before one
    that does not, then the one with fewest sites, then the one with the lowest sum of site ranks,
    then the one whose first site (then second, and so on) comes earliest in the problem. Costs
    that differ by less than 1e-8 of a typical cost, per site, count as equal, so that the noise
    of floating point never decides. Where a budget binds, plans that cost the same so may stand for
    each other: which one it is depends on the problem alone, but it is not the rule that says it.

    :param time_limit: seconds after which the best plan found is good enough
    """
    if not problem.waived:
        return _search(problem, time_limit)
    # What is waived of the first parcel moves no choice between plans that ship something.
    charged = _search(problem.charging_all(), time_limit)
    if not charged.assignments:
        return _ship_after_all(problem, time_limit)
    bound = None if charged.proven else charged.lower_bound - problem.waived
    return build_plan(problem, plan_steps(problem, charged), lower_bound=bound)


def _search(problem: SourcingProblem, time_limit: float | None) -> SourcingPlan:
    """Find the cheapest plan of a problem that charges all parcels alike."""
    if problem.tariff is not None:
        return solve_with_tariff(problem, solve, time_limit)
    if not problem.limits.is_empty:
        return _solve_limited(problem, time_limit)
    core = reduce(problem)
    result = Search(core, time_limit).run()
    steps = line_steps(problem, core, result.given)
    bound = None if result.proven else float(result.bound) + core.sunk - core.hairs
    return build_plan(problem, steps, lower_bound=bound)


def _ship_after_all(problem: SourcingProblem, time_limit: float | None) -> SourcingPlan:
    """Look whether to ship something is better than nothing once the first parcel is cheaper.

    Found without charging any parcel for what is waived of the first: the best plan from one
    site, then from at most two, and so on, until what further parcels cost makes up for all that
    they could save.
    """
    deadline = None if time_limit is None else time.perf_counter() + time_limit
    parts = tuple(
        dataclasses.replace(part, per_parcel=np.zeros(len(problem.sites)), first_free=False)
        if part.first_free
        else part
        for part in problem.parts
    )
    free = dataclasses.replace(problem, parts=parts)
    widest = _search(free, time_limit)
    cheapest = build_plan(problem, np.zeros(problem.stock.shape), lower_bound=None)
    proven = widest.proven
    for most in range(1, len(widest.sites) + 1):
        found = widest
        if most < len(widest.sites):
            left = None if deadline is None else max(deadline - time.perf_counter(), 0.0)
            limits = dataclasses.replace(free.limits, max_sites=most)
            found = _search(dataclasses.replace(free, limits=limits), left)
        proven = proven and found.proven
        plan = build_plan(problem, plan_steps(problem, found), lower_bound=None)
        if plan.cost < cheapest.cost:
            cheapest = plan
        if widest.lower_bound + most * problem.waived >= cheapest.cost:
            break
    bound = None if proven else min(widest.lower_bound, cheapest.cost)
    return build_plan(problem, plan_steps(problem, cheapest), lower_bound=bound)


def _solve_limited(problem: SourcingProblem, time_limit: float | None) -> SourcingPlan:
    """Find the cheapest plan that keeps the problem's limits."""
    deadline = None if time_limit is None else time.perf_counter() + time_limit
    rules = Rules.of(problem)
    core = rules.core
    # Often the limits leave the best plan alone.
    free = Search(core, time_limit, most_regions=FREE_REGIONS).run()
    steps = line_steps(problem, core, free.given)
    if not free.proven and rules.broken(rules.of_steps(steps)) is None:
        left = None if deadline is None else max(deadline - time.perf_counter(), 0.0)
        free = Search(core, left).run()
        steps = line_steps(problem, core, free.given)
    given = rules.of_steps(steps)
    if rules.broken(given) is None:
        bound = None if free.proven else float(free.bound) + core.sunk - core.hairs
        return build_plan(problem, steps, lower_bound=bound)
    sites = np.flatnonzero(given.any(axis=0)).tolist()
    result = LimitedSearch(rules, deadline, first=[sites]).run()
    bound = max(float(result.bound), float(free.bound)) + core.sunk - core.hairs
    return build_plan(
        problem,
        rules.steps(problem, result.given),
        lower_bound=None if result.proven else bound,
    )
