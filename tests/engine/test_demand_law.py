"""The law of a demand, against sums of exact fractions, Erlang's closed form and erf."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.demand import law, special


def probabilities(mean, variance, most):
    """Probabilities of 0 .. most by their textbook formulas in floats of logarithms."""
    if math.isclose(mean, variance):
        return [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(most + 1)]
    if variance > mean:
        size, share = mean * mean / (variance - mean), mean / variance
        return [
            math.exp(
                math.lgamma(size + k)
                - math.lgamma(size)
                - math.lgamma(k + 1)
                + size * math.log(share)
                + k * math.log1p(-share)
            )
            for k in range(most + 1)
        ]
    trials = max(math.ceil(mean * mean / (mean - variance) - 1e-9), math.ceil(mean))
    share = Fraction(mean) / trials
    return [
        float(math.comb(trials, k) * share**k * (1 - share) ** (trials - k)) if k <= trials else 0.0
        for k in range(most + 1)
    ]


CASES = [
    (0.03, 0.03),
    (0.4, 1.7),
    (2.5, 2.5),
    (2.5, 0.4),
    (3.0, 0.0),
    (2.5, 0.0),
    (7.0, 60.0),
    (12.25, 9.0),
    (40.0, 41.0),
    (150.0, 150.0),
    (150.0, 4000.0),
    (150.0, 80.0),
    (2000.0, 2600.0),
]


@pytest.mark.parametrize(("mean", "variance"), CASES)
def test_counts_against_their_sums(mean, variance):
    most = int(mean + 25 * math.sqrt(variance) + 30)
    density = probabilities(mean, variance, most)
    reached = np.cumsum(density)
    units = np.arange(most + 1.0)
    assert law.cdf(units, mean, variance) == pytest.approx(reached, abs=1e-9)
    for chance in (0.0, 0.01, 0.3, 0.5, 0.8, 0.95, 0.99, 0.999):
        # A chance that lies on a step to the last digit may fall to either side.
        near = chance + 1e-9 < 1.0 and abs(reached - chance).min() < 1e-10
        if not near:
            assert law.quantile(chance, mean, variance) == np.argmax(reached >= chance)
    for stock in (0.0, 1.0, 0.5, math.floor(mean), mean * 1.1, mean + math.sqrt(variance) * 2):
        missed = math.fsum(max(k - stock, 0.0) * p for k, p in enumerate(density))
        beyond = max(mean - math.fsum(k * p for k, p in enumerate(density)), 0.0)
        assert law.loss(stock, mean, variance) == pytest.approx(missed + beyond, abs=2e-6 * mean)


def test_small_counts_are_exact_fractions():
    """Negative binomial of two successes at one half: (k + 1) / 2**(k + 2)."""
    mean, variance = 2.0, 4.0
    reached = Fraction(0)
    missed = Fraction(2)
    for k in range(60):
        assert float(law.loss(k, mean, variance)) == pytest.approx(float(missed), abs=1e-13)
        reached += Fraction(k + 1, 2 ** (k + 2))
        missed -= 1 - reached
        assert float(law.cdf(k, mean, variance)) == pytest.approx(float(reached), abs=1e-15)


@pytest.mark.parametrize("shape", [1, 2, 7, 60, 199, 260])
def test_decimals_against_erlang(shape):
    """A gamma law of whole shape is the time until so many arrivals of a Poisson stream."""
    scale = 0.25
    mean, variance = shape * scale, shape * scale * scale
    for times in (0.3, 0.8, 1.0, 1.1, 1.6):
        at = shape * times
        fewer = math.fsum(
            math.exp(k * math.log(at) - at - math.lgamma(k + 1)) for k in range(shape)
        )
        assert law.cdf(at * scale, mean, variance, True) == pytest.approx(1.0 - fewer, abs=1e-11)
    for chance in (1e-4, 0.05, 0.5, 0.9, 0.999):
        spot = law.quantile(chance, mean, variance, True)
        assert law.cdf(spot, mean, variance, True) == pytest.approx(chance, abs=1e-9)


def test_decimals_against_erf():
    """The square of a standard normal variable is a gamma variable of shape one half."""
    for value in (1e-6, 0.01, 0.5, 1.0, 4.0, 12.0):
        expected = math.erf(math.sqrt(value / 2.0))
        assert law.cdf(value, 1.0, 2.0, True) == pytest.approx(expected, abs=1e-13)


def test_what_decimals_miss_against_integration():
    mean, variance = 3.0, 5.0
    grid = (np.arange(400_000) + 0.5) * 100.0 / 400_000
    for stock in (0.0, 1.7, 3.0, 9.0):
        tail = 1.0 - law.cdf(grid[grid > stock], mean, variance, True)
        by_hand = tail.sum() * 100.0 / 400_000
        assert law.loss(stock, mean, variance, True) == pytest.approx(by_hand, abs=3e-4)


def test_large_means_go_to_the_normal_law():
    mean = 4e9
    z = (law.quantile(0.975, mean, mean) - mean) / math.sqrt(mean)
    assert z == pytest.approx(1.959963984540054, abs=1e-4)
    assert law.loss(mean, mean, mean) == pytest.approx(math.sqrt(mean / 2 / math.pi), rel=1e-5)
    spread = law.quantile(0.9, 1e6, 5e6, True)
    assert spread == pytest.approx(1e6 + 1.2815515655 * math.sqrt(5e6), abs=2.0)


def test_a_constant_demand_is_itself():
    assert law.quantile([0.01, 0.99], 3.0, 0.0).tolist() == [3.0, 3.0]
    assert law.quantile([0.01, 0.99], 3.3, 0.0, True).tolist() == [3.3, 3.3]
    assert law.loss([1.0, 5.0], 3.3, 0.0, True) == pytest.approx([2.3, 0.0])
    assert law.cdf([-1.0, 0.0, 5.0], 0.0, 0.0).tolist() == [0.0, 1.0, 1.0]
    assert law.quantile(0.999, 0.0, 0.0) == 0.0
    assert law.loss(-2.0, 1.5, 4.0) == 3.5


def test_draws_have_the_mean_and_variance():
    random = np.random.default_rng(3)
    for mean, variance, decimal in (
        (4.0, 4.0, False),
        (4.0, 11.0, False),
        (4.0, 2.0, False),
        (4.0, 11.0, True),
    ):
        drawn = law.sample(random, np.full(200_000, mean), variance, decimal)
        assert drawn.mean() == pytest.approx(mean, abs=0.04)
        assert drawn.var() == pytest.approx(variance, rel=0.03)
        assert decimal or (drawn == np.floor(drawn)).all()
        for chance in (0.25, 0.9):
            spot = law.quantile(chance, mean, variance, decimal)
            assert (drawn <= spot).mean() >= chance - 0.005


@settings(max_examples=60, deadline=None)
@given(
    st.floats(1e-4, 5e4),
    st.floats(0.05, 50.0),
    st.floats(0.001, 0.9999),
    st.booleans(),
)
def test_quantile_is_the_smallest_that_is_enough(mean, ratio, chance, decimal):
    variance = mean * ratio
    spot = float(law.quantile(chance, mean, variance, decimal))
    assert law.cdf(spot, mean, variance, decimal) >= chance - 1e-8
    if not decimal:
        assert spot == math.floor(spot)
        assert spot == 0 or law.cdf(spot - 1.0, mean, variance) < chance + 1e-8
    missed = law.loss([spot, spot + 1.0, spot + 2.0], mean, variance, decimal)
    assert (np.diff(missed) <= 1e-9).all()
    assert missed[0] >= max(mean - spot, 0.0) - 1e-6 * mean


def test_rows_do_not_disturb_each_other():
    random = np.random.default_rng(5)
    mean = 10 ** random.uniform(-3, 4, 500)
    variance = mean * 10 ** random.uniform(-0.5, 1.5, 500)
    decimal = random.random(500) < 0.3
    chance = random.uniform(0.01, 0.999, 500)
    together = law.quantile(chance, mean, variance, decimal)
    for row in range(0, 500, 7):
        alone = law.quantile(chance[row], mean[row], variance[row], decimal[row])
        assert together[row] == pytest.approx(float(alone), rel=1e-8, abs=1e-200)
    order = random.permutation(500)
    missed = law.loss(together, mean, variance, decimal)
    moved = law.loss(together[order], mean[order], variance[order], decimal[order])
    assert moved == pytest.approx(missed[order], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: law.cdf(1.0, -1.0, 1.0), "mean"),
        (lambda: law.loss(1.0, 1.0, math.nan), "variance"),
        (lambda: law.quantile(1.0, 1.0, 1.0), "probability"),
        (lambda: law.quantile(math.nan, 1.0, 1.0), "finite"),
    ],
)
def test_nonsense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_normal_quantiles_against_erfc():
    for z in (-8.0, -3.0, -0.7, 0.0, 0.2, 1.96, 5.0):
        chance = 0.5 * math.erfc(-z / math.sqrt(2.0))
        assert special.normal_quantile(np.array([chance])) == pytest.approx([z], abs=1e-9)
