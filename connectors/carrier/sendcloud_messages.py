"""What Sendcloud is sent, and what it answers, in the words of the contract."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from .contract import (
    Account,
    Address,
    Commodity,
    Created,
    LabelFormat,
    LabelledParcel,
    Parcel,
    PickupPoint,
    Rejected,
    Shipment,
    Status,
    Track,
    TrackingEvent,
    Unknown,
)
from .reading import Unreadable, need, need_all, need_list, read_moment, sort_points
from .transport import Reply

MIME = {LabelFormat.PDF: "application/pdf", LabelFormat.ZPL: "application/zpl"}
#: Sendcloud's words for how a parcel stands.
_STATUS = {
    "ANNOUNCED": Status.CREATED,
    "ANNOUNCING": Status.CREATED,
    "READY_TO_SEND": Status.CREATED,
    "NO_LABEL": Status.CREATED,
    "SHIPMENT_PICKED_UP_BY_DRIVER": Status.PICKED_UP,
    "SHIPMENT_COLLECTED_BY_CUSTOMER": Status.DELIVERED,
    "EN_ROUTE_TO_SORTING_CENTER": Status.IN_TRANSIT,
    "AT_SORTING_CENTRE": Status.IN_TRANSIT,
    "SORTED": Status.IN_TRANSIT,
    "BEING_SORTED": Status.IN_TRANSIT,
    "AT_CUSTOMS": Status.IN_TRANSIT,
    "DELIVERY_DELAYED": Status.IN_TRANSIT,
    "DRIVER_EN_ROUTE": Status.OUT_FOR_DELIVERY,
    "AWAITING_CUSTOMER_PICKUP": Status.AVAILABLE_FOR_PICKUP,
    "DELIVERED": Status.DELIVERED,
    "DELIVERY_ATTEMPT_FAILED": Status.FAILED_ATTEMPT,
    "UNABLE_TO_DELIVER": Status.FAILED_ATTEMPT,
    "REFUSED_BY_RECIPIENT": Status.FAILED_ATTEMPT,
    "RETURNED_TO_SENDER": Status.RETURNED,
    "CANCELLED": Status.CANCELLED,
    "CANCELLATION_REQUESTED": Status.CANCELLED,
    "CANCELLED_UPSTREAM": Status.CANCELLED,
    # Only webhooks have these words for them.
    "ANNOUNCED_NOT_COLLECTED": Status.CREATED,
    "BEING_ANNOUNCED": Status.CREATED,
    "CANCELLATION_REQUEST": Status.CANCELLED,
    "NOT_SORTED": Status.IN_TRANSIT,
    "PARCEL_EN_ROUTE": Status.IN_TRANSIT,
}
#: Above this a number of seconds since 1970 is one of milliseconds.
_MOST_SECONDS = 10**11
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


# === WRITING === #


def path(value: str) -> str:
    return quote(value, safe="")


def write_shipment(account: Account, shipment: Shipment) -> dict[str, Any]:
    ship_with: dict[str, Any] = {"shipping_option_code": shipment.service}
    if contract := account.options.get("contract"):
        ship_with["contract_id"] = int(contract)
    body: dict[str, Any] = {
        "label_details": {
            "mime_type": MIME[shipment.label_format],
            "dpi": 203 if shipment.label_format is LabelFormat.ZPL else 72,
        },
        "to_address": _write_address(shipment.receiver),
        "from_address": _write_address(shipment.sender),
        "ship_with": {"type": "shipping_option_code", "properties": ship_with},
        "external_reference_id": shipment.reference,
        "parcels": [_write_parcel(parcel) for parcel in shipment.parcels],
    }
    if shipment.order_number:
        body["order_number"] = shipment.order_number
    if shipment.pickup_point:
        body["to_service_point"] = {"id": shipment.pickup_point}
    if total := _write_total(shipment):
        body["total_order_price"] = total
    return body


def _write_address(address: Address) -> dict[str, Any]:
    written = {
        "name": address.name,
        "company_name": address.company,
        "address_line_1": address.street,
        "house_number": address.house_number,
        "address_line_2": address.street2,
        "postal_code": address.zip,
        "city": address.city,
        "state_province_code": address.state and f"{address.country}-{address.state}",
        "country_code": address.country,
        "phone_number": address.phone,
        "email": address.email,
    }
    return {key: value for key, value in written.items() if value}


def _write_parcel(parcel: Parcel) -> dict[str, Any]:
    written: dict[str, Any] = {"weight": {"value": f"{parcel.weight:.3f}", "unit": "kg"}}
    if parcel.dimensions:
        length, width, height = (f"{side:.2f}" for side in parcel.dimensions)
        written["dimensions"] = {"length": length, "width": width, "height": height, "unit": "cm"}
    if parcel.sscc:
        written["sscc"] = parcel.sscc
    items = [_write_item(goods) for goods in parcel.commodities]
    # Goods are told with what customs want to know of each, or not at all.
    if items and all("hs_code" in item for item in items):
        written["parcel_items"] = items
    return written


def _write_item(goods: Commodity) -> dict[str, Any]:
    """Write goods as whole pieces, which is all that Sendcloud knows: a part counts as one."""
    whole = goods.quantity >= 1 and goods.quantity == int(goods.quantity)
    share = 1.0 if whole else goods.quantity
    item: dict[str, Any] = {
        "description": goods.description[:255] or "Goods",
        "quantity": int(goods.quantity) if whole else 1,
        "weight": {"value": max(round(goods.weight * share, 3), 0.001), "unit": "kg"},
        "price": {"value": f"{goods.value * share:.2f}", "currency": goods.currency},
        "sku": goods.sku,
        "hs_code": goods.hs_code[:12],
        "origin_country": goods.origin_country,
    }
    return {key: value for key, value in item.items() if value}


def _write_total(shipment: Shipment) -> dict[str, str] | None:
    goods = [each for parcel in shipment.parcels for each in parcel.commodities]
    currencies = {each.currency for each in goods}
    if len(currencies) != 1:
        return None
    total = sum(each.quantity * each.value for each in goods)
    return {"value": f"{total:.2f}", "currency": currencies.pop()}


# === READING === #


def is_none(reply: Reply | Rejected | Unknown) -> bool:
    """Tell whether Sendcloud itself says that there is nothing, and not a server on the way."""
    if not isinstance(reply, Reply) or reply.status != 404:
        return False
    try:
        refused = refuse(reply.read_json())
    except (Unreadable, ValueError, RecursionError, AttributeError):
        return False
    return refused is not None and refused.code == "not_found"


def refuse(data: Any) -> Rejected | None:
    # The contract says a list, its examples and the service an object with one.
    errors = data if isinstance(data, list) else need(data, "errors", list)
    first = errors[0]
    pointer = (first.get("source") or {}).get("pointer") or ""
    text = "; ".join(
        " ".join(filter(None, [(each.get("source") or {}).get("pointer"), each.get("detail", "")]))
        for each in errors[:5]
    )
    return Rejected(str(first.get("code") or first.get("status") or ""), text, pointer)


def need_data(data: Any) -> Mapping[str, Any]:
    return need(data, "data", dict)


def read_shipment(data: Any, shipment: Shipment) -> tuple[Created, tuple[str, ...]]:
    """Return a shipment without its labels, and Sendcloud's numbers of its parcels.

    :raises Unreadable: a parcel is missing, or has no tracking number
    """
    number = need(data, "id")
    parcels = need_all(need(data, "parcels", list), shipment.parcels, "Sendcloud")
    labelled, numbers = [], []
    for asked, parcel in zip(shipment.parcels, parcels, strict=True):
        tracking = need(parcel, "tracking_number")
        url = parcel.get("tracking_url") or ""
        labelled.append(LabelledParcel(asked.reference, tracking, None, url))
        numbers.append(str(need(parcel, "id", (int, str))))
    return Created(number, tuple(labelled)), tuple(numbers)


def find_shipment(data: Any, shipment: Shipment) -> tuple[Created, tuple[str, ...]] | None:
    """Return the shipment under a reference; what was cancelled does not count."""
    left = [
        each
        for each in need_list(data, "data")
        if each.get("external_reference_id", shipment.reference) == shipment.reference
        and not all(
            _STATUS.get(parcel["status"]["code"]) is Status.CANCELLED
            for parcel in need(each, "parcels", list)
        )
    ]
    return read_shipment(left[0], shipment) if left else None


def read_cancelled(data: Any) -> None:
    status = need(need_data(data), "status")
    if status not in ("cancelled", "queued", "deleted"):
        raise Unreadable(f"Sendcloud says “{status}” of a cancellation.")


def read_track(data: Any, number: str) -> Track | None:
    for shipment in need_list(data, "data"):
        for parcel in need(shipment, "parcels", list):
            if parcel.get("tracking_number") != number:
                continue
            status = need(parcel, "status", dict)
            code = need(status, "code")
            event = TrackingEvent(
                _STATUS.get(code, Status.OTHER),
                read_moment(parcel.get("updated_at") or parcel.get("created_at")),
                status.get("message") or "",
                code=code,
            )
            return Track(number, (event,))
    return None


def read_message(data: Any) -> tuple[Track, ...]:
    if need(data, "action") != "parcel_status_changed":
        return ()
    parcel = need(data, "parcel", dict)
    number = parcel.get("tracking_number")
    if not isinstance(number, str) or not number:
        # It was told of before it had a label.
        return ()
    status = need(parcel, "status", dict)
    told = need(status, "message")
    code = status.get("code") or "_".join(told.upper().replace(":", " ").split())
    moment = data.get("carrier_status_change_timestamp") or data.get("timestamp")
    event = TrackingEvent(
        _STATUS.get(code, Status.OTHER), _read_timestamp(moment), told, code=str(code)
    )
    return (Track(number, (event,)),)


def _read_timestamp(number: Any) -> datetime:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise Unreadable("The message has no moment.")
    seconds = number / 1000 if number > _MOST_SECONDS else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise Unreadable("The message has a moment that is none.") from None


def read_points(data: Any) -> tuple[PickupPoint, ...]:
    results = need_list(need_data(data), "results")
    return sort_points(_read_point(each) for each in results if not each.get("is_expired"))


def _read_point(data: Any) -> PickupPoint:
    address, position = need(data, "address", dict), data.get("position") or {}
    times = data.get("opening_times") or {}
    distance = data.get("distance")
    return PickupPoint(
        id=str(need(data, "id", (int, str))),
        name=need(data, "name"),
        street=f"{address.get('street') or ''} {address.get('house_number') or ''}".strip(),
        zip=need(address, "postal_code"),
        city=need(address, "city"),
        country=need(address, "country_code"),
        latitude=position.get("latitude"),
        longitude=position.get("longitude"),
        distance=None if distance is None else distance / 1000.0,
        opening_hours={
            day: tuple((each["start_time"], each["end_time"]) for each in times[name])
            for day, name in enumerate(_DAYS)
            if times.get(name)
        },
        carrier=(data.get("carrier") or {}).get("code") or "",
    )
