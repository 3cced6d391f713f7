"""What sites get from warehouses: all they want, or where it is short, where it is worth most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..balancing.curves import curves_of
from ..balancing.flows import EPSILON, Arcs, Curves, Flows
from ..balancing.problem import Array, Integers
from ..balancing.sums import Sums
from ..balancing.tidy import Tidy
from ..balancing.values import Values
from ..balancing.ways import Charges

MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Pulled:
    """What goes on lanes, columns of shape (pulls,).

    :param giver: row of the warehouse
    :param getter: row of the site
    :param lane: position of the lane
    :param units: that go
    :param value: what they earn at the site, money
    :param last_value: what the last of all units that come there earns
    :param cost: of the way, money
    """

    giver: Integers
    getter: Integers
    lane: Integers
    units: Array
    value: Array
    last_value: Array
    cost: Array


def pull(
    tidy: Tidy, values: Values, charges: Charges, wanted: Array, giveable: Array, here: Array
) -> Pulled:
    """Share what warehouses have among those who want it.

    First as much as possible is given, then it is given where the units are worth most, after
    the way: the marginal value decides, not who asked first.

    :param tidy: stock and lanes
    :param values: of the stock
    :param charges: of the lanes
    :param wanted: units that rows want, multiples of their packs
    :param giveable: units that rows can give
    :param here: units on hand of rows, less promised ones
    """
    giver, getter, lane = _arcs(tidy, charges, wanted, giveable)
    if not len(giver):
        none, zero = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Pulled(none, none, none, zero, zero, zero, zero)
    rows = tidy.rows
    products, number = np.unique(rows.product[getter], return_inverse=True)
    donors, donor_at = np.unique(giver, return_inverse=True)
    receivers, receiver_at = np.unique(getter, return_inverse=True)
    days = np.full(len(receivers), np.inf)
    np.minimum.at(days, receiver_at, charges.days[lane])
    pack = tidy.items.pack[rows.product[receivers]]

    def earned(some: Integers, amounts: Array) -> Array:
        chosen = receivers[some]
        return values.arrive(chosen, days[some], amounts, here[chosen])

    block = np.maximum(np.ceil(wanted[receivers] / pack / MOST_STEPS), 1.0) * pack
    worth = curves_of(wanted[receivers], block, earned)
    cost = np.sum(list(charges.of(rows.product[getter], lane).values()), axis=0)
    # So much for each unit that is given at all, that nothing is left while somebody wants it.
    bonus = 2.0 * float(np.abs(worth.value).max() + cost.max() + 1.0)
    arcs = Arcs(number, donor_at, receiver_at)
    givers = Curves(np.arange(len(donors) + 1), np.zeros(len(donors)), giveable[donors])
    takers = Curves(worth.start, worth.value + bonus, worth.width)
    amounts, _gains = Flows(givers, takers, arcs, len(products)).solve(cost)
    used = np.flatnonzero(amounts > EPSILON)
    into = np.bincount(receiver_at, amounts, len(receivers))
    everyone = np.arange(len(receivers))
    totals = Sums(worth).total(everyone, into)
    before = Sums(worth).total(everyone, np.maximum(into - pack, 0.0))
    at = receiver_at[used]
    return Pulled(
        giver[used],
        getter[used],
        lane[used],
        amounts[used],
        totals[at] / np.maximum(into[at], EPSILON) * amounts[used],
        (totals - before)[at],
        cost[used] * amounts[used],
    )


def _arcs(
    tidy: Tidy, charges: Charges, wanted: Array, giveable: Array
) -> tuple[Integers, Integers, Integers]:
    """Return giving rows, getting rows and lanes, sorted by product."""
    rows = tidy.rows
    n_sites = int(max(rows.site.max(initial=0), charges.destination.max(initial=0))) + 1
    n_sites = max(n_sites, int(charges.origin.max(initial=0)) + 1)
    keys = rows.product * n_sites + rows.site
    found = []
    by_site = [np.flatnonzero((rows.site == site) & (wanted > 0.0)) for site in range(n_sites)]
    for lane in np.flatnonzero(charges.allowed).tolist():
        getters = by_site[int(charges.destination[lane])]
        sought = rows.product[getters] * n_sites + int(charges.origin[lane])
        place = np.minimum(np.searchsorted(keys, sought), max(len(keys) - 1, 0))
        there = keys[place] == sought if len(keys) else np.zeros(0, dtype=bool)
        there = there & (giveable[place] > 0.0) if len(keys) else there
        found.append((place[there], getters[there], np.full(int(there.sum()), lane)))
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none
    giver, getter, lane = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.lexsort((lane, getter, rows.product[getter]))
    return giver[order], getter[order], lane[order]
