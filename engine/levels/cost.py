"""Levels where costs are known: the newsvendor, and the base stock over a lead time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..demand.law import loss, quantile
from .points import Series

Array = NDArray[np.float64]


def critical_ratio(under: ArrayLike, over: ArrayLike) -> Array:
    """The probability of having enough at which one unit more costs what it saves.

    :param under: money that a unit too few costs (margin, penalty, price of express)
    :param over: money that a unit too many costs (holding, markdown, cost less salvage)
    :raises ValueError: a cost is negative or not finite, or both are zero
    """
    under, over = np.broadcast_arrays(np.asarray(under, dtype=float), np.asarray(over, dtype=float))
    for values in (under, over):
        if not (np.isfinite(values).all() and values.min(initial=0.0) >= 0.0):
            raise ValueError("Costs of too few and too many are finite and not negative.")
    if (under + over).size and not (under + over).min() > 0.0:
        raise ValueError("Either too few or too many costs something.")
    return under / (under + over)


def newsvendor(mean: ArrayLike, variance: ArrayLike, under: ArrayLike, over: ArrayLike) -> Array:
    """The quantity to have for one season: the least with P(D <= q) at the critical ratio.

    :param mean: units wanted in the season
    :param variance: of these
    :return: whole units
    """
    return quantile(_inside(critical_ratio(under, over)), mean, variance)


def newsvendor_cost(
    quantity: ArrayLike, mean: ArrayLike, variance: ArrayLike, under: ArrayLike, over: ArrayLike
) -> Array:
    """What too few and too many cost on average."""
    short = loss(quantity, mean, variance)
    left = np.asarray(quantity, dtype=float) - np.asarray(mean, dtype=float) + short
    return np.asarray(under) * short + np.asarray(over) * left


def base_stock(series: Series, backorder: ArrayLike, holding: ArrayLike) -> Array:
    """The order-up-to level that costs least where missed units wait until more comes.

    Cost per day is ``holding * E[(S - D)+] + backorder * E[(D - S)+]`` with the demand D of lead
    time and review period; its least whole S has P(D <= S) at ``backorder / (backorder + holding)``
    (Snyder and Shen, *Fundamentals of Supply Chain Theory*, 2019, §4.3.4).

    :param backorder: money per unit and day that a unit is owed
    :param holding: money per unit and day that a unit lies
    :return: whole units, shape (S,); 0 where nothing is wanted
    """
    ratio = np.broadcast_to(_inside(critical_ratio(backorder, holding)), series.rate.shape)
    levels = quantile(ratio, *series.over(series.review), series.decimal)
    return np.where(series.rate > 0.0, levels, 0.0)


def _inside(ratio: Array) -> Array:
    """Where too many cost nothing no stock would be enough: stop short of it."""
    return np.minimum(ratio, 1.0 - 1e-9)
