"""Independent truths about small sourcing problems: a general solver, and trying everything."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from engine.sourcing import SourcingPlan, SourcingProblem


def whole_steps(quantity: float, step: float) -> int:
    """How many whole steps a quantity holds, decimal noise forgiven."""
    return math.floor(quantity / step + 1e-6)


def optimum(
    highspy: Any,
    problem: SourcingProblem,
    *,
    used: int | None = None,
    closed: Iterable[int] = (),
) -> float:
    """Least cost of a problem, by a mixed-integer program written from its definition.

    HiGHS 1.16 was seen to lose the optimum in its presolve, for one in some ten thousand random
    problems under limits; without presolve it found the same cost as the search.

    :param used: position of a site that must give something
    :param closed: positions of sites that must give nothing
    """
    model = exact_solver(highspy)
    cost, opened, given, missing = add_order(model, problem)
    if used is not None:
        model.addConstr(sum(x for (_row, site), x in given.items() if site == used) >= 1)
    for site in closed:
        model.addConstr(opened[site] <= 0)
    add_limits(model, problem, opened, given, missing)
    model.minimize(cost)
    if used is not None and model.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return math.inf
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return model.getObjectiveValue()


def exact_solver(highspy: Any) -> Any:
    """An empty model that is solved to the last digit."""
    model = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 1e-9),
        ("mip_feasibility_tolerance", 1e-9),
        ("primal_feasibility_tolerance", 1e-9),
    ):
        model.setOptionValue(option, value)
    return model


def add_order(
    model: Any, problem: SourcingProblem
) -> tuple[Any, list[Any], dict[tuple[int, int], Any], list[Any]]:
    """Write an order into a mixed-integer program, without its limits.

    :return: its cost, whether each site gives anything, steps by (row, site), steps missing by row
    """
    n_sites = len(problem.sites)
    opened = [model.addBinary() for _ in range(n_sites)]
    incomplete = model.addBinary()
    cost = problem.missing.per_order * incomplete
    for part in problem.parts:
        for site in range(n_sites):
            cost = cost + float(part.per_parcel[site]) * opened[site]
    given: dict[tuple[int, int], Any] = {}
    missing: list[Any] = []
    for row, line in enumerate(problem.lines):
        step = float(problem.rounding[row])
        wanted = whole_steps(line.quantity, step)
        rest = line.quantity - wanted * step
        rest = 0.0 if rest < 1e-5 * step else rest
        missed = model.addIntegral(0, wanted)
        missing.append(missed)
        total = missed
        for site in range(n_sites):
            most = min(whole_steps(float(problem.stock[row, site]), step), wanted)
            if not most:
                continue
            given[row, site] = amount = model.addIntegral(0, most)
            model.addConstr(amount <= most * opened[site])
            total = total + amount
            for part in problem.parts:
                cost = cost + float(part.per_unit[row, site]) * step * amount
        if wanted:
            model.addConstr(total == wanted)
            model.addConstr(missed <= wanted * incomplete)
        if rest:
            model.addConstr(incomplete >= 1)
        cost = cost + float(problem.missing.per_unit[row]) * (step * missed + rest)
    for rows in same_products(problem):
        for site in range(n_sites):
            shared = [given[row, site] for row in rows if (row, site) in given]
            if len(shared) > 1:
                held = float(problem.stock[rows[0], site])
                limit = whole_steps(held, float(problem.rounding[rows[0]]))
                model.addConstr(sum(shared) <= limit)
    return cost, opened, given, missing


def add_limits(
    model: Any,
    problem: SourcingProblem,
    opened: list[Any],
    given: dict[tuple[int, int], Any],
    missing: list[Any],
) -> None:
    """Write a problem's limits into its mixed-integer program, from their definition."""
    limits, steps = problem.limits, problem.rounding
    sites = range(len(problem.sites))
    wanted = [whole_steps(line.quantity, steps[row]) for row, line in enumerate(problem.lines)]
    row_of = {line.key: row for row, line in enumerate(problem.lines)}
    if limits.max_sites is not None:
        model.addConstr(sum(opened) <= limits.max_sites)
    bound = [] if limits.max_sites_per_line is None else enumerate(limits.max_sites_per_line)
    groups = [([row], int(most)) for row, most in bound if most]
    groups += [([row_of[key] for key in group], 1) for group in limits.together]
    for rows, most in groups:
        serves = [model.addBinary() for _ in sites]
        model.addConstr(sum(serves) <= most)
        for row, site in given:
            if row in rows:
                model.addConstr(given[row, site] <= wanted[row] * serves[site])
    every = model.addBinary()
    for row, want in enumerate(wanted):
        if want and limits.whole_order:
            model.addConstr(missing[row] == want * (1 - every))
        elif want and limits.whole_lines is not None and limits.whole_lines[row]:
            model.addConstr(missing[row] == want * (1 - model.addBinary()))
    if limits.unit_capacity is not None:
        for site in sites:
            units = [steps[row] * x for (row, at), x in given.items() if at == site]
            if units and limits.unit_capacity[site] < math.inf:
                model.addConstr(sum(units) <= float(limits.unit_capacity[site]))
    for budget in limits.budgets:
        total = sum(float(budget.per_parcel[site]) * opened[site] for site in sites)
        for (row, site), x in given.items():
            total = total + float(budget.per_unit[row, site]) * steps[row] * x
        model.addConstr(total + 0.0 * every <= budget.limit)
    if limits.min_value > 0.0:
        add_least_value(model, problem, opened, given, missing, wanted)


def add_least_value(
    model: Any,
    problem: SourcingProblem,
    opened: list[Any],
    given: dict[tuple[int, int], Any],
    missing: list[Any],
    wanted: list[int],
) -> None:
    """Fragments and the remainder are worth something, unless one site or nobody serves."""
    least, worth = problem.limits.min_value, problem.limits.values * problem.rounding
    alone, partial, served = model.addBinary(), model.addBinary(), model.addBinary()
    n_sites = len(opened)
    model.addConstr(sum(opened) <= 1 + n_sites * (1 - alone))
    for row, missed in enumerate(missing):
        model.addConstr(missed <= wanted[row] * partial)
    model.addConstr(partial + alone <= 1)
    for site, used in enumerate(opened):
        model.addConstr(used <= served)
        values = [float(worth[row]) * x for (row, at), x in given.items() if at == site]
        fragment = sum(values) + 0.0 * used
        model.addConstr(fragment >= least * used - least * alone)
    remainder = sum(float(worth[row]) * missed for row, missed in enumerate(missing))
    model.addConstr(remainder >= least * partial - least * (1 - served))


def same_products(problem: SourcingProblem) -> list[list[int]]:
    """Rows of the lines of each product."""
    rows: dict[Any, list[int]] = {}
    for row, line in enumerate(problem.lines):
        rows.setdefault(line.product, []).append(row)
    return list(rows.values())


def costs_by_sites(problem: SourcingProblem) -> Iterator[tuple[tuple[int, ...], bool, float]]:
    """Every set of sites, missing allowed or not, and the least cost with it; brute force.

    For problems of one line per product: units are given out one by one, cheapest first.
    """
    n_lines, n_sites = problem.stock.shape
    for size in range(n_sites + 1):
        for sites in itertools.combinations(range(n_sites), size):
            for may_miss in (False, True):
                cost = sum(float(part.per_parcel[list(sites)].sum()) for part in problem.parts)
                cost += problem.missing.per_order if may_miss else 0.0
                for row in range(n_lines):
                    cost += _line_cost(problem, row, sites, may_miss)
                yield sites, may_miss, cost


def _line_cost(problem: SourcingProblem, row: int, sites: tuple[int, ...], may_miss: bool) -> float:
    step = float(problem.rounding[row])
    wanted = whole_steps(problem.lines[row].quantity, step)
    offers = []
    for site in sites:
        price = sum(float(part.per_unit[row, site]) for part in problem.parts) * step
        offers += [price] * min(wanted, whole_steps(float(problem.stock[row, site]), step))
    if may_miss:
        offers += [float(problem.missing.per_unit[row]) * step] * wanted
    if len(offers) < wanted:
        return math.inf
    return sum(sorted(offers)[:wanted])


def check_limits(problem: SourcingProblem, units: np.ndarray) -> None:
    """A plan keeps every limit; written from their definition.

    :param units: shape (L, S): what each site gives to each line
    """
    limits, steps = problem.limits, problem.rounding
    wanted = [whole_steps(line.quantity, steps[row]) for row, line in enumerate(problem.lines)]
    left = np.array(wanted) - np.rint(units.sum(axis=1) / steps)
    used = np.flatnonzero(units.any(axis=0))
    if not len(used):
        return
    if limits.max_sites is not None:
        assert len(used) <= limits.max_sites
    if limits.max_sites_per_line is not None:
        for row, most in enumerate(limits.max_sites_per_line):
            assert not most or np.count_nonzero(units[row]) <= most
    if limits.whole_lines is not None:
        for row in np.flatnonzero(limits.whole_lines):
            assert left[row] == 0 or left[row] == wanted[row]
    assert not limits.whole_order or not left.any()
    row_of = {line.key: row for row, line in enumerate(problem.lines)}
    for group in limits.together:
        assert np.count_nonzero(units[[row_of[key] for key in group]].any(axis=0)) <= 1
    if limits.unit_capacity is not None:
        assert (units.sum(axis=0) <= limits.unit_capacity + 1e-6).all()
    for budget in limits.budgets:
        taken = budget.per_parcel[used].sum() + (budget.per_unit * units).sum()
        assert taken <= budget.limit + 1e-6
    if limits.min_value > 0.0 and (len(used) > 1 or left.any()):
        assert (limits.values @ units[:, used] >= limits.min_value - 1e-6).all()
        remainder = (limits.values * steps) @ left
        assert not left.any() or remainder >= limits.min_value - 1e-6


def check_plan(problem: SourcingProblem, plan: SourcingPlan) -> None:
    """A plan keeps to stock and demand, and costs what it says."""
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    units = np.zeros(problem.stock.shape)
    for assignment in plan.assignments:
        row, column = rows[assignment.line], columns[assignment.site]
        assert units[row, column] == 0.0, "a line and site appear once"
        units[row, column] = assignment.quantity
        steps = assignment.quantity / problem.rounding[row]
        assert assignment.quantity > 0.0
        assert abs(steps - round(steps)) < 1e-6
    for group in same_products(problem):
        assert (units[group].sum(axis=0) <= problem.stock[group[0]] + 1e-5).all()
    missing = np.zeros(len(rows))
    for shortage in plan.missing:
        assert shortage.quantity > 0.0
        missing[rows[shortage.line]] = shortage.quantity
    np.testing.assert_allclose(units.sum(axis=1) + missing, problem.quantities, atol=2e-6)
    used = units.any(axis=0)
    assert plan.sites == tuple(problem.sites[column].key for column in np.flatnonzero(used))
    expected = {
        part.name: part.per_parcel[used].sum() + (part.per_unit * units).sum()
        for part in problem.parts
    }
    expected["missing"] = (problem.missing.per_unit * missing).sum()
    expected["missing"] += problem.missing.per_order if missing.any() else 0.0
    assert dict(plan.costs).keys() == expected.keys()
    for name, amount in plan.costs:
        assert math.isclose(amount, expected[name], rel_tol=1e-9, abs_tol=1e-7)
    assert math.isclose(plan.cost, sum(expected.values()), rel_tol=1e-9, abs_tol=1e-7)
    assert plan.lower_bound <= plan.cost
    check_limits(problem, units)
