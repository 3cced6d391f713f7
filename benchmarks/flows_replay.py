"""Replays the days of a world under a policy, and counts units, misses and money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.flows_world import (
    PER_PARCEL,
    PER_UNIT,
    PER_UNIT_MILE,
    RETURN_DAYS,
    SUPPLIER_LINE,
    WAREHOUSE_LINE,
    Wanted,
    World,
)

Array = NDArray[np.float64]

REPLAN_DAYS = 28
"""How often levels are set anew, for every policy."""


@dataclass(frozen=True, slots=True, eq=False)
class MinMax:
    """Below a minimum it is ordered up to the maximum.

    :param minimum: units, shape (P, K)
    :param maximum: units, shape (P, K), at least the minimum
    """

    minimum: Array
    maximum: Array


@dataclass(slots=True, eq=False)
class State:
    """What is where.

    :param on_hand: units, shape (P, K)
    :param position: on hand and ordered, less what is owed to stores, shape (P, K)
    """

    on_hand: Array
    position: Array


@dataclass(frozen=True, slots=True)
class Transfer:
    """Units of a product from a site to another."""

    product: int
    origin: int
    destination: int
    units: float


@dataclass(frozen=True, slots=True)
class Orders:
    """What a policy buys and pulls itself.

    :param bought: product, site to which suppliers deliver, units
    :param pulled: of what lies at warehouses now
    """

    bought: tuple[tuple[int, int, float], ...]
    pulled: tuple[Transfer, ...]


class Policy(Protocol):
    """Decides with nothing but what has been."""

    @property
    def transfer_days(self) -> int | None:
        """Every how many days transfers are planned; None if never."""

    def levels(
        self, world: World, past: Sequence[Wanted], day: int, state: State | None = None
    ) -> MinMax:
        """Set levels in the morning of a day, from the orders before it.

        :param state: what is where; None on the first day, when it is still open
        """

    def orders(self, world: World, state: State, day: int) -> Orders | None:
        """Order at the end of a day; None for what rules of minimum and maximum order."""

    def transfers(self, world: World, state: State, day: int) -> list[Transfer]:
        """Plan transfers in the morning of a day."""


@dataclass(slots=True)
class Figures:
    """What came of it."""

    wanted: float = 0.0
    filled: float = 0.0
    at_home: float = 0.0
    unit_days: float = 0.0
    holding: float = 0.0
    days: int = 0
    transfers: int = 0
    transferred_units: float = 0.0
    parcels: float = 0.0
    shipments: float = 0.0
    lines: float = 0.0
    lost: float = 0.0

    def told(self) -> dict[str, float]:
        """The figures of a policy as they are printed."""
        transport = self.parcels + self.shipments
        return {
            "fill_rate": round(self.filled / max(self.wanted, 1.0), 5),
            "home_rate": round(self.at_home / max(self.wanted, 1.0), 5),
            "average_units": round(self.unit_days / max(self.days, 1), 1),
            "missed_units": round(self.wanted - self.filled, 1),
            "transfers": self.transfers,
            "transferred_units": round(self.transferred_units, 1),
            "transport_cost": round(transport, 1),
            "parcel_cost": round(self.parcels, 1),
            "shipment_cost": round(self.shipments, 1),
            "holding_cost": round(self.holding, 1),
            "order_cost": round(self.lines, 1),
            "lost_margin": round(self.lost, 1),
            "total_cost": round(transport + self.holding + self.lines + self.lost, 1),
        }


@dataclass(slots=True)
class _Run:
    world: World
    home_only: bool
    state: State
    figures: Figures = field(default_factory=Figures)
    arriving: dict[int, list[tuple[int, int, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    owed: dict[tuple[int, int], list[tuple[int, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    returning: dict[int, list[tuple[int, int, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    between: Array = field(default_factory=lambda: np.zeros(0))
    """Units on the road between sites, shape (P,)."""
    way: dict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))
    """Units of a shipment that leaves today, by way."""

    def receive(self, day: int) -> None:
        for product, site, units in self.arriving.pop(day, ()):
            if site < 0:
                site = -site - 1
                self.between[product] -= units
            self.state.on_hand[product, site] += units
            self.give_owed(product, site, day)

        for product, site, units in self.returning.pop(day, ()):
            self.state.on_hand[product, site] += units
            self.state.position[product, site] += units
            self.give_owed(product, site, day)

    def give_owed(self, product: int, site: int, day: int) -> None:
        queue = self.owed.get((product, site))
        while queue and self.state.on_hand[product, site] > 0.0:
            store, units = queue[0]
            given = min(units, float(self.state.on_hand[product, site]))
            self.send(product, site, store, given, day)
            if given < units:
                queue[0] = (store, units - given)
            else:
                queue.pop(0)

    def send(self, product: int, origin: int, destination: int, units: float, day: int) -> None:
        self.state.on_hand[product, origin] -= units
        self.between[product] += units
        arrives = day + int(self.world.road[origin, destination])
        self.arriving[arrives].append((product, -destination - 1, units))
        self.way[origin, destination] += units

    def serve(self, order: Wanted) -> None:
        figures, on_hand = self.figures, self.state.on_hand
        open_lines = dict(order.lines)
        figures.wanted += sum(open_lines.values())
        while open_lines:
            products = list(open_lines)
            asked = np.array([open_lines[each] for each in products])
            has = np.minimum(on_hand[products], asked[:, None]).sum(axis=0)
            if has[order.home] >= asked.sum() or self.home_only or order.at_home:
                site = order.home
            else:
                site = int(np.lexsort((order.miles, -has))[0])
            if not has[site] > 0.0:
                break
            figures.parcels += PER_PARCEL
            for product in products:
                given = min(float(on_hand[product, site]), open_lines[product])
                if not given:
                    continue
                on_hand[product, site] -= given
                self.state.position[product, site] -= given
                miles = float(order.miles[site])
                figures.parcels += given * (PER_UNIT + PER_UNIT_MILE * miles)
                if product in order.back:
                    self.returning[order.day + RETURN_DAYS].append((product, order.home, given))
                figures.filled += given
                figures.at_home += given * (site == order.home)
                open_lines[product] -= given
                if open_lines[product] <= 0.0:
                    del open_lines[product]
        for product, units in open_lines.items():
            figures.lost += units * float(self.world.margin[product])

    def order_below(self, levels: MinMax, day: int) -> None:
        """Order up to the maximum, stores first: what they ask for is owed by their warehouses."""
        world, state = self.world, self.state
        for stores in (True, False):
            low = state.position < levels.minimum
            low[:, (world.parent >= 0) != stores] = False
            for product, site in np.argwhere(low).tolist():
                units = float(
                    np.ceil(levels.maximum[product, site] - state.position[product, site])
                )
                parent = int(world.parent[site])
                if parent < 0:
                    self.buy(product, site, units, day)
                else:
                    state.position[product, site] += units
                    state.position[product, parent] -= units
                    self.owed[product, parent].append((site, units))
                    self.figures.lines += WAREHOUSE_LINE
                    self.give_owed(product, parent, day)

    def order(self, orders: Orders, day: int) -> None:
        """Order what a policy says."""
        for product, site, units in orders.bought:
            self.buy(product, site, units, day)
        self.transfer(orders.pulled, day, is_pulled=True)

    def buy(self, product: int, site: int, units: float, day: int) -> None:
        self.state.position[product, site] += units
        arrives = day + self.world.supplier_days(product, day)
        self.arriving[arrives].append((product, site, units))
        self.figures.lines += SUPPLIER_LINE

    def transfer(self, wishes: Sequence[Transfer], day: int, *, is_pulled: bool = False) -> None:
        for each in wishes:
            free = float(np.floor(self.state.on_hand[each.product, each.origin]))
            units = min(each.units, free)
            if units <= 0.0 or each.origin == each.destination:
                continue
            self.state.position[each.product, each.origin] -= units
            self.state.position[each.product, each.destination] += units
            self.send(each.product, each.origin, each.destination, units, day)
            if not is_pulled:
                self.figures.transfers += 1
                self.figures.transferred_units += units
            self.figures.lines += WAREHOUSE_LINE

    def close(self) -> None:
        """End a day: shipments leave, what lies there and is on the road costs."""
        for (origin, destination), units in self.way.items():
            each = PER_UNIT + PER_UNIT_MILE * float(self.world.miles[origin, destination])
            self.figures.shipments += PER_PARCEL + units * each
        self.way.clear()
        held = self.state.on_hand.sum(axis=1) + self.between
        self.figures.unit_days += float(held.sum())
        self.figures.holding += float(held @ self.world.holding)
        self.figures.days += 1


def begin(levels: MinMax) -> Array:
    """Stock of the first day: each policy has what its own levels would have left by now.

    Between minimum and maximum each position is equally likely at a moment that nobody chose: the
    products take turns.
    """
    minimum, maximum = np.ceil(levels.minimum), np.ceil(levels.maximum)
    count = np.maximum(maximum - minimum + 1.0, 1.0)
    rows, columns = np.indices(minimum.shape)
    turn = ((rows * 7919 + columns * 104729) % 997 + 0.5) / 997.0
    return np.where(maximum > 0.0, np.minimum(minimum + np.floor(turn * count), maximum), 0.0)


def replay(
    world: World, policy: Policy, first: int, home_only: bool = False, misplaced: bool = False
) -> Figures:
    """Let a policy keep the stock from a day on to the end.

    :param first: the day
    :param home_only: customers are served by their home alone
    :param misplaced: in the beginning all of each product lies at one site, another for each
    """
    past = [order for order in world.orders if order.day < first]
    coming = [order for order in world.orders if order.day >= first]
    levels = policy.levels(world, past, first)
    stock = begin(levels)
    if misplaced:
        heap, rows = np.zeros(stock.shape), np.arange(world.products)
        heap[rows, rows % world.sites] = stock.sum(axis=1)
        stock = heap
    run = _Run(world, home_only, State(stock, stock.copy()), between=np.zeros(world.products))
    place = 0
    for day in range(first, world.days):
        if day > first and (day - first) % REPLAN_DAYS == 0:
            levels = policy.levels(world, past, day, run.state)
        run.receive(day)
        if policy.transfer_days and (day - first) % policy.transfer_days == 0:
            run.transfer(policy.transfers(world, run.state, day), day)
        while place < len(coming) and coming[place].day == day:
            run.serve(coming[place])
            past.append(coming[place])
            place += 1
        orders = policy.orders(world, run.state, day)
        if orders is None:
            run.order_below(levels, day)
        else:
            run.order(orders, day)
        run.close()
    return run.figures
