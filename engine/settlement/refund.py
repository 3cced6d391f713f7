"""From which captures money is given back."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from .parts import Part, fill


@dataclass(frozen=True)
class Capture:
    """Money that was taken.

    :param key: what it is known by
    :param moment: anything that sorts; the greatest is the newest
    :param amount: taken, in steps
    :param refunded: given back of it or about to be, in steps
    :param preferred: it paid for what is given back
    """

    key: Hashable
    moment: int
    amount: int
    refunded: int = 0
    preferred: bool = False

    @property
    def left(self) -> int:
        """What can be given back of it, in steps."""
        return max(self.amount - self.refunded, 0)


def allocate_refund(amount: int, captures: Sequence[Capture]) -> tuple[Part, ...]:
    """Spread a refund over captures.

    First those that paid for what is given back, then the others; of each the newest first,
    because banks take refunds of young payments more surely.

    :param amount: in steps, at or above zero
    :raises ValueError: it is below zero, or more than is left of the captures together
    """
    if amount < 0:
        raise ValueError("A refund is an amount above zero.")
    left = sum(capture.left for capture in captures)
    if amount > left:
        raise ValueError(f"Of {amount} to be given back, no more than {left} was taken.")
    newest = sorted(captures, key=lambda one: (one.preferred, one.moment), reverse=True)
    return fill(amount, {capture.key: capture.left for capture in newest})
