"""Shares that follow the pace: against a plain search over all whole quantities."""

import itertools
import math
import random

import pytest

from engine.allocation.pace import Pace, follow


def moved(paces, shifts):
    """Units that each gives (below zero) or gets."""
    change = dict.fromkeys((pace.key for pace in paces), 0.0)
    for shift in shifts:
        change[shift.source] -= shift.quantity
        change[shift.target] += shift.quantity
    return change


def best(paces, most):
    """Covers, sorted, of the best plan by trying all: as many units as can be, fairest first.

    The receivers' covers are raised from the least on; then the donors' are lowered from the
    largest on.
    """
    spare = [int(min(max(p.left - p.need, 0), most * p.given) + 1e-9) for p in paces]
    lack = [math.ceil(max(p.need - p.left, 0) - 1e-9) for p in paces]
    total = min(sum(spare), sum(lack))

    def plans(limits):
        return [
            plan
            for plan in itertools.product(*(range(limit + 1) for limit in limits))
            if sum(plan) == total
        ]

    def covers(plan, sign, limits):
        return [
            (p.left + sign * units) / p.rate if p.rate else math.inf
            for p, units, limit in zip(paces, plan, limits, strict=True)
            if limit
        ]

    gets = max((sorted(covers(plan, 1, lack)) for plan in plans(lack)), default=[])
    gives = min(
        (sorted(covers(plan, -1, spare), reverse=True) for plan in plans(spare)), default=[]
    )
    return total, gets, gives


def test_who_runs_out_gets_from_who_has_to_spare():
    fast = Pace("fast", given=20, left=4, rate=2, days=10)
    slow = Pace("slow", given=40, left=40, rate=1, days=10)
    [shift] = follow([fast, slow], most=0.25)
    assert (shift.source, shift.target, shift.quantity) == ("slow", "fast", 10)
    assert shift.target_cover == (2, 7)
    assert shift.source_cover == (40, 30)


def test_nobody_gets_below_the_own_need():
    fast = Pace("fast", given=20, left=0, rate=5, days=10)
    slow = Pace("slow", given=40, left=12, rate=1, days=10)
    [shift] = follow([fast, slow], most=1.0)
    assert shift.quantity == 2


def test_what_is_kept_in_any_case_does_not_move():
    fast = Pace("fast", given=20, left=4, rate=2, days=10)
    slow = Pace("slow", given=40, left=40, rate=1, days=10, spare=3)
    [shift] = follow([fast, slow], most=0.25)
    assert shift.quantity == 3
    with pytest.raises(ValueError, match="spare"):
        Pace("x", 1, 1, 1, 1, spare=-1)


def test_who_can_sell_no_more_needs_no_more():
    fast = Pace("fast", given=20, left=4, rate=2, days=10, most=9)
    slow = Pace("slow", given=40, left=40, rate=1, days=10)
    [shift] = follow([fast, slow], most=0.25)
    assert shift.quantity == 5


def test_nothing_moves_if_nobody_runs_out_or_can_spare():
    enough = [Pace(1, 10, 10, 0.5, 10), Pace(2, 10, 10, 0.0, 10)]
    assert follow(enough) == ()
    short = [Pace(1, 10, 1, 1, 10), Pace(2, 10, 2, 1, 10)]
    assert follow(short) == ()
    assert follow([]) == ()


def test_who_sells_nothing_gives_first():
    paces = [Pace("a", 10, 10, 0, 10), Pace("b", 50, 50, 1, 10), Pace("c", 10, 0, 0.5, 10)]
    assert moved(paces, follow(paces, most=0.5)) == {"a": -5, "b": 0, "c": 5}


def test_goods_in_fractions():
    paces = [Pace("a", 10, 10, 0, 10), Pace("c", 10, 0.05, 0.01, 10)]
    [shift] = follow(paces, most=1.0, step=0.01)
    assert shift.quantity == pytest.approx(0.05)


@pytest.mark.parametrize("seed", range(150))
def test_against_trying_all(seed):
    draw = random.Random(seed)
    paces = []
    for key in range(draw.randint(2, 4)):
        given = draw.randint(0, 9)
        rate = draw.choice([0, 0.25, 0.5, 1, 1.5])
        paces.append(Pace(key, given, draw.randint(0, given), rate, draw.choice([2, 4, 8])))
    most = draw.choice([0.25, 0.5, 1.0])
    change = moved(paces, follow(paces, most))
    total, gets, gives = best(paces, most)
    assert sum(max(units, 0) for units in change.values()) == pytest.approx(total)
    assert sum(change.values()) == pytest.approx(0)
    for pace in paces:
        units = change[pace.key]
        if units < 0:
            assert pace.left + units >= pace.need - 1e-9
            assert -units <= most * pace.given + 1e-9
        assert units <= math.ceil(max(pace.need - pace.left, 0) - 1e-9) + 1e-9
    if not total:
        return
    # Whole units: the least cover is within one unit of the best there is.
    got = sorted(
        (p.left + change[p.key]) / p.rate for p in paces if p.rate and p.need > p.left + 1e-9
    )
    slowest = min(p.rate for p in paces if p.rate and p.need > p.left + 1e-9)
    assert got[0] >= gets[0] - 1.0 / slowest - 1e-9
    assert len(gives) >= 1


@pytest.mark.parametrize("wrong", [{"left": -1}, {"rate": math.nan}, {"days": math.inf}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="finite number"):
        Pace(**{"key": 1, "given": 1, "left": 1, "rate": 1, "days": 1, **wrong})
    with pytest.raises(ValueError, match="once"):
        follow([Pace(1, 1, 1, 1, 1), Pace(1, 1, 1, 1, 1)])
    with pytest.raises(ValueError, match="At most"):
        follow([Pace(1, 1, 1, 1, 1)], most=2)
