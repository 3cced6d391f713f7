"""The types of feeds: what can be sold, and what happened to orders, as it changes."""

from typing import Any

from .contract import SiteQuantity, Told


class StockRow(Told):
    """What can be sold of a product now; put it in place of what was known.

    ``available`` is null for goods without limit. ``sellable`` is false for what is sold no more.
    ``sites`` are those that have something.
    """

    product: str | None
    product_id: int
    unit: str
    available: float | None
    sellable: bool
    sites: list[SiteQuantity] | None = None


class StockSnapshot(Told):
    rows: list[StockRow]
    next: str | None
    cursor: str


class StockChanges(Told):
    rows: list[StockRow]
    cursor: str
    more: bool


class OrderEvent(Told):
    """Something that happened to an order; ``order`` is the channel's own reference."""

    id: str
    type: str
    at: str
    order: str | None
    name: str
    data: dict[str, Any]


class OrderEvents(Told):
    rows: list[OrderEvent]
    cursor: str
    more: bool
