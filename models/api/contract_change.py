"""The types of changes to orders: what a channel's system sends, and what it gets."""

from typing import Annotated, Literal

from pydantic import Field

from .contract import (
    MOST_UNITS,
    Cancelled,
    Code,
    Error,
    Given,
    GivenAddress,
    GivenPoint,
    GivenShipping,
    Moment,
    Money,
    Percent,
    Service,
    Text,
    Told,
)

Reference = Annotated[Text, Field(min_length=1, max_length=64)]
#: What is left of a line; nothing takes it off the order.
Left = Annotated[float, Field(strict=True, ge=0, le=MOST_UNITS, allow_inf_nan=False)]


class GivenContact(Given):
    """How the customer is reached about this order; what is left out stays."""

    name: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    email: Annotated[Text, Field(max_length=254)] | None = None
    phone: Annotated[Text, Field(max_length=64)] | None = None


class GivenLineChange(Given):
    """How a line is to be; what is left out stays.

    A line is named by its ``id``, or by its ``product`` where the order has it once. Where there
    is none, ``product`` and ``quantity`` make a new one. ``quantity`` is the whole quantity
    ordered, what was shipped of it among it; 0 takes off the line what has not been shipped.
    """

    id: Annotated[Text, Field(max_length=64)] | None = None
    product: Code | None = None
    quantity: Left | None = None
    unit_price: Money | None = None
    discount: Percent | None = None
    tax_rate: Percent | None = None


class GivenChange(Given):
    """A change of an order of which something has not been shipped. What is left out stays.

    ``change`` is the channel's own number of it: the same with the same content is done once.
    ``if_revision`` is that of the order as the channel knows it; another one is a conflict.
    ``method``, ``collect_at``, ``point`` and ``service`` are as in an order. ``prices_include_tax``
    is as in the order when left out. ``total`` is what the customer pays
    in all after the change.
    """

    reference: Reference
    change: Reference
    if_revision: Annotated[Text, Field(min_length=1, max_length=64)] | None = None
    ship_to: GivenAddress | None = None
    customer: GivenContact | None = None
    wanted_at: Moment | None = None
    service: Service | None = None
    method: Code | None = None
    collect_at: Code | None = None
    point: GivenPoint | None = None
    note: Annotated[Text, Field(max_length=2000)] | None = None
    prices_include_tax: bool | None = None
    lines: Annotated[list[GivenLineChange], Field(max_length=200)] = []
    shipping: GivenShipping | None = None
    total: Money | None = None


class ChangedOrder(Told):
    """What became of a change.

    ``changed``; ``unchanged``: it was done before; ``parked``: the order waits for somebody to
    mend something, and is changed there; ``conflict``: the change was done with another content,
    or the order has another revision; ``refused``: nothing was changed, ``errors`` says why, for
    each line. ``revision`` is that of the order as it stands.
    """

    reference: str | None
    change: str | None
    status: Literal["changed", "unchanged", "parked", "conflict", "refused"]
    order: str | None = None
    total: float | None = None
    revision: str | None = None
    error: Error | None = None
    errors: list[Error] = []


class ChangedOrders(Told):
    orders: list[ChangedOrder]


class GivenCancelledLines(Given):
    """Lines of an order of which the customer wants no more than was shipped.

    ``lines`` are the channel's numbers of them, or the products where the order has them once.
    """

    reference: Reference
    lines: Annotated[list[Code], Field(min_length=1, max_length=200)]


class CancelledLines(Cancelled):
    """What became of the wish to cancel an order, or lines of it."""

    errors: list[Error] = []


class LineCancellations(Told):
    orders: list[CancelledLines]
