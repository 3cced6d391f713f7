"""Files in which payment providers tell what they did with money."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.payment import Bad, Kind
from connectors.payment.settlement import read

DETAIL = """\
Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,\
TimeZone,Type,Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),\
Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),\
Scheme Fees (NC),Interchange (NC),Payment Method Variant,Modification Merchant Reference,\
Batch Number
Oms,OmsShop,P1,S00001,visa,2026-07-04 10:00:00,CEST,Settled,C1,EUR,,100.00,1,EUR,,98.70,,0.60,\
0.20,0.50,visacredit,S00001-C1,12
Oms,OmsShop,P1,S00001,visa,2026-07-05 10:00:00,CEST,Refunded,R1,EUR,30.00,,1,EUR,30.00,,,,,,visa,\
S00001-R1,12
Oms,OmsShop,,,,2026-07-05 10:00:00,CEST,Fee,,EUR,,,1,EUR,5.00,,,,,,,,12
Oms,OmsShop,P2,S00002,mc,2026-07-05 10:00:00,CEST,Chargeback,P2,EUR,40.00,,1,EUR,47.50,,,7.50,,,\
mc,,12
"""
ACCOUNTING = """\
Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Booking Date,\
TimeZone,Main Currency,Main Amount,Record Type,Payment Currency,Received (PC),Authorised (PC),\
Captured (PC),Modification Psp Reference,Modification Merchant Reference
Oms,OmsShop,P1,S00001,visa,2026-03-04 10:00:00,UTC,JPY,1500,Received,JPY,1500,,,,
Oms,OmsShop,P1,S00001,visa,2026-03-04 10:00:01,UTC,JPY,1500,Authorised,JPY,-1500,1500,,,
Oms,OmsShop,P1,S00001,visa,2026-03-05 10:00:00,UTC,JPY,1000,SentForSettle,JPY,,-1000,1000,C1,C-1
Oms,OmsShop,P1,S00001,visa,2026-03-06 10:00:00,UTC,JPY,500,Cancelled,JPY,,-500,,V1,V-1
"""


def test_settlement_detail_report():
    captured, refunded, chargeback = read(DETAIL.encode())
    assert (captured.kind, captured.reference, captured.operation_reference) == (
        Kind.CAPTURED,
        "P1",
        "C1",
    )
    assert (captured.merchant_reference, captured.operation_merchant_reference) == (
        "S00001",
        "S00001-C1",
    )
    assert (captured.amount, captured.currency) == (Decimal(100), "EUR")
    assert (captured.fee, captured.net, captured.batch) == (Decimal("1.30"), Decimal("98.70"), "12")
    # In July Amsterdam is two hours ahead.
    assert captured.moment == datetime(2026, 7, 4, 8, tzinfo=UTC)
    assert (refunded.kind, refunded.amount, refunded.net) == (Kind.REFUNDED, 30, -30)
    assert (chargeback.kind, chargeback.line) == (Kind.CHARGEBACK, 5)


def test_payments_accounting_report():
    authorized, captured, voided = read(ACCOUNTING.encode())
    assert (authorized.kind, authorized.amount) == (Kind.AUTHORIZED, 1500)
    assert (captured.kind, captured.amount, captured.operation_reference) == (
        Kind.CAPTURED,
        1000,
        "C1",
    )
    assert (voided.kind, voided.amount) == (Kind.VOIDED, 500)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_plain_table(delimiter, ending):
    rows = [
        ["Reference", "Kind", "Amount", "Currency", "Date", "Operation", "Merchant_Reference"],
        ["P1", "captured", "10.50", "EUR", "2026-03-04 10:00:00", "C1", "S00001"],
        [],
        ["P1", "Refunded", "-4.00", "eur", "2026-03-05T10:00:00+01:00"],
    ]
    text = ending.join(delimiter.join(row) for row in rows) + ending
    captured, refunded = read("\N{BYTE ORDER MARK}".encode() + text.encode())
    assert (captured.amount, captured.operation_reference) == (Decimal("10.50"), "C1")
    assert (refunded.amount, refunded.currency, refunded.operation_reference) == (4, "EUR", "")
    assert refunded.moment == datetime(2026, 3, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ('"1,234.50"', "1234.50"),
        ('"1234,50"', "1234.50"),
        ("1 234.50", "1234.50"),
        ("7", "7"),
        ('"1.234,50"', "1234.50"),
        ('"1.234.567,50"', "1234567.50"),
        ('"1,234,567.50"', "1234567.50"),
    ],
)
def test_amounts_as_people_write_them(text, amount):
    [line] = read(f"reference,kind,amount,currency\nP1,captured,{text},EUR\n".encode())
    assert line.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"some,thing\n1,2\n", "none of the known forms"),
        (b"reference,kind,amount,currency\nP1,paid,1,EUR\n", "Line 2"),
        (b"reference,kind,amount,currency\n,captured,1,EUR\n", "no reference"),
        (b"reference,kind,amount,currency\nP1,captured,x,EUR\n", "no amount"),
        (b"reference,kind,amount,currency\nP1,captured,1e999999,EUR\n", "no amount"),
        (b"reference,kind,amount,currency\nP1,captured,1.23.45,EUR\n", "no amount"),
        (b"reference,kind,amount,currency\nP1,captured,NaN,EUR\n", "no amount"),
        (b"reference,kind,amount,currency\nP1,captured,1,EURO\n", "no currency"),
        (b"reference,kind,amount,currency,date\nP1,captured,1,EUR,4.3.26\n", "no date"),
        (DETAIL.replace("CEST", "Nowhere/At-All").encode(), "no time zone"),
        (b"reference,kind,amount,currency\nP1,captured," + b"1" * 140_000 + b",EUR\n", "Line"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_are_none(content, words):
    with pytest.raises(Bad, match=words):
        read(content)


def test_latin_letters():
    content = "reference,kind,amount,currency,merchant_reference\nP1,captured,1,EUR,Größe\n"
    assert read(content.encode("latin-1"))[0].merchant_reference == "Größe"
