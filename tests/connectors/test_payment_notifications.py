"""What payment providers tell by themselves, and whether it was them."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.payment import Bad, Kind, Money, adyen, amounts, stripe

#: The example of Adyen's own documentation and libraries.
KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
ITEM = {
    "pspReference": "7914073381342284",
    "originalReference": "",
    "merchantAccountCode": "TestMerchant",
    "merchantReference": "TestPayment-1407325143704",
    "amount": {"value": 1130, "currency": "EUR"},
    "eventCode": "AUTHORISATION",
    "success": "true",
}
SIGNATURE = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="
NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


def signed(**changes):
    item = {**ITEM, **changes}
    item["additionalData"] = {"hmacSignature": adyen.sign(item, KEY)}
    return item


def test_adyens_own_example():
    assert adyen.sign(ITEM, KEY) == SIGNATURE
    assert adyen.is_genuine({**ITEM, "additionalData": {"hmacSignature": SIGNATURE}}, [KEY])


@pytest.mark.parametrize(
    "change",
    [
        {"pspReference": "8"},
        {"originalReference": "8"},
        {"merchantAccountCode": "Other"},
        {"merchantReference": "Other"},
        {"amount": {"value": 1, "currency": "EUR"}},
        {"amount": {"value": 1130, "currency": "USD"}},
        {"eventCode": "CAPTURE"},
        {"success": "false"},
        {"additionalData": {}},
        {"additionalData": None},
        {"additionalData": {"hmacSignature": ""}},
        {"additionalData": {"hmacSignature": 7}},
        {"additionalData": {"hmacSignature": "é"}},
    ],
    ids=str,
)
def test_forged(change):
    assert not adyen.is_genuine({**signed(), **change}, [KEY])


@pytest.mark.parametrize("keys", [[], [""], ["no hex"], ["abc"], ["é"], ["00" * 32]])
def test_without_the_right_key_nothing_is_genuine(keys):
    assert not adyen.is_genuine(signed(), keys)


def test_a_key_that_is_being_changed():
    assert adyen.is_genuine(signed(), ["00" * 32, KEY])


def test_what_separates_values_cannot_be_moved():
    one = adyen.sign({**ITEM, "merchantAccountCode": "a:b", "merchantReference": "c"}, KEY)
    other = adyen.sign({**ITEM, "merchantAccountCode": "a", "merchantReference": "b:c"}, KEY)
    assert one != other


def test_reading():
    item = {
        **signed(eventCode="CAPTURE", originalReference="P1", success="false"),
        "eventDate": "2026-03-04T10:00:00+01:00",
        "reason": "Insufficient balance",
        "paymentMethod": "visa",
    }
    body = json.dumps(
        {"live": "true", "notificationItems": [{"NotificationRequestItem": item}]}
    ).encode()
    [raw] = adyen.read_items(body)
    assert adyen.is_live(body)
    told = adyen.read_item(raw, live=True)
    assert (told.kind, told.success, told.original) == (Kind.CAPTURED, False, "P1")
    assert (told.money, told.reason) == (Money(1130, "EUR"), "Insufficient balance")
    assert told.moment == NOW - timedelta(hours=1)
    assert told.key == "CAPTURE:7914073381342284:0"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AUTHORISATION", Kind.AUTHORIZED),
        ("CAPTURE_FAILED", Kind.CAPTURE_FAILED),
        ("CANCELLATION", Kind.VOIDED),
        ("EXPIRE", Kind.EXPIRED),
        ("REFUND", Kind.REFUNDED),
        ("REFUND_FAILED", Kind.REFUND_FAILED),
        ("REFUNDED_REVERSED", Kind.REFUND_FAILED),
        ("CHARGEBACK", Kind.CHARGEBACK),
        ("REPORT_AVAILABLE", Kind.OTHER),
        ("SOMETHING_NEW", Kind.OTHER),
    ],
)
def test_kinds(code, kind):
    assert adyen.read_item(signed(eventCode=code)).kind is kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"notificationItems": 1}',
        b'{"notificationItems": [1]}',
        b'{"notificationItems": [{}]}',
        b"[" * 100_000,
        json.dumps({"notificationItems": [{"NotificationRequestItem": {}}] * 101}).encode(),
        b"\xff\xfe",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_messages_that_are_none(body):
    with pytest.raises(Bad):
        adyen.read_items(body)


@pytest.mark.parametrize(
    "change",
    [{"pspReference": ""}, {"eventCode": None}, {"amount": {"value": "1"}}, {"pspReference": 1}],
    ids=str,
)
def test_items_that_lack_something(change):
    with pytest.raises(Bad):
        adyen.read_item({**ITEM, **change})


def test_stripes_signature():
    body = b'{"id": "evt_1"}'
    moment = int(NOW.timestamp())
    # As Stripe's documentation describes it, by hand.
    digest = hmac.new(b"whsec_1", f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    header = f"t={moment},v0=other,v1={'0' * 64},v1={digest}"
    assert stripe.is_genuine(body, header, "whsec_1", NOW)
    assert stripe.is_genuine(body, stripe.sign(body, "whsec_1", moment), "whsec_1", NOW)
    late = NOW + timedelta(seconds=stripe.TOLERANCE + 1)
    for wrong in (
        (body + b" ", header, "whsec_1", NOW),
        (body, header, "whsec_2", NOW),
        (body, header, "", NOW),
        (body, "", "whsec_1", NOW),
        (body, f"v1={digest}", "whsec_1", NOW),
        (body, f"t=x,v1={digest}", "whsec_1", NOW),
        (body, f"t={moment}", "whsec_1", NOW),
        (body, f"t={moment + 1},v1={digest}", "whsec_1", NOW),
        (body, f"t={moment},v1=é", "whsec_1", NOW),
        (body, header, "whsec_1", late),
    ):
        assert not stripe.is_genuine(*wrong)


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [
        (1130, "EUR", "11.30"),
        (1130, "JPY", "1130"),
        (1130, "KWD", "1.130"),
        (1130, "CLP", "11.30"),
        (1130, "IDR", "1130"),
    ],
)
def test_amounts_as_adyen_counts(value, currency, amount):
    assert amounts.to_decimal(Money(value, currency)) == Decimal(amount)
    assert amounts.to_money(Decimal(amount), currency) == Money(value, currency)


def test_amounts_that_cannot_be_counted():
    with pytest.raises(Bad):
        amounts.to_money(Decimal("1.5"), "JPY")


@given(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "KWD", "ISK", "CVE"]))
def test_amounts_there_and_back(value, currency):
    money = Money(value, currency)
    assert amounts.to_money(amounts.to_decimal(money), currency) == money
