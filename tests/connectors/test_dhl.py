import dataclasses
import json

import pytest
from contract_checks import SHIPMENT
from peers import DhlPeer

from connectors.carrier import ADAPTERS, Address, LabelFormat, Ok, Rejected, Unknown
from connectors.carrier.countries import get_three_letters

ADAPTER = ADAPTERS["dhl"]


@pytest.fixture
def peer():
    with DhlPeer() as peer:
        yield peer


@pytest.fixture
def account(peer):
    return peer.make_account(peer.url)


def sent(peer, place=-1):
    return json.loads(peer.requests[place][2])


def test_each_parcel_has_a_reference_that_dhl_takes(peer, account):
    ADAPTER.buy(account, dataclasses.replace(SHIPMENT, reference="A1"))
    assert [each["refNo"] for each in sent(peer)["shipments"]] == ["000000A1", "0000A1/2"]
    long = dataclasses.replace(SHIPMENT, reference="A" * 32)
    assert ADAPTER.buy(account, long).field == "reference"


def test_at_a_post_office(peer, account):
    there = Address("Kiosk", "Markt 1", "48143", "Münster", "DE")
    relay = dataclasses.replace(SHIPMENT, pickup_point="502", pickup_address=there)
    ADAPTER.buy(account, relay)
    consignee = sent(peer)["shipments"][0]["consignee"]
    assert (consignee["retailID"], consignee["postalCode"]) == (502, "48143")
    assert consignee["name"] == "John Doe"


def refuse_second(peer):
    """Let the peer refuse the second of two parcels."""
    answer = peer.answer

    def answer_in_part(method, path, query, headers, body):
        data = json.loads(body) if body else None
        if data and "shipments" in data:
            data["shipments"][1]["consignee"].pop("postalCode")
        body = json.dumps(data).encode() if data else body
        return answer(method, path, query, headers, body)

    peer.answer = answer_in_part


def test_half_a_shipment_is_given_back(peer, account):
    refuse_second(peer)
    outcome = ADAPTER.buy(account, SHIPMENT)
    assert isinstance(outcome, Rejected)
    assert outcome.field == "consignee.postalCode"
    assert peer.bought == []
    assert len(peer.parcels) == 1


def test_half_a_shipment_that_cannot_be_given_back_is_told(peer, account):
    refuse_second(peer)
    peer.fail(None, "error_before")
    outcome = ADAPTER.buy(account, SHIPMENT)
    assert isinstance(outcome, Unknown)
    [[number]] = peer.bought
    assert number in outcome.text


def test_what_is_manifested_cannot_be_cancelled(peer, account):
    created = ADAPTER.buy(account, SHIPMENT).value
    for parcel in peer.parcels.values():
        parcel["manifested"] = True
    assert isinstance(ADAPTER.cancel(account, created), Rejected)


def test_returns(peer, account):
    one = dataclasses.replace(SHIPMENT, parcels=SHIPMENT.parcels[:1])
    created = ADAPTER.return_label(account, one).value
    assert created.parcels[0].label.format is LabelFormat.PDF
    assert sent(peer)["shipper"]["country"] == "nld"
    assert isinstance(ADAPTER.return_label(account, SHIPMENT), Rejected)


def test_the_day_is_closed(account):
    ADAPTER.buy(account, SHIPMENT)
    outcome = ADAPTER.manifest(account, SHIPMENT.ship_date)
    assert outcome.value[0].reference == "2026-03-10: 2"
    assert outcome.value[0].document


def test_post_offices_are_numbers(peer, account):
    ADAPTER.buy(account, dataclasses.replace(SHIPMENT, pickup_point="567"))
    consignee = sent(peer)["shipments"][0]["consignee"]
    assert consignee["retailID"] == 567
    assert "addressStreet" not in consignee


def test_customs_are_told_beyond_the_union(peer, account):
    ADAPTER.buy(account, dataclasses.replace(SHIPMENT, service="V53WPAK"))
    [shirts, cheese] = sent(peer)["shipments"][0]["customs"]["items"]
    assert (shirts["packagedQuantity"], shirts["itemValue"]["value"]) == (2, 12.65)
    # Three quarters of a kilogram at 20 are one piece of 15.
    assert (cheese["packagedQuantity"], cheese["itemValue"]["value"]) == (1, 15.0)
    assert cheese["itemWeight"]["value"] == 0.75


def test_countries_that_are_none(account):
    nowhere = dataclasses.replace(SHIPMENT.receiver, country="XX")
    outcome = ADAPTER.buy(account, dataclasses.replace(SHIPMENT, receiver=nowhere))
    assert outcome.field == "receiver.country"


@pytest.mark.parametrize(
    ("two", "three"),
    [("DE", "DEU"), ("fr", "FRA"), ("MM", "MMR"), ("TL", "TLS"), ("GB", "GBR"), ("XX", "")],
)
def test_three_letters(two, three):
    assert get_three_letters(two) == three


def test_without_labels_at_first(peer, account):
    peer.fail("cut_label")
    outcome = ADAPTER.buy(account, SHIPMENT)
    assert isinstance(outcome, Ok)
    assert {parcel.label for parcel in outcome.value.parcels} == {None}
    fetched = ADAPTER.labels(account, SHIPMENT, outcome.value)
    assert all(parcel.label for parcel in fetched.value.parcels)
