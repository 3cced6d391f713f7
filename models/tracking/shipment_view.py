"""What a customer sees of an order's way: plain data, nothing that leads back to a record."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Step:
    """A step of the way. ``at`` is when it was reached, as text, '' if it was not or is unknown."""

    name: str
    done: bool
    at: str = ""


@dataclass(frozen=True)
class EventView:
    """Something that the carrier told. ``text`` and ``place`` are the carrier's own words."""

    at: str
    status: str
    text: str = ""
    place: str = ""


@dataclass(frozen=True)
class ParcelView:
    """A parcel.

    :param url: the carrier's page, '' where there is none that can be trusted to be a page
    :param tone: ``success``, ``warning``, ``danger`` or ``info``
    """

    number: str
    status: str
    tone: str
    carrier: str
    url: str
    events: tuple[EventView, ...]


@dataclass(frozen=True)
class ShipmentView:
    """What comes together; from where is nobody's business.

    :param place: where the customer collects it, '' where it is brought
    :param code_url: the page with the code by which it is handed over, '' while nothing waits
    :param lines: how much of what, of each
    :param expected: the day by which it was promised, None once it has come or if nothing was
    :param zone: whose calendar and clock the moments are of
    """

    title: str
    status: str
    tone: str
    steps: tuple[Step, ...]
    lines: tuple[str, ...]
    parcels: tuple[ParcelView, ...]
    expected: date | None
    zone: str
    place: str = ""
    code_url: str = ""
