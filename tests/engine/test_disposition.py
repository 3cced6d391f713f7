"""Dispositions are the best there are, and add up."""

from dataclasses import replace

import numpy as np
import pytest
from disposition_truth import by_program, by_trying, random_problem

from engine.disposition import (
    Cost,
    Destination,
    Lot,
    Option,
    Pool,
    Problem,
    rank_destinations,
    solve,
)
from engine.prices import Market, unit_values

SLOW, BRISK = Market(40.0, 0.01, 2.0, 90.0), Market(40.0, 0.5, 1.0, 90.0)
SCRAP = Option("scrap", gain=-1.0)


def send(pool, cost, **more):
    return Option("send", pool, costs=(Cost("transport", cost),), **more)


def check(problem, plan):
    """A plan uses what there is, keeps the rooms, and is worth what its parts say."""
    taken = [0.0] * len(problem.rooms)
    total = 0.0
    for lot, alternatives in zip(problem.lots, plan.lots, strict=True):
        assert sum(each.quantity for each in alternatives) == pytest.approx(lot.quantity)
        assert len(alternatives) == len(lot.options)
        for each in alternatives:
            assert (each.verdict == "chosen") == (each.quantity > 0)
            total += each.quantity * each.value
            pool = lot.options[each.option].pool
            if pool is not None and problem.pools[pool].place is not None:
                taken[problem.pools[pool].place] += each.quantity
    assert total == pytest.approx(plan.value, abs=1e-6)
    for amount, room in zip(taken, problem.rooms, strict=True):
        assert amount <= room + 1e-6


def test_by_hand():
    """It pays to send to where it sells until the way costs more than that."""
    problem = Problem(
        (Lot("Shoe", 1.0, (Option("sell", 0), send(1, 6.0), SCRAP)),), (Pool(SLOW), Pool(BRISK))
    )
    plan = solve(problem)
    best, second, last = plan.lots[0]
    assert (best.kind, second.kind, last.kind) == ("send", "sell", "scrap")
    assert best.value == pytest.approx(float(unit_values(BRISK, 1)[0]) - 6.0)
    assert best.chance > 0.99 and second.chance < 0.1
    dear = replace(problem, lots=(Lot("Shoe", 1.0, (Option("sell", 0), send(1, 45.0), SCRAP)),))
    assert solve(dear).lots[0][0].kind == "sell"


def test_a_second_unit_is_worth_less():
    """Many at once are spread, while each by itself would go to the same place."""
    market = Market(40.0, 0.02, 0.0, 90.0)
    lot = Lot("Shoe", 4.0, (Option("sell", 0), send(1, 0.5), SCRAP))
    plan = solve(Problem((lot,), (Pool(market), Pool(market))))
    quantities = {each.kind: each.quantity for each in plan.lots[0]}
    assert quantities["sell"] == quantities["send"] == 2.0


def test_a_full_place_says_so():
    lot = Lot("Shoe", 3.0, (Option("sell", 0), send(1, 1.0), SCRAP))
    plan = solve(Problem((lot,), (Pool(SLOW), Pool(BRISK, 0)), (0.0,)))
    verdicts = {each.kind: each.verdict for each in plan.lots[0]}
    assert verdicts["send"] == "full"
    assert verdicts["sell"] == "chosen"


def test_a_lane_is_shared():
    """For one unit the shipment is too dear, for five it is not."""
    market, poor = Market(40.0, 2.0, 0.0, 90.0), Market(30.0, 0.2, 0.0, 90.0)
    options = (Option("sell", 0), send(1, 0.0, lane=0), SCRAP)
    one, five = (
        solve(Problem((Lot("Shoe", number, options),), (Pool(poor), Pool(market)), lanes=(30.0,)))
        for number in (1.0, 5.0)
    )
    assert one.lots[0][0].kind == "sell"
    assert five.lots[0][0].kind == "send"
    assert {cost.name: cost.amount for cost in five.lots[0][0].costs}["lane"] == pytest.approx(6.0)


@pytest.mark.parametrize("seed", range(60))
def test_against_all_possibilities(seed):
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, int(rng.integers(1, 4)), 2, 2)
    plan = solve(problem)
    check(problem, plan)
    assert plan.value == pytest.approx(by_trying(problem), abs=1e-6)
    assert plan.gap == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("decimals", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_against_a_solver(seed, decimals):
    pytest.importorskip("highspy", reason="the oracle needs highspy")
    rng = np.random.default_rng(1000 + seed)
    problem = random_problem(rng, int(rng.integers(2, 14)), 4, 5, decimals=decimals)
    plan = solve(problem, most_nodes=4000)
    check(problem, plan)
    best = by_program(problem)
    assert plan.value <= best + 1e-5
    assert plan.bound >= best - 1e-5
    assert plan.value == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_a_stopped_search_tells_its_gap(seed):
    pytest.importorskip("highspy", reason="the oracle needs highspy")
    problem = random_problem(np.random.default_rng(seed), 12, 5, 4)
    plan = solve(problem, most_nodes=3)
    check(problem, plan)
    assert plan.value <= by_program(problem) + 1e-5 <= plan.bound + 2e-5


@pytest.mark.parametrize("seed", range(4))
def test_many_lots_before_tight_rooms(seed):
    """Places that hold a third of what comes, so that most goods stand in each other's way."""
    pytest.importorskip("highspy", reason="the oracle needs highspy")
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 70, 10, 4, lanes=False, decimals=bool(seed % 2))
    third = sum(lot.quantity for lot in problem.lots) / 3.0
    rooms = tuple(float(share) for share in third * rng.dirichlet(np.ones(10)))
    problem = replace(problem, rooms=rooms)
    plan = solve(problem)
    check(problem, plan)
    assert plan.value == pytest.approx(by_program(problem), abs=1e-4)
    assert plan.gap == pytest.approx(0.0, abs=1e-4)


def test_a_search_out_of_work_tells_its_gap():
    pytest.importorskip("highspy", reason="the oracle needs highspy")
    problem = random_problem(np.random.default_rng(5), 25, 6, 4)
    short, long = solve(problem, most_work=0.0), solve(problem, most_nodes=4000)
    check(problem, short)
    best = by_program(problem)
    assert long.value == pytest.approx(best, abs=1e-5)
    assert short.value <= best + 1e-5 <= short.bound + 2e-5
    assert short.bound >= long.bound - 1e-6


@pytest.mark.parametrize(
    ("lots", "message"),
    [
        ((Lot("Shoe", 0.0, (SCRAP,)),), "Shoe: 0.0 units"),
        ((Lot("Shoe", 1.0, (Option("sell", 0),)),), "must be a way to be rid"),
        ((Lot("Shoe", 1.0, (Option("sell", 7), SCRAP)),), "no pool 7"),
        ((Lot("Shoe", 1.0, (send(0, 1.0, lane=2), SCRAP)),), "no lane 2"),
        ((Lot("Shoe", 1.0, (Option("scrap", gain=float("nan")),)),), "no finite value"),
    ],
)
def test_nonsense_is_refused(lots, message):
    with pytest.raises(ValueError, match=message):
        Problem(lots, (Pool(SLOW),))


def test_a_return_goes_where_way_and_value_together_are_best():
    """A near place where nothing sells, a far one where all sells, and one that sends it on."""

    def at(pool, way, *more):
        lot = Lot("Shoe", 2.0, (Option("sell", pool), SCRAP, *more))
        problem = Problem((lot,), (Pool(SLOW), Pool(BRISK)))
        return Destination("", problem, (Cost("way", way),))

    near, far, by_way_of = at(0, 0.0), at(1, 9.0), at(0, 1.0, send(1, 2.0))
    ranks = rank_destinations((near, far, by_way_of))
    assert [rank.position for rank in ranks] == [2, 1, 0]
    brisk = float(unit_values(BRISK, 2).sum())
    assert ranks[0].value == pytest.approx(brisk - 2 * 2.0 - 1.0)
    assert ranks[1].value == pytest.approx(brisk - 9.0)
    assert ranks[2].value == pytest.approx(float(unit_values(SLOW, 2).sum()))
    assert [rank.position for rank in rank_destinations((near, near))] == [0, 1]
