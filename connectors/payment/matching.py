"""What a provider did with money, held against what is known of it here."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from .contract import Kind, Operation, Settled


class Difference(StrEnum):
    """What does not agree."""

    #: The provider did something with a payment of which nothing is known here.
    UNKNOWN = "unknown"
    #: It did something with a payment that was not asked for here.
    UNASKED = "unasked"
    #: It did something that was asked for here, and of which nobody knows here that it was done.
    UNNOTICED = "unnoticed"
    #: It is done here, and the provider tells nothing of it.
    UNTOLD = "untold"
    AMOUNT = "amount"
    #: It failed afterwards, and is done here.
    FAILED = "failed"
    #: It did the same more than once.
    TWICE = "twice"
    CHARGEBACK = "chargeback"


@dataclass(frozen=True)
class Booked:
    """An operation as it is known here.

    :param key: of whoever asks
    :param payment: the provider's reference of the payment that it is a part of, or is
    :param payment_reference: ours of it
    :param provider_reference: the provider's of the operation, '' if it never told it
    :param reference: ours of it
    :param amount: never negative
    :param done: whether it is done here
    :param moment: when it was done here, aware; None if it is not done
    """

    key: int
    operation: Operation
    payment: str
    payment_reference: str
    provider_reference: str
    reference: str
    amount: Decimal
    currency: str
    done: bool
    moment: datetime | None = None


@dataclass(frozen=True)
class Found:
    """One difference.

    :param key: of what is known here, None for nothing
    :param settled: what the provider did, None for nothing
    """

    difference: Difference
    key: int | None
    settled: Settled | None


@dataclass(frozen=True)
class Matched:
    """What came of a comparison.

    :param differences: in the order of the provider's list, what it does not tell last
    :param agreed: keys of what agrees
    """

    differences: tuple[Found, ...]
    agreed: tuple[int, ...]


_OPERATIONS = {
    Kind.AUTHORIZED: Operation.AUTHORIZE,
    Kind.CAPTURED: Operation.CAPTURE,
    Kind.CAPTURE_FAILED: Operation.CAPTURE,
    Kind.VOIDED: Operation.VOID,
    Kind.EXPIRED: Operation.VOID,
    Kind.REFUNDED: Operation.REFUND,
    Kind.REFUND_FAILED: Operation.REFUND,
}
_FAILED = (Kind.CAPTURE_FAILED, Kind.REFUND_FAILED)


def match(
    settled: Iterable[Settled],
    booked: Iterable[Booked],
    since: datetime | None = None,
    until: datetime | None = None,
    told: Iterable[Operation] = (Operation.CAPTURE, Operation.REFUND),
) -> Matched:
    """Compare a provider's list with what is known here.

    Each line is held against one operation, and each operation against one line: by the
    provider's reference, by ours, and where neither is told, by payment, operation and amount.

    :param settled: the provider's list
    :param booked: all that is known here of the payments in the list, and all that was done in the
        period
    :param since: first moment of which the list is whole, and ``until`` the first one of which it
        is not: what is done here in between and not in the list is a difference; without both,
        nothing is
    :param told: operations that such a list tells of
    """
    lines = [line for line in settled if line.kind is not Kind.OTHER]
    search = _Search(list(booked))
    gone = {line.operation_reference for line in lines if line.kind in _FAILED}
    differences: list[Found] = []
    agreed: list[int] = []
    for line in lines:
        if line.kind in (Kind.CHARGEBACK, Kind.CHARGEBACK_REVERSED):
            own = search.find_payment(line)
            differences.append(Found(Difference.CHARGEBACK, own, line))
            continue
        if line.kind not in _FAILED and line.operation_reference in gone:
            # The same list tells that it failed afterwards.
            continue
        own_one, before = search.take(line)
        problem = _compare(line, own_one, before, search.knows(line))
        if problem:
            differences.append(Found(problem, own_one.key if own_one else None, line))
        elif own_one:
            agreed.append(own_one.key)
    wanted = frozenset(told)
    differences += [
        Found(Difference.UNTOLD, each.key, None)
        for each in search.left()
        if each.operation in wanted and _is_within(each.moment, since, until)
    ]
    return Matched(tuple(differences), tuple(agreed))


def _compare(line: Settled, own: Booked | None, before: bool, known: bool) -> Difference | None:
    """Say what does not agree about one line.

    :param before: whether another line was held against it already
    :param known: whether its payment is known
    """
    if line.kind in _FAILED:
        return Difference.FAILED if own and own.done else None
    if own is None:
        return Difference.UNASKED if known else Difference.UNKNOWN
    if before:
        return Difference.TWICE
    if line.amount != own.amount or line.currency != own.currency:
        return Difference.AMOUNT
    return None if own.done else Difference.UNNOTICED


def _is_within(moment: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    if moment is None or since is None or until is None:
        return False
    return since <= moment < until


class _Search:
    """Operations known here, each found once."""

    def __init__(self, booked: list[Booked]) -> None:
        self._booked = booked
        self._taken: set[int] = set()
        self._by_provider: dict[tuple[Operation, str], list[Booked]] = defaultdict(list)
        self._by_own: dict[tuple[Operation, str], list[Booked]] = defaultdict(list)
        self._by_payment: dict[str, list[Booked]] = defaultdict(list)
        for each in booked:
            if each.provider_reference:
                self._by_provider[each.operation, each.provider_reference].append(each)
            self._by_own[each.operation, each.reference].append(each)
            for name in {each.payment, each.payment_reference} - {""}:
                self._by_payment[name].append(each)

    def knows(self, line: Settled) -> bool:
        """Tell whether the payment of a line is known."""
        return self.find_payment(line) is not None

    def find_payment(self, line: Settled) -> int | None:
        """Return what is known of the payment of a line, None for nothing."""
        own = self._list(line)
        return own[0].key if own else None

    def _list(self, line: Settled) -> list[Booked]:
        return self._by_payment.get(line.reference, []) or (
            self._by_payment.get(line.merchant_reference, []) if line.merchant_reference else []
        )

    def take(self, line: Settled) -> tuple[Booked | None, bool]:
        """Return what a line is about, and whether another line was about it."""
        operation = _OPERATIONS[line.kind]
        named = (
            self._by_provider.get((operation, line.operation_reference), [])
            if line.operation_reference
            else []
        )
        if not named and line.operation_merchant_reference:
            named = [
                each
                for each in self._by_own.get((operation, line.operation_merchant_reference), [])
                if each.payment in ("", line.reference)
            ]
        if named:
            first = next((each for each in named if each.key not in self._taken), None)
            if first is None:
                return named[0], True
            return self._hold(first, line), False
        alike = [
            each
            for each in self._list(line)
            if each.operation is operation
            and each.key not in self._taken
            and (
                not each.provider_reference
                or not line.operation_reference
                or (
                    # A payment that was captured at once has one reference for both.
                    each.provider_reference == each.payment
                )
            )
        ]
        same = [each for each in alike if each.amount == line.amount]
        if same:
            return self._hold(same[0], line), False
        return None, False

    def _hold(self, each: Booked, line: Settled) -> Booked:
        if line.kind not in _FAILED:
            self._taken.add(each.key)
        return each

    def left(self) -> list[Booked]:
        """Return what is done here and no line is about."""
        return [each for each in self._booked if each.done and each.key not in self._taken]
