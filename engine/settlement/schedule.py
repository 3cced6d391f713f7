"""What is captured, authorized anew and let go, by what a provider can do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Method(Enum):
    """What a provider can do with an authorization."""

    MULTI = "multi"  # captures part after part
    SINGLE = "single"  # captures once, any part; the rest is let go by that
    FULL = "full"  # captures once, all of it


@dataclass(frozen=True)
class Debit:
    """What to do with the money when goods leave, in steps.

    :param capture: to be taken of the authorization
    :param void: let go of it, by us or by the provider
    :param authorize: to be authorized anew for what is still to be shipped
    :param refund: taken too much, to be given back when nothing more is to be shipped
    :param missing: due, but not authorized: a receivable
    """

    capture: int = 0
    void: int = 0
    authorize: int = 0
    refund: int = 0
    missing: int = 0


def rest_to_void(authorized: int, captured: int, voided: int, still_due: int) -> int:
    """Return what of authorizations is let go, in steps.

    :param authorized: in all
    :param captured: of it, also what is under way
    :param voided: of it, also what is under way
    :param still_due: what is still to be captured for what has left or is still to leave
    """
    return max(authorized - captured - voided - max(still_due, 0), 0)


def schedule_shipment(
    method: Method, *, capturable: int, due: int, still_open: int, credit: int = 0
) -> Debit:
    """Return what to do when goods leave.

    :param method: what the provider can do
    :param capturable: authorized, neither captured nor let go
    :param due: for what has left and was not captured
    :param still_open: for what is still to leave
    :param credit: captured beyond what had left before
    :return: its ``capture`` and ``void`` together never exceed ``capturable``
    :raises ValueError: an amount is below zero
    """
    if min(capturable, due, still_open, credit) < 0:
        raise ValueError("Amounts are not below zero.")
    from_credit = min(credit, due)
    needed = due - from_credit
    credit -= from_credit
    everything = method is Method.FULL and needed
    capture = capturable if everything else min(needed, capturable)
    missing = max(needed - capture, 0)
    credit += max(capture - needed, 0)
    left = capturable - capture
    # What was taken ahead pays for what is still to leave.
    later = max(still_open - credit, 0)
    if method is Method.MULTI:
        void = rest_to_void(left, 0, 0, later)
        authorize = 0
    else:
        released = bool(capture) or not later
        void = left if released else 0
        authorize = later if capture else 0
    refund = max(credit - still_open, 0)
    return Debit(capture, void, authorize, refund, missing)
