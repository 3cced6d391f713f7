"""Batches against one mixed-integer program of everything, and what plans must keep to."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from batch_truth import batch_optimum, check_batch
from sourcing_cases import random_problem
from tariff_cases import brute_force, random_tariff_problem

from engine import highs
from engine.batch import (
    BatchOrder,
    BatchProblem,
    Quota,
    SiteCapacity,
    SolverMissing,
    StockPrice,
    solve_batch,
)
from engine.batch.solver import METHODS
from engine.sourcing import (
    CostPart,
    Limits,
    MissingCost,
    OrderLine,
    Site,
    SourcingProblem,
    solve,
)

SITES = tuple(Site(number, f"site {number}") for number in range(4))


def draw(seed: int, *, most_units: int = 3, n_orders: int = 6, limited: bool = False):
    """A batch of a few orders that want the same few products from four sites."""
    rng = np.random.default_rng(seed)
    n_products = 4
    stock = rng.integers(0, 4, (n_products, len(SITES))) * (rng.random((n_products, 4)) < 0.7)
    orders = []
    for number in range(n_orders):
        n_lines = int(rng.integers(1, 4))
        products = rng.choice(n_products, n_lines, replace=False)
        shape = n_lines, len(SITES)
        far = rng.random(len(SITES)) * 3
        barred = rng.random(len(SITES)) < 0.1
        limits = Limits()
        if limited and rng.random() < 0.5:
            limits = Limits(max_sites=1, whole_lines=rng.random(n_lines) < 0.5)
        problem = SourcingProblem(
            lines=tuple(
                OrderLine(row, int(product), float(rng.integers(1, most_units + 1)))
                for row, product in enumerate(products)
            ),
            sites=SITES,
            stock=np.where(barred, 0, stock[products]),
            parts=(
                CostPart("parcel", rng.random(len(SITES)) * 4, np.zeros(shape)),
                CostPart("distance", np.zeros(len(SITES)), np.broadcast_to(far, shape)),
            ),
            missing=MissingCost(float(rng.choice([0.0, 3.0])), 5.0 + rng.random(n_lines) * 10),
            limits=limits,
        )
        orders.append(BatchOrder(f"order {number}", problem))
    held = {
        (product, site): float(stock[product, site])
        for product, site in itertools.product(range(n_products), range(len(SITES)))
        if stock[product, site]
    }
    capacities = []
    for site in range(len(SITES)):
        kind = rng.integers(0, 4)
        capacities.append(
            SiteCapacity(
                site,
                orders=float(rng.integers(0, 4)) if kind & 1 else None,
                units=float(rng.integers(1, 7)) if kind & 2 else None,
            )
        )
    return BatchProblem(tuple(orders), held, tuple(capacities))


def with_quotas(seed: int, batch: BatchProblem) -> BatchProblem:
    """The same batch sold by two channels that may have so much of products, here or there."""
    rng = np.random.default_rng([seed, 1])
    orders = tuple(
        dataclasses.replace(
            order,
            channel=("web", "shop")[int(rng.integers(0, 2))],
            joined=frozenset(site.key for site in SITES if rng.random() < 0.1),
        )
        for order in batch.orders
    )
    quotas = tuple(
        Quota(
            number,
            int(rng.integers(0, 4)),
            frozenset(np.flatnonzero(rng.random(len(SITES)) < 0.7).tolist()),
            float(rng.integers(0, 5)),
            [None, frozenset({"web"}), frozenset({"web", "shop"})][int(rng.integers(0, 3))],
        )
        for number in range(6)
    )
    return dataclasses.replace(batch, orders=orders, quotas=quotas)


def with_current(batch: BatchProblem, change_cost: float) -> BatchProblem:
    """The same batch with plans in force, made one by one."""
    plans = solve_batch(batch, method="sequence").plans
    return dataclasses.replace(
        batch,
        orders=tuple(
            dataclasses.replace(order, current=plans[order.key], change_cost=change_cost)
            for order in batch.orders
        ),
    )


@pytest.fixture
def highspy():
    return pytest.importorskip("highspy")


@pytest.mark.parametrize("most_units", [1, 3])
@pytest.mark.parametrize("limited", [False, True])
def test_cost_and_bound_enclose_the_optimum(highspy, most_units, limited):
    closed = 0
    for seed in range(8):
        batch = draw(seed, most_units=most_units, limited=limited)
        truth = batch_optimum(highspy, batch)
        for method in ("columns", "sequence"):
            plan = solve_batch(batch, method=method)
            check_batch(batch, plan)
            assert plan.finished
            assert plan.lower_bound <= truth + 1e-6 * (1 + abs(truth))
            assert plan.objective >= truth - 1e-6 * (1 + abs(truth))
            assert plan.objective <= plan.greedy_cost + 1e-9
            if plan.gap < 1e-8:
                assert math.isclose(plan.objective, truth, rel_tol=1e-6)
            closed += method == "columns" and math.isclose(plan.objective, truth, rel_tol=1e-6)
    # Not every plan is looked at, so that the best ones may not be among them; they mostly are.
    assert closed >= 6


@pytest.mark.parametrize("most_units", [1, 3])
@pytest.mark.parametrize("limited", [False, True])
def test_what_channels_may_have_is_part_of_the_problem(highspy, most_units, limited):
    closed = bound = 0
    for seed in range(7):
        free = draw(seed, most_units=most_units, limited=limited)
        batch = with_quotas(seed, free)
        truth = batch_optimum(highspy, batch)
        bound += truth > batch_optimum(highspy, dataclasses.replace(batch, quotas=())) + 1e-6
        for method in ("columns", "sequence"):
            plan = solve_batch(batch, method=method)
            check_batch(batch, plan)
            assert plan.lower_bound <= truth + 1e-6 * (1 + abs(truth))
            assert plan.objective >= truth - 1e-6 * (1 + abs(truth))
            assert plan.objective <= plan.greedy_cost + 1e-9
            closed += method == "columns" and math.isclose(plan.objective, truth, rel_tol=1e-6)
    assert closed >= 5
    assert bound >= 3, "quotas have to matter to be tested"


def test_goods_of_a_channel_have_a_price_for_that_channel(highspy):
    batch = _rivals(2.0)
    orders = tuple(dataclasses.replace(order, channel="web") for order in batch.orders)
    quota = Quota("web", "P", frozenset({0}), 1.0, frozenset({"web"}))
    plan = solve_batch(dataclasses.replace(batch, orders=orders, quotas=(quota,)))
    assert plan.cost == pytest.approx(4.0)
    (price,) = plan.quota_prices
    assert price.key == "web"
    assert 2.0 - 1e-6 <= price.price <= 7.0 + 1e-6
    assert plan.prices == ()
    # Another channel has a unit beside.
    orders = orders[0], dataclasses.replace(orders[1], channel="shop")
    plan = solve_batch(dataclasses.replace(batch, orders=orders, quotas=(quota,)))
    assert plan.cost == pytest.approx(2.0)
    assert plan.quota_prices == ()


def test_one_order_keeps_to_what_its_lines_and_sites_share(highspy):
    """The order wants three; two sites have two each; of both together it may have two."""
    problem = SourcingProblem(
        lines=(OrderLine(0, "P", 2.0), OrderLine(1, "P", 1.0)),
        sites=SITES[:2],
        stock=[[2.0, 2.0], [2.0, 2.0]],
        parts=(CostPart("parcel", [1.0, 1.0], np.zeros((2, 2))),),
        missing=MissingCost(0.0, [50.0, 50.0]),
    )
    quota = Quota("both", "P", frozenset({0, 1}), 2.0)
    batch = BatchProblem((BatchOrder("one", problem),), quotas=(quota,))
    for method in ("columns", "sequence"):
        plan = solve_batch(batch, method=method)
        check_batch(batch, plan)
        assert plan.cost == pytest.approx(batch_optimum(highspy, batch)) == pytest.approx(51.0)


@pytest.mark.parametrize("kind", ["plain", "shared", "fractional", "ties"])
def test_orders_of_every_kind(highspy, kind):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        problem = random_problem(rng, kind, most_lines=3, most_sites=4)
        # Three customers want the same, and there is enough for one or two.
        batch = BatchProblem(tuple(BatchOrder(number, problem) for number in range(3)))
        truth = batch_optimum(highspy, batch)
        for method in ("columns", "sequence"):
            plan = solve_batch(batch, method=method)
            check_batch(batch, plan)
            assert plan.lower_bound <= truth + 1e-6 * (1 + abs(truth))
            assert plan.objective >= truth - 1e-6 * (1 + abs(truth))


def test_whole_shipments_are_priced_in_a_batch_too(highspy):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        problem = random_tariff_problem(rng, "plain", most_lines=2, most_sites=3)
        truth = brute_force(problem)
        # Enough for both of two customers: each gets the best plan there is.
        batch = BatchProblem(
            tuple(BatchOrder(number, problem) for number in range(2)),
            {
                key: 2.0 * held
                for key, held in BatchProblem((BatchOrder(0, problem),)).stock.items()
            },
        )
        for method in ("columns", "sequence"):
            plan = solve_batch(batch, method=method)
            assert plan.cost == pytest.approx(2.0 * truth)
            assert plan.lower_bound <= 2.0 * truth + 1e-6


@pytest.mark.parametrize("change_cost", [0.0, 1.0, 100.0])
def test_plans_in_force_give_way_for_a_gain_only(highspy, change_cost):
    for seed in range(4):
        batch = with_current(draw(seed), change_cost)
        truth = batch_optimum(highspy, batch)
        plan = solve_batch(batch, method="columns")
        check_batch(batch, plan)
        assert plan.lower_bound <= truth + 1e-6 * (1 + abs(truth))
        assert plan.objective >= truth - 1e-6 * (1 + abs(truth))
        before = sum(order.current.cost for order in batch.orders)
        assert plan.objective <= before + 1e-9
        assert plan.change_cost == change_cost * len(plan.changed)
        for order in batch.orders:
            same = plan.plans[order.key].assignments == order.current.assignments
            assert same == (order.key not in plan.changed)


def test_a_price_tells_what_one_more_unit_may_save(highspy):
    told = 0
    for seed in range(6):
        batch = draw(seed, most_units=1)
        plan = solve_batch(batch, method="columns")
        for price in plan.prices[:3]:
            assert price.price > 0.0
            key = price.product, price.site
            more = dataclasses.replace(
                batch,
                stock={**batch.stock, key: batch.stock[key] + 1.0},
                orders=tuple(
                    dataclasses.replace(order, problem=_with_more(order.problem, key))
                    for order in batch.orders
                ),
            )
            # The bound with one more unit is at least the bound less the price of the unit.
            assert batch_optimum(highspy, more) >= plan.lower_bound - price.price - 1e-6
            told += 1
    assert told > 5


def _with_more(problem: SourcingProblem, key: tuple[int, int]) -> SourcingProblem:
    stock = problem.stock.copy()
    for row, line in enumerate(problem.lines):
        if line.product == key[0] and stock[row, key[1]]:
            stock[row, key[1]] += 1.0
    return dataclasses.replace(problem, stock=stock)


def _rivals(quantity: float) -> BatchProblem:
    """Two orders want the only unit of site 0; the second one loses more without it."""
    orders = []
    for number, elsewhere in enumerate((3.0, 8.0)):
        orders.append(
            BatchOrder(
                number,
                SourcingProblem(
                    lines=(OrderLine(0, "P", 1.0),),
                    sites=SITES[:2],
                    stock=[[quantity, 5.0]],
                    parts=(CostPart("parcel", [1.0, elsewhere], np.zeros((1, 2))),),
                    missing=MissingCost(0.0, [50.0]),
                ),
            )
        )
    return BatchProblem(tuple(orders))


@pytest.mark.parametrize("method", ["auto", "sequence"])
def test_scarce_stock_goes_to_whom_it_saves_most(method):
    plan = solve_batch(_rivals(1.0), method=method)
    assert plan.greedy_cost == pytest.approx(9.0)
    assert plan.cost == pytest.approx(4.0)
    assert plan.plans[0].sites == (1,)
    assert plan.plans[1].sites == (0,)
    (price,) = plan.prices
    assert (price.product, price.site) == ("P", 0)
    # The first order gains 2 by the unit, the second 7: in between is the price.
    assert 2.0 - 1e-6 <= price.price <= 7.0 + 1e-6
    assert solve_batch(_rivals(2.0), method=method).prices == ()


def test_room_has_a_price_too(highspy):
    batch = dataclasses.replace(_rivals(2.0), capacities=(SiteCapacity(0, orders=1.0),))
    plan = solve_batch(batch, method="columns")
    assert plan.cost == pytest.approx(4.0)
    (price,) = plan.capacity_prices
    assert price.site == 0
    assert 2.0 - 1e-6 <= price.per_order <= 7.0 + 1e-6
    assert price.per_unit == 0.0


def test_same_batch_same_plan(highspy):
    batch = draw(3, n_orders=12)
    first, second = (solve_batch(batch, method="columns") for _turn in range(2))
    assert first.plans == second.plans
    assert first.prices == second.prices
    assert first.lower_bound == second.lower_bound


@pytest.mark.parametrize("method", ["columns", "sequence"])
def test_without_time_there_are_plans_all_the_same(highspy, method):
    batch = draw(1, n_orders=8)
    plan = solve_batch(batch, time_limit=0.0, method=method)
    check_batch(batch, plan)
    assert not plan.finished
    assert plan.cost == pytest.approx(plan.greedy_cost)
    truth = batch_optimum(highspy, batch)
    assert plan.lower_bound <= truth + 1e-6


def test_one_by_one_is_what_the_search_for_one_order_gives():
    batch = draw(5, n_orders=8)
    batch = dataclasses.replace(batch, capacities=())
    left, cost = dict(batch.stock), 0.0
    for order in batch.orders:
        problem = order.problem
        stock = [
            [
                min(problem.stock[row, column], left.get((line.product, site.key), 0.0))
                for column, site in enumerate(problem.sites)
            ]
            for row, line in enumerate(problem.lines)
        ]
        plan = solve(dataclasses.replace(problem, stock=stock))
        cost += plan.cost
        for given in plan.assignments:
            left[problem.lines[given.line].product, given.site] -= given.quantity
    assert solve_batch(batch, time_limit=0.0).greedy_cost == pytest.approx(cost)


def test_without_the_solver_the_sequence_is_used(monkeypatch):
    def missing():
        raise SolverMissing("pip install highspy")

    monkeypatch.setattr(highs, "load", missing)
    batch = draw(2)
    plan = solve_batch(batch)
    assert plan.method == "sequence"
    check_batch(batch, plan)
    with pytest.raises(SolverMissing, match="pip install highspy"):
        solve_batch(batch, method="columns")


@pytest.mark.parametrize("method", METHODS)
def test_no_orders(method):
    plan = solve_batch(BatchProblem(()), method=method)
    assert (plan.plans, plan.cost, plan.gap, plan.prices) == ({}, 0.0, 0.0, ())


def test_bad_input_is_told():
    order = draw(0).orders[0]
    with pytest.raises(ValueError, match="order 0"):
        BatchProblem((order, order))
    with pytest.raises(ValueError, match="change"):
        dataclasses.replace(order, change_cost=-1.0)
    with pytest.raises(ValueError, match="capacity in units"):
        SiteCapacity(1, units=float("nan"))
    with pytest.raises(ValueError, match="Quota 'q'"):
        Quota("q", "P", frozenset(), -1.0)
    quota = Quota("q", "P", frozenset({1}), 1.0)
    with pytest.raises(ValueError, match="quota 'q' appears twice"):
        BatchProblem((order,), quotas=(quota, quota))
    with pytest.raises(ValueError, match="stock of product 'P'"):
        BatchProblem((order,), {("P", 1): -2.0})
    steps = dataclasses.replace(order.problem, rounding=np.full(len(order.problem.lines), 0.5))
    with pytest.raises(ValueError, match="steps"):
        BatchProblem((order, BatchOrder("other", steps)))
    with pytest.raises(ValueError, match="no method"):
        solve_batch(BatchProblem((order,)), method="magic")
    with pytest.raises(ValueError, match="time limit"):
        solve_batch(BatchProblem((order,)), time_limit=-1.0)


def test_prices_are_plain_values():
    (price,) = solve_batch(_rivals(1.0)).prices
    assert isinstance(price, StockPrice)
    assert isinstance(price.price, float)
