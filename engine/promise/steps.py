"""Several steps to a date: how long they take together, and when each has to begin at the latest.

The quantile of a sum is less than the sum of quantiles, since not everything goes badly at once:
the distributions are added up (convolution), which takes steps to be independent of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lanes import Lane
from .learner import Learner

Floats = NDArray[np.float64]

PER_DAY = 8
"""Parts of a day in which durations are added up."""

LONGEST_DAYS = 200
"""Days beyond which nothing is told apart."""


@dataclass(frozen=True, eq=False)
class Step:
    """How long a step takes.

    :param name: of the step
    :param shares: chance that it takes about k eighths of a day, k = 0 … K-1, sum 1, shape (K,)
    """

    name: str
    shares: Floats

    def __post_init__(self) -> None:
        if self.shares.min(initial=0.0) < 0.0 or abs(self.shares.sum() - 1.0) > 1e-6:
            raise ValueError(f"The chances of step {self.name} must sum up to one.")

    def quantile(self, confidence: float) -> float:
        """Return days within which it is done with some confidence."""
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"A confidence must be between 0 and 1, not {confidence!r}.")
        place = np.searchsorted(np.cumsum(self.shares), confidence - 1e-12)
        return float(min(place, len(self.shares) - 1)) / PER_DAY

    def mean(self) -> float:
        """Return the days that it takes on average."""
        return float(self.shares @ np.arange(len(self.shares))) / PER_DAY


def fixed(name: str, days: float) -> Step:
    """Return a step that always takes the same time.

    :param days: not below zero
    :raises ValueError: they are, or are too many
    """
    if not 0.0 <= days < LONGEST_DAYS:
        raise ValueError(f"A step takes between 0 and {LONGEST_DAYS} days, not {days!r}.")
    shares = np.zeros(round(days * PER_DAY) + 1)
    shares[-1] = 1.0
    return Step(name, shares)


def learned(name: str, learner: Learner, lane: Lane, load: float = 1.0) -> Step:
    """Return what a learner knows of a step, in usual days of its clock."""
    grid = (np.arange(LONGEST_DAYS * PER_DAY) + 0.5) / PER_DAY
    share, _ever = learner.arrived([lane], grid[None, :], load)
    below = np.minimum(share[0], 1.0)
    below[-1] = 1.0
    shares = np.diff(below, prepend=0.0)
    used = int(np.flatnonzero(shares > 1e-12)[-1]) + 1
    return Step(name, shares[:used] / shares[:used].sum())


def together(steps: Sequence[Step], name: str = "") -> Step:
    """Return how long steps take that follow each other.

    :param steps: at least one, independent of each other
    """
    total = steps[0].shares
    for step in steps[1:]:
        total = np.convolve(total, step.shares)
    most = LONGEST_DAYS * PER_DAY
    if len(total) > most:
        total = np.append(total[: most - 1], total[most - 1 :].sum())
    return Step(name, total)


def milestones(steps: Sequence[Step], confidence: float) -> Floats:
    """Tell how long before the promised date each step must have begun at the latest.

    Begun by then, the step and all that follow are done in time with that confidence. The first
    milestone is what a promise made now would take.

    :param steps: in the order in which they are done
    :return: days before the end, shape (steps,), never ascending
    """
    left = [together(steps[place:]).quantile(confidence) for place in range(len(steps))]
    return np.maximum.accumulate(np.array(left)[::-1])[::-1]


def miss_chance(step: Step, spent: ArrayLike, remaining: ArrayLike) -> Floats:
    """Tell how likely what is under way is not done in time.

    :param step: that is under way, or several together
    :param spent: days since it began, any shape
    :param remaining: days until it has to be done, same shape
    :return: chances given that it is not done yet; 1 where the time is over
    """
    below = np.concatenate([[0.0], np.cumsum(step.shares)])
    spent, remaining = np.broadcast_arrays(
        np.asarray(spent, dtype=float), np.asarray(remaining, dtype=float)
    )
    # Durations of k eighths stand for k - 1/2 to k + 1/2.
    edges = (np.arange(len(below)) - 0.5) / PER_DAY
    already = np.interp(np.maximum(spent, 0.0), edges, below)
    intime = np.interp(np.maximum(spent, 0.0) + np.maximum(remaining, 0.0), edges, below)
    still = 1.0 - already
    missed = np.where(still > 1e-9, (1.0 - intime) / np.maximum(still, 1e-9), 1.0)
    return np.where(remaining <= 0.0, 1.0, np.clip(missed, 0.0, 1.0))
