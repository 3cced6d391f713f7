"""Simple and optimal strategies do what they say: against plain loops and trying everything."""

import dataclasses
import math

import numpy as np
import pytest
from presets_cases import by_product, instances, quantities, run, some_kilometers
from presets_truth import (
    Order,
    combinations_until_covered,
    cost_of,
    earliest_then_cost,
    filled_alone,
    least_amount_then_cost,
    most_covering,
    source_by_source,
    spree_order,
    taken_by,
    whole_else_nearest,
)
from sourcing_cases import KINDS, LIMITS, limited, random_problem, simple_problem
from sourcing_truth import check_plan, costs_by_sites

from engine.sourcing import PRESETS, CostPart, Facts, FirstNonTie, Limits, solve
from engine.sourcing.presets.simple import TIE_RULES

# Rules of thumb.


def test_nearest_spills_over_by_distance():
    problem = simple_problem([[2, 5, 2], [0, 0, 1]], [5.0, 1.0])
    plan = run("nearest", problem, Facts(kilometers=[1.0, 3.0, 2.0]))
    assert quantities(plan) == {("l0", "A"): 2, ("l0", "C"): 2, ("l0", "B"): 1, ("l1", "C"): 1}


def test_an_order_from_one_site_is_not_said_to_be_far_from_the_best():
    """Though nothing is paid per order that misses something, a plan that ships opens a parcel."""
    problem = simple_problem([[2, 0]], [2.0], missing=(0.0, 50.0))
    assert problem.missing.per_order == 0.0 < problem.per_parcel.min()
    plan = run("nearest", problem, Facts(kilometers=[1.0, 2.0]))
    assert plan.cost == solve(problem).cost
    assert plan.gap == 0.0
    problem = simple_problem([[2, 0]], [7.0], missing=(1.0, 50.0))
    plan = run("nearest", problem, Facts(kilometers=[1.0, 2.0]))
    assert plan.missing
    assert plan.gap == 0.0, "nobody has more"


def test_whole_order_from_the_nearest_able_site():
    problem = simple_problem([[2, 2, 2], [0, 1, 1]], [2.0, 1.0])
    plan = run("whole_order_first", problem, Facts(kilometers=[1.0, 3.0, 2.0]))
    assert plan.sites == ("C",)


def test_fewest_sites_takes_what_covers_most_and_the_nearest_of_equals():
    problem = simple_problem([[1, 0, 3], [1, 1, 0], [1, 1, 0]], [3.0, 1.0, 1.0])
    assert run("fewest_sites", problem, Facts(kilometers=[1.0, 2.0, 9.0])).sites == ("A", "C")
    problem = simple_problem([[1, 1]], [1.0])
    assert run("fewest_sites", problem, Facts(kilometers=[2.0, 1.0])).sites == ("B",)


def test_rules_by_distance():
    for rng, problem in instances(1):
        order, km = Order(problem), some_kilometers(rng, problem)
        facts, away = Facts(kilometers=km), km.tolist()
        by_km = sorted(order.sites, key=lambda site: (away[site], site))
        found = {
            name: taken_by(problem, run(name, problem, facts))
            for name in ("nearest", "whole_order_first", "fewest_sites")
        }
        assert found["nearest"] == source_by_source(order, by_km)
        assert found["whole_order_first"] == whole_else_nearest(order, away)
        assert found["fewest_sites"] == most_covering(order, away)


def test_magento():
    for rng, problem in instances(2):
        order, km = Order(problem), some_kilometers(rng, problem, unknown=0.3)
        n_sites = len(problem.sites)
        priority, off = rng.integers(0, 4, n_sites), rng.random(n_sites) < 0.2
        facts = Facts(kilometers=km, priority=priority, offline=off)
        enabled = [site for site in order.sites if not off[site]]
        ranks = [int(rank) or 99 for rank in priority]
        by_priority = sorted(enabled, key=lambda site: (ranks[site], site))
        located = sorted(
            (site for site in enabled if km[site] == km[site]),
            key=lambda site: (km[site], ranks[site], site),
        )
        by_distance = located + [site for site in by_priority if site not in located]
        found = run("magento_priority", problem, facts)
        assert taken_by(problem, found) == source_by_source(order, by_priority)
        found = run("magento_distance", problem, facts)
        assert taken_by(problem, found) == source_by_source(order, by_distance)


def test_first_non_tie():
    for rng, problem in instances(3):
        n_sites = len(problem.sites)
        preferred, default = rng.random(n_sites) < 0.2, rng.random(n_sites) < 0.3
        order = Order(problem)
        ranked = spree_order(order, preferred.tolist(), default.tolist())
        plan = run("first_non_tie", problem, Facts(is_preferred=preferred, is_default=default))
        assert taken_by(problem, plan) == source_by_source(order, ranked)


def test_first_non_tie_by_other_rules():
    for rng, problem in instances(31, count=60):
        n_sites = len(problem.sites)
        names = [name for name in rng.permutation(TIE_RULES).tolist() if rng.random() < 0.6]
        rules = tuple(names) or ("priority",)
        preferred, default = rng.random(n_sites) < 0.2, rng.random(n_sites) < 0.3
        priority, km = rng.integers(0, 4, n_sites), some_kilometers(rng, problem, unknown=0.2)
        order = Order(problem)
        keys = {
            "preferred": [0 if flag else 1 for flag in preferred],
            "coverage": [-count for count in filled_alone(order)],
            "default": [0 if flag else 1 for flag in default],
            "distance": [math.inf if math.isnan(far) else far for far in km],
            "priority": [rank or math.inf for rank in priority],
        }
        ranked = sorted(order.sites, key=lambda site: [keys[rule][site] for rule in rules])
        facts = Facts(is_preferred=preferred, is_default=default, priority=priority, kilometers=km)
        plan = run("first_non_tie", problem, facts, FirstNonTie(rules))
        assert taken_by(problem, plan) == source_by_source(order, ranked)


# The best for one aim, then for the next.


def test_balanced_is_the_search():
    for _rng, problem in instances(4, count=30):
        assert run("balanced", problem, Facts()) == solve(problem)


def test_cheapest_weighs_carrier_and_picking_only():
    names = ("parcel", "distance", "handling", "weight", "carbon", "lateness")
    for rng, problem in instances(5, kinds=("plain",), sites=4):
        parts = []
        for name in names:
            parcel, unit = rng.random(len(problem.sites)) * 5, rng.random(problem.stock.shape)
            parts.append(CostPart(name, parcel, unit))
        problem = dataclasses.replace(problem, parts=tuple(parts))
        plan = run("cheapest", problem, Facts())
        counted = dict(plan.costs)
        mine = sum(counted[name] for name in (*names[:4], "missing"))
        narrow = dataclasses.replace(problem, parts=tuple(parts[:4]))
        assert mine == pytest.approx(min(cost for *_, cost in costs_by_sites(narrow)), abs=1e-6)


def filled_all_there_is(order, taken):
    filled = dict.fromkeys(order.products, 0)
    for (product, _site), steps in taken.items():
        filled[product] += steps
    return filled == order.most(order.sites)


def test_fastest():
    for rng, problem in instances(6):
        order = Order(problem)
        days = rng.integers(1, 5, len(problem.sites)).astype(float)
        taken = taken_by(problem, run("fastest", problem, Facts(days=days)))
        assert filled_all_there_is(order, taken)
        last = max((days[site] for _product, site in taken), default=0.0)
        best = earliest_then_cost(order, days.tolist())
        assert (last, cost_of(order, taken)) == pytest.approx(best, abs=1e-6)


def test_greenest():
    for rng, problem in instances(7):
        order = Order(problem)
        carbon = by_product(problem, rng.integers(0, 4, problem.stock.shape) / 10.0)

        def kilograms(product, site, order=order, carbon=carbon):
            row = order.row[product]
            return float(carbon[row, site] * order.problem.rounding[row])

        taken = taken_by(problem, run("greenest", problem, Facts(carbon_per_unit=carbon)))
        assert filled_all_there_is(order, taken)
        emitted = sum(steps * kilograms(*key) for key, steps in taken.items())
        best = least_amount_then_cost(order, kilograms)
        assert (emitted, cost_of(order, taken)) == pytest.approx(best, abs=1e-6)


def test_greenest_looks_at_the_cost_part_if_no_amounts_are_given():
    problem = simple_problem([[1, 1]], [1.0], parcel=[1.0, 9.0])
    carbon = CostPart("carbon", np.zeros(2), np.array([[0.5, 0.2]]))
    problem = dataclasses.replace(problem, parts=(*problem.parts, carbon))
    assert run("greenest", problem, Facts()).sites == ("B",)


def test_ship_from_store_first():
    for rng, problem in instances(8):
        order = Order(problem)
        is_store = rng.random(len(problem.sites)) < 0.5

        def elsewhere(_product, site, is_store=is_store):
            return 0.0 if is_store[site] else 1.0

        taken = taken_by(problem, run("ship_from_store_first", problem, Facts(is_store=is_store)))
        assert filled_all_there_is(order, taken)
        units = sum(steps * elsewhere(*key) for key, steps in taken.items())
        best = least_amount_then_cost(order, elsewhere)
        assert (units, cost_of(order, taken)) == pytest.approx(best, abs=1e-6)


def test_fewest_splits():
    for rng, problem in instances(9, sites=7):
        order, km = Order(problem), some_kilometers(rng, problem)
        taken = taken_by(problem, run("fewest_splits", problem, Facts(kilometers=km)))
        assert filled_all_there_is(order, taken)
        used = {site for _product, site in taken}
        mean = sum(km[site] for site in used) / len(used) if used else 0.0
        best = combinations_until_covered(order, km.tolist())
        assert (len(used), mean) == pytest.approx(best, abs=1e-3)
        nearest_first = sorted(used, key=lambda site: (km[site], site))
        assert taken == source_by_source(order, nearest_first)


# All of them.


@pytest.mark.parametrize("name", PRESETS)
def test_no_strategy_is_better_than_the_search_and_every_bound_holds(name):
    for rng, problem in instances(12, count=40):
        n_sites = len(problem.sites)
        facts = Facts(
            kilometers=some_kilometers(rng, problem),
            priority=rng.integers(1, 4, n_sites),
            is_store=rng.random(n_sites) < 0.5,
            days=rng.integers(1, 5, n_sites),
        )
        plan, best = run(name, problem, facts), solve(problem)
        assert plan.cost >= best.cost - 1e-6
        assert plan.lower_bound <= best.cost + 1e-6
        assert not plan.proven or plan.cost == pytest.approx(best.cost, abs=1e-6)
        assert run(name, problem, facts) == plan


@pytest.mark.parametrize("name", PRESETS)
def test_out_of_time_there_is_a_plan_all_the_same(name):
    rng = np.random.default_rng(15)
    problem = random_problem(rng, "plain", most_lines=8, most_sites=30)
    plan = PRESETS[name](problem, Facts(), time_limit=0.0)
    check_plan(problem, plan)
    # Whole lines only: without time to look, none is known to be possible.
    assert plan.assignments or name == "iom"
    assert plan.lower_bound <= solve(problem).cost + 1e-6


@pytest.mark.parametrize("name", PRESETS)
def test_every_strategy_runs_without_facts_and_without_stock(name):
    run(name, simple_problem([[1, 1], [1, 0]], [1.0, 2.0]), Facts())
    nothing = run(name, simple_problem([[0, 0]], [1.0]), Facts())
    assert not nothing.assignments


@pytest.mark.parametrize("kind", KINDS)
def test_limits_hold_whatever_the_strategy(kind):
    rng = np.random.default_rng([14, KINDS.index(kind)])
    bound = 0
    for _ in range(15):
        names = tuple(name for name in LIMITS if rng.random() < 0.35)
        free = random_problem(rng, kind, most_lines=4, most_sites=5)
        problem = limited(rng, free, names)
        n_sites = len(problem.sites)
        facts = Facts(
            kilometers=some_kilometers(rng, problem),
            priority=rng.integers(1, 4, n_sites),
            is_store=rng.random(n_sites) < 0.5,
            days=rng.integers(1, 5, n_sites),
        )
        best = solve(problem)
        for name, preset in PRESETS.items():
            plan = run(name, problem, facts)
            assert best.cost - 1e-6 <= plan.cost
            assert plan.lower_bound <= best.cost + 1e-6
            bound += plan != preset(free, facts)
    assert bound > 15


def test_a_rule_of_thumb_keeps_to_what_it_prefers_under_limits():
    problem = simple_problem([[2, 5, 9]], [5.0])
    problem = dataclasses.replace(problem, limits=Limits(max_sites=1))
    assert run("nearest", problem, Facts(kilometers=[1.0, 2.0, 3.0])).sites == ("B",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kilometers": [1.0]}, r"'kilometers' has the shape \(1,\), expected \(2,\)"),
        ({"kilometers": [1.0, -1.0]}, "'kilometers' holds a negative number"),
        ({"kilometers": ["near", "far"]}, "'kilometers' must be an array of numbers"),
        ({"open_orders": [1.0, np.nan]}, "'open orders' holds something that is not a number"),
        ({"carbon_per_unit": [[1.0, 1.0]]}, "'carbon per unit' has the shape"),
        ({"min_stock": [[1, 1], [2, 2]]}, "'l0' and 'l1' ask for the same product, so the fact"),
    ],
)
def test_facts_must_fit(values, message):
    problem = simple_problem([[1, 1], [1, 1]], [1.0, 1.0], products=["p", "p"])
    for name in ("nearest", "greenest", "d365", "hotwax"):
        with pytest.raises(ValueError, match=message):
            PRESETS[name](problem, Facts(**values))
