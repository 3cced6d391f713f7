"""What carriers are asked, and what they answer.

Weights are kilograms, lengths centimeters, moments aware and in UTC. Whatever a carrier is asked
has one of three outcomes, see :mod:`connectors.outcome`. What is unknown is looked up by its
reference before anything is asked for a second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from ..outcome import Ok, Outcome, Rejected, Unknown


class Capability(StrEnum):
    """What an adapter can be asked."""

    RATES = "rates"
    BUY = "buy"
    FIND = "find"
    LABELS = "labels"
    TRACK = "track"
    CANCEL = "cancel"
    RETURN_LABEL = "return_label"
    PICKUP_POINTS = "pickup_points"
    MANIFEST = "manifest"
    WEBHOOK = "webhook"


class LabelFormat(StrEnum):
    PDF = "pdf"
    ZPL = "zpl"


class Status(StrEnum):
    """How a parcel stands, whatever words the carrier has for it."""

    CREATED = "created"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    FAILED_ATTEMPT = "failed_attempt"
    RETURNED = "returned"
    LOST = "lost"
    CANCELLED = "cancelled"
    OTHER = "other"


# === WHAT IS ASKED === #


@dataclass(frozen=True)
class Account:
    """A contract with a carrier.

    :param base_url: where its service is, without a slash at the end
    :param credentials: user, password, keys and customer numbers, by the adapter's names for them
    :param options: what else the adapter can be told, by its names
    :param timeout: seconds until the connection stands, and between two pieces of an answer
    :param allow_local: whether the service may be on this machine or in its network, as simulators
        and validating proxies are
    :param urls: further base URLs, by the adapter's names for them
    :param who: what they are called where people read that they did not answer
    """

    base_url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    timeout: tuple[float, float] = (5.0, 30.0)
    allow_local: bool = False
    urls: Mapping[str, str] = field(default_factory=dict)
    who: str = "carrier"


class Place(StrEnum):
    """Where a setting goes in an :class:`Account`."""

    URL = "url"
    CREDENTIAL = "credential"
    OPTION = "option"


@dataclass(frozen=True)
class Setting:
    """Something that an adapter wants to be told of an account.

    :param name: by which the adapter knows it
    :param label: by which people do
    :param secret: whether it is shown to nobody
    :param default: what most have
    """

    name: str
    place: Place
    label: str
    required: bool = False
    secret: bool = False
    default: str = ""


@dataclass(frozen=True)
class Address:
    """Who gets or sends something. ``country`` is an ISO 3166 code of two letters."""

    name: str
    street: str
    zip: str
    city: str
    country: str
    house_number: str = ""
    street2: str = ""
    state: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class Commodity:
    """Goods in a parcel, as customs want to know them.

    :param quantity: pieces
    :param weight: of one, kilograms
    :param value: of one, in ``currency``
    """

    description: str
    quantity: float
    weight: float
    value: float
    currency: str
    sku: str = ""
    hs_code: str = ""
    origin_country: str = ""


@dataclass(frozen=True)
class Parcel:
    """One package.

    :param reference: by which the shipper knows it
    :param weight: kilograms
    :param dimensions: length, width and height in centimeters, or None
    :param sscc: serial shipping container code of 18 digits, or ''
    """

    reference: str
    weight: float
    dimensions: tuple[float, float, float] | None = None
    sscc: str = ""
    commodities: tuple[Commodity, ...] = ()


@dataclass(frozen=True)
class Shipment:
    """What is to be sent.

    :param reference: unique; the same for every attempt at the same label
    :param service: the carrier's product, in its own code
    :param pickup_point: the carrier's id of the relay point where the customer gets it, or '';
        the receiver is the customer at home all the same
    :param pickup_address: where the relay point is, named as it is called; None where unknown
    :param options: the carrier's further services, by its names for them
    """

    reference: str
    sender: Address
    receiver: Address
    parcels: tuple[Parcel, ...]
    service: str
    ship_date: date
    label_format: LabelFormat = LabelFormat.PDF
    pickup_point: str = ""
    order_number: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    pickup_address: Address | None = None


# === WHAT IS ANSWERED === #


@dataclass(frozen=True)
class Label:
    """A label as it goes to the printer."""

    content: bytes
    format: LabelFormat


@dataclass(frozen=True)
class LabelledParcel:
    """A parcel that the carrier knows. ``label`` is None where it has to be asked for again."""

    reference: str
    tracking_number: str
    label: Label | None = None
    tracking_url: str = ""


@dataclass(frozen=True)
class Created:
    """A shipment that the carrier knows.

    :param carrier_id: by which the carrier calls it
    :param price: what it costs in ``currency``, None where the carrier does not tell
    """

    carrier_id: str
    parcels: tuple[LabelledParcel, ...]
    price: float | None = None
    currency: str = ""


@dataclass(frozen=True)
class Rate:
    """What a service would cost. ``days`` is the carrier's own estimate, or None."""

    service: str
    name: str
    price: float
    currency: str
    days: float | None = None


@dataclass(frozen=True)
class TrackingEvent:
    """Something that the carrier reports of a parcel.

    :param code: the carrier's own
    """

    status: Status
    moment: datetime
    text: str = ""
    place: str = ""
    code: str = ""


@dataclass(frozen=True)
class Track:
    """What is known of a parcel, events in order of time."""

    tracking_number: str
    events: tuple[TrackingEvent, ...]

    @property
    def status(self) -> Status:
        """The latest status that says anything."""
        known = [event.status for event in self.events if event.status is not Status.OTHER]
        return known[-1] if known else Status.OTHER


@dataclass(frozen=True)
class PickupPoint:
    """A shop or locker where parcels can be collected.

    :param distance: kilometers from the place asked for, or None
    :param opening_hours: (first, last) times of the day as text, by weekday from 0 for Monday
    """

    id: str
    name: str
    street: str
    zip: str
    city: str
    country: str
    latitude: float | None = None
    longitude: float | None = None
    distance: float | None = None
    opening_hours: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    carrier: str = ""


@dataclass(frozen=True)
class Manifest:
    """The carrier's list of what it is handed on a day; ``document`` where it makes one."""

    reference: str
    document: Label | None = None


@dataclass(frozen=True)
class Message:
    """Something that a carrier sent by itself.

    :param headers: by their names in lower case
    :param body: as it came
    :param received: when, aware
    """

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received: datetime


class Adapter(Protocol):
    """A carrier. Methods that are not among its capabilities are not called."""

    name: str
    capabilities: frozenset[Capability]
    base_url: str
    settings: tuple[Setting, ...]

    def rates(self, account: Account, shipment: Shipment) -> Outcome[tuple[Rate, ...]]:
        """Ask what the carrier's services would cost for a shipment."""

    def buy(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """Buy labels. After :class:`Unknown`, :meth:`find` comes before a second attempt."""

    def find(self, account: Account, shipment: Shipment) -> Outcome[Created | None]:
        """Ask for what was bought under the reference of a shipment; None if nothing was."""

    def labels(self, account: Account, shipment: Shipment, created: Created) -> Outcome[Created]:
        """Fetch the labels of what was bought; where one cannot be had now, it stays None."""

    def cancel(self, account: Account, created: Created) -> Outcome[None]:
        """Give labels back. What is cancelled already is done."""

    def track(
        self, account: Account, tracking_numbers: tuple[str, ...]
    ) -> Outcome[tuple[Track, ...]]:
        """Ask where parcels are; those that the carrier does not know are left out."""

    def return_label(self, account: Account, shipment: Shipment) -> Outcome[Created]:
        """Buy a label for the way back: from the shipment's sender, who is the customer."""

    def pickup_points(self, account: Account, near: Address) -> Outcome[tuple[PickupPoint, ...]]:
        """Ask where parcels could be collected near an address, nearest first."""

    def manifest(self, account: Account, day: date) -> Outcome[tuple[Manifest, ...]]:
        """Close the day: tell the carrier that what was labelled is ready."""

    def is_genuine(self, account: Account, message: Message) -> bool:
        """Tell whether a message is the carrier's: signed, over the bytes as they came."""

    def get_message_id(self, message: Message) -> str:
        """Return what names a message however often it is sent, '' where its bytes do."""

    def read_message(self, body: bytes) -> Outcome[tuple[Track, ...]]:
        """Read a message of the carrier; of what it tells besides parcels nothing is returned."""


__all__ = [
    "Account",
    "Adapter",
    "Address",
    "Capability",
    "Commodity",
    "Created",
    "Label",
    "LabelFormat",
    "LabelledParcel",
    "Manifest",
    "Message",
    "Ok",
    "Outcome",
    "Parcel",
    "PickupPoint",
    "Place",
    "Rate",
    "Rejected",
    "Setting",
    "Shipment",
    "Status",
    "Track",
    "TrackingEvent",
    "Unknown",
]
