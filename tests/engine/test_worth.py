"""What units at many places are worth, against the values of one place and against counting."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.prices import Terms, cover_prices, outlook, unit_values, worth, worth_together
from engine.prices.worth import tails


@given(
    st.lists(
        st.tuples(st.floats(0, 500), st.floats(0, 6), st.integers(0, 80)), min_size=1, max_size=12
    ),
    st.builds(
        Terms,
        horizon=st.floats(1, 400),
        decline=st.floats(0, 0.05),
        interest=st.floats(0, 0.01),
        holding=st.floats(0, 0.02),
        salvage=st.floats(0, 1.5),
    ),
)
@settings(max_examples=300, deadline=None)
def test_is_the_value_of_each_place_by_itself(rows, terms):
    price, rate, stock = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = worth(terms, price, rate, stock + 1.0)
    for place in range(len(rows)):
        market = terms.market(price[place], rate[place], stock[place])
        expected = unit_values(market, 1)[0]
        assert found.value[place] == pytest.approx(expected, abs=1e-7 * max(1.0, price[place]))
        seen = outlook(market)
        assert found.chance[place] == pytest.approx(seen.chance, abs=1e-9)
        if seen.chance > 1e-6:
            assert found.days[place] == pytest.approx(seen.days, rel=1e-6)


@pytest.mark.parametrize("mean", [0.0, 1e-6, 0.3, 4.0, 37.5, 180.0, 499.0])
def test_tails_are_sums_of_the_law(mean):
    numbers = np.arange(0, 700)
    law = [
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) if mean else float(not k)
        for k in range(2000)
    ]
    above = [math.fsum(law[number:]) for number in numbers]
    assert tails(numbers, np.full(numbers.shape, mean)) == pytest.approx(above, abs=1e-11)


def test_parts_by_drawing_sales():
    """A hundred thousand drawn moments of the third sale, each followed to its end."""
    terms = Terms(60.0, decline=0.01, interest=0.002, holding=0.001, salvage=0.3)
    moments = np.random.default_rng(3).gamma(3.0, 1.0 / 0.06, 400_000)
    sold, left = moments <= 60.0, moments > 60.0
    shelf = np.minimum(moments, 60.0)
    found = worth(terms, 40.0, 0.06, 3.0)
    price_then = 40.0 * np.exp(-0.01 * moments)
    drawn = {
        "chance": sold.mean(),
        "days": moments[sold].mean(),
        "sale": 40.0 * sold.mean(),
        "markdown": ((40.0 - price_then) * sold).mean(),
        "interest": (price_then * (1.0 - np.exp(-0.002 * moments)) * sold).mean(),
        "holding": 0.04 * shelf.mean(),
        "salvage": (12.0 * math.exp(-0.12) * left).mean(),
    }
    for name, expected in drawn.items():
        assert float(getattr(found, name)) == pytest.approx(expected, rel=0.01), name


def test_the_last_unit_is_priced_as_scarce_stock_is():
    stock = np.arange(1.0, 30.0)
    found = worth(Terms(10.0), 30.0, 0.4, stock)
    assert found.value == pytest.approx(cover_prices(stock, np.array(4.0), np.array(30.0)))


def test_old_goods_have_less_time():
    terms = Terms(180.0, outdated=365.0, salvage=0.1)
    ages = np.array([0.0, 185.0, 300.0, 365.0, 1000.0])
    assert terms.days_left(ages) == pytest.approx([180.0, 180.0, 65.0, 0.0, 0.0])
    found = worth(terms, 20.0, 0.02, 2.0, ages).value
    young = unit_values(Terms(65.0, salvage=0.1).market(20.0, 0.02, 1.0), 1)[0]
    assert found[2] == pytest.approx(young)
    assert found[3:] == pytest.approx([2.0, 2.0])
    assert Terms(180.0).days_left(ages) == pytest.approx([180.0] * 5)


@pytest.mark.parametrize(
    "wrong", [{"price": -1.0}, {"rate": math.nan}, {"place": 0.0}, {"age": -1.0}]
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError):
        worth(Terms(10.0), **{"price": 1.0, "rate": 1.0, "place": 1.0, **wrong})
    with pytest.raises(ValueError):
        Terms(0.0)
    with pytest.raises(ValueError):
        Terms(10.0, decline=-0.1)


@given(
    st.floats(0, 500),
    st.floats(0, 6),
    st.integers(0, 60),
    st.floats(0, 0.05) | st.just(0.0),
    st.floats(0, 0.01),
    st.floats(0, 300),
)
@settings(max_examples=200, deadline=None)
def test_all_units_together_are_the_sum_of_each(price, rate, units, decline, interest, age):
    terms = Terms(120.0, decline, interest, holding=0.001, salvage=0.2, outdated=365.0)
    each = worth(terms, price, rate, np.arange(1.0, units + 1.0), age).value
    together = worth_together(terms, price, rate, float(units), age)
    assert float(together) == pytest.approx(each.sum(), abs=1e-6 * max(price, 1.0))


def test_demand_that_varies_much_is_a_mixture_of_poisson_streams():
    """Against drawn rates of a gamma law, and the same for a place by itself and for stocks."""
    terms = Terms(100.0, decline=0.002, interest=0.0003, holding=0.0005, salvage=0.2)
    rate, variance, life = 0.15, 0.6, 80.0
    rng = np.random.default_rng(11)
    shape = rate**2 * terms.horizon / (variance - rate)
    rates = rng.gamma(shape, rate / shape, 200_000)
    places = np.array([1.0, 4.0, 12.0, 30.0])
    found = worth(terms, 40.0, rate, places, variance=variance, life=life)
    for at, place in enumerate(places.tolist()):
        drawn = worth(terms, 40.0, rates, place, life=life)
        # Three rates stand for all of them: their tails are right but for some hundredths.
        assert found.chance[at] == pytest.approx(float(drawn.chance.mean()), abs=0.03)
        assert found.value[at] == pytest.approx(float(drawn.value.mean()), abs=0.03 * 40.0)
        market = terms.market(40.0, rate, place - 1.0, variance, life)
        assert found.value[at] == pytest.approx(float(unit_values(market, 1)[0]), abs=1e-9)
        assert found.chance[at] == pytest.approx(outlook(market).chance, abs=1e-9)
        assert found.days[at] == pytest.approx(outlook(market).days, rel=1e-6)
    every = worth(terms, 40.0, rate, np.arange(1.0, 13.0), variance=variance, life=life)
    together = worth_together(terms, 40.0, rate, 12.0, variance=variance, life=life)
    assert float(together) == pytest.approx(float(every.value.sum()), rel=1e-9)


def test_what_is_not_sold_any_more_brings_what_is_left_over():
    terms = Terms(100.0, salvage=0.2)
    found = worth(terms, 40.0, 0.5, [1.0, 2.0], life=[0.0, 50.0])
    assert found.value[0] == pytest.approx(8.0)
    assert found.chance[0] == 0.0
    assert found.value[1] == pytest.approx(worth(Terms(50.0, salvage=0.2), 40.0, 0.5, 2.0).value)
