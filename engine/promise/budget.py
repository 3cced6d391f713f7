"""Keep the share of promises kept where it is meant to be, by paying back what went amiss.

A model is never quite right, and least when times change. So promises are counted: each that was
asked to be kept with 90 % leaves 0.1 of a miss to spend; a miss costs one. What is still under way
counts by what is expected of it now, so that the account does not wait for parcels to arrive, and
does not swing as feedback with a delay does (in the spirit of adaptive conformal inference: Gibbs
and Candès 2021, whose plain step on delayed feedback oscillates).

Chance alone unsettles the account all the time, and each correction makes promises longer on
average than they need be: a day more costs more than a day less saves. So a small balance is left
alone for the most part, and a large one, as a change of times brings, is paid back within a
quarter of a lead time's promises or as fast as the bounds allow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

LONGEST = 2.0
"""What is asked for never allows for fewer misses than those meant divided by this: a bad month
does not make promises absurd."""

SHORTEST = 3.0
"""Nor for more than so many times the misses meant."""

FIRM = 6.0
"""A large balance is paid back within the horizon divided by this."""

QUIET = 1.2
"""A balance of so many standard deviations of what chance makes of the horizon's promises, and one
promise, is paid back half as fast as that, a smaller one more slowly still."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The account of promises made with one confidence.

    :param confidence: with which they were made, between 0 and 1
    :param settled: promises whose goods arrived
    :param kept: how many of them in time
    """

    confidence: float
    settled: float = 0.0
    kept: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.confidence < 1.0:
            raise ValueError(f"A confidence must be between 0 and 1, not {self.confidence!r}.")
        if not 0.0 <= self.kept <= self.settled:
            raise ValueError(f"{self.kept:g} of {self.settled:g} promises cannot have been kept.")

    def settle(self, kept: ArrayLike) -> Budget:
        """Count promises whose goods have arrived.

        :param kept: whether each was kept, any shape
        """
        outcomes = np.asarray(kept, dtype=bool)
        return Budget(
            self.confidence, self.settled + outcomes.size, self.kept + int(outcomes.sum())
        )

    def owed(self, chances: ArrayLike = (), weights: ArrayLike = 1.0) -> float:
        """Return how many more promises should have been kept than were, or will be.

        :param chances: of promises under way: that they are kept if the goods arrive, any shape
        :param weights: chances that they do arrive, same shape or one for all
        """
        under_way = np.asarray(weights) * (self.confidence - np.asarray(chances, dtype=float))
        return self.confidence * self.settled - self.kept + float(np.sum(under_way))

    def ask(self, owed: float, horizon: float) -> float:
        """Return the confidence to ask the model for, so that the account evens out.

        :param owed: as :meth:`owed` returns it
        :param horizon: promises made in one and a half usual lead times
        """
        horizon = max(horizon, 0.0)
        miss = 1.0 - self.confidence
        quiet = QUIET * math.sqrt(horizon * self.confidence * miss) + 1.0
        firmness = owed**2 / (owed**2 + quiet**2)
        wanted = miss - firmness * owed / (horizon / FIRM + 1.0)
        return 1.0 - min(max(wanted, miss / LONGEST), miss * SHORTEST, 0.95)
