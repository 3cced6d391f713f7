"""What a provider did with money, held against what is known of it here."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.payment import Kind, Operation, Settled
from connectors.payment.matching import Booked, Difference, match

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = (NOON - timedelta(hours=12), NOON + timedelta(hours=12))
CAPTURE = Booked(1, Operation.CAPTURE, "P1", "S1", "C1", "P-S1", Decimal(40), "EUR", True, NOON)
REFUND = Booked(2, Operation.REFUND, "P1", "S1", "R1", "R-S1", Decimal(15), "EUR", True, NOON)
CAPTURED = Settled(Kind.CAPTURED, "P1", "C1", "S1", "P-S1", Decimal(40), "EUR", NOON)
REFUNDED = Settled(Kind.REFUNDED, "P1", "R1", "S1", "R-S1", Decimal(15), "EUR", NOON)


def compare(settled, booked, *period):
    found = match(settled, booked, *(period or DAY))
    return [(each.difference, each.key) for each in found.differences], set(found.agreed)


def test_all_agrees():
    assert compare([CAPTURED, REFUNDED], [CAPTURE, REFUND]) == ([], {1, 2})


@pytest.mark.parametrize(
    ("settled", "booked", "differences"),
    [
        ([CAPTURED], [], [(Difference.UNKNOWN, None)]),
        ([REFUNDED], [CAPTURE], [(Difference.UNASKED, None), (Difference.UNTOLD, 1)]),
        ([CAPTURED], [replace(CAPTURE, done=False, moment=None)], [(Difference.UNNOTICED, 1)]),
        (
            [CAPTURED],
            [replace(CAPTURE, provider_reference="", done=False)],
            [(Difference.UNNOTICED, 1)],
        ),
        ([], [CAPTURE], [(Difference.UNTOLD, 1)]),
        ([replace(CAPTURED, amount=Decimal(41))], [CAPTURE], [(Difference.AMOUNT, 1)]),
        ([replace(CAPTURED, currency="USD")], [CAPTURE], [(Difference.AMOUNT, 1)]),
        ([CAPTURED, CAPTURED], [CAPTURE], [(Difference.TWICE, 1)]),
        (
            # Asked for twice after a crash, under another reference of the provider.
            [REFUNDED, replace(REFUNDED, operation_reference="R2")],
            [REFUND],
            [(Difference.TWICE, 2)],
        ),
        ([replace(CAPTURED, kind=Kind.CAPTURE_FAILED)], [CAPTURE], [(Difference.FAILED, 1)]),
        (
            [CAPTURED, replace(CAPTURED, kind=Kind.CAPTURE_FAILED)],
            [replace(CAPTURE, done=False)],
            [],
        ),
        ([replace(CAPTURED, kind=Kind.CHARGEBACK)], [CAPTURE], [(Difference.CHARGEBACK, 1)]),
    ],
)
def test_what_does_not_agree(settled, booked, differences):
    found, _agreed = compare(settled, booked)
    assert [each for each in found if each[0] is not Difference.UNTOLD or each in differences] == (
        differences
    )


def test_what_is_done_outside_of_the_period_is_not_missed():
    late = replace(CAPTURE, moment=DAY[1])
    assert compare([], [late]) == ([], set())
    assert compare([], [replace(CAPTURE, moment=DAY[0])])[0] == [(Difference.UNTOLD, 1)]
    assert compare([], [CAPTURE], None, None) == ([], set())


def test_a_list_without_references_of_operations():
    plain = replace(CAPTURED, operation_reference="", operation_merchant_reference="")
    other = replace(CAPTURE, key=3, provider_reference="C3", reference="P-S1-1", amount=Decimal(9))
    more = replace(plain, amount=Decimal(9))
    assert compare([more, plain], [CAPTURE, other]) == ([], {1, 3})
    twin = replace(other, amount=Decimal(40))
    assert compare([plain, plain], [CAPTURE, twin]) == ([], {1, 3})
    found, agreed = compare([plain, plain, plain], [CAPTURE, twin])
    assert (found, agreed) == ([(Difference.UNASKED, None)], {1, 3})


def test_a_payment_that_was_captured_at_once():
    whole = Booked(7, Operation.CAPTURE, "P7", "S7", "P7", "S7", Decimal(5), "EUR", True, NOON)
    line = Settled(Kind.CAPTURED, "P7", "C70", "S7", "", Decimal(5), "EUR", NOON)
    assert compare([line], [whole]) == ([], {7})


@pytest.mark.parametrize("seed", range(20))
def test_what_was_hidden_is_found(seed):
    """Random books, in which some things are spoiled: those and no others are found."""
    rng = random.Random(seed)
    settled, booked, wanted = [], [], []
    for key in range(60):
        payment = f"P{rng.randrange(20)}"
        operation = rng.choice([Operation.CAPTURE, Operation.REFUND])
        kind = Kind.CAPTURED if operation is Operation.CAPTURE else Kind.REFUNDED
        amount = Decimal(rng.randrange(1, 10_000)).scaleb(-2)
        own = Booked(
            key, operation, payment, f"S{payment}", f"X{key}", f"O{key}", amount, "EUR", True, NOON
        )
        line = Settled(kind, payment, f"X{key}", f"S{payment}", f"O{key}", amount, "EUR", NOON)
        spoiled = rng.choice(["", "", "", "untold", "amount", "unnoticed", "twice"])
        if spoiled == "amount":
            line = replace(line, amount=amount + 1)
        if spoiled == "unnoticed":
            own = replace(own, done=False, provider_reference=rng.choice(["", f"X{key}"]))
        if spoiled:
            wanted.append((spoiled, key))
        booked.append(own)
        settled += [line] * {"untold": 0, "twice": 2}.get(spoiled, 1)
    rng.shuffle(settled)
    rng.shuffle(booked)
    found = match(settled, booked, *DAY)
    assert sorted((each.difference.value, each.key) for each in found.differences) == sorted(wanted)
    assert set(found.agreed) == set(range(60)) - {
        key for spoiled, key in wanted if spoiled != "twice"
    }
