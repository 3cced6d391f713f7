"""Chains of strategies: which stage is taken, what each adds, and what is said of each."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from presets_cases import instances, quantities
from presets_truth import Order, taken_by
from sourcing_cases import LIMITS, limited, random_limits, random_problem, simple_problem
from sourcing_truth import check_plan, costs_by_sites

from engine.sourcing import (
    IOM,
    Facts,
    Limits,
    MissingCost,
    Stage,
    check_alternates,
    solve,
    solve_stages,
    solve_two_passes,
    tolerating,
    widening,
)


def worth_filling(problem):
    """The same problem, with penalties that make filling always pay."""
    penalty = np.full(len(problem.lines), 1e4)
    return dataclasses.replace(problem, missing=MissingCost(0.0, penalty))


def within(problem, sites):
    return dataclasses.replace(problem, stock=np.where(sites, problem.stock, 0.0))


def test_the_first_radius_that_fills_is_taken():
    widened = 0
    for rng, drawn in instances(21, kinds=("plain", "ties"), count=100):
        problem = worth_filling(drawn)
        km = rng.integers(1, 100, len(problem.sites))
        found = solve_stages(problem, widening(km, [30, 60, None]))
        order = Order(problem)
        radii = [30, 60, math.inf]
        fills = [
            order.most(site for site in order.sites if km[site] <= radius) == order.need()
            for radius in radii
        ]
        assert len(found.tried) == (fills.index(True) + 1 if any(fills) else 3)
        if not any(fills):
            assert found.stage is None
            assert not found.plan.assignments
            continue
        radius = radii[fills.index(True)]
        assert found.stage == ("any km" if math.isinf(radius) else f"{radius} km")
        check_plan(problem, found.plan)
        inside = within(problem, km <= radius)
        least = min(cost for *_, cost in costs_by_sites(inside))
        assert found.plan.cost == pytest.approx(least, abs=1e-6)
        assert found.plan.proven
        widened += fills.index(True) > 0
    assert widened > 20


def test_each_stage_fills_what_the_one_before_left():
    for rng, drawn in instances(22, count=100):
        problem = worth_filling(drawn)
        n_sites = len(problem.sites)
        masks = [rng.random(n_sites) < 0.5 for _ in range(3)]
        stages = [Stage(str(n), sites=mask, accept="part") for n, mask in enumerate(masks)]
        found = solve_stages(problem, stages)
        check_plan(problem, found.plan)
        order = Order(problem)
        need, have = order.need(), {p: list(steps) for p, steps in order.have.items()}
        taken = taken_by(problem, found.plan)
        seen = np.zeros(n_sites, dtype=bool)
        for mask in masks:
            seen |= mask
            for product in order.products:
                able = sum(have[product][site] for site in np.flatnonzero(seen))
                got = sum(taken.get((product, site), 0) for site in np.flatnonzero(seen))
                assert got >= min(need[product], able)
        best = solve(problem)
        assert found.plan.cost >= best.cost - 1e-6
        # If one stage fills everything, the bound is about its sites.
        gave = [verdict for _name, verdict in found.tried if verdict in ("partly", "filled")]
        assert gave == ["filled"] or found.plan.lower_bound <= best.cost + 1e-6


def test_what_is_said_of_stages():
    problem = simple_problem([[0, 1, 2, 0], [0, 0, 1, 3]], [3.0, 4.0])
    one = [np.arange(4) == site for site in range(4)]
    stages = [
        Stage("without stock", sites=one[0]),
        Stage("too little", sites=one[1]),
        Stage("some", sites=one[2], accept="part"),
        Stage("the rest", sites=one[1] | one[3], accept="any"),
        Stage("never reached"),
    ]
    found = solve_stages(problem, stages)
    assert found.tried == (
        ("without stock", "no_stock"),
        ("too little", "partly"),
        ("some", "partly"),
        ("the rest", "filled"),
    )
    assert found.stage == "the rest"
    assert quantities(found.plan) == {
        ("l0", "B"): 1,
        ("l0", "C"): 2,
        ("l1", "C"): 1,
        ("l1", "D"): 3,
    }


def test_a_site_that_serves_already_costs_no_second_parcel():
    problem = simple_problem([[1, 1, 0], [0, 3, 3]], [2.0, 3.0], unit=[0.0, 1.0, 0.0])
    stages = [
        Stage("first", sites=[True, True, False], accept="part", limits=Limits(max_sites=2)),
        Stage("second", accept="any"),
    ]
    first = dataclasses.replace(problem, stock=problem.stock * [[1.0], [0.0]])
    assert solve(first).sites == ("A", "B")
    plan = solve_stages(problem, stages).plan
    # Line l1 alone would rather come from C, but B sends a parcel anyway.
    assert plan.sites == ("A", "B")


def test_weights_decide_but_costs_are_the_problems():
    problem = simple_problem([[1, 1]], [1.0], parcel=[1.0, 5.0], unit=[3.0, 0.0])
    assert solve_stages(problem, [Stage("all")]).plan.sites == ("A",)
    found = solve_stages(problem, [Stage("near", weights={"distance": 9.0})])
    assert found.plan.sites == ("B",)
    assert found.plan.cost == pytest.approx(5.0)
    assert found.plan.lower_bound <= 4.0


def test_lateness_is_tolerated_day_by_day():
    problem = simple_problem([[1, 0, 5], [0, 0, 5]], [1.0, 1.0])
    late = [0.0, 1.0, 3.0]
    found = solve_stages(problem, tolerating(late, [0, 2, 5]))
    assert found.stage == "5 days late"
    assert [verdict for _name, verdict in found.tried] == ["partly", "partly", "filled"]


def test_an_alternate_strategy_takes_what_is_left():
    problem = simple_problem([[2, 0], [0, 1]], [2.0, 1.0])
    facts = Facts(kilometers=[10.0, 900.0])
    near = Stage("near", preset="iom", options=IOM(max_kilometers=100.0), accept="part")
    alone = solve_stages(problem, [near], facts)
    assert [a.line for a in alone.plan.assignments] == ["l0"]
    both = solve_stages(problem, [near, Stage("anywhere", preset="nearest", accept="any")], facts)
    assert [a.line for a in both.plan.assignments] == ["l0", "l1"]


def test_two_passes():
    second = 0
    for number in range(150):
        rng = np.random.default_rng([23, number])
        problem = worth_filling(random_problem(rng, "plain", most_lines=4, most_sites=5))
        names = [name for name in LIMITS if rng.random() < 0.5]
        drawn = random_limits(rng, problem, tuple(names))
        keys = [key for key in drawn if rng.random() < 0.5]
        if "min_value" in keys or "values" in keys:
            keys = [*{*keys, *({"min_value", "values"} & drawn.keys())}]
        hard, both = Limits(**{key: drawn[key] for key in keys}), Limits(**drawn)
        found = solve_two_passes(problem, hard, both)
        check_plan(dataclasses.replace(problem, limits=hard), found.plan)
        strict = solve(dataclasses.replace(problem, limits=both))
        given = quantities(found.plan)
        for key, quantity in quantities(strict).items():
            assert given.get(key, 0.0) >= quantity - 1e-9
        if set(given.items()) != set(quantities(strict).items()):
            assert found.stage == "hard"
            second += 1
    assert second > 20


def test_stock_kept_back_in_the_first_pass_only():
    """The first pass gives what is beyond the fence, the second what is still wanted."""
    twice = 0
    for rng, problem in instances(41, kinds=("plain", "ties"), count=80):
        problem = worth_filling(problem)
        fence = np.floor(rng.random(problem.stock.shape) * 3)
        beyond = np.maximum(problem.stock - fence, 0.0)
        found = solve_stages(
            problem, [Stage("kept", stock=beyond, accept="part"), Stage("all", accept="any")]
        )
        check_plan(problem, found.plan)
        order, taken = Order(problem), taken_by(problem, found.plan)
        wanted = dict.fromkeys(order.products, 0)
        for product, steps in order.lines:
            wanted[product] += steps
        for product in order.products:
            row = order.row[product]
            got = sum(n for (key, _site), n in taken.items() if key == product)
            assert got == min(wanted[product], sum(order.have[product]))
            over = sum(
                max(n - math.floor(beyond[row, site] / problem.rounding[row] + 1e-9), 0)
                for (key, site), n in taken.items()
                if key == product
            )
            free = sum(math.floor(n / problem.rounding[row] + 1e-9) for n in beyond[row])
            assert over == max(got - free, 0), "no more is given up than has to be"
            twice += over > 0
    assert twice > 20
    with pytest.raises(ValueError, match="stock in the shape"):
        solve_stages(problem, [Stage("wrong", stock=np.zeros((1, 99)))])


def test_a_limited_stage_is_left_out_if_it_breaks_what_came_before():
    problem = simple_problem([[1, 0], [0, 1]], [1.0, 1.0])
    together = Limits(together=(("l0", "l1"),))
    stages = [Stage("one", sites=[True, False], accept="part"), Stage("two", limits=together)]
    found = solve_stages(problem, stages)
    assert found.tried == (("one", "partly"), ("two", "limited"))
    assert found.plan.sites == ("A",)


def test_circles_of_alternates_are_named():
    check_alternates({"a": "b", "b": "c", "c": None})
    with pytest.raises(ValueError, match="circle: b → c → b"):
        check_alternates({"a": "b", "b": "c", "c": "b"}, "a")
    with pytest.raises(ValueError, match="circle: a → a"):
        check_alternates({"a": "a"})
    check_alternates({"a": "a", "x": None}, "x")
    for length in range(1, 6):
        names = [f"s{n}" for n in range(length)]
        circle = dict(itertools.pairwise([*names, names[0]]))
        with pytest.raises(ValueError, match="circle"):
            check_alternates(circle)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (list, "at least one stage"),
        (lambda: [Stage("a"), Stage("a")], "Two stages of the chain are called 'a'"),
        (lambda: [Stage("a", sites=[True])], "problem has 2"),
        (lambda: [Stage("a", weights={"luck": 1.0})], "does not have: 'luck'"),
        (lambda: [Stage("a", weights={"parcel": -1.0})], "must not be negative"),
        (lambda: [Stage("a", weights={"parcel": math.nan})], "must not be negative"),
        (lambda: [Stage("a", weights={"parcel": 0.0, "distance": 0.0})], "every cost with zero"),
        (lambda: [Stage("a", accept="maybe")], "must accept 'full', 'any' or 'part'"),
        (lambda: [Stage("a", preset="luck")], "no known strategy: 'luck'"),
        (lambda: widening([1.0, 2.0], [5, 5]), "must grow"),
        (lambda: widening([1.0, 2.0], []), "must grow"),
        (lambda: tolerating([1.0, 2.0], [None, 3]), "must grow"),
    ],
)
def test_bad_chains(make, message):
    problem = simple_problem([[1, 1]], [1.0])
    with pytest.raises(ValueError, match=message):
        solve_stages(problem, make())


def test_limits_of_the_problem_hold_unless_a_stage_has_its_own():
    for number in range(40):
        rng = np.random.default_rng([24, number])
        problem = limited(rng, random_problem(rng, "plain"), ("max_sites", "whole_lines"))
        found = solve_stages(problem, [Stage("a", accept="part"), Stage("b", accept="any")])
        check_plan(problem, found.plan)
