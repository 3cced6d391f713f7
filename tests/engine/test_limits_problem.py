"""What limits refuse, what they mean at the edges, and how they are stored."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from sourcing_cases import KINDS, LIMITS, limited, random_problem, simple_problem
from sourcing_truth import check_plan

from engine.sourcing import (
    Barred,
    Budget,
    CostPart,
    Limits,
    SourcingPlan,
    SourcingProblem,
    credited,
    solve,
    without_credits,
)

NAN, INF = float("nan"), float("inf")


def problem(**changes):
    return dataclasses.replace(simple_problem([[3, 1, 0], [1, 1, 1]], [3.0, 1.0]), **changes)


def under(given, **values):
    return dataclasses.replace(given, limits=Limits(**values))


def budget(per_parcel=(1.0, 1.0, 1.0), per_unit=0.0, limit=9.0, name="carbon"):
    return Budget(name, np.array(per_parcel), np.full((2, 3), per_unit), limit)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_sites": 0}, "whole number from 1, not 0"),
        ({"max_sites": -1}, "whole number from 1, not -1"),
        ({"max_sites": 1.5}, "whole number from 1, not 1.5"),
        ({"max_sites": True}, "whole number from 1, not True"),
        ({"max_sites": "two"}, "whole number from 1, not 'two'"),
        ({"max_sites": NAN}, "whole number from 1, not nan"),
        ({"max_sites_per_line": [1]}, r"most sites per line has the shape \(1,\), expected \(2,\)"),
        ({"max_sites_per_line": [1, -1]}, "most sites per line holds a negative"),
        ({"max_sites_per_line": [1, 0.5]}, "most sites per line must be whole numbers"),
        ({"max_sites_per_line": [1, INF]}, "most sites per line holds a negative or not finite"),
        ({"whole_lines": [True]}, "whole lines has the shape"),
        ({"whole_lines": "yes"}, "whole lines must be an array of numbers"),
        ({"together": (("l0", "l9"),)}, "line 'l9' that is to ship together with others is unk"),
        ({"together": (("l0", "l0"),)}, "'l0' appears twice"),
        ({"together": ((),)}, "must list keys of lines"),
        ({"together": ("l0",)}, "must list keys of lines"),
        ({"min_value": 5.0}, "A least value needs the values of the lines"),
        ({"min_value": -5.0, "values": [1.0, 1.0]}, "least value holds a negative"),
        ({"min_value": NAN, "values": [1.0, 1.0]}, "least value holds a negative or not finite"),
        ({"values": [1.0]}, "limit's values has the shape"),
        ({"values": [1.0, -1.0]}, "limit's values holds a negative"),
        ({"unit_capacity": [1.0, 1.0]}, "unit capacity has the shape"),
        ({"unit_capacity": [1.0, -1.0, 1.0]}, "unit capacity holds a negative"),
        ({"unit_capacity": [1.0, NAN, 1.0]}, "unit capacity holds a negative or not finite"),
        ({"budgets": (budget(per_parcel=(1.0, 1.0)),)}, "budget 'carbon' per parcel has the shape"),
        ({"budgets": (budget(per_unit=-1.0),)}, "budget 'carbon' per unit holds a negative"),
        ({"budgets": (budget(limit=-1.0),)}, "limit of the budget 'carbon' holds a negative"),
        ({"budgets": (budget(limit=NAN),)}, "limit of the budget 'carbon' holds a negative or not"),
        ({"budgets": (budget(), budget())}, "budget 'carbon' appears twice"),
    ],
)
def test_contradictions_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        under(problem(), **values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"barred": (Barred("A", "A", "offline"),)}, "candidate or barred site 'A' appears twice"),
        (
            {"parts": (CostPart("x", np.ones(3), np.ones((2, 3)), "kg", np.ones(2)),)},
            "amount of cost 'x' per parcel has the shape",
        ),
        (
            {
                "parts": (
                    CostPart("x", np.ones(3), np.ones((2, 3)), "kg", None, np.full((2, 3), NAN)),
                )
            },
            "amount of cost 'x' per unit holds a not finite number",
        ),
    ],
)
def test_other_contradictions_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        problem(**changes)


def test_limits_are_copied_and_read_only():
    capacity = np.ones(3)
    made = under(problem(), unit_capacity=capacity)
    capacity[0] = 9.0
    assert made.limits.unit_capacity[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        made.limits.unit_capacity[0] = 5.0


def test_no_limits_is_no_limit():
    assert problem().limits.is_empty
    for values in (
        {"max_sites_per_line": [0, 0]},
        {"whole_lines": [False, False]},
        {"unit_capacity": [INF] * 3},
        {"values": [1.0, 2.0]},
    ):
        assert under(problem(), **values).limits.is_empty
    assert not under(problem(), max_sites=3).limits.is_empty


# What a plan may do.


def test_max_sites():
    free = simple_problem([[3, 0, 0], [0, 1, 0]], [3.0, 1.0])
    assert solve(free).sites == ("A", "B")
    plan = solve(under(free, max_sites=1))
    assert plan.sites == ("A",)
    assert plan.proven


def test_an_indivisible_line_comes_from_one_site():
    free = simple_problem([[3, 2]], [4.0])
    assert solve(free).sites == ("A", "B")
    plan = solve(under(free, max_sites_per_line=[1]))
    assert plan.sites == ("A",)
    assert plan.missing[0].quantity == 1.0


def test_whole_lines_are_filled_or_left():
    plan = solve(under(simple_problem([[3]], [4.0]), whole_lines=[True]))
    assert not plan.assignments


def test_less_than_a_step_does_not_make_a_line_partial():
    free = simple_problem([[4.0]], [3.5])
    plan = solve(under(free, whole_lines=[True], whole_order=True))
    assert plan.assignments[0].quantity == 3.0
    assert plan.missing[0].quantity == 0.5


def test_a_whole_order_is_everything_or_nothing():
    free = simple_problem([[3], [0]], [3.0, 1.0])
    assert solve(free).sites == ("A",)
    assert not solve(under(free, whole_order=True)).assignments


def test_lines_ship_together():
    free = simple_problem([[1, 0, 1], [0, 1, 1]], [1.0, 1.0], unit=[0.0, 0.0, 50.0])
    assert solve(free).sites == ("A", "B")
    plan = solve(under(free, together=(("l0", "l1"),)))
    assert len(plan.sites) == 1


def test_fragments_and_the_remainder_are_worth_something():
    free = simple_problem([[9, 1]], [10.0])
    assert solve(free).sites == ("A", "B")
    # One unit from B would be worth too little, and so would be leaving it: one is moved.
    plan = solve(under(free, values=[5.0], min_value=10.0))
    assert [(a.site, a.quantity) for a in plan.assignments] == [("A", 8.0)]
    assert plan.missing[0].quantity == 2.0


def test_a_cheap_order_may_ship_from_one_site_or_not_at_all():
    free = simple_problem([[1, 0], [0, 1]], [1.0, 1.0])
    assert len(solve(free).sites) == 2
    plan = solve(under(free, values=[1.0, 1.0], min_value=100.0))
    assert not plan.assignments
    free = simple_problem([[1, 0], [1, 1]], [1.0, 1.0])
    assert solve(under(free, values=[1.0, 1.0], min_value=100.0)).sites == ("A",)


def test_capacity_counts_the_units_of_all_lines():
    free = simple_problem([[3, 3], [3, 3]], [3.0, 3.0])
    assert solve(free).sites == ("A",)
    plan = solve(under(free, unit_capacity=[5.0, 1.0]))
    assert plan.sites == ("A", "B")
    given = {}
    for assignment in plan.assignments:
        given[assignment.site] = given.get(assignment.site, 0.0) + assignment.quantity
    assert given == {"A": 5.0, "B": 1.0}


def test_a_carbon_cap_picks_the_greener_site():
    free = simple_problem([[2, 2], [2, 2]], [2.0, 2.0], unit=[0.0, 3.0])
    assert solve(free).sites == ("A",)
    carbon = Budget("carbon", np.array([1.0, 0.5]), np.array([[2.0, 1.0]] * 2), 5.0)
    plan = solve(under(free, budgets=(carbon,)))
    assert plan.sites == ("B",)
    assert plan.proven


def test_nothing_may_be_possible():
    free = simple_problem([[2, 2]], [2.0])
    plan = solve(under(free, unit_capacity=[0.0, 0.0]))
    assert not plan.assignments
    assert plan.proven
    nowhere = under(simple_problem([[]], [2.0]), max_sites=1)
    assert not solve(nowhere).assignments


# Storage.


@pytest.mark.parametrize("kind", KINDS)
def test_stored_problems_give_the_same_plan(kind):
    rng = np.random.default_rng(0)
    for _ in range(10):
        made = limited(rng, random_problem(rng, kind), LIMITS)
        made = dataclasses.replace(made, barred=(Barred("x", "X", "offline", "Closed."),))
        stored = json.loads(json.dumps(made.to_dict(), allow_nan=False))
        again = SourcingProblem.from_dict(stored)
        assert again.barred == made.barred
        assert again.limits.together == made.limits.together
        assert solve(again) == solve(made)
        assert again.to_dict() == stored


def test_problems_and_plans_of_the_former_version_are_readable():
    made = simple_problem([[3, 1]], [4.0])
    plan = solve(made)
    stored = made.to_dict()
    assert stored.pop("limits") == {}
    assert stored.pop("barred") == []
    again = SourcingProblem.from_dict({**stored, "version": 1})
    assert again.limits.is_empty
    assert solve(again) == plan
    stored = plan.to_dict()
    assert stored.pop("amounts") == []
    assert SourcingPlan.from_dict({**stored, "version": 1}) == plan


# Amounts in a part's own unit.


def test_plans_tell_amounts_in_their_own_unit():
    free = simple_problem([[2, 2], [0, 1]], [3.0, 1.0])
    carbon = CostPart(
        "carbon", np.zeros(2), np.zeros((2, 2)), "kg", np.array([1.0, 2.0]), np.full((2, 2), 0.5)
    )
    days = CostPart("days", np.zeros(2), np.zeros((2, 2)), "days", np.array([3.0, 4.0]))
    made = dataclasses.replace(free, parts=(*free.parts, carbon, days))
    plan = solve(made)
    assert plan.sites == ("A", "B")
    assert plan.amounts == (("carbon", 5.0, "kg"), ("days", 7.0, "days"))
    assert SourcingPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    assert solve(SourcingProblem.from_dict(json.loads(json.dumps(made.to_dict())))) == plan


# Costs below zero.


def test_credits_change_no_decision():
    rng = np.random.default_rng(0)
    changed = 0
    for _ in range(60):
        free = random_problem(rng, "plain", most_lines=3, most_sites=4)
        value = np.round(rng.normal(0.0, 4.0, free.stock.shape), 2)
        part, missing, raised = credited("stock_value", value, free.missing, free.stock)
        made = dataclasses.replace(free, parts=(*free.parts, part), missing=missing)
        plan = solve(made)
        check_plan(made, plan)
        # Brute force over all quantities, with the true costs.
        best = min(_every_cost(free, value))
        assert plan.cost - raised @ free.quantities == pytest.approx(best, abs=1e-6)
        units = {(a.line, a.site): a.quantity for a in plan.assignments}
        true = sum(
            value[row, column] * units.get((line.key, site.key), 0.0)
            for row, line in enumerate(free.lines)
            for column, site in enumerate(free.sites)
        )
        assert plan.amounts[0][1] == pytest.approx(true)
        changed += bool(raised.any())
    assert changed > 30


def _every_cost(free, value):
    """What every plan costs, for lines of few units; the sites paid for are drawn as sets."""
    n_sites = free.stock.shape[1]
    parcel = free.per_parcel
    for opened in itertools.product((False, True), repeat=n_sites):
        for may_miss in (False, True):
            cost = parcel[list(opened)].sum() + (free.missing.per_order if may_miss else 0.0)
            for row, line in enumerate(free.lines):
                offers = []
                for column in np.flatnonzero(opened):
                    price = free.per_unit[row, column] + value[row, column]
                    offers += [price] * int(min(free.stock[row, column], line.quantity))
                if may_miss:
                    offers += [free.missing.per_unit[row]] * int(line.quantity)
                if len(offers) < line.quantity:
                    cost = INF
                    break
                cost += sum(sorted(offers)[: int(line.quantity)])
            yield cost


def test_credits_never_make_filling_less_attractive():
    free = simple_problem([[2, 2]], [2.0], parcel=1.0, missing=(0.0, 1.0))
    value = np.array([[-3.0, 2.0]])
    costs, missing, raised = without_credits(value, free.missing, free.stock)
    assert raised.tolist() == [3.0]
    assert costs.tolist() == [[0.0, 5.0]]
    assert missing.per_unit.tolist() == [4.0]
    # Lines without a credit stay as they are.
    costs, missing, raised = without_credits(-value * [[1.0, -1.0]], free.missing, free.stock)
    assert raised.tolist() == [0.0]
    assert missing.per_unit.tolist() == [1.0]


def test_credits_without_stock_count_for_nothing():
    missing = simple_problem([[2, 0]], [2.0]).missing
    costs, _missing, raised = without_credits([[1.0, -9.0]], missing, [[2.0, 0.0]])
    assert raised.tolist() == [0.0]
    assert costs.tolist() == [[1.0, 0.0]]
    with pytest.raises(ValueError, match="not finite"):
        without_credits([[NAN, 0.0]], missing, [[2.0, 0.0]])
    with pytest.raises(ValueError, match="do not fit together"):
        without_credits([[1.0]], missing, [[2.0, 0.0]])
