"""How long things take once their lane is taken out: a hazard by stretches of relative age.

Relative age is age over what is typical of the lane. In each stretch the hazard is arrivals over
time at risk, so that what is still under way counts for as long as it has been, and what began
before one looked counts from then on only: the Kaplan-Meier estimate in its life-table form, over
a period and not over a cohort (Kaplan and Meier 1958; Preston, Heuveline and Guillot 2001, ch. 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LONGEST = 60.0
"""What takes longer than so many times the typical is taken to never arrive."""

EDGES: Floats = np.concatenate([[0.0], np.geomspace(0.03, LONGEST, 120)])
"""Bounds of the stretches, shape (B + 1,)."""

WIDTHS: Floats = np.diff(EDGES)
STEEPEST = 50.0
"""Most that a hazard can be, per typical duration: beyond it only rounding speaks."""

DOUBTS = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3])
"""Standard deviations of the logarithm of what is typical for which distributions are kept."""

NORMALS = np.polynomial.hermite_e.hermegauss(7)


def _normal_cdf(values: Floats) -> Floats:
    return np.array([0.5 * math.erfc(-each / math.sqrt(2.0)) for each in values.tolist()])


@dataclass
class Counts:
    """What was seen in each stretch of relative age, older things counted less.

    :param arrived: how many, shape (..., B)
    :param at_risk: time under way, in typical durations, shape (..., B)
    """

    arrived: Floats
    at_risk: Floats

    @classmethod
    def assumed(cls, spread: float, weight: float) -> Counts:
        """Return what a log-normal distribution with median 1 would have shown.

        :param spread: standard deviation of its logarithm
        :param weight: arrivals that it stands for
        """
        inner = np.log(EDGES[1:]) / spread
        left = np.concatenate([[1.0], 1.0 - _normal_cdf(inner)])
        # Of the last one in a thousand nothing is assumed: whether what is then still under way
        # comes late or never is for what is seen to say.
        arrived = weight * np.where(left[1:] > 1e-3, -np.diff(left), 0.0)
        at_risk = weight * 0.5 * (left[1:] + left[:-1]) * WIDTHS
        return cls(arrived, at_risk)

    @classmethod
    def none(cls) -> Counts:
        """Return what is known before anything was seen."""
        return cls(np.zeros(WIDTHS.size), np.zeros(WIDTHS.size))

    def add(self, other: Counts) -> None:
        """Count what was seen besides."""
        self.arrived += other.arrived
        self.at_risk += other.at_risk

    def keep(self, share: float) -> None:
        """Let what is known fade to a share of its weight."""
        self.arrived *= share
        self.at_risk *= share


def seen(
    begin: Floats, end: Floats, arrived: NDArray[np.bool_], weight: Floats | None = None
) -> Counts:
    """Count arrivals and time at risk of stretches of relative ages.

    :param begin: where each was first looked at, shape (N,)
    :param end: where it arrived or was last looked at, shape (N,)
    :param arrived: whether it did, shape (N,)
    :param weight: of each, 1 by default, shape (N,)
    """
    weight = np.ones(begin.shape) if weight is None else weight
    inside = arrived & (end < LONGEST)
    where = np.searchsorted(EDGES, end[inside], side="right") - 1
    counted = np.bincount(where, weight[inside], minlength=WIDTHS.size).astype(float)
    return Counts(counted[: WIDTHS.size], _time_below(end, weight) - _time_below(begin, weight))


def _time_below(ages: Floats, weight: Floats) -> Floats:
    """Time that ones who grow from zero to some age spend in each stretch, summed."""
    capped = np.minimum(ages, LONGEST)
    where = np.minimum(np.searchsorted(EDGES, capped, side="right") - 1, WIDTHS.size - 1)
    number = np.bincount(where, weight, minlength=WIDTHS.size)
    partial = np.bincount(where, weight * (capped - EDGES[where]), minlength=WIDTHS.size)
    passed = number.sum() - np.cumsum(number)
    return partial + passed * WIDTHS


def hazard_of(arrived: Floats, at_risk: Floats) -> Floats:
    """Return the hazard of each stretch, smoothed over neighboring ones, shape (B,).

    :param arrived: shape (B,)
    :param at_risk: shape (B,)
    """
    kernel = np.array([0.25, 0.5, 0.25])
    top = np.convolve(np.pad(arrived, 1, mode="edge"), kernel, "valid")
    bottom = np.convolve(np.pad(at_risk, 1, mode="edge"), kernel, "valid")
    return np.minimum(top / np.maximum(bottom, 1e-12), STEEPEST / WIDTHS.clip(1.0))


@dataclass(frozen=True, eq=False)
class Curve:
    """A distribution of relative durations.

    :param cumulative: cumulative hazard at the bounds of the stretches, shape (B + 1,)
    """

    cumulative: Floats

    @classmethod
    def of(cls, arrived: Floats, at_risk: Floats, factors: ArrayLike = 1.0) -> Curve:
        """Make the curve of counts, smoothed over neighboring stretches.

        :param arrived: shape (B,)
        :param at_risk: shape (B,)
        :param factors: by which the hazard of each stretch differs, shape (B,)
        """
        hazard = hazard_of(arrived, at_risk) * factors
        return cls(np.concatenate([[0.0], np.cumsum(hazard * WIDTHS)]))

    def hazard_until(self, ages: ArrayLike) -> Floats:
        """Cumulative hazard at relative ages, any shape."""
        return np.interp(ages, EDGES, self.cumulative)

    def left(self, ages: ArrayLike) -> Floats:
        """Share that is still under way at relative ages, never arriving ones among it."""
        return np.exp(-self.hazard_until(ages))

    @property
    def never(self) -> float:
        """Share that never arrives."""
        return float(np.exp(-self.cumulative[-1]))

    def arrived(self, ages: ArrayLike) -> Floats:
        """Share of what ever arrives that has done so at relative ages, any shape."""
        return (1.0 - self.left(ages)) / max(1.0 - self.never, 1e-9)

    def steepness(self, ages: ArrayLike) -> Floats:
        """How the logarithm of the cumulative hazard grows with that of the age, any shape."""
        ages = np.asarray(ages, dtype=float)
        around = np.log(
            np.maximum(self.hazard_until(ages * 1.15), 1e-9)
            / np.maximum(self.hazard_until(ages / 1.15), 1e-9)
        ) / (2.0 * math.log(1.15))
        return np.clip(around, 0.3, 8.0)

    def median(self) -> float:
        """Relative duration that half of what arrives needs."""
        return float(np.interp(0.5, self.arrived(EDGES), EDGES))


def blurred(curve: Curve) -> Floats:
    """Shares that arrive by the bounds of the stretches where the scale itself is in doubt.

    :return: for each of `DOUBTS`, shape (D, B + 1)
    """
    points, weights = NORMALS
    factors = np.exp(points[None, :] * DOUBTS[:, None])
    ages = EDGES[None, None, :] / factors[:, :, None]
    return np.einsum("k,dkb->db", weights / weights.sum(), curve.arrived(ages))


def between(table: Floats, variance: Floats) -> Floats:
    """Take the rows of a table of `DOUBTS` for given variances, shape (L, B + 1)."""
    doubt = np.sqrt(variance)
    place = np.clip(np.searchsorted(DOUBTS, doubt) - 1, 0, len(DOUBTS) - 2)
    part = np.clip((doubt - DOUBTS[place]) / (DOUBTS[place + 1] - DOUBTS[place]), 0.0, 1.0)
    return table[place] * (1.0 - part)[:, None] + table[place + 1] * part[:, None]
