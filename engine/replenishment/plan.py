"""What to pull and to buy, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..balancing import Note as BalancingNote

Verdict = Literal["chosen", "dearer", "no_price"]
Reason = Literal["point", "backlog", "joined", "switched"]
Outcome = Literal["ordered", "extended", "waits"]
NoteCode = Literal[
    "offer_without_price",
    "offer_without_lead",
    "offer_nonsense",
    "no_supplier",
    "short",
    "waits",
    "long_cover",
]
NOTE_TEXTS: dict[NoteCode, str] = {
    "offer_without_price": "The supplier says no price: it is not asked.",
    "offer_without_lead": "The supplier says no lead time: {number:g} days are assumed.",
    "offer_nonsense": "A number of the offer is negative or missing: it is not used.",
    "no_supplier": "{number:g} units are wanted, and nobody supplies them.",
    "short": "{number:g} units are wanted that no warehouse has; those that have less to gain"
    " go without.",
    "waits": "The order is below the supplier's minimum: it waits for about {number:.0f} days.",
    "long_cover": "The least that the supplier sells lasts for {number:.0f} days.",
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was wrong or that people should know.

    :param code: what, for programs and translators
    :param product: position of the product that it is about, if it is about one
    :param site: position of the site
    :param offer: position of the offer
    :param supplier: position of the supplier
    :param number: that the text tells
    """

    code: NoteCode
    product: int | None = None
    site: int | None = None
    offer: int | None = None
    supplier: int | None = None
    number: float = 0.0

    @property
    def text(self) -> str:
        """In English."""
        return NOTE_TEXTS[self.code].format(number=self.number)


@dataclass(frozen=True, slots=True)
class Pull:
    """Units that a site gets from a warehouse.

    :param product: position of the product
    :param lane: position of the lane
    :param origin: position of the warehouse
    :param destination: position of the site
    :param quantity: units
    :param wanted: units that the site is filled up with, of all pulls together
    :param held: units that it has before, incoming ones included
    :param order_point: at or below which it asked
    :param value: what the units earn there, money
    :param cost: of the way, money
    :param last_value: what the last of them earns
    :param is_short: whether the warehouse could not give all that is wanted
    """

    product: int
    lane: int
    origin: int
    destination: int
    quantity: float
    wanted: float
    held: float
    order_point: float
    value: float
    cost: float
    last_value: float
    is_short: bool


@dataclass(frozen=True, slots=True)
class Alternative:
    """An offer that was looked at; costs in money per day.

    :param offer: position of the offer
    :param supplier: position of the supplier
    :param quantity: units of the best lot
    :param price: money per unit
    :param lead_days: until it comes
    :param buying: for the goods
    :param ordering: for orders
    :param holding: for what lies, the safety stock for demand in the lead time included
    :param lateness: for what is missed until it comes
    :param verdict: whether it was chosen
    """

    offer: int
    supplier: int
    quantity: float
    price: float
    lead_days: float
    buying: float
    ordering: float
    holding: float
    lateness: float
    verdict: Verdict

    @property
    def cost(self) -> float:
        """All together."""
        return self.buying + self.ordering + self.holding + self.lateness


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A product of an order.

    :param product: position of the product
    :param site: position of the site that gets it
    :param offer: position of the offer
    :param quantity: units
    :param price: money per unit
    :param held: units that are there or come, less those that others pull
    :param wanted: units without which the site would stay below its level
    :param chance_short: probability that the stock does not last until the goods come
    :param days_left: until it would have to be ordered at the latest; zero if that is now
    :param reason: the order point was reached, warehouses owe it to sites (`backlog`), it joins
        an order of others, or its first supplier was left because of a minimum (`switched`)
    :param rate: units wanted per day, by those who pull from the site, too
    :param variance: of the units per day
    :param alternatives: offers by cost, the chosen one first
    """

    product: int
    site: int
    offer: int
    quantity: float
    price: float
    held: float
    wanted: float
    chance_short: float
    days_left: float
    reason: Reason
    rate: float
    variance: float
    alternatives: tuple[Alternative, ...]

    @property
    def value(self) -> float:
        """Money for all units."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Order:
    """What to order from a supplier for a site.

    :param supplier: position of the supplier
    :param site: position of the site
    :param lines: the products
    :param outcome: ordered as it is, extended to the supplier's minimum, or it waits
    :param wait_days: for so long
    :param compared: what each outcome would cost that was possible, money
    """

    supplier: int
    site: int
    lines: tuple[OrderLine, ...]
    outcome: Outcome = "ordered"
    wait_days: float = 0.0
    compared: tuple[tuple[str, float], ...] = ()

    @property
    def value(self) -> float:
        """Money for all goods."""
        return sum(line.value for line in self.lines)

    @property
    def units(self) -> float:
        """Units of all goods."""
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    :param pulls: from warehouses, by lane
    :param orders: from suppliers, those that wait included
    :param days_left: for each row of the problem the days until its order point is reached;
        infinite for those that never are
    :param notes: what was wrong, of stock and lanes first
    """

    pulls: tuple[Pull, ...]
    orders: tuple[Order, ...]
    days_left: tuple[float, ...]
    notes: tuple[BalancingNote | Note, ...]
