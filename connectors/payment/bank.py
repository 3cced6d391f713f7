"""The books of a payment provider that exists in the program only, in Adyen's dialect.

Payments with several partial captures, cancelling of the rest and partial refunds; what is asked is
received at once and done afterwards, which signed notifications tell. Nothing here depends on the
clock or on chance: the same calls give the same references.
"""

import csv
import hashlib
import io
import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from . import adyen
from .amounts import to_decimal
from .contract import Money

#: What comes of a card, by its number. All others are approved.
CARDS = {
    "4000300011112220": "declined",
    "4000060000000006": "capture_refused",
    "4000160000000004": "capture_fails",
    "4000180000000002": "refund_refused",
    "4000020000000000": "refund_fails",
}
#: Of the settlement detail report.
_COLUMNS = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,"
    "Creation Date,TimeZone,Type,Modification Reference,Gross Currency,Gross Debit (GC),"
    "Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),"
    "Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,"
    "Modification Merchant Reference,Batch Number"
)
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """The provider says no at once.

    :param status: of HTTP
    :param code: Adyen's
    """

    def __init__(self, status: int, code: str, text: str, kind: str = "validation") -> None:
        super().__init__(text)
        self.status = status
        self.content = {"status": status, "errorCode": code, "message": text, "errorType": kind}


@dataclass
class Deed:
    """A capture, a cancelling or a refund.

    :param state: ``received``, ``done`` or ``refused``; ``failed`` after it was said to be done
    """

    operation: str
    reference: str
    merchant_reference: str
    money: Money
    state: str = "received"
    moment: datetime = _EPOCH


@dataclass
class Payment:
    """A payment; ``state`` is ``authorized``, ``refused`` or ``canceled``."""

    reference: str
    merchant_reference: str
    money: Money
    behavior: str
    state: str = "authorized"
    moment: datetime = _EPOCH
    deeds: list[Deed] = field(default_factory=list)

    def total(self, operation: str, *states: str) -> int:
        """Return what deeds of a kind in some states make up."""
        return sum(
            deed.money.value
            for deed in self.deeds
            if deed.operation == operation and deed.state in (states or ("done",))
        )

    @property
    def captured(self) -> int:
        """What was captured."""
        return self.total("capture")

    @property
    def refunded(self) -> int:
        """What was refunded."""
        return self.total("refund")

    @property
    def voided(self) -> int:
        """What was let go."""
        return self.total("void")

    @property
    def held(self) -> int:
        """What can still be captured."""
        return self.money.value - self.captured - self.voided if self.state != "refused" else 0


class Bank:
    """Payments of one merchant account.

    :param account: of the merchant
    :param hmac_key: with which notifications are signed, in hex
    :param api_key: that requests must bring
    """

    def __init__(
        self, account: str = "OmsMerchant", hmac_key: str = "ab" * 32, api_key: str = "sim-key"
    ) -> None:
        self.account = account
        self.hmac_key = hmac_key
        self.api_key = api_key
        self.payments: dict[str, Payment] = {}
        #: Requests that were understood and done, by operation.
        self.done: list[tuple[str, str]] = []
        #: Notifications that nobody took yet, oldest first.
        self.outbox: list[dict[str, Any]] = []
        self.tokens: dict[str, str] = {}
        self._answers: dict[str, tuple[str, int, dict[str, Any]]] = {}
        self._count = 0

    # === REQUESTS === #

    def ask(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Answer a request; the same idempotency key gets the same answer and no second deed.

        :param path: after the version, such as ``/payments/{reference}/captures``
        :param headers: by their names in lower case
        :return: status and content
        """
        try:
            if headers.get("x-api-key") != self.api_key:
                raise Refused(401, "000", "HTTP Status Response - Unauthorized", "security")
            key = headers.get("idempotency-key", "")
            print_ = hashlib.sha256(json.dumps([path, body], sort_keys=True).encode()).hexdigest()
            if key in self._answers:
                told, status, content = self._answers[key]
                if told != print_:
                    raise Refused(422, "704", "Request already processed or in progress")
                return status, content
            if body.get("merchantAccount") != self.account:
                raise Refused(403, "901", "Invalid Merchant Account", "security")
            status, content = self._answer(path, body)
        except Refused as refused:
            return refused.status, refused.content
        if key:
            self._answers[key] = (print_, status, content)
        return status, content

    def _answer(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        parts = path.strip("/").split("/")
        if parts == ["paymentMethods"]:
            return 200, {"paymentMethods": [{"type": "scheme", "name": "Cards"}]}
        if parts == ["payments"]:
            return 200, self._pay(body)
        if len(parts) == 3 and parts[0] == "payments":
            makers: dict[str, Callable[[Payment, Mapping[str, Any]], Deed]] = {
                "captures": self._capture,
                "cancels": self._cancel,
                "refunds": self._refund,
            }
            if parts[2] in makers:
                return 201, self._modify(makers[parts[2]], parts[1], body)
        raise Refused(404, "000", "Not found")

    def _pay(self, body: Mapping[str, Any]) -> dict[str, Any]:
        money = self._read_amount(body)
        method = body.get("paymentMethod") or {}
        stored = str(method.get("storedPaymentMethodId") or "")
        number = str(method.get("encryptedCardNumber") or method.get("number") or "")
        number = self.tokens.get(stored, number).removeprefix("test_").replace(" ", "")
        payment = Payment(
            self._next("P"),
            str(body.get("reference") or ""),
            money,
            CARDS.get(number, "approved"),
            moment=self._now(),
        )
        self.payments[payment.reference] = payment
        self.done.append(("authorize", payment.reference))
        answer: dict[str, Any] = {
            "pspReference": payment.reference,
            "merchantReference": payment.merchant_reference,
            "amount": {"value": money.value, "currency": money.currency},
            "paymentMethod": {"type": "scheme", "brand": "visa"},
        }
        success = payment.behavior != "declined"
        payment.state = "authorized" if success else "refused"
        self._tell("AUTHORISATION", payment, payment, success, "" if success else "Refused")
        if not success:
            return {
                **answer,
                "resultCode": "Refused",
                "refusalReason": "Refused",
                "refusalReasonCode": "2",
            }
        if body.get("storePaymentMethod"):
            token = self._next("T")
            self.tokens[token] = number
            answer["additionalData"] = {
                "recurring.recurringDetailReference": token,
                "recurring.shopperReference": str(body.get("shopperReference") or ""),
                "cardSummary": number[-4:] or "1111",
            }
        if body.get("captureDelayHours") == 0:
            payment.deeds.append(
                Deed("capture", payment.reference, payment.merchant_reference, money, "done")
            )
        return {**answer, "resultCode": "Authorised"}

    def _modify(
        self,
        make: Callable[[Payment, Mapping[str, Any]], Deed],
        reference: str,
        body: Mapping[str, Any],
    ) -> dict[str, Any]:
        payment = self.payments.get(reference)
        if payment is None:
            raise Refused(422, "167", "Original pspReference required for this operation")
        deed = make(payment, body)
        deed.moment = self._now()
        payment.deeds.append(deed)
        self.done.append((deed.operation, deed.reference))
        answer = {
            "merchantAccount": self.account,
            "paymentPspReference": payment.reference,
            "pspReference": deed.reference,
            "reference": deed.merchant_reference,
            "status": "received",
        }
        if deed.operation != "void":
            answer["amount"] = {"value": deed.money.value, "currency": deed.money.currency}
        return answer

    def _capture(self, payment: Payment, body: Mapping[str, Any]) -> Deed:
        return self._make("capture", payment, body)

    def _refund(self, payment: Payment, body: Mapping[str, Any]) -> Deed:
        return self._make("refund", payment, body)

    def _cancel(self, payment: Payment, body: Mapping[str, Any]) -> Deed:
        money = Money(payment.held, payment.money.currency)
        return Deed("void", self._next("V"), str(body.get("reference") or ""), money)

    def _make(self, operation: str, payment: Payment, body: Mapping[str, Any]) -> Deed:
        money = self._read_amount(body)
        if money.currency != payment.money.currency:
            raise Refused(422, "138", "Currency not supported for this payment")
        mark = operation[0].upper()
        return Deed(operation, self._next(mark), str(body.get("reference") or ""), money)

    def _read_amount(self, body: Mapping[str, Any]) -> Money:
        amount = body.get("amount") or {}
        value, currency = amount.get("value"), amount.get("currency")
        if not isinstance(value, int) or value <= 0 or not isinstance(currency, str):
            raise Refused(422, "137", "Invalid amount specified")
        return Money(value, currency)

    # === WHAT IS DONE AFTERWARDS === #

    def work(self) -> None:
        """Do what was asked for, in the order in which it was."""
        for payment in self.payments.values():
            for deed in payment.deeds:
                if deed.state == "received":
                    self._do(payment, deed)

    def _do(self, payment: Payment, deed: Deed) -> None:
        code = {"capture": "CAPTURE", "void": "CANCELLATION", "refund": "REFUND"}[deed.operation]
        problem = self._find_problem(payment, deed)
        if deed.operation == "void":
            deed.money = Money(payment.held, payment.money.currency)
        deed.state = "refused" if problem else "done"
        self._tell(code, payment, deed, not problem, problem)
        if deed.operation == "void" and not problem:
            payment.state = "canceled"
        late = {"capture_fails": "capture", "refund_fails": "refund"}.get(payment.behavior)
        if not problem and late == deed.operation:
            deed.state = "failed"
            self._tell(f"{code}_FAILED", payment, deed, True, "Failed at the bank")

    def _find_problem(self, payment: Payment, deed: Deed) -> str:
        if deed.operation == "refund":
            if payment.behavior == "refund_refused":
                return "Refused by the bank"
            over = payment.refunded + deed.money.value > payment.captured
            return "Insufficient balance on payment" if over else ""
        if payment.state != "authorized" or not payment.held:
            return "Transaction is not authorised any more"
        if deed.operation == "void":
            return ""
        if payment.behavior == "capture_refused":
            return "Refused by the bank"
        return "Insufficient balance on payment" if deed.money.value > payment.held else ""

    def expire(self, reference: str) -> None:
        """Let go what is still held of a payment, as banks do after some days."""
        payment = self.payments[reference]
        held = Money(payment.held, payment.money.currency)
        deed = Deed("void", self._next("V"), payment.merchant_reference, held, "done", self._now())
        payment.deeds.append(deed)
        payment.state = "canceled"
        self._tell("EXPIRE", payment, deed, True)

    # === WHAT IT TELLS === #

    def _tell(
        self, code: str, payment: Payment, about: Payment | Deed, success: bool, reason: str = ""
    ) -> None:
        item: dict[str, Any] = {
            "additionalData": {},
            "amount": {"value": about.money.value, "currency": about.money.currency},
            "eventCode": code,
            "eventDate": self._now().isoformat(),
            "merchantAccountCode": self.account,
            "merchantReference": about.merchant_reference,
            "paymentMethod": "visa",
            "pspReference": about.reference,
            "reason": reason,
            "success": "true" if success else "false",
        }
        if about is not payment:
            item["originalReference"] = payment.reference
        item["additionalData"]["hmacSignature"] = adyen.sign(item, self.hmac_key)
        self.outbox.append(
            {"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}
        )

    def take(
        self, seed: int | None = None, copies: int = 1, codes: Iterable[str] = ()
    ) -> list[bytes]:
        """Return the bodies of the notifications that nobody took yet.

        :param seed: of the disorder in which they come; None for none
        :param copies: of each
        :param codes: of those that are taken, all others stay; empty for all
        """
        wanted, left = [], []
        for each in self.outbox:
            code = each["notificationItems"][0]["NotificationRequestItem"]["eventCode"]
            (left if codes and code not in codes else wanted).append(each)
        self.outbox = left
        bodies = [json.dumps(each).encode() for each in wanted for _copy in range(copies)]
        if seed is not None:
            random.Random(seed).shuffle(bodies)
        return bodies

    def report(self) -> bytes:
        """Return what was settled, as Adyen's settlement detail report."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(_COLUMNS.split(","))
        for payment in self.payments.values():
            for deed in payment.deeds:
                kind = {"capture": "Settled", "refund": "Refunded"}.get(deed.operation)
                if deed.state == "done" and kind:
                    writer.writerow(self._settle(payment, deed, kind))
        return out.getvalue().encode()

    def _settle(self, payment: Payment, deed: Deed, kind: str) -> list[str]:
        amount, currency = str(to_decimal(deed.money)), deed.money.currency
        debit, credit = ("", amount) if kind == "Settled" else (amount, "")
        moment = deed.moment.strftime("%Y-%m-%d %H:%M:%S")
        return [
            "OmsCompany",
            self.account,
            payment.reference,
            payment.merchant_reference,
            "visa",
            moment,
            "UTC",
            kind,
            deed.reference,
            currency,
            debit,
            credit,
            "1",
            currency,
            debit,
            credit,
            *("0",) * 4,
            "visa",
            deed.merchant_reference,
            "1",
        ]

    def _next(self, mark: str) -> str:
        self._count += 1
        return f"SIM{mark}{self._count:012d}"

    def _now(self) -> datetime:
        return _EPOCH + timedelta(seconds=self._count)
