import dataclasses

import pytest
from contract_checks import RECEIVER, SHIPMENT
from peers import SendcloudPeer

from connectors.carrier import ADAPTERS, Ok, Status, Unknown

ADAPTER = ADAPTERS["sendcloud"]


@pytest.fixture
def peer():
    with SendcloudPeer() as peer:
        yield peer


@pytest.fixture
def account(peer):
    return peer.make_account(peer.url)


def test_refusals_name_the_field(account):
    shipment = dataclasses.replace(SHIPMENT, receiver=dataclasses.replace(RECEIVER, name=""))
    outcome = ADAPTER.buy(account, shipment)
    assert (outcome.code, outcome.field) == ("required", "/to_address/name")


def test_a_contract_number_that_is_none_is_refused_before_anything_is_sent(peer, account):
    wrong = dataclasses.replace(account, options={**account.options, "contract": "C-12"})
    outcome = ADAPTER.buy(wrong, SHIPMENT)
    assert (outcome.code, outcome.field) == ("contract", "contract")
    assert "C-12" in outcome.text
    assert peer.requests == []
    right = dataclasses.replace(account, options={**account.options, "contract": "12"})
    assert isinstance(ADAPTER.buy(right, SHIPMENT), Ok)


def test_labels_that_did_not_come_are_told(peer, account):
    peer.fail(None, "cut_label")
    outcome = ADAPTER.buy(account, SHIPMENT)
    assert [parcel.label is None for parcel in outcome.value.parcels] == [True, False]
    assert outcome.warnings == ("The label is broken.",)


def test_another_server_that_knows_nothing_is_not_sendcloud(peer, account):
    """A wrong address must not be taken for a shipment that was never bought."""
    elsewhere = dataclasses.replace(account, base_url=f"{peer.url}/nowhere")
    peer.answer = lambda *_request: (404, b"<html>Not Found</html>", {})
    assert not isinstance(ADAPTER.find(elsewhere, SHIPMENT), Ok)


def test_delivered(peer, account):
    created = ADAPTER.buy(account, SHIPMENT).value
    peer.bought[0]["parcels"][1]["status"] = {"code": "DELIVERED", "message": "Delivered"}
    [track] = ADAPTER.track(account, (created.parcels[1].tracking_number,)).value
    assert track.status is Status.DELIVERED


def test_more_parcels_than_asked_for_are_no_answer(peer, account):
    ADAPTER.buy(account, SHIPMENT)
    peer.bought[0]["parcels"].pop()
    assert isinstance(ADAPTER.find(account, SHIPMENT), Unknown)


def test_goods_without_customs_numbers_are_left_out(peer, account):
    """Sendcloud refuses goods of which one has no number."""
    goods = tuple(dataclasses.replace(each, hs_code="") for each in SHIPMENT.parcels[0].commodities)
    parcels = (dataclasses.replace(SHIPMENT.parcels[0], commodities=goods),)
    ADAPTER.buy(account, dataclasses.replace(SHIPMENT, parcels=parcels))
    assert b"parcel_items" not in peer.requests[0][2]
