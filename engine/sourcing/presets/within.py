"""What a strategy prefers, found exactly under limits that its own way of working cannot keep."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..plan import plan_steps
from ..problem import Array, CostPart, MissingCost, SourcingProblem
from ..solver import solve
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
    held = problem.stock_steps > 0.0
    most = float(per_parcel[held.any(axis=0)].sum())
    most += float(problem.quantities @ np.where(held, per_unit, 0.0).max(axis=1, initial=0.0))
    asked = dataclasses.replace(
        problem,
        parts=(CostPart("preference", per_parcel, per_unit),),
        # One more step is worth more than all that a plan can come to.
        missing=MissingCost(0.0, (most + 1.0) / problem.rounding),
    )
    return plan_steps(problem, solve(asked, time_limit=time_limit))
