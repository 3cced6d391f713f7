"""What is left of a problem once part of it has been decided."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from .limits import Budget, Limits
from .problem import Array, CostPart, MissingCost, OrderLine, SourcingProblem
from .rules import Rules


def with_stock(problem: SourcingProblem, usable: NDArray[np.bool_]) -> SourcingProblem:
    """The problem with stock in some places only.

    :param usable: shape (S,) or (L, S)
    """
    return dataclasses.replace(problem, stock=np.where(usable, problem.stock, 0.0))


def open_rows(problem: SourcingProblem, steps: Array) -> NDArray[np.intp]:
    """Positions of the lines of which whole steps are still wanted.

    :param steps: shape (L, S): what has been decided
    """
    return np.flatnonzero(problem.demand_steps - steps.sum(axis=1) > 0.5)


def keeps_limits(problem: SourcingProblem, steps: Array) -> bool:
    """Whether a plan keeps the problem's limits.

    :param steps: shape (L, S): how many steps of each line each site gives
    """
    if problem.limits.is_empty:
        return True
    rules = Rules.of(problem)
    return rules.broken(steps[np.ix_(rules.lines, rules.core.sites)]) is None


def remainder(problem: SourcingProblem, steps: Array) -> SourcingProblem | None:
    """The problem that is left, over the lines that still want something; None if none does.

    Sites that serve the order already cost no parcel again and count no more against the most
    sites of the order; if those are reached, no other site has any stock. Where that leaves room
    for some sites, those that serve already are counted once more, to be on the safe side. What
    else of the limits looks at the order as a whole (least value, lines that ship together) is
    left to :func:`keeps_limits` once both parts are put together.

    :param steps: shape (L, S): how many steps of each line each site gives already
    """
    rows = open_rows(problem, steps)
    if not len(rows):
        return None
    used = steps.any(axis=0)
    taken = steps * problem.rounding[:, None]
    stock = problem.stock.copy()
    for group in problem.lines_by_product:
        stock[list(group)] -= taken[list(group)].sum(axis=0)
    limits, full = _limits_left(problem, rows, taken)
    if full:
        stock[:, ~used] = 0.0
    wanted = problem.demand_steps[rows] - steps[rows].sum(axis=1)
    missing = problem.missing
    return SourcingProblem(
        lines=tuple(
            OrderLine(problem.lines[row].key, problem.lines[row].product, float(quantity))
            for row, quantity in zip(rows.tolist(), wanted * problem.rounding[rows], strict=True)
        ),
        sites=problem.sites,
        stock=np.maximum(stock[rows], 0.0),
        parts=tuple(_part_left(part, rows, used) for part in problem.parts),
        missing=MissingCost(missing.per_order, missing.per_unit[rows]),
        rounding=problem.rounding[rows],
        limits=limits,
        barred=problem.barred,
        tariff=problem.tariff and problem.tariff.for_rows(rows, taken),
    )


def _part_left(part: CostPart, rows: NDArray[np.intp], used: NDArray[np.bool_]) -> CostPart:
    per_parcel, per_unit = part.amount_per_parcel, part.amount_per_unit
    return dataclasses.replace(
        part,
        per_parcel=np.where(used, 0.0, part.per_parcel),
        per_unit=part.per_unit[rows],
        amount_per_parcel=None if per_parcel is None else np.where(used, 0.0, per_parcel),
        amount_per_unit=None if per_unit is None else per_unit[rows],
        first_free=part.first_free and not used.any(),
    )


def _limits_left(
    problem: SourcingProblem, rows: NDArray[np.intp], taken: Array
) -> tuple[Limits, bool]:
    """The limits of what is left, and whether no further site may serve the order.

    :param taken: shape (L, S): units
    """
    limits, used = problem.limits, taken.any(axis=0)
    keys = [problem.lines[row].key for row in rows.tolist()]
    groups = (tuple(key for key in group if key in keys) for group in limits.together)
    most = limits.max_sites
    if most is not None:
        most -= int(used.sum())
    full = most is not None and most <= 0
    capacity = limits.unit_capacity
    if capacity is not None:
        capacity = np.maximum(capacity - taken.sum(axis=0), 0.0)

    def of_rows(values):
        return None if values is None else values[rows]

    left = dataclasses.replace(
        limits,
        max_sites=None if full else most,
        max_sites_per_line=of_rows(limits.max_sites_per_line),
        whole_lines=of_rows(limits.whole_lines),
        values=of_rows(limits.values),
        together=tuple(group for group in groups if group),
        unit_capacity=capacity,
        budgets=tuple(_budget_left(budget, rows, taken) for budget in limits.budgets),
    )
    return left, full


def _budget_left(budget: Budget, rows: NDArray[np.intp], taken: Array) -> Budget:
    used = taken.any(axis=0)
    spent = float(budget.per_parcel[used].sum() + (budget.per_unit * taken).sum())
    return Budget(
        budget.name,
        np.where(used, 0.0, budget.per_parcel),
        budget.per_unit[rows],
        max(budget.limit - spent, 0.0),
    )
