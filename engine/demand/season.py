"""Seasons that groups of products share, because a single series is too thin to show one.

The week of the year by harmonics in a log-linear model with a trend (quasi-likelihood, iteratively
reweighted), the number of harmonics by Schwarz's criterion corrected for dispersion; a group keeps
the season of all groups unless its own explains more. Under a year of history there is none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .history import WEEK, History, Whole, sums

Array = NDArray[np.float64]

YEAR = 365.25 / 7.0
LEAST_WEEKS = 56
MOST_HARMONICS = 6
MOST = 8.0


def yearly(came: Array, expected: Array, ahead: int) -> Array:
    """Estimate how busy each week of the past and future is.

    :param came: units wanted, (groups, weeks)
    :param expected: units that would have been wanted without season, same shape
    :param ahead: weeks after the last one
    :return: factors with a mean of one over a year, (groups, weeks + ahead)
    """
    groups, weeks = came.shape
    if weeks < LEAST_WEEKS:
        return np.ones((groups, weeks + ahead))
    total = _fitted(came.sum(0), expected.sum(0), np.zeros(weeks + ahead), ahead)
    return np.stack(
        [
            np.clip(np.exp(_fitted(came[row], expected[row], total, ahead)), 1 / MOST, MOST)
            for row in range(groups)
        ]
    )


def _fitted(came: Array, expected: Array, given: Array, ahead: int) -> Array:
    """Logarithm of the season: the one given, or one of its own where that explains more."""
    weeks = came.size
    time = np.arange(weeks + ahead)
    some = expected > 1e-6
    if came.sum() < 50.0 or some.sum() < LEAST_WEEKS:
        return given
    # With less than two years a trend and a season are told apart only if the trend is straight.
    trend = np.stack((np.ones(weeks), (time[:weeks] - weeks / 2) / YEAR), axis=1)
    waves = [
        wave(2.0 * np.pi * number * time / YEAR)
        for number in range(1, MOST_HARMONICS + 1)
        for wave in (np.cos, np.sin)
    ]
    offset = np.log(np.maximum(expected, 1e-9))
    most = MOST_HARMONICS if weeks >= 2 * YEAR - 2 else 3
    trials: list[tuple[float, int, Array]] = []
    dispersion = 1.0
    for harmonics in range(most, -1, -1):
        design = (
            np.concatenate((trend, np.stack(waves[: 2 * harmonics], 1)[:weeks]), 1)
            if (harmonics)
            else trend
        )
        for base, start in ((given, 0), (np.zeros_like(given), 1)):
            if start and (harmonics == 0 or not given.any()):
                continue
            if not start and harmonics and given.any():
                continue
            beta, deviance = _poisson(design[some], came[some], (offset + base[:weeks])[some])
            if harmonics == most:
                dispersion = max(deviance / max(some.sum() - design.shape[1], 1), 1.0)
            season = base.copy()
            for number in range(2 * harmonics):
                season += beta[2 + number] * waves[number]
            size = 2 * harmonics
            trials.append((deviance / dispersion + size * np.log(some.sum()), size, season))
    best = min(trials, key=lambda trial: trial[:2])[2]
    year = best[-round(YEAR) :] if best.size >= YEAR else best
    return best - np.log(np.exp(year).mean())


def _poisson(design: Array, came: Array, offset: Array) -> tuple[Array, float]:
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(max(came.sum(), 0.5) / np.exp(offset).sum())
    ridge = 1e-3 * np.eye(beta.size)
    ridge[0, 0] = 0.0
    for _ in range(12):
        mean = np.exp(np.clip(offset + design @ beta, -30.0, 30.0))
        slope = design.T @ (came - mean) - ridge @ beta
        step = np.linalg.solve((design * mean[:, None]).T @ design + ridge, slope)
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-8:
            break
    mean = np.exp(np.clip(offset + design @ beta, -30.0, 30.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(came > 0.0, came * np.log(came / mean), 0.0)
    return beta, float(2.0 * (part - came + mean).sum())


def weekdays(history: History) -> Array:
    """Estimate how much is wanted on each day of a week, counted from the day after the history.

    :return: mean of one over a week, (sites, 7); towards that of all sites where little came
    """
    sites = int(history.site.max(initial=0)) + 1

    def place(piece: slice) -> Whole:
        day = (history.day[piece].astype(np.int64) - history.days) % WEEK
        return history.site[history.series[piece]] * WEEK + day

    def value(piece: slice) -> Array:
        quantity = history.quantity[piece].astype(float)
        fine = np.isfinite(quantity) & (quantity > 0.0) & (history.day[piece] < history.days)
        return np.where(fine & (history.day[piece] >= history.start), quantity, 0.0)

    wanted = sums(sites * WEEK, history.series.size, place, value).reshape(sites, WEEK)
    everywhere = wanted.sum(0) + 1.0
    everywhere = everywhere / everywhere.sum()
    share = wanted + 50.0 * everywhere
    return WEEK * share / share.sum(1, keepdims=True)
