"""Chronopost, its SOAP services.

URLs: the base URL is that of the shipping service; ``tracking`` and ``quickcost`` those of the
others. Credentials: ``account`` and ``password``. Services are product codes, such as ``01``
(before 13:00) or ``86`` (relay points); returns have product codes of their own.

Chronopost tells by reference what it has been handed, not what was only labelled. Where it is
unknown whether a label was made, a person has to look.
"""

import dataclasses
from datetime import UTC, datetime, time
from typing import Any

from . import soap
from .contract import (
    Account,
    Address,
    Capability,
    Created,
    Label,
    LabelFormat,
    LabelledParcel,
    Ok,
    Outcome,
    Place,
    Rate,
    Rejected,
    Setting,
    Shipment,
    Status,
    Track,
    TrackingEvent,
    Unknown,
)
from .partial import Partial
from .reading import Unreadable, read_encoded_label, read_moment, track_each
from .transport import Reply, send
from .webhook import SECRET, PlainWebhook

SHIPPING = "http://cxf.shipping.soap.chronopost.fr/"
TRACKING = "http://cxf.tracking.soap.chronopost.fr/"
QUICKCOST = "http://cxf.quickcost.soap.chronopost.fr/"

_MODE = {LabelFormat.PDF: "SPD", LabelFormat.ZPL: "Z2D"}
#: Product codes of relay points, for which the relay's id is the receiver's reference.
_RELAY = ("86", "80", "3T", "5X", "6B")
#: Chronopost's own failure, as opposed to something that is wrong with what was asked.
_FAILED = 1
_STATUS = {
    "DC": Status.CREATED,
    "ED": Status.CREATED,
    "PC": Status.PICKED_UP,
    "SD": Status.PICKED_UP,
    "TA": Status.OUT_FOR_DELIVERY,
    "RB": Status.AVAILABLE_FOR_PICKUP,
    "RG": Status.AVAILABLE_FOR_PICKUP,
    "B": Status.AVAILABLE_FOR_PICKUP,
    "D": Status.DELIVERED,
    "D1": Status.DELIVERED,
    "D2": Status.DELIVERED,
    "D3": Status.DELIVERED,
    "D4": Status.DELIVERED,
    "D5": Status.DELIVERED,
    "RI": Status.DELIVERED,
    "P": Status.FAILED_ATTEMPT,
    "P1": Status.FAILED_ATTEMPT,
    "N": Status.FAILED_ATTEMPT,
    "N1": Status.FAILED_ATTEMPT,
    "RE": Status.RETURNED,
    "R": Status.RETURNED,
    "CA": Status.CANCELLED,
}


class Chronopost(PlainWebhook, Partial):
    """See the module."""

    name = "Chronopost"
    base_url = "https://ws.chronopost.fr/shipping-cxf/ShippingServiceWS"
    settings = (
        Setting("account", Place.CREDENTIAL, "Account Number", required=True),
        Setting("password", Place.CREDENTIAL, "Password", required=True, secret=True),
        Setting("sub_account", Place.OPTION, "Sub-Account", default="0"),
        Setting(
            "tracking",
            Place.URL,
            "Address of Tracking",
            default="https://ws.chronopost.fr/tracking-cxf/TrackingServiceWS",
        ),
        Setting(
            "quickcost",
            Place.URL,
            "Address of Rates",
            default="https://ws.chronopost.fr/quickcost-cxf/QuickcostServiceWS",
        ),
        SECRET,
    )
    capabilities = frozenset(
        {
            Capability.RATES,
            Capability.BUY,
            Capability.LABELS,
            Capability.TRACK,
            Capability.CANCEL,
            Capability.RETURN_LABEL,
            Capability.WEBHOOK,
        }
    )

    # === RATES === #

    def rates(self, account: Account, shipment: Shipment) -> Outcome[tuple[Rate, ...]]:
        """See :class:`~.contract.Adapter`. Prices are without tax, of all parcels together."""
        totals: dict[str, float] = {}
        for place, parcel in enumerate(shipment.parcels):
            parts = [
                ("accountNumber", account.credentials.get("account")),
                ("password", account.credentials.get("password")),
                ("depCountryCode", shipment.sender.country),
                ("depZipCode", shipment.sender.zip),
                ("arrCountryCode", shipment.receiver.country),
                ("arrZipCode", shipment.receiver.zip),
                ("arrCity", shipment.receiver.city),
                ("type", "M"),
                ("weight", f"{parcel.weight:.3f}"),
                ("shippingDate", shipment.ship_date.strftime("%d/%m/%Y")),
            ]
            outcome = self._call(
                account, "quickcost", QUICKCOST, "calculateProducts", parts, _read_prices
            )
            if not isinstance(outcome, Ok):
                return outcome
            prices = outcome.value
            # What takes only some of the parcels takes none.
            codes = prices.keys() & totals.keys() if place else prices.keys()
            totals = {code: totals.get(code, 0.0) + prices[code] for code in sorted(codes)}
        return Ok(tuple(Rate(code, code, round(price, 2), "EUR") for code, price in totals.items()))

    # === LABELS === #

    def buy(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        number = account.credentials.get("account", "")
        if not (number.isascii() and number.isdigit()):
            return Rejected("credentials", "The account number must be a number.", "account")
        if not shipment.receiver.zip or not shipment.receiver.city:
            text = "Chronopost needs the receiver's postcode and city."
            return Rejected("address", text, "receiver.zip")
        return self._call(
            account,
            "",
            SHIPPING,
            "shippingMultiParcelV4",
            _write_shipment(account, shipment),
            lambda result: _read_created(result, shipment),
        )

    def return_label(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`. The service must be a product of returns."""
        return self.buy(account, shipment)

    def labels(self, account: Account, shipment: Shipment, created: Created) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        parcels, warnings = [], []
        for parcel in created.parcels:
            parts = [
                ("numberSearch", parcel.tracking_number),
                ("mode", _MODE[shipment.label_format]),
                ("accountNumber", account.credentials.get("account")),
                ("password", account.credentials.get("password")),
            ]
            outcome = self._call(
                account,
                "",
                SHIPPING,
                "getReservedSkybillWithTypeAndModeAuth",
                parts,
                lambda result: read_encoded_label(
                    soap.get(result, "skybill"), shipment.label_format
                ),
            )
            label = outcome.value if isinstance(outcome, Ok) else None
            if not isinstance(outcome, Ok):
                warnings.append(outcome.text)
            parcels.append(dataclasses.replace(parcel, label=label))
        return Ok(dataclasses.replace(created, parcels=tuple(parcels)), tuple(warnings))

    def cancel(self, account: Account, created: Created) -> Outcome[None]:
        """See :class:`~.contract.Adapter`. What is cancelled already is done."""
        for parcel in created.parcels:
            parts = [
                ("accountNumber", account.credentials.get("account")),
                ("password", account.credentials.get("password")),
                ("language", "en_GB"),
                ("skybillNumber", parcel.tracking_number),
            ]
            outcome = self._call(
                account, "tracking", TRACKING, "cancelSkybill", parts, _read_cancelled
            )
            if not isinstance(outcome, Ok):
                return outcome
            if outcome.value:
                return outcome.value
        return Ok(None)

    # === TRACKING === #

    def track(
        self, account: Account, tracking_numbers: tuple[str, ...]
    ) -> Outcome[tuple[Track, ...]]:
        """See :class:`~.contract.Adapter`."""

        def ask(number: str) -> Outcome[Track | None]:
            parts = [("language", "en_GB"), ("skybillNumber", number)]
            outcome = self._call(
                account, "tracking", TRACKING, "trackSkybillV2", parts, _read_track
            )
            if isinstance(outcome, Unknown):
                return outcome
            if isinstance(outcome, Ok) and outcome.value.events:
                return Ok(dataclasses.replace(outcome.value, tracking_number=number))
            # A number that Chronopost does not know is refused.
            return Ok(None)

        return track_each(tracking_numbers, ask)

    # === CALLS === #

    def _call(
        self,
        account: Account,
        base: str,
        namespace: str,
        operation: str,
        parts: soap.Parts,
        reader: Any,
    ) -> Any:
        """Call a service, and read its result unless that is an error."""
        for name in ("account", "password"):
            if not account.credentials.get(name):
                return Rejected("credentials", f"The account has no {name}.", name)
        reply = send(
            account,
            "POST",
            "",
            base=base,
            content=soap.write(namespace, operation, parts),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
        )
        if not isinstance(reply, Reply):
            return reply
        if reply.status >= 400:
            return Rejected(str(reply.status), reply.excerpt or "Chronopost said no.")
        try:
            result = soap.read(reply.content, operation)
            code = int(soap.get(result, "errorCode"))
            if code == _FAILED:
                return Unknown(soap.get(result, "errorMessage") or "Chronopost failed.")
            if code:
                return Rejected(str(code), soap.get(result, "errorMessage") or f"Error {code}.")
            return Ok(reader(result))
        except Unreadable as error:
            return Unknown(str(error))
        except ValueError:
            return Unknown("The carrier's answer lacks what it must have.")


# === WRITING === #


def _write_shipment(account: Account, shipment: Shipment) -> list[tuple[str, Any]]:
    """Return the parts in the order in which the service wants them."""
    sender, receiver = shipment.sender, shipment.receiver
    count = len(shipment.parcels)
    return [
        (
            "headerValue",
            [
                ("accountNumber", account.credentials["account"]),
                ("idEmit", "CHRFR"),
                ("subAccount", account.options.get("sub_account", "0")),
            ],
        ),
        ("shipperValue", _write_party("shipper", sender)),
        ("customerValue", _write_party("customer", sender)),
        *[("recipientValue", _write_recipient(shipment, receiver))] * count,
        *[("refValue", _write_references(shipment, place)) for place in range(count)],
        *[("skybillValue", _write_parcel(shipment, place)) for place in range(count)],
        (
            "skybillParamsValue",
            [
                ("duplicata", "N"),
                ("mode", _MODE[shipment.label_format]),
                # The label comes at once, and can be fetched again later.
                ("withReservation", "2"),
            ],
        ),
        ("password", account.credentials["password"]),
        ("modeRetour", "2"),
        ("numberOfParcel", str(count)),
        ("version", "2.0"),
        ("multiParcel", "Y" if count > 1 else "N"),
    ]


def _write_party(role: str, address: Address) -> list[tuple[str, Any]]:
    """Write an address in its role. Chronopost's lines have 38 characters at most."""
    street = f"{address.house_number} {address.street}".strip()
    civility = None if role == "recipient" else "M"
    return [
        (f"{role}Adress1", street[:38]),
        (f"{role}Adress2", address.street2[:38]),
        (f"{role}City", address.city[:50]),
        (f"{role}Civility", civility),
        (f"{role}ContactName", address.name[:100]),
        (f"{role}Country", address.country),
        (f"{role}Email", address.email[:80]),
        (f"{role}MobilePhone", address.phone[:17]),
        (f"{role}Name", (address.company or address.name)[:100]),
        (f"{role}Name2", address.name[:100]),
        (f"{role}PreAlert", "22" if role == "recipient" and address.email else "0"),
        (f"{role}ZipCode", address.zip[:9]),
    ]


def _write_recipient(shipment: Shipment, receiver: Address) -> list[tuple[str, Any]]:
    """Write who gets it; at a relay point Chronopost wants its address, and whose parcel it is."""
    relay = shipment.pickup_address
    if not relay or not shipment.pickup_point or shipment.service not in _RELAY:
        return _write_party("recipient", receiver)
    there = dataclasses.replace(
        relay, company=relay.name, name=receiver.name, phone=receiver.phone, email=receiver.email
    )
    return _write_party("recipient", there)


def _write_references(shipment: Shipment, place: int) -> list[tuple[str, Any]]:
    relay = shipment.pickup_point
    return [
        ("customerSkybillNumber", shipment.parcels[place].reference[:15]),
        ("recipientRef", (relay or shipment.order_number)[:35]),
        ("shipperRef", shipment.reference[:35]),
        ("idRelais", relay if shipment.service in _RELAY else None),
    ]


def _write_parcel(shipment: Shipment, place: int) -> list[tuple[str, Any]]:
    parcel = shipment.parcels[place]
    length, width, height = parcel.dimensions or (1.0, 1.0, 1.0)
    day = datetime.combine(shipment.ship_date, time(12), UTC)
    customs = sum(goods.quantity * goods.value for goods in parcel.commodities)
    currency = parcel.commodities[0].currency if parcel.commodities else None
    return [
        ("bulkNumber", str(len(shipment.parcels))),
        ("content1", parcel.commodities[0].description[:45] if parcel.commodities else None),
        ("customsCurrency", currency),
        ("customsValue", f"{customs:.2f}" if currency else None),
        ("evtCode", "DC"),
        ("objectType", "MAR"),
        ("productCode", shipment.service),
        ("service", shipment.options.get("service", "0")),
        ("shipDate", day.replace(tzinfo=None).isoformat()),
        ("shipHour", "12"),
        ("skybillRank", str(place + 1)),
        ("weight", f"{parcel.weight:.3f}"),
        ("weightUnit", "KGM"),
        ("height", f"{height:.1f}"),
        ("length", f"{length:.1f}"),
        ("width", f"{width:.1f}"),
    ]


# === READING === #


def _read_created(result: Any, shipment: Shipment) -> Created:
    found = result.findall("resultMultiParcelValue")
    if len(found) != len(shipment.parcels):
        raise Unreadable(f"Chronopost tells {len(found)} parcels of {len(shipment.parcels)}.")
    parcels = []
    for parcel, each in zip(shipment.parcels, found, strict=True):
        number = soap.get(each, "skybillNumber")
        if not number:
            raise Unreadable("Chronopost gave no parcel number.")
        parcels.append(LabelledParcel(parcel.reference, number, _read_label(each, shipment)))
    return Created(soap.get(result, "reservationNumber") or shipment.reference, tuple(parcels))


def _read_label(parcel: Any, shipment: Shipment) -> Label | None:
    """Return a label, None where it did not come whole: it can be fetched by its number."""
    text = "".join(soap.get(parcel, "pdfEtiquette").split())
    try:
        return read_encoded_label(text, shipment.label_format)
    except Unreadable:
        return None


def _read_prices(result: Any) -> dict[str, float]:
    return {
        soap.get(product, "productCode"): float(soap.get(product, "amount"))
        for product in result.findall("productList")
        if soap.get(product, "productCode")
    }


def _read_cancelled(result: Any) -> Rejected | None:
    """Return why it was not cancelled. 3 is cancelled already, 0 cancelled."""
    status = soap.get(result, "statusCode")
    if status in ("0", "3"):
        return None
    words = {
        "1": "Chronopost does not know the parcel, or it is another account's.",
        "2": "Chronopost has the parcel already.",
    }
    return Rejected(status, words.get(status, f"Chronopost says {status} of a cancellation."))


def _read_track(result: Any) -> Track:
    events = [
        TrackingEvent(
            _STATUS.get(soap.get(event, "code"), Status.IN_TRANSIT),
            read_moment(soap.get(event, "eventDate")),
            soap.get(event, "eventLabel"),
            soap.get(event, "officeLabel"),
            soap.get(event, "code"),
        )
        for event in result.findall("listEventInfoComp/events")
    ]
    return Track("", tuple(sorted(events, key=lambda event: event.moment)))
