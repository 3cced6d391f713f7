"""The columns of the files that can be imported, and by which of them a kind of file is known."""

from __future__ import annotations

from collections.abc import Sequence

from .tabular import Column, match_columns

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
