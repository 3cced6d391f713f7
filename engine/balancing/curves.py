"""Makes the steps along which units cost more and more to give, and earn less and less."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..prices.many import grouped
from .flows import EPSILON, Arcs, Curves
from .problem import Array, Booleans, Integers


def curves_of(
    most: Array,
    block: Array,
    totals: Callable[[Integers, Array], Array],
    *,
    is_rising: bool = False,
) -> Curves:
    """Make curves of steps.

    :param most: units of each curve
    :param block: units of its steps; the last one may be narrower
    :param totals: says for some curves what so many units earn or cost
    :param is_rising: whether each step costs more than the one before
    """
    counts = np.ceil(most / block - EPSILON).astype(np.int64)
    start = np.concatenate(([0], counts.cumsum()))
    value, width = np.zeros(start[-1]), np.zeros(start[-1])
    for group, size in grouped(np.maximum(counts, 1).astype(float)):
        steps = min(size, int(counts[group].max(initial=0)))
        if not steps:
            continue
        numbers = np.arange(1.0, steps + 1.0)
        amounts = np.minimum(numbers * block[group, None], most[group, None])
        sums = np.concatenate((np.zeros((len(group), 1)), totals(group, amounts)), axis=1)
        ends = np.concatenate((np.zeros((len(group), 1)), amounts), axis=1)
        widths = np.diff(ends, axis=1)
        worth = np.diff(sums, axis=1) / np.maximum(widths, EPSILON)
        there = numbers <= counts[group, None]
        places = (start[group, None] + numbers.astype(np.int64) - 1)[there]
        # Differences of sums may be a hair out of order.
        order = np.maximum.accumulate if is_rising else np.minimum.accumulate
        value[places], width[places] = order(worth, axis=1)[there], widths[there]
    return Curves(start, value, width)


def pruned(
    donors: Curves, receivers: Curves, donor_at: Integers, receiver_at: Integers, cost: Array
) -> tuple[Curves, Curves]:
    """Leave out steps that no arc can be worth."""
    first_loss, first_gain = _first(donors), _first(receivers)
    least = np.full(len(receivers), np.inf)
    np.minimum.at(least, receiver_at, first_loss[donor_at] + cost)
    dearest = np.full(len(donors), -np.inf)
    np.maximum.at(dearest, donor_at, first_gain[receiver_at] - cost)
    kept_in = receivers.value > np.repeat(least, np.diff(receivers.start)) + EPSILON
    kept_out = donors.value < np.repeat(dearest, np.diff(donors.start)) - EPSILON
    return _kept(donors, kept_out), _kept(receivers, kept_in)


def _first(curves: Curves) -> Array:
    at = np.minimum(curves.start[:-1], max(len(curves.value) - 1, 0))
    return curves.value[at]


def _kept(curves: Curves, kept: Booleans) -> Curves:
    owner = np.repeat(np.arange(len(curves)), np.diff(curves.start))
    counts = np.bincount(owner[kept], minlength=len(curves))
    start = np.concatenate(([0], counts.cumsum()))
    return Curves(start, curves.value[kept], curves.width[kept])


def most_sent_on(donors: Curves, receivers: Curves, arcs: Arcs, cost: Array) -> Array:
    """Return how many units each arc would take if it were the only one.

    No best plan sends more on it: the last unit would earn less than it costs.
    """
    most = np.zeros(len(arcs))
    active = np.arange(len(arcs))
    step = 0
    while len(active):
        out = donors.start[arcs.donor[active]] + step
        into = receivers.start[arcs.receiver[active]] + step
        there = out < donors.start[arcs.donor[active] + 1]
        there &= into < receivers.start[arcs.receiver[active] + 1]
        active, out, into = active[there], out[there], into[there]
        pays = receivers.value[into] - donors.value[out] - cost[active] > EPSILON
        active, out, into = active[pays], out[pays], into[pays]
        most[active] += np.minimum(donors.width[out], receivers.width[into])
        step += 1
    return most
