"""What is captured, authorized anew, let go and given back, by what a provider can do.

Banks answer later than they are asked, and in between an order changes. So nothing is planned
ahead: each step is decided by how the money stands when it is its turn, and what is under way
counts as done.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import astuple, dataclass
from enum import Enum

from .parts import Part, fill


class Method(Enum):
    """What a provider can do with an authorization."""

    MULTI = "multi"  # captures part after part
    SINGLE = "single"  # captures once, any part; the rest is let go by that
    FULL = "full"  # captures once, all of it


@dataclass(frozen=True)
class Standing:
    """How the money of an order stands, in steps.

    :param capturable: authorized and neither captured nor let go, nor about to be; without the
        rest of an authorization that allows one capture, and that one is under way
    :param authorizing: to be authorized, not yet answered, beyond what it takes the place of
    :param captured: in all
    :param capturing: captures under way
    :param refunded: given back or about to be, because it was taken too much; not for returns
    :param refundable: captured, and neither given back nor about to be
    :param elsewhere: paid past the provider; it is not captured once more, nor given back by it
    :param due: for all that ever left; what came back counts still
    :param still_open: comes due when what is still to leave leaves
    :raises ValueError: an amount is below zero
    """

    capturable: int = 0
    authorizing: int = 0
    captured: int = 0
    capturing: int = 0
    refunded: int = 0
    refundable: int = 0
    elsewhere: int = 0
    due: int = 0
    still_open: int = 0

    def __post_init__(self) -> None:
        if min(astuple(self)) < 0:
            raise ValueError("Amounts are not below zero.")

    @property
    def missing(self) -> int:
        """What is due for what has left and neither captured nor about to be."""
        return max(self.due - self.captured - self.capturing - self.elsewhere, 0)

    @property
    def needed(self) -> int:
        """What is still to be taken: what was taken ahead pays for what is still to leave."""
        taken = self.captured + self.capturing + self.elsewhere
        return max(self.due + self.still_open - taken, 0)


def schedule_captures(
    method: Method, capturable: int, shares: Mapping[Hashable, int]
) -> tuple[Part, ...]:
    """Return what to capture when goods leave.

    Where one capture is all that there is, the first that something is due for stands for all.

    :param method: what the provider can do
    :param capturable: see :class:`Standing`
    :param shares: what is due for each, in steps, by key, in the order in which they left
    :return: together never above ``capturable``
    """
    if method is Method.MULTI:
        return fill(capturable, shares)
    due = {key: amount for key, amount in shares.items() if amount > 0}
    most = capturable if method is Method.FULL else min(capturable, sum(due.values()))
    return fill(most, dict.fromkeys(list(due)[:1], most))


def rest_to_void(method: Method, standing: Standing) -> int:
    """Return what of the authorizations we let go, in steps.

    Nothing as long as goods are still to leave, as the order may grow again. An authorization that
    allows one capture is let go as a whole or, with its capture, by the bank.
    """
    if standing.still_open:
        return 0
    if method is Method.MULTI:
        return max(standing.capturable - standing.missing, 0)
    return 0 if standing.missing else standing.capturable


def rest_to_authorize(standing: Standing) -> int:
    """Return what is to be authorized for what is still to be taken, in steps."""
    return max(standing.needed - standing.capturable - standing.authorizing, 0)


def surplus_to_refund(standing: Standing) -> int:
    """Return what was captured beyond what the order comes to in the end, in steps.

    Nothing as long as goods are still to leave: what was taken ahead pays for them.
    """
    if standing.still_open:
        return 0
    surplus = standing.captured - standing.refunded - standing.due
    return max(min(surplus, standing.refundable), 0)
