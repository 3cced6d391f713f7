"""Pace of sales: against exact fractions, and against what chance makes of steady sales."""

from fractions import Fraction

import numpy as np
import pytest

from engine.allocation.tempo import BOUND, DAMPING, FADING, tempo


def expected(weekly, ahead):
    """The same in fractions, as the formulas are written; sales of a week fall evenly."""
    weeks = len(weekly)
    rates = [Fraction(units, 7) for units in weekly]
    fading = Fraction(FADING)
    weights = [fading ** (weeks - 1 - place) for place in range(weeks)]
    total = sum(weights)
    weights = [weight / total for weight in weights]
    height = sum(w * r for w, r in zip(weights, rates, strict=True))
    middle = sum(w * place for place, w in enumerate(weights))
    square = sum(w * (place - middle) ** 2 for place, w in enumerate(weights))
    slope = (
        sum(
            w * (place - middle) * r
            for place, (w, r) in enumerate(zip(weights, rates, strict=True))
        )
        / square
    )
    off = [r - height - slope * (place - middle) for place, r in enumerate(rates)]
    spread = max(height, Fraction(1, 7 * weeks)) / 7
    if weeks > 2:
        spread = max(spread, sum(each * each for each in off) / (weeks - 2))
    variance = (
        spread * sum(w * w * (place - middle) ** 2 for place, w in enumerate(weights)) / square**2
    )
    kept = max(Fraction(0), 1 - variance / slope**2) if slope else Fraction(0)
    recent = height + kept * slope * (weeks - Fraction(1, 2) - middle)
    # A fading trend, summed up in a thousand steps a week.
    steps = round(ahead / 7 * 1000)
    level, sums = 0.0, 0.0
    for step in range(steps):
        level += float(kept * slope) * DAMPING ** ((step + 0.5) / 1000) / 1000
        sums += level
    drift = sums / steps if steps else 0.0
    mean = float(sum(rates) / weeks)
    return mean, float(recent), min(max(float(recent) + drift, mean / BOUND), mean * BOUND)


@pytest.mark.parametrize(
    "weekly", [[70, 70], [70, 140], [50, 60, 75, 90], [90, 70, 40, 40, 35, 20], [0, 0, 3, 1]]
)
@pytest.mark.parametrize("ahead", [0, 7, 28])
def test_against_fractions(weekly, ahead):
    found = tempo(np.repeat(np.array(weekly) / 7.0, 7), ahead)
    mean, recent, later = expected(weekly, ahead)
    assert found.mean == pytest.approx(mean)
    assert found.recent == pytest.approx(min(max(recent, mean / BOUND), mean * BOUND))
    assert found.ahead == pytest.approx(later, rel=1e-3)


def test_steady_sales_have_hardly_a_trend():
    random = np.random.default_rng(5)
    found = [tempo(random.poisson(3.0, 28), 28) for _number in range(400)]
    assert np.mean([each.ahead for each in found]) == pytest.approx(3.0, rel=0.03)
    # Weighted or not, four weeks of three a day tell it to about a seventh.
    assert np.std([each.ahead for each in found]) < 0.8


def test_who_sells_more_and_more_is_seen_sooner_than_by_the_mean():
    daily = np.repeat([2.0, 3.0, 4.0, 5.0], 7)
    found = tempo(daily, 14)
    assert found.mean == 3.5
    assert 4.5 < found.recent < found.ahead <= 7.0
    assert found.change == found.ahead / 3.5


def test_a_single_week_makes_nobody_rich():
    found = tempo([0.0] * 21 + [20.0] * 7, 28)
    assert found.ahead == 2 * found.mean == 10.0


def test_too_few_days_are_their_mean():
    found = tempo([4.0, 0.0, 2.0], 10)
    assert (found.mean, found.recent, found.ahead) == (2.0, 2.0, 2.0)
    assert tempo([0.0] * 28, 10).ahead == 0.0
    assert tempo([0.0] * 28, 10).change == 1.0


@pytest.mark.parametrize("daily", [[], [float("nan")], [-1.0]])
def test_nonsense_is_refused(daily):
    with pytest.raises(ValueError, match="day"):
        tempo(daily, 1)
    with pytest.raises(ValueError, match="ahead"):
        tempo([1.0], float("inf"))
