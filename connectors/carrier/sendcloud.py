"""Sendcloud, API v3: shipments over many carriers with one contract.

URLs: ``documents`` is where labels are, the base URL when left out. Credentials: ``public_key`` and
``secret_key``. Services are its shipping option codes, such as ``postnl:standard``. Options of an
account: ``contract`` (number), ``carriers`` (codes, separated by commas, whose service points
count).
"""

from typing import Any

from ..signature import is_hex_hmac
from .contract import (
    Account,
    Address,
    Capability,
    Created,
    Label,
    LabelFormat,
    LabelledParcel,
    Message,
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
from .partial import Partial
from .reading import Unreadable, found_or_gone, read, read_label, track_each
from .sendcloud_messages import (
    MIME,
    find_shipment,
    is_none,
    need_data,
    path,
    read_cancelled,
    read_message,
    read_points,
    read_shipment,
    read_track,
    refuse,
    write_shipment,
)
from .transport import Reply, send
from .webhook import SECRET, get_secrets, read_json_message


class Sendcloud(Partial):
    """See the module."""

    name = "Sendcloud"
    base_url = "https://panel.sendcloud.sc/api/v3"
    settings = (
        Setting("public_key", Place.CREDENTIAL, "Public Key", required=True),
        Setting("secret_key", Place.CREDENTIAL, "Secret Key", required=True, secret=True),
        Setting("contract", Place.OPTION, "Contract Number"),
        Setting("carriers", Place.OPTION, "Carriers of Service Points"),
        Setting("documents", Place.URL, "Address of Labels"),
        SECRET,
    )
    capabilities = frozenset(Capability) - {Capability.RATES, Capability.MANIFEST}

    # === LABELS === #

    def buy(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        contract = account.options.get("contract") or ""
        if contract and not (contract.isascii() and contract.isdigit()):
            text = f"The contract number of the account is not a number: “{contract}”."
            return Rejected("contract", text, "contract")
        reply = self._send(
            account, "POST", "/shipments/announce", body=write_shipment(account, shipment)
        )
        outcome = read(reply, lambda data: read_shipment(need_data(data), shipment), refuse)
        return self._add_labels(account, shipment, outcome)

    def find(self, account: Account, shipment: Shipment) -> Outcome[Created | None]:
        """See :class:`~.contract.Adapter`."""
        reply = self._send(
            account, "GET", "/shipments", query={"external_reference_id": shipment.reference}
        )
        if is_none(reply):
            return Ok(None)
        outcome = read(reply, lambda data: find_shipment(data, shipment), refuse)
        if isinstance(outcome, Ok) and outcome.value is None:
            return outcome
        return self._add_labels(account, shipment, outcome)

    def labels(self, account: Account, shipment: Shipment, created: Created) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        return found_or_gone(self.find(account, shipment))

    def return_label(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """See :class:`~.contract.Adapter`."""
        return self.buy(account, shipment)

    def cancel(self, account: Account, created: Created) -> Outcome[None]:
        """See :class:`~.contract.Adapter`. A queued cancellation may still be refused."""
        reply = self._send(account, "POST", f"/shipments/{path(created.carrier_id)}/cancel")
        if isinstance(reply, Reply) and reply.status == 409 and b"already" in reply.content:
            return Ok(None, ("Sendcloud is cancelling it already.",))
        if isinstance(reply, Reply) and reply.status == 202:
            return Ok(None, ("Sendcloud has queued the cancellation.",))
        return read(reply, read_cancelled, refuse)

    def _add_labels(
        self, account: Account, shipment: Shipment, outcome: Outcome[Any]
    ) -> Outcome[Created]:
        """Fetch the labels of a shipment that Sendcloud has made.

        What is bought stays bought when its label cannot be fetched now: the parcel then has none,
        and it is asked for again by the reference.
        """
        if not isinstance(outcome, Ok):
            return outcome
        created, links = outcome.value
        parcels, warnings = [], list(outcome.warnings)
        for parcel, number in zip(created.parcels, links, strict=True):
            fetched = self._fetch_label(account, number, shipment.label_format)
            if isinstance(fetched, Label):
                parcels.append(
                    LabelledParcel(
                        parcel.reference, parcel.tracking_number, fetched, parcel.tracking_url
                    )
                )
            else:
                parcels.append(parcel)
                warnings.append(fetched)
        return Ok(Created(created.carrier_id, tuple(parcels)), tuple(warnings))

    def _fetch_label(self, account: Account, number: str, wanted: LabelFormat) -> Label | str:
        # The address is built here, not taken from the answer, which may point anywhere.
        reply = self._send(
            account,
            "GET",
            f"/parcels/{path(number)}/documents/label",
            base="documents",
            headers={"Accept": MIME[wanted]},
        )
        if isinstance(reply, Rejected | Unknown):
            return reply.text
        if reply.status != 200:
            return f"The label could not be fetched ({reply.status})."
        try:
            return read_label(reply.content, wanted)
        except Unreadable as error:
            return str(error)

    # === TRACKING, PICK-UP POINTS === #

    def track(
        self, account: Account, tracking_numbers: tuple[str, ...]
    ) -> Outcome[tuple[Track, ...]]:
        """See :class:`~.contract.Adapter`. Tells how each parcel stands, not how it came there."""

        def ask(number: str) -> Outcome[Track | None]:
            reply = self._send(account, "GET", "/shipments", query={"tracking_number": number})
            if is_none(reply):
                return Ok(None)
            return read(reply, lambda data: read_track(data, number), refuse)

        return track_each(tracking_numbers, ask)

    def pickup_points(self, account: Account, near: Address) -> Outcome[tuple[PickupPoint, ...]]:
        """See :class:`~.contract.Adapter`."""
        query: dict[str, Any] = {
            "country_code": near.country,
            "address_postal_code": near.zip,
            "address_city": near.city,
            "limit": "50",
        }
        if near.street:
            query["address_street"] = near.street
        if carriers := account.options.get("carriers"):
            query["carrier_code"] = [code.strip() for code in carriers.split(",") if code.strip()]
        reply = self._send(account, "GET", "/service-points", query=query)
        return read(reply, read_points, refuse)

    def is_genuine(self, account: Account, message: Message) -> bool:
        """See :class:`~.contract.Adapter`.

        By the kind of integration Sendcloud signs with the key of webhooks or with the secret key.
        """
        secrets = (*get_secrets(account), account.credentials.get("secret_key", ""))
        told = message.headers.get("sendcloud-signature", "")
        return is_hex_hmac(message.body, told, secrets)

    def get_message_id(self, message: Message) -> str:
        """See :class:`~.contract.Adapter`. Sendcloud's messages have no number."""
        return ""

    def read_message(self, body: bytes) -> Outcome[tuple[Track, ...]]:
        """See :class:`~.contract.Adapter`."""
        return read_json_message(body, read_message)

    def _send(self, account: Account, method: str, path: str, **kwargs: Any) -> Any:
        credentials = account.credentials
        if not credentials.get("public_key") or not credentials.get("secret_key"):
            return Rejected("credentials", "The account has no public key or no secret key.")
        auth = (credentials["public_key"], credentials["secret_key"])
        return send(account, method, path, auth=auth, **kwargs)
