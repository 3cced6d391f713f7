"""The world of the benchmark of flows: what is wanted where on which day, ways, times and costs.

All of it is the same for every policy. Money is that of the file, distances are miles along the
great circle.

- A customer's home is the nearest site. An order is served on its day from what is on hand: from
  its home if that has all of it; else greedily by the site that has most of what is still to
  send, the nearest of equals (or from the home alone, with `--serve home`). What nobody has is
  lost.
- Orders of files were sent to customers: so nobody collects and nothing comes back, unless it is
  asked for. With `--collect SHARE` such a share of the orders whose home is a store is collected
  there: nobody else may serve them. With `--returns SHARE` such a share of the lines that were
  served is back after three weeks, at the customer's nearest site, as good as new. Which ones is
  chance, the same for every policy. What returns cost besides is not counted: it is the same.
- A parcel costs 8.759, and 0.423 + 0.000541 × miles for each unit in it: the costs of the
  literature (Jasin and Sinha 2015), for parcels to customers and for shipments between sites.
  What goes the same way on the same day between sites is one shipment. So a unit that is moved
  before it is sent costs more than one sent from afar: where any site may serve, moves can spare
  parcels, but never miles.
- A warehouse is supplied by suppliers, freight paid: 14 days after the order, give or take four, by
  chance, the same for every policy. A line of an order to a supplier costs 5, of one to a
  warehouse 1: somebody must write it and put the goods away.
- A store is supplied by its nearest warehouse. What that has not it owes, first come, first served.
  Where there is no warehouse at all, stores are supplied as warehouses are.
- On the road between sites it takes a day and one more for each 500 miles begun.
- A unit costs 60 % of its price, a day on the shelf or on the road 25 % of the cost a year, and a
  lost one the other 40 % of the price. Where the file has no prices each unit's is 20.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.files import FileError, Order, ProductRow, SiteRow
from engine.balancing import Lane
from engine.geography import MILE_KM, great_circle_km

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

PER_PARCEL, PER_UNIT, PER_UNIT_MILE = 8.759, 0.423, 0.000541
SUPPLIER_DAYS, SUPPLIER_SPREAD = 14, 4
SUPPLIER_LINE, WAREHOUSE_LINE = 5.0, 1.0
MILES_A_DAY = 500.0
COST_SHARE, HOLDING_A_YEAR, PLAIN_PRICE = 0.6, 0.25, 20.0
LARGEST_LINE = 1_000_000.0
RETURN_DAYS = 21


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order: its day, its home, how far each site is, and its lines.

    :param at_home: it is collected there, so that no other site may serve it
    :param back: products that will come back
    """

    day: int
    home: int
    miles: Array
    lines: tuple[tuple[int, float], ...]
    at_home: bool = False
    back: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What happens, and what it costs.

    :param start: first day of the file; days are counted from it
    :param days: number of days in the file
    :param orders: in order of day
    :param price: money per unit, shape (P,)
    :param group: number of the group of each product, shape (P,)
    :param known: day of the first line of each product, shape (P,): nobody knows it before
    :param warehouses: positions of the warehouses
    :param parent: the warehouse that supplies each site, -1 for those that suppliers supply, (K,)
    :param miles: between sites, shape (K, K)
    :param road: days between sites, shape (K, K)
    :param lanes: ways on which goods may be moved: all but those from a store to a warehouse
    """

    start: datetime.date
    days: int
    orders: tuple[Wanted, ...]
    price: Array
    group: Ints
    known: Ints
    warehouses: Ints
    parent: Ints
    miles: Array
    road: Ints
    lanes: tuple[Lane, ...]

    @property
    def products(self) -> int:
        """Number of products."""
        return len(self.price)

    @property
    def sites(self) -> int:
        """Number of sites."""
        return len(self.parent)

    @property
    def cost(self) -> Array:
        """Money that a unit costs, shape (P,)."""
        return self.price * COST_SHARE

    @property
    def margin(self) -> Array:
        """Money that a lost unit costs, shape (P,)."""
        return self.price - self.cost

    @property
    def holding(self) -> Array:
        """Money per unit and day, shape (P,)."""
        return np.maximum(self.cost * HOLDING_A_YEAR / 365.0, 1e-6)

    def supplier_days(self, product: int, day: int) -> int:
        """Days until what is ordered from a supplier on a day is there: chance without memory."""
        drawn = _mixed(product, day) >> 11
        return SUPPLIER_DAYS - SUPPLIER_SPREAD + drawn % (2 * SUPPLIER_SPREAD + 1)


def _mixed(first: int, second: int) -> int:
    mixed = (first * 2654435761 + second * 40503 + 12345) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF


def chance(first: int, second: int) -> float:
    """A number from 0 and below 1 that is always the same for two numbers."""
    return (_mixed(first, second) >> 8) / float(1 << 24)


def supplier_variance() -> float:
    """Variance of the days that a supplier takes."""
    return ((2 * SUPPLIER_SPREAD + 1) ** 2 - 1) / 12.0


def serving_cost(miles: Array) -> Array:
    """Money per unit for so many miles, the parcel not counted."""
    return PER_UNIT + PER_UNIT_MILE * miles


def make_world(
    orders: Sequence[Order],
    products: Sequence[ProductRow],
    sites: Sequence[SiteRow],
    collect: float = 0.0,
    returns: float = 0.0,
) -> World:
    """Make the world of files that were read.

    :param collect: share of the orders of stores that only these may serve
    :param returns: share of the lines served that come back
    :raises FileError: there is nothing to replay, or a line that nobody can mean
    """
    if not orders:
        raise FileError("The file of orders holds none.")
    numbers = {product.key: number for number, product in enumerate(products)}
    groups = {name: n for n, name in enumerate(sorted({each.group for each in products}))}
    start = orders[0].date
    lat, lng = np.array([s.lat for s in sites]), np.array([s.lng for s in sites])
    far = (
        great_circle_km(
            np.array([o.lat for o in orders])[:, None],
            np.array([o.lng for o in orders])[:, None],
            lat[None],
            lng[None],
        )
        / MILE_KM
    )
    known = np.full(len(products), np.iinfo(np.int64).max)
    wanted = []
    for row, order in enumerate(orders):
        day = (order.date - start).days
        lines: dict[int, float] = {}
        for key, quantity in order.lines:
            if quantity > LARGEST_LINE:
                raise FileError(f"Order {order.key} asks for {quantity:g} units of {key}.")
            lines[numbers[key]] = lines.get(numbers[key], 0.0) + float(np.ceil(quantity))
        for number in lines:
            known[number] = min(known[number], day)
        home = int(np.argmin(far[row]))
        at_home = sites[home].kind != "warehouse" and chance(row, 1) < collect
        back = frozenset(number for number in lines if chance(row, number + 2) < returns)
        wanted.append(Wanted(day, home, far[row], tuple(lines.items()), at_home, back))
    miles = great_circle_km(lat[:, None], lng[:, None], lat[None], lng[None]) / MILE_KM
    road = 1 + np.ceil(miles / MILES_A_DAY).astype(np.int64)
    warehouses = np.flatnonzero([site.kind == "warehouse" for site in sites])
    parent = np.full(len(sites), -1, dtype=np.int64)
    if len(warehouses):
        stores = np.setdiff1d(np.arange(len(sites)), warehouses)
        parent[stores] = warehouses[np.argmin(miles[np.ix_(stores, warehouses)], axis=1)]
    prices = np.array([PLAIN_PRICE if p.price is None else max(p.price, 0.01) for p in products])
    return World(
        start,
        (orders[-1].date - start).days + 1,
        tuple(wanted),
        prices,
        np.array([groups[each.group] for each in products], dtype=np.int64),
        known,
        warehouses if len(warehouses) else np.arange(len(sites)),
        parent,
        miles,
        road,
        _lanes(parent, miles, road),
    )


def _lanes(parent: Ints, miles: Array, road: Ints) -> tuple[Lane, ...]:
    return tuple(
        Lane(
            a,
            b,
            days=float(road[a, b]),
            fixed=PER_PARCEL,
            per_unit=PER_UNIT + PER_UNIT_MILE * float(miles[a, b]),
        )
        for a in range(len(parent))
        for b in range(len(parent))
        if a != b and not parent[b] < 0 <= parent[a]
    )
