"""GLS ShipIT, the farm's REST interface.

URLs: the base URL ends with ``/backend``; ``token`` is where OAuth tokens come from. Credentials:
``client_id`` and ``client_secret``, or ``user`` and ``password`` for a ShipIT of one's own;
``contact_id`` (the shipper's number at GLS). Services are GLS's products, ``PARCEL`` or
``EXPRESS``, with further services after a plus sign, such as ``PARCEL+service_flexdelivery``.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from .contract import (
    Account,
    Address,
    Capability,
    Created,
    LabelledParcel,
    Manifest,
    Ok,
    Outcome,
    PickupPoint,
    Place,
    Rejected,
    Setting,
    Shipment,
    Track,
    Unknown,
)
from .gls_messages import (
    read_cancelled,
    read_created,
    read_labels,
    read_numbers,
    read_points,
    read_track,
    refuse,
    write_printing,
    write_services,
    write_shipment,
)
from .partial import Partial
from .reading import need, read, track_each
from .transport import Reply, send
from .webhook import SECRET, PlainWebhook

_TYPE = "application/glsVersion1+json"
#: Days around the day of shipping in which a reference is looked for.
_AROUND = timedelta(days=14)


class Gls(PlainWebhook, Partial):
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
    capabilities = frozenset(Capability) - {Capability.RATES}

    # === LABELS === #

    def buy(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        return self._buy(account, shipment, write_services(shipment))

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
        body = write_shipment(account, shipment, services, customer)
        reply = self._post(account, "/rs/shipments", body)
        return self._read(reply, lambda data: read_created(data, shipment))

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
        outcome = self._read(reply, lambda data: read_numbers(data, shipment))
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
                {"TrackID": number, "PrintingOptions": write_printing(shipment)},
            )
            outcome = self._read(reply, lambda data: read_labels(data, shipment.label_format))
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
            outcome = self._read(self._post(account, path), read_cancelled)
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
            outcome: Outcome[Track | None] = self._read(reply, read_track)
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
        return self._read(reply, read_points)

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
        return read(reply, reader, refuse)
