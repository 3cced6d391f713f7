"""Orders that have goods already, and must not lose any of them by a new plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..sourcing import Limits, MissingCost, SourcingPlan, SourcingProblem
from ..sourcing.plan import build_plan
from ..sourcing.problem import Array, Key, OrderLine
from ..sourcing.tariff import Tariff
from .board import Ints

DEAR = 100.0
"""How many times the cost of the plan in force it costs to give less of a line than it does."""


@dataclass(frozen=True, slots=True)
class Had:
    """Key of the part of a line that the order has already."""

    line: Key


def keep_given(
    problem: SourcingProblem, steps: Array
) -> tuple[SourcingProblem, SourcingPlan] | None:
    """Make it dear to give less of any line than a plan does, wherever it comes from.

    A line of which the plan gives a part becomes two: what the order has, and what is open.

    :param steps: shape (L, S): what the plan gives
    :return: the problem, and the plan in its terms; None where a limit on the lines themselves
        does not let one be looked at as two
    """
    given = steps.sum(axis=1)
    partly = (given > 0.5) & (problem.demand_steps - given > 0.5)
    limits = problem.limits
    if partly.any() and (
        limits.whole_order
        or (limits.whole_lines is not None and np.any(np.asarray(limits.whole_lines)[partly]))
        or (
            limits.max_sites_per_line is not None
            and np.any(np.asarray(limits.max_sites_per_line)[partly])
        )
    ):
        return None
    # Of which line each one is, and whether it is what the order has of it.
    rows = np.repeat(np.arange(len(given)), 1 + partly)
    first = np.append(True, rows[1:] != rows[:-1])
    had = first & (given[rows] > 0.5)
    split = partly[rows]
    quantities = problem.quantities[rows]
    held = (given * problem.rounding)[rows]
    quantities = np.where(split, np.where(had, held, quantities - held), quantities)
    lines = tuple(
        OrderLine(
            Had(problem.lines[row].key) if cut and own else problem.lines[row].key,
            problem.lines[row].product,
            float(quantity),
        )
        for row, cut, own, quantity in zip(
            rows.tolist(), split.tolist(), had.tolist(), quantities.tolist(), strict=True
        )
    )
    cost = build_plan(problem, steps, lower_bound=0.0).cost
    missing = problem.missing.per_unit[rows] + np.where(had, DEAR * (1.0 + cost), 0.0)
    kept = SourcingProblem(
        lines=lines,
        sites=problem.sites,
        stock=problem.stock[rows],
        parts=tuple(
            replace(
                part,
                per_unit=part.per_unit[rows],
                amount_per_unit=None
                if part.amount_per_unit is None
                else part.amount_per_unit[rows],
            )
            for part in problem.parts
        ),
        missing=MissingCost(problem.missing.per_order, missing),
        rounding=problem.rounding[rows],
        limits=_limits_of(problem, rows, partly),
        barred=problem.barred,
        tariff=problem.tariff and _tariff_of(problem.tariff, rows),
    )
    placed = np.where((split & ~had)[:, None], 0.0, steps[rows])
    return kept, build_plan(kept, placed, lower_bound=0.0)


def joined_lines(problem: SourcingProblem, plan: SourcingPlan) -> SourcingPlan:
    """Put a plan for what :func:`keep_given` made of a problem into the problem's own terms."""
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    steps = np.zeros(problem.stock.shape)
    for each in plan.assignments:
        row = rows[each.line.line if isinstance(each.line, Had) else each.line]
        steps[row, columns[each.site]] += round(each.quantity / problem.rounding[row])
    return build_plan(problem, steps, lower_bound=plan.lower_bound)


def _tariff_of(tariff: Tariff, rows: Ints) -> Tariff:
    return replace(
        tariff, weight=tariff.weight[rows], volume=tariff.volume[rows], value=tariff.value[rows]
    )


def _limits_of(problem: SourcingProblem, rows: Ints, partly: NDArray[np.bool_]) -> Limits:
    limits = problem.limits
    split = {line.key for line, is_split in zip(problem.lines, partly, strict=True) if is_split}
    per_line = {
        name: None if values is None else np.asarray(values)[rows]
        for name in ("max_sites_per_line", "whole_lines", "values")
        for values in [getattr(limits, name)]
    }
    return replace(
        limits,
        together=tuple(
            (*group, *(Had(key) for key in group if key in split)) for group in limits.together
        ),
        budgets=tuple(replace(budget, per_unit=budget.per_unit[rows]) for budget in limits.budgets),
        **per_line,
    )
