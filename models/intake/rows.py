"""Rows of the files that can be imported: their columns, and what a row means.

Pure Python without Odoo. A row is either understood whole and becomes a frozen dataclass, or
comes back with all of its faults at once.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..inventory.external_limits import MAX_LEAD_DAYS
from ..inventory.external_limits import MAX_QUANTITY as MAX_EXTERNAL_QUANTITY
from .reader import ParseOptions, Reader, is_ean13, parse_month
from .tabular import Column, ColumnMatch, match_columns

#: A larger quantity on one row is taken for a slip of the keyboard.
MAX_QUANTITY = 1_000_000
#: A larger amount of money on one row likewise.
MAX_AMOUNT = 1_000_000_000
SITE_KINDS = ("warehouse", "store", "pickup")
_LATITUDE = ("latitude", "geo_lat")
_LONGITUDE = ("lon", "long", "longitude", "geo_lng", "geo_lon")
_PRODUCT = ("sku", "product", "default_code", "product_code", "internal_reference", "item")
_QUANTITY = ("qty", "quantite", "units", "product_uom_qty")
_ZIP = ("postal_code", "postcode", "zip_code", "zipcode", "code_postal")
_ADDRESS = (
    Column("zip", aliases=_ZIP),
    Column("city", aliases=("town", "ville")),
    Column("country", aliases=("country_code", "pays")),
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "sites": (
        Column("site", True, ("site_code", "site_id", "code", "location")),
        Column("kind", True, ("type", "site_type")),
        Column("lat", True, _LATITUDE),
        Column("lng", True, _LONGITUDE),
        Column("name", aliases=("site_name", "nom")),
        Column("street", aliases=("address", "rue")),
        *_ADDRESS,
        Column("ships", aliases=("ships_parcels", "can_ship")),
        Column("collects", aliases=("click_and_collect",)),
        Column("takes_returns", aliases=("returns",)),
        Column("priority", aliases=("sequence",)),
        Column("parcel_cost"),
        Column("unit_cost"),
        Column("capacity_orders", aliases=("orders_per_day",)),
        Column("capacity_units", aliases=("units_per_day",)),
        Column("capacity_open", aliases=("open_orders",)),
        Column("cut_off", aliases=("cutoff", "cutoff_hour")),
        Column("handling_hours"),
        Column("calendar", aliases=("opening_hours",)),
        Column("time_zone", aliases=("tz", "timezone")),
        Column("max_kilometers", aliases=("max_km",)),
        Column("delivers_to", aliases=("countries", "area")),
        Column("delivers_to_zip", aliases=("zip_prefixes",)),
        Column("abilities", aliases=("ability",)),
    ),
    "products": (
        Column("product_id", True, _PRODUCT),
        Column("name", True, ("product_name", "description", "nom")),
        Column("price", aliases=("list_price", "sales_price", "prix")),
        Column("cost", aliases=("standard_price",)),
        Column("weight", aliases=("weight_kg", "poids")),
        Column("barcode", aliases=("ean", "ean13", "gtin")),
        Column("category", aliases=("product_category", "categorie")),
    ),
    "stock": (
        Column("site", True, ("site_code", "site_id", "warehouse", "location")),
        Column("product_id", True, _PRODUCT),
        Column("quantity", True, (*_QUANTITY, "stock", "on_hand", "available")),
        Column("month", aliases=("period", "mois")),
    ),
    "external": (
        Column("site", True, ("site_code", "site_id", "supplier")),
        Column("product_id", True, _PRODUCT),
        Column("quantity", True, (*_QUANTITY, "stock", "available")),
        Column("lead_days", True, ("lead_time", "delay", "delai")),
        Column("updated_at", aliases=("as_of", "date", "stock_date")),
    ),
    "orders": (
        Column("order_id", True, ("reference", "order", "order_reference", "order_number")),
        Column("order_date", True, ("date", "date_order", "ordered_at", "purchased_at")),
        Column("product_id", True, _PRODUCT),
        Column("quantity", True, _QUANTITY),
        Column("sales", aliases=("amount", "line_total", "total", "price_total")),
        Column("customer_id", aliases=("customer", "customer_code", "client")),
        Column("name", aliases=("customer_name", "nom")),
        Column("street", aliases=("address", "rue")),
        *_ADDRESS,
        Column("state", aliases=("province", "region", "state_code")),
        Column("lat", aliases=_LATITUDE),
        Column("lng", aliases=_LONGITUDE),
        Column("channel", aliases=("channel_code", "sales_channel", "canal")),
    ),
    "postcodes": (
        Column("country", True, ("country_code", "pays")),
        Column("zip", True, _ZIP),
        Column("lat", True, _LATITUDE),
        Column("lng", True, _LONGITUDE),
        Column("place", aliases=("place_name", "city", "town", "ville")),
    ),
}


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
    """

    known_as: str
    name: str
    delivery_name: str
    address: Address
    email: str = ""
    phone: str = ""
    match_mail: str = ""
    is_guest: bool = False


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


def guess_kind(headers: Sequence[str]) -> str | None:
    """Tell which kind of file the headers belong to.

    :return: a key of :data:`COLUMNS`; the one of which most columns are there among those whose
        required columns all are, or None
    """
    best, best_count = None, 0
    for kind, columns in COLUMNS.items():
        match = match_columns(headers, columns)
        count = sum(1 for column in columns if column.required)
        if not match.missing and count > best_count:
            best, best_count = kind, count
    return best


def find_nearest_kind(headers: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """Tell which kind of file the headers lack fewest columns of.

    :return: a key of :data:`COLUMNS` and the required columns that are missing of it; None when
        no header stands for a required column of any kind
    :raises TableError: when two headers stand for the same column
    """
    ranks = []
    for kind, columns in COLUMNS.items():
        match = match_columns(headers, columns)
        found = sum(1 for column in columns if column.required and column.name in match.positions)
        if found:
            ranks.append(((len(match.missing), -found, -len(match.positions)), kind, match.missing))
    if not ranks:
        return None
    _rank, kind, missing = min(ranks, key=lambda rank: rank[0])
    return kind, missing


def parse_row(
    kind: str, match: ColumnMatch, cells: Sequence[str], options: ParseOptions
) -> tuple[Row | None, tuple[str, ...]]:
    """Understand one row.

    :param kind: a key of :data:`COLUMNS`
    :param match: positions of the columns
    :param cells: texts of the row, one per header
    :return: the row and no fault, or None and the faults
    """
    reader = Reader({n: cells[i] for n, i in match.positions.items()}, options)
    row = _PARSERS[kind](reader)
    return (None, tuple(reader.faults)) if reader.faults else (row, ())


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


def _parse_site(reader: Reader) -> SiteRow:
    kind = reader.text("kind", required=True).lower()
    if kind and kind not in SITE_KINDS:
        reader.faults.append(f"The kind “{kind}” is none of {', '.join(SITE_KINDS)}.")
    lat, lng = reader.coordinates(required=True)
    return SiteRow(
        site=reader.text("site", required=True),
        kind=kind,
        lat=lat or 0.0,
        lng=lng or 0.0,
        name=reader.text("name"),
        street=reader.text("street"),
        zip=reader.text("zip"),
        city=reader.text("city"),
        country=reader.text("country"),
        ships=reader.flag("ships"),
        settings=_read_settings(reader),
        calendar=reader.text("calendar"),
        countries=reader.listed("delivers_to"),
        zip_prefixes=reader.listed("delivers_to_zip"),
        abilities=reader.listed("abilities"),
    )


#: Columns of numbers of a site, with the field each goes to and the most it may be.
_SITE_NUMBERS = (
    ("priority", "sequence", 10_000),
    ("parcel_cost", "parcel_cost", MAX_AMOUNT),
    ("unit_cost", "unit_cost", MAX_AMOUNT),
    ("capacity_orders", "capacity_orders", MAX_QUANTITY),
    ("capacity_units", "capacity_units", MAX_QUANTITY),
    ("capacity_open", "capacity_open", MAX_QUANTITY),
    ("handling_hours", "handling_time", 8_760),
    ("max_kilometers", "max_kilometers", 40_100),
)
_WHOLE_NUMBERS = {"sequence", "capacity_orders", "capacity_open"}


def _read_settings(reader: Reader) -> tuple[tuple[str, float | bool | str], ...]:
    """Read what a site can do; empty cells say nothing."""
    found: list[tuple[str, float | bool | str | None]] = [
        (field, reader.number(column, low=0, high=most)) for column, field, most in _SITE_NUMBERS
    ]
    for field, value in found:
        if field in _WHOLE_NUMBERS and isinstance(value, float) and value % 1:
            reader.faults.append(f"The {field} {value:g} is not a whole number.")
    found += [(name, reader.flag(name)) for name in ("collects", "takes_returns")]
    found += [("cutoff_hour", reader.hour("cut_off")), ("tz", reader.text("time_zone") or None)]
    said = tuple((field, value) for field, value in found if value is not None)
    if any(field == "handling_time" for field, _value in said):
        said += (("handling_unit", "hours"),)
    return said


def _parse_product(reader: Reader) -> ProductRow:
    barcode = reader.text("barcode")
    if barcode.isdigit() and len(barcode) == 13 and not is_ean13(barcode):
        reader.faults.append(f"The barcode {barcode} has a wrong check digit.")
    return ProductRow(
        product_id=reader.text("product_id", required=True),
        name=reader.text("name", required=True),
        price=reader.number("price", low=0, high=MAX_AMOUNT),
        cost=reader.number("cost", low=0, high=MAX_AMOUNT),
        weight=reader.number("weight", low=0, high=100_000),
        barcode=barcode,
        category=reader.text("category"),
    )


def _parse_stock(reader: Reader) -> StockRow:
    month = reader.text("month")
    if month:
        try:
            month = parse_month(month)
        except ValueError:
            reader.faults.append(f"The month “{month}” is not one like 2026-12.")
    return StockRow(
        site=reader.text("site", required=True),
        product_id=reader.text("product_id", required=True),
        quantity=reader.number("quantity", low=0, high=MAX_QUANTITY, required=True) or 0.0,
        month=month,
    )


def _parse_external(reader: Reader) -> ExternalRow:
    lead_days = reader.number("lead_days", low=0, high=MAX_LEAD_DAYS)
    if lead_days is not None and not lead_days.is_integer():
        reader.faults.append(f"The lead_days {lead_days:g} are no whole number of days.")
    return ExternalRow(
        site=reader.text("site", required=True),
        product_id=reader.text("product_id", required=True),
        quantity=reader.number("quantity", low=0, high=MAX_EXTERNAL_QUANTITY, required=True) or 0.0,
        lead_days=None if lead_days is None else int(lead_days),
        # A mere date is where that day begins: what it says may be all of the day old.
        updated_at=reader.date("updated_at", required=False, hour=0),
    )


def _parse_order(reader: Reader) -> OrderRow:
    quantity = reader.number("quantity", low=0, high=MAX_QUANTITY, required=True)
    if quantity == 0:
        reader.faults.append("The quantity is zero.")
    lat, lng = reader.coordinates(required=False)
    address = Address(
        street=reader.text("street"),
        zip=reader.text("zip"),
        city=reader.text("city"),
        state=reader.text("state"),
        country=reader.text("country"),
        lat=lat,
        lng=lng,
    )
    return OrderRow(
        order_id=reader.text("order_id", required=True),
        order_date=reader.date("order_date"),
        product_id=reader.text("product_id", required=True),
        quantity=quantity or 0.0,
        sales=reader.number("sales", low=0, high=MAX_AMOUNT),
        customer_id=reader.text("customer_id"),
        name=reader.text("name"),
        channel=reader.text("channel"),
        address=address,
    )


def _parse_postcode(reader: Reader) -> PostcodeRow:
    lat, lng = reader.coordinates(required=True)
    if lat == 0 and lng == 0:
        reader.faults.append("The coordinates are those of no place: 0, 0.")
    return PostcodeRow(
        country=reader.text("country", required=True).upper(),
        zip=reader.text("zip", required=True),
        lat=lat or 0.0,
        lng=lng or 0.0,
        place=reader.text("place"),
    )


_PARSERS = {
    "sites": _parse_site,
    "products": _parse_product,
    "stock": _parse_stock,
    "external": _parse_external,
    "orders": _parse_order,
    "postcodes": _parse_postcode,
}
