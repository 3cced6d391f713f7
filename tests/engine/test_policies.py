"""The simple rules do what they say, and no more."""

import numpy as np
import pytest
from sourcing_cases import KINDS, random_problem, simple_problem
from sourcing_truth import check_plan

from engine.sourcing import POLICIES, fewest_sites, nearest, solve, whole_order_first


def quantities(plan):
    return {(a.line, a.site): a.quantity for a in plan.assignments}


def test_nearest_spills_over_by_distance():
    plan = nearest(simple_problem([[2, 5, 2], [0, 0, 1]], [5.0, 1.0]), [1.0, 3.0, 2.0])
    assert quantities(plan) == {("l0", "A"): 2, ("l0", "C"): 2, ("l0", "B"): 1, ("l1", "C"): 1}


def test_whole_order_from_the_nearest_able_site():
    problem = simple_problem([[2, 2, 2], [0, 1, 1]], [2.0, 1.0])
    assert whole_order_first(problem, [1.0, 3.0, 2.0]).sites == ("C",)


def test_whole_order_falls_back_to_nearest():
    problem = simple_problem([[2, 2, 0], [0, 0, 1]], [2.0, 1.0])
    distance = [2.0, 1.0, 3.0]
    assert whole_order_first(problem, distance) == nearest(problem, distance)


def test_fewest_sites_takes_what_covers_most():
    problem = simple_problem([[1, 0, 3], [1, 1, 0], [1, 1, 0]], [3.0, 1.0, 1.0])
    assert fewest_sites(problem, [1.0, 2.0, 9.0]).sites == ("A", "C")


def test_fewest_sites_takes_the_nearest_of_equals():
    assert fewest_sites(simple_problem([[1, 1]], [1.0]), [2.0, 1.0]).sites == ("B",)


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("kind", KINDS)
def test_policies_are_never_better_than_the_search(name, kind):
    rng = np.random.default_rng(0)
    for _ in range(40):
        problem = random_problem(rng, kind)
        plan = POLICIES[name](problem, rng.random(len(problem.sites)))
        check_plan(problem, plan)
        best = solve(problem)
        assert plan.cost >= best.cost - 1e-9
        assert plan.lower_bound <= best.cost + 1e-9
        assert not plan.proven


@pytest.mark.parametrize("name", POLICIES)
def test_distances_must_fit(name):
    with pytest.raises(ValueError, match="2 distances are needed"):
        POLICIES[name](simple_problem([[1, 1]], [1.0]), [1.0])
