"""What units are worth that arrive later, and where demand varies much, by plain sums."""

import math
from dataclasses import replace

import numpy as np
import pytest
from balancing_truth import random_problem

from engine.balancing import (
    Goods,
    Lane,
    Network,
    Problem,
    Settings,
    Site,
    Stocks,
    balance,
    worth_of_move,
)
from engine.balancing.tidy import tidied
from engine.balancing.values import Values, scenarios
from engine.prices import Market, Terms, unit_values, worth

SETTINGS = Settings(horizon_days=20.0)


def values_of(stock, rate, *, settings=SETTINGS, **columns):
    count = len(stock)
    problem = Problem(
        Network(tuple(Site(f"S{number}") for number in range(count)), ()),
        (Goods("Shoe", 40.0, 15.0, 1.0, markdown=0.004),),
        Stocks(
            np.zeros(count, np.int64),
            np.arange(count),
            np.array(stock, float),
            np.array(rate, float),
            **columns,
        ),
        settings,
    )
    tidy = tidied(problem)
    return Values(tidy.rows, tidy.items, settings)


def poisson(mean, number):
    return math.exp(number * math.log(mean) - mean - math.lgamma(number + 1))


def by_sums(stock, rate, days, units):
    """Every number of sales on the way, and what the next units earn after it."""
    market = Market(
        40.0 * math.exp(-0.004 * days),
        rate,
        0.0,
        20.0 - days,
        0.004,
        SETTINGS.interest,
        SETTINGS.holding * 15.0,
        15.0,
    )
    values = unit_values(market, stock + units)
    total = 0.0
    for sold in range(200):
        left = max(stock - sold, 0)
        total += poisson(rate * days, sold) * values[left : left + units].sum()
    return total * math.exp(-SETTINGS.interest * days)


@pytest.mark.parametrize("days", [0.5, 3.0, 12.0])
def test_what_arrives_later(days):
    stock, rate = [0, 1, 3, 7, 20, 2], [0.2, 0.5, 0.05, 1.0, 1.5, 0.001]
    found = values_of(stock, rate).arrive(
        np.arange(6), np.full(6, days), np.tile([1.0, 2.0, 5.0], (6, 1)), np.array(stock, float)
    )
    for place in range(6):
        for column, units in enumerate((1, 2, 5)):
            wanted = by_sums(stock[place], rate[place], days, units)
            assert found[place, column] == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_where_there_is_much_the_mean_stands_in():
    found = values_of([60.0], [3.0]).arrive(
        np.zeros(1, np.int64), np.array([8.0]), np.array([[4.0]]), np.array([60.0])
    )
    assert found[0, 0] == pytest.approx(by_sums(60, 3.0, 8.0, 4), rel=0.05)


def test_demand_that_varies_much_is_negative_binomial():
    """The tails by three rates are near those of the distribution, its moments the same."""
    rate, variance, horizon = np.array([0.4]), np.array([1.2]), np.array([20.0])
    weights, rates = scenarios(rate, variance, horizon)
    means = rates * horizon
    mean = float((weights * means).sum())
    assert weights.sum() == pytest.approx(1.0)
    assert mean == pytest.approx(8.0)
    assert (weights * (means + means**2)).sum() - mean**2 == pytest.approx(24.0)
    values = values_of([5.0], [0.4], variance=variance)
    shape, chance = 8.0**2 / (24.0 - 8.0), 8.0 / 24.0
    tail = 1.0
    for units in range(1, 30):
        log = math.lgamma(units - 1 + shape) - math.lgamma(shape) - math.lgamma(units)
        tail -= math.exp(log + shape * math.log(chance) + (units - 1) * math.log(1 - chance))
        found = values.chance(np.zeros(1, np.int64), np.array([float(units)]), horizon)
        assert float(found[0]) == pytest.approx(tail, abs=0.03)


def test_quantiles_are_those_of_poisson():
    values = values_of([0.0] * 4, [0.0, 0.1, 1.0, 12.0])
    days = np.full(4, 7.0)
    for level in (0.5, 0.8, 0.99):
        wanted = values.quantile(np.arange(4), level, days)
        for place, found in enumerate(wanted.tolist()):
            mean = [0.0, 0.7, 7.0, 84.0][place]
            below = [0.0, 1.0] if not mean else []
            if mean:
                total, below = 0.0, [0.0]
                for number in range(int(found) + 1):
                    total += poisson(mean, number)
                    below.append(total)
            assert below[int(found) + 1] >= level > below[int(found)] - 1e-12


def test_one_value_for_all_who_ask():
    """A unit that stays is worth what sourcing and disposition say it is, by the same terms."""
    terms = Terms(60.0, decline=0.003, interest=0.0003, holding=0.0006, salvage=0.3)
    rates = np.array([0.0, 0.02, 0.3, 2.0])
    count = len(rates)
    problem = Problem(
        Network(tuple(Site(f"S{number}") for number in range(count)), ()),
        (
            Goods(
                *("Shoe", 40.0, 15.0, 1.0),
                salvage=40.0 * terms.salvage,
                holding=40.0 * terms.holding,
                markdown=terms.decline,
            ),
        ),
        Stocks(np.zeros(count, np.int64), np.arange(count), np.ones(count), rates),
        Settings(horizon_days=terms.horizon, interest=terms.interest),
    )
    tidy = tidied(problem)
    units = np.arange(1.0, 31.0)
    values = Values(tidy.rows, tidy.items, problem.settings)
    totals = values.stay(np.arange(count), np.tile(np.arange(31.0), (count, 1)))
    told = worth(terms, 40.0, rates[:, None], units[None, :]).value
    assert np.diff(totals, axis=1) == pytest.approx(told, rel=1e-6, abs=1e-6)


def placed(stock, rate, *, elsewhere=None, cost=0.0, fixed=0.0, **columns):
    """One product that earns 50 and costs 20, at two sites with lanes both ways."""
    sites = (Site("A"), Site("B"))
    lanes = tuple(Lane(a, 1 - a, 0.0, per_unit=cost, fixed=fixed) for a in (0, 1))
    goods = (Goods("Shoe", 50.0, 20.0, 1.0, elsewhere=elsewhere),)
    stocks = Stocks(
        np.zeros(2, np.int64),
        np.arange(2),
        np.array(stock, float),
        np.array(rate, float),
        **{name: np.array(column, float) for name, column in columns.items()},
    )
    settings = Settings(need_days=0.0, towards_slower=True, warehouse_first=False)
    return Problem(Network(sites, lanes), goods, stocks, settings)


def moved(problem):
    return {(move.origin, move.destination): move.quantity for move in balance(problem).moves}


def test_what_others_can_send_is_not_carried_to_where_it_is_wanted():
    """A unit at the nearest site spares 3 of 4 times what sending it from elsewhere costs."""
    rates = [0.0, 0.5]
    assert moved(placed([9, 0], rates, cost=5.0))
    assert not moved(placed([9, 0], rates, cost=5.0, elsewhere=4.0))
    assert moved(placed([9, 0], rates, cost=3.0, elsewhere=4.0))
    # Those who come in only that site can serve: the more of them, the more is brought.
    some = moved(placed([9, 0], rates, cost=5.0, elsewhere=4.0, local=[0.0, 0.3]))
    all_of_them = moved(placed([9, 0], rates, cost=5.0, elsewhere=4.0, local=[0.0, 1.0]))
    assert 0.0 < some[0, 1] <= all_of_them[0, 1]
    assert all_of_them == moved(placed([9, 0], rates, cost=5.0))


def test_goods_go_from_where_they_are_too_much_to_where_others_would_be_bought():
    """What is above the order point lies until it is wanted; below it a purchase is spared."""
    a_day = 20.0 * (0.15 + 0.08) / 365.0
    # Nobody wants it at A: there it would lie for a year.
    spared = placed([3, 0], [0.0, 0.0], cost=365.0 * a_day - 0.1, order_point=[0, 2])
    plan = balance(spared)
    assert [move.quantity for move in plan.moves] == [2.0]
    parts = {part.name: part.amount for part in plan.moves[0].parts}
    assert parts["carrying"] == pytest.approx(2.0 * 365.0 * a_day)
    assert parts["value_there"] == pytest.approx(-parts["value_here"])
    assert not moved(placed([3, 0], [0.0, 0.0], cost=365.0 * a_day + 0.1, order_point=[0, 2]))
    # To where it only piles up it does not go, though more is wanted there in the horizon.
    rates = [0.001, 0.004]
    assert moved(placed([3, 0], rates, cost=0.5)) == {(0, 1): 1.0}
    assert not moved(placed([3, 0], rates, cost=0.5, order_point=[3, 0]))


def test_a_unit_spares_misses_only_until_others_come():
    """Where more arrives in two days hardly anything is missed before it."""
    rates, points = [0.0, 0.5], [9, 9]
    late = moved(placed([9, 0], rates, cost=3.0, order_point=points, lead_days=[28, 28]))
    soon = moved(placed([9, 0], rates, cost=3.0, order_point=points, lead_days=[28, 2]))
    assert late == moved(placed([9, 0], rates, cost=3.0))
    assert 0.0 < soon[0, 1] < late[0, 1]
    # The first unit is sold with a chance of 1 - exp(-1) before, and earns 30.
    assert not moved(placed([9, 0], rates, cost=19.0, order_point=points, lead_days=[28, 2]))
    assert moved(placed([9, 0], rates, cost=18.9, order_point=points, lead_days=[28, 2]))


def test_nothing_that_could_gain_is_passed_over():
    """The quick bound is never below what the first unit really earns."""
    rng = np.random.default_rng(5)
    for _ in range(30):
        problem = random_problem(rng, 12, 6)
        tidy = tidied(problem)
        values = Values(tidy.rows, tidy.items, problem.settings)
        positions = values.positions()
        rows = np.flatnonzero(positions.here >= 0.0)
        days = rng.uniform(0.0, 9.0, len(rows))
        earned = values.arrive(rows, days, np.ones((len(rows), 1)), positions.here[rows])[:, 0]
        assert (values.most_earned(rows, days) >= earned - 1e-9).all()


def made(seed, **changes):
    """A move between two sites with nonsense-free numbers drawn at random."""
    rng = np.random.default_rng(seed)
    terms = Terms(
        float(rng.uniform(30.0, 300.0)),
        decline=float(rng.uniform(0.0, 0.005)),
        interest=float(rng.uniform(0.0, 0.0005)),
        holding=float(rng.uniform(0.0, 0.001)),
        salvage=float(rng.uniform(0.0, 0.5)),
        outdated=float(rng.choice([0.0, 365.0])),
    )
    price = float(rng.uniform(5.0, 90.0))
    rate = rng.gamma(0.8, 0.2, 2)
    age = rng.uniform(0.0, 400.0, 2)
    columns = {
        "rate": rate,
        "variance": rate * rng.uniform(1.0, 4.0, 2),
        "incoming": rng.integers(0, 4, 2).astype(float),
        "age_days": age,
        "days_left": terms.days_left(age),
        "life": np.where(rng.random(2) < 0.3, 40.0, np.inf),
    }
    problem = Problem(
        Network((Site("A", handling_out=0.3), Site("B")), (Lane(0, 1, 0.0, per_kg=0.2),)),
        (
            Goods(
                *("Shoe", price, 3.0, 1.5),
                salvage=price * terms.salvage,
                holding=price * terms.holding,
                markdown=terms.decline,
            ),
        ),
        Stocks(
            np.zeros(2, np.int64), np.arange(2), rng.integers(1, 25, 2).astype(float), **columns
        ),
        Settings(horizon_days=terms.horizon, interest=terms.interest, ageing=0.0),
    )
    return terms, replace(problem, **changes)


@pytest.mark.parametrize("seed", range(60))
def test_one_unit_gains_what_the_value_says(seed):
    """Value of the next unit there, less that of the last one here, less the way."""
    terms, problem = made(seed)
    stocks, price = problem.stocks, problem.goods[0].price
    held = stocks.stock + stocks.incoming
    more = {"variance": stocks.variance, "life": stocks.life}
    last = worth(terms, price, stocks.rate, held, stocks.age_days, **more).value[0]
    # The unit that goes is as old there as it was here.
    following = worth(terms, price, stocks.rate, held + 1.0, stocks.age_days[0], **more).value[1]
    found = worth_of_move(problem, np.array([1.0]))
    assert found.parts["value_there"][0] == pytest.approx(following, abs=1e-7)
    assert found.parts["value_here"][0] == pytest.approx(-last, abs=1e-7)
    gain = sum(float(part[0]) for part in found.parts.values())
    assert gain == pytest.approx(following - last - 0.3 - 0.2 * 1.5, abs=1e-7)
    plan = balance(replace(problem, settings=replace(problem.settings, towards_slower=True)))
    # Of old goods the plan looks at the first unit alone.
    if plan.moves and stocks.days_left[0] >= terms.horizon:
        move = plan.moves[0]
        again = worth_of_move(problem, np.array([move.quantity]))
        assert move.gain == pytest.approx(
            sum(float(part[0]) for part in again.parts.values()), rel=1e-7
        )


def test_what_more_of_a_move_earns_falls():
    for seed in range(20):
        _terms, problem = made(seed)
        units = np.arange(1.0, problem.stocks.stock[0] + 1.0)
        found = worth_of_move(problem, units)
        total = np.sum(list(found.parts.values()), axis=0)
        assert (np.diff(np.diff(np.concatenate(([0.0], total)))) <= 1e-7).all()
        assert (np.diff(found.chance_here) >= -1e-9).all()
        assert (np.diff(found.chance_there) <= 1e-9).all()


def test_a_move_is_between_two_sites():
    _terms, problem = made(1)
    with pytest.raises(ValueError, match="one product on one lane"):
        worth_of_move(replace(problem, network=Network(problem.network.sites, ())), np.ones(1))
