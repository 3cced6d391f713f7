"""The next best choices of sites for an order."""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Iterable

from .plan import SourcingPlan
from .problem import Key, SourcingProblem
from .solver import solve

MOST_SOLVED = 60
"""How many problems are solved for a few alternatives at most."""


def alternatives(
    problem: SourcingProblem,
    plan: SourcingPlan,
    count: int = 3,
    *,
    time_limit: float | None = None,
) -> tuple[SourcingPlan, ...]:
    """Find the next best choices of sites, best first.

    The first is the best plan that does without at least one of the chosen sites; each further
    one the best that does without at least one site of the plan and of every alternative before
    it. That is Lawler's way to the k best solutions, over the sets of sites: whatever set is
    closed, the best plan without it follows, and each of its sites is closed in turn.

    The bound of an alternative is that of its own problem, with the sites closed that led to it.

    :param plan: the plan of the problem
    :param count: how many alternatives are wanted; there may be fewer
    :param time_limit: seconds for each of the searches
    """
    found: list[SourcingPlan] = []
    chosen = [frozenset(plan.sites)]
    queue: list[tuple[float, tuple[int, ...], SourcingPlan]] = []
    position = {site.key: column for column, site in enumerate(problem.sites)}
    seen: set[frozenset[Key]] = set()

    def close(closed: Iterable[Key], sites: Iterable[Key]) -> None:
        for site in sites:
            without = frozenset((*closed, site))
            if without in seen or len(seen) >= MOST_SOLVED:
                continue
            seen.add(without)
            columns = tuple(sorted(position[key] for key in without))
            best = solve(_without(problem, columns), time_limit=time_limit)
            heapq.heappush(queue, (best.cost, columns, best))

    close((), plan.sites)
    while queue and len(found) < count:
        _cost, columns, best = heapq.heappop(queue)
        closed = [problem.sites[column].key for column in columns]
        used = frozenset(best.sites)
        held = next((sites for sites in chosen if sites <= used), None)
        if held is None:
            found.append(best)
            chosen.append(used)
            held = used
        close(closed, sorted(held, key=position.__getitem__))
    return tuple(found)


def _without(problem: SourcingProblem, columns: tuple[int, ...]) -> SourcingProblem:
    stock = problem.stock.copy()
    stock[:, list(columns)] = 0.0
    return dataclasses.replace(problem, stock=stock)
