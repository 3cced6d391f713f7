"""The payment provider that exists in the program only: it keeps to what banks do."""

import json
import threading

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.payment import Kind, adyen
from connectors.payment.bank import Bank
from connectors.payment.settlement import read
from connectors.payment.simulator import Simulator

HEADERS = {"x-api-key": "sim-key"}


def money(value, currency="EUR"):
    return {"value": value, "currency": currency}


def ask(bank, path, key="", **body):
    headers = {**HEADERS, **({"idempotency-key": key} if key else {})}
    return bank.ask(path, {"merchantAccount": bank.account, **body}, headers)


def pay(bank, value=10000, card="4111111111111111", **body):
    status, content = ask(
        bank,
        "/payments",
        amount=money(value),
        reference="S1",
        paymentMethod={"type": "scheme", "encryptedCardNumber": f"test_{card}"},
        **body,
    )
    assert status == 200
    return content


def told(bank, **options):
    """Return what the notifications say, each checked for its signature."""
    found = []
    for body in bank.take(**options):
        [item] = adyen.read_items(body)
        assert adyen.is_genuine(item, [bank.hmac_key])
        found.append(adyen.read_item(item))
    return found


@pytest.fixture
def bank():
    return Bank()


def test_partial_captures_the_rest_let_go_and_refunds(bank):
    reference = pay(bank)["pspReference"]
    for value in (3000, 2500):
        status, answer = ask(bank, f"/payments/{reference}/captures", amount=money(value))
        assert (status, answer["status"]) == (201, "received")
        assert answer["paymentPspReference"] == reference != answer["pspReference"]
    ask(bank, f"/payments/{reference}/cancels")
    # Nothing is done before the bank works.
    assert bank.payments[reference].captured == 0
    bank.work()
    payment = bank.payments[reference]
    assert (payment.captured, payment.voided, payment.held) == (5500, 4500, 0)
    ask(bank, f"/payments/{reference}/refunds", amount=money(5500))
    ask(bank, f"/payments/{reference}/refunds", amount=money(1))
    bank.work()
    assert [(each.code, each.success, each.money.value) for each in told(bank)] == [
        ("AUTHORISATION", True, 10000),
        ("CAPTURE", True, 3000),
        ("CAPTURE", True, 2500),
        ("CANCELLATION", True, 4500),
        ("REFUND", True, 5500),
        ("REFUND", False, 1),
    ]
    assert payment.refunded == 5500


@pytest.mark.parametrize(
    ("card", "codes"),
    [
        ("4000300011112220", [("AUTHORISATION", False)]),
        ("4000060000000006", [("AUTHORISATION", True), ("CAPTURE", False)]),
        (
            "4000160000000004",
            [("AUTHORISATION", True), ("CAPTURE", True), ("CAPTURE_FAILED", True)],
        ),
        ("4000180000000002", [("AUTHORISATION", True), ("CAPTURE", True), ("REFUND", False)]),
        (
            "4000020000000000",
            [
                ("AUTHORISATION", True),
                ("CAPTURE", True),
                ("REFUND", True),
                ("REFUND_FAILED", True),
            ],
        ),
    ],
)
def test_cards_that_do_not_do_well(bank, card, codes):
    answer = pay(bank, card=card)
    reference = answer["pspReference"]
    if answer["resultCode"] == "Authorised":
        ask(bank, f"/payments/{reference}/captures", amount=money(10000))
        bank.work()
        if "REFUND" in dict(codes):
            ask(bank, f"/payments/{reference}/refunds", amount=money(10000))
            bank.work()
    assert [(each.code, each.success) for each in told(bank)] == codes
    assert bank.payments[reference].refunded == 0


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/payments/NONE/captures", {"amount": money(1)}, HEADERS, 422),
        ("/payments/{}/captures", {"amount": money(0)}, HEADERS, 422),
        ("/payments/{}/captures", {"amount": money(1, "USD")}, HEADERS, 422),
        ("/payments/{}/captures", {}, HEADERS, 422),
        ("/payments/{}/captures", {"amount": money(1)}, {"x-api-key": "wrong"}, 401),
        ("/payments/{}/captures", {"amount": money(1), "merchantAccount": "x"}, HEADERS, 403),
        ("/payments/{}/nothing", {}, HEADERS, 404),
    ],
)
def test_refused_at_once(bank, path, body, headers, status):
    reference = pay(bank)["pspReference"]
    body = {"merchantAccount": bank.account, **body}
    answered, content = bank.ask(path.format(reference), body, headers)
    assert (answered, content["status"]) == (status, status)
    assert not bank.payments[reference].deeds


def test_a_key_is_honored_once(bank):
    reference = pay(bank)["pspReference"]
    path = f"/payments/{reference}/captures"
    first = ask(bank, path, key="k1", amount=money(4000))
    assert ask(bank, path, key="k1", amount=money(4000)) == first
    assert ask(bank, path, key="k1", amount=money(4001))[0] == 422
    assert ask(bank, path, key="k2", amount=money(4000)) != first
    bank.work()
    assert bank.payments[reference].captured == 8000


def test_what_expires_cannot_be_captured(bank):
    reference = pay(bank)["pspReference"]
    bank.expire(reference)
    ask(bank, f"/payments/{reference}/captures", amount=money(1))
    bank.work()
    assert [(each.kind, each.success) for each in told(bank)][1:] == [
        (Kind.EXPIRED, True),
        (Kind.CAPTURED, False),
    ]


def test_duplicates_and_disorder(bank):
    reference = pay(bank)["pspReference"]
    for _capture in range(4):
        ask(bank, f"/payments/{reference}/captures", amount=money(100))
    bank.work()
    assert [each.kind for each in told(bank, codes=["AUTHORISATION"])] == [Kind.AUTHORIZED]
    keys = [each.key for each in told(bank, seed=7, copies=2)]
    assert len(keys) == 8 and len(set(keys)) == 4 and keys != sorted(keys)
    assert not bank.take()


def test_a_stored_card(bank):
    answer = pay(bank, storePaymentMethod=True, shopperReference="C7", captureDelayHours=0)
    token = answer["additionalData"]["recurring.recurringDetailReference"]
    assert bank.payments[answer["pspReference"]].captured == 10000
    method = {"storedPaymentMethodId": token}
    _status, again = ask(bank, "/payments", amount=money(5), paymentMethod=method, reference="S2")
    assert again["resultCode"] == "Authorised"


def test_what_was_settled_can_be_read(bank):
    reference = pay(bank)["pspReference"]
    ask(bank, f"/payments/{reference}/captures", amount=money(4000), reference="S1-C1")
    bank.work()
    ask(bank, f"/payments/{reference}/refunds", amount=money(1500), reference="S1-R1")
    bank.work()
    lines = read(bank.report())
    assert [
        (each.kind, float(each.amount), each.operation_merchant_reference) for each in lines
    ] == [
        (Kind.CAPTURED, 40.0, "S1-C1"),
        (Kind.REFUNDED, 15.0, "S1-R1"),
    ]
    assert {each.reference for each in lines} == {reference}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["captures", "refunds", "cancels", "work", "expire"]),
            st.integers(1, 6000),
        ),
        max_size=14,
    )
)
def test_money_is_never_made(steps):
    bank = Bank()
    reference = pay(bank)["pspReference"]
    payment = bank.payments[reference]
    for step, value in steps:
        if step == "work":
            bank.work()
        elif step == "expire":
            bank.expire(reference)
        else:
            ask(bank, f"/payments/{reference}/{step}", amount=money(value))
        assert 0 <= payment.refunded <= payment.captured
        assert payment.captured + payment.voided <= payment.money.value
        assert payment.held >= 0


# === OVER HTTP === #


@pytest.fixture
def simulator():
    with Simulator() as simulator:
        yield simulator


def post(simulator, path, key="", timeout=10, **body):
    headers = {"X-API-Key": "sim-key", **({"idempotency-key": key} if key else {})}
    body = {"merchantAccount": simulator.bank.account, **body}
    return requests.post(simulator.url + path, json=body, headers=headers, timeout=timeout)


@pytest.mark.parametrize("prefix", ["", "/v71", "/checkout/V71"])
def test_it_listens(simulator, prefix):
    body = {"amount": money(10000), "reference": "S1", "paymentMethod": {"type": "scheme"}}
    answer = post(simulator, f"{prefix}/payments", **body)
    assert answer.json()["resultCode"] == "Authorised"
    assert simulator.server.server_address[0] == "127.0.0.1"
    assert requests.get(f"{simulator.url}/report.csv", timeout=10).ok
    assert requests.get(f"{simulator.url}/other", timeout=10).status_code == 404
    assert requests.post(f"{simulator.url}/payments", data=b"[]", timeout=10).status_code == 400


@pytest.mark.parametrize(
    ("fault", "deeds"),
    [
        ("drop_before", 0),
        ("drop_after", 1),
        ("error_before", 0),
        ("error_after", 1),
        ("html", 1),
        ("later", 0),
    ],
)
def test_it_fails_as_told_and_a_second_time_does_it_once(simulator, fault, deeds):
    reference = pay(simulator.bank)["pspReference"]
    payment = simulator.bank.payments[reference]
    simulator.fail(fault)
    path = f"/payments/{reference}/captures"
    if fault.startswith("drop"):
        with pytest.raises(requests.ConnectionError):
            post(simulator, path, key="k", amount=money(100))
    else:
        answer = post(simulator, path, key="k", amount=money(100))
        statuses = {"html": 200, "later": 429}
        assert answer.status_code == statuses.get(fault, 500)
    assert len(payment.deeds) == deeds
    assert post(simulator, path, key="k", amount=money(100)).status_code == 201
    assert len(payment.deeds) == 1


def test_it_cannot_fail_otherwise(simulator):
    with pytest.raises(ValueError, match="nonsense"):
        simulator.fail("nonsense")


def test_it_tells_whoever_listens():
    heard, enough = [], threading.Event()

    class Listener(Simulator):
        def answer(self, path, body, headers):
            heard.append(json.loads(body))
            if len(heard) == 2:
                enough.set()
            return 200, "[accepted]", ""

    with Listener() as listener, Simulator(notify=listener.url) as simulator:
        body = {"amount": money(10000), "reference": "S1", "paymentMethod": {"type": "scheme"}}
        reference = post(simulator, "/payments", **body).json()["pspReference"]
        post(simulator, f"/payments/{reference}/captures", amount=money(100))
        assert enough.wait(20)
    codes = [each["notificationItems"][0]["NotificationRequestItem"]["eventCode"] for each in heard]
    assert codes == ["AUTHORISATION", "CAPTURE"]
