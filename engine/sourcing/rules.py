"""A sourcing problem with limits as the search sees it: whole steps, line by line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import Array, SourcingProblem
from .reduction import Core, reduce

TOLERANCE = 1e-9
"""Share of a limit by which floating point may exceed it."""


def room(limit: Array | float) -> Array | float:
    """A limit with what the noise of floating point may need."""
    return limit + TOLERANCE * (1.0 + np.abs(limit))


@dataclass(frozen=True, slots=True, eq=False)
class Cap:
    """A budget over the L lines and n sites of the rules, per step.

    :param name: of the budget
    :param per_parcel: shape (n,)
    :param per_step: shape (L, n)
    :param limit: with room for noise
    """

    name: str
    per_parcel: Array
    per_step: Array
    limit: float


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What is left of a problem with limits once everything that cannot matter is gone.

    L lines by n sites, amounts in steps. What single pairs of line and site cannot do because of
    a limit is gone from the supply.

    :param core: the problem without its limits; tells sites, costs of sites and what ties mean
    :param lines: shape (L,): positions of the lines in the problem
    :param demand: shape (L,)
    :param supply: shape (L, n), never more than the demand
    :param unit: shape (L, n): cost per step
    :param penalty: shape (L,): cost of a missing step
    :param step: shape (L,): units in a step
    :param most_sites: most sites of the order
    :param most_per_line: shape (L,): most sites of each line
    :param whole: shape (L,): filled wholly or not at all
    :param whole_order: all lines filled wholly or nothing
    :param groups: lines that ship from one site each, two or more a group
    :param worth: shape (L,): of a step
    :param min_value: of each fragment and the remainder, without the tolerance
    :param capacity: shape (n,): units, with room for noise
    :param caps: budgets
    :param shared: lines of the same product, where there are several
    :param shared_stock: for each of these, the stock in steps, shape (n,)
    """

    core: Core
    lines: NDArray[np.intp]
    demand: Array
    supply: Array
    unit: Array
    penalty: Array
    step: Array
    most_sites: int
    most_per_line: NDArray[np.int64]
    whole: NDArray[np.bool_]
    whole_order: bool
    groups: tuple[tuple[int, ...], ...]
    worth: Array
    min_value: float
    capacity: Array
    caps: tuple[Cap, ...]
    shared: tuple[tuple[int, ...], ...]
    shared_stock: tuple[Array, ...]

    @property
    def least(self) -> float:
        """The least value with room for noise."""
        return self.min_value - TOLERANCE * (1.0 + self.min_value)

    @property
    def nothing(self) -> float:
        """What it costs to give nothing at all, with the hairs of the tie rule."""
        return float(self.core.fixed[-1] + self.demand @ self.penalty)

    @classmethod
    def of(cls, problem: SourcingProblem) -> Rules:
        """Look at a problem and its limits."""
        core, limits = reduce(problem), problem.limits
        lines = np.flatnonzero(problem.demand_steps)
        place = {row: item for item, rows in enumerate(core.items) for row in rows}
        items = [place[row] for row in lines.tolist()]
        names = {problem.lines[row].key: place for place, row in enumerate(lines.tolist())}
        n, step = core.n_sites, problem.rounding[lines]
        demand = problem.demand_steps[lines]
        stock = problem.stock_steps[lines][:, core.sites]
        groups = tuple(
            tuple(names[key] for key in group if key in names) for group in limits.together
        )
        per_line = np.full(len(lines), n)
        if limits.max_sites_per_line is not None:
            wanted = limits.max_sites_per_line[lines]
            per_line = np.where(wanted > 0, np.minimum(wanted, n), n)
        for group in groups:
            per_line[list(group)] = np.minimum(per_line[list(group)], 1)
        worth = np.zeros(len(lines)) if limits.values is None else limits.values[lines] * step
        capacity = np.full(n, np.inf)
        if limits.unit_capacity is not None:
            capacity = room(limits.unit_capacity[core.sites])
        shared = [
            tuple(np.searchsorted(lines, [row for row in rows if problem.demand_steps[row]]))
            for rows in problem.lines_by_product
        ]
        shared = [rows for rows in shared if len(rows) > 1]
        rules = cls(
            core=core,
            lines=lines,
            demand=demand,
            supply=np.minimum(stock, demand[:, None]),
            unit=core.unit[items, :n],
            penalty=problem.missing.per_unit[lines] * step,
            step=step,
            most_sites=n if limits.max_sites is None else min(limits.max_sites, n),
            most_per_line=per_line,
            whole=np.zeros(len(lines), bool)
            if limits.whole_lines is None
            else limits.whole_lines[lines],
            whole_order=limits.whole_order,
            groups=tuple(group for group in groups if len(group) > 1),
            worth=worth,
            min_value=limits.min_value,
            capacity=capacity,
            caps=tuple(
                Cap(
                    budget.name,
                    budget.per_parcel[core.sites],
                    budget.per_unit[lines][:, core.sites] * step[:, None],
                    float(room(budget.limit)),
                )
                for budget in limits.budgets
            ),
            shared=tuple(shared),
            shared_stock=tuple(stock[rows[0]] for rows in shared),
        )
        rules._clip()
        return rules

    def _clip(self) -> None:
        """Take from the supply what no plan that keeps the limits can use."""
        supply = self.supply
        np.minimum(supply, np.floor(self.capacity / self.step[:, None]), out=supply)
        for cap in self.caps:
            left = cap.limit - cap.per_parcel
            most = np.full(supply.shape, np.inf)
            np.divide(np.maximum(left, 0.0), cap.per_step, out=most, where=cap.per_step > 0.0)
            np.minimum(supply, np.floor(most), out=supply)
            supply[:, left < 0.0] = 0.0
        alone = self.whole | self.whole_order
        alone &= self.most_per_line == 1
        supply[alone[:, None] & (supply < self.demand[:, None])] = 0.0
        if self.min_value > 0.0:
            poor = self.worth @ supply < self.least
            supply[:, poor & (supply < self.demand[:, None]).any(axis=0)] = 0.0

    def broken(self, given: Array) -> str | None:
        """Name the first limit that a plan breaks, a budget by its own name; None if none.

        :param given: shape (L, n): steps
        """
        return next(self._all_broken(given), None)

    def _all_broken(self, given: Array):
        used, served = given.any(axis=0), given.sum(axis=1)
        missed = self.demand - served
        if not used.any():
            return
        if np.count_nonzero(used) > self.most_sites:
            yield "max_sites"
        if (np.count_nonzero(given, axis=1) > self.most_per_line).any():
            yield "max_sites_per_line"
        if (self.whole & (missed > 0.0) & (served > 0.0)).any():
            yield "whole_lines"
        if self.whole_order and missed.any():
            yield "whole_order"
        for group in self.groups:
            if np.count_nonzero(given[list(group)].any(axis=0)) > 1:
                yield "together"
        if self.min_value > 0.0 and (missed.any() or np.count_nonzero(used) > 1):
            fragments = (self.worth @ given)[used]
            if (fragments < self.least).any() or (
                missed.sum() > 0.0 and (self.worth @ missed < self.least)
            ):
                yield "min_value"
        if (self.step @ given > self.capacity).any():
            yield "unit_capacity"
        for cap in self.caps:
            if cap.per_parcel[used].sum() + (cap.per_step * given).sum() > cap.limit:
                yield cap.name

    def cost(self, given: Array) -> float:
        """What a plan costs, with the hairs of the tie rule.

        :param given: shape (L, n): steps
        """
        core, missed = self.core, self.demand - given.sum(axis=1)
        cost = core.fixed[:-1][given.any(axis=0)].sum() + (given * self.unit).sum()
        return float(cost + missed @ self.penalty + (core.fixed[-1] if missed.any() else 0.0))

    def of_steps(self, steps: Array) -> Array:
        """What a plan over all lines and sites of the problem gives here, shape (L, n)."""
        return steps[np.ix_(self.lines, self.core.sites)]

    def steps(self, problem: SourcingProblem, given: Array) -> Array:
        """The plan over all lines and sites of the problem, shape (L, S)."""
        steps = np.zeros(problem.stock.shape)
        steps[np.ix_(self.lines, self.core.sites)] = given
        return steps
