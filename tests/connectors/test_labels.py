"""Labels are proven by those who read them: rendered and decoded by libraries of others."""

import dataclasses
import io

import biip
import pypdfium2
import pytest
import zplkit
import zxingcpp
from contract_checks import SHIPMENT as GIVEN
from PIL import Image

from connectors.carrier import ADAPTERS, Account, LabelFormat, Rejected, Status, sscc

ADAPTER = ADAPTERS["simulator"]
ACCOUNT = Account("")
SHIPMENT = dataclasses.replace(GIVEN, service="standard")


def render(label):
    """Return a label as a picture of 203 dots per inch."""
    if label.format is LabelFormat.PDF:
        return pypdfium2.PdfDocument(label.content)[0].render(scale=203 / 72).to_pil()
    document = zplkit.render(label.content, zplkit.Options(width=800, height=1200))
    png = document.labels[0].png
    return Image.open(io.BytesIO(png() if callable(png) else png))


def decode(label):
    """Return the texts of the codes on a label by their kind."""
    codes = zxingcpp.read_barcodes(render(label), text_mode=zxingcpp.TextMode.Plain)
    return {code.symbology_identifier: code.text for code in codes}


def read_sscc(text):
    """Return the SSCC in the data of a GS1-128, as a library of others understands them."""
    [element] = biip.parse(f"]C1{text}").gs1_message.element_strings
    assert element.ai.ai == "00"
    return element.value


@pytest.mark.parametrize("wanted", [LabelFormat.PDF, LabelFormat.ZPL])
def test_scanners_read_labels(wanted):
    shipment = dataclasses.replace(SHIPMENT, label_format=wanted)
    parcels = ADAPTER.buy(ACCOUNT, shipment).value.parcels
    assert len({parcel.tracking_number for parcel in parcels}) == 2
    for parcel in parcels:
        codes = decode(parcel.label)
        assert codes["]C0"] == parcel.tracking_number
        assert codes["]Q1"] == parcel.tracking_number
        assert sscc.is_valid(read_sscc(codes["]C1"]))
    assert read_sscc(decode(parcels[0].label)["]C1"]) == SHIPMENT.parcels[0].sscc


def test_addresses_are_no_commands():
    """What a customer types cannot tell the printer what to do."""
    receiver = dataclasses.replace(SHIPMENT.receiver, name="^XZ^XA~JR _5E\n^FS")
    shipment = dataclasses.replace(SHIPMENT, receiver=receiver, label_format=LabelFormat.ZPL)
    content = ADAPTER.buy(ACCOUNT, shipment).value.parcels[0].label.content
    assert content.count(b"^XA") == content.count(b"^XZ") == 1
    assert b"~" not in content


def test_the_same_reference_has_the_same_labels():
    first, again = (ADAPTER.buy(ACCOUNT, SHIPMENT).value for _time in range(2))
    assert first == again


def test_parcels_travel_by_the_clock():
    number = ADAPTER.buy(ACCOUNT, SHIPMENT).value.parcels[0].tracking_number

    def look(now):
        return ADAPTER.track(Account("", options={"now": now}), (number, "DC1", "X")).value

    assert look("2026-03-10T12:00:00+00:00")[0].events == ()
    assert look("2026-03-10T19:00:00+00:00")[0].status is Status.CREATED
    assert look("2026-03-11T19:00:00+00:00")[0].status is Status.IN_TRANSIT
    [track] = look("2026-03-12T18:00:00+00:00")
    assert track.status is Status.DELIVERED
    assert list(track.events) == sorted(track.events, key=lambda event: event.moment)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service": "rocket"}, "service"),
        ({"parcels": ()}, "parcels"),
        ({"parcels": (dataclasses.replace(SHIPMENT.parcels[0], weight=0),)}, "parcels.0.weight"),
        ({"parcels": (dataclasses.replace(SHIPMENT.parcels[0], weight=99),)}, "parcels.0.weight"),
        ({"parcels": (dataclasses.replace(SHIPMENT.parcels[0], sscc="1" * 18),)}, "parcels.0.sscc"),
        ({"receiver": dataclasses.replace(SHIPMENT.receiver, zip="")}, "receiver.zip"),
    ],
)
def test_what_no_carrier_would_take(change, field):
    outcome = ADAPTER.buy(ACCOUNT, dataclasses.replace(SHIPMENT, **change))
    assert isinstance(outcome, Rejected)
    assert outcome.field == field


# === SSCC === #


def test_known_code():
    """The example of the GS1 General Specifications for the check digit of 18 digits."""
    assert sscc.get_check_digit("37610425002123456") == 9
    assert sscc.is_valid("376104250021234569")


@pytest.mark.parametrize("prefix", ["4012345", "1234", "123456789012"])
def test_codes_are_those_of_gs1(prefix):
    room = 16 - len(prefix)
    for serial in (0, 7, 10**room - 1):
        code = sscc.build(prefix, serial, 3)
        assert read_sscc(f"00{code}") == code
        wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
        assert not sscc.is_valid(wrong)


@pytest.mark.parametrize(
    ("prefix", "serial", "extension"),
    [
        ("12a4", 0, 0),
        ("123", 0, 0),
        ("1" * 13, 0, 0),
        ("4012345", 10**9, 0),
        ("4012345", -1, 0),
        ("4012345", 0, 10),
    ],
)
def test_impossible_codes(prefix, serial, extension):
    with pytest.raises(ValueError):
        sscc.build(prefix, serial, extension)


def test_texts_that_are_no_codes():
    for text in ("", "1" * 17, "٣" * 18, "37610425002123456x"):
        assert not sscc.is_valid(text)
