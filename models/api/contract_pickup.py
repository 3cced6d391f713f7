"""The types of stores near a place: where customers collect, or have goods put aside."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from .contract import GivenPlace, Text, Told, ToldMoment
from .contract_point import MethodPoint
from .contract_promise import BasketLine

#: Sites of one answer.
MOST_SITES = 100

PickupService = Literal["collect", "reserve"]
#: What can be asked for: relay points are no sites.
AskedService = Literal["collect", "reserve", "relay"]
Kilometers = Annotated[float, Field(strict=True, gt=0, le=20_100, allow_inf_nan=False)]


def _describe_places():
    """Return, in JSON Schema, by what a place can be named; see ``GivenNear._check_place``."""
    given, text, none = (
        {"not": {"type": "null"}},
        {"type": "string", "minLength": 1},
        {"type": "null"},
    )
    ways = [{"latitude": given, "longitude": given}]
    for name in ("zip", "city"):
        ways.append({"country": given, name: text, "latitude": none, "longitude": none})
    return [
        {"properties": way, "required": [name for name, told in way.items() if told != none]}
        for way in ways
    ]


class GivenNear(GivenPlace):
    """A place: coordinates in degrees, or a country (code of two letters or name) with postcode.

    The city helps where the postcode is missing or unknown.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": _describe_places()})

    country: Annotated[Text, Field(min_length=2, max_length=64)] | None = None
    zip: Annotated[Text, Field(max_length=24)] | None = None
    city: Annotated[Text, Field(max_length=120)] | None = None

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if self.latitude is None and not (self.country and (self.zip or self.city)):
            raise ValueError("give latitude and longitude, or a country with a postcode or a city")
        return self


class PlaceFound(Told):
    """The place that distances are counted from, and how exactly it is known.

    ``precision``: ``exact`` for coordinates; ``zip``, ``district`` or ``city``, some kilometers;
    ``prefix``, known by postcodes that begin alike, some tens of kilometers.
    """

    latitude: float
    longitude: float
    precision: Literal["exact", "zip", "district", "city", "prefix"]


class OpenPeriod(Told):
    """From when until when a site is open, in its local time; ``24:00`` is the end of the day."""

    opens: str
    closes: str


class OpenDay(Told):
    """When a site is open on a day; not at all without ``periods``."""

    date: date
    periods: list[OpenPeriod]


class WantedThere(Told):
    """What a site has now of a line; ``line`` is its place in the basket, from 0.

    ``available`` is null for goods without limit. ``can_be_sent`` is what other sites would send
    there of what it lacks, when an order to collect is placed; 0 where the site gets nothing from
    others.
    """

    line: int
    product: str
    quantity: float
    available: float | None
    enough: bool
    can_be_sent: float


class PickupSite(Told):
    """A site to which customers come.

    ``hours`` are those of the next seven days, from today at the site on; null if the site is
    always open. ``open`` tells whether it is open now, ``closes_at`` until when, ``opens_at`` when
    it opens next if it is closed. ``complete`` tells whether it has all of the basket now,
    ``complete_later`` whether it can be collected there once others have sent what it lacks:
    ``promise`` tells when; null without basket.
    """

    site: str
    name: str
    services: list[PickupService]
    street: str | None
    zip: str | None
    city: str | None
    state: str | None
    country: str | None
    latitude: float | None
    longitude: float | None
    kilometers: float | None
    time_zone: str
    open: bool
    opens_at: ToldMoment | None
    closes_at: ToldMoment | None
    hours: list[OpenDay] | None
    complete: bool | None
    complete_later: bool | None
    lines: list[WantedThere]


class PickupSites(Told):
    """``more`` tells whether there are further sites than were asked for.

    ``points`` are the relay points of the delivery methods near the place, the nearest first; null
    where the place is named by coordinates alone, and where a carrier has not told them yet: it is
    being asked, call again a moment later.
    """

    at: ToldMoment
    place: PlaceFound | None
    lines: list[BasketLine]
    sites: list[PickupSite]
    points: list[MethodPoint] | None
    more: bool
