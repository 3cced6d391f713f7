"""The types of returns: what a channel's system sends, and what it gets."""

from typing import Annotated, Literal

from pydantic import Field

from .contract import Code, Error, Given, Quantity, Text, Told, ToldMoment

Reference = Annotated[Text, Field(min_length=1, max_length=64)]
Outcome = Literal["refund", "exchange", "credit"]
#: Ways that can be asked for; goods of little value the customer may be told to keep.
AskedWay = Literal["label", "dropoff", "pickup"]
Way = Literal["label", "dropoff", "pickup", "keep"]
ReturnState = Literal[
    "requested",
    "authorized",
    "in_transit",
    "received",
    "inspected",
    "closed",
    "refused",
    "cancelled",
]
#: Photos of a line, and characters of one in Base64.
MOST_PHOTOS, MOST_PHOTO_CHARACTERS = 5, 4_000_000
Photo = Annotated[
    str, Field(min_length=4, max_length=MOST_PHOTO_CHARACTERS, pattern=r"^[A-Za-z0-9+/]+={0,2}$")
]


class GivenReturnLine(Given):
    """Goods of an order line that come back; ``quantity`` is in the unit of the product.

    ``line`` is the channel's number of the order line, or the product where the order has it once.
    ``reason`` is a code of a reason of return; ``photos`` are JPEG or PNG files in Base64.
    """

    line: Code
    quantity: Quantity
    reason: Annotated[Text, Field(min_length=1, max_length=64)]
    note: Annotated[Text, Field(max_length=2000)] | None = None
    photos: Annotated[list[Photo], Field(max_length=MOST_PHOTOS)] = []


class GivenReturn(Given):
    """A wish to send goods of one order back.

    ``reference`` is the channel's number of the order, ``id`` its own number of the return: the
    same with the same content is the same return. ``way`` is how the goods come back, as the
    policy prefers when left out; ``site`` is the code of the store to which they are brought,
    chosen when left out.
    """

    reference: Reference
    id: Reference
    lines: Annotated[list[GivenReturnLine], Field(min_length=1, max_length=200)]
    outcome: Outcome = "refund"
    way: AskedWay | None = None
    site: Code | None = None
    note: Annotated[Text, Field(max_length=2000)] | None = None


class ReturnLine(Told):
    """A line of a return; quantities in the unit of the product, ``due`` is what is given back."""

    line: str | None
    product: str | None
    quantity: float
    received: float
    accepted: float
    reason: str | None
    fee: float
    due: float


class ReturnLabel(Told):
    """What the customer sticks on the parcel: a file in Base64."""

    name: str
    mimetype: str
    content: str


class ReturnStatus(Told):
    """How a return stands. Amounts are in ``currency``.

    ``way`` is ``keep`` where the goods are not worth the way back. ``site`` is where they go,
    ``tracking`` the carrier's number. ``refused`` says why it was refused. ``announced`` is what
    the customer paid for the goods, ``due`` what he gets for what was accepted, ``settled`` what
    he got.
    """

    id: str | None
    reference: str | None = None
    name: str | None = None
    state: ReturnState | None = None
    outcome: Outcome | None = None
    way: Way | None = None
    site: str | None = None
    carrier: str | None = None
    tracking: str | None = None
    refused: str | None = None
    currency: str | None = None
    announced: float | None = None
    due: float | None = None
    settled: float | None = None
    requested_at: ToldMoment | None = None
    authorized_at: ToldMoment | None = None
    received_at: ToldMoment | None = None
    closed_at: ToldMoment | None = None
    lines: list[ReturnLine] = []
    labels: list[ReturnLabel] | None = None
    error: Error | None = None


class ReturnStatuses(Told):
    """``returns`` of the orders and numbers asked for; unknown ones have an ``error``."""

    returns: list[ReturnStatus]


class RequestedReturn(Told):
    """What became of a wish to send goods back.

    ``requested``: ``state`` tells whether it is authorized already; ``unchanged``: it was asked
    for before; ``conflict``: there is one with this ``id`` and another content; ``refused``:
    nothing was taken down, ``error`` says why. ``name`` is Odoo's number of the return.
    """

    reference: str | None
    id: str | None
    status: Literal["requested", "unchanged", "conflict", "refused"]
    name: str | None = None
    state: ReturnState | None = None
    way: Way | None = None
    site: str | None = None
    error: Error | None = None


class RequestedReturns(Told):
    returns: list[RequestedReturn]


class CancelledReturn(Told):
    """What became of the wish to cancel a return."""

    id: str
    status: Literal["cancelled", "unchanged", "refused"]
    error: Error | None = None


class CancelledReturns(Told):
    returns: list[CancelledReturn]
