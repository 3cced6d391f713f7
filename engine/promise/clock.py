"""A clock that runs as fast as parcels move: slowly on Sundays, not at all on holidays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""

BACKWARD = 400
"""Days that are looked back."""

SLOWEST = 1e-3
"""A weekday on which nothing was ever seen to arrive still counts this much."""


def weekday(days: ArrayLike) -> NDArray[np.int64]:
    """Tell the weekdays of moments, Monday 0.

    :param days: days since 1970-01-01, any shape
    """
    return (np.floor(np.asarray(days, dtype=float)).astype(np.int64) + FIRST_WEEKDAY) % 7


@dataclass(frozen=True, eq=False)
class Clock:
    """How much of a usual day each day is worth.

    :param weights: of Monday to Sunday, 1 on average, shape (7,)
    :param closed: days on which nothing moves, ascending whole days since 1970-01-01
    """

    weights: Floats
    closed: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        monday = np.concatenate([[0.0], np.cumsum(self.weights)])
        closed = np.array(self.closed, dtype=float)
        lost = np.concatenate([[0.0], np.cumsum(self.weights[weekday(closed)])])
        object.__setattr__(self, "_monday", monday)
        object.__setattr__(self, "_closed", closed)
        object.__setattr__(self, "_lost", lost)

    def at(self, moments: ArrayLike) -> Floats:
        """Read the clock.

        :param moments: days since 1970-01-01, any shape
        :return: what it shows, in usual days, same shape; only differences mean something
        """
        moments = np.asarray(moments, dtype=float)
        shifted = moments + FIRST_WEEKDAY
        weeks = np.floor(shifted / 7.0)
        inside = shifted - 7.0 * weeks
        day = np.minimum(inside.astype(np.int64), 6)
        shown = weeks * self._monday[-1] + self._monday[day]
        shown = shown + (inside - day) * self.weights[day]
        if self._closed.size:
            before = np.searchsorted(self._closed, np.floor(moments), side="left")
            shown = shown - self._lost[before]
            here = np.minimum(before, self._closed.size - 1)
            is_closed = self._closed[here] == np.floor(moments)
            part = (moments - np.floor(moments)) * self.weights[day]
            shown = shown - np.where(is_closed, part, 0.0)
        return shown

    def midnights(self, first: float, count: int) -> Floats:
        """Read the clock at the end of days that follow each other.

        :param first: a moment of the first of them
        :param count: how many
        :return: usual days, shape (count,)
        """
        return self.at(np.floor(first) + 1.0 + np.arange(count))

    def before(self, moment: float, days: ArrayLike) -> Floats:
        """Tell the latest moments from which so much time passes until another.

        :param moment: days since 1970-01-01
        :param days: usual days, any shape, at most about `BACKWARD` of them
        :return: days since 1970-01-01, same shape
        """
        grid = np.floor(moment) + 1.0 - np.arange(BACKWARD, -1, -1.0)
        shown = self.at(grid)
        wanted = np.maximum(self.at(moment) - np.asarray(days, dtype=float), shown[0])
        place = np.minimum(np.searchsorted(shown, wanted, side="right") - 1, BACKWARD - 1)
        step = np.maximum(shown[place + 1] - shown[place], 1e-12)
        return np.minimum(grid[place] + (wanted - shown[place]) / step, moment)


@dataclass
class Week:
    """What is learned about weekdays: how many arrived, and how many an even week would bring.

    :param seen: arrivals of Monday to Sunday, older ones counted less, shape (7,)
    :param even: what was expected had all days been alike, shape (7,)
    """

    seen: Floats
    even: Floats

    @classmethod
    def unknown(cls, weight: float = 20.0) -> Week:
        """Start with days that are all alike, as if so many arrivals had been seen on each."""
        return cls(np.full(7, weight), np.full(7, weight))

    def clock(self, closed: Iterable[int] = ()) -> Clock:
        """Make the clock of it."""
        weights = np.maximum(self.seen / self.even, SLOWEST)
        return Clock(weights / weights.mean(), tuple(closed))

    def learn(self, day: float, seen: float, expected: float, clock: Clock, keep: float) -> None:
        """Take in a day.

        :param day: a moment of it
        :param seen: how many arrived
        :param expected: how many should have by this clock
        :param clock: the clock by which that was reckoned
        :param keep: share of what is known that stays, 0 to 1
        """
        number = int(weekday(day))
        self.seen *= keep
        self.even *= keep
        self.seen[number] += seen
        self.even[number] += expected / clock.weights[number]
