"""How many kits the parts that are there make up, and which part runs out first.

A kit (phantom bill of materials) has no stock of its own: it is put together of its parts when it
ships. Its bill may name other kits, the same part in several lines, and units of its own.

What so many kits need is rounded as it is when they are ordered: each line up to the step of
quantities in the unit of the line, then to the nearest step in the unit of the part. Kits are only
counted whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

NOISE = 1e-6


@dataclass(frozen=True)
class Line:
    """A line of a bill of materials, for one unit of what is put together.

    :param part: what goes into it; a kit if there is a bill for it.
    :param quantity: how many, in the unit of the line.
    :param ratio: how many units of the part one unit of the line is.
    """

    part: Hashable
    quantity: float
    ratio: float = 1.0


@dataclass(frozen=True)
class Limit:
    """How many kits one part allows.

    :param part: the part.
    :param per_kit: how many of it a kit takes, in the unit of the part.
    :param available: how many there are, in the unit of the part.
    :param count: for how many whole kits they are enough.
    """

    part: Hashable
    per_kit: float
    available: float
    count: int


@dataclass(frozen=True)
class Kit:
    """What one kit is put together of, kits within it taken apart.

    :param lines: of parts that are no kits; one part may have several.
    :param step: the step of quantities in every unit, above zero.
    :param endless: whether it contains itself, so that it cannot be put together at all.
    """

    lines: tuple[Line, ...]
    step: float = 0.01
    endless: bool = False

    @property
    def is_limited(self) -> bool:
        """Whether there can be too little of it."""
        return self.endless or bool(self.lines)

    @cached_property
    def per_kit(self) -> dict[Hashable, float]:
        """How many of each part a kit takes, not rounded, in the unit of the part."""
        found: dict[Hashable, float] = {}
        for line in self.lines:
            found[line.part] = found.get(line.part, 0.0) + line.quantity * line.ratio
        return found

    def needed(self, part: Hashable, count: float) -> float:
        """How many of a part so many kits take when they are ordered, in the unit of the part."""
        total = 0.0
        for line in self._by_part[part]:
            quantity = ceil(line.quantity * count / self.step - NOISE) * self.step
            if line.ratio != 1.0:
                quantity = floor(quantity * line.ratio / self.step + 0.5 + NOISE) * self.step
            total += quantity
        return total

    def count(self, part: Hashable, available: float) -> int:
        """For how many whole kits so many of a part are enough, whatever of the others is there.

        :param available: in the unit of the part; below zero is nothing.
        """
        # Tiny amounts may be rounded to nothing: a kit takes no less than its bill says.
        most = floor(available / self.per_kit[part] + NOISE)
        if most <= 0:
            return 0
        if part in self._whole:
            return most
        there = available + NOISE
        if self.needed(part, most) <= there:
            return most
        counts = range(most + 1)
        return bisect_right(counts, there, key=lambda count: self.needed(part, count)) - 1

    def limits(self, available: Mapping[Hashable, float]) -> tuple[Limit, ...]:
        """How many kits each part allows, the one that runs out first at the head.

        :param available: how many there are by part, in its unit; nothing of those absent.
        """
        found = [
            Limit(part, per_kit, there, self.count(part, there))
            for part, per_kit in self.per_kit.items()
            for there in [available.get(part, 0.0)]
        ]
        return tuple(
            sorted(found, key=lambda limit: (limit.count, limit.available / limit.per_kit))
        )

    def most(self, available: Mapping[Hashable, float]) -> int:
        """How many whole kits can be put together; zero too where nothing limits it.

        :param available: how many there are by part, in its unit; nothing of those absent.
        """
        least: int | None = None
        for part in self.per_kit:
            count = self.count(part, available.get(part, 0.0))
            if not count:
                return 0
            least = count if least is None else min(least, count)
        return least or 0

    @cached_property
    def _whole(self) -> set[Hashable]:
        """Parts of which any number of kits takes a multiple of the step: nothing is rounded."""
        return {
            part
            for part, lines in self._by_part.items()
            if all(
                abs(steps - round(steps)) < 1e-9
                for line in lines
                for steps in (line.quantity / self.step, line.quantity * line.ratio / self.step)
            )
        }

    @cached_property
    def _by_part(self) -> dict[Hashable, list[Line]]:
        found: dict[Hashable, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.part, []).append(line)
        return found


def take_apart(bills: Mapping[Hashable, Sequence[Line]], step: float = 0.01) -> dict[Hashable, Kit]:
    """Take kits apart into parts that are no kits.

    :param bills: the lines of each kit, of all kits within kits too.
    :param step: the step of quantities in every unit, above zero.
    :returns: the kits, by what the bills are known by.
    """
    done: dict[Hashable, Kit] = {}
    for whole in bills:
        _take_apart(whole, bills, step, done, ())
    return done


def _take_apart(
    whole: Hashable,
    bills: Mapping[Hashable, Sequence[Line]],
    step: float,
    done: dict[Hashable, Kit],
    above: tuple[Hashable, ...],
) -> Kit:
    if whole in done:
        return done[whole]
    if whole in above:
        return Kit((), step, endless=True)
    parts: list[Line] = []
    endless = False
    for line in bills[whole]:
        if line.quantity <= 0.0:
            continue  # optional: it goes along if somebody adds it
        if line.part not in bills:
            parts.append(line)
            continue
        inner = _take_apart(line.part, bills, step, done, (*above, whole))
        endless = endless or inner.endless
        count = line.quantity * line.ratio
        parts += [Line(part.part, part.quantity * count, part.ratio) for part in inner.lines]
    done[whole] = Kit(() if endless else tuple(parts), step, endless)
    return done[whole]
