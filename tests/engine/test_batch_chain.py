"""Batches stage by stage, and orders that keep what they have."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict

import numpy as np
import pytest
from batch_truth import batch_optimum, check_batch
from test_batch import draw, with_quotas

from engine.batch import (
    BatchOrder,
    BatchProblem,
    ChainOrder,
    SiteCapacity,
    joined_lines,
    keep_given,
    solve_batch,
    solve_chain,
)
from engine.sourcing import (
    CostPart,
    Facts,
    Limits,
    MissingCost,
    OrderLine,
    Site,
    SourcingProblem,
    Stage,
    solve_stages,
)
from engine.sourcing.plan import build_plan, plan_steps

NEAR = Stage("near", sites=[True, True, False, False], accept="full")
PARTS = (
    Stage("two", sites=[True, False, True, False], accept="part"),
    Stage("one site", limits=Limits(max_sites=1), accept="part"),
    Stage("any", accept="any"),
)
RULES = (Stage("nearest", accept="part", preset="nearest"), Stage("any", accept="any"))
CHAINS = {"widening": (NEAR, Stage("all", accept="any")), "parts": PARTS, "rules": RULES}
FACTS = Facts(kilometers=[3.0, 1.0, 2.0, 4.0])


@pytest.fixture
def highspy():
    return pytest.importorskip("highspy")


def chained(batch: BatchProblem, stages: tuple[Stage, ...]) -> list[ChainOrder]:
    return [
        ChainOrder(each.key, each.problem, stages, FACTS, each.channel, each.joined)
        for each in batch.orders
    ]


def run(batch: BatchProblem, stages: tuple[Stage, ...]):
    return solve_chain(
        chained(batch, stages), batch.stock, capacities=batch.capacities, quotas=batch.quotas
    )


def check_shared(batch: BatchProblem, plans) -> None:
    """Nothing is given twice, and capacities and quotas are kept to."""
    taken, units, count = defaultdict(float), defaultdict(float), defaultdict(int)
    sold = defaultdict(float)
    for order in batch.orders:
        plan = plans[order.key]
        product_of = {line.key: line.product for line in order.problem.lines}
        wanted = {line.key: line.quantity for line in order.problem.lines}
        for given in plan.assignments:
            wanted[given.line] -= given.quantity
            taken[product_of[given.line], given.site] += given.quantity
            units[given.site] += given.quantity
            for quota in batch.quotas:
                if (
                    quota.product == product_of[given.line]
                    and given.site in quota.sites
                    and quota.counts(order.channel)
                ):
                    sold[quota.key] += given.quantity
        assert all(left >= -1e-9 for left in wanted.values())
        for site in plan.sites:
            count[site] += site not in order.joined
    for key, quantity in taken.items():
        assert quantity <= batch.stock.get(key, 0.0) + 1e-6
    for each in batch.capacities:
        assert each.orders is None or count[each.site] <= each.orders
        assert each.units is None or units[each.site] <= each.units + 1e-6
    for quota in batch.quotas:
        assert sold[quota.key] <= quota.quantity + 1e-6


@pytest.mark.parametrize("chain", CHAINS)
def test_one_order_alone_goes_through_its_stages_as_ever(highspy, chain):
    stages = CHAINS[chain]
    for seed in range(8):
        batch = draw(seed, n_orders=1, limited=True)
        [order] = batch.orders
        plan = run(dataclasses.replace(batch, capacities=()), stages)
        alone = solve_stages(order.problem, stages, FACTS)
        assert plan.plans[order.key].cost == pytest.approx(alone.plan.cost)
        # Where only all will do, part of it is not even looked for.
        tried = [(name, word.replace("partly", "nothing")) for name, word in alone.tried[:-1]]
        assert plan.tried[order.key] in (alone.tried, (*tried, alone.tried[-1]))


def test_a_stage_has_its_own_stock_and_facts(highspy):
    """The same as for the order alone; other facts would have taken from other sites."""
    differs = 0
    for seed in range(8):
        batch = draw(seed, n_orders=1, limited=True)
        [order] = batch.orders
        half = np.floor(order.problem.stock / 2)
        mine = Facts(kilometers=[1.0, 4.0, 3.0, 2.0])
        stages = (
            Stage("half", stock=half, facts=mine, preset="nearest", accept="part"),
            Stage("all", accept="any"),
        )
        plan = run(dataclasses.replace(batch, capacities=()), stages).plans[order.key]
        alone = solve_stages(order.problem, stages, FACTS).plan
        assert plan.assignments == alone.assignments
        others = (dataclasses.replace(stages[0], facts=None), stages[1])
        differs += plan.assignments != solve_stages(order.problem, others, FACTS).plan.assignments
    assert differs


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("method", ["columns", "sequence"])
def test_what_orders_share_is_kept_to_over_all_stages(highspy, chain, method):
    for seed in range(2):
        batch = with_quotas(seed, draw(seed, n_orders=5, limited=True))
        args = chained(batch, CHAINS[chain]), batch.stock
        vals = {"capacities": batch.capacities, "quotas": batch.quotas, "method": method}
        plan, again = (solve_chain(*args, **vals) for _turn in range(2))
        assert list(plan.plans) == [order.key for order in batch.orders]
        check_shared(batch, plan.plans)
        assert (plan.plans, plan.tried) == (again.plans, again.tried)
        assert plan.finished
        for order in batch.orders:
            verdicts = dict(plan.tried[order.key])
            found = plan.plans[order.key]
            if verdicts.get("near") == "filled":
                assert set(found.sites) <= {0, 1}
                assert not found.missing


def test_one_stage_by_costs_is_the_joint_problem(highspy):
    closed = 0
    for seed in range(5):
        batch = with_quotas(seed, draw(seed))
        truth = batch_optimum(highspy, batch)
        plan = run(batch, (Stage("all", accept="any"),))
        check_shared(batch, plan.plans)
        assert plan.cost >= truth - 1e-6 * (1 + abs(truth))
        closed += math.isclose(plan.cost, truth, rel_tol=1e-6)
    assert closed >= 3


def _rivals() -> BatchProblem:
    """One unit near; the first order would lose 2 without it, the second 7."""
    orders = [
        BatchOrder(
            number,
            SourcingProblem(
                lines=(OrderLine(0, "P", 1.0),),
                sites=(Site(0, "near"), Site(1, "far")),
                stock=[[1.0, 5.0]],
                parts=(CostPart("parcel", [1.0, elsewhere], np.zeros((1, 2))),),
                missing=MissingCost(0.0, [50.0 * (1 + number)]),
            ),
        )
        for number, elsewhere in enumerate((3.0, 8.0))
    ]
    return BatchProblem(tuple(orders))


def test_rules_serve_first_who_comes_first_and_costs_whom_it_saves_most():
    batch, facts = _rivals(), Facts(kilometers=[1.0, 9.0])
    for preset, of_the_first in (("nearest", (0,)), ("balanced", (1,))):
        stages = (Stage("all", accept="any", preset=preset),)
        orders = [ChainOrder(each.key, each.problem, stages, facts) for each in batch.orders]
        plan = solve_chain(orders, batch.stock)
        assert plan.plans[0].sites == of_the_first
    # Within the radius there is one for whom it is worst to miss it; the other gets the next stage.
    stages = (Stage("near", sites=[True, False]), Stage("all", accept="any"))
    orders = [ChainOrder(each.key, each.problem, stages) for each in batch.orders]
    plan = solve_chain(orders, batch.stock)
    assert [plan.plans[key].sites for key in (0, 1)] == [(1,), (0,)]
    assert plan.tried == {0: (("near", "nothing"), ("all", "filled")), 1: (("near", "filled"),)}


def test_no_orders_and_no_time():
    assert solve_chain([], {}).plans == {}
    batch = draw(1)
    plan = solve_chain(chained(batch, CHAINS["parts"]), batch.stock, time_limit=0.0)
    assert not plan.finished
    check_shared(dataclasses.replace(batch, capacities=()), plan.plans)


# === WHAT ORDERS HAVE === #


def in_force(seed: int, limited: bool) -> tuple[BatchProblem, dict]:
    """Plans that fill lines wholly or partly, made with less stock; then orders compete anew."""
    batch = draw(seed, most_units=4, n_orders=5, limited=limited)
    rng = np.random.default_rng([seed, 2])
    # Cheap to miss: without a rule many would lose what they have to others.
    orders = [
        dataclasses.replace(
            order,
            problem=dataclasses.replace(
                order.problem, missing=MissingCost(0.0, rng.random(len(order.problem.lines)) * 6)
            ),
        )
        for order in batch.orders
    ]
    dear = tuple(
        dataclasses.replace(
            order,
            problem=dataclasses.replace(
                order.problem,
                missing=MissingCost(0.0, np.full(len(order.problem.lines), 30.0)),
            ),
        )
        for order in orders
    )
    # Goods came since.
    fewer = {key: max(quantity - 1.0, 0.0) for key, quantity in batch.stock.items()}
    before = solve_batch(
        BatchProblem(dear, fewer, batch.capacities), time_limit=0.0, method="sequence"
    ).plans
    kept = []
    for order in orders:
        found = keep_given(order.problem, plan_steps(order.problem, before[order.key]))
        if found is None:
            assert not order.problem.limits.is_empty
            continue
        kept.append(dataclasses.replace(order, problem=found[0], current=found[1]))
    new = dataclasses.replace(batch, orders=tuple(kept))
    return new, {each.key: (each.problem, before[each.key]) for each in orders}


def given_by_line(plan) -> dict:
    given = defaultdict(float)
    for each in plan.assignments:
        given[each.line] += each.quantity
    return given


@pytest.mark.parametrize("limited", [False, True])
def test_nobody_gets_less_of_a_line_than_before(highspy, limited):
    partly = more = 0
    for seed in range(6):
        batch, before = in_force(seed, limited)
        if len(batch.orders) < 5 and not limited:
            pytest.fail("without limits every order can be looked at in two parts")
        truth = batch_optimum(highspy, batch) if batch.orders else 0.0
        for method in ("columns", "sequence"):
            answer = solve_batch(batch, method=method)
            check_batch(batch, answer)
            assert answer.lower_bound <= truth + 1e-6 * (1 + abs(truth))
            assert answer.objective >= truth - 1e-6 * (1 + abs(truth))
            for order in batch.orders:
                problem, had = before[order.key]
                plan = joined_lines(problem, answer.plans[order.key])
                assert plan.cost == pytest.approx(answer.plans[order.key].cost)
                new, old = given_by_line(plan), given_by_line(had)
                for line in problem.lines:
                    assert new[line.key] >= old[line.key] - 1e-9
                    partly += 0 < old[line.key] < line.quantity
                    more += new[line.key] > old[line.key]
    assert partly > 5, "lines that are filled partly have to be there to be tested"
    assert more, "what is open is still sourced"


def test_part_of_a_line_is_not_given_to_who_gains_more():
    """One of three units is there and the first order has it; the second would gain more by it."""
    problem = SourcingProblem(
        lines=(OrderLine(0, "P", 3.0),),
        sites=(Site(0, "one"),),
        stock=[[1.0]],
        parts=(CostPart("parcel", [1.0], np.zeros((1, 1))),),
        missing=MissingCost(0.0, [5.0]),
    )
    rival = dataclasses.replace(problem, missing=MissingCost(0.0, [50.0]))
    kept, current = keep_given(problem, np.array([[1.0]]))
    assert current.cost == build_plan(problem, np.array([[1.0]]), lower_bound=0.0).cost
    batch = BatchProblem(
        (BatchOrder("has", kept, current), BatchOrder("wants", rival)), {("P", 0): 1.0}
    )
    answer = solve_batch(batch)
    assert answer.changed == ()
    assert joined_lines(problem, answer.plans["has"]).assignments[0].quantity == 1.0
    assert not answer.plans["wants"].assignments


def test_limits_on_the_line_itself_do_not_let_it_be_looked_at_in_two_parts():
    problem = SourcingProblem(
        lines=(OrderLine(0, "P", 3.0),),
        sites=(Site(0, "one"),),
        stock=[[3.0]],
        parts=(CostPart("parcel", [1.0], np.zeros((1, 1))),),
        missing=MissingCost(0.0, [5.0]),
    )
    for limits in (
        Limits(max_sites_per_line=[1]),
        Limits(whole_lines=[True]),
        Limits(whole_order=True),
    ):
        limited = dataclasses.replace(problem, limits=limits)
        assert keep_given(limited, np.array([[1.0]])) is None
        assert keep_given(limited, np.array([[3.0]]))[0].limits.to_dict(np.array([True]))


def test_a_full_site_is_not_asked_in_a_later_stage_either():
    batch = _rivals()
    stages = (Stage("near", sites=[True, False], preset="nearest", accept="any"), Stage("all"))
    orders = [
        ChainOrder(each.key, each.problem, stages, Facts(kilometers=[1.0, 9.0]))
        for each in batch.orders
    ]
    stock = {**batch.stock, ("P", 0): 2.0}
    capacities = (SiteCapacity(0, orders=1.0), SiteCapacity(1, units=0.0))
    plan = solve_chain(orders, stock, capacities=capacities)
    assert [plan.plans[key].sites for key in (0, 1)] == [(0,), ()]
