"""An amount that is taken of one after the other, as far as each goes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """What of an amount falls to one of several, in steps above zero."""

    key: Hashable
    amount: int


def fill(amount: int, most: Mapping[Hashable, int]) -> tuple[Part, ...]:
    """Spread an amount over several in their order, as far as each goes.

    :param amount: in steps; what is more than there is of all falls to none
    :param most: how much there is of each, in steps, by key; below zero counts as nothing
    """
    parts: list[Part] = []
    for key, there in most.items():
        part = min(amount, there)
        if part > 0:
            parts.append(Part(key, part))
            amount -= part
    return tuple(parts)
