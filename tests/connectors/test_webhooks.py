"""What carriers tell by themselves, and whether it was them."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors import signature
from connectors.carrier import ADAPTERS, Account, Capability, Message, Ok, Status, Unknown

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
KEY = base64.b64encode(b"a key of the tests, 24 by").decode()


def sign(body, number="m1", moment=NOW, key=KEY):
    """Sign by the letter of the Standard Webhooks."""
    sent = str(int(moment.timestamp()))
    signed = f"{number}.{sent}.".encode() + body
    digest = hmac.new(base64.b64decode(key), signed, hashlib.sha256).digest()
    told = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": number, "webhook-timestamp": sent, "webhook-signature": told}


def make_account(**credentials):
    return Account("https://carrier.example.com", credentials)


def test_the_example_of_sendcloud():
    """From its documentation: https://sendcloud.dev/api/v3/webhooks."""
    body = b'{"key": "value"}'
    told = "1eed4b3d41f4653ac64fd56f1bf1cbfd349e4482cbc11dff7134bd93e5da4b0a"
    assert signature.is_hex_hmac(body, told, ["secretkey"])
    message = Message({"sendcloud-signature": told}, body, NOW)
    sendcloud = ADAPTERS["sendcloud"]
    assert sendcloud.is_genuine(make_account(secret_key="secretkey"), message)
    assert sendcloud.is_genuine(make_account(webhook_secret="secretkey", secret_key="x"), message)
    assert not sendcloud.is_genuine(make_account(secret_key="other"), message)
    assert not sendcloud.is_genuine(make_account(), message)


def test_standard_webhooks():
    body = b'{"a": 1}'
    good = sign(body)
    for secrets in ([KEY], [f"whsec_{KEY}"], ["other", KEY]):
        assert signature.is_standard(body, good, secrets, NOW)
    several = good | {"webhook-signature": f"v1,AAAA v1a,xx {good['webhook-signature']}"}
    assert signature.is_standard(body, several, [KEY], NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "m2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1772618401"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": "9" * 30},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,é"},
    ],
)
def test_standard_webhooks_that_are_not_genuine(change):
    assert not signature.is_standard(b"{}", sign(b"{}") | change, [KEY], NOW)


def test_standard_webhooks_of_another_time_or_key():
    body = b"{}"
    assert signature.is_standard(body, sign(body), [KEY], NOW + timedelta(minutes=4))
    assert signature.is_standard(body, sign(body), [KEY], NOW - timedelta(minutes=4))
    assert not signature.is_standard(body, sign(body), [KEY], NOW + timedelta(minutes=6))
    assert not signature.is_standard(body, sign(body), [KEY], NOW - timedelta(minutes=6))
    assert not signature.is_standard(b"{} ", sign(body), [KEY], NOW)
    for secrets in ([], [""], ["whsec_"], [KEY[:-4]]):
        assert not signature.is_standard(body, sign(body), secrets, NOW)


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_every_carrier_can_tell(name):
    adapter = ADAPTERS[name]
    assert Capability.WEBHOOK in adapter.capabilities
    assert "webhook_secret" in [setting.name for setting in adapter.settings if setting.secret]
    unsigned = Message({}, b"{}", NOW)
    for account in (
        make_account(),
        make_account(webhook_secret=""),
        make_account(webhook_secret=KEY),
    ):
        assert not adapter.is_genuine(account, unsigned)


@pytest.mark.parametrize("name", ["chronopost", "dhl", "gls", "simulator"])
def test_plain_messages(name):
    adapter = ADAPTERS[name]
    body = json.dumps(
        {
            "parcels": [
                {
                    "tracking_number": "T1",
                    "events": [
                        {"status": "delivered", "moment": "2026-03-04T11:00:00+01:00"},
                        {"status": "unheard of", "moment": "2026-03-04T09:00:00Z", "text": "Hm"},
                    ],
                }
            ]
        }
    ).encode()
    account = make_account(webhook_secret=f"older {KEY}")
    assert adapter.is_genuine(account, Message(sign(body), body, NOW))
    assert adapter.is_genuine(account, Message({"x-webhook-secret": "older"}, body, NOW))
    assert not adapter.is_genuine(account, Message({"x-webhook-secret": "old"}, body, NOW))
    assert adapter.get_message_id(Message(sign(body), body, NOW)) == "m1"
    outcome = adapter.read_message(body)
    assert isinstance(outcome, Ok)
    [track] = outcome.value
    assert [event.status for event in track.events] == [Status.OTHER, Status.DELIVERED]
    assert track.events[1].moment == NOW


SENDCLOUD = {
    "action": "parcel_status_changed",
    "timestamp": 1525271885993,
    "carrier_status_change_timestamp": 1525271880000,
    "parcel": {
        "id": 1,
        "tracking_number": "3SYZXG132912330",
        "status": {"id": 62992, "message": "Returned to sender"},
    },
}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Ready to send", Status.CREATED),
        ("Announced: not collected", Status.CREATED),
        ("Shipment picked up by driver", Status.PICKED_UP),
        ("Parcel en route", Status.IN_TRANSIT),
        ("Driver en route", Status.OUT_FOR_DELIVERY),
        ("Awaiting customer pickup", Status.AVAILABLE_FOR_PICKUP),
        ("Delivered", Status.DELIVERED),
        ("Delivery attempt failed", Status.FAILED_ATTEMPT),
        ("Returned to sender", Status.RETURNED),
        ("Something new", Status.OTHER),
    ],
)
def test_words_of_sendcloud(words, status):
    told = SENDCLOUD | {"parcel": SENDCLOUD["parcel"] | {"status": {"id": 1, "message": words}}}
    outcome = ADAPTERS["sendcloud"].read_message(json.dumps(told).encode())
    [track] = outcome.value
    assert (track.tracking_number, track.status if words != "Something new" else Status.OTHER) == (
        "3SYZXG132912330",
        status,
    )
    assert track.events[0].moment == datetime(2018, 5, 2, 14, 38, tzinfo=UTC)


def test_sendcloud_tells_of_other_things():
    read = ADAPTERS["sendcloud"].read_message
    assert read(b'{"action": "integration_deleted"}') == Ok(())
    no_label = SENDCLOUD | {"parcel": {"tracking_number": None, "status": {"message": "x"}}}
    assert read(json.dumps(no_label).encode()) == Ok(())


@pytest.mark.parametrize("name", sorted(ADAPTERS))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"<html>",
        b"[]",
        b"{}",
        b"null",
        b'{"parcels": [1]}',
        b'{"parcels": [{"tracking_number": "T", "events": [{"status": "delivered"}]}]}',
        b'{"action": "parcel_status_changed", "parcel": {"tracking_number": "T"}}',
        b'{"action": "parcel_status_changed", "parcel": {"tracking_number": "T", "status": '
        b'{"message": "Delivered"}}, "timestamp": 1e99}',
        b"[" * 100000,
    ],
)
def test_what_cannot_be_read_is_never_empty(name, body):
    assert isinstance(ADAPTERS[name].read_message(body), Unknown)


@pytest.mark.parametrize(("parcels", "events"), [(501, 1), (1, 201)])
def test_more_than_is_read_is_refused_whole(parcels, events):
    """What would be left out of a message would be lost, and its sender told that all is well."""
    event = {"status": "in_transit", "moment": "2026-03-04T09:00:00Z"}
    told = [
        {"tracking_number": f"T{number}", "events": [event] * events} for number in range(parcels)
    ]
    read = ADAPTERS["simulator"].read_message
    assert isinstance(read(json.dumps({"parcels": told}).encode()), Unknown)
    most = [{**each, "events": each["events"][:200]} for each in told[:500]]
    assert isinstance(read(json.dumps({"parcels": most}).encode()), Ok)
