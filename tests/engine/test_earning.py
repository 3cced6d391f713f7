"""What the next unit earns, against simulation-free integration and the newsvendor."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.prices import Market, cover_prices, outlook, unit_values


def by_integration(market, number, steps=200_000):
    """Integrate what the unit brings over the Erlang density of the moment of its sale."""
    times = (np.arange(steps) + 0.5) * market.horizon / steps
    logs = (
        number * math.log(market.rate)
        + (number - 1) * np.log(times)
        - market.rate * times
        - math.lgamma(number)
    )
    density = np.exp(logs) * market.horizon / steps
    gains = market.price * np.exp(-(market.decline + market.interest) * times)
    unsold = 1.0 - density.sum()
    end = market.price * math.exp(-market.decline * market.horizon)
    left = min(market.salvage, end) * math.exp(-market.interest * market.horizon)
    return (
        (density * (gains - market.holding * times)).sum()
        + unsold * (left - market.holding * market.horizon),
        density.sum(),
        (density * times).sum() / density.sum(),
    )


@pytest.mark.parametrize(
    "market",
    [
        Market(50.0, 0.2, 0.0, 60.0),
        Market(50.0, 0.2, 7.0, 60.0, 0.004, 0.0003, 0.02, 12.0),
        Market(20.0, 3.0, 40.0, 30.0, 0.01, 0.0, 0.1, 5.0),
        Market(9.0, 0.01, 2.0, 365.0, 0.001, 0.0002, 0.0, 30.0),
    ],
)
def test_against_integration(market):
    values = unit_values(market, 4)
    for place in range(1, 5):
        number = int(market.stock) + place
        value, chance, days = by_integration(market, number)
        assert values[place - 1] == pytest.approx(value, rel=1e-4, abs=1e-4)
        seen = outlook(market, place)
        assert seen.chance == pytest.approx(chance, abs=1e-4)
        assert seen.days == pytest.approx(days, rel=1e-3)


def test_is_what_scarce_stock_is_priced_by():
    """Without time, the value of the last of b units is the price of scarcity of b units."""
    stock = np.arange(1.0, 9.0)
    prices = cover_prices(stock, np.array(4.0), np.array(30.0))
    assert unit_values(Market(30.0, 0.4, 0.0, 10.0), 8) == pytest.approx(prices)


def test_what_nobody_wants():
    market = Market(50.0, 0.0, 3.0, 100.0, interest=0.001, holding=0.01, salvage=8.0)
    assert unit_values(market, 2) == pytest.approx([8.0 * math.exp(-0.1) - 1.0] * 2)
    assert outlook(market).chance == 0.0 and outlook(market).days is None


@given(
    st.builds(
        Market,
        price=st.floats(0, 500),
        rate=st.floats(0, 5),
        stock=st.floats(0, 50),
        horizon=st.floats(1, 400),
        decline=st.floats(0, 0.05),
        interest=st.floats(0, 0.01),
        holding=st.floats(0, 1),
        salvage=st.floats(0, 600),
    )
)
@settings(max_examples=200, deadline=None)
def test_each_unit_is_worth_no_more_than_the_one_before(market):
    values = unit_values(market, 12)
    assert np.isfinite(values).all()
    assert (np.diff(values) <= 1e-6 * max(market.price, 1.0)).all()
    assert values[0] <= market.price + 1e-6


@pytest.mark.parametrize("wrong", [{"price": -1.0}, {"rate": math.inf}, {"horizon": 0.0}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError):
        Market(**{"price": 1.0, "rate": 1.0, **wrong})
