"""Vendors' rule engines do what their documents say: against plain transliterations."""

import dataclasses

import numpy as np
import pytest
from presets_cases import by_product, instances, quantities, run, some_kilometers
from presets_truth import Order, cost_of, taken_by
from sourcing_cases import simple_problem
from vendors_truth import d365_kilometers, d365_run, hotwax_run, iom_run

from engine.sourcing import (
    D365,
    IOM,
    OPTIONS,
    PRESETS,
    Facts,
    FirstNonTie,
    HotWax,
    HotWaxRule,
)
from engine.sourcing.presets.dom import RULES
from engine.sourcing.presets.hotwax import SORTS
from engine.sourcing.presets.iom import RULES as CONSTRAINTS

# Dynamics 365.


def dom_facts(rng, problem):
    n_lines, n_sites = problem.stock.shape
    return {
        "priority": rng.integers(0, 4, n_sites),
        "kilometers": some_kilometers(rng, problem),
        "min_stock": by_product(problem, rng.integers(0, 3, problem.stock.shape) * 1.0),
        "offline": rng.random(n_sites) < 0.2,
        "open_orders": rng.integers(0, 3, n_sites),
        "max_orders": rng.choice([2.0, 9.0, np.inf], n_sites),
        "rejected": rng.random(n_sites) < 0.1,
        "rejects": rng.integers(0, 3, n_lines),
        "values": np.round(rng.random(n_lines) * 10),
        "no_split": rng.random(n_lines) < 0.05,
    }


def dom_options(rng):
    return D365(
        max_locations=[None, None, None, 1, 2, 3][rng.integers(6)],
        partial_orders=bool(rng.random() < 0.7),
        partial_lines=bool(rng.random() < 0.5),
        no_split_below=float(rng.choice([0.0, 40.0])),
        max_kilometers=[None, 3.0, 1500.0][rng.integers(3)],
        max_rejects=[None, 2][rng.integers(2)],
        by_distance=bool(rng.random() < 0.3),
        local_kilometers=float(rng.choice([0.0, 2.0, 900.0])),
        hard=frozenset(name for name in RULES if rng.random() < 0.6),
    )


def test_d365():
    partly = twice = 0
    for rng, problem in instances(10):
        order, values, options = Order(problem), dom_facts(rng, problem), dom_options(rng)
        plan = run("d365", problem, Facts(**values), options)
        taken = taken_by(problem, plan)
        filled = dict.fromkeys(order.products, 0)
        for (product, _site), steps in taken.items():
            filled[product] += steps
        best_filled, best = d365_run(order, values, options)
        assert filled == best_filled
        used, best_used = ({site for _product, site in found} for found in (taken, best))
        assert len(used) == len(best_used)
        ranks = [sum(values["priority"][site] for site in sites) for sites in (used, best_used)]
        assert ranks[0] == ranks[1]
        if options.by_distance:
            away = [d365_kilometers(values, options, sites) for sites in (used, best_used)]
            assert away[0] == pytest.approx(away[1], abs=1e-3)
        else:
            assert cost_of(order, taken) == pytest.approx(cost_of(order, best), abs=1e-4)
        partly += bool(used) and bool(plan.missing)
        twice += bool(used) and options.hard != frozenset(RULES)
    assert partly > 50
    assert twice > 50


def test_d365_whole_at_priority_two_beats_a_split_at_one():
    problem = simple_problem([[1, 0, 1], [0, 1, 1]], [1.0, 1.0])
    plan = run("d365", problem, Facts(priority=[1, 1, 2]))
    assert plan.sites == ("C",)


def test_d365_takes_distance_for_a_cost_only_without_costs():
    problem = simple_problem([[1, 1]], [1.0], parcel=[1.0, 2.0])
    facts = Facts(kilometers=[9.0, 5.0])
    assert run("d365", problem, facts).sites == ("A",)
    free = dataclasses.replace(problem, parts=())
    assert run("d365", free, facts).sites == ("B",)


def test_d365_locations_in_the_local_region_are_equally_near():
    problem = simple_problem([[1, 1, 1]], [1.0], parcel=[1.0, 1.0, 1.0])
    facts = Facts(kilometers=[9.0, 5.0, 20.0])
    assert run("d365", problem, facts, D365(by_distance=True)).sites == ("B",)
    local = D365(by_distance=True, local_kilometers=10.0)
    assert run("d365", problem, facts, local).sites == ("A",)


def test_d365_soft_rules_give_way_in_the_second_pass_but_priority_does_not():
    problem = simple_problem([[2, 1, 5]], [4.0])
    facts = Facts(priority=[1, 2, 0], min_stock=[[1.0, 0.0, 0.0]])
    hard = run("d365", problem, facts)
    assert quantities(hard) == {("l0", "A"): 1, ("l0", "B"): 1}
    soft = run("d365", problem, facts, D365(hard=frozenset(RULES) - {"min_stock"}))
    assert quantities(soft) == {("l0", "A"): 2, ("l0", "B"): 1}


# Intelligent Order Management.


def test_iom():
    partly = soft = 0
    # Lines that compete for the same stock are left to the search's own tests.
    for rng, problem in instances(13, kinds=("plain", "fractional", "ties"), count=150):
        n_sites = len(problem.sites)
        values = {
            "kilometers": some_kilometers(rng, problem),
            "on_hand": problem.stock,
            "min_stock": rng.integers(0, 4, problem.stock.shape) * 1.0,
            "past_cut_off": rng.random(n_sites) < 0.3,
            "remaining_lines": rng.choice([0.0, 3.0, np.inf], n_sites),
        }
        options = IOM(
            max_kilometers=[None, 3.0, 1500.0][rng.integers(3)],
            max_sites=[None, 1, 2, 3][rng.integers(4)],
            max_sites_per_line=[None, 1, 2][rng.integers(3)],
            restrict_partial=bool(rng.random() < 0.2),
            respect_timings=bool(rng.random() < 0.5),
            soft=frozenset(name for name in CONSTRAINTS if rng.random() < 0.3),
        )
        plan = run("iom", problem, Facts(**values), options)
        order = Order(problem)
        taken = taken_by(problem, plan)
        used = {site for _product, site in taken}
        km = sum(values["kilometers"][site] for site in used)
        assert (sum(taken.values()), km) == pytest.approx(iom_run(order, values, options), abs=1e-3)
        partly += bool(used) and bool(plan.missing)
        soft += bool(used) and bool(options.soft)
    assert partly > 50
    assert soft > 50


def test_iom_safety_stock_is_a_gate_not_a_fence():
    problem = simple_problem([[5, 5]], [5.0])
    facts = Facts(kilometers=[1.0, 2.0], min_stock=[[6.0, 5.0]])
    assert quantities(run("iom", problem, facts)) == {("l0", "B"): 5}


# HotWax.


def hotwax_facts(rng, problem):
    n_lines, n_sites = problem.stock.shape
    weeks = by_product(problem, rng.integers(0, 9, problem.stock.shape) * 1.0)
    unknown = by_product(problem, (rng.random(problem.stock.shape) < 0.3) * 1.0)
    weeks[unknown > 0.0] = np.nan
    return {
        "priority": rng.integers(0, 4, n_sites),
        "kilometers": some_kilometers(rng, problem),
        "weeks_of_supply": weeks,
        "on_hand": problem.stock,
        "min_stock": by_product(problem, rng.integers(0, 3, problem.stock.shape) * 1.0),
        "offline": rng.random(n_sites) < 0.1,
        "open_orders": rng.integers(0, 3, n_sites),
        "max_orders": rng.choice([2.0, 9.0, np.inf], n_sites),
        "rejected": rng.random(n_sites) < 0.1,
        "values": rng.integers(0, 10, n_lines) * 1.0,
        "kits": rng.choice([0, 0, 0, 1, 2], n_lines),
    }


def hotwax_rule(rng, problem):
    keys = [site.key for site in problem.sites]
    sorts = [name for name in rng.permutation(SORTS).tolist() if rng.random() < 0.4]
    return HotWaxRule(
        sites=None if rng.random() < 0.7 else frozenset(k for k in keys if rng.random() < 0.6),
        excluded=frozenset(k for k in keys if rng.random() < 0.1),
        max_kilometers=[None, None, None, 1500.0][rng.integers(4)],
        all_available=bool(rng.random() < 0.1),
        ignore_order_limit=bool(rng.random() < 0.6),
        safety_stock=float(rng.choice([0.0, 0.0, 2.0])),
        gate_is_inclusive=bool(rng.random() < 0.5),
        sorts=tuple(sorts),
        weeks=float(rng.choice([0.0, 4.0])),
        partial=bool(rng.random() < 0.8),
        partial_kits=bool(rng.random() < 0.3),
        min_value=float(rng.choice([0.0, 0.0, 15.0])),
        then="queue" if rng.random() < 0.15 else "next_rule",
    )


def test_hotwax():
    in_parts = 0
    for rng, problem in instances(11):
        values = hotwax_facts(rng, problem)
        rules = tuple(hotwax_rule(rng, problem) for _ in range(rng.integers(1, 4)))
        plan = run("hotwax", problem, Facts(**values), HotWax(rules))
        rows = {line.key: row for row, line in enumerate(problem.lines)}
        position = {site.key: number for number, site in enumerate(problem.sites)}
        found = {
            (rows[a.line], position[a.site]): round(a.quantity / problem.rounding[rows[a.line]])
            for a in plan.assignments
        }
        assert found == hotwax_run(Order(problem), values, rules)
        in_parts += len(plan.sites) > 1
    assert in_parts > 50


def test_hotwax_score_of_supply_does_not_depend_on_the_weeks():
    problem = simple_problem([[1, 1]], [1.0])
    facts = Facts(weeks_of_supply=[[2.0, 7.0]])
    for weeks in (1.0, 52.0):
        rule = HotWaxRule(sorts=("weeks_of_supply",), weeks=weeks)
        assert run("hotwax", problem, facts, HotWax((rule,))).sites == ("B",)
    ignored = HotWaxRule(sorts=("weeks_of_supply",))
    assert run("hotwax", problem, facts, HotWax((ignored,))).sites == ("A",)


def test_hotwax_keeps_fragments_and_remainders_above_the_threshold():
    problem = simple_problem([[1, 3]], [4.0])
    facts = Facts(kilometers=[1.0, 2.0], values=[10.0])
    for least, sites in ((10.0, ("A", "B")), (15.0, ()), (0.0, ("A", "B"))):
        rule = HotWaxRule(partial=True, min_value=least)
        assert run("hotwax", problem, facts, HotWax((rule,))).sites == sites


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: D365(max_locations=6), "must be 1 to 5 or any"),
        (lambda: D365(max_locations=0), "must be 1 to 5 or any"),
        (lambda: D365(no_split_below=-1.0), "must not be negative"),
        (lambda: D365(max_kilometers=-1.0), "distance must not be negative"),
        (lambda: D365(max_rejects=0), "at least 1"),
        (lambda: D365(local_kilometers=-1.0), "local region must not be negative"),
        (lambda: HotWaxRule(safety_stock=-1.0), "safety stock of a rule must not be negative"),
        (lambda: FirstNonTie(()), "at least one rule"),
        (lambda: FirstNonTie(("luck",)), "no rule that ranks sites 'luck'"),
        (lambda: D365(hard=frozenset({"luck"})), "no rule 'luck'; known are min_stock"),
        (lambda: IOM(max_sites=0), "most sources of an order must be at least 1"),
        (lambda: IOM(max_kilometers=-2.0), "distance must not be negative"),
        (lambda: IOM(soft=frozenset({"luck"})), "no constraint 'luck'"),
        (lambda: HotWax(()), "at least one inventory rule"),
        (lambda: HotWaxRule(sorts=("luck",)), "no sort of facilities 'luck'"),
        (lambda: HotWaxRule(then="stop"), "no action 'stop'"),
        (lambda: HotWaxRule(min_value=-1.0), "least value of a rule must not be negative"),
    ],
)
def test_options_must_make_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_d365_priorities_are_whole_numbers():
    with pytest.raises(ValueError, match="whole numbers"):
        PRESETS["d365"](simple_problem([[1, 1]], [1.0]), Facts(priority=[1.5, 2.0]))


def test_options_of_another_strategy_are_refused():
    problem = simple_problem([[1, 1]], [1.0])
    with pytest.raises(ValueError, match="'d365' takes D365 as options, not HotWax"):
        PRESETS["d365"](problem, Facts(), HotWax())
    with pytest.raises(ValueError, match="'nearest' takes no options"):
        PRESETS["nearest"](problem, Facts(), D365())


def test_options_belong_to_strategies():
    for name, kind in OPTIONS.items():
        run(name, simple_problem([[1, 1]], [1.0]), Facts(), kind())
