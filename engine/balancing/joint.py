"""Which lanes to use: shipments cost once, and trucks hold only so much, for all products.

Without that each product could be planned by itself (:mod:`.flows`). How good a plan could be at
best is found by pricing: what a shipment costs is charged to the units that could go with it
(each arc has a share; whatever the shares are, a plan pays at least what it would be charged:
Lagrange's relaxation of "nothing goes on a lane that is not used", one multiplier for each
product and lane), and so is room in trucks. Shares move to the arcs that are used (exponentiated
gradient, Kivinen and Warmuth 1997), prices of room by Polyak's subgradient. The plans found on
the way say which lanes are worth it; then lanes are charged what they cost per unit in the plan
before (slope scaling, Kim and Pardalos 1999), and at last single lanes are closed and opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .flows import EPSILON, Flows
from .problem import Array, Booleans, Integers, Settings
from .rooms import Rooms
from .sums import Ledger
from .ways import Ways

MOST_TRIALS = 4
"""Lanes are tried one by one until each product was planned so often, on average."""

NEARLY = 0.6
"""Only lanes are tried of which it is known that a change loses less than this share of what a
shipment costs."""

SHARE = 0.5
"""A lane is taken from a priced plan if it would be paid at least so far."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan for all products.

    :param amounts: units on each arc
    :param value: what it gains, shipments paid, hurdles not
    :param bound: what no plan gains
    :param prices: for each lane what room on it is worth
    :param missed: units on lanes that were closed because they are too few, by lane
    """

    amounts: Array
    value: float
    bound: float
    prices: Array
    missed: dict[int, float]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A plan with some lanes open; gains by product, its value after hurdles."""

    is_open: Booleans
    amounts: Array
    gains: Array
    value: float


class Joint:
    """Plans all products together.

    :param ways: on which they can go
    :param fixed: what a shipment costs on each lane, money
    :param minimum: least units of a shipment on each lane
    :param rooms: of trucks
    :param settings: rounds, and what a shipment must gain
    """

    def __init__(
        self, ways: Ways, fixed: Array, minimum: Array, rooms: Rooms, settings: Settings
    ) -> None:
        self._ways, self._rooms, self._settings = ways, rooms, settings
        self._alone = Ledger(ways).additions(np.zeros(len(ways.arcs)), np.arange(len(ways.arcs)))
        self._fixed, self._minimum = fixed, minimum
        self._hurdle = fixed + settings.least_gain
        self._n_lanes = len(fixed)
        self._flows = Flows(ways.donors, ways.receivers, ways.arcs, len(ways.products))
        self._ledger = Ledger(ways)
        self._order = np.argsort(ways.lane, kind="stable")
        self._first = np.searchsorted(ways.lane[self._order], np.arange(self._n_lanes + 1))
        self._solved = 0
        self._barred = np.zeros(self._n_lanes, dtype=bool)
        self._blocked = np.zeros(len(ways.arcs), dtype=bool)

    def run(self) -> Answer:
        """Find a good plan and a bound."""
        free = np.ones(self._n_lanes, dtype=bool)
        simple = not self._hurdle[np.unique(self._ways.lane)].any()
        amounts, gains = self._flows.solve(self._ways.cost)
        bound, prices = float(gains.sum()), np.zeros(self._n_lanes)
        amounts, gains = self._without_passing(amounts, gains)
        best = self._candidate(free, amounts, gains)
        if not (simple and best.value >= bound - EPSILON):
            best, bound, prices = self._priced(best, bound)
            if not simple:
                best = self._scaled(best)
                best = self._searched(best)
        best, missed = self._with_minimum(best)
        passing = self._passing(best.amounts)[0]
        if passing.any():
            amounts = np.where(passing, 0.0, best.amounts)
            best = self._candidate(free, amounts, self._ledger.gains(amounts))
        used = self._used(best.amounts)
        value = float(best.gains.sum() - self._fixed[used].sum())
        return Answer(best.amounts, value, max(bound, value), prices, missed)

    def _passing(self, amounts: Array) -> tuple[Booleans, Booleans]:
        """Return arcs to rows that give and get at once, and arcs from them."""
        ways, used = self._ways, amounts > EPSILON
        giving = ways.donor_rows[ways.arcs.donor[used]]
        getting = ways.receiver_rows[ways.arcs.receiver[used]]
        both = np.intersect1d(giving, getting)
        return (
            np.isin(ways.receiver_rows, both)[ways.arcs.receiver],
            np.isin(ways.donor_rows, both)[ways.arcs.donor],
        )

    def _without_passing(self, amounts: Array, gains: Array) -> tuple[Array, Array]:
        """Let nobody give and get the same goods at once: one of them, what gains more."""
        ways, everywhere = self._ways, np.ones(self._n_lanes, dtype=bool)
        for _pass in range(5):
            into, out = self._passing(amounts)
            products = np.unique(ways.arcs.product[into])
            if not len(products):
                break
            costs = self._costs(everywhere)
            first, gained = self._flows.solve(np.where(into, np.inf, costs), products=products)
            other, earned = self._flows.solve(np.where(out, np.inf, costs), products=products)
            better = gained >= earned
            on = better[ways.arcs.product]
            self._blocked |= np.where(on, into, out)
            own = self._flows.arcs_of(products)
            amounts, gains = amounts.copy(), gains.copy()
            amounts[own] = np.where(on, first, other)[own]
            gains[products] = np.maximum(gained, earned)[products]
        return amounts, gains

    # --- plans with some lanes open ---

    def _used(self, amounts: Array) -> Booleans:
        return np.bincount(self._ways.lane, amounts, self._n_lanes) > EPSILON

    def _candidate(self, is_open: Booleans, amounts: Array, gains: Array) -> _Candidate:
        """Make amounts fit into trucks, and value them."""
        if self._rooms.over(amounts).any():
            amounts = self._rooms.fitted(amounts, self._costs(is_open), self._flows, self._ledger)
            gains = self._ledger.gains(amounts)
        used = self._used(amounts)
        return _Candidate(used, amounts, gains, float(gains.sum() - self._hurdle[used].sum()))

    def _costs(self, is_open: Booleans) -> Array:
        open_arcs = (is_open & ~self._barred)[self._ways.lane] & ~self._blocked
        return np.where(open_arcs, self._ways.cost, np.inf)

    def _opened(self, is_open: Booleans) -> _Candidate:
        """Plan with some lanes open."""
        self._solved += len(self._ways.products)
        return self._candidate(is_open, *self._flows.solve(self._costs(is_open)))

    def _changed(self, base: _Candidate, is_open: Booleans) -> _Candidate:
        """Plan anew what other lanes than before concern."""
        changed = np.flatnonzero(is_open != base.is_open)
        arcs = np.concatenate([self._arcs_on(lane) for lane in changed.tolist()])
        closed = ~is_open[self._ways.lane[arcs]]
        arcs = arcs[~closed | (base.amounts[arcs] > EPSILON)]
        products = np.unique(self._ways.arcs.product[arcs])
        self._solved += len(products)
        some, gained = self._flows.solve(self._costs(is_open), products=products)
        amounts, gains = base.amounts.copy(), base.gains.copy()
        own = self._flows.arcs_of(products)
        amounts[own], gains[products] = some[own], gained[products]
        return self._candidate(is_open, amounts, gains)

    def _arcs_on(self, lane: int) -> Integers:
        return self._order[self._first[lane] : self._first[lane + 1]]

    # --- pricing ---

    def _priced(self, best: _Candidate, bound: float) -> tuple[_Candidate, float, Array]:
        """Improve the bound, and find plans on the way."""
        ways, rounds = self._ways, self._settings.dual_rounds
        most = np.maximum(ways.most, EPSILON)
        shares = self._balanced(self._alone)
        total, weight = np.zeros(len(shares)), 0
        room_prices = self._rooms.no_prices()
        best_prices = room_prices
        paid = np.zeros(self._n_lanes)
        for number in range(rounds):
            if number >= rounds // 3:
                total, weight = total + shares, weight + 1
            if number == rounds - 1:  # what was tried is better on average
                shares = self._balanced(total / weight)
            costs = ways.cost + shares / most + self._rooms.charged(room_prices)
            amounts, gains = self._flows.solve(costs)
            found = float(gains.sum()) + self._rooms.rent(room_prices)
            if found < bound:
                bound, best_prices = found, room_prices
            part = amounts / most
            # A lane is paid as far as its arcs pay their shares.
            paid = np.bincount(ways.lane, shares * part, self._n_lanes)
            if number in (0, rounds // 2, rounds - 1):
                wanted = self._used(amounts) & (paid >= SHARE * self._fixed)
                best = max(best, self._opened(wanted), key=lambda each: each.value)
            shares = self._moved(shares, part, 2.0 / (1.0 + number) ** 0.5)
            room_prices = self._rooms.moved(room_prices, amounts, found, best.value)
        return best, bound, self._rooms.by_lane(best_prices)

    def _moved(self, shares: Array, part: Array, rate: float) -> Array:
        """Move shares to arcs that are used."""
        lane = self._ways.lane
        count = np.maximum(np.bincount(lane, minlength=self._n_lanes), 1)
        return self._balanced(shares * np.exp(rate * part) + 1e-6 * (self._fixed / count)[lane])

    def _balanced(self, weights: Array) -> Array:
        """Share what lanes cost by weights."""
        lane = self._ways.lane
        total = np.bincount(lane, weights, self._n_lanes)
        return weights * (self._fixed / np.maximum(total, 1e-300))[lane]

    def _scaled(self, best: _Candidate) -> _Candidate:
        """Charge lanes what they cost per unit in the plan before."""
        ways = self._ways
        reach = np.bincount(ways.lane, ways.most, self._n_lanes)
        slope = self._hurdle / np.maximum(reach, EPSILON)
        for _round in range(max(self._settings.search_rounds, 1) * 2):
            costs = ways.cost + slope[ways.lane]
            costs = np.where(np.isfinite(self._costs(~self._barred)), costs, np.inf)
            amounts, _gains = self._flows.solve(costs)
            units = np.bincount(ways.lane, amounts, self._n_lanes)
            slope = np.where(units > EPSILON, self._hurdle / np.maximum(units, EPSILON), slope)
            best = max(best, self._opened(units > EPSILON), key=lambda each: each.value)
        return best

    # --- search ---

    def _searched(self, best: _Candidate) -> _Candidate:
        """Close and open lanes as long as it helps."""
        most = MOST_TRIALS * len(self._ways.products) * self._settings.search_rounds + 2_000
        self._solved = 0
        for _round in range(self._settings.search_rounds):
            before = best.value
            best = self._repeated(best, self._surplus_of_closing, closing=True)
            best = self._repeated(best, self._surplus_of_opening, closing=False)
            best = self._repeated(best, self._surplus_of_closing, closing=True)
            best = self._tried(best, most)
            if best.value <= before + EPSILON:
                break
        return best

    def _surplus_of_closing(self, plan: _Candidate) -> Array:
        """At least so much is gained if a lane is closed; minus infinity where it is not open."""
        lost = np.bincount(self._ways.lane, self._ledger.losses(plan.amounts), self._n_lanes)
        return np.where(plan.is_open, self._hurdle - lost, -np.inf)

    def _surplus_of_opening(self, plan: _Candidate) -> Array:
        """At least so much is gained if a lane is opened, where trucks have room."""
        usable = ~(plan.is_open | self._barred)
        arcs = np.flatnonzero(usable[self._ways.lane] & ~self._blocked)
        gained = self._ledger.additions(plan.amounts, arcs)
        total = np.bincount(self._ways.lane[arcs], gained, self._n_lanes)
        return np.where(usable, total - self._hurdle, -np.inf)

    def _repeated(
        self, best: _Candidate, surplus: Callable[[_Candidate], Array], *, closing: bool
    ) -> _Candidate:
        """Close or open the lanes for which it surely pays, some at a time."""
        portion = 0.5
        for _step in range(40):
            rises = surplus(best)
            chosen = np.flatnonzero(rises > EPSILON)
            if not len(chosen):
                break
            chosen = chosen[np.argsort(-rises[chosen], kind="stable")]
            chosen = chosen[: max(int(portion * len(chosen)), 1)]
            is_open = best.is_open.copy()
            is_open[chosen] = not closing
            found = self._changed(best, is_open)
            if found.value > best.value + EPSILON:
                best = found
            elif len(chosen) == 1:
                break
            else:
                portion *= 0.3
        return best

    def _tried(self, best: _Candidate, most: int) -> _Candidate:
        """Close or open single lanes, those first for which it nearly pays."""
        closing, opening = self._surplus_of_closing(best), self._surplus_of_opening(best)
        rises = np.where(best.is_open, closing, opening) / np.maximum(self._hurdle, EPSILON)
        hopeful = (np.diff(self._first) > 0) & (self._hurdle > 0.0) & (rises > -NEARLY)
        order = np.argsort(-rises, kind="stable")
        for lane in order[hopeful[order]].tolist():
            if self._solved > most:
                break
            if self._barred[lane]:
                continue
            is_open = best.is_open.copy()
            is_open[lane] = not is_open[lane]
            found = self._changed(best, is_open)
            if found.value > best.value + EPSILON:
                best = found
        return best

    def _with_minimum(self, best: _Candidate) -> tuple[_Candidate, dict[int, float]]:
        """Close lanes on which too little goes, the emptiest first."""
        missed: dict[int, float] = {}
        while True:
            units = np.bincount(self._ways.lane, best.amounts, self._n_lanes)
            short = np.flatnonzero((units > EPSILON) & (units < self._minimum - EPSILON))
            if not len(short):
                return best, missed
            short = short[np.argsort(units[short] / self._minimum[short], kind="stable")]
            short = short[: max(len(short) // 3, 1)]
            missed.update({lane: float(units[lane]) for lane in short.tolist()})
            self._barred[short] = True
            is_open = best.is_open.copy()
            is_open[short] = False
            best = self._changed(best, is_open)
            if self._hurdle.any():
                best = self._repeated(best, self._surplus_of_closing, closing=True)
