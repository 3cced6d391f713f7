"""Notifications of payments in the plain format."""

import json

import pytest

from connectors.payment import Bad, Kind, Money, plain

TOLD = {
    "kind": "captured",
    "reference": "C1",
    "payment": "P1",
    "merchant_reference": "S1",
    "amount": "12.50",
    "currency": "EUR",
}


def write(*told):
    return json.dumps({"notifications": list(told)}).encode()


def test_reading():
    first, second = plain.read(write(TOLD, {**TOLD, "success": False, "amount": 3}))
    assert (first.kind, first.success, first.original) == (Kind.CAPTURED, True, "P1")
    assert (first.money, second.money, second.success) == (
        Money(1250, "EUR"),
        Money(300, "EUR"),
        False,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"notifications": {}}',
        b'{"notifications": [1]}',
        write({**TOLD, "kind": "paid"}),
        write({**TOLD, "reference": ""}),
        write({**TOLD, "amount": 12.5}),
        write({**TOLD, "amount": "x"}),
        write({**TOLD, "amount": "1.005"}),
        write({**TOLD, "currency": ""}),
        write({**TOLD, "success": "yes"}),
        write(*[TOLD] * 101),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_messages_that_are_none(body):
    with pytest.raises(Bad):
        plain.read(body)
