"""DHL Parcel DE: shipping, version 2, and returns, version 1.

URLs: ``returns`` is the base URL of the returns service. Credentials: ``api_key``, ``user`` and
``password``, ``billing_number``. Services are DHL's products, such as ``V01PAK``, with services
after plus signs, such as ``V01PAK+noNeighbourDelivery``. Options of an account: ``profile``,
``print_format``, ``receiver`` (id of who gets returns).

DHL cannot be asked for a shipment by its reference. Where it is unknown whether one was made, a
person has to look.
"""

import dataclasses
from collections.abc import Mapping
from datetime import date
from typing import Any

from .contract import (
    Account,
    Address,
    Capability,
    Commodity,
    Created,
    Label,
    LabelFormat,
    LabelledParcel,
    Manifest,
    Ok,
    Outcome,
    Parcel,
    Place,
    Rejected,
    Setting,
    Shipment,
    Unknown,
)
from .countries import get_three_letters
from .partial import Partial
from .reading import Unreadable, need, read, read_encoded_label, read_label
from .transport import Reply, send
from .webhook import SECRET, PlainWebhook

_FORMAT = {LabelFormat.PDF: "PDF", LabelFormat.ZPL: "ZPL2"}
_PROFILE = "STANDARD_GRUPPENPROFIL"
_LEAST_REFERENCE, _MOST_REFERENCE = 8, 35


class Dhl(PlainWebhook, Partial):
    """See the module."""

    name = "DHL Parcel DE"
    base_url = "https://api-eu.dhl.com/parcel/de/shipping"
    settings = (
        Setting("api_key", Place.CREDENTIAL, "API Key", required=True, secret=True),
        Setting("user", Place.CREDENTIAL, "User", required=True),
        Setting("password", Place.CREDENTIAL, "Password", required=True, secret=True),
        Setting("billing_number", Place.CREDENTIAL, "Billing Number", required=True),
        Setting("profile", Place.OPTION, "Group Profile", default=_PROFILE),
        Setting("print_format", Place.OPTION, "Print Format", default="910-300-400"),
        Setting("receiver", Place.OPTION, "Receiver of Returns"),
        Setting(
            "returns",
            Place.URL,
            "Address of Returns",
            default="https://api-eu.dhl.com/parcel/de/shipping/returns/v1",
        ),
        SECRET,
    )
    # The rest are other contracts at DHL.
    capabilities = frozenset(Capability) - {
        Capability.RATES,
        Capability.FIND,
        Capability.TRACK,
        Capability.PICKUP_POINTS,
    }

    # === LABELS === #

    def buy(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`. DHL knows each parcel as a shipment of its own."""
        problem = _find_problem(account, shipment)
        if problem:
            return problem
        query = _write_printing(account, shipment)
        body = {
            "profile": account.options.get("profile", _PROFILE),
            "shipments": [
                _write_shipment(account, shipment, place) for place in range(len(shipment.parcels))
            ],
        }
        reply = self._send(account, "POST", "/v2/orders", query=query, body=body)
        outcome = read(reply, lambda data: _read_items(data, shipment), _refuse)
        if not isinstance(outcome, Ok):
            return outcome
        made, refused = outcome.value
        if refused:
            return self._undo(account, made, refused)
        return Ok(Created(shipment.reference, made))

    def labels(self, account: Account, shipment: Shipment, created: Created) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        query = {
            "shipment": [parcel.tracking_number for parcel in created.parcels],
            **_write_printing(account, shipment),
        }
        reply = self._send(account, "GET", "/v2/orders", query=query)
        return read(reply, lambda data: _read_labels(data, shipment, created), _refuse)

    def _undo(
        self, account: Account, made: tuple[LabelledParcel, ...], refused: Rejected
    ) -> Outcome[Created]:
        """Give back the parcels of a shipment of which others were refused."""
        if made:
            undone = self.cancel(account, Created("", made))
            if not isinstance(undone, Ok):
                numbers = ", ".join(parcel.tracking_number for parcel in made)
                text = f"DHL refused a part of it ({refused.text}), and still has {numbers}."
                return Unknown(text)
        return refused

    def cancel(self, account: Account, created: Created) -> Outcome[None]:
        """See :class:`~.contract.Adapter`. What DHL does not know any more is cancelled."""
        for parcel in created.parcels:
            query = {
                "profile": account.options.get("profile", _PROFILE),
                "shipment": parcel.tracking_number,
            }
            reply = self._send(account, "DELETE", "/v2/orders", query=query)
            outcome = read(reply, _read_deleted, _refuse)
            if isinstance(outcome, Rejected) and outcome.code == "404":
                continue
            if not isinstance(outcome, Ok):
                return outcome
            if outcome.value:
                return outcome.value
        return Ok(None)

    def return_label(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`. Each parcel is a return of its own."""
        if not account.options.get("receiver"):
            return Rejected("credentials", "The account has no receiver of returns.", "receiver")
        if shipment.label_format is not LabelFormat.PDF:
            return Rejected("format", "DHL's return labels are PDF.", "label_format")
        if len(shipment.parcels) != 1:
            return Rejected("parcels", "DHL's return labels are for one parcel each.", "parcels")
        [parcel] = shipment.parcels
        body = {
            "receiverId": account.options["receiver"],
            "customerReference": shipment.order_number[:50],
            "shipmentReference": shipment.reference[:50],
            "shipper": _write_returner(shipment.sender),
            "itemWeight": {"uom": "g", "value": max(round(parcel.weight * 1000), 1)},
        }
        reply = self._send(
            account,
            "POST",
            "/orders",
            base="returns",
            query={"labelType": "SHIPMENT_LABEL"},
            body={key: value for key, value in body.items() if value},
        )
        return read(reply, lambda data: _read_return(data, shipment), _refuse)

    def manifest(self, account: Account, day: date) -> Outcome[tuple[Manifest, ...]]:
        """See :class:`~.contract.Adapter`."""
        body = {
            "profile": account.options.get("profile", _PROFILE),
            "billingNumber": account.credentials.get("billing_number", ""),
        }
        reply = self._send(account, "POST", "/v2/manifests", query={"all": "true"}, body=body)
        outcome = read(reply, lambda data: len(data.get("items") or ()), _refuse)
        if not isinstance(outcome, Ok):
            return outcome
        reply = self._send(account, "GET", "/v2/manifests", query={"date": day.isoformat()})
        document = read(reply, _read_manifest, _refuse)
        warnings = () if isinstance(document, Ok) else (document.text,)
        found = document.value if isinstance(document, Ok) else None
        return Ok((Manifest(f"{day.isoformat()}: {outcome.value}", found),), warnings)

    def _send(
        self, account: Account, method: str, path: str, **kwargs: Any
    ) -> Reply | Rejected | Unknown:
        credentials = account.credentials
        for name in ("api_key", "user", "password"):
            if not credentials.get(name):
                return Rejected("credentials", f"The account has no {name}.", name)
        headers = {"dhl-api-key": credentials["api_key"], "Accept": "application/json"}
        auth = (credentials["user"], credentials["password"])
        return send(account, method, path, headers=headers, auth=auth, **kwargs)


# === WRITING === #


def _find_problem(account: Account, shipment: Shipment) -> Rejected | None:
    """Find what DHL would refuse in words that nobody understands."""
    if len(shipment.reference) > _MOST_REFERENCE - 4:
        return Rejected("reference", "The reference is too long for DHL.", "reference")
    if not account.credentials.get("billing_number"):
        text = "The account has no billing number."
        return Rejected("credentials", text, "billing_number")
    for name, address in (("sender", shipment.sender), ("receiver", shipment.receiver)):
        if not get_three_letters(address.country):
            text = f"DHL knows no country “{address.country}”."
            return Rejected("address", text, f"{name}.country")
    return None


def _write_printing(account: Account, shipment: Shipment) -> dict[str, str]:
    return {
        "docFormat": _FORMAT[shipment.label_format],
        "combine": "false",
        "printFormat": account.options.get("print_format", "910-300-400"),
    }


def _write_shipment(account: Account, shipment: Shipment, place: int) -> dict[str, Any]:
    product, *services = shipment.service.split("+")
    parcel = shipment.parcels[place]
    written: dict[str, Any] = {
        "product": product,
        "billingNumber": account.credentials["billing_number"],
        "refNo": _write_reference(shipment, place),
        "shipDate": shipment.ship_date.isoformat(),
        "shipper": _write_address(shipment.sender, sender=True),
        "consignee": _write_consignee(shipment),
        "details": _write_details(parcel),
    }
    if services:
        written["services"] = dict.fromkeys(services, True)
    if customs := _write_customs(shipment, parcel):
        written["customs"] = customs
    return written


def _write_reference(shipment: Shipment, place: int) -> str:
    reference = shipment.reference if not place else f"{shipment.reference}/{place + 1}"
    return reference.rjust(_LEAST_REFERENCE, "0")


def _write_details(parcel: Parcel) -> dict[str, Any]:
    details: dict[str, Any] = {"weight": {"uom": "kg", "value": round(parcel.weight, 3)}}
    if parcel.dimensions:
        length, width, height = (max(round(side * 10), 1) for side in parcel.dimensions)
        details["dim"] = {"uom": "mm", "length": length, "width": width, "height": height}
    return details


def _write_consignee(shipment: Shipment) -> dict[str, Any]:
    """Write who gets it: at a post office where the customer chose one by its number."""
    receiver = shipment.receiver
    if not shipment.pickup_point:
        return _write_address(receiver)
    place = shipment.pickup_address or receiver
    office = {
        "name": (receiver.name or receiver.company)[:50],
        "retailID": shipment.pickup_point,
        "email": receiver.email[:80],
        "city": place.city[:80],
        "country": get_three_letters(place.country),
        "postalCode": place.zip[:10],
    }
    if shipment.pickup_point.isascii() and shipment.pickup_point.isdigit():
        office["retailID"] = int(shipment.pickup_point)
    return {key: value for key, value in office.items() if value}


def _write_address(address: Address, *, sender: bool = False) -> dict[str, str]:
    written = {
        "name1": (address.company or address.name)[:50],
        "name2": address.name[:50] if address.company else "",
        "addressStreet": address.street[:50],
        "addressHouse": address.house_number[:10],
        "postalCode": address.zip[:10],
        "city": address.city[:40],
        "country": get_three_letters(address.country),
        "email": address.email[:80],
    }
    if not sender:
        written["additionalAddressInformation1"] = address.street2[:60]
        written["state"] = address.state[:20]
        written["phone"] = address.phone[:20]
    return {key: value for key, value in written.items() if value}


def _write_returner(address: Address) -> dict[str, str]:
    written = {
        "name1": (address.name or address.company)[:50],
        "addressStreet": address.street[:50],
        "addressHouse": address.house_number[:10],
        "postalCode": address.zip[:10],
        "city": address.city[:40],
        "country": get_three_letters(address.country).lower(),
        "email": address.email[:70],
        "phone": address.phone[:20],
    }
    return {key: value for key, value in written.items() if value}


def _write_customs(shipment: Shipment, parcel: Parcel) -> dict[str, Any] | None:
    """Write what customs want to know where goods leave the customs union of DHL's products."""
    if shipment.service[:6] not in ("V53WPA", "V66WPI") or not parcel.commodities:
        return None
    currency = parcel.commodities[0].currency
    return {
        "exportType": "COMMERCIAL_GOODS",
        "invoiceNo": shipment.order_number[:35],
        "postalCharges": {"currency": currency, "value": 0},
        "items": [_write_item(goods) for goods in parcel.commodities],
    }


def _write_item(goods: Commodity) -> dict[str, Any]:
    """Write goods as whole pieces, which is all that DHL knows: a part counts as one."""
    whole = goods.quantity >= 1 and goods.quantity == int(goods.quantity)
    share = 1.0 if whole else goods.quantity
    item: dict[str, Any] = {
        "itemDescription": goods.description[:256] or "Goods",
        "packagedQuantity": int(goods.quantity) if whole else 1,
        "itemValue": {"currency": goods.currency, "value": round(goods.value * share, 2)},
        "itemWeight": {"uom": "kg", "value": max(round(goods.weight * share, 3), 0.001)},
        "hsCode": goods.hs_code[:11],
        "countryOfOrigin": get_three_letters(goods.origin_country),
    }
    return {key: value for key, value in item.items() if value != ""}


# === READING === #


def _refuse(data: Any) -> Rejected | None:
    """Return what is wrong: of the first parcel with a problem, else of the whole."""
    items = data.get("items") or ()
    for item in items:
        if refused := _refuse_item(item):
            return refused
    status = data.get("status")
    told = status if isinstance(status, Mapping) else data
    code = told.get("statusCode") or told.get("status") or ""
    text = told.get("detail") or told.get("title")
    return Rejected(str(code), str(text)) if text else None


def _refuse_item(item: Mapping[str, Any]) -> Rejected | None:
    """Return what is wrong with one parcel, None if it was made."""
    status = need(item, "sstatus", dict)
    code = status.get("statusCode", status.get("status"))
    if not isinstance(code, int):
        raise Unreadable("DHL does not say what became of a parcel.")
    if code < 300:
        return None
    errors = [
        message
        for message in item.get("validationMessages") or ()
        if message.get("validationState", "Error") == "Error"
    ]
    text = "; ".join(message.get("validationMessage", "") for message in errors[:5])
    field = errors[0].get("property", "") if errors else ""
    return Rejected(str(code), text or status.get("detail") or status.get("title", ""), field)


def _read_items(
    data: Any, shipment: Shipment
) -> tuple[tuple[LabelledParcel, ...], Rejected | None]:
    """Return the parcels that were made, and what is wrong with the first that was not.

    :raises Unreadable: it cannot be told which were
    """
    items = need(data, "items", list)
    if len(items) != len(shipment.parcels):
        raise Unreadable(f"DHL tells {len(items)} parcels of {len(shipment.parcels)}.")
    made, refused = [], None
    for parcel, item in zip(shipment.parcels, items, strict=True):
        if wrong := _refuse_item(item):
            refused = refused or wrong
            continue
        label = _read_document(item.get("label"), shipment.label_format)
        made.append(LabelledParcel(parcel.reference, need(item, "shipmentNo"), label))
    return tuple(made), refused


def _read_labels(data: Any, shipment: Shipment, created: Created) -> Created:
    by_number = {
        item.get("shipmentNo"): _read_document(item.get("label"), shipment.label_format)
        for item in need(data, "items", list)
    }
    parcels = tuple(
        dataclasses.replace(parcel, label=by_number.get(parcel.tracking_number))
        for parcel in created.parcels
    )
    return dataclasses.replace(created, parcels=parcels)


def _read_document(document: Any, wanted: LabelFormat) -> Label | None:
    """Return a label, None where it did not come whole: it can be asked for by its number."""
    if not isinstance(document, Mapping):
        return None
    try:
        if document.get("zpl2"):
            return read_label(document["zpl2"].encode(), wanted)
        return read_encoded_label(document.get("b64"), wanted)
    except Unreadable:
        return None


def _read_deleted(data: Any) -> Rejected | None:
    [item] = need(data, "items", list)
    return _refuse_item(item)


def _read_return(data: Any, shipment: Shipment) -> Created:
    number = need(data, "shipmentNo")
    label = _read_document(need(data, "label", dict), LabelFormat.PDF)
    return Created(number, (LabelledParcel(shipment.parcels[0].reference, number, label),))


def _read_manifest(data: Any) -> Label:
    documents = need(data, "manifest", list)
    return read_encoded_label(documents[0].get("b64"), LabelFormat.PDF)
