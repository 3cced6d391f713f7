"""A plan of transfers, and why it is as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PartName = Literal[
    "value_there",
    "value_here",
    "carrying",
    "ageing",
    "fixed",
    "weight",
    "unit",
    "handling",
    "carbon",
]
Limit = Literal["worth", "need", "shelf", "capacity"]
NoteCode = Literal[
    "site_without_lanes",
    "lane_without_days",
    "lane_nonsense",
    "goods_without_cost",
    "goods_without_weight",
    "goods_without_price",
    "goods_nonsense",
    "negative_stock",
    "row_nonsense",
    "minimum_missed",
]

NOTE_TEXTS: dict[NoteCode, str] = {
    "site_without_lanes": "No lane leads from or to this site: it gives and gets nothing.",
    "lane_without_days": "The lane does not say how many days it takes: {number:g} are assumed.",
    "lane_nonsense": "A number of the lane is negative or missing: the lane is not used.",
    "goods_without_cost": "The product has no cost: holding it is free, and what is left of it is"
    " worth nothing.",
    "goods_without_weight": "The product has no weight: it travels as if it weighed nothing.",
    "goods_without_price": "The product has no price: it is not moved.",
    "goods_nonsense": "A number of the product is negative or missing: it is not moved.",
    "negative_stock": "The stock is negative ({number:g}): it counts as none.",
    "row_nonsense": "A number of this row is negative or missing: the row is left out.",
    "minimum_missed": "All that is worth sending are {number:g} units, fewer than the least"
    " shipment of this lane.",
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was wrong or that people should know; the rest was planned.

    :param code: what, for programs and translators
    :param product: position of the product that it is about, if it is about one
    :param site: position of the site
    :param lane: position of the lane
    :param number: that the text tells
    """

    code: NoteCode
    product: int | None = None
    site: int | None = None
    lane: int | None = None
    number: float = 0.0

    @property
    def text(self) -> str:
        """In English."""
        return NOTE_TEXTS[self.code].format(number=self.number)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what a move gains.

    :param name: `value_there` is what the units will earn at the destination from their arrival
        on, `value_here` what they would have earned at the origin; `carrying` what it spares, or
        costs, that less, or more, lies above order points; `ageing` what old goods lose where they
        lie; all else are costs of the way, `fixed` the share in what the shipment costs once, by
        value
    :param amount: money for all units of the move; costs are below zero
    """

    name: PartName
    amount: float


@dataclass(frozen=True, slots=True)
class Move:
    """Units of a product that should go from one site to another.

    :param product: position of the product
    :param lane: position of the lane
    :param origin: position of the site that gives
    :param destination: position of the site that gets
    :param quantity: units
    :param parts: what the gain consists of
    :param origin_before: units at the origin that are not promised
    :param origin_after: those after all moves of the plan
    :param destination_before: units at the destination, incoming ones included
    :param destination_after: those after all moves of the plan
    :param need: units that the origin keeps for itself
    :param days: until they can be sold there
    :param chance_here: probability that the last unit moved would have been sold at the origin
    :param chance_there: that it will be sold at the destination
    :param limit: why not more: the next unit is not worth it (`worth`), the donor needs it
        (`need`), there is no room (`shelf`), or the truck is full (`capacity`)
    """

    product: int
    lane: int
    origin: int
    destination: int
    quantity: float
    parts: tuple[Part, ...]
    origin_before: float
    origin_after: float
    destination_before: float
    destination_after: float
    need: float
    days: float
    chance_here: float
    chance_there: float
    limit: Limit

    @property
    def gain(self) -> float:
        """Money that the move gains after all costs."""
        return sum(part.amount for part in self.parts)


@dataclass(frozen=True, slots=True)
class Shipment:
    """All that goes over a lane.

    :param lane: position of the lane
    :param units: that go
    :param kg: that they weigh
    :param carbon_kg: kilograms of CO2e
    :param cost: of transport, money, without handling and carbon
    :param gain: of all moves, money
    """

    lane: int
    units: float
    kg: float
    carbon_kg: float
    cost: float
    gain: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Moves of all products together.

    :param moves: by lane, and there the one that gains most first
    :param shipments: by lane
    :param lane_prices: for each lane what a kilogram or unit of room on it is worth, money;
        zero where there is room enough
    :param value_before: what all stock will earn where it is, money
    :param value_after: what it will earn after the moves, their costs taken off
    :param bound: what no plan can exceed under the same settings (with warehouses first: no plan
        of the stores, once the warehouses have given)
    :param notes: what was wrong
    """

    moves: tuple[Move, ...]
    shipments: tuple[Shipment, ...]
    lane_prices: tuple[float, ...]
    value_before: float
    value_after: float
    bound: float
    notes: tuple[Note, ...]

    @property
    def gain(self) -> float:
        """Money that the plan gains."""
        return self.value_after - self.value_before

    @property
    def gap(self) -> float:
        """By how much money the best plan can be better."""
        return max(self.bound - self.value_after, 0.0)
