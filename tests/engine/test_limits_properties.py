"""What must hold of every plan under limits, searched for counterexamples by hypothesis."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sourcing_cases import KINDS, LIMITS, limited, random_problem, simple_problem
from sourcing_truth import check_plan, optimum

from engine.sourcing import Budget, CostPart, Limits, SourcingProblem, solve


def draw(seed, kind, names):
    rng = np.random.default_rng(seed)
    return limited(rng, random_problem(rng, kind), tuple(names))


seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(KINDS)
problems = st.builds(draw, seeds, kinds, st.sets(st.sampled_from(LIMITS)).map(sorted))
quickly = settings(max_examples=60, deadline=None, derandomize=True)


def turned(problem, columns):
    """The problem with its sites in another order."""
    limits = problem.limits
    capacity = limits.unit_capacity
    return SourcingProblem(
        lines=problem.lines,
        sites=tuple(problem.sites[column] for column in columns),
        stock=problem.stock[:, columns],
        parts=tuple(
            CostPart(part.name, part.per_parcel[columns], part.per_unit[:, columns])
            for part in problem.parts
        ),
        missing=problem.missing,
        rounding=problem.rounding,
        limits=dataclasses.replace(
            limits,
            unit_capacity=None if capacity is None else capacity[columns],
            budgets=tuple(
                Budget(b.name, b.per_parcel[columns], b.per_unit[:, columns], b.limit)
                for b in limits.budgets
            ),
        ),
    )


@pytest.mark.parametrize("name", LIMITS)
@quickly
@given(seed=seeds, kind=kinds)
def test_plans_keep_each_limit(name, seed, kind):
    problem = draw(seed, kind, [name])
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.proven
    assert plan.lower_bound == plan.cost


@quickly
@given(problems)
def test_plans_keep_all_limits(problem):
    plan = solve(problem)
    check_plan(problem, plan)
    assert plan.proven


@quickly
@given(problems)
def test_limits_never_make_an_order_cheaper(problem):
    free = solve(dataclasses.replace(problem, limits=Limits()))
    plan = solve(problem)
    assert plan.cost >= free.cost - 1e-6
    nothing = float(problem.quantities @ problem.missing.per_unit) + problem.missing.per_order
    assert plan.cost <= nothing + 1e-6


@quickly
@given(problems, st.sampled_from(LIMITS))
def test_one_limit_less_never_costs_more(problem, name):
    defaults = Limits()
    values = {name: getattr(defaults, name)}
    freer = dataclasses.replace(problem, limits=dataclasses.replace(problem.limits, **values))
    assert solve(freer).cost <= solve(problem).cost + 1e-6


@quickly
@given(problems, st.randoms(use_true_random=False))
def test_the_order_of_sites_changes_ties_only(problem, random):
    columns = list(range(len(problem.sites)))
    random.shuffle(columns)
    plan, other = solve(problem), solve(turned(problem, columns))
    assert other.cost == pytest.approx(plan.cost, abs=1e-6)
    rank = {site.key: site.rank for site in problem.sites}
    assert bool(other.missing) == bool(plan.missing)
    assert len(other.sites) == len(plan.sites)
    assert sum(rank[key] for key in other.sites) == sum(rank[key] for key in plan.sites)


@quickly
@given(problems)
def test_the_same_problem_gives_the_same_plan(problem):
    assert solve(problem) == solve(SourcingProblem.from_dict(problem.to_dict()))


@quickly
@given(problems)
def test_limits_that_the_best_plan_keeps_change_nothing(problem):
    free = solve(dataclasses.replace(problem, limits=Limits()))
    loose = dataclasses.replace(
        problem,
        limits=Limits(
            max_sites=len(problem.sites),
            max_sites_per_line=[len(problem.sites)] * len(problem.lines),
            unit_capacity=problem.stock.sum(axis=0) + 1.0,
        ),
    )
    assert solve(loose) == free


def test_ties_against_every_set_of_sites():
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng(1)
    checked = 0
    for _ in range(40):
        free = random_problem(rng, "ties", most_lines=3, most_sites=4)
        names = tuple(name for name in LIMITS if name != "whole_order" and rng.random() < 0.25)
        problem = limited(rng, free, names or ("max_sites",))
        best = optimum(highspy, problem)
        nothing = problem.quantities @ problem.missing.per_unit + problem.missing.per_order
        if abs(nothing - best) < 1e-6:
            continue
        filled = dataclasses.replace(
            problem, limits=dataclasses.replace(problem.limits, whole_order=True)
        )
        truth = filled if abs(optimum(highspy, filled) - best) < 1e-6 else problem
        everywhere = range(len(problem.sites))
        equals = []
        for size in range(1, len(problem.sites) + 1):
            for sites in itertools.combinations(everywhere, size):
                others = set(everywhere) - set(sites)
                if abs(optimum(highspy, truth, closed=others) - best) < 1e-6:
                    ranks = sum(problem.sites[site].rank for site in sites)
                    equals.append((size, ranks, sites))
        checked += len({size for size, _ranks, _sites in equals}) < len(equals)
        assert solve(problem).sites == min(equals)[-1]
    assert checked > 5


def test_out_of_time_there_is_a_plan_and_a_true_bound():
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng(3)
    unproven = 0
    for _ in range(6):
        stock = rng.integers(0, 4, (6, 12))
        problem = simple_problem(stock.tolist(), [5.0] * 6, unit=(rng.random(12) * 4).tolist())
        problem = dataclasses.replace(
            problem,
            limits=Limits(
                max_sites=5, unit_capacity=rng.integers(3, 12, 12), max_sites_per_line=[3] * 6
            ),
        )
        plan = solve(problem, time_limit=0.0)
        check_plan(problem, plan)
        best = optimum(highspy, problem)
        assert plan.lower_bound <= best + 1e-6
        assert plan.cost >= best - 1e-6
        unproven += not plan.proven
        # Numbers of numpy have no place in a database or in JSON.
        assert type(plan.lower_bound) is type(plan.cost) is type(plan.gap) is float
    assert unproven, "the cases are too easy to run out of time"
