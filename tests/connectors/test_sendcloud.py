import dataclasses

import pytest
from contract_checks import RECEIVER, SHIPMENT, as_zpl, buy_until_known
from peers.sendcloud import PDF, SECRET, USER, ZPL, SendcloudPeer

from connectors.carrier import ADAPTERS, Account, LabelFormat, Ok, Rejected, Status, Unknown

ADAPTER = ADAPTERS["sendcloud"]


@pytest.fixture
def peer():
    with SendcloudPeer() as peer:
        yield peer


@pytest.fixture
def account(peer):
    return make_account(peer.url)


def make_account(url, **options):
    return Account(
        f"{url}/api/v3",
        {"public_key": USER, "secret_key": SECRET},
        options,
        timeout=(1.0, 0.4),
        allow_local=True,
    )


@pytest.mark.parametrize("wanted", [LabelFormat.PDF, LabelFormat.ZPL])
def test_a_label_for_each_parcel(peer, account, wanted):
    outcome = ADAPTER.buy(account, dataclasses.replace(SHIPMENT, label_format=wanted))
    assert isinstance(outcome, Ok)
    assert not outcome.warnings
    assert [parcel.reference for parcel in outcome.value.parcels] == ["P1", "P2"]
    content = {LabelFormat.PDF: PDF, LabelFormat.ZPL: ZPL}[wanted]
    assert {parcel.label.content for parcel in outcome.value.parcels} == {content}
    [shipment] = peer.bought
    assert [parcel["tracking_number"] for parcel in shipment["parcels"]] == [
        parcel.tracking_number for parcel in outcome.value.parcels
    ]


@pytest.mark.parametrize(
    "faults",
    [
        ["hang_before"],
        ["hang_after"],
        ["error_before"],
        ["error_after"],
        ["drop_before"],
        ["drop_after"],
        ["html"],
        ["empty"],
        ["too_many"],
        ["hang_after", "error_before"],
        ["error_before", "hang_after"],
        ["error_before", None, "drop_after"],
        [None, "cut_label"],
        [None, "hang_before", "error_before"],
    ],
    ids=lambda faults: "+".join(map(str, faults)),
)
def test_never_two_labels_never_a_lost_one(peer, account, faults):
    peer.fail(*faults)
    outcome = buy_until_known(ADAPTER, account, SHIPMENT)
    assert isinstance(outcome, Ok), outcome
    assert len(peer.bought) == 1
    assert outcome.value.carrier_id == peer.bought[0]["id"]
    if any(parcel.label is None for parcel in outcome.value.parcels):
        # What was bought stays bought, and its label is fetched by asking for it.
        assert outcome.warnings
        outcome = ADAPTER.find(account, SHIPMENT)
    assert all(parcel.label for parcel in outcome.value.parcels)
    assert len(peer.bought) == 1


@pytest.mark.parametrize("fault", ["html", "empty", "error_after", "drop_before", "hang_before"])
def test_what_cannot_be_read_is_unknown(peer, account, fault):
    peer.fail(fault)
    assert isinstance(ADAPTER.find(account, SHIPMENT), Unknown)


def test_waits_as_long_as_it_is_asked_to(peer, account):
    peer.fail("too_many")
    outcome = ADAPTER.buy(account, SHIPMENT)
    assert (outcome.sent, outcome.retry_after) == (False, 7.0)


def test_refusals_name_the_field(account):
    shipment = dataclasses.replace(SHIPMENT, receiver=dataclasses.replace(RECEIVER, name=""))
    outcome = ADAPTER.buy(account, shipment)
    assert (outcome.code, outcome.field) == ("required", "/to_address/name")


def test_wrong_keys_are_refused(account):
    wrong = dataclasses.replace(account, credentials={"public_key": USER, "secret_key": "no"})
    assert isinstance(ADAPTER.buy(wrong, SHIPMENT), Rejected)
    none = dataclasses.replace(account, credentials={})
    assert ADAPTER.buy(none, SHIPMENT).code == "credentials"


def test_nobody_there(account):
    with SendcloudPeer() as gone:
        url = gone.url
    outcome = ADAPTER.buy(make_account(url), SHIPMENT)
    assert isinstance(outcome, Unknown)
    assert not outcome.sent


def test_cancelled_once_and_again(peer, account):
    created = ADAPTER.buy(account, SHIPMENT).value
    assert ADAPTER.cancel(account, created) == Ok(None)
    assert isinstance(ADAPTER.cancel(account, created), Ok)
    assert peer.bought == []
    # What was cancelled does not keep a new label from being bought.
    assert ADAPTER.find(account, SHIPMENT) == Ok(None)


def test_tracks_by_number(peer, account):
    created = ADAPTER.buy(account, as_zpl(SHIPMENT)).value
    first, second = (parcel.tracking_number for parcel in created.parcels)
    peer.bought[0]["parcels"][1]["status"] = {"code": "DELIVERED", "message": "Delivered"}
    outcome = ADAPTER.track(account, (first, second, "3S-of-somebody-else"))
    assert [(track.tracking_number, track.status) for track in outcome.value] == [
        (first, Status.CREATED),
        (second, Status.DELIVERED),
    ]


def test_pickup_points_nearest_first(account):
    outcome = ADAPTER.pickup_points(account, RECEIVER)
    assert [point.id for point in outcome.value] == ["1000002", "1000001"]
    assert outcome.value[0].distance == pytest.approx(0.83)
    assert outcome.value[0].opening_hours[0] == (("09:00", "17:00"),)
    nowhere = dataclasses.replace(RECEIVER, country="FR")
    assert ADAPTER.pickup_points(account, nowhere) == Ok(())


def test_the_relay_point_reaches_the_label(peer, account):
    ADAPTER.buy(account, dataclasses.replace(SHIPMENT, pickup_point="1000002"))
    assert b'"to_service_point": {"id": "1000002"}' in peer.requests[0][2]


def test_secrets_stay_secret(account, caplog):
    with caplog.at_level("DEBUG"):
        ADAPTER.buy(account, SHIPMENT)
    assert SECRET not in caplog.text
    assert SECRET not in repr(account)
