"""Were promises kept as often as they said? Scores by group, and the curve of calibration."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SURE = 1.959964
"""Quantile of the normal distribution for intervals that hold 95 % of the time."""


@dataclass(frozen=True, slots=True)
class Score:
    """What became of promises of a group.

    :param group: which, such as a site or a carrier
    :param count: promises whose outcome is known
    :param kept: share that arrived on or before the date
    :param lower: the share kept in the long run lies between this
    :param upper: and this, with 95 % confidence (Wilson 1927)
    :param early: share that arrived before the date
    :param late: share that arrived after it
    :param days_early: days by which those were early, on average
    :param days_late: days by which those were late, on average
    :param confidence: with which they were promised, on average; not a number if not given
    """

    group: Hashable
    count: int
    kept: float
    lower: float
    upper: float
    early: float
    late: float
    days_early: float
    days_late: float
    confidence: float


def wilson(kept: float, count: float) -> tuple[float, float]:
    """Return the interval in which a share lies with 95 % confidence (Wilson 1927).

    :param kept: successes
    :param count: trials; of none nothing is known, and the interval is 0 to 1
    """
    if count <= 0:
        return 0.0, 1.0
    share, square = kept / count, SURE**2
    middle = (share + square / (2.0 * count)) / (1.0 + square / count)
    half = (
        SURE
        / (1.0 + square / count)
        * math.sqrt(share * (1.0 - share) / count + square / (4.0 * count**2))
    )
    return max(middle - half, 0.0), min(middle + half, 1.0)


def scores(
    promised: ArrayLike,
    arrived: ArrayLike,
    groups: Sequence[Hashable] | None = None,
    confidences: ArrayLike | None = None,
    today: float | None = None,
) -> list[Score]:
    """Score promises by group.

    A promise of goods under way has failed once its date is over; before that it is left out, and
    so are those that arrived but were promised for a day to come: counting only the good news of
    what is not over would flatter.

    :param promised: dates, whole days since 1970-01-01, shape (N,)
    :param arrived: when the goods arrived, infinity or not a number while they have not, (N,)
    :param groups: of each promise; all in one group "" if None
    :param confidences: with which each was made, shape (N,)
    :param today: the day that has begun, days since 1970-01-01; all is over if None
    :return: one score per group, in order of first appearance
    :raises ValueError: the columns are of different lengths
    """
    promised = np.floor(np.asarray(promised, dtype=float))
    arrived = np.asarray(arrived, dtype=float)
    arrived = np.floor(np.where(np.isnan(arrived), np.inf, arrived))
    groups = [""] * len(promised) if groups is None else groups
    sure = np.full(promised.shape, np.nan)
    if confidences is not None:
        sure = np.asarray(confidences, dtype=float)
    if not len(promised) == len(arrived) == len(groups) == len(sure):
        raise ValueError("Promises, arrivals, groups and confidences must be of one length.")
    over = promised < (math.inf if today is None else math.floor(today))
    rows: dict[Hashable, list[int]] = {}
    for row in np.flatnonzero(over).tolist():
        rows.setdefault(groups[row], []).append(row)
    return [_score(group, promised[own], arrived[own], sure[own]) for group, own in rows.items()]


def _score(group: Hashable, promised: Floats, arrived: Floats, sure: Floats) -> Score:
    count = len(promised)
    late, early = arrived > promised, arrived < promised
    came = late & np.isfinite(arrived)
    kept = int(count - late.sum())
    return Score(
        group,
        count,
        kept / count,
        *wilson(kept, count),
        float(early.mean()),
        float(late.mean()),
        float((promised - arrived)[early].mean()) if early.any() else 0.0,
        float((arrived - promised)[came].mean()) if came.any() else 0.0,
        float(sure.mean()),
    )


def calibration(
    promised: ArrayLike,
    arrived: ArrayLike,
    confidences: ArrayLike,
    today: float | None = None,
) -> list[Score]:
    """Return the curve of calibration: for each confidence how many promises were kept.

    A well calibrated confidence lies between `lower` and `upper` of its score.

    :param promised: dates, whole days since 1970-01-01, shape (N,)
    :param arrived: when the goods arrived, infinity or not a number while they have not, (N,)
    :param confidences: with which each was made, shape (N,)
    :param today: the day that has begun, days since 1970-01-01; all is over if None
    :return: scores whose group is the confidence, rounded to a percent, ascending
    """
    groups = np.round(np.asarray(confidences, dtype=float), 2).tolist()
    return sorted(
        scores(promised, arrived, groups, confidences, today), key=lambda each: each.group
    )


def pinball(needed: ArrayLike, promised: ArrayLike, confidence: float) -> float:
    """Return the mean loss that the true quantile alone makes smallest (Koenker 1978).

    :param needed: days that each took, shape (N,)
    :param promised: days that each was promised in, shape (N,)
    :param confidence: of the promises, between 0 and 1
    """
    short = np.asarray(needed, dtype=float) - np.asarray(promised, dtype=float)
    return float(np.maximum(confidence * short, (confidence - 1.0) * short).mean())
