"""What can be promised at a moment to come, and to whom, against brute force."""

import itertools
import random
from datetime import datetime, timedelta

from engine.availability import (
    ON_HAND,
    Demand,
    Flow,
    available_to_promise,
    covered_at,
    outlook,
    projection,
    promise_in_order,
)

NOW = datetime(2026, 1, 5, 8)


def day(number):
    return NOW + timedelta(days=number)


def random_flows(draw, days, most):
    return [
        Flow(day(draw.randrange(days)), float(draw.randint(-4, 4)))
        for _ in range(draw.randrange(most))
    ]


def stock_on(start, flows, number):
    return start + sum(flow.quantity for flow in flows if flow.at <= day(number))


def test_projection_has_one_point_per_moment():
    flows = [Flow(day(2), 3), Flow(day(1), -1), Flow(day(2), -5)]
    assert projection(4, flows) == [Flow(day(1), 3), Flow(day(2), 1)]


def test_least_projected_stock_to_the_horizon():
    """Selling what is promised never makes stock negative, and one unit more does."""
    draw = random.Random(14)
    for _case in range(300):
        start, flows = float(draw.randint(0, 6)), random_flows(draw, 8, 7)
        at, horizon = draw.randrange(8), draw.randrange(8, 12)
        promised = available_to_promise(start, flows, day(at), day(horizon))
        stocks = [stock_on(start, flows, number) for number in range(at, horizon + 1)]
        assert min(stocks) == promised


def test_later_than_the_horizon_is_not_looked_at():
    flows = [Flow(day(5), -3)]
    assert available_to_promise(4, flows, NOW, day(4)) == 4
    assert available_to_promise(4, flows, NOW, day(5)) == 1


def units_in_order(on_hand, supplies, demands):
    """Hand out single units one by one: the queue of units against the queue of demand."""
    units = [ON_HAND] * int(on_hand)
    for supply in sorted(supplies, key=lambda supply: supply.at):
        units += [supply.at] * int(supply.quantity)
    moments = {}
    for demand in sorted(demands, key=lambda demand: demand.ordered_at):
        got = [units.pop(0) if units else None for _ in range(int(demand.quantity))]
        moments[demand.key] = None if None in got else max(got)
    return moments


def test_first_ordered_is_first_promised():
    draw = random.Random(9)
    for _case in range(300):
        on_hand = draw.randint(0, 4)
        supplies = [
            Flow(day(draw.randrange(9)), float(draw.randint(1, 4)))
            for _ in range(draw.randrange(4))
        ]
        demands = [
            Demand(key, day(-draw.randrange(9) - 1), float(draw.randint(1, 4)))
            for key in range(draw.randrange(5))
        ]
        covers = promise_in_order(on_hand, supplies, demands)
        assert covered_at(covers) == units_in_order(on_hand, supplies, demands)
        assert sum(cover.quantity for cover in covers) == sum(each.quantity for each in demands)


def test_a_later_order_waits_even_for_an_earlier_date():
    """Nobody overtakes: the two units on hand are the first order's, the rest comes on day 3."""
    demands = [Demand("late", day(-1), 1), Demand("early", day(-2), 3)]
    moments = covered_at(promise_in_order(2, [Flow(day(3), 2)], demands))
    assert moments == {"early": day(3), "late": day(3)}


def test_missing_stock_is_made_up_first():
    for demands in itertools.permutations([Demand(1, day(-2), 2), Demand(2, day(-1), 1)]):
        covers = promise_in_order(-1, [Flow(day(1), 3)], demands)
        assert covered_at(covers) == {1: day(1), 2: None}


def test_outlook_is_the_rule_for_each_moment():
    draw = random.Random(31)
    moments, horizon = [day(number) for number in (0, 2, 3, 7, 9)], day(9)
    for _case in range(300):
        start, flows = float(draw.randint(-2, 6)), random_flows(draw, 12, 7)
        told = outlook(start, flows, moments, horizon)
        assert told.projected == tuple(
            start + sum(flow.quantity for flow in flows if flow.at <= at) for at in moments
        )
        assert told.promisable == tuple(
            available_to_promise(start, flows, at, horizon) for at in moments
        )
