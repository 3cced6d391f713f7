"""A batch as the search sees it: numbered sites, products and resources, orders cut to what counts.

A *resource* is what orders compete for: the stock of a product at a site, counted in steps of the
product; the orders that a site may have a part in; the units that it may give; what channels may
have of a product at some sites, counted in steps. The last resource, number R, stands for none: it
is never scarce and its price is zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..sourcing import Budget, CostPart, SourcingPlan, SourcingProblem, solve
from ..sourcing.plan import build_plan, cost_parts
from ..sourcing.problem import STEP_TOLERANCE, Array, Key
from .problem import BatchOrder, BatchProblem, Quota

Ints = NDArray[np.intp]

MOST_LINES = 9
"""Orders with more lines are priced one by one."""

ALONE_SECONDS = 5.0
"""The longest look at one order whose limits make it hard; what was found by then will do."""

PRICE = "batch prices"
"""Name of the cost part that makes the search for one order see prices."""


@dataclass(frozen=True, eq=False)
class OrderView:
    """One order, L lines over the W sites that have anything for it.

    :param problem: the order over these sites only, unless its limits or tariff need all of them;
        what is waived of the first parcel is charged: that moves no choice among plans that ship
    :param waived: what a plan that ships anything costs less therefore
    :param columns: shape (W,): their positions among the order's own sites
    :param sites: shape (W,): their numbers on the board
    :param need: shape (L,): steps
    :param units: shape (L,): what these steps are in the unit of the product
    :param supply: shape (L, W): steps of the line's product that the order could have
    :param unit: shape (L, W): cost of a step
    :param fixed: shape (W,): cost of a parcel
    :param rows: shape (K, L, W): resources that a step takes one of each, the stock first
    :param order_rows: shape (W,): resource that a parcel takes
    :param whole: plans in whole lines can be had from the tables of :mod:`.pricing`
    :param divisible: a line asks for more than one step
    :param may_split: a site has a part of a line, so that it can pay to serve it from two
    """

    order: BatchOrder
    problem: SourcingProblem
    waived: float
    columns: Ints
    sites: Ints
    need: Array
    units: Array
    supply: Array
    unit: Array
    fixed: Array
    rows: Ints
    order_rows: Ints
    whole: bool
    divisible: bool
    may_split: bool


class Board:
    """The batch in numbers.

    :ivar n_sites: S
    :ivar n_rows: R, resources without the last one
    :ivar limits: shape (R + 1,): how much there is of each; the last is endless
    :ivar order_rows: shape (S + 1,): resource of each site's capacity in orders, R for none
    :ivar unit_rows: shape (S + 1,): likewise in units
    :ivar quota_rows: quota and resource of each quota that may bind
    """

    def __init__(self, batch: BatchProblem) -> None:
        self.batch = batch
        self.sites: list[Key] = list(
            dict.fromkeys(site.key for order in batch.orders for site in order.problem.sites)
        )
        self.n_sites = len(self.sites)
        self._number = {key: number for number, key in enumerate(self.sites)}
        self.products: list[Key] = list(batch.steps)
        self._product = {key: number for number, key in enumerate(self.products)}
        self._number_stock()
        self._number_capacities()
        self._number_quotas()
        self._numbers_of: dict[int, Ints] = {}
        self.orders = [self._view(order) for order in batch.orders]

    def _number_stock(self) -> None:
        steps = self.batch.steps
        self.stock_rows: list[tuple[Key, Key]] = []
        amounts = []
        for (product, site), quantity in self.batch.stock.items():
            if product not in self._product or site not in self._number:
                continue
            amount = float(np.floor(quantity / steps[product] + STEP_TOLERANCE))
            if amount >= 1.0:
                self.stock_rows.append((product, site))
                amounts.append(amount)
        self._stock_limits = amounts
        self._row_of = np.full((len(self.products), self.n_sites), -1, dtype=np.int32)
        for row, (product, site) in enumerate(self.stock_rows):
            self._row_of[self._product[product], self._number[site]] = row

    def _number_capacities(self) -> None:
        limits = list(self._stock_limits)
        known = [cap for cap in self.batch.capacities if cap.site in self._number]
        by_orders = {cap.site: cap.orders for cap in known if cap.orders is not None}
        by_units = {cap.site: cap.units for cap in known if cap.units is not None}
        self.order_rows, self.unit_rows = (
            np.full(self.n_sites + 1, -1, dtype=np.intp) for _ in range(2)
        )
        for rows, wanted in ((self.order_rows, by_orders), (self.unit_rows, by_units)):
            for site, limit in wanted.items():
                rows[self._number[site]] = len(limits)
                limits.append(
                    np.floor(limit + STEP_TOLERANCE) if rows is self.order_rows else limit
                )
        self._limits = limits

    def _number_quotas(self) -> None:
        limits, steps = self._limits, self.batch.steps
        self.quota_rows: list[tuple[Quota, int]] = []
        for quota in self.batch.quotas:
            sites = self._quota_sites(quota)
            there = [self._row_of[self._product[quota.product], site] for site in sites]
            limit = float(np.floor(quota.quantity / steps.get(quota.product, 1.0) + STEP_TOLERANCE))
            if limit < sum(limits[row] for row in there):
                self.quota_rows.append((quota, len(limits)))
                limits.append(limit)
        self.n_rows = len(limits)
        for rows in (self.order_rows, self.unit_rows, self._row_of):
            rows[rows < 0] = self.n_rows
        self.limits = np.array([*limits, np.inf])
        channels = dict.fromkeys(order.channel for order in self.batch.orders)
        layers = {channel: self._layers(channel) for channel in channels}
        most = max(map(len, layers.values()), default=0)
        none = np.full_like(self._row_of, self.n_rows)
        self._layers_of = {
            channel: [self._row_of, *own, *[none] * (most - len(own))]
            for channel, own in layers.items()
        }

    def _quota_sites(self, quota: Quota) -> list[int]:
        """Numbers of the sites of a quota that have any of its product."""
        if quota.product not in self._product:
            return []
        row_of = self._row_of[self._product[quota.product]]
        n_stock = len(self.stock_rows)
        numbers = sorted(self._number[site] for site in quota.sites if site in self._number)
        return [number for number in numbers if 0 <= row_of[number] < n_stock]

    def _layers(self, channel: Key | None) -> list[NDArray[np.int32]]:
        """The resources of the quotas of a channel, no two of a product and site in one layer."""
        layers: list[NDArray[np.int32]] = []
        for quota, row in self.quota_rows:
            if not quota.counts(channel):
                continue
            product, sites = self._product[quota.product], self._quota_sites(quota)
            for layer in layers:
                if (layer[product, sites] == self.n_rows).all():
                    break
            else:
                layer = np.full_like(self._row_of, self.n_rows)
                layers.append(layer)
            layer[product, sites] = row
        return layers

    def _view(self, order: BatchOrder) -> OrderView:
        problem = order.problem.charging_all()
        numbers = self._numbers_of.get(id(problem.sites))
        if numbers is None:
            numbers = np.array([self._number[site.key] for site in problem.sites], dtype=np.intp)
            self._numbers_of[id(problem.sites)] = numbers
        products = [self._product[line.product] for line in problem.lines]
        need = problem.demand_steps
        at = np.array(products, dtype=np.intp)[:, None], numbers
        rows = np.stack([layer[at] for layer in self._layers_of[order.channel]]).astype(np.intp)
        there = np.where(rows[0] < self.n_rows, self.limits[rows].min(axis=0), 0.0)
        supply = np.minimum(problem.stock_steps, there)
        # A tariff prices all that a site ships together: no sum over lines.
        limited = not problem.limits.is_empty or problem.tariff is not None
        columns = np.flatnonzero(supply.any(axis=0))
        units = need * problem.rounding
        order_rows = self.order_rows[numbers]
        for place, site in enumerate(problem.sites if order.joined else ()):
            if site.key in order.joined:
                order_rows[place] = self.n_rows
        simple = (
            not limited
            and len(products) <= MOST_LINES
            and len(set(products)) == len(products)
            and bool((need > 0.0).all())
            and bool((problem.quantities - units <= problem.rounding * 2e-6).all())
        )
        return OrderView(
            order=order,
            problem=_cut(problem, columns, supply, limited),
            waived=order.problem.waived,
            columns=columns,
            sites=numbers[columns],
            need=need,
            units=units,
            supply=supply[:, columns],
            unit=problem.per_unit[:, columns] * problem.rounding[:, None],
            fixed=problem.per_parcel[columns],
            rows=rows[:, :, columns],
            order_rows=order_rows[columns],
            whole=simple,
            divisible=bool((need > 1.0).any()),
            may_split=bool(((supply > 0.0) & (supply < need[:, None])).any()),
        )

    # === One order by itself === #

    def solve(
        self, number: int, *, left: Array | None = None, prices: Array | None = None
    ) -> tuple[float, Array]:
        """Make the exact plan of one order, lines split over sites where that pays.

        :param left: shape (R + 1,): what there is of each resource; None: all of it
        :param prices: shape (R + 1,): what a plan pays for resources, besides its costs
        :return: a lower bound of what a plan costs, prices included, and steps of shape (L, W)
        """
        view = self.orders[number]
        supply, open_units = view.supply, np.full(len(view.sites), np.inf)
        if left is not None:
            supply = np.minimum(supply, left[view.rows].min(axis=0))
            supply = supply * (left[view.order_rows] >= 1.0)
            open_units = left[self.unit_rows[view.sites]]
            supply = np.minimum(
                supply, np.floor(open_units / view.problem.rounding[:, None] + STEP_TOLERANCE)
            )
        problem = self._priced(view, supply, prices)
        plan = solve(problem)
        steps = self.steps_of(number, plan)
        if left is not None:
            rows, used = self.usage(number, steps)
            if (used > left[rows] + STEP_TOLERANCE).any():
                # What several lines or sites take together has to be a limit of its own.
                plan = solve(self._within(view, problem, left), time_limit=ALONE_SECONDS)
                steps = self.steps_of(number, plan)
        return plan.lower_bound, steps

    def _within(self, view: OrderView, problem: SourcingProblem, left: Array) -> SourcingProblem:
        """The order with limits for what lines and sites share of what is left.

        :param left: shape (R + 1,)
        """
        at = view.columns if len(problem.sites) > len(view.columns) else slice(None)
        limits = problem.limits
        most = np.full(len(problem.sites), np.inf)
        most[at] = left[self.unit_rows[view.sites]]
        if limits.unit_capacity is not None:
            most = np.minimum(most, limits.unit_capacity)
        budgets = list(limits.budgets)
        for layer in view.rows[1:]:
            for row in np.unique(layer[layer < self.n_rows]).tolist():
                taken = np.zeros(problem.stock.shape)
                taken[:, at] = (layer == row) / problem.rounding[:, None]
                none = np.zeros(len(problem.sites))
                budgets.append(Budget(f"{PRICE} {row}", none, taken, float(left[row])))
        limits = replace(limits, unit_capacity=most, budgets=tuple(budgets))
        return replace(problem, limits=limits)

    def _priced(self, view: OrderView, supply: Array, prices: Array | None) -> SourcingProblem:
        problem = view.problem
        if supply is view.supply and prices is None:
            return problem
        at = view.columns if len(problem.sites) > len(view.columns) else slice(None)
        shape = problem.stock.shape
        stock = np.zeros(shape)
        stock[:, at] = supply * problem.rounding[:, None]
        parts = problem.parts
        if prices is not None:
            per_parcel, per_unit = np.zeros(shape[1]), np.zeros(shape)
            per_parcel[at] = prices[view.order_rows]
            per_unit[:, at] = prices[view.rows].sum(axis=0) / problem.rounding[:, None]
            per_unit[:, at] += prices[self.unit_rows[view.sites]]
            parts = (*parts, CostPart(PRICE, per_parcel, per_unit))
        return replace(problem, stock=stock, parts=parts)

    def steps_of(self, number: int, plan: SourcingPlan) -> Array:
        """Steps that a plan gives, shape (L, W).

        :raises KeyError: the plan uses a site or a line that the order does not have
        """
        view = self.orders[number]
        lines = {line.key: row for row, line in enumerate(view.problem.lines)}
        sites = {self.sites[site]: column for column, site in enumerate(view.sites.tolist())}
        steps = np.zeros(view.supply.shape)
        for given in plan.assignments:
            line = lines[given.line]
            step = view.problem.rounding[line]
            steps[line, sites[given.site]] += round(given.quantity / step)
        return steps

    def cost_of(self, number: int, steps: Array) -> float:
        """What the steps (L, W) cost, without prices and without a change, all parcels charged."""
        view = self.orders[number]
        charged = sum(
            cost for _name, cost in cost_parts(view.order.problem, self._spread(view, steps))
        )
        return charged + (view.waived if steps.any() else 0.0)

    def plan_of(self, number: int, steps: Array, lower_bound: float) -> SourcingPlan:
        """The plan that steps of shape (L, W) make, in the words of the caller.

        :param lower_bound: with all parcels charged
        """
        view = self.orders[number]
        spread, bound = self._spread(view, steps), lower_bound - view.waived
        return build_plan(view.order.problem, spread, lower_bound=bound)

    def _spread(self, view: OrderView, steps: Array) -> Array:
        spread = np.zeros(view.order.problem.stock.shape)
        spread[:, view.columns] = steps
        return spread

    def usage(self, number: int, steps: Array) -> tuple[Ints, Array]:
        """Resources that steps of shape (L, W) take, each once, and how much of each."""
        view = self.orders[number]
        lines, columns = np.nonzero(steps)
        used = np.flatnonzero(steps.any(axis=0))
        given = view.problem.rounding @ steps
        rows = np.concatenate(
            [
                view.rows[:, lines, columns].ravel(),
                view.order_rows[used],
                self.unit_rows[view.sites[used]],
            ]
        )
        taken = np.tile(steps[lines, columns], len(view.rows))
        amounts = np.concatenate([taken, np.ones(len(used)), given[used]])
        kept = rows < self.n_rows
        rows, where = np.unique(rows[kept], return_inverse=True)
        return rows, np.bincount(where, amounts[kept], len(rows))


def _cut(problem: SourcingProblem, columns: Ints, supply: Array, limited: bool) -> SourcingProblem:
    """The same order with what the batch has for it; over a few of its sites, costs in one part.

    :param supply: shape (L, S): steps
    :param limited: the order has limits or a tariff that need all of its sites
    """
    stock = supply * problem.rounding[:, None]
    if limited:
        return replace(problem, stock=stock)
    return SourcingProblem(
        lines=problem.lines,
        sites=tuple(problem.sites[column] for column in columns.tolist()),
        stock=stock[:, columns],
        parts=(CostPart("costs", problem.per_parcel[columns], problem.per_unit[:, columns]),),
        missing=problem.missing,
        rounding=problem.rounding,
    )


def missing_whole(view: OrderView) -> Array:
    """Cost of leaving each line out as a whole, shape (L,)."""
    problem = view.problem
    return problem.quantities * problem.missing.per_unit
