"""Money as whole numbers of a currency's smallest step.

A step is what the currency rounds to: 0.01 EUR, 1 JPY, 0.001 KWD, 0.05 CHF where that is the
smallest coin. Sums of steps are exact, and a share of them is rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

Key = TypeVar("Key")


def exact(number: float | int | str | Fraction) -> Fraction:
    """Return the number that a float is written as.

    0.1 is one tenth, not the binary fraction nearest to it.

    :raises ValueError: the number is not finite
    """
    return number if isinstance(number, Fraction) else Fraction(str(number))


def divide(amount: Fraction) -> int:
    """Round to a whole number, halves away from zero, as currencies are rounded."""
    whole = (abs(amount) * 2 + 1) // 2
    return int(whole if amount >= 0 else -whole)


@dataclass(frozen=True)
class Step:
    """The smallest step of a currency.

    :param size: in units of the currency, above zero
    """

    size: Fraction

    def __post_init__(self) -> None:
        if self.size <= 0:
            raise ValueError("A currency rounds to a step above zero.")

    @classmethod
    def of(cls, rounding: float | str) -> Step:
        """Return the step of a currency that rounds to ``rounding``."""
        return cls(exact(rounding))

    def count(self, amount: float | int | str | Fraction) -> int:
        """Return an amount in steps, rounded to the nearest."""
        return divide(exact(amount) / self.size)

    def amount(self, steps: int) -> float:
        """Return steps as an amount in units of the currency."""
        return float(steps * self.size)


def spread(total: int, weights: Mapping[Key, Fraction]) -> dict[Key, int]:
    """Split a total by weights, so that the parts add up to it.

    Each part is the rounded running sum less what came before, so none is off by a step or more.

    :param total: in steps
    :param weights: at or above zero, in the order in which the total is gone through; all zero
        counts as all equal
    :return: steps by key; empty when there is no weight
    :raises ValueError: a weight is below zero
    """
    if any(weight < 0 for weight in weights.values()):
        raise ValueError("Weights are not below zero.")
    whole = sum(weights.values(), Fraction(0))
    even = not whole
    whole = whole or Fraction(len(weights))
    parts: dict[Key, int] = {}
    running, before = Fraction(0), 0
    for key, weight in weights.items():
        running += Fraction(1) if even else weight
        now = divide(total * running / whole)
        parts[key] = now - before
        before = now
    return parts
