"""Never two labels, never a lost one: all adapters before carriers that fail in every way."""

import dataclasses
import itertools

import pytest
from contract_checks import RECEIVER, SHIPMENT, buy_until_known
from peers import PEERS
from peers.server import FAULTS
from peers.texts import PDF, ZPL

from connectors.carrier import ADAPTERS, Capability, LabelFormat, Ok, Rejected, Status, Unknown
from connectors.carrier.reading import track_each


@pytest.fixture(params=PEERS, ids=lambda peer: peer.adapter)
def peer(request):
    with request.param() as peer:
        yield peer


@pytest.fixture
def account(peer):
    return peer.make_account(peer.url)


@pytest.fixture
def adapter(peer):
    return ADAPTERS[peer.adapter]


def need(adapter, capability):
    """Say what a carrier cannot do, which another test checks."""
    if capability not in adapter.capabilities:
        assert getattr(adapter, capability)(*[None] * 2).code == "unsupported"
        return False
    return True


# === LABELS === #


@pytest.mark.parametrize("wanted", [LabelFormat.PDF, LabelFormat.ZPL])
def test_a_label_for_each_parcel(peer, account, adapter, wanted):
    outcome = adapter.buy(account, dataclasses.replace(SHIPMENT, label_format=wanted))
    assert isinstance(outcome, Ok), outcome
    assert not outcome.warnings
    parcels = outcome.value.parcels
    assert [parcel.reference for parcel in parcels] == ["P1", "P2"]
    assert len({parcel.tracking_number for parcel in parcels}) == 2
    content = {LabelFormat.PDF: PDF, LabelFormat.ZPL: ZPL}[wanted]
    assert {parcel.label.content for parcel in parcels} == {content}
    assert len(peer.bought) == 1
    again = adapter.labels(
        account, dataclasses.replace(SHIPMENT, label_format=wanted), outcome.value
    )
    assert [parcel.label.content for parcel in again.value.parcels] == [content, content]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [0, 1, 2])
def test_one_failure(peer, account, adapter, fault, call):
    if call >= len(peer.calls):
        call %= len(peer.calls)
    check_faults(peer, account, adapter, [*[None] * call, fault])


@pytest.mark.parametrize(
    "faults",
    [
        *itertools.permutations(("error_before", "hang_after", "drop_after"), 2),
        ("error_after", "error_before", "html", "empty"),
        ("too_many", None, "error_after"),
    ],
    ids=lambda faults: "+".join(map(str, faults)),
)
def test_failures_after_each_other(peer, account, adapter, faults):
    check_faults(peer, account, adapter, faults)


def check_faults(peer, account, adapter, faults):
    peer.fail(*faults)
    outcome = buy_until_known(adapter, account, SHIPMENT, tries=10)
    peer.faults.clear()
    if Capability.FIND not in adapter.capabilities and not isinstance(outcome, Ok):
        # Nothing was bought twice, and whoever looks knows that it may have been bought.
        assert isinstance(outcome, Unknown)
        assert outcome.sent
        assert len(peer.bought) <= 1
        return
    assert isinstance(outcome, Ok), outcome
    assert len(peer.bought) == 1
    if Capability.FIND in adapter.capabilities:
        found = adapter.find(account, SHIPMENT)
        numbers = [parcel.tracking_number for parcel in found.value.parcels]
        assert [parcel.tracking_number for parcel in outcome.value.parcels] == numbers
    # What was bought stays bought, and labels that did not come are fetched.
    fetched = adapter.labels(account, SHIPMENT, outcome.value)
    assert [parcel.reference for parcel in fetched.value.parcels] == ["P1", "P2"]
    assert all(parcel.label for parcel in fetched.value.parcels)
    assert len(peer.bought) == 1


@pytest.mark.parametrize("fault", ["html", "empty", "error_after", "drop_before", "hang_before"])
def test_what_cannot_be_read_is_unknown(peer, account, adapter, fault):
    if need(adapter, Capability.FIND):
        peer.fail(fault)
        assert isinstance(adapter.find(account, SHIPMENT), Unknown)
    peer.faults.clear()
    peer.fail(fault)
    assert isinstance(adapter.manifest(account, SHIPMENT.ship_date), Unknown | Rejected)


def test_waits_as_long_as_it_is_asked_to(peer, account, adapter):
    peer.fail("too_many")
    outcome = adapter.buy(account, SHIPMENT)
    assert (outcome.sent, outcome.retry_after) == (False, 7.0)


def test_nothing_was_bought(account, adapter):
    if need(adapter, Capability.FIND):
        assert adapter.find(account, SHIPMENT) == Ok(None)


# === WHAT IS REFUSED === #


def test_refusals_are_told(account, adapter):
    shipment = dataclasses.replace(
        SHIPMENT, receiver=dataclasses.replace(RECEIVER, name="", company="", zip="")
    )
    outcome = adapter.buy(account, shipment)
    assert isinstance(outcome, Rejected)
    assert outcome.text
    assert outcome.field


def test_wrong_keys_are_refused(peer, account, adapter):
    wrong = {key: f"{value}x" for key, value in account.credentials.items()}
    outcome = adapter.buy(dataclasses.replace(account, credentials=wrong), SHIPMENT)
    assert isinstance(outcome, Rejected)
    outcome = adapter.buy(dataclasses.replace(account, credentials={}), SHIPMENT)
    assert outcome.code == "credentials"
    assert peer.bought == []


def test_nobody_there(peer, adapter):
    with type(peer)() as gone:
        account = gone.make_account(gone.url)
    outcome = adapter.buy(account, SHIPMENT)
    assert isinstance(outcome, Unknown)
    assert not outcome.sent


def test_what_it_cannot_do_is_refused(account, adapter):
    for capability, arguments in (
        (Capability.RATES, (account, SHIPMENT)),
        (Capability.FIND, (account, SHIPMENT)),
        (Capability.TRACK, (account, ("1",))),
        (Capability.PICKUP_POINTS, (account, RECEIVER)),
        (Capability.MANIFEST, (account, SHIPMENT.ship_date)),
    ):
        outcome = getattr(adapter, capability)(*arguments)
        unsupported = isinstance(outcome, Rejected) and outcome.code == "unsupported"
        assert unsupported == (capability not in adapter.capabilities), capability


# === LATER === #


def test_cancelled_once_and_again(peer, account, adapter):
    created = adapter.buy(account, SHIPMENT).value
    assert isinstance(adapter.cancel(account, created), Ok)
    assert isinstance(adapter.cancel(account, created), Ok)
    assert peer.bought == []
    if need(adapter, Capability.FIND):
        # What was cancelled does not keep a new label from being bought.
        assert adapter.find(account, SHIPMENT) == Ok(None)


def test_tracks_by_number(account, adapter):
    if not need(adapter, Capability.TRACK):
        return
    created = adapter.buy(account, SHIPMENT).value
    first = created.parcels[0].tracking_number
    outcome = adapter.track(account, (first, "of-somebody-else"))
    assert [(track.tracking_number, track.status) for track in outcome.value] == [
        (first, Status.CREATED)
    ]


def test_pickup_points_nearest_first(account, adapter):
    if not need(adapter, Capability.PICKUP_POINTS):
        return
    outcome = adapter.pickup_points(account, RECEIVER)
    assert isinstance(outcome, Ok), outcome
    distances = [point.distance for point in outcome.value]
    assert len(distances) > 1
    assert distances == sorted(distances)
    assert outcome.value[0].opening_hours[0][0][0] == "09:00"
    nowhere = dataclasses.replace(RECEIVER, country="FR")
    assert adapter.pickup_points(account, nowhere) == Ok(())


def test_the_relay_point_reaches_the_label(peer, account, adapter):
    adapter.buy(account, dataclasses.replace(SHIPMENT, pickup_point="567"))
    assert any(b"567" in body for _method, _path, body, _fault in peer.requests)


def test_secrets_stay_secret(peer, account, adapter, caplog):
    with caplog.at_level("DEBUG"):
        adapter.buy(account, SHIPMENT)
    assert peer.secret not in caplog.text
    assert peer.secret not in repr(account)


def test_failures_in_a_row_are_the_carriers_and_single_ones_the_parcels():
    asked = []

    def ask(number):
        asked.append(number)
        if number in "bdefg":
            return Unknown(number)
        return Ok(None if number == "c" else number)

    assert track_each("abc", ask) == Ok(("a",))
    assert track_each("bd", ask) == Unknown("b")
    asked.clear()
    assert track_each("adefgh", ask) == Ok(("a",))
    assert asked == list("adef")
