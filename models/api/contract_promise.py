"""The types of promises: a basket and where it goes, and the ways in which it can be had."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from .contract import (
    Code,
    Error,
    Given,
    GivenPlace,
    Item,
    Money,
    Quantity,
    Service,
    Text,
    Told,
    ToldMoment,
)
from .contract_point import RelayPoint

#: Lines of a basket, as of an order.
MOST_BASKET_LINES = 200
#: Stores and options that one answer tells at most.
MOST_STORES = 50
MOST_OPTIONS = 200

Confidence = Annotated[float, Field(strict=True, ge=0.5, le=0.99, allow_inf_nan=False)]


class GivenBasketLine(Given):
    """Goods that somebody wants. ``unit_price`` is what a unit of them is sold for.

    It counts where delivery is free from some amount on; the price of Odoo when left out.
    """

    product: Code
    quantity: Quantity
    unit_price: Money | None = None


BasketLines = Annotated[
    list[Annotated[GivenBasketLine, Item]], Field(min_length=1, max_length=MOST_BASKET_LINES)
]


class GivenDestination(GivenPlace):
    """Where goods would go. ``country`` is a code of two letters or a name; degrees."""

    country: Annotated[Text, Field(min_length=2, max_length=64)]
    state: Annotated[Text, Field(max_length=120)] | None = None
    zip: Annotated[Text, Field(max_length=24)] | None = None
    city: Annotated[Text, Field(max_length=120)] | None = None


class BasketLine(Told):
    """What was understood of a line; one with an ``error`` is left out of all options."""

    product: str | None
    quantity: float | None = None
    unit: str | None = None
    error: Error | None = None


class PartLine(Told):
    """Goods of a part; ``line`` is the place of the line in the basket, from 0."""

    line: int
    product: str
    quantity: float


class PromisedPart(Told):
    """What one site gives at one time.

    ``ready_at`` is when the goods are there, null for those that are there already; ``leaves_at``
    when they leave, or are ready to be collected. ``sent_from`` names the sites that send them to
    a store first, where customers collect them; empty for all others.
    """

    site: str
    site_name: str
    kilometers: float | None = None
    lines: list[PartLine]
    sent_from: list[str] = []
    ready_at: ToldMoment | None = None
    leaves_at: ToldMoment | None = None
    earliest: date | None = None
    promised: date | None = None


class UnknownLine(Told):
    """Goods of which nobody knows when they can be had, and why."""

    line: int
    product: str
    quantity: float
    reason: str


class Option(Told):
    """One way to get the basket.

    ``stock`` tells what can be had now: ``all`` of the basket, a ``part``, or ``none``. Dates are
    those of the last part, local to where the goods are received; null with ``when_unknown``, where
    ``unknown`` says of which goods no date is known. ``price`` is that of the delivery, in the
    currency of the answer; null where no price is known without asking the carrier. ``kg_co2e`` is
    what moving and handling the goods emits. What is told holds until ``valid_until``; ``token``
    stands for it when goods are held or the order is placed. ``points`` are the relay points near
    the destination, the nearest first; null for other services, and where the carrier has not told
    them yet: it is being asked, call again a moment later.
    """

    service: Service
    method: str | None = None
    method_name: str | None = None
    site: str | None = None
    site_name: str | None = None
    kilometers: float | None = None
    stock: Literal["all", "part", "none"] = "none"
    earliest: date | None = None
    promised: date | None = None
    confidence: float | None = None
    basis: str | None = None
    price: float | None = None
    kg_co2e: float | None = None
    parcels: int = 0
    parts: list[PromisedPart] = []
    when_unknown: bool = False
    unknown: list[UnknownLine] = []
    valid_until: ToldMoment | None = None
    token: str | None = None
    points: list[RelayPoint] | None = None
    error: Error | None = None


class Promises(Told):
    at: ToldMoment
    currency: str
    confidence: float
    lines: list[BasketLine]
    options: list[Option]
