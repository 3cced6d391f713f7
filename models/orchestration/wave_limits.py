"""What the orders of a wave share besides stock, in the engine's words."""

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np

from ...engine.allocation import ceilings
from ...engine.batch import Quota, SiteCapacity
from ..inventory.allocation_book import channel_key


def get_capacities(rooms, orders):
    """Return what sites can do for all orders together, on the days for which they may be asked.

    What some of them have already is theirs, even where a site took on more than it can by now.

    :param Rooms rooms: what the sites have taken on
    :param list[BatchOrder] orders: the orders of the wave
    :rtype: tuple[SiteCapacity, ...]
    """
    capacities = []
    for site, room in rooms.rooms.items():
        count, units = room.total()
        capacities.append(
            SiteCapacity(
                site.id,
                orders=None if np.isinf(count) else max(count, _count_served(orders, site.id)),
                units=None if np.isinf(units) else max(units, _sum_up_given(orders, site.id)),
            )
        )
    return tuple(capacities)


def _count_served(orders, site_id):
    return float(
        sum(
            bool(order.current and site_id in order.current.sites and site_id not in order.joined)
            for order in orders
        )
    )


def _sum_up_given(orders, site_id):
    return sum(
        given.quantity
        for order in orders
        if order.current
        for given in order.current.assignments
        if given.site == site_id
    )


def get_joined(rooms):
    """Return the ids of the sites with a day on which they work on an order anyway.

    :rtype: dict[int, frozenset[int]]
    """
    joined = defaultdict(set)
    for (order_id, site_id), (place, _units) in rooms.held.items():
        if place is not None:
            joined[order_id].add(site_id)
    return {order_id: frozenset(site_ids) for order_id, site_ids in joined.items()}


def without_idle_room(problem):
    """Leave out what limits a single order only if it asked for more than it does.

    Orders without limits of their own are planned together much faster.

    :param SourcingProblem problem: an order
    """
    most = problem.limits.unit_capacity
    if most is None:
        return problem
    most = np.where(most >= problem.quantities.sum() - 1e-6, np.inf, most)
    most = None if np.isinf(most).all() else most
    return replace(problem, limits=replace(problem.limits, unit_capacity=most))


def with_common_steps(problems, units):
    """Count each product in the same steps in all orders: those that divide the steps of each.

    By itself an order is counted in what divides its own quantities; shared stock has to be counted
    in the same for all, be it that one wants 1.5 and another 2.

    :param list[SourcingProblem] problems: the orders by themselves
    :param dict units: the smallest quantity of a product that there is, by its id
    :rtype: list[SourcingProblem]
    """
    steps = defaultdict(int)
    for problem in problems:
        for line, step in zip(problem.lines, problem.rounding.tolist(), strict=True):
            steps[line.product] = math.gcd(steps[line.product], round(step / units[line.product]))
    alike = []
    for problem in problems:
        rounding = np.array([steps[line.product] * units[line.product] for line in problem.lines])
        is_alike = np.array_equal(rounding, problem.rounding)
        alike.append(problem if is_alike else replace(problem, rounding=rounding))
    return alike


def get_quotas(book, channels, product_ids):
    """Return what shares leave to channels, of each product that is governed.

    :param Book book: shares as they stand
    :param channels: ``oms.channel`` recordset
    :param product_ids: ids of products
    :rtype: tuple[Quota, ...]
    """
    return tuple(
        Quota(
            (channel.id, product_id, number),
            product_id,
            ceiling.sites,
            ceiling.quantity,
            frozenset([channel.id]),
        )
        for channel in channels
        for product_id in sorted(product_ids)
        if book.governs(channel.company_id.id, product_id)
        for number, ceiling in enumerate(
            ceilings(book.get_settlement(channel.company_id.id, product_id), channel_key(channel))
        )
    )
