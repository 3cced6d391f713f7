import dataclasses

import pytest
from contract_checks import SHIPMENT
from peers import GlsPeer

from connectors.carrier import ADAPTERS, Account, Ok, Rejected, Status
from connectors.carrier.gls_messages import _get_status

ADAPTER = ADAPTERS["gls"]


@pytest.fixture
def peer():
    with GlsPeer() as peer:
        yield peer


@pytest.fixture
def account(peer):
    return peer.make_account(peer.url)


def test_history_in_order_of_time(peer, account):
    created = ADAPTER.buy(account, SHIPMENT).value
    number = created.parcels[0].tracking_number
    peer.parcels[number]["status"] = "DELIVERED"
    [track] = ADAPTER.track(account, (number,)).value
    assert [event.status for event in track.events] == [Status.CREATED, Status.DELIVERED]
    assert track.events[0].moment.isoformat() == "2026-03-10T17:00:00+00:00"


def test_one_parcel_of_which_gls_does_not_tell_keeps_no_other_waiting(peer, account):
    created = ADAPTER.buy(account, SHIPMENT).value
    numbers = tuple(parcel.tracking_number for parcel in created.parcels)
    peer.fail("html")
    [track] = ADAPTER.track(account, numbers).value
    assert track.tracking_number == numbers[1]


def test_what_gls_has_cannot_be_cancelled(peer, account):
    created = ADAPTER.buy(account, SHIPMENT).value
    peer.parcels[created.parcels[1].tracking_number]["status"] = "SCANNED"
    outcome = ADAPTER.cancel(account, created)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "SCANNED"


def test_returns_go_to_the_shipper(peer, account):
    assert isinstance(ADAPTER.return_label(account, SHIPMENT), Ok)
    assert b"service_shopreturn" in peer.requests[-1][2]


def test_the_day_is_closed(peer, account):
    ADAPTER.buy(account, SHIPMENT)
    [manifest] = ADAPTER.manifest(account, SHIPMENT.ship_date).value
    assert manifest.reference == "2026-03-10: 1"


def test_a_shipit_of_ones_own_knows_users(peer):
    account = Account(f"{peer.url}/backend", {"user": "u", "contact_id": "1"}, allow_local=True)
    # This peer does not, and says so.
    assert isinstance(ADAPTER.buy(account, SHIPMENT), Rejected)
    assert peer.requests[0][1] == "/backend/rs/shipments"


def test_tokens_come_from_somewhere(account):
    outcome = ADAPTER.buy(dataclasses.replace(account, urls={}), SHIPMENT)
    assert (outcome.code, outcome.field) == ("credentials", "token")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("DELIVEREDPS", Status.AVAILABLE_FOR_PICKUP),
        ("DELIVERED", Status.DELIVERED),
        ("3.0", Status.DELIVERED),
        ("3.124", Status.AVAILABLE_FOR_PICKUP),
        ("11.0", Status.OUT_FOR_DELIVERY),
        ("1.0", Status.IN_TRANSIT),
        ("UNHEARD", Status.OTHER),
    ],
)
def test_words_of_gls(code, status):
    assert _get_status(code) is status
