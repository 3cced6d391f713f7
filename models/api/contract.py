"""The types of the channel API: what a channel's system sends, and what it gets.

They check every call, and the OpenAPI document is made of them. Quantities are in the unit of
measure of the product; moments are in UTC, ISO 8601.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

#: Largest quantity of a line.
MOST_UNITS = 1_000_000
#: Largest id that the database knows.
MOST_ID = 2**31 - 1


class Given(BaseModel):
    """What comes from outside: nothing that is not declared, and no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Told(BaseModel):
    """What goes out."""

    model_config = ConfigDict(frozen=True)


def _check_characters(value: str) -> str:
    if "\0" in value or (not value.isprintable() and any(0xD800 <= ord(c) < 0xE000 for c in value)):
        raise ValueError("the text has characters that cannot be kept")
    return value


def _read_moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("a moment is written in ISO 8601, such as 2026-03-01T10:00:00Z")
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("a moment is written in ISO 8601, such as 2026-03-01T10:00:00Z") from error


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    except OverflowError as error:
        raise ValueError("the moment is out of range") from error


def _tell_moment(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC, microsecond=0)


Text = Annotated[str, AfterValidator(_check_characters)]
Code = Annotated[Text, Field(min_length=1, max_length=128)]
Quantity = Annotated[float, Field(strict=True, gt=0, le=MOST_UNITS, allow_inf_nan=False)]
Id = Annotated[int, Field(strict=True, ge=1, le=MOST_ID)]
Minutes = Annotated[float, Field(strict=True, gt=0, le=100_000, allow_inf_nan=False)]
Moment = Annotated[
    datetime,
    BeforeValidator(_read_moment),
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
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


class Pong(Told):
    channel: str
    company: str
    currency: str
    time: ToldMoment
    version: str
