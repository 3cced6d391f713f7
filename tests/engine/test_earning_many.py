"""What units earn at many places is what they earn at each."""

import numpy as np
import pytest

from engine.prices import Market, Markets, totals, unit_value_table, unit_values
from engine.prices.many import tails


def random_markets(rng, number):
    shape = (number,)
    rate = rng.gamma(0.7, 1.5, shape) * (rng.random(shape) < 0.85)
    rate[rng.random(shape) < 0.05] *= 30.0
    return Markets(
        price=rng.uniform(1.0, 200.0, shape),
        rate=rate,
        horizon=rng.uniform(1.0, 60.0, shape),
        decline=rng.uniform(0.0, 0.02, shape) * (rng.random(shape) < 0.5),
        interest=rng.uniform(0.0, 0.001, shape) * (rng.random(shape) < 0.7),
        holding=rng.uniform(0.0, 0.1, shape),
        salvage=rng.uniform(0.0, 100.0, shape),
    )


def single(markets, place):
    return Market(
        **{name: float(getattr(markets, name)[place]) for name in Markets.__slots__}, stock=0.0
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_same_as_one_by_one(seed):
    markets = random_markets(np.random.default_rng(seed), 120)
    table = unit_value_table(markets, 40)
    for place in range(len(markets)):
        assert table[place] == pytest.approx(unit_values(single(markets, place), 40), abs=1e-7)


def test_fast_sellers_are_the_same_too():
    """Beyond what is summed exactly, the normal distribution stands in at both."""
    market = Market(10.0, 40.0, 0.0, 20.0, 0.001, 0.0002, 0.01, 4.0)
    markets = Markets(
        *(np.array([getattr(market, name)]) for name in Markets.__slots__),
    )
    assert unit_value_table(markets, 900)[0] == pytest.approx(unit_values(market, 900), abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_totals_add_up(seed):
    """Totals are sums of values, even between units, and go on for ever."""
    rng = np.random.default_rng(seed)
    markets = random_markets(rng, 60)
    points = np.sort(rng.uniform(0.0, 900.0, (60, 5)), axis=1)
    points[:, 0] = rng.integers(0, 5, 60)
    found = totals(markets, points)
    for place in range(60):
        values = unit_values(single(markets, place), 902)
        sums = np.concatenate(([0.0], values.cumsum()))
        wanted = np.interp(points[place], np.arange(903.0), sums)
        assert found[place] == pytest.approx(wanted, rel=1e-6, abs=1e-5)


def test_what_is_owed_is_sold_at_once():
    markets = random_markets(np.random.default_rng(0), 3)
    points = np.tile([-2.0, -1.0, 0.0], (3, 1))
    assert np.diff(totals(markets, points), axis=1) == pytest.approx(
        np.repeat(markets.price[:, None], 2, axis=1)
    )


def test_nobody_wants_anything():
    assert tails(np.array([0.0]), 3).tolist() == [[0.0, 0.0, 0.0]]
