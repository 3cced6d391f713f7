"""What a strategy prefers, found exactly under limits that its own way of working cannot keep."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..plan import plan_steps
from ..problem import Array, CostPart, MissingCost, SourcingProblem
from ..remainder import keeps_limits
from ..solver import solve
from .desk import Desk
from .facts import Known


def distances(known: Known) -> Array:
    """Kilometers to each site; sites without a known place are farther than all, shape (S,)."""
    away = known.away
    finite = np.isfinite(away)
    return np.where(finite, away, 2.0 * away[finite].max(initial=0.0) + 1.0)


def fill_within(
    problem: SourcingProblem,
    per_parcel: Array,
    per_unit: Array,
    time_limit: float | None = None,
) -> Array:
    """Fill as many steps as stock and limits allow, then at the least sum of these amounts.

    :param per_parcel: shape (S,): for each site that is used
    :param per_unit: shape (L, S): for each unit
    :param time_limit: seconds after which the best plan found is good enough
    :return: shape (L, S): steps
    """
    relaxed = _without_limits(problem, per_parcel, per_unit, time_limit)
    if relaxed is not None and keeps_limits(problem, relaxed):
        return relaxed
    held = problem.stock_steps > 0.0
    most = float(per_parcel[held.any(axis=0)].sum())
    most += float(problem.quantities @ np.where(held, per_unit, 0.0).max(axis=1, initial=0.0))
    asked = dataclasses.replace(
        problem,
        parts=(CostPart("preference", per_parcel, per_unit),),
        tariff=None,
        # One more step is worth more than all that a plan can come to.
        missing=MissingCost(0.0, (most + 1.0) / problem.rounding),
    )
    return plan_steps(problem, solve(asked, time_limit=time_limit))


def _without_limits(
    problem: SourcingProblem, per_parcel: Array, per_unit: Array, time_limit: float | None
) -> Array | None:
    """The plan as if only stock and whole lines mattered, which is quick to find.

    :return: shape (L, S): steps; None where some lines of a product may be filled in part and
        others may not
    """
    whole = problem.limits.whole_lines
    whole = np.zeros(len(problem.lines), dtype=bool) if whole is None else whole
    if problem.limits.whole_order:
        whole = np.ones(len(problem.lines), dtype=bool)
    if any(len(set(whole[list(rows)].tolist())) > 1 for rows in problem.lines_by_product):
        return None
    desk = Desk(problem, time_limit=time_limit)
    desk.wanted = np.where(whole, desk.fillable_wholly(), desk.wanted)
    desk.fill(per_parcel, per_unit)
    return desk.steps
