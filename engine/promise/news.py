"""What arrivals of a day tell of how fast things go now."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .curve import LONGEST, Curve

Floats = NDArray[np.float64]

RECENT = 0.5
"""A piece of work that has been under way for so many times what is typical speaks half as much
of how fast things go now as one that began just now: it is the newest that a promise resembles."""


def news(
    curve: Curve, known: Floats, age: Floats, ended: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Say what arrivals tell of how fast things go.

    :param known: relative age until which each was looked at before, shape (N,)
    :param age: relative age until which it is looked at now, shape (N,)
    :param ended: whether it arrived then, shape (N,)
    :return: expected less seen arrivals, how much the expectation falls if the logarithm of what
        is typical grows by one, and the variance of the first; each weighted by how much it says
        of now, shape (N,)
    """
    expected = curve.hazard_until(age) - curve.hazard_until(known)
    middle = 0.5 * (known + age)
    # By what was known when the day began: a weight that looks at the outcome would be biased.
    weight = np.where(known < LONGEST, 0.5 ** (known / RECENT), 0.0)
    surplus = weight * (expected - ended)
    return surplus, weight * expected * curve.steepness(middle), weight**2 * expected
