"""Fulfillment optimization of Dynamics 365 Intelligent Order Management."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from ..limits import Limits
from ..plan import SourcingPlan, build_plan
from ..problem import SourcingProblem
from ..remainder import keeps_limits, open_rows, remainder, with_stock
from .desk import simple_bound
from .facts import Facts, Flags, Known, check_names
from .within import distances, fill_within

RULES = ("min_stock", "distance", "timings", "order_lines", "sites", "sites_per_line", "partial")
"""Constraints that may be soft."""


@dataclass(frozen=True)
class IOM:
    """The constraints of a strategy; what they compare stands in the facts.

    :param max_kilometers: sources farther away, by air, are not considered, nor those without a
        place; None is any distance
    :param max_sites: most sources of an order; None is any number
    :param max_sites_per_line: most sources of a line; None is any number
    :param restrict_partial: the order is filled wholly or not at all
    :param respect_timings: sources past their cut-off are not considered
    :param soft: the constraints that are given up for what cannot be filled under all of them
    :raises ValueError: a number is out of its range, or a constraint unknown
    """

    max_kilometers: float | None = None
    max_sites: int | None = None
    max_sites_per_line: int | None = None
    restrict_partial: bool = False
    respect_timings: bool = False
    soft: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.max_kilometers is not None and not self.max_kilometers >= 0.0:
            raise ValueError("The maximum distance must not be negative.")
        for what, most in (("an order", self.max_sites), ("a line", self.max_sites_per_line)):
            if most is not None and most < 1:
                raise ValueError(f"The most sources of {what} must be at least 1, not {most}.")
        check_names("constraint", sorted(self.soft), RULES)


def iom(
    problem: SourcingProblem,
    facts: Facts,
    options: IOM | None = None,
    *,
    time_limit: float | None = None,
) -> SourcingPlan:
    """Fill as many units as the constraints allow, then over the least distance in all.

    A line is filled wholly or not at all, though from several sources if need be. What cannot be
    filled under all constraints is tried again without the soft ones. Safety stock is a gate: a
    source with less on hand gives nothing of the product, one with more may give all of it. An
    alternate strategy for what is left even then is a further stage of a chain.
    Looks at ``kilometers``, ``on_hand`` and ``min_stock``, ``past_cut_off``, ``remaining_lines``,
    ``offline`` and ``rejected``.

    Source: Microsoft, 'Fulfillment and Returns Optimization provider' (2022). That distance counts
    once for each source that is used is inferred.
    """
    options = options or IOM()
    known = facts.for_problem(problem)
    steps = np.zeros(problem.stock.shape)
    for rules in dict.fromkeys((frozenset(RULES), frozenset(RULES) - options.soft)):
        asked = with_stock(problem, _usable(known, options, rules))
        asked = dataclasses.replace(asked, limits=_limits(problem, options, rules))
        rest = remainder(asked, steps) if steps.any() else asked
        if rest is None:
            break
        rows = open_rows(problem, steps) if steps.any() else np.arange(len(problem.lines))
        away = np.where(steps.any(axis=0), 0.0, distances(known))
        more = steps.copy()
        more[rows] += fill_within(rest, away, np.zeros(rest.stock.shape), time_limit)
        if keeps_limits(asked, more):
            steps = more
    return build_plan(problem, steps, lower_bound=simple_bound(problem))


def _usable(known: Known, options: IOM, rules: frozenset[str]) -> Flags:
    """Where stock may be taken from, shape (L, S)."""
    sites = ~known.offline & ~known.rejected
    if "distance" in rules and options.max_kilometers is not None:
        sites &= known.away <= options.max_kilometers
    if "timings" in rules and options.respect_timings:
        sites &= ~known.past_cut_off
    if "order_lines" in rules:
        sites &= known.remaining_lines >= 1.0
    usable = np.broadcast_to(sites, known.on_hand.shape)
    return usable & known.passes_gate if "min_stock" in rules else usable


def _limits(problem: SourcingProblem, options: IOM, rules: frozenset[str]) -> Limits:
    limits, n_lines = problem.limits, len(problem.lines)
    most, per_line = limits.max_sites, limits.max_sites_per_line
    if "sites" in rules and options.max_sites is not None:
        most = options.max_sites if most is None else min(most, options.max_sites)
    if "sites_per_line" in rules and options.max_sites_per_line is not None:
        asked = np.full(n_lines, options.max_sites_per_line)
        fewer = asked if per_line is None else np.where(per_line > 0, per_line, asked)
        per_line = np.minimum(asked, fewer)
    return dataclasses.replace(
        limits,
        max_sites=most,
        max_sites_per_line=per_line,
        whole_lines=np.ones(n_lines, dtype=bool),
        whole_order=limits.whole_order or ("partial" in rules and options.restrict_partial),
    )
