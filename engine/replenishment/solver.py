"""Decides what to pull and what to buy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .. import balancing
from ..balancing.problem import Array, Integers
from ..balancing.tidy import Tidy, tidied
from ..balancing.values import Values
from ..balancing.ways import charges_of
from .offers import Need
from .ordering import Buyer
from .plan import Note, Plan, Pull, Reason
from .problem import Problem
from .pulling import Pulled, pull

TINY = 1e-9


def replenish(problem: Problem) -> Plan:
    """Decide what sites pull from warehouses, and what is bought of whom.

    What is at or below its order point is filled up. Sites on whose lanes a warehouse delivers
    pull; where that has too little, it gives to those where the units are worth most, and what
    it owes is bought for it. All others buy for themselves. The supplier is that at whom going
    on like this costs least per day; what orders cost once is shared by their lines, and what
    would be ordered soon may join; an order below a supplier's minimum is extended, waits, or
    goes to others, whichever costs least.

    :param problem: what there is
    :return: the plan, with notes of what was wrong
    """
    return _Planner(problem).run()


class _Planner:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        settings = balancing.Settings(
            horizon_days=problem.settings.horizon_days,
            interest=problem.settings.interest,
            holding=problem.settings.holding,
            carbon_price=problem.settings.carbon_price,
        )
        # Whatever has no price is worth what it costs: it is replenished all the same.
        goods = tuple(
            replace(each, price=each.cost)
            if not each.price > 0.0 and each.cost is not None and each.cost > 0.0
            else each
            for each in problem.goods
        )
        # What is pulled is itself what comes anyway.
        stocks = replace(problem.stocks, order_point=None, lead_days=None)
        self._as_balancing = balancing.Problem(problem.network, goods, stocks, settings)
        self._tidy: Tidy = tidied(self._as_balancing)
        self._values = Values(self._tidy.rows, self._tidy.items, settings)
        self._charges = charges_of(self._tidy, problem.network, settings)
        rows = self._tidy.rows
        self._here = rows.stock - rows.reserved
        self._held = self._here + rows.incoming
        self._point = np.asarray(problem.order_point, dtype=float)[rows.origin]
        self._up_to = np.asarray(problem.order_up_to, dtype=float)[rows.origin]
        self._is_warehouse = np.array(
            [site.kind == "warehouse" for site in problem.network.sites], dtype=bool
        )[rows.site]

    def run(self) -> Plan:
        rows = self._tidy.rows
        pack = self._tidy.items.pack[rows.product]
        wanted = self._wanted(self._held, pack)
        sources = self._sources()
        giveable = np.floor((self._here - rows.minimum) / pack + TINY) * pack
        giveable = np.where(self._is_warehouse & rows.donor_ok, np.maximum(giveable, 0.0), -1.0)
        asked = np.where(sources >= 0, wanted, 0.0)
        pulled = pull(self._tidy, self._values, self._charges, asked, giveable, self._here)
        got = np.bincount(pulled.getter, pulled.units, len(wanted))
        given = np.bincount(pulled.giver, pulled.units, len(wanted))
        short = np.maximum(asked - got, 0.0)
        lacking = np.flatnonzero(short > TINY)
        owed = np.bincount(sources[lacking], short[lacking], len(wanted))
        buyer = Buyer(self._problem)
        notes = self._short_notes(short)
        urgent, later = self._needs(buyer, sources, given, owed, short)
        orders = buyer.orders(urgent, later)
        days = np.full(len(self._problem.stocks.product), np.inf)
        days[rows.origin] = self._days_left(self._held, rows.rate)
        return Plan(
            tuple(self._pulls(pulled, asked, got)),
            tuple(orders),
            tuple(days.tolist()),
            (*self._tidy.notes, *buyer.notes, *notes),
        )

    def _gap(self, held: Array) -> Array:
        """Units that fill rows up which are at their order point, as far as they fit."""
        due = (held <= self._point + TINY) & self._tidy.rows.receiver_ok
        gap = np.where(due, np.maximum(self._up_to, self._point) - held, 0.0)
        room = np.maximum(self._tidy.rows.capacity - held, 0.0)
        return np.minimum(np.maximum(np.nan_to_num(gap), 0.0), room)

    def _wanted(self, held: Array, pack: Array) -> Array:
        """The same in whole packs: one more than what is missing, if it fits."""
        room = np.minimum(self._tidy.rows.capacity - held, 1e12)
        packs = np.ceil(self._gap(held) / pack - TINY)
        return np.maximum(np.minimum(packs, np.floor(room / pack + TINY)), 0.0) * pack

    def _sources(self) -> Integers:
        """Return for each row the row of the warehouse from which it pulls at least cost, or -1."""
        rows, charges = self._tidy.rows, self._charges
        n_sites = len(self._problem.network.sites)
        keys = (rows.product * n_sites + rows.site).tolist()
        central = np.flatnonzero(self._is_warehouse).tolist()
        row_of = {keys[row]: row for row in central}
        found = np.full(len(keys), -1)
        best = np.full(len(keys), np.inf)
        sites = {int(rows.site[row]) for row in central}
        for lane in np.flatnonzero(charges.allowed).tolist():
            if int(charges.origin[lane]) not in sites:
                continue
            getters = np.flatnonzero(rows.site == charges.destination[lane])
            products = rows.product[getters]
            costs = np.sum(
                list(charges.of(products, np.full(len(products), lane)).values()), axis=0
            )
            origin = int(charges.origin[lane])
            givers = np.array(
                [row_of.get(product * n_sites + origin, -1) for product in products.tolist()],
                dtype=np.int64,
            )
            better = (givers >= 0) & (costs < best[getters] - TINY)
            found[getters[better]], best[getters[better]] = givers[better], costs[better]
        return found

    def _days_left(self, held: Array, rate: Array) -> Array:
        """Days until order points are reached; infinite where they never are."""
        above = np.maximum(held - self._point, 0.0)
        days = np.where(rate > TINY, above / np.maximum(rate, TINY), np.inf)
        days = np.where(above <= TINY, 0.0, days)
        return np.where(np.isnan(self._point), np.inf, days)

    def _needs(
        self, buyer: Buyer, sources: Integers, given: Array, owed: Array, short: Array
    ) -> tuple[list[tuple[Need, Reason]], list[tuple[Need, float]]]:
        """What is bought now, and what could be with its days left.

        :param sources: rows of warehouses from which rows pull
        :param given: units that rows give
        :param owed: units that rows could not give
        :param short: units that rows did not get
        """
        rate, variance = self._drawn(sources)
        held = self._held - given - owed
        wanted = self._gap(held)
        # A warehouse without a level buys what it owes.
        unmanaged = np.isnan(self._point) & (owed > 0.0)
        wanted = np.where(unmanaged, np.maximum(-held, 0.0), wanted)
        days = self._days_left(held, rate)
        urgent: list[tuple[Need, Reason]] = []
        later: list[tuple[Need, float]] = []
        for row in np.flatnonzero((wanted > TINY) | (short > TINY) | (days < np.inf)).tolist():
            quantity, position = float(wanted[row]), float(held[row])
            if sources[row] >= 0 and owed[row] <= 0.0:
                # It pulls; what its warehouse cannot buy for it, it buys for itself.
                if short[row] <= TINY or self._is_supplied(buyer, int(sources[row])):
                    continue
                quantity, position = float(short[row]), float(self._up_to[row] - short[row])
            need = self._need(row, position, quantity, float(rate[row]), float(variance[row]))
            if quantity > TINY:
                urgent.append((need, "backlog" if owed[row] > 0.0 else "point"))
            elif days[row] > 0.0 and self._up_to[row] > position + TINY:
                missing = float(self._up_to[row]) - position
                later.append((replace(need, wanted=missing), float(days[row])))
        return urgent, later

    def _is_supplied(self, buyer: Buyer, row: int) -> bool:
        rows = self._tidy.rows
        return buyer.supplies(int(rows.product[row]), int(rows.site[row]))

    def _need(self, row: int, held: float, wanted: float, rate: float, variance: float) -> Need:
        rows = self._tidy.rows
        return Need(
            row=int(rows.origin[row]),
            product=int(rows.product[row]),
            site=int(rows.site[row]),
            held=held,
            wanted=wanted,
            rate=rate,
            variance=variance,
            capacity=float(rows.capacity[row]),
            earns=float(self._tidy.items.price[rows.product[row]]),
        )

    def _drawn(self, sources: Integers) -> tuple[Array, Array]:
        """Units that are wanted of rows per day, by those who pull from them, too."""
        rows = self._tidy.rows
        pulling = np.flatnonzero(sources >= 0)
        central, count = sources[pulling], len(sources)
        return (
            rows.rate + np.bincount(central, rows.rate[pulling], count),
            rows.variance + np.bincount(central, rows.variance[pulling], count),
        )

    def _short_notes(self, short: Array) -> list[Note]:
        rows = self._tidy.rows
        return [
            Note("short", int(rows.product[row]), int(rows.site[row]), number=float(short[row]))
            for row in np.flatnonzero(short > TINY).tolist()
        ]

    def _pulls(self, pulled: Pulled, asked: Array, got: Array) -> list[Pull]:
        rows, charges = self._tidy.rows, self._charges
        found = []
        for place in np.lexsort((pulled.getter, pulled.lane)).tolist():
            getter, lane = int(pulled.getter[place]), int(pulled.lane[place])
            found.append(
                Pull(
                    product=int(rows.product[getter]),
                    lane=lane,
                    origin=int(charges.origin[lane]),
                    destination=int(charges.destination[lane]),
                    quantity=float(pulled.units[place]),
                    wanted=float(asked[getter]),
                    held=float(self._held[getter]),
                    order_point=float(self._point[getter]),
                    value=float(pulled.value[place]),
                    cost=float(pulled.cost[place]),
                    last_value=float(pulled.last_value[place]),
                    is_short=bool(got[getter] < asked[getter] - TINY),
                )
            )
        return found
