"""What a problem refuses, and how problems and plans are stored."""

import json

import numpy as np
import pytest
from sourcing_cases import KINDS, random_problem, simple_problem

from engine.sourcing import (
    CostPart,
    MissingCost,
    OrderLine,
    Site,
    SourcingPlan,
    SourcingProblem,
    solve,
)


def problem(**changes):
    values = {
        "lines": (OrderLine("a", "p", 2.0), OrderLine("b", "q", 1.0)),
        "sites": (Site(1, "One"), Site(2, "Two"), Site(3, "Three")),
        "stock": np.ones((2, 3)),
        "parts": (CostPart("parcel", np.ones(3), np.zeros((2, 3))),),
        "missing": MissingCost(5.0, np.ones(2)),
        "rounding": None,
    }
    return SourcingProblem(**(values | changes))


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lines": ()}, "needs at least one line"),
        ({"lines": (OrderLine("a", "p", 1.0), OrderLine("a", "q", 1.0))}, "line 'a' appears twice"),
        ({"lines": (OrderLine("a", "p", 0.0), OrderLine("b", "q", 1.0))}, "'a': the quantity must"),
        ({"lines": (OrderLine("a", "p", -1.0), OrderLine("b", "q", 1.0))}, "not -1.0"),
        ({"lines": (OrderLine("a", "p", NAN), OrderLine("b", "q", 1.0))}, "not nan"),
        ({"lines": (OrderLine("a", "p", INF), OrderLine("b", "q", 1.0))}, "not inf"),
        ({"sites": (Site(1, "A"), Site(1, "B"), Site(2, "C"))}, "site 1 appears twice"),
        ({"stock": np.ones((3, 2))}, r"stock has the shape \(3, 2\), expected \(2, 3\)"),
        ({"stock": -np.ones((2, 3))}, "stock holds a negative or not finite"),
        ({"stock": np.full((2, 3), NAN)}, "stock holds a negative or not finite"),
        ({"stock": [["x"] * 3] * 2}, "stock must be an array of numbers"),
        ({"rounding": np.ones(3)}, "rounding has the shape"),
        ({"rounding": np.array([0.0, 1.0])}, "rounding holds a zero"),
        ({"parts": (CostPart("x", np.ones(2), np.zeros((2, 3))),)}, "cost 'x' per parcel has the"),
        ({"parts": (CostPart("x", np.ones(3), np.zeros(3)),)}, "cost 'x' per unit has the shape"),
        ({"parts": (CostPart("x", -np.ones(3), np.zeros((2, 3))),)}, "per parcel holds a negative"),
        (
            {"parts": (CostPart("x", np.ones(3), np.full((2, 3), INF)),)},
            "per unit holds a negative or not finite",
        ),
        ({"parts": (CostPart("x", np.ones(3), np.ones((2, 3))),) * 2}, "part 'x' appears twice"),
        (
            {"parts": (CostPart("missing", np.ones(3), np.ones((2, 3))),)},
            "No cost part may be named 'missing'",
        ),
        ({"missing": MissingCost(-1.0, np.ones(2))}, "missing cost per order holds a negative"),
        ({"missing": MissingCost(1.0, np.ones(3))}, "missing cost per unit has the shape"),
        ({"missing": MissingCost(1.0, np.array([NAN, 1]))}, "missing cost per unit holds"),
    ],
)
def test_contradictions_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        problem(**changes)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"stock": np.array([[1.0, 1, 1], [1, 2, 1]])}, "stock"),
        ({"rounding": np.array([1.0, 0.5])}, "rounding"),
        (
            {"parts": (CostPart("x", np.ones(3), np.array([[1.0, 1, 1], [1, 2, 1]])),)},
            "cost 'x'",
        ),
    ],
)
def test_lines_of_one_product_must_agree(changes, what):
    lines = (OrderLine("a", "p", 2.0), OrderLine("b", "p", 1.0))
    message = f"'a' and 'b' ask for the same product, so their {what} must be equal"
    with pytest.raises(ValueError, match=message):
        problem(lines=lines, **changes)


def test_arrays_are_copied_and_read_only():
    stock = np.ones((2, 3))
    made = problem(stock=stock)
    stock[0, 0] = 9.0
    assert made.stock[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        made.stock[0, 0] = 5.0


@pytest.mark.parametrize("kind", KINDS)
def test_stored_problems_give_the_same_plan(kind):
    rng = np.random.default_rng(0)
    for _ in range(10):
        made = random_problem(rng, kind)
        stored = json.loads(json.dumps(made.to_dict()))
        again = SourcingProblem.from_dict(stored)
        assert again.lines == made.lines
        assert again.sites == made.sites
        assert solve(again) == solve(made)
        assert again.to_dict() == stored


def test_a_stored_problem_is_compact():
    n_sites = 500
    stock = np.zeros((5, n_sites))
    stock[:, ::20] = 3.0
    made = simple_problem(stock.tolist(), [1.0] * 5, unit=[1.25] * n_sites)
    assert len(json.dumps(made.to_dict())) < 20_000


def test_stored_plans_come_back():
    plan = solve(simple_problem([[1, 2]], [4.0]))
    assert plan.missing
    assert SourcingPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@pytest.mark.parametrize("kind", [SourcingProblem, SourcingPlan])
def test_other_versions_are_refused(kind):
    with pytest.raises(ValueError, match="Unknown version"):
        kind.from_dict({"version": 99})
