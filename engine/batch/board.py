"""A batch as the search sees it: numbered sites, products and resources, orders cut to what counts.

A *resource* is what orders compete for: the stock of a product at a site, counted in steps of the
product; the orders that a site may have a part in; the units that it may give. The last resource,
number R, stands for none: it is never scarce and its price is zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..sourcing import CostPart, SourcingPlan, SourcingProblem, solve
from ..sourcing.plan import build_plan, cost_parts
from ..sourcing.problem import STEP_TOLERANCE, Array, Key
from .problem import BatchOrder, BatchProblem

Ints = NDArray[np.intp]

MOST_LINES = 9
"""Orders with more lines are priced one by one."""

PRICE = "batch prices"
"""Name of the cost part that makes the search for one order see prices."""


@dataclass(frozen=True, eq=False)
class OrderView:
    """One order, L lines over the W sites that have anything for it.

    :param problem: the order over these sites only, unless it has limits that need all of them
    :param columns: shape (W,): their positions among the order's own sites
    :param sites: shape (W,): their numbers on the board
    :param need: shape (L,): steps
    :param units: shape (L,): what these steps are in the unit of the product
    :param supply: shape (L, W): steps of the line's product that the order could have
    :param unit: shape (L, W): cost of a step
    :param fixed: shape (W,): cost of a parcel
    :param rows: shape (L, W): resources
    :param whole: plans in whole lines can be had from the tables of :mod:`.pricing`
    :param divisible: a line asks for more than one step
    :param may_split: a site has a part of a line, so that it can pay to serve it from two
    """

    order: BatchOrder
    problem: SourcingProblem
    columns: Ints
    sites: Ints
    need: Array
    units: Array
    supply: Array
    unit: Array
    fixed: Array
    rows: Ints
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
        self.n_rows = len(limits) + len(by_orders) + len(by_units)
        self.order_rows, self.unit_rows = (
            np.full(self.n_sites + 1, self.n_rows, dtype=np.intp) for _ in range(2)
        )
        for rows, wanted in ((self.order_rows, by_orders), (self.unit_rows, by_units)):
            for site, limit in wanted.items():
                rows[self._number[site]] = len(limits)
                limits.append(
                    np.floor(limit + STEP_TOLERANCE) if rows is self.order_rows else limit
                )
        self.limits = np.array([*limits, np.inf])
        self._row_of[self._row_of < 0] = self.n_rows

    def _view(self, order: BatchOrder) -> OrderView:
        problem = order.problem
        numbers = self._numbers_of.get(id(problem.sites))
        if numbers is None:
            numbers = np.array([self._number[site.key] for site in problem.sites], dtype=np.intp)
            self._numbers_of[id(problem.sites)] = numbers
        products = [self._product[line.product] for line in problem.lines]
        need = problem.demand_steps
        rows = self._row_of[np.array(products)[:, None], numbers].astype(np.intp)
        there = np.where(rows < self.n_rows, self.limits[rows], 0.0)
        supply = np.minimum(problem.stock_steps, there)
        limited = not problem.limits.is_empty
        columns = np.flatnonzero(supply.any(axis=0))
        units = need * problem.rounding
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
            columns=columns,
            sites=numbers[columns],
            need=need,
            units=units,
            supply=supply[:, columns],
            unit=problem.per_unit[:, columns] * problem.rounding[:, None],
            fixed=problem.per_parcel[columns],
            rows=rows[:, columns],
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
            supply = np.minimum(supply, left[view.rows])
            supply = supply * (left[self.order_rows[view.sites]] >= 1.0)
            open_units = left[self.unit_rows[view.sites]]
            supply = np.minimum(
                supply, np.floor(open_units / view.problem.rounding[:, None] + STEP_TOLERANCE)
            )
        while True:
            plan = solve(self._priced(view, supply, prices))
            steps = self.steps_of(number, plan)
            given = view.problem.rounding @ steps
            beyond = np.flatnonzero(given > open_units + STEP_TOLERANCE)
            if not len(beyond):
                return plan.lower_bound, steps
            # More than the site may still give: it keeps to what fits, line by line.
            supply = supply.copy()
            for site in beyond.tolist():
                rest = open_units[site]
                for lines in map(list, view.problem.lines_by_product):
                    step = view.problem.rounding[lines[0]]
                    fits = np.floor(rest / step + STEP_TOLERANCE)
                    supply[lines, site] = taken = min(steps[lines, site].sum(), fits)
                    rest -= taken * step

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
            per_parcel[at] = prices[self.order_rows[view.sites]]
            per_unit[:, at] = prices[view.rows] / problem.rounding[:, None]
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
        """What the steps (L, W) cost, without prices and without a change."""
        view = self.orders[number]
        return sum(
            cost for _name, cost in cost_parts(view.order.problem, self._spread(view, steps))
        )

    def plan_of(self, number: int, steps: Array, lower_bound: float) -> SourcingPlan:
        """The plan that steps of shape (L, W) make, in the words of the caller."""
        view = self.orders[number]
        return build_plan(view.order.problem, self._spread(view, steps), lower_bound=lower_bound)

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
                view.rows[lines, columns],
                self.order_rows[view.sites[used]],
                self.unit_rows[view.sites[used]],
            ]
        )
        amounts = np.concatenate([steps[lines, columns], np.ones(len(used)), given[used]])
        kept = rows < self.n_rows
        rows, where = np.unique(rows[kept], return_inverse=True)
        return rows, np.bincount(where, amounts[kept], len(rows))


def _cut(problem: SourcingProblem, columns: Ints, supply: Array, limited: bool) -> SourcingProblem:
    """The same order with what the batch has for it; over a few of its sites, costs in one part.

    :param supply: shape (L, S): steps
    :param limited: the order has limits that need all of its sites
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
