"""Plans of equal cost: fewest sites, then lowest sum of ranks, then order of the sites."""

import itertools

import numpy as np
import pytest
from sourcing_cases import random_problem, simple_problem
from sourcing_truth import costs_by_sites

from engine.sourcing import CostPart, MissingCost, SourcingProblem, solve


def test_the_rule_against_every_set_of_sites():
    rng = np.random.default_rng(1)
    checked = 0
    for _ in range(400):
        problem = random_problem(rng, "ties", most_sites=6)
        sets = list(costs_by_sites(problem))
        least = min(cost for _sites, _miss, cost in sets)
        rank = [site.rank for site in problem.sites]
        equals = [
            (miss, len(sites), sum(rank[site] for site in sites), sites)
            for sites, miss, cost in sets
            if cost < least + 1e-9
        ]
        checked += len(equals) > 1
        assert solve(problem).sites == min(equals)[-1]
    assert checked > 100


def test_fewer_sites_win():
    problem = simple_problem([[1, 0, 1], [0, 1, 1]], [1.0, 1.0], parcel=[2.0, 2.0, 4.0])
    assert solve(problem).sites == ("C",)


def test_then_the_lower_rank():
    assert solve(simple_problem([[1, 1, 1]], [1.0], ranks=[3, 1, 2])).sites == ("B",)


def test_then_the_sum_of_ranks():
    # A+B has ranks 0+9, C+D 4+4.
    problem = simple_problem([[1, 0, 1, 0], [0, 1, 0, 1]], [1.0, 1.0], ranks=[0, 9, 4, 4])
    assert solve(problem).sites == ("A", "D")
    problem = simple_problem([[3, 0, 3, 0], [0, 1, 0, 1]], [3.0, 1.0], ranks=[5, 9, 4, 4])
    assert solve(problem).sites == ("C", "D")


def test_then_the_order_of_the_sites():
    assert solve(simple_problem([[1, 1, 1]], [1.0])).sites == ("A",)
    problem = simple_problem([[0, 1, 1, 0], [1, 0, 0, 1]], [1.0, 1.0])
    assert solve(problem).sites == ("A", "B")


def test_a_full_order_wins_over_a_missing_unit():
    plan = solve(simple_problem([[1]], [1.0], parcel=5.0, missing=(0.0, 5.0)))
    assert plan.sites == ("A",)


def test_noise_does_not_decide():
    # 0.1 + 0.2 and 0.3 are the same cost, though not the same float.
    problem = simple_problem([[1, 1]], [1.0], parcel=[0.1 + 0.2, 0.3])
    assert solve(problem).sites == ("A",)
    problem = simple_problem([[1, 1]], [1.0], parcel=[0.3, 0.1 + 0.2])
    assert solve(problem).sites == ("A",)
    problem = simple_problem([[1, 1]], [1.0], parcel=[0.1 + 0.2, 0.3], ranks=[1, 0])
    assert solve(problem).sites == ("B",)


def test_many_equal_sites_are_no_trouble():
    n_sites = 200
    rng = np.random.default_rng(0)
    stock = np.zeros((3, n_sites))
    for row in range(3):
        stock[row, rng.permutation(n_sites)[:120]] = 2.0
    plan = solve(simple_problem(stock.tolist(), [2.0, 2.0, 2.0]))
    whole = stock.all(axis=0)
    assert plan.sites == (next(_names(whole)),) if whole.any() else plan.proven


def _names(mask):
    return (chr(ord("A") + position) for position in np.flatnonzero(mask).tolist())


def test_many_equal_partial_sites_are_no_trouble():
    plan = solve(simple_problem([[1.0] * 60], [4.0]))
    assert plan.proven
    assert plan.sites == ("A", "B", "C", "D")


def test_the_order_of_lines_does_not_matter():
    rng = np.random.default_rng(2)
    for _ in range(60):
        problem = random_problem(rng, "ties", most_lines=4)
        plan = solve(problem)
        for order in itertools.permutations(range(len(problem.lines))):
            rows = list(order)
            turned = SourcingProblem(
                tuple(problem.lines[row] for row in rows),
                problem.sites,
                problem.stock[rows],
                tuple(
                    CostPart(part.name, part.per_parcel, part.per_unit[rows])
                    for part in problem.parts
                ),
                MissingCost(problem.missing.per_order, problem.missing.per_unit[rows]),
            )
            assert solve(turned).sites == plan.sites


@pytest.mark.parametrize("kind", ["plain", "shared", "ties"])
def test_the_same_problem_gives_the_same_plan(kind):
    rng = np.random.default_rng(4)
    for _ in range(20):
        problem = random_problem(rng, kind)
        assert solve(problem) == solve(SourcingProblem.from_dict(problem.to_dict()))
