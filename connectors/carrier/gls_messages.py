"""What GLS ShipIT is sent, and what it answers, in the words of the contract."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from .contract import (
    Account,
    Address,
    Created,
    Label,
    LabelFormat,
    LabelledParcel,
    Parcel,
    PickupPoint,
    Rejected,
    Shipment,
    Status,
    Track,
    TrackingEvent,
)
from .reading import Unreadable, need, need_all, read_encoded_label, read_moment, sort_points

_TEMPLATE = {LabelFormat.PDF: ("PDF", "NONE"), LabelFormat.ZPL: ("ZEBRA", "ZPL_200")}
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


# === WRITING === #


def write_shipment(
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
    return {"Shipment": written, "PrintingOptions": write_printing(shipment)}


def write_services(shipment: Shipment) -> list[dict[str, Any]]:
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


def write_printing(shipment: Shipment) -> dict[str, Any]:
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


def refuse(data: Any) -> Rejected | None:
    if not isinstance(data, Mapping):
        return None
    code = data.get("errorCode") or data.get("error") or data.get("code")
    text = data.get("message") or data.get("error_description") or data.get("detail")
    return Rejected(str(code or ""), str(text)[:300]) if text else None


def read_created(data: Any, shipment: Shipment) -> Created:
    created = need(data, "CreatedShipment", dict)
    found = need_all(need(created, "ParcelData", list), shipment.parcels, "GLS")
    numbers = [need(parcel, "TrackID") for parcel in found]
    try:
        labels = read_labels(data, shipment.label_format)
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


def read_labels(data: Any, wanted: LabelFormat) -> list[Label]:
    """Return labels in order of the parcels; those of all in one document count for the first."""
    created = need(data, "CreatedShipment", dict)
    documents = need(created, "PrintData", list)
    texts = [text for document in documents for text in need(document, "Data", list)]
    return [read_encoded_label(text, wanted) for text in texts]


def read_numbers(data: Any, shipment: Shipment) -> tuple[str, ...]:
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


def read_cancelled(data: Any) -> str:
    result = need(data, "Result")
    if result not in ("CANCELLED", "CANCELLATION_PENDING", "SCANNED"):
        raise Unreadable(f"GLS says “{result}” of a cancellation.")
    return str(result)


def _get_status(code: str) -> Status:
    fitting = [known for known in _STATUS if code.upper().startswith(known)]
    return _STATUS[max(fitting, key=len)] if fitting else Status.OTHER


def read_track(data: Any) -> Track:
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


def read_points(data: Any) -> tuple[PickupPoint, ...]:
    if not isinstance(data, Mapping):
        raise Unreadable("The carrier's answer is no object.")
    return sort_points(_read_point(shop) for shop in data.get("ParcelShop") or ())


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
