"""Every site's part in a decision is told, and told right."""

import json

import numpy as np
import pytest
from sourcing_cases import KINDS, random_problem, simple_problem
from sourcing_truth import optimum

from engine.sourcing import PRESETS, Explanation, Facts, explain, solve


def verdicts(explanation):
    return {verdict.site: verdict for verdict in explanation.verdicts}


@pytest.mark.parametrize("kind", KINDS)
def test_extra_costs_against_a_general_solver(kind):
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(25):
        problem = random_problem(rng, kind, most_lines=4, most_sites=6)
        plan = solve(problem)
        best = optimum(highspy, problem)
        position = {site.key: column for column, site in enumerate(problem.sites)}
        quick = verdicts(explain(problem, plan, prove=0))
        for verdict in explain(problem, plan, prove=99).verdicts:
            if verdict.code == "chosen":
                assert verdict.extra_cost == 0.0
                continue
            truth = optimum(highspy, problem, used=position[verdict.site]) - best
            assert not verdict.extra_is_bound
            assert verdict.extra_cost == pytest.approx(truth, abs=1e-5)
            assert quick[verdict.site].extra_is_bound
            assert quick[verdict.site].extra_cost >= verdict.extra_cost - 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_runner_up_against_a_general_solver(kind):
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(15):
        problem = random_problem(rng, kind, most_lines=4, most_sites=6)
        plan = solve(problem)
        runner_up = explain(problem, plan).runner_up
        if not plan.sites:
            assert runner_up is None
            continue
        chosen = [column for column, s in enumerate(problem.sites) if s.key in plan.sites]
        truth = min(optimum(highspy, problem, closed=[column]) for column in chosen)
        assert runner_up.plan.cost == pytest.approx(truth, abs=1e-6)
        assert runner_up.margin == pytest.approx(truth - plan.cost, abs=1e-6)
        assert set(runner_up.plan.sites) != set(plan.sites)


def test_codes():
    problem = simple_problem(
        [[2, 2, 2, 1, 0, 2], [1, 1, 0, 0, 0, 1]],
        [2.0, 1.0],
        unit=[1.0, 1.0, 1.5, 0.5, 0.0, 3.0],
    )
    plan = solve(problem)
    explanation = explain(problem, plan)
    by_site = verdicts(explanation)
    assert {site: verdict.code for site, verdict in by_site.items()} == {
        "A": "chosen",
        "B": "tie",
        "C": "dominated",
        "D": "costlier",
        "F": "dominated",
    }
    assert by_site["C"].dominated_by == "A"
    assert by_site["B"].extra_cost == 0.0
    assert explanation.others == (("no_stock", 1),)


def test_what_is_told_of_a_site():
    problem = simple_problem([[2, 3], [0, 1]], [3.0, 1.0], unit=[1.0, 2.0], missing=(7.0, 4.0))
    plan = solve(problem)
    assert plan.sites == ("B",)
    by_site = verdicts(explain(problem, plan))
    chosen, other = by_site["B"], by_site["A"]
    assert (chosen.quantity, chosen.coverage) == (4.0, 4.0)
    assert chosen.costs == (("parcel", 5.0), ("distance", 8.0))
    assert chosen.alone_cost == pytest.approx(plan.cost)
    assert (other.quantity, other.coverage) == (0.0, 2.0)
    assert other.costs == ()
    assert other.alone_cost == pytest.approx(5.0 + 2.0 + 7.0 + 2 * 4.0)
    # Two units from A save two, its parcel costs five.
    assert other.extra_cost == pytest.approx(3.0)


def test_costs_of_chosen_sites_add_up():
    rng = np.random.default_rng(5)
    for kind in KINDS:
        problem = random_problem(rng, kind)
        plan = solve(problem)
        shares = [dict(v.costs) for v in explain(problem, plan).verdicts if v.code == "chosen"]
        for name, amount in plan.costs[:-1]:
            assert sum(share[name] for share in shares) == pytest.approx(amount, abs=1e-9)


def test_only_the_best_of_many_sites_are_told_of():
    rng = np.random.default_rng(0)
    stock = rng.integers(0, 4, (3, 300)).astype(float)
    problem = simple_problem(stock.tolist(), [2.0, 1.0, 3.0], unit=rng.random(300).tolist())
    plan = solve(problem)
    explanation = explain(problem, plan)
    told = [verdict for verdict in explanation.verdicts if verdict.code != "chosen"]
    assert len(told) == 25
    extras = [verdict.extra_cost for verdict in told]
    assert extras == sorted(extras)
    assert len(explanation.verdicts) + sum(count for _code, count in explanation.others) == 300
    assert len(json.dumps(explanation.to_dict())) < 10_000


def test_a_plan_that_is_not_the_best_is_told_so():
    problem = simple_problem([[1, 1, 1], [0, 1, 0]], [1.0, 1.0])
    plan = PRESETS["nearest"](problem, Facts(kilometers=[1.0, 2.0, 3.0]))
    assert plan.sites == ("A", "B")
    explanation = explain(problem, plan)
    assert explanation.runner_up.plan.sites == ("B",)
    assert explanation.runner_up.margin == pytest.approx(-5.0)


def test_nothing_to_choose_from():
    problem = simple_problem([[0, 0]], [1.0])
    explanation = explain(problem, solve(problem))
    assert explanation == Explanation((), (("no_stock", 2),), None)


@pytest.mark.parametrize("kind", KINDS)
def test_stored_explanations_come_back(kind):
    problem = random_problem(np.random.default_rng(3), kind)
    explanation = explain(problem, solve(problem))
    assert Explanation.from_dict(json.loads(json.dumps(explanation.to_dict()))) == explanation


def test_other_versions_are_refused():
    with pytest.raises(ValueError, match="Unknown version"):
        Explanation.from_dict({"version": 0})
