"""Shares of many goods: against a search over all whole amounts, in plain Python."""

import random

import numpy as np
import pytest

from engine.allocation.common_shares import CARE, Holding, move


def holding(key, amount, left, need, unit, least=0.0):
    arrays = (np.array(each, dtype=float) for each in (left, need, unit))
    return Holding(key, float(amount), float(least), *arrays)


def missed(holding, change, value):
    """What is missed, by what it earns: a loop."""
    total = 0.0
    for left, need, unit, earned in zip(
        holding.left, holding.need, holding.unit, value, strict=True
    ):
        total += earned * max(need - left - change * unit, 0.0)
    return total


def better(source, target, value, amount):
    spared = missed(target, 0, value) - missed(target, amount, value)
    return spared - CARE * (missed(source, -amount, value) - missed(source, 0, value))


def test_what_one_lacks_of_many_goods_comes_from_who_sells_little():
    fast = holding("fast", 20, [0, 5, 50], [10, 10, 10], [1, 1, 1])
    slow = holding("slow", 60, [60, 60, 60], [5, 5, 5], [1, 1, 1])
    [found] = move([fast, slow], np.ones(3), most=0.5)
    assert (found.source, found.target, found.amount) == ("slow", "fast", 10)
    assert (found.spared, found.lost, found.gain) == (15, 0, 15)


def test_no_more_than_a_part_and_not_below_the_least():
    fast = holding("fast", 20, [0], [100], [1])
    slow = holding("slow", 60, [60], [0], [1])
    assert move([fast, slow], np.ones(1), most=0.25)[0].amount == 15
    kept = holding("slow", 60, [60], [0], [1], least=50)
    assert move([fast, kept], np.ones(1), most=0.25)[0].amount == 10
    assert move([fast, holding("slow", 60, [60], [0], [1], least=60)], np.ones(1)) == ()


def test_a_move_that_costs_the_giver_as_much_is_none():
    one = holding("one", 50, [0, 20], [10, 0], [1, 1])
    other = holding("other", 50, [20, 0], [20, 0], [1, 1])
    assert move([one, other], np.ones(2), most=1.0) == ()


def test_percentages_are_of_each_product_what_there_is():
    fast = holding("fast", 20, [2, 20], [12, 10], [1, 10])
    slow = holding("slow", 80, [80, 800], [10, 10], [1, 10])
    [found] = move([fast, slow], np.ones(2), most=0.25)
    assert found.amount == 10


def test_one_gives_to_two():
    paces = [
        holding("a", 10, [0], [3], [1]),
        holding("b", 10, [0], [4], [1]),
        holding("c", 40, [40], [0], [1]),
    ]
    found = move(paces, np.ones(1), most=0.25)
    assert {(each.source, each.target): each.amount for each in found} == {
        ("c", "b"): 4,
        ("c", "a"): 3,
    }


@pytest.mark.parametrize("seed", range(60))
def test_pairs_against_all_amounts(seed):
    dice = random.Random(seed)
    goods = dice.randint(1, 6)
    value = np.array([dice.choice((0.5, 1.0, 3.0)) for _ in range(goods)])

    def some(key, least):
        return holding(
            key,
            dice.randint(5, 40),
            [dice.randint(0, 30) for _ in range(goods)],
            [dice.randint(0, 30) for _ in range(goods)],
            [dice.choice((0.0, 0.5, 1.0, 2.5)) for _ in range(goods)],
            least,
        )

    source, target = some("s", dice.randint(0, 10)), some("t", 1e9)
    most = dice.choice((0.3, 1.0))
    limit = int(max(min(most * source.amount, source.amount - source.least), 0) + 1e-9)
    best = max((better(source, target, value, amount) for amount in range(limit + 1)), default=0.0)
    found = move([source, target], value, most=most)
    reached = better(source, target, value, found[0].amount) if found else 0.0
    assert reached == pytest.approx(max(best, 0.0), abs=1e-6)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="finite"):
        holding("x", -1, [0], [0], [0])
    with pytest.raises(ValueError, match="left"):
        holding("x", 1, [float("nan")], [0], [0])
    one = holding("x", 1, [0], [0], [0])
    with pytest.raises(ValueError, match="once"):
        move([one, one], np.ones(1))
    with pytest.raises(ValueError, match="steps"):
        move([one], np.ones(1), step=0.0)
    assert move([], np.ones(0)) == ()
