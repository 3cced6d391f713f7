"""Under limits the search still finds the cheapest plan: against a general solver."""

import numpy as np
import pytest
from sourcing_cases import KINDS, LIMITS, limited, random_problem
from sourcing_truth import check_plan, optimum

from engine.sourcing import solve

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
