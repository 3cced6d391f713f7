"""A problem with limits as bounds see it: limits that couple several lines are relaxed.

Lines that ship from one site each, alone or together, become one item of one step, which a site
has or has not. All bounds of the search without limits then hold.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bounds import Crowd, Region, relax
from .limited_cover import sums_of_sets
from .problem import Array
from .reduction import Core
from .rules import Rules

PRICE_CHANGES = 10
"""How often the price of a budget is changed."""

PRICE_ROUNDS = 8
"""Steps of the relaxation by which a price is judged."""

TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One of the two worlds: with everything filled, or with the penalty of missing paid.

    :param rules: the problem
    :param missing: whether anything may be missing
    :param core: k items by n sites, and missing
    :param lines: the lines of each item
    :param atomic: shape (k,): items that one site serves or nobody
    :param offset: what every plan costs beyond what the core knows, negative: budgets that have
        been given a price
    :param unit: shape (L, n): cost per step, with these prices
    :param sure: the part of the offset that does not come from prices: steps that are missing in
        any plan, as far as the penalty of a step has been lowered
    """

    rules: Rules
    missing: bool
    core: Core
    lines: tuple[tuple[int, ...], ...]
    atomic: NDArray[np.bool_]
    offset: float
    unit: Array
    sure: float = 0.0

    @classmethod
    def of(
        cls, rules: Rules, *, missing: bool, prices: Array | None = None, sure: float = 0.0
    ) -> View:
        """Look at a problem.

        :param prices: shape (B,): a price for each budget, by which keeping to it is relaxed
        :param sure: what every plan costs beyond what the rules know
        """
        prices = np.zeros(len(rules.caps)) if prices is None else prices
        fixed, unit, offset = rules.core.fixed, rules.unit, sure
        for price, cap in zip(prices.tolist(), rules.caps, strict=True):
            if price:
                fixed = fixed + price * np.append(cap.per_parcel, 0.0)
                unit = unit + price * cap.per_step
                offset -= price * cap.limit
        items = _items(rules)
        n = rules.core.n_sites
        demand, supply = np.ones(len(items)), np.zeros((len(items), n + 1))
        costs = np.zeros((len(items), n + 1))
        atomic = np.array([rules.most_per_line[rows[0]] == 1 for rows in items], dtype=bool)
        for item, rows in enumerate(items):
            if atomic[item]:
                able, cost = _at_one_site(rules, list(rows), unit, missing=missing)
                supply[item, :n], costs[item, :n] = able, cost
                costs[item, n] = rules.demand[list(rows)] @ rules.penalty[list(rows)]
                supply[item, n] = 1.0
            else:
                (row,) = rows
                demand[item] = supply[item, n] = rules.demand[row]
                supply[item, :n], costs[item, :n] = rules.supply[row], unit[row]
                costs[item, n] = rules.penalty[row]
        core = dataclasses.replace(
            rules.core, items=items, demand=demand, supply=supply, unit=costs, fixed=fixed
        )
        return cls(rules, missing, core, items, atomic, offset, unit, sure)

    @classmethod
    def with_missing(cls, rules: Rules, steps: float) -> View:
        """Look at the world in which so many steps at least are missing.

        What these cost is paid for sure, so that only what more is missing has to be weighed: for
        that a penalty will do that is above all other costs, however high it really is.
        """
        dear = float(rules.unit.max(initial=0.0) + rules.core.fixed.max(initial=0.0))
        spare = max(float(rules.penalty.min(initial=np.inf)) - 2.0 * dear, 0.0)
        if not steps or not 0.0 < spare < np.inf:
            return cls.of(rules, missing=True)
        lower = dataclasses.replace(rules, penalty=rules.penalty - spare)
        return cls.of(lower, missing=True, sure=spare * steps)

    def priced(self, prices: Array) -> View:
        """The same, with prices of the budgets, shape (B,)."""
        return View.of(self.rules, missing=self.missing, prices=prices, sure=self.sure)

    @property
    def can_fill(self) -> bool:
        """Whether every item could be served in this world."""
        if self.missing:
            return not self.rules.whole_order
        return bool((self.core.supply[:, :-1].sum(axis=1) >= self.core.demand).all())

    def first_prices(self, given: Array | None) -> Array:
        """About what a step of each item costs, its share of parcels included, shape (k,).

        :param given: shape (L, n): a good plan, if there is one
        """
        core, rules = self.core, self.rules
        if given is None or not given.any():
            unit = np.where(core.supply[:, :-1] > 0.0, core.unit[:, :-1], np.inf)
            least = np.minimum(unit.min(axis=1, initial=np.inf), core.unit[:, -1])
            parcel = core.fixed[:-1].min(initial=0.0)
            return np.minimum(least + parcel / core.demand, core.unit[:, -1] * 2.0 + 1e-9)
        share = given / rules.demand[:, None]
        total = share.sum(axis=0)
        parcels = np.zeros(core.n_sites)
        np.divide(core.fixed[:-1], total, out=parcels, where=total > 0.0)
        missed = rules.demand - given.sum(axis=1)
        cost = (given * self.unit + share * parcels).sum(axis=1) + missed * rules.penalty
        return np.array([cost[list(rows)].sum() for rows in self.lines]) / core.demand

    def crowd(self, region: Region) -> Crowd | None:
        """The sites of a region whose capacity is less than what they have."""
        if np.isinf(self.rules.capacity).all():
            return None
        n_sites = len(region.facilities) - bool(self.missing)
        sites = region.facilities[:n_sites]
        sizes = np.zeros((len(self.lines), n_sites))
        for item, rows in enumerate(self.lines):
            if len(rows) > 1:
                continue  # Which of its lines a site would leave out is not looked at.
            (row,) = rows
            sizes[item] = self.rules.step[row]
            if self.atomic[item]:
                # One step of the item is all that the site gives to the line.
                sizes[item] *= self._given_alone(row, sites)
        room = self.rules.capacity[sites]
        tight = np.flatnonzero((region.supply[:, :n_sites] * sizes).sum(axis=0) > room)
        if not len(tight):
            return None
        ceiling = np.full(len(self.lines), np.inf)
        if self.missing:
            ceiling = self.core.unit[:, -1]
        return Crowd(tight, sizes[:, tight], room[tight], ceiling)

    def _given_alone(self, row: int, sites: NDArray[np.intp]) -> Array:
        """What sites give to a line that only one of them may serve, as far as that pays."""
        given = self.rules.supply[row, sites]
        if not self.missing:
            return given
        return np.where(self.unit[row, sites] < self.rules.penalty[row], given, 0.0)

    def together(self, sites: NDArray[np.intp]) -> Array | None:
        """What it costs beyond its items that a site serves some set of them, ``inf`` if it cannot.

        :param sites: shape (m,)
        :return: shape (2^k, m); None if that is nothing
        """
        rules = self.rules
        supply = rules.supply[:, sites]
        extra: Array | None = None
        if not self.atomic.any() and rules.min_value <= 0.0:
            return None
        capacity = rules.capacity[sites]
        if (rules.step @ supply > capacity).any():
            tight = np.flatnonzero(rules.step @ supply > capacity)
            beyond = self._beyond(sites[tight], supply[:, tight], capacity[tight])
            extra = np.zeros((len(beyond), len(sites)))
            extra[:, tight] = beyond
        if rules.min_value > 0.0:
            worth = np.array([rules.worth[list(rows)] @ supply[list(rows)] for rows in self.lines])
            loose = worth[~self.atomic].sum(axis=0)
            worth[~self.atomic] = 0.0
            poor = sums_of_sets(loose, worth) < rules.least
            if not self.missing:
                # One site that serves everything may be of little worth.
                poor[-1] = False
            if poor.any():
                extra = np.zeros(poor.shape) if extra is None else extra
                extra[poor] = np.inf
        return extra

    def _beyond(self, sites: NDArray[np.intp], supply: Array, capacity: Array) -> Array:
        """What serving a set of items costs beyond a site's capacity for them, at least."""
        rules, n_sites = self.rules, len(sites)
        units = np.zeros((len(self.lines), n_sites))
        regret = np.full((len(self.lines), n_sites), np.inf)
        for item in np.flatnonzero(self.atomic).tolist():
            rows = list(self.lines[item])
            loss = rules.penalty[rows][:, None] - self.unit[rows][:, sites]
            served = np.where(loss > 0.0, supply[rows], 0.0) if self.missing else supply[rows]
            units[item] = rules.step[rows] @ served
            each = np.where(loss > 0.0, loss, np.inf) / rules.step[rows][:, None]
            regret[item] = each.min(axis=0)
        over = sums_of_sets(-capacity, units)
        beyond = over > TINY
        if not self.missing:
            return np.where(beyond, np.inf, 0.0)
        least = np.full(over.shape, np.inf)
        for item, row in enumerate(regret):
            size = 1 << item
            np.minimum(least[:size], row, out=least[size : 2 * size])
        return np.multiply(over, least, out=np.zeros(over.shape), where=beyond)


def budget_prices(
    view: View, region: Region, given: Array | None, target: float, most: int
) -> Array:
    """Prices of the budgets that raise a region's bound, found one after the other, shape (B,).

    :param view: the problem, the budgets not priced
    :param given: shape (L, n): a good plan, if there is one
    :param target: how high the bound is worth being raised
    :param most: how many further sites may be opened
    """
    rules = view.rules
    opened, closed = np.zeros((2, view.core.n_sites + 1), dtype=bool)
    closed[:] = True
    closed[region.facilities] = False
    opened[region.facilities[region.opened]] = True

    def bound(trial: Array) -> float:
        priced = view.priced(trial)
        part = Region.of(priced.core, opened, closed)
        start, goal = priced.first_prices(given), target - priced.offset
        relaxed = relax(part, start, goal, PRICE_ROUNDS, most, priced.crowd(part))
        return relaxed.bound + priced.offset

    prices = np.zeros(len(rules.caps))
    best = bound(prices)
    for number, cap in enumerate(rules.caps):
        step = 0.25 * (abs(rules.nothing) or 1.0) / max(cap.limit, TINY)
        for _change in range(PRICE_CHANGES):
            better = False
            for change in (step, -step):
                trial = prices.copy()
                trial[number] = max(trial[number] + change, 0.0)
                value = bound(trial) if trial[number] != prices[number] else best
                if value > best:
                    best, prices, better = value, trial, True
                    break
            step = step * 2.0 if better else step / 3.0
            if best > target:
                return prices
    return prices


def _items(rules: Rules) -> tuple[tuple[int, ...], ...]:
    """Lines that ship together, then the others; a line of several groups counts for the first."""
    items: list[tuple[int, ...]] = []
    taken: set[int] = set()
    for group in rules.groups:
        rows = tuple(row for row in group if row not in taken)
        if len(rows) > 1:
            items.append(rows)
            taken.update(rows)
    items += [(row,) for row in range(len(rules.demand)) if row not in taken]
    return tuple(items)


def _at_one_site(
    rules: Rules, rows: list[int], unit: Array, *, missing: bool
) -> tuple[NDArray[np.bool_], Array]:
    """Which sites can serve some lines as a whole, or in part if that is allowed, and at what cost.

    :return: shapes (n,): able, cost with the penalty of what the site cannot give
    """
    demand, supply, unit = rules.demand[rows], rules.supply[rows], unit[rows]
    whole = supply >= demand[:, None]
    if not missing:
        return whole.all(axis=0), demand @ unit
    penalty = rules.penalty[rows][:, None]
    given = np.where(rules.whole[rows][:, None] & ~whole, 0.0, supply)
    given[unit >= penalty] = 0.0
    cost = (given * unit + (demand[:, None] - given) * penalty).sum(axis=0)
    return (supply > 0.0).any(axis=0), cost
