import dataclasses

import pytest
from contract_checks import SHIPMENT
from lxml import etree
from peers import ChronopostPeer

from connectors.carrier import ADAPTERS, Address, LabelFormat, Ok, Rejected, Status, Unknown, soap

ADAPTER = ADAPTERS["chronopost"]


@pytest.fixture
def peer():
    with ChronopostPeer() as peer:
        yield peer


@pytest.fixture
def account(peer):
    return peer.make_account(peer.url)


def test_bodies_are_valid_by_the_vendors_schemas(peer, account, specs):
    peer.use_schemas(specs)
    relay = dataclasses.replace(
        SHIPMENT, service="86", pickup_point="4567A", label_format=LabelFormat.ZPL
    )
    for shipment in (SHIPMENT, relay, dataclasses.replace(SHIPMENT, parcels=SHIPMENT.parcels[1:])):
        created = ADAPTER.buy(account, shipment).value
        assert isinstance(ADAPTER.labels(account, shipment, created), Ok)
        assert ADAPTER.track(account, (created.parcels[0].tracking_number,)).value
        assert isinstance(ADAPTER.rates(account, shipment), Ok)
        assert isinstance(ADAPTER.cancel(account, created), Ok)
    assert peer.violations == []


def test_at_a_relay_point(peer, account):
    there = Address("Kiosk", "Rue A 1", "75003", "Paris", "FR")
    relay = dataclasses.replace(SHIPMENT, service="86", pickup_point="4567A", pickup_address=there)
    ADAPTER.buy(account, relay)
    body = etree.fromstring(peer.requests[-1][2])
    [first, _second] = body.findall(".//{*}recipientValue")
    written = {etree.QName(each).localname: each.text for each in first}
    assert (written["recipientName"], written["recipientName2"]) == ("Kiosk", "John Doe")
    assert (written["recipientAdress1"], written["recipientZipCode"]) == ("Rue A 1", "75003")
    assert written["recipientEmail"] == "john@example.com"
    assert body.find(".//{*}recipientRef").text == "4567A"


def test_rates_are_of_what_takes_all_parcels(account):
    [rate] = ADAPTER.rates(account, SHIPMENT).value
    assert rate.service == "01"
    # Each of 1.35 and 0.5 kg at 8 and 0.5 a kilogram, to the cent.
    assert rate.price == pytest.approx(8.675 + 8.25, abs=0.006)


def test_what_chronopost_has_cannot_be_cancelled(peer, account):
    created = ADAPTER.buy(account, SHIPMENT).value
    for parcel in peer.parcels.values():
        parcel["handed"] = True
    outcome = ADAPTER.cancel(account, created)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "2"


def test_history_in_order_of_time(peer, account):
    created = ADAPTER.buy(account, SHIPMENT).value
    number = created.parcels[0].tracking_number
    peer.parcels[number]["events"] += [
        ("D", "2026-03-12T10:00:00+01:00", "Delivered"),
        ("TA", "2026-03-12T07:00:00+01:00", "With the driver"),
        ("XX", "2026-03-11T07:00:00+01:00", "Somewhere"),
    ]
    [track] = ADAPTER.track(account, (number,)).value
    assert [event.status for event in track.events] == [
        Status.CREATED,
        Status.IN_TRANSIT,
        Status.OUT_FOR_DELIVERY,
        Status.DELIVERED,
    ]


def test_a_failure_of_chronopost_is_unknown(peer, account):
    peer._shippingMultiParcelV4 = lambda call: [("errorCode", "1"), ("errorMessage", "System")]
    assert isinstance(ADAPTER.buy(account, SHIPMENT), Unknown)


def test_account_numbers_are_numbers(account):
    wrong = {**account.credentials, "account": "12x"}
    outcome = ADAPTER.buy(dataclasses.replace(account, credentials=wrong), SHIPMENT)
    assert outcome.field == "account"


def test_texts_are_no_markup(peer, account):
    name = "A </recipientName><password>x & \x07\n"
    receiver = dataclasses.replace(SHIPMENT.receiver, name=name, company="")
    assert isinstance(ADAPTER.buy(account, dataclasses.replace(SHIPMENT, receiver=receiver)), Ok)
    body = etree.fromstring(peer.requests[0][2])
    assert body.findtext(".//recipientName") == "A </recipientName><password>x & "


def test_answers_point_nowhere(tmp_path):
    """An answer cannot make us read files."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    text = (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
        "<x><opResponse><return><a>&e;</a></return></opResponse></x>"
    )
    assert "secret" not in soap.get(soap.read(text.encode(), "op"), "a")
