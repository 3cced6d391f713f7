"""How much to order at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Break:
    """A price from a quantity on, for all units of the order.

    :param quantity: units from which it holds
    :param price: money per unit
    """

    quantity: float
    price: float


@dataclass(frozen=True, slots=True)
class Lot:
    """A quantity to order again and again.

    :param quantity: units
    :param price: money per unit
    :param buying: money per day for the goods
    :param ordering: money per day for orders
    :param holding: money per day for what lies until it is wanted
    """

    quantity: float
    price: float
    buying: float
    ordering: float
    holding: float

    @property
    def cost(self) -> float:
        """All together, money per day."""
        return self.buying + self.ordering + self.holding


def lot_of(
    rate: float, order_cost: float, breaks: tuple[Break, ...], holding: float, quantity: float
) -> Lot:
    """Say what ordering so many units at a time costs.

    :param rate: units wanted per day
    :param order_cost: money per order
    :param breaks: prices; below the first quantity the first price holds
    :param holding: share of the price that a unit costs per day
    :param quantity: units
    """
    fitting = [each for each in breaks if each.quantity <= quantity + TINY]
    price = (max(fitting, key=lambda each: each.quantity) if fitting else breaks[0]).price
    orders = rate / quantity
    return Lot(quantity, price, rate * price, order_cost * orders, holding * price * quantity / 2)


def best_lot(
    rate: float,
    order_cost: float,
    breaks: tuple[Break, ...],
    holding: float,
    *,
    pack: float = 1.0,
    least: float = 0.0,
    most: float = float("inf"),
) -> Lot | None:
    """Find the lot that costs least per day, with prices that fall by quantity.

    Between two breaks the cost is convex, so that the economic lot there (Harris 1913), rounded to
    packs and cut to where the price holds, is the best of it (Hadley and Whitin 1963, chapter 2).

    :param rate: units wanted per day
    :param order_cost: money per order
    :param breaks: prices by quantity
    :param holding: share of the price that a unit costs per day
    :param pack: units are ordered in multiples of it
    :param least: units that must be ordered
    :param most: units that can be ordered; the least number of packs is never too many
    :return: the best; none if nothing is wanted or nobody says a price
    """
    if not breaks or rate <= 0.0:
        return None
    lowest = max(np.ceil(least / pack - TINY), 1.0)
    highest = max(np.floor(most / pack + TINY), lowest)
    ordered = sorted(breaks, key=lambda each: each.quantity)
    candidates = {lowest}
    for place, each in enumerate(ordered):
        begin = max(lowest, np.ceil(each.quantity / pack - TINY)) if place else lowest
        end = highest
        if place + 1 < len(ordered):
            end = min(end, np.ceil(ordered[place + 1].quantity / pack - TINY) - 1.0)
        if begin > end:
            continue
        charge = holding * each.price
        economic = np.sqrt(2.0 * order_cost * rate / charge) / pack if charge > 0.0 else end
        economic = min(economic, 1e9)
        for packs in (np.floor(economic), np.ceil(economic)):
            candidates.add(min(max(packs, begin), end))
    lots = [
        lot_of(rate, order_cost, breaks, holding, float(packs) * pack)
        for packs in sorted(candidates)
        if np.isfinite(packs)
    ]
    return min(lots, key=lambda lot: (lot.cost, lot.quantity))


def wagner_whitin(demand: Array, order_cost: float, holding: float) -> Array:
    """Find the orders that cost least when demand changes over time (Wagner and Whitin 1958).

    :param demand: units wanted in each period, shape (periods,); all must be there on time
    :param order_cost: money per order
    :param holding: money per unit that lies from one period to the next
    :return: units to have in each period, shape (periods,)
    """
    periods = len(demand)
    best = np.full(periods + 1, np.inf)
    best[0] = 0.0
    first = np.zeros(periods + 1, dtype=np.int64)
    for end in range(1, periods + 1):
        begin = np.arange(end)
        waited = np.array(
            [float(demand[start:end] @ np.arange(end - start)) for start in begin.tolist()]
        )
        wanted = np.array([demand[start:end].sum() for start in begin.tolist()])
        costs = best[:end] + np.where(wanted > 0.0, order_cost, 0.0) + holding * waited
        first[end] = int(costs.argmin())
        best[end] = costs[first[end]]
    orders = np.zeros(periods)
    end = periods
    while end:
        orders[first[end]] = demand[first[end] : end].sum()
        end = int(first[end])
    return orders


def silver_meal(demand: Array, order_cost: float, holding: float) -> Array:
    """Find good orders by looking only as far as the cost per period falls (Silver, Meal 1973).

    Unlike the best orders these do not change when more of the future becomes known.

    :param demand: units wanted in each period
    :param order_cost: money per order
    :param holding: money per unit that lies from one period to the next
    :return: units to have in each period
    """
    orders = np.zeros(len(demand))
    start = 0
    while start < len(demand):
        if demand[start] <= 0.0:
            start += 1
            continue
        cost, periods = order_cost, 1
        while start + periods < len(demand):
            more = cost + holding * periods * float(demand[start + periods])
            if more / (periods + 1) > cost / periods + TINY:
                break
            cost, periods = more, periods + 1
        orders[start] = demand[start : start + periods].sum()
        start += periods
    return orders
