"""Decisions under limits explain themselves, and tell of sites that were barred."""

import dataclasses
import json
import math

import numpy as np
import pytest
from sourcing_cases import KINDS, LIMITS, limited, random_problem, simple_problem
from sourcing_truth import check_plan, optimum

from engine.sourcing import Barred, Explanation, Limits, explain, solve


def verdicts(explanation):
    return {verdict.site: verdict for verdict in explanation.verdicts}


def limits(problem, **values):
    return dataclasses.replace(problem, limits=Limits(**values))


@pytest.mark.parametrize("kind", KINDS)
def test_extra_costs_and_runner_up_against_a_general_solver(kind):
    highspy = pytest.importorskip("highspy", reason="highspy is the independent truth")
    rng = np.random.default_rng(KINDS.index(kind))
    seen = set()
    for _ in range(20):
        names = tuple(name for name in LIMITS if rng.random() < 0.3)
        problem = limited(rng, random_problem(rng, kind, most_lines=4, most_sites=6), names)
        plan = solve(problem)
        best = optimum(highspy, problem)
        position = {site.key: column for column, site in enumerate(problem.sites)}
        quick = verdicts(explain(problem, plan, prove=0))
        explanation = explain(problem, plan, prove=99)
        for verdict in explanation.verdicts:
            seen.add(verdict.code)
            if verdict.code == "chosen":
                assert verdict.extra_cost == 0.0
                continue
            assert not verdict.extra_is_bound
            truth = optimum(highspy, problem, used=position[verdict.site]) - best
            if math.isinf(truth):
                assert verdict.extra_cost is None
                assert verdict.code == "limited"
                continue
            assert verdict.extra_cost == pytest.approx(truth, abs=1e-5)
            fast = quick[verdict.site].extra_cost
            assert fast >= verdict.extra_cost - 1e-6
        runner_up = explanation.runner_up
        if not plan.sites:
            assert runner_up is None
            continue
        chosen = [column for column, s in enumerate(problem.sites) if s.key in plan.sites]
        truth = min(optimum(highspy, problem, closed=[column]) for column in chosen)
        check_plan(problem, runner_up.plan)
        assert runner_up.plan.cost == pytest.approx(truth, abs=1e-6)
    assert {"chosen", "limited", "costlier"} <= seen


def test_a_site_that_only_a_limit_keeps_out():
    problem = simple_problem([[3, 0, 3], [0, 1, 1]], [3.0, 1.0], unit=[0.0, 0.0, 4.0])
    assert solve(problem).sites == ("A", "B")
    problem = limits(problem, max_sites=1)
    plan = solve(problem)
    assert plan.sites == ("C",)
    by_site = verdicts(explain(problem, plan))
    assert by_site["A"].code == by_site["B"].code == "limited"
    assert by_site["A"].reason == "max_sites"
    # Three units from A; the other one is missing.
    assert by_site["A"].extra_cost == pytest.approx(5.0 + 60.0 - (5.0 + 16.0))


def test_a_site_that_no_plan_may_use():
    problem = simple_problem([[3, 1]], [3.0])
    problem = limits(problem, max_sites_per_line=[1], whole_lines=[True])
    plan = solve(problem)
    verdict = verdicts(explain(problem, plan))["B"]
    assert (verdict.code, verdict.extra_cost, verdict.reason) == ("limited", None, "whole_lines")


@pytest.mark.parametrize("limit", [{}, {"max_sites": 1}])
def test_barred_sites_are_told_last(limit):
    barred = tuple(Barred(f"gone {n}", f"Gone {n}", "offline", "Closed today.") for n in range(30))
    problem = simple_problem([[3, 1]], [3.0])
    problem = dataclasses.replace(limits(problem, **limit), barred=barred)
    explanation = explain(problem, solve(problem), limit=5)
    told = explanation.verdicts[2:]
    assert [verdict.site for verdict in told] == [f"gone {n}" for n in range(5)]
    assert told[0].code == "barred"
    assert told[0].reason == "offline"
    assert told[0].detail == "Closed today."
    assert told[0].alone_cost is told[0].extra_cost is None
    assert dict(explanation.others)["barred"] == 25
    assert Explanation.from_dict(json.loads(json.dumps(explanation.to_dict()))) == explanation


def test_explanations_of_the_former_version_are_readable():
    problem = simple_problem([[3, 1]], [3.0])
    explanation = explain(problem, solve(problem))
    stored = explanation.to_dict()
    stored["version"] = 1
    stored["verdicts"] = [row[:9] for row in stored["verdicts"]]
    assert Explanation.from_dict(stored) == explanation
