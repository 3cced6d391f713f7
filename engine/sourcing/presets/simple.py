"""Rules of thumb: sites in some order, each giving what it has. None of them looks at costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..plan import SourcingPlan
from ..problem import Array, SourcingProblem
from .desk import Desk
from .facts import Facts, Known, check_names

TIE_RULES = ("preferred", "coverage", "default", "distance", "priority")


@dataclass(frozen=True)
class FirstNonTie:
    """By what sites are ranked.

    :param rules: the first that is no tie decides: 'preferred' sites, those that fill more lines
        alone and wholly ('coverage'), the 'default' site, the nearer one ('distance'), the one of
        better 'priority'; sites that are equal by all come in the problem's order
    :raises ValueError: there is no rule, or an unknown one
    """

    rules: tuple[str, ...] = ("preferred", "coverage", "default")

    def __post_init__(self) -> None:
        if not self.rules:
            raise ValueError("Sites must be ranked by at least one rule.")
        check_names("rule that ranks sites", self.rules, TIE_RULES)


def nearest(problem: SourcingProblem, facts: Facts) -> SourcingPlan:
    """Serve each line from the nearest site that has its product, then the next nearest.

    Looks at ``kilometers``.
    """
    desk = Desk(problem)
    desk.take_from(_by(facts.for_problem(problem).away))
    return desk.plan()


def whole_order_first(problem: SourcingProblem, facts: Facts) -> SourcingPlan:
    """Serve the order from the nearest site that has all of it, else by :func:`nearest`.

    Looks at ``kilometers``.
    """
    desk = Desk(problem)
    order = _by(facts.for_problem(problem).away)
    able = desk.able()
    desk.take_from([site for site in order if able[site]][:1] or order)
    return desk.plan()


def fewest_sites(problem: SourcingProblem, facts: Facts) -> SourcingPlan:
    """Open the site that covers most units of what is left, nearest among equals, until done.

    Looks at ``kilometers``.
    """
    desk = Desk(problem)
    desk.cover(_by(facts.for_problem(problem).away))
    return desk.plan()


def first_non_tie(
    problem: SourcingProblem, facts: Facts, options: FirstNonTie | None = None
) -> SourcingPlan:
    """Rank the sites by rules of which the first that is no tie decides, as Spree and Shopify do.

    The rules, unless the options say otherwise: preferred sites, then those that can fill more of
    the lines alone and wholly, then the default site, then the order of the problem. Each site in
    turn gives what it can; the rest spills over to the next. Looks at ``is_preferred``,
    ``is_default``, ``kilometers`` and ``priority``.

    Source: Spree, ``docs/plans/6.0-order-routing.md`` (Reducer#rank_all, then its Prioritizer).
    """
    known = facts.for_problem(problem)
    desk = Desk(problem)
    desk.take_from(ranked_by_coverage(desk, known, options or FirstNonTie()))
    return desk.plan()


def magento_priority(problem: SourcingProblem, facts: Facts) -> SourcingPlan:
    """Serve each line from the sources of the stock by their priority, as Magento recommends.

    Line by line, without a thought for the number of shipments. Looks at ``priority`` (sites
    without one come last) and ``offline`` (sources that are not enabled).

    Source: magento/inventory, source selection algorithm 'priority'.
    """
    known = facts.for_problem(problem)
    desk = Desk(problem, ~known.offline)
    desk.take_from(_by(ranks_of(known.priority)))
    return desk.plan()


def magento_distance(problem: SourcingProblem, facts: Facts) -> SourcingPlan:
    """Serve each line from the sources by distance, as Magento recommends.

    Sources whose distance is not known come after the others, by priority; so do equals, since
    Magento leaves open which comes first. Looks at ``kilometers``, ``priority`` and ``offline``.

    Source: magento/inventory, source selection algorithm 'distance'.
    """
    known = facts.for_problem(problem)
    desk = Desk(problem, ~known.offline)
    desk.take_from(_by(known.away, ranks_of(known.priority)))
    return desk.plan()


def _by(*keys: Array) -> list[int]:
    """Positions of the sites by several keys, the most important first, the smallest first."""
    return np.lexsort(keys[::-1]).tolist()


def ranked_by_coverage(desk: Desk, known: Known, options: FirstNonTie) -> list[int]:
    """Positions of the sites, as :func:`first_non_tie` ranks them."""
    alone = (desk.stock >= desk.wanted[:, None]) & (desk.wanted > 0.0)[:, None]
    keys = {
        "preferred": ~known.is_preferred,
        "coverage": -alone.sum(axis=0),
        "default": ~known.is_default,
        "distance": known.away,
        "priority": ranks_of(known.priority),
    }
    return _by(*(keys[rule] for rule in options.rules))


def ranks_of(priority: Array) -> Array:
    """Priorities to sort by: sites without one come last, shape (S,)."""
    return np.where(priority > 0.0, priority, np.inf)
