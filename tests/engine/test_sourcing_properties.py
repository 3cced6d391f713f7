"""What must hold of every plan, searched for counterexamples by hypothesis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sourcing_cases import KINDS, random_problem
from sourcing_truth import check_plan

from engine.sourcing import CostPart, MissingCost, SourcingProblem, solve

problems = st.builds(
    lambda seed, kind: random_problem(np.random.default_rng(seed), kind),
    st.integers(0, 2**32 - 1),
    st.sampled_from(KINDS),
)
quickly = settings(max_examples=120, deadline=None, derandomize=True)


def changed(problem, *, lines=None, sites=None, stock=None):
    """The problem with lines and sites in another order, or other stock."""
    rows = list(range(len(problem.lines))) if lines is None else lines
    columns = list(range(len(problem.sites))) if sites is None else sites
    cells = np.ix_(rows, columns)
    return SourcingProblem(
        lines=tuple(problem.lines[row] for row in rows),
        sites=tuple(problem.sites[column] for column in columns),
        stock=(problem.stock if stock is None else stock)[cells],
        parts=tuple(
            CostPart(part.name, part.per_parcel[columns], part.per_unit[cells])
            for part in problem.parts
        ),
        missing=MissingCost(problem.missing.per_order, problem.missing.per_unit[rows]),
        rounding=problem.rounding[rows],
    )


@quickly
@given(problems)
def test_plans_keep_to_stock_demand_and_cost(problem):
    check_plan(problem, solve(problem))


@quickly
@given(problems)
def test_every_small_problem_is_proven(problem):
    plan = solve(problem)
    assert plan.proven
    assert plan.lower_bound == plan.cost


@quickly
@given(problems, st.randoms(use_true_random=False))
def test_order_of_lines_and_sites_does_not_change_the_cost(problem, random):
    lines, sites = list(range(len(problem.lines))), list(range(len(problem.sites)))
    random.shuffle(lines)
    random.shuffle(sites)
    turned = solve(changed(problem, lines=lines, sites=sites))
    assert turned.cost == pytest.approx(solve(problem).cost, abs=1e-6)


@quickly
@given(problems, st.integers(0, 2**32 - 1))
def test_more_stock_never_costs_more(problem, seed):
    rng = np.random.default_rng(seed)
    extra = rng.integers(0, 4, problem.stock.shape).astype(float)
    for rows in problem.lines_by_product:
        extra[list(rows)] = extra[rows[0]]
    richer = changed(problem, stock=problem.stock + extra)
    assert solve(richer).cost <= solve(problem).cost + 1e-6


@quickly
@given(problems)
def test_a_site_without_stock_changes_nothing(problem):
    plan = solve(problem)
    used = {site.key for site in problem.sites if site.key in plan.sites}
    columns = [column for column, site in enumerate(problem.sites) if site.key in used]
    alone = solve(changed(problem, sites=columns))
    assert alone.cost == pytest.approx(plan.cost, abs=1e-6)
    assert alone.assignments == plan.assignments


@quickly
@given(problems)
def test_a_line_cut_in_two_costs_the_same(problem):
    rounding, first = problem.rounding[0], problem.lines[0]
    if problem.demand_steps[0] < 2:
        return
    cut = [
        type(first)("first", first.product, float(rounding)),
        type(first)("second", first.product, first.quantity - float(rounding)),
    ]
    rows = [0, *range(len(problem.lines))]
    halves = changed(problem)
    halves = SourcingProblem(
        lines=(*cut, *problem.lines[1:]),
        sites=halves.sites,
        stock=problem.stock[rows],
        parts=tuple(
            CostPart(part.name, part.per_parcel, part.per_unit[rows]) for part in problem.parts
        ),
        missing=MissingCost(problem.missing.per_order, problem.missing.per_unit[rows]),
        rounding=problem.rounding[rows],
    )
    assert solve(halves).cost == pytest.approx(solve(problem).cost, abs=1e-6)
    check_plan(halves, solve(halves))
