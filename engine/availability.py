"""What can be promised of stock at a moment to come, and whom each unit is promised to.

Available to promise at a moment is the least stock that is projected from then until the end of
the horizon: more would be missing to somebody later. Among open demand, who ordered first is
promised first, whatever the date of the delivery.

Sources: A. P. Ball, C.-Y. Chen, Z.-Y. Zhao, "Available to Promise", Handbook of Quantitative Supply
Chain Analysis, 2004; the cumulative look-ahead rule of material requirements planning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Flow:
    """Goods that come (above zero) or go (below zero).

    :param at: when, in UTC.
    :param quantity: how many, in the unit of the product.
    """

    at: datetime
    quantity: float


@dataclass(frozen=True)
class Demand:
    """Somebody's open demand.

    :param key: whose it is.
    :param ordered_at: when it was ordered, in UTC.
    :param quantity: how many are open, above zero.
    """

    key: object
    ordered_at: datetime
    quantity: float


@dataclass(frozen=True)
class Cover:
    """A part of a demand with the moment from which stock or supply covers it.

    :param key: whose demand it is.
    :param quantity: how many.
    :param at: from when on; None if nothing that is known covers it, the earliest moment of all
        (:data:`ON_HAND`) if it is there already.
    """

    key: object
    quantity: float
    at: datetime | None


@dataclass(frozen=True)
class Outlook:
    """What the stock of one product at one site comes to at some moments, in their order.

    :param projected: stock that there will be, once all that flows until then has.
    :param promisable: the least of it from then to the horizon; below zero if more is promised
        already than there will be.
    """

    projected: tuple[float, ...]
    promisable: tuple[float, ...]


#: Moment of what is on hand already.
ON_HAND = datetime.min
NOISE = 1e-9


def projection(start: float, flows: Iterable[Flow]) -> list[Flow]:
    """Stock after each moment at which something comes or goes.

    :param start: stock before the first of them.
    :param flows: in any order.
    :returns: one entry per moment, in order, with the stock from then on as its quantity.
    """
    stock, points = start, []
    for flow in sorted(flows, key=lambda flow: flow.at):
        stock += flow.quantity
        if points and points[-1].at == flow.at:
            points.pop()
        points.append(Flow(flow.at, stock))
    return points


def available_to_promise(
    start: float, flows: Iterable[Flow], at: datetime, horizon: datetime
) -> float:
    """The least projected stock from a moment to the end of the horizon.

    :param start: stock now, with nothing taken off for demand that is among the flows.
    :param flows: dated supply and demand, none before now.
    :param at: the moment, in UTC.
    :param horizon: end of the horizon, in UTC; what flows later is not looked at.
    :returns: quantity; below zero if more is promised already than there will be.
    """
    then, least = start, None
    for point in projection(start, flows):
        if point.at <= at:
            then = point.quantity
        elif point.at <= horizon and (least is None or point.quantity < least):
            least = point.quantity
    return then if least is None else min(then, least)


def outlook(
    start: float, flows: Iterable[Flow], moments: Sequence[datetime], horizon: datetime
) -> Outlook:
    """Projected and promisable stock at each of some moments.

    The same as :func:`available_to_promise` for each of them, in one pass over the flows.

    :param start: stock now, with nothing taken off for demand that is among the flows.
    :param flows: dated supply and demand in any order, none before now.
    :param moments: in order, from now to the horizon, in UTC.
    :param horizon: end of the horizon, in UTC; what flows later is not looked at.
    """
    points = [point for point in projection(start, flows) if point.at <= horizon]
    projected, promisable = [], []
    index, least = len(points), None
    for moment in reversed(moments):
        while index and points[index - 1].at > moment:
            index -= 1
            quantity = points[index].quantity
            least = quantity if least is None else min(least, quantity)
        then = points[index - 1].quantity if index else start
        projected.append(then)
        promisable.append(then if least is None else min(then, least))
    return Outlook(tuple(reversed(projected)), tuple(reversed(promisable)))


def promise_in_order(
    on_hand: float, supplies: Iterable[Flow], demands: Iterable[Demand]
) -> list[Cover]:
    """Give stock and supply to open demand, first ordered, first promised.

    :param on_hand: stock now; what is missing to reach zero is made up by the first supplies.
    :param supplies: what comes, each above zero.
    :param demands: open demand, in any order; equal dates go by key order of the input.
    :returns: the parts of each demand with the moment that covers them, in order of promise.
    """
    lots = [Flow(ON_HAND, on_hand), *sorted(supplies, key=lambda flow: flow.at)]
    left, index = lots[0].quantity, 0
    covers: list[Cover] = []
    for demand in sorted(demands, key=lambda demand: demand.ordered_at):
        open_quantity = demand.quantity
        while open_quantity > NOISE:
            while left <= NOISE and index + 1 < len(lots):
                index += 1
                left += lots[index].quantity
            if left <= NOISE:
                covers.append(Cover(demand.key, open_quantity, None))
                break
            taken = min(left, open_quantity)
            covers.append(Cover(demand.key, taken, lots[index].at))
            left -= taken
            open_quantity -= taken
    return covers


def covered_at(covers: Sequence[Cover]) -> dict[object, datetime | None]:
    """The moment from which each demand is covered in whole.

    :param covers: from :func:`promise_in_order`.
    :returns: by key; None for a demand of which a part is not covered at all.
    """
    moments: dict[object, datetime | None] = {}
    for cover in covers:
        known = moments.get(cover.key, ON_HAND)
        moments[cover.key] = None if None in (known, cover.at) else max(known, cover.at)
    return moments
