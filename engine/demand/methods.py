"""Forecasting methods, each a step of one week for many series at once.

With a whole week watched (exposure 1) the steps are the published ones:

- simple exponential smoothing, and with a damped trend: Gardner and McKenzie (1985), in the
  error-correction form of Gardner (1985)
- Croston (1972), made unbiased by Syntetos and Boylan (2005): factor ``1 - alpha / 2``
- Teunter, Syntetos and Babai (2011): chance and size smoothed apart, the chance every week

A week that was watched in part (no stock for the rest, or more wanted than usual by promotion or
season) counts with its exposure: what was wanted is compared with exposure times level, and weighs
as much as the exposure says, by the gain ``alpha a / (alpha a + 1 - alpha)`` of an observation
whose noise goes with ``1 / a``. Nothing is learned from a week without exposure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Smoothing:
    """Level, and its trend if ``beta`` is above zero."""

    def __init__(self, level: Array, alpha: float, beta: float = 0.0, damping: float = 0.9):
        self.level, self.alpha, self.beta, self.damping = level.copy(), alpha, beta, damping
        self.trend = np.zeros_like(level)

    def rate(self) -> Array:
        if not self.beta:
            return self.level
        return np.maximum(self.level + self.damping * self.trend, 0.0)

    def learn(self, wanted: Array, exposure: Array) -> None:
        before = self.rate()
        step = self.alpha * (wanted - exposure * before)
        step /= self.alpha * exposure + (1.0 - self.alpha)
        if self.beta:
            self.trend = self.damping * self.trend + self.beta * step
        self.level = np.maximum(before + step, 0.0)


class Croston:
    """Size of a demand and weeks to the next; the rate is that of Syntetos and Boylan."""

    def __init__(self, size: Array, interval: Array, alpha: float):
        self.size, self.interval, self.alpha = size.copy(), interval.copy(), alpha
        self.since = np.zeros_like(size)

    def rate(self) -> Array:
        return (1.0 - self.alpha / 2.0) * self.size / self.interval

    def learn(self, wanted: Array, exposure: Array) -> None:
        self.since += exposure
        came = wanted > 0.0
        self.size += self.alpha * came * (wanted - self.size)
        waited = np.maximum(self.since, 1e-3)
        self.interval += self.alpha * came * (waited - self.interval)
        self.since *= ~came


class Teunter:
    """Size of a demand and its chance, which falls while none comes."""

    def __init__(self, size: Array, chance: Array, alpha: float, beta: float):
        self.size, self.chance, self.alpha, self.beta = size.copy(), chance.copy(), alpha, beta

    def rate(self) -> Array:
        return self.size * self.chance

    def learn(self, wanted: Array, exposure: Array) -> None:
        came = wanted > 0.0
        self.size += self.alpha * came * (wanted - self.size)
        step = self.beta * (came - exposure * self.chance)
        self.chance += step / (self.beta * exposure + (1.0 - self.beta))
        self.chance = np.clip(self.chance, 0.0, 1.0)


class Pooled:
    """Rate of the product times the share of the site, and how much this series differs from it.

    Gamma-Poisson: the difference is a factor of mean 1 and shape ``strength``; what came, in units
    of its dispersion, is compared with what was expected. See :mod:`.pooling`.
    """

    def __init__(self, strength: Array, dispersion: Array, kept: float):
        self.strength, self.dispersion, self.kept = strength, dispersion, kept
        self.came, self.expected = np.zeros_like(strength), np.zeros_like(strength)

    def factor(self) -> Array:
        return (self.strength + self.came) / (self.strength + self.expected)

    def doubt(self) -> Array:
        """Variance of the factor."""
        return self.factor() / (self.strength + self.expected)

    def learn(self, wanted: Array, expected: Array) -> None:
        self.came = self.kept * self.came + wanted / self.dispersion
        self.expected = self.kept * self.expected + expected / self.dispersion
