"""How many kits the parts that are there make up."""

import random
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from engine.kit import Kit, Line, take_apart

STEP = Decimal("0.01")


def reference_need(bills, kit, count, ratio_of):
    """What so many kits take, by recursion and in fractions, rounded as Odoo rounds orders."""
    needs = {}

    def explode(whole, quantity):
        for part, per_unit, unit in bills[whole]:
            amount = quantity * per_unit
            if part in bills:
                explode(part, amount * ratio_of[unit])
                continue
            amount = round_to_step(amount, ROUND_CEILING)
            if unit != "unit":
                amount = round_to_step(amount * ratio_of[unit], ROUND_HALF_UP)
            needs[part] = needs.get(part, Fraction(0)) + amount

    explode(kit, Fraction(count))
    return needs


def exact_need(bills, kit, ratio_of):
    """What one kit takes, not rounded."""
    needs = {}

    def explode(whole, quantity):
        for part, per_unit, unit in bills[whole]:
            amount = quantity * per_unit * ratio_of[unit]
            if part in bills:
                explode(part, amount)
            else:
                needs[part] = needs.get(part, Fraction(0)) + amount

    explode(kit, Fraction(1))
    return {part: amount for part, amount in needs.items() if amount}


def round_to_step(amount, how):
    steps = Fraction(amount) / Fraction(STEP)
    lower = steps.numerator // steps.denominator
    rest = steps - lower
    up = rest > 0 if how == ROUND_CEILING else rest >= Fraction(1, 2)
    return (lower + int(up)) * Fraction(STEP)


def reference_count(bills, kit, stock, ratio_of):
    """Try one kit more as long as its parts are there."""
    exact = exact_need(bills, kit, ratio_of)
    count = 0
    while True:
        needs = reference_need(bills, kit, count + 1, ratio_of)
        for part, per_kit in exact.items():
            if needs[part] > stock[part] or per_kit * (count + 1) > stock[part]:
                return count
        count += 1


def draw(rng):
    """Draw bills of five kits over six parts: a kit contains only kits that come later."""
    ratio_of = {"unit": Fraction(1), "dozen": Fraction(12), "tenth": Fraction(1, 10)}
    kits, parts = [f"kit {n}" for n in range(5)], [f"part {n}" for n in range(6)]
    bills = {}
    for place, kit in enumerate(kits):
        bills[kit] = []
        for _line in range(rng.randint(1, 4)):
            inner = rng.random() < 0.35 and kits[place + 1 :]
            part = rng.choice(inner or parts)
            made = rng.choice([1, 1, 1, 2, 3, 7])
            quantity = Fraction(rng.choice([0, 1, 1, 2, 3, 5]), made)
            unit = rng.choice(["unit", "unit", "unit", "dozen", "tenth"])
            bills[kit].append((part, quantity, unit))
    return bills, parts, ratio_of


@pytest.mark.parametrize("seed", range(300))
def test_as_many_as_can_be_ordered(seed):
    rng = random.Random(seed)
    bills, parts, ratio_of = draw(rng)
    stock = {part: Fraction(rng.randint(-200, 9000), 100) for part in parts}
    kits = take_apart(
        {
            kit: [
                Line(part, float(quantity), float(ratio_of[unit])) for part, quantity, unit in lines
            ]
            for kit, lines in bills.items()
        }
    )
    available = {part: float(quantity) for part, quantity in stock.items()}
    for name, kit in kits.items():
        exact = exact_need(bills, name, ratio_of)
        assert set(kit.per_kit) == set(exact)
        assert kit.is_limited == bool(exact)
        if not exact:
            continue
        assert kit.per_kit == pytest.approx({part: float(n) for part, n in exact.items()})
        count = reference_count(bills, name, stock, ratio_of)
        assert kit.most(available) == count
        limits = kit.limits(available)
        assert limits[0].count == count
        assert [limit.count for limit in limits] == sorted(limit.count for limit in limits)
        for part, needed in reference_need(bills, name, 7, ratio_of).items():
            if part in exact:
                assert kit.needed(part, 7) == pytest.approx(float(needed))


def test_what_is_not_there_is_nothing():
    kit = Kit((Line("bolt", 2.0), Line("nut", 1.0)))
    assert kit.most({"bolt": 10.0}) == 0
    assert [limit.part for limit in kit.limits({"bolt": 10.0})] == ["nut", "bolt"]
    assert kit.most({"bolt": 10.0, "nut": -3.0}) == 0


def test_decimals_do_not_cost_a_kit():
    kit = Kit((Line("flour", 0.1),))
    assert kit.most({"flour": 0.3}) == 3
    assert kit.most({"flour": 0.1 + 0.2}) == 3
    assert kit.most({"flour": 0.7 + 0.1}) == 8


def test_rounding_up_costs_kits():
    # Each kit alone takes 0.34, three take 1.00 together, and so do 301 not take 100.33.
    kit = Kit((Line("third", 1 / 3),))
    assert kit.most({"third": 0.33}) == 0
    assert kit.most({"third": 0.34}) == 1
    assert kit.most({"third": 1.0}) == 3
    assert kit.most({"third": 100.33}) == 300
    assert kit.most({"third": 100.34}) == 301


def test_of_nothing_comes_nothing():
    # Four grams are rounded to no kilogram at all when a single kit is ordered.
    kit = Kit((Line("salt", 4.0, 0.001),))
    assert kit.needed("salt", 1) == 0.0
    assert kit.most({"salt": 0.0}) == 0
    assert kit.most({"salt": 0.01}) == 2


def test_a_kit_that_contains_itself_cannot_be_put_together():
    kits = take_apart({"a": [Line("b", 1.0)], "b": [Line("a", 1.0), Line("c", 1.0)], "d": []})
    assert kits["a"].endless
    assert kits["b"].endless
    assert kits["a"].most({"c": 5.0}) == 0
    assert kits["a"].is_limited
    assert not kits["d"].is_limited
