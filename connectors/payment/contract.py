"""What is known of a payment outside, whoever tells it.

Amounts are whole numbers of the smallest unit of their currency, as the provider counts it; see
:mod:`.amounts`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

__all__ = ["Bad", "Kind", "Money", "Notification", "Operation", "Settled"]


class Bad(ValueError):
    """What came cannot be read. The text is for a person, and repeats no secret."""


class Operation(StrEnum):
    """What is done with money."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class Kind(StrEnum):
    """What a notification tells, or a line of a settlement."""

    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    #: After it was said to be captured.
    CAPTURE_FAILED = "capture_failed"
    VOIDED = "voided"
    #: The bank holds the money no longer.
    EXPIRED = "expired"
    REFUNDED = "refunded"
    #: After it was said to be refunded.
    REFUND_FAILED = "refund_failed"
    #: Let go or given back, whichever could be done.
    REVERSED = "reversed"
    #: The customer had the bank take it back.
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSED = "chargeback_reversed"
    #: Fees, payouts, reports: nothing about one payment.
    OTHER = "other"


@dataclass(frozen=True)
class Money:
    """An amount as the provider counts it.

    :param value: of the smallest unit
    :param currency: ISO 4217
    """

    value: int
    currency: str


@dataclass(frozen=True)
class Notification:
    """One thing that a provider tells by itself.

    :param kind: what it is about
    :param code: the provider's own word for it
    :param success: whether it was done; False where it was refused
    :param reference: the provider's of this operation
    :param original: the provider's of the payment of which it is one, '' for the payment itself
    :param merchant_reference: ours, as far as it was told them
    :param account: of the merchant, at the provider
    :param moment: aware, None if it is not told
    :param reason: the provider's words
    :param method: the provider's code of how it was paid
    """

    kind: Kind
    code: str
    success: bool
    reference: str
    original: str
    merchant_reference: str
    account: str
    money: Money
    live: bool = False
    moment: datetime | None = None
    reason: str = ""
    method: str = ""

    @property
    def key(self) -> str:
        """What names it however often it is sent."""
        return ":".join((self.code, self.reference, "1" if self.success else "0"))


@dataclass(frozen=True)
class Settled:
    """One line of what a provider did with money, from a list or a file.

    :param kind: what was done
    :param reference: the provider's of the payment
    :param operation_reference: the provider's of the capture, void or refund; '' if it tells none
    :param merchant_reference: ours of the payment
    :param operation_merchant_reference: ours of the operation, '' if it tells none
    :param amount: in the payment's currency, never negative
    :param currency: ISO 4217
    :param moment: aware, None if it is not told
    :param fee: in ``net_currency``, None if it is not told
    :param net: what the merchant gets of it (negative: pays), None if it is not told
    :param batch: number of the settlement
    :param line: in the file, from 1
    """

    kind: Kind
    reference: str
    operation_reference: str
    merchant_reference: str
    operation_merchant_reference: str
    amount: Decimal
    currency: str
    moment: datetime | None = None
    fee: Decimal | None = None
    net: Decimal | None = None
    net_currency: str = ""
    batch: str = ""
    line: int = 0
    code: str = field(default="")
