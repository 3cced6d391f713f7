"""The next best choices of sites are what trying every set of sites finds."""

import dataclasses
import itertools

import numpy as np
import pytest
from sourcing_cases import KINDS, random_problem, simple_problem
from sourcing_truth import optimum

from engine.sourcing import SourcingPlan, alternatives, plan_costs, solve


def next_best(highspy, problem, before):
    """Least cost of all plans that lack a site of each plan in a list; None if there is none."""
    n_sites = len(problem.sites)
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    taken = [{columns[key] for key in plan.sites} for plan in before]
    costs = [
        optimum(highspy, problem, closed=closed)
        for size in range(1, n_sites + 1)
        for closed in itertools.combinations(range(n_sites), size)
        if all(sites & set(closed) for sites in taken)
    ]
    return min(costs, default=None)


@pytest.mark.parametrize("kind", KINDS)
def test_against_every_set_of_sites(kind):
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(6):
        problem = random_problem(rng, kind, most_lines=3, most_sites=4)
        plan = solve(problem)
        before = [plan]
        for other in alternatives(problem, plan, 3):
            truth = next_best(highspy, problem, before)
            assert other.cost == pytest.approx(truth, abs=1e-5)
            before.append(other)
        if len(before) <= 3 and all(each.sites for each in before):
            assert next_best(highspy, problem, before) is None


def test_last_alternative_is_to_ship_nothing():
    problem = simple_problem([[2, 0, 5], [0, 3, 5]], [2, 3])
    plan = solve(problem)
    others = alternatives(problem, plan, 50)
    assert others[-1].sites == ()
    assert len({frozenset(other.sites) for other in others}) == len(others)


def test_no_site_no_alternative():
    problem = simple_problem([[2, 0, 5], [0, 3, 5]], [2, 3])
    problem = dataclasses.replace(problem, stock=np.zeros(problem.stock.shape))
    assert alternatives(problem, solve(problem)) == ()


def test_costs_at_other_prices():
    problem = simple_problem([[2, 0, 5], [0, 3, 5]], [2, 3])
    plan = solve(problem)
    assert plan_costs(problem, plan) == plan.costs
    dearer = dataclasses.replace(
        problem,
        parts=tuple(
            dataclasses.replace(part, per_parcel=part.per_parcel * 3, per_unit=part.per_unit * 2)
            for part in problem.parts
        ),
    )
    by_hand = {}
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    for part in dearer.parts:
        used = {columns[key] for key in plan.sites}
        by_hand[part.name] = sum(part.per_parcel[column] for column in used) + sum(
            given.quantity * part.per_unit[rows[given.line], columns[given.site]]
            for given in plan.assignments
        )
    costs = dict(plan_costs(dearer, plan))
    assert {name: costs[name] for name in by_hand} == pytest.approx(by_hand)


def test_a_plan_of_another_problem_is_refused():
    problem = simple_problem([[2, 0, 5], [0, 3, 5]], [2, 3])
    plan = solve(problem)
    stranger = dataclasses.replace(plan.assignments[0], site="elsewhere")
    with pytest.raises(ValueError, match="elsewhere"):
        plan_costs(problem, SourcingPlan((stranger,), (), 0.0, (), 0.0, False))
