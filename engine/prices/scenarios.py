"""Demand that varies more than a Poisson stream: at which of three rates customers may come.

Gauss's quadrature of a gamma distributed rate: three rates with weights have its first five
moments, so that the demand is negative binomial but for moments beyond the fifth. Whatever has a
closed form at one rate so has one at a rate that nobody knows for sure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NODES = 3

CERTAIN = 1.0 + 1e-6
"""Demand with less variance than so many times its mean is Poisson."""


def scenarios(rate: Array, variance: Array, horizon: Array) -> tuple[Array, Array]:
    """Say at which rates customers may come.

    The days of the horizon are independent of each other, so that demand in it has so many times
    a day's variance; what that exceeds the mean by is the variance of a gamma distributed rate.

    :param rate: mean number of units per day, shape (rows,)
    :param variance: of the units per day
    :param horizon: days
    :return: probabilities and rates, both of shape (rows, 3)
    """
    weights, rates = np.zeros((len(rate), NODES)), np.zeros((len(rate), NODES))
    weights[:, 0], rates[:, 0] = 1.0, rate
    some = np.flatnonzero((variance > CERTAIN * rate) & (rate > 0.0))
    if not len(some):
        return weights, rates
    shape = rate[some] ** 2 * horizon[some] / (variance[some] - rate[some])
    shape = np.maximum(shape, 0.02)
    # Golub and Welsch 1969: nodes are eigenvalues of the recursion of Laguerre's polynomials.
    matrix = np.zeros((len(some), NODES, NODES))
    for place in range(NODES):
        matrix[:, place, place] = 2.0 * place + shape
        if place:
            beside = np.sqrt(place * (place + shape - 1.0))
            matrix[:, place, place - 1] = matrix[:, place - 1, place] = beside
    nodes, vectors = np.linalg.eigh(matrix)
    weights[some] = vectors[:, 0, :] ** 2
    rates[some] = nodes * (rate[some] / shape)[:, None]
    return weights, np.maximum(rates, 0.0)
