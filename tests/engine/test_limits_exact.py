"""Under limits the search still finds the cheapest plan: against a general solver."""

import dataclasses

import numpy as np
import pytest
from sourcing_cases import KINDS, LIMITS, limited, random_problem, simple_problem
from sourcing_truth import check_plan, optimum

from engine.sourcing import (
    Budget,
    CostPart,
    Limits,
    MissingCost,
    OrderLine,
    Site,
    SourcingProblem,
    solve,
)

highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")


def agree(problem):
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.proven
    assert plan.gap == 0.0
    assert plan.cost == pytest.approx(optimum(highspy, problem), abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_alone(kind, name):
    rng = np.random.default_rng([KINDS.index(kind), LIMITS.index(name)])
    for _ in range(25):
        agree(limited(rng, random_problem(rng, kind, most_lines=4, most_sites=6), (name,)))


@pytest.mark.parametrize("kind", KINDS)
def test_limits_together(kind):
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(150):
        names = tuple(name for name in LIMITS if rng.random() < 0.4)
        agree(limited(rng, random_problem(rng, kind, most_lines=5, most_sites=7), names))


@pytest.mark.parametrize("seed", range(3))
def test_larger_orders(seed):
    rng = np.random.default_rng(seed)
    for _ in range(4):
        problem = random_problem(rng, "plain", most_lines=8, most_sites=24)
        names = tuple(name for name in LIMITS if rng.random() < 0.3)
        agree(limited(rng, problem, names))


def test_more_lines_than_tables_can_hold():
    rng = np.random.default_rng(5)
    for _ in range(4):
        stock = rng.integers(0, 4, (15, 7)) * (rng.random((15, 7)) < 0.5)
        quantities = rng.integers(1, 4, 15).astype(float).tolist()
        problem = simple_problem(stock.tolist(), quantities, unit=rng.random(7).tolist())
        for names in (("max_sites", "unit_capacity"), ("min_value", "together", "budgets")):
            agree(limited(rng, problem, names))


def test_twelve_lines_over_five_hundred_sites_are_proven():
    rng = np.random.default_rng(3)
    stock = rng.integers(1, 8, (12, 500)) * (rng.random((12, 500)) < 0.2)
    quantities = rng.integers(1, 6, 12).astype(float)
    problem = simple_problem(stock.tolist(), quantities.tolist(), unit=rng.random(500).tolist())
    limits = Limits(
        max_sites=3,
        max_sites_per_line=np.ones(12),
        values=rng.integers(5, 50, 12),
        min_value=60.0,
        unit_capacity=rng.integers(5, 20, 500),
    )
    problem = dataclasses.replace(problem, limits=limits)
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.proven


def test_a_line_of_less_than_a_step_is_in_nobodys_way():
    problem = simple_problem([[2, 2], [2, 2]], [2.0, 0.5])
    limits = Limits(
        together=(("l0", "l1"),),
        whole_lines=[True, True],
        whole_order=True,
        max_sites_per_line=[1, 1],
        values=[1.0, 9.0],
        min_value=1.0,
        unit_capacity=[2.0, 0.0],
    )
    problem = dataclasses.replace(problem, limits=limits)
    agree(problem)
    assert solve(problem).sites == ("A",)


@pytest.mark.parametrize("per_parcel", [False, True])
@pytest.mark.parametrize("kind", ["unit", "parcel", "both"])
def test_as_much_as_a_budget_leaves_then_what_is_preferred(kind, per_parcel):
    """What rules of thumb come to under a cap on carbon: no penalty is worth a step."""
    rng = np.random.default_rng(["unit", "parcel", "both"].index(kind))
    for _ in range(40):
        n_lines, n_sites = int(rng.integers(1, 5)), int(rng.integers(2, 16))
        km = rng.integers(1, 2000, n_sites).astype(float)
        green = (rng.random(n_sites) * 0.6).round(3)
        fixed = np.zeros(n_sites) if kind == "unit" else 5.0 * km.max() + km
        unit = np.zeros((n_lines, n_sites)) if kind == "parcel" else np.tile(km, (n_lines, 1))
        quantities = rng.integers(1, 5, n_lines).astype(float)
        most = float(fixed.sum() + quantities @ unit.max(axis=1)) + 1.0
        names = [f"l{line}" for line in range(n_lines)]
        problem = SourcingProblem(
            lines=tuple(
                OrderLine(name, name, quantity)
                for name, quantity in zip(names, quantities.tolist(), strict=True)
            ),
            sites=tuple(Site(site, f"Site {site}") for site in range(n_sites)),
            stock=rng.integers(0, 4, (n_lines, n_sites)),
            parts=(CostPart("preference", fixed, unit),),
            missing=MissingCost(0.0, np.full(n_lines, most)),
        )
        budget = Budget(
            "carbon",
            green if per_parcel else np.zeros(n_sites),
            np.tile(green, (n_lines, 1)),
            float(quantities.sum() * rng.uniform(0.05, 0.5)),
        )
        problem = dataclasses.replace(problem, limits=Limits(budgets=(budget,)))
        plan = solve(problem)
        check_plan(problem, plan)
        assert plan.proven
        assert plan.cost == pytest.approx(optimum(highspy, problem), rel=1e-8)
