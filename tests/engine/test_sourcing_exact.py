"""The search finds the cheapest plan: against a general solver, and against trying everything."""

import numpy as np
import pytest
from sourcing_cases import KINDS, random_problem, simple_problem
from sourcing_truth import check_plan, costs_by_sites, optimum

from engine.sourcing import CostPart, MissingCost, OrderLine, Site, SourcingProblem, solve


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_same_cost_as_a_general_solver(kind, seed):
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    for _ in range(130):
        problem = random_problem(rng, kind)
        plan = solve(problem)
        check_plan(problem, plan)
        assert plan.proven
        assert plan.gap == 0.0
        assert plan.cost == pytest.approx(optimum(highspy, problem), abs=1e-6)


@pytest.mark.parametrize("kind", ["plain", "fractional", "ties"])
def test_same_cost_as_every_set_of_sites_tried(kind):
    rng = np.random.default_rng(7)
    for _ in range(80):
        problem = random_problem(rng, kind, most_sites=5)
        unavoidable = solve(problem).missing
        best = min(cost for _sites, _miss, cost in costs_by_sites(problem))
        rest = problem.quantities - problem.demand_steps * problem.rounding
        if (rest > 1e-5).any():
            # The truth above knows whole steps only.
            continue
        assert solve(problem).cost == pytest.approx(best, abs=1e-6), unavoidable


@pytest.mark.parametrize("seed", range(3))
def test_larger_orders_against_a_general_solver(seed):
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng(seed)
    for _ in range(6):
        problem = big_problem(rng, n_lines=8, n_sites=30)
        plan = solve(problem)
        check_plan(problem, plan)
        assert plan.proven
        assert plan.cost == pytest.approx(optimum(highspy, problem), abs=1e-6)


def big_problem(rng, n_lines, n_sites, most_wanted=6, most_held=8):
    quantity = rng.integers(1, most_wanted, n_lines)
    held = rng.random((n_lines, n_sites)) < 0.2
    per_unit = 0.423 + 0.000541 * rng.random(n_sites) * 2500
    return SourcingProblem(
        lines=tuple(OrderLine(i, i, float(quantity[i])) for i in range(n_lines)),
        sites=tuple(Site(j, f"site {j}") for j in range(n_sites)),
        stock=rng.integers(1, most_held, (n_lines, n_sites)) * held,
        parts=(
            CostPart("parcel", np.full(n_sites, 8.759), np.zeros((n_lines, n_sites))),
            CostPart("unit", np.zeros(n_sites), np.tile(per_unit, (n_lines, 1))),
        ),
        missing=MissingCost(17.518, np.full(n_lines, 2 * per_unit.max())),
    )


def test_twelve_lines_over_five_hundred_sites_are_proven():
    rng = np.random.default_rng(3)
    problem = big_problem(rng, n_lines=12, n_sites=500)
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.proven
    assert plan.gap == 0.0


def test_more_products_than_tables_can_hold():
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng(5)
    problem = big_problem(rng, n_lines=16, n_sites=25)
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.proven
    assert plan.cost == pytest.approx(optimum(highspy, problem), abs=1e-6)


def test_out_of_time_there_is_a_plan_and_a_true_bound():
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    unproven = 0
    rng = np.random.default_rng(11)
    for _ in range(4):
        problem = big_problem(rng, n_lines=9, n_sites=40, most_wanted=25, most_held=6)
        plan = solve(problem, time_limit=0.0)
        check_plan(problem, plan)
        unproven += not plan.proven
        best = optimum(highspy, problem)
        assert plan.lower_bound <= best + 1e-6
        assert plan.cost >= best - 1e-6
        assert plan.gap == pytest.approx(1 - plan.lower_bound / plan.cost)
    assert unproven, "the cases are too easy to run out of time"


def test_a_line_is_split_when_that_is_needed():
    plan = solve(simple_problem([[2, 3, 0]], [4.0]))
    assert plan.sites == ("A", "B")
    assert not plan.missing


def test_a_line_is_split_when_that_pays():
    # B has all ten, but A, opened for the other line anyway, has half of them close by.
    problem = simple_problem([[5, 10], [1, 0]], [10.0, 1.0], unit=[0.1, 2.0])
    plan = solve(problem)
    quantities = {(a.line, a.site): a.quantity for a in plan.assignments}
    assert quantities == {("l0", "A"): 5.0, ("l1", "A"): 1.0, ("l0", "B"): 5.0}


def test_part_of_a_line_stays_missing_when_a_parcel_costs_more():
    problem = simple_problem([[9, 1]], [10.0], parcel=20.0, missing=(3.0, 4.0))
    plan = solve(problem)
    assert plan.sites == ("A",)
    assert [(s.line, s.quantity) for s in plan.missing] == [("l0", 1.0)]
    assert plan.cost == pytest.approx(27.0)


def test_everything_stays_missing_when_that_is_cheapest():
    plan = solve(simple_problem([[9]], [1.0], parcel=20.0, missing=(3.0, 4.0)))
    assert not plan.assignments
    assert plan.cost == pytest.approx(7.0)


def test_lines_of_one_product_share_its_stock():
    problem = simple_problem([[3, 2], [3, 2]], [2.0, 2.0], products=["p", "p"])
    plan = solve(problem)
    assert plan.sites == ("A", "B")
    given = {}
    for assignment in plan.assignments:
        given[assignment.site] = given.get(assignment.site, 0.0) + assignment.quantity
    assert given["A"] <= 3.0
    assert given["B"] <= 2.0
    assert sum(given.values()) == 4.0


def test_the_dearer_line_of_a_scarce_product_is_served():
    problem = simple_problem([[2.0], [2.0]], [2.0, 2.0], products=["p", "p"])
    problem = SourcingProblem(
        problem.lines,
        problem.sites,
        problem.stock,
        problem.parts,
        MissingCost(1.0, np.array([5.0, 9.0])),
    )
    plan = solve(problem)
    assert [a.line for a in plan.assignments] == ["l1"]
    assert [s.line for s in plan.missing] == ["l0"]


def test_quantities_keep_to_the_rounding():
    plan = solve(simple_problem([[0.99, 0.26]], [1.3], parcel=1.0, rounding=[0.25]))
    assert [(a.site, a.quantity) for a in plan.assignments] == [("A", 0.75), ("B", 0.25)]
    assert [s.quantity for s in plan.missing] == [pytest.approx(0.3)]


def test_decimal_noise_is_no_shortage():
    stock = [[0.1 + 0.2]]
    plan = solve(simple_problem(stock, [0.3], rounding=[0.1]))
    assert [a.quantity for a in plan.assignments] == [0.3]
    assert not plan.missing


def test_less_than_a_step_cannot_be_served():
    plan = solve(simple_problem([[5.0]], [0.5]))
    assert not plan.assignments
    assert plan.cost == pytest.approx(55.0)


def test_no_sites_at_all():
    problem = simple_problem(np.zeros((2, 0)).tolist(), [1.0, 2.0])
    plan = solve(problem)
    assert not plan.assignments
    assert sum(s.quantity for s in plan.missing) == 3.0
