"""What a row of a file means: it is understood whole, or comes back with all of its faults."""

from __future__ import annotations

from collections.abc import Sequence

from ..inventory.external_limits import MAX_LEAD_DAYS
from ..inventory.external_limits import MAX_QUANTITY as MAX_EXTERNAL_QUANTITY
from .reader import ParseOptions, Reader, is_ean13, parse_month
from .rows import (
    Address,
    ExternalRow,
    OrderRow,
    PostcodeRow,
    ProductRow,
    Row,
    SiteRow,
    StockRow,
)
from .tabular import ColumnMatch

#: A larger quantity on one row is taken for a slip of the keyboard.
MAX_QUANTITY = 1_000_000
#: A larger amount of money on one row likewise.
MAX_AMOUNT = 1_000_000_000
SITE_KINDS = ("warehouse", "store", "pickup")


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
