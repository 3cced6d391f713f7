"""Prices of stock from how long it lasts: no solver, no model of orders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_EXACT = 500.0
"""Up to this demand the Poisson tail is summed, above it the normal distribution stands in."""


def cover_prices(stock: Array, demand: Array, loss: Array) -> Array:
    """Say what the last unit of each stock is worth until more comes.

    The newsvendor's marginal value: the last of b units is missed only if demand reaches b before
    the next supply, and then costs what serving somebody from elsewhere costs more.

    :param stock: units that there are, any shape
    :param demand: units that are expected before more comes, Poisson distributed, same shape
    :param loss: what a unit costs more, or a lost sale, once the stock is gone, same shape
    :return: prices per unit, zero where nothing is left
    :raises ValueError: something is negative or not finite
    """
    stock, demand, loss = np.broadcast_arrays(
        *(np.asarray(each, dtype=float) for each in (stock, demand, loss))
    )
    for name, values in (("stock", stock), ("demand", demand), ("loss", loss)):
        if not (np.isfinite(values).all() and values.min(initial=0.0) >= 0.0):
            raise ValueError(f"The {name} holds a negative or not finite number.")
    units = np.floor(stock)
    return np.where(units > 0.0, loss * reached(units, demand), 0.0)


def reached(units: Array, mean: Array) -> Array:
    """Probability that a Poisson demand is at least so many units."""
    flat_units, flat_mean = units.ravel(), mean.ravel()
    result = np.zeros(flat_units.shape)
    large = flat_mean > MOST_EXACT
    if large.any():
        # Continuity correction: at least b is more than b - 1/2.
        away = (flat_units[large] - 0.5 - flat_mean[large]) / np.sqrt(flat_mean[large])
        result[large] = 0.5 * _erfc(away / np.sqrt(2.0))
    for place in np.flatnonzero(~large).tolist():
        result[place] = _poisson_tail(int(min(flat_units[place], 1e7)), float(flat_mean[place]))
    return result.reshape(units.shape)


def _poisson_tail(units: int, mean: float) -> float:
    if units <= 0:
        return 1.0
    if mean == 0.0 or units > mean + 40.0 * np.sqrt(mean) + 40.0:
        return 0.0
    return float(poisson_tails(units, mean)[units])


def poisson_tails(most: int, mean: float) -> Array:
    """Probability that a Poisson demand is at least so many units, for all numbers up to one.

    :param most: the highest number
    :param mean: of the demand, more than zero and not above :data:`MOST_EXACT`
    :return: shape (most + 1,)
    """
    logs = np.arange(most) * np.log(mean) - mean
    logs[1:] -= np.log(np.arange(1.0, most)).cumsum()
    return np.concatenate(([1.0], np.maximum(1.0 - np.exp(logs).cumsum(), 0.0)))


def _erfc(values: Array) -> Array:
    from math import erfc

    return np.array([erfc(value) for value in values.tolist()])
