"""What units earn at many places at once: :func:`.earning.unit_values` for arrays.

Whoever plans all products of a network asks for the values of some hundred million units. They
come here from one matrix per group of places that need about as many units each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import erfc

import numpy as np
from numpy.typing import NDArray

from .cover import MOST_EXACT
from .earning import NOBODY

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_CELLS = 1_000_000
"""Matrices have about so many numbers at most, for the sake of memory."""


@dataclass(frozen=True, slots=True)
class Markets:
    """How goods sell at many places; columns of shape (places,), see :class:`.earning.Market`."""

    price: Array
    rate: Array
    horizon: Array
    decline: Array
    interest: Array
    holding: Array
    salvage: Array

    def __len__(self) -> int:
        return len(self.price)

    def take(self, places: Integers) -> Markets:
        """Those at some places."""
        return Markets(*(getattr(self, name)[places] for name in self.__slots__))

    @property
    def last(self) -> Array:
        """What a unit earns that is never sold, shape (places,)."""
        brought = np.minimum(self.salvage, self.price * np.exp(-self.decline * self.horizon))
        return brought * np.exp(-self.interest * self.horizon) - self.holding * self.horizon

    @property
    def surely(self) -> Array:
        """From this number on a unit is never sold, as far as numbers can tell; (places,)."""
        mean = self.rate * self.horizon
        return np.ceil(mean + 8.0 * np.sqrt(mean) + 8.0)


def unit_value_table(markets: Markets, most: int) -> Array:
    """Say what each of the first units will earn at each place.

    :param markets: the places
    :param most: how many units
    :return: shape (places, most), never rising along a row
    """
    numbers = np.arange(1.0, most + 1.0)
    mean = (markets.rate * markets.horizon)[:, None]
    fade = markets.decline + markets.interest
    idle = mean[:, 0] < NOBODY
    rate = np.where(idle, 1.0, markets.rate)
    horizon = markets.horizon[:, None]
    chances = tails(np.where(idle, 0.0, mean[:, 0]), most + 1)
    chance, later = chances[:, :-1], chances[:, 1:]
    if fade.any():
        ratio = np.where(idle, 0.0, rate / (rate + fade))
        faded = np.exp(np.log(np.maximum(ratio, 1e-300))[:, None] * numbers)
        tilted = tails(np.where(idle, 0.0, mean[:, 0] + fade * markets.horizon), most)
        sold = markets.price[:, None] * faded * tilted
    else:
        sold = markets.price[:, None] * chance
    leftover = (markets.last + markets.holding * markets.horizon)[:, None]
    days = numbers / rate[:, None] * later + horizon * (1.0 - chance)
    return sold + leftover * (1.0 - chance) - markets.holding[:, None] * days


def tails(mean: Array, most: int) -> Array:
    """Probability that a Poisson demand is at least 1, 2, and so on.

    :param mean: of the demand, shape (places,)
    :param most: the highest number
    :return: shape (places, most)
    """
    logs = np.concatenate(([0.0], np.log(np.arange(1.0, most)).cumsum()))
    exact = mean <= MOST_EXACT
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.arange(most) * np.log(mean)[:, None] - mean[:, None] - logs
    terms[:, 0] = -mean
    result = np.maximum(1.0 - np.exp(terms).cumsum(axis=1), 0.0)
    for place in np.flatnonzero(~exact).tolist():
        away = (np.arange(1.0, most + 1.0) - 0.5 - mean[place]) / np.sqrt(2.0 * mean[place])
        result[place] = [0.5 * erfc(each) for each in away.tolist()]
    return result


def totals(markets: Markets, points: Array) -> Array:
    """Say what stocks will earn.

    :param markets: the places
    :param points: shape (places, points): units, decimals are fine; units below zero are owed:
        each is sold at once when it comes
    :return: same shape; between whole units the total rises evenly
    """
    result = np.zeros(points.shape)
    if not points.size:
        return result
    needed = np.minimum(np.maximum(np.ceil(points.max(axis=1)), 0.0) + 1.0, markets.surely)
    for group, most in grouped(needed):
        part, at = markets.take(group), points[group]
        table = np.zeros((len(group), most + 1))
        np.cumsum(unit_value_table(part, most), axis=1, out=table[:, 1:])
        whole = np.clip(np.floor(at), 0.0, most)
        index = whole.astype(np.int64)
        rows = np.arange(len(group))[:, None]
        here = table[rows, index]
        slope = np.where(
            index < most, table[rows, np.minimum(index + 1, most)] - here, part.last[:, None]
        )
        above = here + slope * (np.maximum(at, 0.0) - whole)
        result[group] = above + np.minimum(at, 0.0) * part.price[:, None]
    return result


def grouped(needed: Array, width: int = 1) -> Iterator[tuple[Integers, int]]:
    """Group places by how many units they need, rounded up to powers of two.

    :param needed: shape (places,), from 1
    :param width: numbers per unit that the caller's own matrices take
    :return: positions of places, and units that are enough for all of them
    """
    sizes = np.exp2(np.ceil(np.log2(np.maximum(needed, 4.0)))).astype(np.int64)
    for size in np.unique(sizes).tolist():
        members = np.flatnonzero(sizes == size)
        step = max(MOST_CELLS // (size * width), 1)
        for start in range(0, len(members), step):
            yield members[start : start + step], size
