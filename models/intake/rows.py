"""Rows of the files that can be imported, as frozen dataclasses. Pure Python without Odoo."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site; ``ships`` is None where the file does not say.

    :param settings: name and value of what else the file says of it; times in hours
    :param calendar: name of its opening hours
    :param countries: texts of the countries to which it delivers
    :param zip_prefixes: beginnings of postcodes to which it delivers
    :param abilities: codes
    """

    site: str
    kind: str
    lat: float
    lng: float
    name: str
    street: str
    zip: str
    city: str
    country: str
    ships: bool | None
    settings: tuple[tuple[str, float | bool | str], ...] = ()
    calendar: str = ""
    countries: tuple[str, ...] = ()
    zip_prefixes: tuple[str, ...] = ()
    abilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A storable product; None where the file does not say. ``weight`` is in kilograms."""

    product_id: str
    name: str
    price: float | None
    cost: float | None
    weight: float | None
    barcode: str
    category: str


@dataclass(frozen=True, slots=True)
class StockRow:
    """What a site has of a product; ``month`` is ``YYYY-MM`` or ''."""

    site: str
    product_id: str
    quantity: float
    month: str


@dataclass(frozen=True, slots=True)
class ExternalRow:
    """What a supplier or another third party says it has of a product.

    :param lead_days: calendar days until it can be here; None where the file does not say
    :param updated_at: when it was said, UTC; None where the file does not say
    """

    site: str
    product_id: str
    quantity: float
    lead_days: int | None
    updated_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where an order goes; coordinates in degrees, or None."""

    street: str = ""
    zip: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    lat: float | None = None
    lng: float | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as a channel knows him, and where his order goes.

    :param known_as: number of the customer in the channel, or what stands for it
    :param match_mail: normalized mail address by which he may be found, or ''
    :param is_guest: whether nothing tells him from other guests
    :param match_phone: telephone number by which he may be found, as ``_get_phone_key`` writes it
    :param partner_id: of the customer, where somebody chose him; 0 if nobody did
    """

    known_as: str
    name: str
    delivery_name: str
    address: Address
    email: str = ""
    phone: str = ""
    match_mail: str = ""
    is_guest: bool = False
    match_phone: str = ""
    partner_id: int = 0


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One line of an order. ``sales`` is the total of the line, None for the product's price."""

    order_id: str
    order_date: datetime.datetime
    product_id: str
    quantity: float
    sales: float | None
    customer_id: str
    name: str
    channel: str
    address: Address

    @property
    def buyer(self) -> Buyer:
        """Who buys. A file that does not say makes a customer of each order."""
        return Buyer(
            known_as=self.customer_id or self.order_id,
            name=self.name,
            delivery_name=self.name,
            address=self.address,
        )


@dataclass(frozen=True, slots=True)
class PostcodeRow:
    """A place that has a postcode; ``country`` is a code of two letters."""

    country: str
    zip: str
    lat: float
    lng: float
    place: str


Row = SiteRow | ProductRow | StockRow | ExternalRow | OrderRow | PostcodeRow


def fingerprint(rows: Sequence[OrderRow]) -> str:
    """Digest what a channel sent of one order, so that a change of it is noticed.

    :param rows: the rows of the order, in any order
    :return: 64 hexadecimal digits
    """
    lines = sorted(
        (row.product_id, row.quantity, row.sales or 0.0, row.sales is None) for row in rows
    )
    first = rows[0]
    address = [getattr(first.address, name) for name in Address.__slots__]
    content = [first.order_date.isoformat(), first.customer_id, first.name, address, lines]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
