"""The types of relay points: shops and lockers of carriers where customers get their parcels."""

from .contract import Told


class PointPeriod(Told):
    """From when until when a point is open, in its local time."""

    opens: str
    closes: str


class PointDay(Told):
    """When a point is open on a day of the week, 1 for Monday to 7 for Sunday."""

    weekday: int
    periods: list[PointPeriod]


class RelayPoint(Told):
    """A relay point; orders name it by its ``id``.

    ``kilometers`` are those from the destination, or from the middle of its postcode. ``hours`` is
    empty where the carrier tells none.
    """

    id: str
    name: str
    network: str
    street: str
    zip: str
    city: str
    country: str
    latitude: float | None
    longitude: float | None
    kilometers: float | None
    hours: list[PointDay]


class MethodPoint(RelayPoint):
    """A relay point of a delivery method."""

    method: str
    method_name: str
