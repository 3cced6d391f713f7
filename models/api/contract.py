"""The types of the channel API: what a channel's system sends, and what it gets.

They check every call, and the OpenAPI document is made of them. Quantities are in the unit of
measure of the product; moments are in UTC, ISO 8601.
"""

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

#: Largest quantity of a line.
MOST_UNITS = 1_000_000
#: Years in which orders are placed.
YEARS = range(1970, 3000)
#: Largest id that the database knows.
MOST_ID = 2**31 - 1


class Given(BaseModel):
    """What comes from outside: nothing that is not declared, and no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Told(BaseModel):
    """What goes out."""

    model_config = ConfigDict(frozen=True)


_MOMENT = TypeAdapter(datetime)


def _check_characters(value: str) -> str:
    if "\0" in value or (not value.isprintable() and any(0xD800 <= ord(c) < 0xE000 for c in value)):
        raise ValueError("the text has characters that cannot be kept")
    return value


def _read_moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    # Pydantic alone would take numbers for seconds since 1970.
    if isinstance(value, str) and value[4:5] == "-":
        with suppress(ValidationError):
            return _MOMENT.validate_python(value)
    raise ValueError("a moment is written in ISO 8601, such as 2026-03-01T10:00:00Z")


def _read_whole(value: Any) -> Any:
    """Take 3.0 for 3: JSON does not tell them apart, and some clients write it so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _in_utc(value: datetime) -> datetime:
    # Further off, other time zones may have no date for it, and nobody meant it.
    if value.year not in YEARS:
        raise ValueError("the moment is out of range")
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _tell_moment(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC, microsecond=0)


Text = Annotated[
    str,
    AfterValidator(_check_characters),
    Field(json_schema_extra={"pattern": r"^[^\u0000]*$"}),
]
Code = Annotated[Text, Field(min_length=1, max_length=128)]
Quantity = Annotated[float, Field(strict=True, gt=0, le=MOST_UNITS, allow_inf_nan=False)]
Whole = BeforeValidator(_read_whole)
Id = Annotated[int, Field(strict=True, ge=1, le=MOST_ID), Whole]
#: How goods can be had.
Service = Literal["home", "relay", "collect", "reserve", "drop_ship"]
#: What stands for a promise.
Token = Annotated[Text, Field(min_length=16, max_length=20_000)]
Moment = Annotated[
    datetime,
    BeforeValidator(_read_moment),
    AfterValidator(_in_utc),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "pattern": "^(19[7-9][0-9]|2[0-9]{3})-"}
    ),
]
#: A moment that is told: as Odoo keeps it, in UTC without a zone.
ToldMoment = Annotated[
    datetime,
    AfterValidator(_tell_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Error(Told):
    """What is wrong with a call or with an item of it."""

    code: str
    message: str
    field: str | None = None
    correlation_id: str


class SiteQuantity(Told):
    """What can be sold of a product at one site."""

    site: str
    available: float


class Availability(Told):
    """What can be sold of one product. ``available`` is null for goods without limit."""

    product: str
    available: float | None = None
    unit: str | None = None
    sites: list[SiteQuantity] | None = None
    error: Error | None = None


class Availabilities(Told):
    at: ToldMoment
    products: list[Availability]


class HoldLine(Given):
    """Goods to be held at one site."""

    product: Code
    site: Code
    quantity: Quantity


class Hold(Told):
    """Goods that are held. A kit is held by its parts: one hold for each."""

    id: int
    product: str
    site: str
    quantity: float


class Holds(Told):
    holds: list[Hold]
    expires_at: ToldMoment | None


class Released(Told):
    released: list[int]


class GivenCustomer(Given):
    """Who buys. Known by ``id``, else by ``email``; a guest without either."""

    id: Annotated[Text, Field(max_length=64)] | None = None
    name: Annotated[Text, Field(max_length=200)] | None = None
    email: Annotated[Text, Field(max_length=254)] | None = None
    phone: Annotated[Text, Field(max_length=64)] | None = None


def describe_coordinates():
    """Return, in JSON Schema, that coordinates come both or not at all; see ``GivenPlace``."""
    given, none = {"not": {"type": "null"}}, {"type": "null"}
    names = ("latitude", "longitude")
    return [
        {"required": list(names), "properties": dict.fromkeys(names, given)},
        {"properties": dict.fromkeys(names, none)},
    ]


class GivenPlace(Given):
    """Coordinates in degrees: both of them, or none."""

    model_config = ConfigDict(json_schema_extra={"anyOf": describe_coordinates()})

    latitude: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)] | None = None
    longitude: Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)] | None = (
        None
    )

    @model_validator(mode="after")
    def _check_coordinates(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together")
        return self


class GivenAddress(GivenPlace):
    """Where goods go. ``country`` is a code of two letters or a name; coordinates in degrees."""

    name: Annotated[Text, Field(max_length=200)] | None = None
    street: Annotated[Text, Field(max_length=300)] | None = None
    zip: Annotated[Text, Field(max_length=24)] | None = None
    city: Annotated[Text, Field(max_length=120)] | None = None
    state: Annotated[Text, Field(max_length=120)] | None = None
    country: Annotated[Text, Field(min_length=2, max_length=64)]
    phone: Annotated[Text, Field(max_length=64)] | None = None


Money = Annotated[float, Field(strict=True, ge=0, le=1e9, allow_inf_nan=False)]
Percent = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]


class GivenLine(Given):
    """A line of an order, with the price and tax that the customer was shown.

    ``unit_price`` is for one unit of the product, with tax where the order says so; the price of
    Odoo when left out. ``tax_rate`` is in percent; the product's own taxes when left out.
    """

    id: Annotated[Text, Field(max_length=64)] | None = None
    product: Code
    quantity: Quantity
    unit_price: Money | None = None
    discount: Percent = 0.0
    tax_rate: Percent | None = None


class GivenShipping(Given):
    """What the customer pays for the delivery."""

    name: Annotated[Text, Field(max_length=200)] | None = None
    price: Money
    tax_rate: Percent | None = None


class GivenPoint(Given):
    """The relay point that the customer chose, by its ``id`` as ``promise`` tells it.

    Where it is, is known of the carrier. Only for carriers that cannot be asked for their points,
    the channel says it: ``name``, ``street``, ``zip`` and ``city``, and ``country`` where it is not
    that of the destination.
    """

    id: Annotated[Text, Field(min_length=1, max_length=64)]
    name: Annotated[Text, Field(max_length=120)] | None = None
    street: Annotated[Text, Field(max_length=200)] | None = None
    zip: Annotated[Text, Field(max_length=24)] | None = None
    city: Annotated[Text, Field(max_length=120)] | None = None
    country: Annotated[Text, Field(min_length=2, max_length=2)] | None = None


class GivenOrder(Given):
    """An order as the channel took it. Amounts are in ``currency``.

    ``reference`` is the channel's own number: the same with the same content is the same order.
    ``total`` is what the customer pays in all, with tax. ``holds`` are the holds of the cart.
    ``wanted_at`` is when the customer wants the goods: a day that can be kept is promised, though
    the goods could come before it.
    ``method`` is a delivery method, by code or name; ``collect_at`` the code of the store where the
    customer collects, or sees what is reserved with the ``service`` ``reserve``; ``point`` the
    relay point to which it goes. ``promise`` is the token of the option that the customer chose; it
    says all but the relay point.
    """

    reference: Annotated[Text, Field(min_length=1, max_length=64)]
    ordered_at: Moment | None = None
    customer: GivenCustomer = GivenCustomer()
    ship_to: GivenAddress
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    prices_include_tax: bool = False
    lines: Annotated[list[GivenLine], Field(min_length=1, max_length=200)]
    shipping: GivenShipping | None = None
    total: Money | None = None
    holds: Annotated[list[Id], Field(max_length=400)] = []
    service: Service | None = None
    method: Code | None = None
    collect_at: Code | None = None
    point: GivenPoint | None = None
    promise: Token | None = None
    note: Annotated[Text, Field(max_length=2000)] | None = None
    wanted_at: Moment | None = None


class Faulty(NamedTuple):
    """An item of a call that is not as it must be.

    :param reference: what it called itself, if it did
    :param problems: as pydantic tells them
    """

    reference: str | None
    problems: list


def _keep_faults(value: Any, handler: Any) -> Any:
    """Have a faulty item refused by itself, not the whole call with it."""
    try:
        return handler(value)
    except ValidationError as error:
        reference = value.get("reference") if isinstance(value, dict) else None
        return Faulty(
            reference[:64] if isinstance(reference, str) else None,
            error.errors(include_url=False, include_context=False, include_input=False),
        )


Item = WrapValidator(_keep_faults)


class PlacedOrder(Told):
    """What became of an order that was sent.

    ``placed``; ``unchanged``: it was there already, with the same content; ``parked``: somebody
    has to mend something first, nothing is lost; ``conflict``: there is one with this reference
    and another content; ``refused``: it cannot be read.
    ``promised`` is the day by which all of it is promised, once that is known; a ``warning`` says
    why that is not the day for which it is wanted.
    """

    reference: str | None
    status: Literal["placed", "unchanged", "parked", "conflict", "refused"]
    order: str | None = None
    total: float | None = None
    promised: date | None = None
    warning: Error | None = None
    error: Error | None = None


class PlacedOrders(Told):
    orders: list[PlacedOrder]


class StatusLine(Told):
    """A line of an order; quantities in the product's unit."""

    id: str | None
    product: str | None
    ordered: float
    shipped: float
    open: float


class StatusShipment(Told):
    """What one site does for the order. ``tracking`` is the carrier's number.

    The customer was told to expect the goods from ``earliest`` until the end of ``promised``.
    """

    name: str
    site: str
    state: str
    units: float
    tracking: str | None = None
    earliest: date | None = None
    promised: date | None = None
    shipped_at: ToldMoment | None = None
    delivered_at: ToldMoment | None = None


class OrderStatus(Told):
    """How an order stands. ``revision`` is another one whenever the order was changed."""

    reference: str
    order: str | None = None
    revision: str | None = None
    state: (
        Literal[
            "parked", "waiting", "partial", "held", "sourced", "shipped", "delivered", "cancelled"
        ]
        | None
    ) = None
    promised: date | None = None
    lines: list[StatusLine] = []
    shipments: list[StatusShipment] = []
    error: Error | None = None


class OrderStatuses(Told):
    orders: list[OrderStatus]


class Cancelled(Told):
    """What became of the wish to cancel an order."""

    reference: str
    status: Literal["cancelled", "unchanged", "refused"]
    error: Error | None = None


class Pong(Told):
    channel: str
    company: str
    currency: str
    time: ToldMoment
    version: str
