"""Files in which providers tell what they did with money.

Known are Adyen's settlement detail report, its payments accounting report, and a plain table with
the columns of :data:`PLAIN`. See https://docs.adyen.com/reporting/settlement-reconciliation.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from .amounts import read_decimal
from .contract import Bad, Kind, Settled

#: Bytes and lines of a file that are read.
MOST_BYTES = 50_000_000
MOST_LINES = 500_000
#: Columns of the plain table; the first four are needed.
PLAIN = ("reference", "kind", "amount", "currency", "date", "operation", "merchant_reference")

_DETAIL_KINDS = {
    "settled": Kind.CAPTURED,
    "settledinstallment": Kind.CAPTURED,
    "refunded": Kind.REFUNDED,
    "refundedreversed": Kind.REFUND_FAILED,
    "chargeback": Kind.CHARGEBACK,
    "secondchargeback": Kind.CHARGEBACK,
    "chargebackreversed": Kind.CHARGEBACK_REVERSED,
}
_ACCOUNTING_KINDS = {
    "authorised": Kind.AUTHORIZED,
    "cancelled": Kind.VOIDED,
    "expired": Kind.EXPIRED,
    "sentforsettle": Kind.CAPTURED,
    "capturefailed": Kind.CAPTURE_FAILED,
    "sentforrefund": Kind.REFUNDED,
    "refundfailed": Kind.REFUND_FAILED,
    "refundedreversed": Kind.REFUND_FAILED,
    "chargeback": Kind.CHARGEBACK,
    "chargebackreversed": Kind.CHARGEBACK_REVERSED,
}
#: Adyen's names of time zones that are none of the database.
_ZONES = {
    "CET": "Europe/Amsterdam",
    "CEST": "Europe/Amsterdam",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "BRT": "America/Sao_Paulo",
    "AEST": "Australia/Sydney",
    "SGT": "Asia/Singapore",
}

Row = Mapping[str, str]


def read(content: bytes) -> tuple[Settled, ...]:
    """Read a file of any of the known formats.

    :param content: as it came, in UTF-8 or, where it is none, in Latin-1
    :raises Bad: it is of none of them, or a line cannot be read; which one is told
    """
    if len(content) > MOST_BYTES:
        raise Bad("The file is too large: split it by days.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    lines = _read_lines(text)
    heading = next(lines, None)
    if heading is None:
        raise Bad("The file is empty.")
    columns = {" ".join(name.split()).lower(): place for place, name in enumerate(heading[1])}
    reader = _choose(columns)
    found = []
    for number, cells in lines:
        row = {
            name: cells[place].strip() if place < len(cells) else ""
            for name, place in columns.items()
        }
        try:
            settled = reader(row, number)
        except Bad as error:
            raise Bad(f"Line {number}: {error}") from None
        if settled:
            found.append(settled)
        if len(found) > MOST_LINES:
            raise Bad("The file is too large: split it by days.")
    return tuple(found)


def _read_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    beginning = text[:4096]
    delimiter = max(",;\t", key=beginning.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Bad(f"Line {reader.line_num}: {error}") from None
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _choose(columns: Mapping[str, int]) -> Callable[[Row, int], Settled | None]:
    if "modification reference" in columns and "type" in columns:
        return _read_detail
    if "record type" in columns and "psp reference" in columns:
        return _read_accounting
    if all(name in columns for name in PLAIN[:4]):
        return _read_plain
    raise Bad(
        "The file has none of the known forms: Adyen's settlement detail report, its payments "
        "accounting report, or the columns " + ", ".join(PLAIN) + "."
    )


def _read_detail(row: Row, number: int) -> Settled | None:
    """Read a line of the settlement detail report; fees and payouts are none of a payment."""
    kind = _DETAIL_KINDS.get(row["type"].lower(), Kind.OTHER)
    if kind is Kind.OTHER or not row.get("psp reference"):
        return None
    gross = _read_balance(row, "gross credit (gc)", "gross debit (gc)")
    fees = [
        read_decimal(row.get(name, ""))
        for name in ("commission (nc)", "markup (nc)", "scheme fees (nc)", "interchange (nc)")
    ]
    return Settled(
        kind,
        row["psp reference"],
        row.get("modification reference", ""),
        row.get("merchant reference", ""),
        row.get("modification merchant reference", ""),
        abs(gross),
        _need_currency(row.get("gross currency", "")),
        _read_moment(row.get("creation date", ""), row.get("timezone", "")),
        sum(fees, Decimal()),
        _read_balance(row, "net credit (nc)", "net debit (nc)"),
        row.get("net currency", ""),
        row.get("batch number", ""),
        number,
        row["type"],
    )


def _read_accounting(row: Row, number: int) -> Settled | None:
    """Read a line of the payments accounting report: also what never became money."""
    code = row["record type"]
    kind = _ACCOUNTING_KINDS.get(code.replace(" ", "").lower(), Kind.OTHER)
    if kind is Kind.OTHER or not row.get("psp reference"):
        return None
    amounts = (
        read_decimal(row.get(name, ""))
        for name in ("main amount", "captured (pc)", "authorised (pc)", "received (pc)")
    )
    return Settled(
        kind,
        row["psp reference"],
        row.get("modification psp reference", ""),
        row.get("merchant reference", ""),
        row.get("modification merchant reference", ""),
        abs(next((amount for amount in amounts if amount), Decimal())),
        _need_currency(row.get("main currency") or row.get("payment currency", "")),
        _read_moment(row.get("booking date", ""), row.get("timezone", "")),
        batch=row.get("batch number", ""),
        line=number,
        code=code,
    )


def _read_plain(row: Row, number: int) -> Settled | None:
    try:
        kind = Kind(row["kind"].lower())
    except ValueError:
        known = ", ".join(kind.value for kind in Kind)
        raise Bad(f"“{row['kind'][:40]}” is no kind; known are {known}.") from None
    if not row["reference"]:
        raise Bad("It has no reference.")
    if kind is Kind.OTHER:
        return None
    return Settled(
        kind,
        row["reference"],
        row.get("operation", ""),
        row.get("merchant_reference", ""),
        "",
        abs(read_decimal(row["amount"])),
        _need_currency(row["currency"]),
        _read_moment(row.get("date", ""), ""),
        line=number,
        code=row["kind"],
    )


def _read_balance(row: Row, credit: str, debit: str) -> Decimal:
    return read_decimal(row.get(credit, "")) - read_decimal(row.get(debit, ""))


def _need_currency(text: str) -> str:
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Bad(f"“{text[:10]}” is no currency.")
    return text.upper()


def _read_moment(text: str, zone: str) -> datetime | None:
    """Read a moment; without a zone it is in UTC.

    :raises Bad: it is there and none
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Bad(f"“{text[:40]}” is no date: write 2026-03-04 10:00:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=_find_zone(zone))


def _find_zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(_ZONES.get(name, name)) if name else UTC
    except (KeyError, ValueError, OSError):
        raise Bad(f"“{name[:40]}” is no time zone.") from None
