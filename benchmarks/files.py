"""Readers of the benchmarks' files: order lines, sites, stock by month, and deliveries.

Each is a CSV, plain or gzipped, in UTF-8, with a header; columns may come in any order, and
columns that are not needed are ignored. Whatever is wrong with a file is one sentence with the
number of the line.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import math
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.geography import check_coordinates

ORDER_COLUMNS = ("order_id", "order_date", "lat", "lng", "product_id", "quantity")
SITE_COLUMNS = ("site", "lat", "lng")
STOCK_COLUMNS = ("month", "site", "product_id", "quantity")
DELIVERY_COLUMNS = ("order_id", "purchased_at", "delivered_at")

LARGEST_QUANTITY = 1e9
"""Beyond this a quantity is a mistake, not a demand."""


class FileError(ValueError):
    """Something is wrong with a file; the message is fit to be shown as it is."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order: where it goes, and its lines as (product, quantity)."""

    key: str
    date: datetime.date
    lat: float
    lng: float
    lines: list[tuple[str, float]] = field(default_factory=list)

    @property
    def month(self) -> str:
        """Month of the order as YYYY-MM."""
        return f"{self.date:%Y-%m}"


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site, where it is, and what kind of site, if the file says so."""

    key: str
    lat: float
    lng: float
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An order and when it arrived, by the clock of the place that the file is about.

    :param placed: when it was placed
    :param arrived: when it arrived; None if it did not, or has not yet
    :param own: the date that its company promised; None if the file does not say
    :param region: where it goes, empty if unknown, as are the next two
    :param site: where it comes from
    :param method: how it travels
    """

    key: str
    placed: datetime.datetime
    arrived: datetime.datetime | None
    own: datetime.date | None
    region: str = ""
    site: str = ""
    method: str = ""


def read_orders(path: Path) -> list[Order]:
    """Read order lines and gather them into orders, in order of date, then key.

    :raises FileError: the file cannot be read, or a line of it is wrong
    """
    orders: dict[str, Order] = {}
    for row in _rows(path, ORDER_COLUMNS):
        key = row.text("order_id")
        date, (lat, lng) = row.date("order_date"), row.place()
        order = orders.setdefault(key, Order(key, date, lat, lng))
        if (order.date, order.lat, order.lng) != (date, lat, lng):
            raise row.error(f"order {key} has another date or place than in its lines before")
        quantity = row.number("quantity")
        if quantity <= 0.0:
            raise row.error(f"the quantity must be more than zero, not {quantity:g}")
        order.lines.append((row.text("product_id"), quantity))
    return sorted(orders.values(), key=lambda order: (order.date, order.key))


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as its first line in a file of orders knows it.

    :param price: money per unit; None if the file does not say
    :param group: what it belongs to, empty if the file does not say
    """

    key: str
    price: float | None
    group: str


def read_products(path: Path) -> list[ProductRow]:
    """Read the products of a file of orders in the order in which they appear.

    The price is that of the first line, by its columns `quantity` and `sales` (money of the whole
    line); the group is the column `sub_category` or else `category`.

    :raises FileError: the file cannot be read, or a line of it is wrong
    """
    products: dict[str, ProductRow] = {}
    for row in _rows(path, ORDER_COLUMNS):
        key = row.text("product_id")
        if key in products:
            continue
        quantity, price = row.number("quantity"), None
        if row.optional("sales") and quantity > 0.0:
            price = max(row.number("sales") / quantity, 0.0)
        group = row.optional("sub_category") or row.optional("category")
        products[key] = ProductRow(key, price, group)
    return list(products.values())


def read_sites(path: Path) -> list[SiteRow]:
    """Read the sites, in the order of the file.

    :raises FileError: the file cannot be read, is empty, or a line of it is wrong
    """
    sites: dict[str, SiteRow] = {}
    for row in _rows(path, SITE_COLUMNS):
        key = row.text("site")
        if key in sites:
            raise row.error(f"site {key} appears a second time")
        sites[key] = SiteRow(key, *row.place(), kind=row.optional("kind"))
    if not sites:
        raise FileError(f"{path}: the file holds no site.")
    return list(sites.values())


def read_deliveries(path: Path) -> list[Delivery]:
    """Read orders and when they arrived, in order of time and key.

    An order that appears several times counts once, with what its last line says. One of which
    nobody knows when it was placed, or that arrived before, teaches nothing and is left out.

    :raises FileError: the file cannot be read, or a line of it is wrong
    """
    deliveries: dict[str, Delivery] = {}
    for row in _rows(path, DELIVERY_COLUMNS):
        placed, arrived = row.moment("purchased_at"), row.moment("delivered_at")
        own = row.moment("estimated_at")
        if placed is None or (arrived is not None and arrived < placed):
            continue
        key = row.text("order_id")
        deliveries[key] = Delivery(
            key,
            placed,
            arrived,
            own.date() if own else None,
            row.optional("customer_state"),
            row.optional("site"),
            row.optional("method"),
        )
    return sorted(deliveries.values(), key=lambda each: (each.placed, each.key))


Stock = dict[str, dict[str, dict[int, float]]]
"""Quantities by month, product, and position of the site."""


def read_stock(path: Path, sites: list[SiteRow]) -> Stock:
    """Read the stock at the start of each month.

    :raises FileError: the file cannot be read, or a line of it is wrong
    """
    positions = {site.key: position for position, site in enumerate(sites)}
    stock: Stock = {}
    for row in _rows(path, STOCK_COLUMNS):
        month, site, product = row.month("month"), row.text("site"), row.text("product_id")
        if site not in positions:
            raise row.error(f"site {site} is not in the file of sites")
        quantity = row.number("quantity")
        if quantity < 0.0:
            raise row.error(f"the quantity must not be negative, as {quantity:g} is")
        held = stock.setdefault(month, {}).setdefault(product, {})
        if positions[site] in held:
            raise row.error(f"product {product} at site {site} in {month} appears a second time")
        held[positions[site]] = quantity
    return stock


def parse_month(text: str) -> str:
    """Check a month written as YYYY-MM.

    :raises ValueError: it is not one
    """
    datetime.datetime.strptime(text, "%Y-%m")
    if len(text) != 7:
        raise ValueError(text)
    return text


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a file, whose cells are checked as they are asked for."""

    path: Path
    line: int
    cells: Mapping[str, str | None]

    def error(self, what: str) -> FileError:
        return FileError(f"{self.path}, line {self.line}: {what}.")

    def text(self, column: str) -> str:
        value = (self.cells[column] or "").strip()
        if not value:
            raise self.error(f"the column {column} is empty")
        return value

    def optional(self, column: str) -> str:
        return (self.cells.get(column) or "").strip()

    def number(self, column: str) -> float:
        text = self.text(column)
        try:
            value = float(text)
        except ValueError:
            raise self.error(f"the column {column} must be a number, not {text!r}") from None
        if not math.isfinite(value) or abs(value) > LARGEST_QUANTITY:
            raise self.error(f"the column {column} holds {text}, which cannot be meant")
        return value

    def date(self, column: str) -> datetime.date:
        text = self.text(column)
        try:
            return datetime.date.fromisoformat(text[:10])
        except ValueError:
            raise self.error(
                f"the column {column} must be a date YYYY-MM-DD, not {text!r}"
            ) from None

    def moment(self, column: str) -> datetime.datetime | None:
        """Return a moment as the clocks of its place showed it, None if the cell is empty."""
        text = self.optional(column)
        if not text:
            return None
        try:
            moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            raise self.error(
                f"the column {column} must be a moment YYYY-MM-DD HH:MM, not {text!r}"
            ) from None
        if not 1900 <= moment.year <= 2500:
            raise self.error(f"the column {column} holds {text}, which cannot be meant")
        return moment.replace(tzinfo=None)

    def month(self, column: str) -> str:
        text = self.text(column)
        try:
            return parse_month(text[:7])
        except ValueError:
            raise self.error(f"the column {column} must be a month YYYY-MM, not {text!r}") from None

    def place(self) -> tuple[float, float]:
        lat, lng = self.number("lat"), self.number("lng")
        try:
            check_coordinates(lat, lng)
        except ValueError as error:
            raise self.error(str(error)[:1].lower() + str(error)[1:].rstrip(".")) from None
        return lat, lng


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[_Row]:
    with _readable(path):
        opener = gzip.open if _is_gzip(path) else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            names = [name.strip() for name in reader.fieldnames or ()]
            if not names:
                raise FileError(f"{path}: the file is empty.")
            reader.fieldnames = names
            missing = [column for column in columns if column not in names]
            if missing:
                raise FileError(f"{path}, line 1: the column {missing[0]} is missing.")
            repeated = [column for column in columns if names.count(column) > 1]
            if repeated:
                raise FileError(f"{path}, line 1: the column {repeated[0]} appears twice.")
            line = 1
            try:
                for cells in reader:
                    line = reader.line_num
                    if None in cells:
                        raise FileError(f"{path}, line {line}: there are more cells than columns.")
                    if any((value or "").strip() for value in cells.values()):
                        yield _Row(path, line, cells)
            except csv.Error as error:
                raise FileError(f"{path}, line {line + 1}: {error}.") from None
            except UnicodeDecodeError:
                raise FileError(f"{path}, after line {line}: the text is not UTF-8.") from None


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as content:
        return content.read(2) == b"\x1f\x8b"


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise FileError(f"{path}, line 1: the text is not UTF-8.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileError(f"{path}: the compressed file is damaged.") from None
    except csv.Error as error:
        raise FileError(f"{path}, line 1: {error}.") from None
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}.") from None
