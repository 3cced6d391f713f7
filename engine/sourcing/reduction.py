"""A sourcing problem as the search sees it: whole steps, one row per product, missing as a site."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import Array, SourcingProblem

TIE_SHARE = 1e-8
"""Plans whose costs differ by less than this share of a lower bound, per site, count as equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """What is left of a problem once everything that cannot matter is gone.

    I items (products) by n + T columns: n candidate sites, then T columns for *missing*, which is
    treated as one more place to get goods from (facility n); a product whose lines are worth
    different penalties needs more than one column for it. Amounts are in steps of the rounding.

    :param items: rows of each item in the problem
    :param sites: shape (n,): positions of the candidates in the problem
    :param demand: shape (I,), at least one step
    :param supply: shape (I, n + T), never more than the demand
    :param unit: shape (I, n + T): cost per step, missing columns ascending
    :param fixed: shape (n + 1,): cost of using a site, then of missing anything, which is zero
        if that cannot be avoided. It contains the tie rule, as amounts too small to matter
    :param scale: a cost that measures what is small
    :param hairs: what the tie rule adds to the cost of a plan at most
    :param sunk: what every plan pays
    """

    items: tuple[tuple[int, ...], ...]
    sites: NDArray[np.intp]
    demand: Array
    supply: Array
    unit: Array
    fixed: Array
    scale: float
    hairs: float
    sunk: float

    @property
    def n_sites(self) -> int:
        """How many candidates there are: n."""
        return len(self.sites)

    def columns(self, facilities: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The columns of some facilities, ascending.

        :param facilities: shape (n + 1,)
        """
        columns = facilities.nonzero()[0]
        width = self.unit.shape[1]
        if facilities[-1] and width > len(facilities):
            columns = np.concatenate([columns, np.arange(len(facilities), width)])
        return columns


def reduce(problem: SourcingProblem) -> Core:
    """Merge lines by product, drop sites without stock, turn quantities into steps."""
    steps = problem.demand_steps
    items = problem.lines_by_product
    if len(items) == len(problem.lines):
        demand, first = steps, slice(None)
    else:
        demand = np.array([steps[list(rows)].sum() for rows in items])
        first = [rows[0] for rows in items]
    if not demand.all():
        wanted = np.flatnonzero(demand)
        items, demand = tuple(items[i] for i in wanted), demand[wanted]
        first = [rows[0] for rows in items]
    supply = np.minimum(problem.stock_steps[first], demand[:, None])
    sites = np.flatnonzero(supply.any(axis=0))
    if len(sites) < supply.shape[1]:
        supply = supply.take(sites, axis=1)
    unit = problem.per_unit[first].take(sites, axis=1)
    missing_supply, missing_unit = _missing_columns(problem, items)
    rest = problem.quantities - steps * problem.rounding
    rest[rest <= problem.rounding * 2e-6] = 0.0
    sunk = float(rest @ problem.missing.per_unit)
    missing_fixed: float | None = problem.missing.per_order
    if rest.any() or (supply.sum(axis=1) < demand).any():
        # Something is missing whatever is done.
        sunk, missing_fixed = sunk + problem.missing.per_order, None
    unit = np.concatenate([unit, missing_unit], axis=1)
    if (problem.rounding != 1.0).any():
        unit = unit * problem.rounding[first][:, None]
    fixed, unit, scale, hairs = _settled(problem, sites, demand, unit, missing_fixed)
    return Core(
        items=items,
        sites=sites,
        demand=demand,
        supply=np.concatenate([supply, missing_supply], axis=1),
        unit=unit,
        fixed=fixed,
        scale=scale,
        hairs=hairs,
        sunk=sunk,
    )


def _missing_columns(
    problem: SourcingProblem, items: tuple[tuple[int, ...], ...]
) -> tuple[Array, Array]:
    """Steps and penalty per unit of the lines of each item, cheapest first, shapes (I, T)."""
    steps, penalty = problem.demand_steps, problem.missing.per_unit
    width = max((len(rows) for rows in items), default=1)
    if width == 1:
        rows = [rows[0] for rows in items]
        return steps[rows][:, None], penalty[rows][:, None]
    supply, unit = np.zeros((len(items), width)), np.zeros((len(items), width))
    for item, rows in enumerate(items):
        wanted = sorted((row for row in rows if steps[row]), key=lambda row: penalty[row])
        supply[item, : len(wanted)] = steps[wanted]
        unit[item, : len(wanted)] = penalty[wanted]
        unit[item, len(wanted) :] = penalty[wanted[-1]]
    return supply, unit


def _settled(
    problem: SourcingProblem,
    sites: NDArray[np.intp],
    demand: Array,
    unit: Array,
    missing_fixed: float | None,
) -> tuple[Array, Array, float, float]:
    """Free the costs of noise and put the tie rule into the fixed costs.

    Costs that differ by the noise of floating point only are rounded to the same number. Then the
    tie rule becomes part of the objective: each site costs a hair, a hair more the higher its
    rank, and missing something costs more hairs than all sites.

    :param missing_fixed: cost of missing anything; None if that is paid already
    :return: fixed costs (n + 1,), unit costs, the scale, and all hairs of a plan together
    """
    n_sites = len(sites)
    fixed = np.empty(n_sites + 1)
    fixed[:n_sites] = problem.per_parcel[sites]
    fixed[n_sites] = missing_fixed or 0.0
    largest = max(fixed.max(), unit.max(initial=0.0))
    if largest > 0.0:
        decimals = 11 - int(np.ceil(np.log10(largest)))
        fixed, unit = fixed.round(decimals), unit.round(decimals)
    cheapest = fixed[:n_sites].min(initial=np.inf)
    all_missing = float(fixed[n_sites] + demand @ unit[:, n_sites:].max(axis=1, initial=0.0))
    scale = min(cheapest, all_missing) + float(demand @ unit.min(axis=1)) if len(demand) else 0.0
    scale = scale or all_missing or 1.0
    hair = TIE_SHARE * scale
    most_sites = min(n_sites, 1 + int(all_missing / cheapest)) if cheapest > 0.0 else n_sites
    fixed[:n_sites] += hair
    ranked = [problem.sites[site].rank for site in sites.tolist()]
    if len(set(ranked)) > 1:
        ranks = np.array(ranked, dtype=float) - min(ranked)
        fixed[:n_sites] += ranks * (hair / (ranks.max() * (most_sites + 1)))
    if missing_fixed is not None:
        fixed[n_sites] += hair * (most_sites + 2)
    return fixed, unit, scale, hair * 2 * (most_sites + 2)


def serve(core: Core, opened: NDArray[np.bool_]) -> Array:
    """Fill every item from the cheapest opened columns up: the best there is, given the set.

    :param opened: shape (n + 1,): facilities
    :return: shape (I, n + T): steps
    """
    columns, given = served(core, opened)
    result = np.zeros_like(core.supply)
    result[:, columns] = given
    return result


def served(core: Core, opened: NDArray[np.bool_]) -> tuple[NDArray[np.intp], Array]:
    """The same, for the opened columns only.

    :param opened: shape (n + 1,): facilities
    :return: the columns, shape (w,), ascending; steps, shape (I, w)
    """
    columns = core.columns(opened)
    supply = core.supply.take(columns, axis=1)
    if len(columns) == 1:
        return columns, supply
    order = core.unit.take(columns, axis=1).argsort(axis=1, kind="stable")
    rows = np.arange(len(order))[:, None]
    sorted_supply = supply[rows, order]
    left = sorted_supply - sorted_supply.cumsum(axis=1) + core.demand[:, None]
    given = np.empty_like(supply)
    given[rows, order] = np.maximum(np.minimum(left, sorted_supply), 0.0)
    return columns, given


def line_steps(problem: SourcingProblem, core: Core, given: Array) -> Array:
    """Share what sites give to each item among the lines that ask for it.

    :param given: shape (I, n + T): steps
    :return: shape (L, S): steps; the line that is dearest to miss is served first
    """
    steps = np.zeros(problem.stock.shape)
    penalty = problem.missing.per_unit
    for item, rows in enumerate(core.items):
        left = given[item, : core.n_sites]
        if len(rows) == 1:
            steps[rows[0], core.sites] = left
            continue
        for row in sorted(rows, key=lambda row: (-penalty[row], row)):
            before = left.cumsum() - left
            share = np.clip(problem.demand_steps[row] - before, 0.0, left)
            steps[row, core.sites] = share
            left = left - share
    return steps
