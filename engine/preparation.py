"""Which orders are picked together: preparation waves under limits, what is due first first."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

PICKERS = "pickers"
"""Reason why work is left: all the waves that may be open at once are."""

ROUNDING = 1e-9
"""By so much a sum may be above its limit."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is picked for one order at one site.

    :param key: by which the caller knows it
    :param group: only work of equal groups goes into one wave
    :param due: when it has to leave, POSIX seconds; infinity where nothing says so
    :param lines: places to go to
    :param units: pieces to pick
    :param weight: kilograms
    """

    key: int
    group: Hashable
    due: float = math.inf
    lines: float = 1.0
    units: float = 1.0
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one wave, and all of them, may hold at most.

    :param orders: in one wave
    :param lines: see :class:`Work`, in one wave
    :param units: see there
    :param weight: see there
    :param waves: in all
    """

    orders: float = math.inf
    lines: float = math.inf
    units: float = math.inf
    weight: float = math.inf
    waves: float = math.inf

    def __post_init__(self) -> None:
        if min(self.orders, self.lines, self.units, self.weight) <= 0:
            raise ValueError("a wave must be able to hold something")
        if self.waves < 0:
            raise ValueError("there cannot be fewer than no waves")


@dataclass(slots=True)
class _Open:
    """A wave that is being filled, with the sums of what is in it: each work looks at many."""

    group: Hashable
    works: list[Work] = field(default_factory=list)
    lines: float = 0.0
    units: float = 0.0
    weight: float = 0.0

    def add(self, work: Work) -> None:
        """Put a work in."""
        self.works.append(work)
        self.lines += work.lines
        self.units += work.units
        self.weight += work.weight

    def has_room(self, work: Work, limits: Limits) -> bool:
        """Tell whether a work fits beside those that are in."""
        return (
            len(self.works) + 1 <= limits.orders
            and self.lines + work.lines <= limits.lines + ROUNDING
            and self.units + work.units <= limits.units + ROUNDING
            and self.weight + work.weight <= limits.weight + ROUNDING
        )


@dataclass(frozen=True, slots=True)
class Wave:
    """What one person picks in one go.

    :param group: of all its work
    :param keys: of its work, what is due first first
    """

    group: Hashable
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The waves, the one with the first due work first, and what is in none.

    :param waves: at most as many as the limits say
    :param left: (key, reason) of each work that is in no wave
    """

    waves: tuple[Wave, ...]
    left: tuple[tuple[int, str], ...]


def plan(works: Iterable[Work], limits: Limits) -> Plan:
    """Put work into waves.

    Work is taken by when it is due, then by key; each goes into the first wave of its group that
    has room (first fit), and where none has, a new one is begun, while there may be more. So no
    work waits for another that is due later, unless that one fits where it does not. Work that is
    beyond the limits by itself cannot be cut up: it gets a wave of its own.

    :param works: in any order, each key once
    :param limits: what a wave may hold
    :raises ValueError: a key is there twice
    """
    ordered = sorted(works, key=lambda work: (work.due, work.key))
    if len({work.key for work in ordered}) < len(ordered):
        raise ValueError("each work is to be prepared once")
    opened: list[_Open] = []
    by_group: dict[Hashable, list[_Open]] = {}
    left: list[tuple[int, str]] = []
    for work in ordered:
        fitting = by_group.setdefault(work.group, [])
        wave = next((each for each in fitting if each.has_room(work, limits)), None)
        if wave is None:
            if len(opened) + 1 > limits.waves:
                left.append((work.key, PICKERS))
                continue
            wave = _Open(work.group)
            opened.append(wave)
            fitting.append(wave)
        wave.add(work)
    waves = tuple(Wave(each.group, tuple(work.key for work in each.works)) for each in opened)
    return Plan(waves, tuple(left))
