"""What is asked of promising, and what it answers: plain data between gathering and telling."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from odoo import models

SERVICE_SELECTION = [
    ("home", "Home Delivery"),
    ("relay", "Relay Point"),
    ("collect", "Click & Collect"),
    ("reserve", "Reservation in Store"),
    ("drop_ship", "From the Supplier"),
]
SERVICES = tuple(key for key, _label in SERVICE_SELECTION)
#: Services for which the customer comes to a site.
PICKED_UP = ("collect", "reserve")


class BasketItem(NamedTuple):
    """Goods that somebody wants.

    :param int index: of the line by which it was asked for
    :param product: ``product.product``
    :param float quantity: in the product's unit
    :param unit_price: what a unit is sold for, or None for Odoo's price
    :param bool has_own_route: whether its line names a route by which Odoo delivers it
    """

    index: int
    product: models.BaseModel
    quantity: float
    unit_price: float | None = None
    has_own_route: bool = False


class Ask(NamedTuple):
    """A basket, where it goes and what is to be told.

    :param channel: ``oms.channel`` on which it is sold
    :param tuple items: :class:`BasketItem` of each line
    :param partner: ``res.partner``, real or new: where the goods go
    :param frozenset services: which are asked for
    :param carriers: ``delivery.carrier`` recordset that may deliver
    :param stores: ``oms.site`` where it may be collected, or None for the nearest ones
    :param int store_count: how many of the nearest
    :param confidence: from 0 to 1, or None for that of the channel
    :param moment: when it would be ordered, UTC, naive; None for now
    :param bool is_placed: whether anything is known of where the goods go
    :param amount: what the order is worth with tax, in the currency of the company, or None for
        what the items come to
    :param settings: ``Settings`` of the channel, laid out already; None to have them laid out
    """

    channel: models.BaseModel
    items: tuple
    partner: models.BaseModel
    services: frozenset
    carriers: models.BaseModel
    stores: models.BaseModel | None
    store_count: int
    confidence: float | None = None
    moment: datetime | None = None
    is_placed: bool = True
    amount: float | None = None
    settings: object = None


@dataclass
class Part:
    """What a site gives at one time.

    :param dict quantities: by place in the basket
    :param ready: when the goods come there, UTC, naive; None for what is there
    :param dates: ``LeadDates``, once they are known
    :param tuple sent: :class:`Part` of the sites that send it there first; empty for what is there
        or comes by itself
    """

    site: models.BaseModel
    kilometers: float
    quantities: dict
    ready: datetime | None = None
    dates: object = None
    sent: tuple = ()


@dataclass
class Way:
    """One way to get a basket.

    :param carrier: ``delivery.carrier``, may be empty
    :param site: ``oms.site`` to which the customer comes or that alone gives, may be empty
    :param kilometers: from there to the customer, None if nobody knows
    :param list parts: :class:`Part`
    :param list unknown: (place in the basket, quantity, reason) of goods that nobody can date
    :param price: of the delivery, None if unknown
    :param kg: CO2e
    :param refusal: (code, message, field) of a way that cannot be gone
    """

    service: str
    carrier: models.BaseModel
    site: models.BaseModel
    kilometers: float | None = None
    parts: list = field(default_factory=list)
    unknown: list = field(default_factory=list)
    price: float | None = None
    kg: float | None = None
    refusal: tuple | None = None
    valid_until: datetime | None = None

    @property
    def sources(self):
        """The parts by the sites whose goods they are, wherever the customer gets them."""
        return [source for part in self.parts for source in part.sent or (part,)]

    @property
    def is_dated(self):
        """Whether it is known when everything arrives."""
        return bool(self.parts) and not self.unknown and all(part.dates for part in self.parts)

    @property
    def promised(self):
        """The day by which everything is there; None if that is not known."""
        return max(part.dates.promised for part in self.parts) if self.is_dated else None

    @property
    def earliest(self):
        """The first day on which everything can be there; None if that is not known."""
        return max(part.dates.earliest for part in self.parts) if self.is_dated else None
