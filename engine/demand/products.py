"""The pace of products over all of their sites, week by week."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .pooling import Pool

Array = NDArray[np.float64]

TRIALS = ((0.0, 0.0), (0.05, 0.0), (0.15, 0.0), (0.3, 0.0), (0.15, 0.03))
"""Smoothing of level and trend; without any it is the mean of all weeks."""
DAMPING = 0.95
BETTER = 0.98
"""A smoothing must lower the squared errors to this share, or more where less was seen: …"""
CHANCE = 3.0
"""… by so many parts of as many as there were weeks with demand. Of a product that is rarely wanted
any forecast that falls to nothing looks good until it is wanted again."""


def paths(
    came: Array, open_share: Array, pooled: Pool, dispersion: Array
) -> tuple[NDArray[np.float32], Array]:
    """Forecast the rate of each product for every week from the weeks before it.

    Weights fall like those of a mean until they are as small as those of the smoothing, so that a
    new product leaves the rate of its neighbors as fast as it shows its own.

    :param came: units wanted, (products, weeks)
    :param open_share: shares of the sites at which it could be, times season and promotion
    :param pooled: where products start
    :param dispersion: variance of a week's demand by its mean, (products,)
    :return: units per week and share of one, (products, weeks + 1), of the best of some smoothings,
        and what they change by per week at the end, (products,)
    """
    products, weeks = came.shape
    full = np.maximum(open_share.max(axis=1, initial=0.0), 1e-9)
    burn = min(weeks // 3, 26)
    best = np.full(products, np.inf)
    result = np.zeros((products, weeks + 1), dtype=np.float32)
    trend = np.zeros(products)
    events = np.maximum(np.count_nonzero(came[:, burn:], axis=1), 1)
    enough = np.minimum(BETTER, 1.0 - CHANCE / events)
    for number, (alpha, beta) in enumerate(TRIALS):
        path, last, score = _path(came, open_share, full, pooled, dispersion, alpha, beta, burn)
        # The first is kept unless another is clearly better.
        better = score < best * (enough if number else 1.0)
        best[better] = score[better]
        result[better], trend[better] = path[better], last[better]
    return result, trend


def _path(
    came: Array,
    open_share: Array,
    full: Array,
    pooled: Pool,
    dispersion: Array,
    alpha: float,
    beta: float,
    burn: int,
) -> tuple[NDArray[np.float32], Array, Array]:
    products, weeks = came.shape
    level, trend = pooled.start.copy(), np.zeros(products)
    weight = np.maximum(pooled.start_weight * dispersion, 1e-6)
    path, score = np.zeros((products, weeks + 1), dtype=np.float32), np.zeros(products)
    for week in range(weeks):
        rate = np.maximum(level + DAMPING * trend, 0.0)
        path[:, week] = rate
        a = open_share[:, week]
        off = came[:, week] - a * rate
        if week >= burn:
            score += off * off
        part = a / full
        weight += a
        gain = np.maximum(1.0 / weight, alpha / full / (alpha * part + 1.0 - alpha))
        gain = np.minimum(gain, 1.0 / np.maximum(a, 1e-9))
        step = gain * off
        # No trend is seen before the level has settled.
        trend = DAMPING * trend + beta * step * (weight > 8.0 * full)
        level = np.maximum(rate + step, 0.0)
    path[:, weeks] = np.maximum(level + DAMPING * trend, 0.0)
    return path, trend, score
