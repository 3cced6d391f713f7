"""Many orders whose strategy is a chain of stages, or a rule that does not weigh costs.

Each stage is gone through for all orders before the next one begins: the orders that it may fill
compete for what is there, those of a stage that goes by costs are planned together, those of one
that goes by a rule one after the other with what those before them left.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..sourcing import PRESETS, Facts, SourcingPlan, SourcingProblem
from ..sourcing.plan import build_plan, plan_steps
from ..sourcing.presets.desk import simple_bound
from ..sourcing.problem import Array, Key
from ..sourcing.remainder import keeps_limits, open_rows, remainder
from ..sourcing.stages import FULL, LIMITED, PART, Stage, asked_by, verdict
from .board import Ints
from .problem import BatchOrder, BatchProblem, Quota, SiteCapacity
from .solver import solve_batch

JOINT = "balanced"
"""Key of the strategy that goes by costs alone."""


@dataclass(frozen=True, eq=False)
class ChainOrder:
    """One order and how it is to be sourced.

    :param key: unique
    :param problem: its lines, sites and costs; its stock says what it alone might get
    :param stages: tried in this order
    :param facts: what rules look at
    :param channel: who sells
    :param joined: keys of the sites that work for the order anyway
    """

    key: Key
    problem: SourcingProblem
    stages: tuple[Stage, ...]
    facts: Facts = field(default_factory=Facts)
    channel: Key | None = None
    joined: frozenset[Key] = frozenset()


@dataclass(frozen=True, eq=False)
class ChainPlan:
    """What came of all orders.

    :param plans: by key, in the order of the orders
    :param tried: of each order the stages that were tried, and what became of them
    :param seconds: how long it took
    :param finished: the same orders give the same plans, always; False if time ran out
    """

    plans: dict[Key, SourcingPlan]
    tried: dict[Key, tuple[tuple[str, str], ...]]
    seconds: float
    finished: bool

    @property
    def cost(self) -> float:
        """Cost of all plans together."""
        return sum(plan.cost for plan in self.plans.values())


def solve_chain(
    orders: Sequence[ChainOrder],
    stock: Mapping[tuple[Key, Key], float],
    *,
    capacities: Iterable[SiteCapacity] = (),
    quotas: Iterable[Quota] = (),
    time_limit: float | None = None,
    method: str = "auto",
) -> ChainPlan:
    """Plan many orders by their stages over shared stock and capacity.

    :param orders: in the order in which rules serve them
    :param stock: by (product, site), in the product's unit
    :param time_limit: seconds for all stages that go by costs together
    :param method: see :func:`~.solver.solve_batch`
    """
    start = time.monotonic()
    run = _Chain(orders, stock, capacities, quotas)
    depth = max((len(order.stages) for order in orders), default=0)
    for number in range(depth):
        left = None
        if time_limit is not None:
            # What earlier stages did not need is for the later ones.
            left = max(time_limit - (time.monotonic() - start), 0.0) / (depth - number)
        run.go_through(number, left, method)
    plans = {
        order.key: build_plan(
            order.problem, run.steps[place], lower_bound=simple_bound(order.problem)
        )
        for place, order in enumerate(orders)
    }
    tried = {order.key: tuple(run.tried[place]) for place, order in enumerate(orders)}
    return ChainPlan(plans, tried, time.monotonic() - start, run.finished)


class _Chain:
    """What each order has so far, and what is left for all."""

    def __init__(
        self,
        orders: Sequence[ChainOrder],
        stock: Mapping[tuple[Key, Key], float],
        capacities: Iterable[SiteCapacity],
        quotas: Iterable[Quota],
    ) -> None:
        self.orders = orders
        self.stock = dict(stock)
        self.capacities = {capacity.site: capacity for capacity in capacities}
        self.quotas = tuple(quotas)
        self.steps = [np.zeros(order.problem.stock.shape) for order in orders]
        self.open = [True] * len(orders)
        self.tried: list[list[tuple[str, str]]] = [[] for _order in orders]
        self.finished = True

    def go_through(self, number: int, time_limit: float | None, method: str) -> None:
        """Try one stage for all orders that are open still."""
        asked = {}
        for place, order in enumerate(self.orders):
            if self.open[place] and number < len(order.stages):
                problem = asked_by(order.stages[number], order.problem)
                steps = self.steps[place]
                rest = remainder(problem, steps) if steps.any() else problem
                if rest is None:
                    self.open[place] = False
                else:
                    asked[place] = problem, rest
        together = {
            place: rest
            for place, (_problem, rest) in asked.items()
            if self.orders[place].stages[number].preset == JOINT
        }
        plans = self._plan_together(number, together, time_limit, method)
        for place, (problem, rest) in asked.items():
            if place in plans:
                self._accept(place, number, problem, rest, plans[place])
        for place, (problem, rest) in asked.items():
            if place not in plans:
                order = self.orders[place]
                stage = order.stages[number]
                rows = self._rows(place)
                plan = PRESETS[stage.preset](
                    self._within(place, rest),
                    (stage.facts or order.facts).for_lines(rows),
                    stage.options,
                )
                self._accept(place, number, problem, rest, plan)

    def _plan_together(
        self,
        number: int,
        rests: Mapping[int, SourcingProblem],
        time_limit: float | None,
        method: str,
    ) -> dict[Key, SourcingPlan]:
        if not rests:
            return {}
        orders = []
        for place, rest in rests.items():
            order = self.orders[place]
            if order.stages[number].accept == FULL:
                rest = replace(rest, limits=replace(rest.limits, whole_order=True))
            orders.append(
                BatchOrder(place, rest, channel=order.channel, joined=self._joined(place))
            )
        batch = BatchProblem(
            tuple(orders), self.stock, tuple(self.capacities.values()), self.quotas
        )
        answer = solve_batch(batch, time_limit=time_limit, method=method)
        self.finished = self.finished and answer.finished
        return answer.plans

    def _rows(self, place: int) -> Ints:
        """The lines of an order that a stage is asked for."""
        problem, steps = self.orders[place].problem, self.steps[place]
        return open_rows(problem, steps) if steps.any() else np.arange(len(problem.lines))

    def _joined(self, place: int) -> frozenset[Key]:
        order, used = self.orders[place], self.steps[place].any(axis=0)
        sites = order.problem.sites
        return order.joined | {sites[column].key for column in np.flatnonzero(used).tolist()}

    def _within(self, place: int, rest: SourcingProblem) -> SourcingProblem:
        """What is left for an order by itself; together its lines and sites keep to quotas."""
        order, joined = self.orders[place], self._joined(place)
        stock = rest.stock.copy()
        most = np.full(len(rest.sites), np.inf)
        for column, site in enumerate(rest.sites):
            capacity = self.capacities.get(site.key)
            if capacity:
                if capacity.orders is not None and capacity.orders < 1 and site.key not in joined:
                    stock[:, column] = 0.0
                if capacity.units is not None:
                    most[column] = capacity.units
            for row, line in enumerate(rest.lines):
                there = self.stock.get((line.product, site.key), 0.0)
                stock[row, column] = min(stock[row, column], there)
        for quota in self.quotas:
            if quota.counts(order.channel):
                _share_out(rest, stock, quota)
        limits = rest.limits
        if limits.unit_capacity is not None:
            most = np.minimum(most, limits.unit_capacity)
        return replace(rest, stock=stock, limits=replace(limits, unit_capacity=most))

    def _accept(
        self,
        place: int,
        number: int,
        problem: SourcingProblem,
        rest: SourcingProblem,
        plan: SourcingPlan,
    ) -> None:
        """Keep what a stage gives, if it is to be kept; see :func:`~..sourcing.solve_stages`."""
        order, before = self.orders[place], self.steps[place]
        stage = order.stages[number]
        rows = self._rows(place)
        given = plan_steps(rest, plan)
        after = before.copy()
        after[rows] += given
        is_full = not len(open_rows(order.problem, after))
        is_kept = not before.any() or keeps_limits(problem, after)
        self.tried[place].append((stage.name, verdict(rest, given) if is_kept else LIMITED))
        if not is_kept or not (given.any() or is_full) or (stage.accept == FULL and not is_full):
            return
        self._take(place, rest, given)
        self.steps[place] = after
        self.open[place] = not is_full and stage.accept == PART

    def _take(self, place: int, rest: SourcingProblem, given: Array) -> None:
        joined, channel = self._joined(place), self.orders[place].channel
        quantities = given * rest.rounding[:, None]
        for column in np.flatnonzero(given.any(axis=0)).tolist():
            site = rest.sites[column].key
            capacity = self.capacities.get(site)
            if capacity:
                self.capacities[site] = SiteCapacity(
                    site,
                    _less(capacity.orders, 0.0 if site in joined else 1.0),
                    _less(capacity.units, float(quantities[:, column].sum())),
                )
            for row in np.flatnonzero(given[:, column]).tolist():
                product, quantity = rest.lines[row].product, float(quantities[row, column])
                self.stock[product, site] = max(self.stock[product, site] - quantity, 0.0)
                self.quotas = tuple(
                    replace(quota, quantity=max(quota.quantity - quantity, 0.0))
                    if quota.product == product and site in quota.sites and quota.counts(channel)
                    else quota
                    for quota in self.quotas
                )


def _less(limit: float | None, taken: float) -> float | None:
    return None if limit is None else max(limit - taken, 0.0)


def _share_out(rest: SourcingProblem, stock: Array, quota: Quota) -> None:
    """Leave of a product no more than a quota at its sites, the cheapest ones first.

    A rule chooses by other things than costs; whatever it chooses then keeps to the quota.
    """
    rows = [row for row, line in enumerate(rest.lines) if line.product == quota.product]
    if not rows:
        return
    columns = [column for column, site in enumerate(rest.sites) if site.key in quota.sites]
    cheapest = (rest.per_parcel + rest.per_unit[rows].min(axis=0)).argsort(kind="stable").tolist()
    left = quota.quantity
    for column in cheapest:
        if column in columns:
            there = float(stock[rows, column].max())
            given = min(there, left)
            stock[rows, column] = np.minimum(stock[rows, column], given)
            left -= given
