"""Costs below zero: goods that one would rather be rid of."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .checks import Array
from .problem import CostPart, MissingCost


def without_credits(
    per_unit: ArrayLike, missing: MissingCost, held: ArrayLike
) -> tuple[Array, MissingCost, Array]:
    """Turn unit costs, some of which are below zero, into ones that a problem accepts.

    Each line's costs are raised until the least of them is zero, and the penalty for missing the
    line by as much. Each unit of a line is either given by some site or missing, so that every
    plan costs the same amount more: the same plans stay best, by the same margins, and filling is
    no less attractive than it was. Raising what sites charge alone would make missing cheaper
    beside it; and lines without a negative cost stay as they are, since lowering them would take
    from the penalty.

    :param per_unit: shape (L, S): charged for each unit of a line from a site, any sign
    :param missing: what leaving units unfilled costs
    :param held: shape (L, S): where there is stock; elsewhere costs mean nothing and become zero
    :return: unit costs from zero up; the penalty that goes with them; and by how much each line
        was raised, shape (L,): times the quantities of the lines, that is what to take off the
        cost of a plan
    :raises ValueError: the numbers are not finite, or their shapes do not fit
    """
    costs = np.array(per_unit, dtype=float)
    stocked = np.asarray(held, dtype=float) > 0.0
    penalty = np.array(missing.per_unit, dtype=float)
    if costs.ndim != 2 or stocked.shape != costs.shape or penalty.shape != costs.shape[:1]:
        raise ValueError(
            f"Unit costs of the shape {costs.shape}, stock of {stocked.shape} and penalties of"
            f" {penalty.shape} do not fit together."
        )
    if not np.isfinite(costs[stocked]).all():
        raise ValueError("The unit costs hold a not finite number.")
    costs[~stocked] = 0.0
    raised = np.maximum(-costs.min(axis=1, initial=0.0), 0.0)
    costs[stocked] += np.broadcast_to(raised[:, None], costs.shape)[stocked]
    # The noise of the addition must not leave anything below zero.
    np.maximum(costs, 0.0, out=costs)
    return costs, MissingCost(missing.per_order, penalty + raised), raised


def credited(
    name: str, per_unit: ArrayLike, missing: MissingCost, held: ArrayLike, *, unit: str = ""
) -> tuple[CostPart, MissingCost, Array]:
    """A cost part of unit costs of any sign; the true ones are its amounts in its own unit.

    :param name: of the part
    :param unit: of the amounts, such as the currency
    :return: the part, and the rest of :func:`without_credits`
    """
    costs, missing, raised = without_credits(per_unit, missing, held)
    true = np.where(np.asarray(held, dtype=float) > 0.0, np.asarray(per_unit, dtype=float), 0.0)
    no_parcel = np.zeros(costs.shape[1])
    return CostPart(name, no_parcel, costs, unit, None, true), missing, raised
