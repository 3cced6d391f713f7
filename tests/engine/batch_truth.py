"""Independent truths about small batches: a general solver, and the rules spelled out."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from sourcing_truth import add_limits, add_order, check_plan, exact_solver, whole_steps

from engine.batch import BatchOrder, BatchPlan, BatchProblem, Quota
from engine.sourcing import SourcingPlan


def batch_optimum(highspy: Any, batch: BatchProblem) -> float:
    """Least cost of a batch, changes included, by one mixed-integer program from its definition."""
    model = exact_solver(highspy)
    total: Any = 0.0
    given_by: dict[tuple[Any, Any], list[Any]] = defaultdict(list)
    opened_by: dict[Any, list[Any]] = defaultdict(list)
    units_by: dict[Any, list[Any]] = defaultdict(list)
    quota_by: dict[Any, list[Any]] = defaultdict(list)
    for order in batch.orders:
        problem = order.problem
        cost, opened, given, missing = add_order(model, problem)
        add_limits(model, problem, opened, given, missing)
        total = total + cost
        for site, flag in zip(problem.sites, opened, strict=True):
            if site.key not in order.joined:
                opened_by[site.key].append(flag)
        for (row, site), amount in given.items():
            key = problem.sites[site].key
            given_by[problem.lines[row].product, key].append(amount)
            units_by[key].append(float(problem.rounding[row]) * amount)
            for quota in batch.quotas:
                if _counts(quota, order, problem.lines[row].product, key):
                    quota_by[quota.key].append(amount)
        if order.current is not None and order.change_cost:
            changed = model.addBinary()
            total = total + order.change_cost * changed
            now = _steps(order.current, problem)
            for place, amount in given.items():
                most = float(problem.quantities[place[0]] / problem.rounding[place[0]])
                model.addConstr(amount - now.get(place, 0) <= most * changed)
                model.addConstr(now.get(place, 0) - amount <= most * changed)
    for (product, site), amounts in given_by.items():
        held = whole_steps(batch.stock.get((product, site), 0.0), batch.steps[product])
        model.addConstr(sum(amounts) <= held)
    for capacity in batch.capacities:
        if capacity.orders is not None and opened_by[capacity.site]:
            model.addConstr(sum(opened_by[capacity.site]) <= math.floor(capacity.orders))
        if capacity.units is not None and units_by[capacity.site]:
            model.addConstr(sum(units_by[capacity.site]) <= capacity.units)
    for quota in batch.quotas:
        if quota_by[quota.key]:
            most = whole_steps(quota.quantity, batch.steps[quota.product])
            model.addConstr(sum(quota_by[quota.key]) <= most)
    model.minimize(total)
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return model.getObjectiveValue()


def _counts(quota: Quota, order: BatchOrder, product: Any, site: Any) -> bool:
    return (
        product == quota.product
        and site in quota.sites
        and (quota.channels is None or order.channel in quota.channels)
    )


def _steps(plan: SourcingPlan, problem: Any) -> dict[tuple[int, int], int]:
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    return {
        (rows[a.line], columns[a.site]): round(a.quantity / problem.rounding[rows[a.line]])
        for a in plan.assignments
    }


def check_batch(batch: BatchProblem, solution: BatchPlan) -> None:
    """Every order has a plan of its own, together they keep to all limits, and costs add up."""
    assert list(solution.plans) == [order.key for order in batch.orders]
    taken: dict[tuple[Any, Any], float] = defaultdict(float)
    orders: dict[Any, int] = defaultdict(int)
    units: dict[Any, float] = defaultdict(float)
    sold: dict[Any, float] = defaultdict(float)
    for order in batch.orders:
        plan = solution.plans[order.key]
        check_plan(order.problem, plan)
        product_of = {line.key: line.product for line in order.problem.lines}
        for given in plan.assignments:
            taken[product_of[given.line], given.site] += given.quantity
            units[given.site] += given.quantity
            for quota in batch.quotas:
                if _counts(quota, order, product_of[given.line], given.site):
                    sold[quota.key] += given.quantity
        for site in plan.sites:
            orders[site] += site not in order.joined
    for key, quantity in taken.items():
        assert quantity <= batch.stock.get(key, 0.0) + 1e-6, key
    for capacity in batch.capacities:
        if capacity.orders is not None:
            assert orders[capacity.site] <= capacity.orders
        if capacity.units is not None:
            assert units[capacity.site] <= capacity.units + 1e-6
    for quota in batch.quotas:
        assert sold[quota.key] <= quota.quantity + 1e-6, quota.key
    assert {price.key for price in solution.quota_prices} <= {quota.key for quota in batch.quotas}
    cost = sum(plan.cost for plan in solution.plans.values())
    assert math.isclose(solution.cost, cost, rel_tol=1e-9, abs_tol=1e-9)
    assert solution.lower_bound <= solution.objective + 1e-9
    assert all(price.price > 0.0 for price in solution.prices)
    costs = [stage.cost for stage in solution.stages]
    assert costs == sorted(costs, reverse=True)
