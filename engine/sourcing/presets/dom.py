"""Distributed order management of Dynamics 365 Commerce, as its rules were in 2023."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from ..limits import Limits
from ..plan import SourcingPlan
from ..problem import Array, SourcingProblem
from .desk import Desk
from .facts import Facts, Flags, Known, check_names

RULES = ("min_stock", "distance", "offline", "max_orders", "partial_orders")
"""Rules that may be soft. The priority of locations never is; rejects are no rule of a site."""

MOST_LOCATIONS = 5


@dataclass(frozen=True)
class D365:
    """Parameters of the rules; what a rule compares stands in the facts.

    :param max_locations: an order is filled wholly by at most 1 to 5 locations; None is any number
    :param partial_orders: lines with enough stock are filled although others cannot be; only with
        any number of locations
    :param partial_lines: a line is filled as far as there is stock; only with partial orders
    :param no_split_below: orders worth less come from one location
    :param max_kilometers: locations farther away are not considered, nor those without a place
    :param max_rejects: lines rejected so often are an exception and not sourced; None is any
    :param by_distance: distance decides in place of the problem's costs, as it does there until
        costs are set up
    :param local_kilometers: where distance decides, locations within this radius are equally near
    :param hard: the rules that the second pass keeps to; the first keeps to all
    :raises ValueError: a parameter is out of its range, or a rule unknown
    """

    max_locations: int | None = None
    partial_orders: bool = True
    partial_lines: bool = True
    no_split_below: float = 0.0
    max_kilometers: float | None = None
    max_rejects: int | None = None
    by_distance: bool = False
    local_kilometers: float = 0.0
    hard: frozenset[str] = frozenset(RULES)

    def __post_init__(self) -> None:
        most = self.max_locations
        if most is not None and not 1 <= most <= MOST_LOCATIONS:
            raise ValueError(
                f"The most locations of an order must be 1 to {MOST_LOCATIONS} or any (None),"
                f" not {most}."
            )
        if not self.no_split_below >= 0.0:
            raise ValueError("The amount below which orders are not split must not be negative.")
        if self.max_kilometers is not None and not self.max_kilometers >= 0.0:
            raise ValueError("The maximum distance must not be negative.")
        if not 0.0 <= self.local_kilometers < np.inf:
            raise ValueError("The radius of the local region must not be negative.")
        if self.max_rejects is not None and self.max_rejects < 1:
            raise ValueError("The most rejects of a line must be at least 1.")
        check_names("rule", sorted(self.hard), RULES)


def d365(
    problem: SourcingProblem,
    facts: Facts,
    options: D365 | None = None,
    *,
    time_limit: float | None = None,
) -> SourcingPlan:
    """Fill as much as the rules allow, from fewest locations, by best priority, at least cost.

    Two passes: the first keeps to every rule, the second gives what is left to whatever the hard
    rules and the priority allow. Without any costs in the problem the distance is the cost, as
    it is if the options say so.
    Looks at ``priority`` (locations without one are out), ``kilometers``, ``min_stock`` (a
    ring-fence), ``offline``, ``open_orders`` and ``max_orders``, ``rejected``, ``rejects``,
    ``values`` and ``no_split``.

    Source: Microsoft, 'DOM rules' and 'DOM cost configuration' (2023). That filling comes before
    the number of shipments, and that before priority and cost, is inferred from them.
    """
    options = options or D365()
    known = facts.for_problem(problem)
    unit, parcel = problem.per_unit, problem.per_parcel
    if options.by_distance or not (unit.any() or parcel.any()):
        away = np.where(np.isfinite(known.away), known.away, 1e6)
        parcel, unit = np.maximum(away, options.local_kilometers), np.zeros(unit.shape)
    if (known.priority[known.priority > 0.0] % 1.0).any():
        raise ValueError("The priorities of locations must be whole numbers.")
    desk = Desk(problem, time_limit=time_limit)
    if options.max_rejects is not None:
        desk.wanted[known.rejects >= options.max_rejects] = 0.0
    for rules in dict.fromkeys((frozenset(RULES), options.hard)):
        _run(desk, known, options, rules, parcel, unit)
    return desk.plan()


def _run(
    desk: Desk,
    known: Known,
    options: D365,
    rules: frozenset[str],
    parcel: Array,
    unit: Array,
) -> None:
    """Source what is still wanted under some of the rules."""
    trial = desk.fork()
    trial.stock[:, ~candidates(known, options, rules)] = 0.0
    if "min_stock" in rules:
        trial.keep(known.min_stock)
    if "partial_orders" in rules:
        trial.wanted = _goal(trial, known, options)
    rank = np.where(known.priority > 0.0, known.priority, 1.0)
    trial.fill_fewest(parcel, unit, rank)
    most = _most_locations(desk.problem, known, options)
    used = trial.steps.any(axis=0)
    if "partial_orders" in rules and most is not None and used.sum() > most:
        return
    desk.take_over(trial)


def candidates(known: Known, options: D365, rules: frozenset[str]) -> Flags:
    """Locations that some of the rules leave, shape (S,)."""
    allowed = ~known.rejected
    if known.has_priority:
        allowed &= known.priority > 0.0
    if "offline" in rules:
        allowed &= ~known.offline
    if "max_orders" in rules:
        allowed &= ~known.is_full
    if "distance" in rules and options.max_kilometers is not None:
        allowed &= known.away <= options.max_kilometers
    return allowed


def _most_locations(problem: SourcingProblem, known: Known, options: D365) -> int | None:
    worth = float(known.values @ problem.quantities)
    if known.no_split.any() or worth < options.no_split_below:
        return 1
    return options.max_locations


def limits_of(problem: SourcingProblem, known: Known, options: D365) -> Limits:
    """The problem's limits and those of the rule for partial orders."""
    limits, most = problem.limits, _most_locations(problem, known, options)
    is_whole = most is not None or not options.partial_orders
    if most is not None and limits.max_sites is not None:
        most = min(most, limits.max_sites)
    whole_lines = None if options.partial_lines else np.ones(len(problem.lines), dtype=bool)
    return dataclasses.replace(
        limits,
        max_sites=limits.max_sites if most is None else most,
        whole_order=limits.whole_order or is_whole,
        whole_lines=limits.whole_lines if whole_lines is None else whole_lines,
    )


def _goal(desk: Desk, known: Known, options: D365) -> Array:
    """What may be filled of each line, in steps, given how partial an order may be filled."""
    goal = desk.fillable()
    most = _most_locations(desk.problem, known, options)
    if most is not None or not options.partial_orders:
        return goal if (goal >= desk.wanted).all() else np.zeros(len(goal))
    if options.partial_lines:
        return goal
    return desk.fillable_wholly()
