"""What can be done with goods that came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..prices import Market

Kind = Literal["sell", "send", "refurbish", "supplier", "donate", "scrap"]
KINDS: tuple[Kind, ...] = ("sell", "send", "refurbish", "supplier", "donate", "scrap")


@dataclass(frozen=True, slots=True)
class Cost:
    """A part of what an option costs, or of what it brings if it is below zero.

    :param name: what for, such as "handling" or "carbon"
    :param amount: money per unit
    """

    name: str
    amount: float


@dataclass(frozen=True, slots=True)
class Option:
    """A thing that can be done with the units of a lot.

    :param kind: what
    :param pool: position of the pool that they join; none if they leave for good
    :param gain: money per unit that they bring when they join none
    :param costs: money per unit
    :param lane: position of the lane that they take; none if it costs nothing once
    :param name: for whoever reads the explanation, such as the code of a site
    """

    kind: Kind
    pool: int | None = None
    gain: float = 0.0
    costs: tuple[Cost, ...] = ()
    lane: int | None = None
    name: str = ""

    @property
    def cost(self) -> float:
        """All costs together, money per unit."""
        return sum(part.amount for part in self.costs)


@dataclass(frozen=True, slots=True)
class Lot:
    """Goods that are alike and lie at one place.

    :param name: for messages
    :param quantity: units, decimals are fine
    :param options: what can be done with them
    """

    name: str
    quantity: float
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """Goods of a kind at a place, which are sold one after the other.

    :param market: how they sell
    :param place: position of the place whose room they take; none if it has no limit
    """

    market: Market
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Lots to decide upon together.

    :param lots: the goods
    :param pools: where they can be sold
    :param rooms: for each place, how many units it can take
    :param lanes: for each lane, what its use costs once, however many units take it
    :raises ValueError: something refers to what is not there, or cannot be
    """

    lots: tuple[Lot, ...]
    pools: tuple[Pool, ...] = ()
    rooms: tuple[float, ...] = ()
    lanes: tuple[float, ...] = field(default=())

    def __post_init__(self) -> None:
        for pool in self.pools:
            if pool.place is not None and not 0 <= pool.place < len(self.rooms):
                raise ValueError(f"A pool is at place {pool.place}, which there is not.")
        for name, numbers in (("room", self.rooms), ("cost of a lane", self.lanes)):
            if not all(number >= 0.0 for number in numbers):
                raise ValueError(f"A {name} cannot be negative.")
        for lot in self.lots:
            self._check_lot(lot)

    def _check_lot(self, lot: Lot) -> None:
        if not 0.0 < lot.quantity < float("inf"):
            raise ValueError(f"{lot.name}: {lot.quantity} units cannot be placed.")
        if not any(option.pool is None and option.lane is None for option in lot.options):
            raise ValueError(f"{lot.name}: there must be a way to be rid of it, such as scrap.")
        for option in lot.options:
            if option.pool is not None and not 0 <= option.pool < len(self.pools):
                raise ValueError(f"{lot.name}: there is no pool {option.pool}.")
            if option.lane is not None and not 0 <= option.lane < len(self.lanes):
                raise ValueError(f"{lot.name}: there is no lane {option.lane}.")
            if not abs(option.gain - option.cost) < float("inf"):
                raise ValueError(f"{lot.name}: an option has no finite value.")
