"""Adapters before the vendors' own contracts: a validating proxy stands between them and the peers.

The contracts were written by the carriers. What they do not allow, in requests as in the answers of
the peers, comes back as an error of the proxy.
"""

import dataclasses

import pytest
from contract_checks import RECEIVER, SHIPMENT
from contract_proxy import validating
from peers import DhlPeer, GlsPeer, SendcloudPeer

from connectors.carrier import ADAPTERS, Capability, LabelFormat, Ok, Rejected

FILES = {
    DhlPeer: "dhl_parcel_de_shipping_v2.yaml",
    GlsPeer: "gls_shipit.yaml",
    SendcloudPeer: "sendcloud_v3_shipments.yaml",
}


@pytest.fixture(scope="module", params=FILES, ids=lambda peer: peer.adapter)
def proven(request, specs, tmp_path_factory):
    """A peer, its adapter and an account that leads to it through the proxy."""
    log = tmp_path_factory.mktemp("proxy") / "proxy.log"
    with request.param() as peer, validating(specs / FILES[request.param], peer.url, log) as url:
        account = peer.make_account(peer.url)
        # The proxy is at the place of the base URL; tokens and documents have other contracts.
        account = dataclasses.replace(
            account,
            base_url=url,
            timeout=(5.0, 30.0),
            urls={"documents": peer.url, **account.urls},
        )
        yield peer, ADAPTERS[peer.adapter], account


def good(outcome):
    assert isinstance(outcome, Ok), outcome
    return outcome.value


def suited(peer, shipment=SHIPMENT):
    """Return a shipment with a service that the carrier has."""
    services = {"dhl": "V01PAK", "gls": "PARCEL", "sendcloud": "postnl:standard"}
    return dataclasses.replace(shipment, service=services[peer.adapter])


@pytest.mark.parametrize("wanted", [LabelFormat.PDF, LabelFormat.ZPL])
def test_the_life_of_a_label(proven, wanted):
    peer, adapter, account = proven
    shipment = dataclasses.replace(
        suited(peer), reference=f"OMS-LIFE-{wanted}", label_format=wanted
    )
    if Capability.FIND in adapter.capabilities:
        assert good(adapter.find(account, shipment)) is None
    created = good(adapter.buy(account, shipment))
    assert all(parcel.label for parcel in created.parcels)
    assert all(parcel.label for parcel in good(adapter.labels(account, shipment, created)).parcels)
    if Capability.FIND in adapter.capabilities:
        assert good(adapter.find(account, shipment)).parcels[0].tracking_number == (
            created.parcels[0].tracking_number
        )
    if Capability.TRACK in adapter.capabilities:
        [track] = good(adapter.track(account, (created.parcels[0].tracking_number,)))
        assert track.events
    if Capability.MANIFEST in adapter.capabilities:
        assert good(adapter.manifest(account, shipment.ship_date))
    good(adapter.cancel(account, created))
    good(adapter.cancel(account, created))
    assert peer.bought == []


def test_relay_points(proven):
    peer, adapter, account = proven
    shipment = dataclasses.replace(suited(peer), reference="OMS-RELAY", pickup_point="567")
    if peer.adapter == "dhl":
        receiver = dataclasses.replace(shipment.receiver, country="DE", zip="53113", city="Bonn")
        shipment = dataclasses.replace(shipment, receiver=receiver)
    good(adapter.cancel(account, good(adapter.buy(account, shipment))))


def test_parcel_shops_are_told(proven, specs, tmp_path):
    peer, adapter, account = proven
    if Capability.PICKUP_POINTS not in adapter.capabilities:
        assert adapter.pickup_points(account, RECEIVER).code == "unsupported"
    elif peer.adapter == "sendcloud":
        # These have a contract of their own.
        contract = specs / "sendcloud_service_points.yaml"
        with validating(contract, peer.url, tmp_path / "proxy.log") as url:
            elsewhere = dataclasses.replace(account, base_url=url)
            assert good(adapter.pickup_points(elsewhere, RECEIVER))
    else:
        assert good(adapter.pickup_points(account, RECEIVER))


def test_returns(proven, specs, tmp_path):
    peer, adapter, account = proven
    one = dataclasses.replace(
        suited(peer), reference="OMS-RETURN", parcels=SHIPMENT.parcels[:1], sender=RECEIVER
    )
    if peer.adapter == "dhl":
        contract = specs / "dhl_parcel_de_returns.yaml"
        with validating(contract, peer.url, tmp_path / "proxy.log") as url:
            elsewhere = dataclasses.replace(account, urls={**account.urls, "returns": url})
            assert good(adapter.return_label(elsewhere, one)).parcels[0].label
    else:
        created = good(adapter.return_label(account, one))
        good(adapter.cancel(account, created))


@pytest.mark.parametrize(
    ("change", "adapters"),
    [
        ({"customs": True}, ("dhl",)),
        ({"reference": "A1"}, ("dhl", "gls", "sendcloud")),
        ({"bare": True}, ("dhl", "gls", "sendcloud")),
        ({"long": True}, ("dhl", "gls", "sendcloud")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_contracts_are_particular_about(proven, change, adapters):
    """Short references, addresses with nothing but what they need, and names that do not end."""
    peer, adapter, account = proven
    if peer.adapter not in adapters:
        return
    shipment = suited(peer)
    if "reference" in change:
        shipment = dataclasses.replace(shipment, **change)
    if "customs" in change:
        shipment = dataclasses.replace(shipment, service="V53WPAK")
    if "bare" in change:
        bare = dataclasses.replace(RECEIVER, company="", phone="", email="", house_number="")
        parcel = dataclasses.replace(SHIPMENT.parcels[0], dimensions=None, commodities=(), sscc="")
        shipment = dataclasses.replace(shipment, receiver=bare, sender=bare, parcels=(parcel,))
        shipment = dataclasses.replace(shipment, order_number="")
    if "long" in change:
        long = dataclasses.replace(RECEIVER, name="N" * 300, company="C" * 300, street="S" * 300)
        shipment = dataclasses.replace(shipment, receiver=long)
    outcome = adapter.buy(account, shipment)
    good(adapter.cancel(account, good(outcome)))


def test_what_the_contract_forbids_is_refused(proven):
    """The proxy is there: what is wrong does not reach the peer."""
    peer, adapter, account = proven
    if peer.adapter == "gls":
        shipment = dataclasses.replace(suited(peer), service="NO_SUCH_PRODUCT")
    elif peer.adapter == "dhl":
        shipment = dataclasses.replace(suited(peer), service="V99XXX")
    else:
        parcel = dataclasses.replace(SHIPMENT.parcels[0], sscc="1")
        shipment = dataclasses.replace(suited(peer), parcels=(parcel,))
    before = len(peer.requests)
    outcome = adapter.buy(account, shipment)
    assert isinstance(outcome, Rejected), outcome
    assert not any(b"NO_SUCH" in body for _m, _p, body, _f in peer.requests[before:])
    assert peer.bought == []
