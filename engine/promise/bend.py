"""How the shape of durations has bent lately: more stragglers than usual, or fewer.

The shape itself is remembered for long, since tails are seen seldom. What changes in them is seen
sooner in a few wide bands of relative age: arrivals seen lately over those that the remembered
shape makes one expect, each band starting from no change (as a gamma prior has it). Only the shape
is taken from it; how fast all goes is told by the factors that lanes have in common.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .curve import EDGES, Counts

Floats = NDArray[np.float64]

BANDS: Floats = np.array([0.0, 0.6, 0.9, 1.2, 1.6, 2.2, 3.5])
"""Relative ages at which the bands begin."""

REMEMBERED = 35.0
"""Half-life of what was seen lately, days."""

PRIOR = 12.0
"""Arrivals in each band that stand for there being no change."""

MOST = 3.0
"""Factor by which a hazard is changed at most."""

STARTS = np.searchsorted(EDGES[:-1], BANDS)
"""First stretch of each band."""

MIDDLES: Floats = 0.5 * (EDGES[1:] + EDGES[:-1])
CENTERS: Floats = np.append(0.5 * (BANDS[1:] + BANDS[:-1]), 5.0)
"""Relative ages to which the factor of a band belongs; between them it changes evenly."""


@dataclass
class Bend:
    """What was seen lately, by method; "" for what names none."""

    lately: dict[str, Counts] = field(default_factory=dict)

    def keep(self, days: float) -> None:
        """Let time pass."""
        for counts in self.lately.values():
            counts.keep(0.5 ** (days / REMEMBERED))

    def learn(self, method: str, part: Counts) -> None:
        """Take in what was seen of a method."""
        self.lately.setdefault(method, Counts.none()).add(part)


def factors(pairs: Iterable[tuple[Counts, Floats]]) -> Floats:
    """Tell by how much the hazard of each stretch differs lately from what is remembered.

    :param pairs: what was seen of each method lately, and the hazard that is remembered of it,
        shape (B,)
    :return: shape (B,)
    """
    seen, expected = np.zeros(BANDS.size), np.zeros(BANDS.size)
    for counts, hazard in pairs:
        seen += np.add.reduceat(counts.arrived, STARTS)
        expected += np.add.reduceat(counts.at_risk * hazard, STARTS)
    level = (seen.sum() + PRIOR) / (expected.sum() + PRIOR)
    bands = np.clip((seen + PRIOR) / (expected * level + PRIOR), 1.0 / MOST, MOST)
    return np.exp(np.interp(MIDDLES, CENTERS, np.log(bands)))
