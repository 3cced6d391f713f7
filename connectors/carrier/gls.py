"""GLS ShipIT, the farm's REST interface.

URLs: the base URL ends with ``/backend``; ``token`` is where OAuth tokens come from. Credentials:
``client_id`` and ``client_secret``, or ``user`` and ``password`` for a ShipIT of one's own;
``contact_id`` (the shipper's number at GLS). Services are GLS's products, ``PARCEL`` or
``EXPRESS``, with further services after a plus sign, such as ``PARCEL+service_flexdelivery``.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from .contract import (
    Account,
    Address,
    Capability,
    Created,
    Label,
    LabelFormat,
    LabelledParcel,
    Manifest,
    Ok,
    Outcome,
    Parcel,
    PickupPoint,
    Place,
    Rejected,
    Setting,
    Shipment,
    Status,
    Track,
    TrackingEvent,
    Unknown,
)
from .reading import Unreadable, need, read, read_encoded_label, read_moment, track_each
from .transport import Reply, send
from .webhook import SECRET, PlainWebhook

_TYPE = "application/glsVersion1+json"
_TEMPLATE = {LabelFormat.PDF: ("PDF", "NONE"), LabelFormat.ZPL: ("ZEBRA", "ZPL_200")}
#: Days around the day of shipping in which a reference is looked for.
_AROUND = timedelta(days=14)
#: Beginnings of GLS's status codes and words, the longest that fits counts.
_STATUS = {
    "PREADVICE": Status.CREATED,
    "0.100": Status.CREATED,
    "INPICKUP": Status.PICKED_UP,
    "INTRANSIT": Status.IN_TRANSIT,
    "INWAREHOUSE": Status.IN_TRANSIT,
    "INDELIVERY": Status.OUT_FOR_DELIVERY,
    "DELIVEREDPS": Status.AVAILABLE_FOR_PICKUP,
    "DELIVERED": Status.DELIVERED,
    "NOTDELIVERED": Status.FAILED_ATTEMPT,
    "CANCELED": Status.CANCELLED,
    "1": Status.IN_TRANSIT,
    "2": Status.IN_TRANSIT,
    "3": Status.DELIVERED,
    "3.124": Status.AVAILABLE_FOR_PICKUP,
    "4": Status.FAILED_ATTEMPT,
    "6": Status.IN_TRANSIT,
    "8": Status.FAILED_ATTEMPT,
    "11": Status.OUT_FOR_DELIVERY,
    "90": Status.RETURNED,
}
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


class Gls(PlainWebhook):
    """See the module."""

    name = "GLS ShipIT"
    base_url = "https://api.gls-group.net/shipit-farm/v1/backend"
    settings = (
        Setting("contact_id", Place.CREDENTIAL, "Contact ID", required=True),
        Setting("client_id", Place.CREDENTIAL, "Client ID"),
        Setting("client_secret", Place.CREDENTIAL, "Client Secret", secret=True),
        Setting("user", Place.CREDENTIAL, "User (own ShipIT)"),
        Setting("password", Place.CREDENTIAL, "Password (own ShipIT)", secret=True),
        Setting(
            "token",
            Place.URL,
            "Address of Tokens",
            default="https://api.gls-group.net/oauth2/v2/token",
        ),
        SECRET,
    )
    capabilities = frozenset(
        {
            Capability.BUY,
            Capability.FIND,
            Capability.LABELS,
            Capability.TRACK,
            Capability.CANCEL,
            Capability.RETURN_LABEL,
            Capability.PICKUP_POINTS,
            Capability.MANIFEST,
            Capability.WEBHOOK,
        }
    )

    def rates(self, account: Account, shipment: Shipment) -> Outcome[Any]:
        """GLS tells no rates here."""
        return Rejected("unsupported", "GLS is not asked for rates.")

    # === LABELS === #

    def buy(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        return self._buy(account, shipment, _write_services(shipment))

    def return_label(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`. The customer hands it in at a parcel shop."""
        # With this service GLS takes the shipper as the one who gets the parcel.
        back = {"ShopReturn": {"ServiceName": "service_shopreturn", "NumberOfLabels": 1}}
        return self._buy(account, shipment, [back], customer=shipment.sender)

    def _buy(
        self,
        account: Account,
        shipment: Shipment,
        services: list[dict[str, Any]],
        customer: Address | None = None,
    ) -> Outcome[Created]:
        if not account.credentials.get("contact_id"):
            return Rejected("credentials", "The account has no contact ID.", "contact_id")
        body = _write_shipment(account, shipment, services, customer)
        reply = self._post(account, "/rs/shipments", body)
        return self._read(reply, lambda data: _read_created(data, shipment))

    def find(self, account: Account, shipment: Shipment) -> Outcome[Created | None]:
        """See :class:`~.contract.Adapter`."""
        day = datetime.combine(shipment.ship_date, time(), UTC)
        reply = self._post(
            account,
            "/rs/tracking/parcels",
            {
                "ShipmentReference": shipment.reference,
                "DateFrom": (day - _AROUND).isoformat(),
                "DateTo": (day + _AROUND).isoformat(),
            },
        )
        outcome = self._read(reply, lambda data: _read_numbers(data, shipment))
        if not isinstance(outcome, Ok) or not outcome.value:
            return Ok(None) if isinstance(outcome, Ok) else outcome
        return self._reprint(account, shipment, outcome.value)

    def labels(self, account: Account, shipment: Shipment, created: Created) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        numbers = tuple(parcel.tracking_number for parcel in created.parcels)
        return self._reprint(account, shipment, numbers)

    def _reprint(
        self, account: Account, shipment: Shipment, numbers: tuple[str, ...]
    ) -> Outcome[Created]:
        """Fetch the labels of parcels that GLS has, without buying them again."""
        if len(numbers) != len(shipment.parcels):
            text = f"GLS knows {len(numbers)} parcels of {len(shipment.parcels)}."
            return Unknown(text)
        parcels, warnings = [], []
        for parcel, number in zip(shipment.parcels, numbers, strict=True):
            reply = self._post(
                account,
                "/rs/shipments/reprintparcel",
                {"TrackID": number, "PrintingOptions": _write_printing(shipment)},
            )
            outcome = self._read(reply, lambda data: _read_labels(data, shipment.label_format))
            label = None
            if isinstance(outcome, Ok):
                label = outcome.value[0] if outcome.value else None
            else:
                warnings.append(outcome.text)
            parcels.append(LabelledParcel(parcel.reference, number, label))
        return Ok(Created(shipment.reference, tuple(parcels)), tuple(warnings))

    def cancel(self, account: Account, created: Created) -> Outcome[None]:
        """See :class:`~.contract.Adapter`. Parcels are cancelled one by one."""
        for parcel in created.parcels:
            path = f"/rs/shipments/cancel/{quote(parcel.tracking_number, safe='')}"
            outcome = self._read(self._post(account, path), _read_cancelled)
            if not isinstance(outcome, Ok):
                return outcome
            if outcome.value == "SCANNED":
                return Rejected("SCANNED", "GLS has the parcel already.")
        return Ok(None)

    def manifest(self, account: Account, day: date) -> Outcome[tuple[Manifest, ...]]:
        """See :class:`~.contract.Adapter`."""
        reply = self._post(
            account, f"/rs/shipments/endofday?{urlencode({'date': day.isoformat()})}"
        )
        outcome = self._read(reply, lambda data: len(data.get("Shipments") or ()))
        if not isinstance(outcome, Ok):
            return outcome
        return Ok((Manifest(f"{day.isoformat()}: {outcome.value}"),))

    # === TRACKING, PARCEL SHOPS === #

    def track(
        self, account: Account, tracking_numbers: tuple[str, ...]
    ) -> Outcome[tuple[Track, ...]]:
        """See :class:`~.contract.Adapter`."""

        def ask(number: str) -> Outcome[Track | None]:
            reply = self._post(account, "/rs/tracking/parceldetails", {"TrackID": number})
            outcome: Outcome[Track | None] = self._read(reply, _read_track)
            unknown = isinstance(outcome, Rejected) and outcome.code == "NO_DATA_FOUND"
            return Ok(None) if unknown else outcome

        return track_each(tracking_numbers, ask)

    def pickup_points(self, account: Account, near: Address) -> Outcome[tuple[PickupPoint, ...]]:
        """See :class:`~.contract.Adapter`."""
        asked = {
            "Street": near.street,
            "CountryCode": near.country,
            "City": near.city,
            "Zipcode": near.zip,
            "MaxNumberOfShops": "20",
        }
        body = {key: value for key, value in asked.items() if value}
        reply = self._post(account, "/rs/parcelshop/address", body)
        return self._read(reply, _read_points)

    # === CALLS === #

    def _post(self, account: Account, path: str, body: Any = None) -> Reply | Rejected | Unknown:
        headers = {"Accept": _TYPE, "Content-Type": _TYPE}
        auth, credentials = None, account.credentials
        if credentials.get("client_id"):
            token = self._get_token(account)
            if not isinstance(token, Ok):
                return token
            headers["Authorization"] = f"Bearer {token.value}"
        elif credentials.get("user"):
            auth = (credentials["user"], credentials.get("password", ""))
        else:
            return Rejected("credentials", "The account has no client ID and no user.")
        content = b"" if body is None else json.dumps(body).encode()
        return send(account, "POST", path, content=content, headers=headers, auth=auth)

    def _get_token(self, account: Account) -> Outcome[str]:
        """Ask for a token. What it is for was not sent yet: a failure is harmless."""
        if not account.urls.get("token"):
            return Rejected("credentials", "The account has no address for tokens.", "token")
        reply = send(
            account,
            "POST",
            "",
            base="token",
            content=b"grant_type=client_credentials",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=(account.credentials["client_id"], account.credentials.get("client_secret", "")),
        )
        if isinstance(reply, Reply) and reply.status in (400, 401, 403):
            return Rejected("credentials", "GLS does not accept the client ID and secret.")
        outcome = read(reply, lambda data: str(need(data, "access_token")))
        if isinstance(outcome, Unknown):
            return Unknown(outcome.text, sent=False, retry_after=outcome.retry_after)
        return outcome

    def _read(self, reply: Reply | Rejected | Unknown, reader: Any) -> Any:
        """Read an answer. GLS tells what is wrong in headers, and sometimes in a body as well."""
        if isinstance(reply, Reply) and reply.status >= 400:
            headers = {name.lower(): value for name, value in reply.headers.items()}
            if code := headers.get("error"):
                text = headers.get("message") or code
                return Rejected(code, text[:300], headers.get("args", "")[:200])
        return read(reply, reader, _refuse)


# === WRITING === #


def _write_shipment(
    account: Account,
    shipment: Shipment,
    services: list[dict[str, Any]],
    customer: Address | None,
) -> dict[str, Any]:
    shipper: dict[str, Any] = {"ContactID": account.credentials["contact_id"]}
    if customer is None:
        shipper["AlternativeShipperAddress"] = _write_address(shipment.sender)
    day = datetime.combine(shipment.ship_date, time(), UTC)
    written: dict[str, Any] = {
        "ShipmentReference": [shipment.reference],
        "ShippingDate": day.isoformat(),
        "Product": shipment.service.partition("+")[0] or "PARCEL",
        "Consignee": {"Address": _write_address(customer or shipment.receiver)},
        "Shipper": shipper,
        "ShipmentUnit": [_write_unit(parcel) for parcel in shipment.parcels],
    }
    if services:
        written["Service"] = services
    return {"Shipment": written, "PrintingOptions": _write_printing(shipment)}


def _write_services(shipment: Shipment) -> list[dict[str, Any]]:
    services: list[dict[str, Any]] = [
        {"Service": {"ServiceName": name}} for name in shipment.service.split("+")[1:] if name
    ]
    if shipment.pickup_point:
        services.append(
            {
                "ShopDelivery": {
                    "ServiceName": "service_shopdelivery",
                    "ParcelShopID": shipment.pickup_point,
                }
            }
        )
    return services


def _write_printing(shipment: Shipment) -> dict[str, Any]:
    form, template = _TEMPLATE[shipment.label_format]
    return {"ReturnLabels": {"TemplateSet": template, "LabelFormat": form}}


def _write_unit(parcel: Parcel) -> dict[str, Any]:
    # GLS rounds up to hundred grams itself, and refuses nothing.
    unit: dict[str, Any] = {
        "ShipmentUnitReference": [parcel.reference],
        "Weight": max(round(parcel.weight, 2), 0.1),
    }
    if parcel.sscc:
        unit["PartnerParcelNumber"] = parcel.sscc
    return unit


def _write_address(address: Address) -> dict[str, str]:
    # Each line has 40 characters at most.
    written = {
        "Name1": (address.company or address.name)[:40],
        "Name2": address.name[:40] if address.company else address.street2[:40],
        "Name3": address.street2[:40] if address.company else "",
        "CountryCode": address.country,
        "Province": address.state[:40],
        "City": address.city[:40],
        "Street": address.street[:40],
        "StreetNumber": address.house_number[:40],
        "ContactPerson": address.name[:40],
        "MobilePhoneNumber": address.phone[:35],
        "Email": address.email[:80],
        "Zipcode": address.zip[:10],
    }
    return {key: value for key, value in written.items() if value}


# === READING === #


def _refuse(data: Any) -> Rejected | None:
    if not isinstance(data, Mapping):
        return None
    code = data.get("errorCode") or data.get("error") or data.get("code")
    text = data.get("message") or data.get("error_description") or data.get("detail")
    return Rejected(str(code or ""), str(text)[:300]) if text else None


def _read_created(data: Any, shipment: Shipment) -> Created:
    created = need(data, "CreatedShipment", dict)
    found = need(created, "ParcelData", list)
    if len(found) != len(shipment.parcels):
        raise Unreadable(f"GLS knows {len(found)} parcels of {len(shipment.parcels)}.")
    numbers = [need(parcel, "TrackID") for parcel in found]
    try:
        labels = _read_labels(data, shipment.label_format)
    except Unreadable:
        # What is bought stays bought: its labels are fetched by the reference.
        labels = []
    return Created(
        shipment.reference,
        tuple(
            LabelledParcel(parcel.reference, number, labels[place] if place < len(labels) else None)
            for place, (parcel, number) in enumerate(zip(shipment.parcels, numbers, strict=True))
        ),
    )


def _read_labels(data: Any, wanted: LabelFormat) -> list[Label]:
    """Return labels in order of the parcels; those of all in one document count for the first."""
    created = need(data, "CreatedShipment", dict)
    documents = need(created, "PrintData", list)
    texts = [text for document in documents for text in need(document, "Data", list)]
    return [read_encoded_label(text, wanted) for text in texts]


def _read_numbers(data: Any, shipment: Shipment) -> tuple[str, ...]:
    """Return the numbers of the parcels under a reference, in the order of the shipment.

    :raises Unreadable: they cannot be told apart
    """
    if not isinstance(data, Mapping):
        raise Unreadable("The carrier's answer is no object.")
    items = [
        item
        for item in data.get("UnitItems") or ()
        if shipment.reference in (item.get("ShipmentReference") or ())
        and _get_status(need(item, "Status")) is not Status.CANCELLED
    ]
    by_reference = {
        reference: need(item, "TrackID")
        for item in items
        for reference in item.get("ShipmentUnitReference") or ()
    }
    if not items:
        return ()
    try:
        return tuple(by_reference[parcel.reference] for parcel in shipment.parcels)
    except KeyError:
        raise Unreadable("GLS knows other parcels under this reference.") from None


def _read_cancelled(data: Any) -> str:
    result = need(data, "Result")
    if result not in ("CANCELLED", "CANCELLATION_PENDING", "SCANNED"):
        raise Unreadable(f"GLS says “{result}” of a cancellation.")
    return str(result)


def _get_status(code: str) -> Status:
    fitting = [known for known in _STATUS if code.upper().startswith(known)]
    return _STATUS[max(fitting, key=len)] if fitting else Status.OTHER


def _read_track(data: Any) -> Track:
    detail = need(data, "UnitDetail", dict)
    events = [
        TrackingEvent(
            _get_status(need(event, "StatusCode")),
            read_moment(need(event, "Date")),
            event.get("Description") or "",
            event.get("Location") or "",
            event["StatusCode"],
        )
        for event in detail.get("History") or ()
    ]
    return Track(need(detail, "TrackID"), tuple(sorted(events, key=lambda event: event.moment)))


def _read_points(data: Any) -> tuple[PickupPoint, ...]:
    if not isinstance(data, Mapping):
        raise Unreadable("The carrier's answer is no object.")
    points = [_read_point(shop) for shop in data.get("ParcelShop") or ()]
    return tuple(sorted(points, key=lambda point: (point.distance is None, point.distance or 0.0)))


def _read_point(shop: Any) -> PickupPoint:
    address = need(shop, "Address", dict)
    hours = {}
    for day in shop.get("WorkingDay") or ():
        times = (day.get("OpeningHours") or {}).get("OpeningHours") or ()
        hours[_DAYS.index(day["DayOfWeek"])] = tuple(
            (each["From"][11:16], each["To"][11:16]) for each in times
        )
    distance = shop.get("AirlineDistance")
    return PickupPoint(
        id=need(shop, "ParcelShopID"),
        name=need(address, "Name1"),
        street=f"{need(address, 'Street')} {address.get('StreetNumber') or ''}".strip(),
        zip=address.get("Zipcode") or "",
        city=need(address, "City"),
        country=need(address, "CountryCode"),
        distance=float(distance) if distance else None,
        opening_hours=hours,
        carrier="gls",
    )
