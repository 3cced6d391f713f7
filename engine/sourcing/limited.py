"""The exact search for the cheapest plan of one order that keeps to limits."""

from __future__ import annotations

import itertools
import time

import numpy as np

from .fitting import Fit
from .problem import Array, SourcingProblem
from .reduction import line_steps
from .rules import Rules
from .search import Search

MOST_SETS = 20_000


def solve_limited(
    problem: SourcingProblem, rules: Rules, time_limit: float | None
) -> tuple[Array, float | None]:
    """Find the cheapest plan that keeps the limits.

    :return: steps of shape (L, S), and a lower bound, None if the plan is proven the best
    """
    deadline = None if time_limit is None else time.perf_counter() + time_limit
    core = rules.core
    free = Search(core, time_limit).run()
    steps = line_steps(problem, core, free.given)
    best = steps[np.ix_(rules.lines, core.sites)]
    bound = float(free.bound) + core.sunk - core.hairs
    if rules.broken(best) is None:
        return steps, None if free.proven else bound
    best_cost, best = rules.nothing, np.zeros(rules.supply.shape)
    same = 1e-12 * core.scale / 16
    best_used: list[int] = []
    sizes = range(1, min(core.n_sites, rules.most_sites) + 1)
    sets = itertools.chain.from_iterable(
        itertools.combinations(range(core.n_sites), size) for size in sizes
    )
    for number, sites in enumerate(sets):
        if number > MOST_SETS or (deadline is not None and time.perf_counter() > deadline):
            return rules.steps(problem, best), bound
        for missing in (False, True):
            found = Fit(rules, list(sites), missing=missing).solve(best_cost + same)
            if found and (found[0] < best_cost - same or list(sites) < best_used):
                best_cost, best = found
                best_used = np.flatnonzero(best.any(axis=0)).tolist()
    return rules.steps(problem, best), None
