"""Steps of the methods against the published formulas in plain Python, and the kinds of demand."""

import numpy as np
import pytest

from engine.demand import CLASSES
from engine.demand.classes import classes
from engine.demand.methods import Croston, Pooled, Smoothing, Teunter

RANDOM = np.random.default_rng(11)
STEADY = [float(value) for value in RANDOM.poisson(6.0, 60)]
RARE = [float(value) for value in RANDOM.poisson(0.3, 80) * RANDOM.integers(1, 9, 80)]


def run(method, demand):
    rates = []
    for value in demand:
        rates.append(float(method.rate()[0]))
        method.learn(np.array([value]), np.array([1.0]))
    return [*rates, float(method.rate()[0])]


def test_simple_smoothing():
    level, expected = 5.0, []
    for value in STEADY:
        expected.append(level)
        level = 0.3 * value + 0.7 * level
    assert run(Smoothing(np.array([5.0]), 0.3), STEADY) == pytest.approx([*expected, level])


def test_damped_trend_of_gardner():
    """Gardner (1985): S = m + h1 e, T = phi T + h2 e, forecast S + phi T."""
    alpha, beta, phi = 0.3, 0.1, 0.9
    level, trend, expected = 5.0, 0.0, []
    for value in STEADY:
        forecast = level + phi * trend
        expected.append(forecast)
        error = value - forecast
        level = level + phi * trend + alpha * error
        trend = phi * trend + alpha * beta * error
    got = run(Smoothing(np.array([5.0]), alpha, beta, phi), STEADY)
    assert got == pytest.approx([*expected, level + phi * trend])


def test_croston_made_unbiased_by_syntetos_and_boylan():
    alpha, size, interval, since, expected = 0.1, 3.0, 4.0, 0, []
    for value in RARE:
        expected.append((1 - alpha / 2) * size / interval)
        since += 1
        if value:
            size = alpha * value + (1 - alpha) * size
            interval = alpha * since + (1 - alpha) * interval
            since = 0
    got = run(Croston(np.array([3.0]), np.array([4.0]), alpha), RARE)
    assert got == pytest.approx([*expected, (1 - alpha / 2) * size / interval])


def test_teunter_syntetos_babai():
    alpha, beta, size, chance, expected = 0.1, 0.05, 3.0, 0.25, []
    for value in RARE:
        expected.append(chance * size)
        if value:
            size = size + alpha * (value - size)
            chance = chance + beta * (1 - chance)
        else:
            chance = chance + beta * (0 - chance)
    got = run(Teunter(np.array([3.0]), np.array([0.25]), alpha, beta), RARE)
    assert got == pytest.approx([*expected, chance * size])


def test_pooling_is_the_posterior_of_a_gamma_prior():
    """Posterior mean by integration over a grid of the factor."""
    strength, demand, expected = 3.0, [2.0, 0.0, 1.0, 4.0], [0.8, 0.9, 0.7, 1.1]
    pooled = Pooled(np.array([strength]), np.array([1.0]), 1.0)
    for value, mean in zip(demand, expected, strict=True):
        pooled.learn(np.array([value]), np.array([mean]))
    grid = (np.arange(200_000) + 0.5) * 12.0 / 200_000
    logs = (strength - 1) * np.log(grid) - strength * grid
    for value, mean in zip(demand, expected, strict=True):
        logs += value * np.log(grid * mean) - grid * mean
    weight = np.exp(logs - logs.max())
    mean = (weight * grid).sum() / weight.sum()
    assert pooled.factor()[0] == pytest.approx(mean, rel=1e-5)
    spread = (weight * (grid - mean) ** 2).sum() / weight.sum()
    assert pooled.doubt()[0] == pytest.approx(spread, rel=1e-4)


@pytest.mark.parametrize("method", ["smoothing", "trend", "croston", "teunter"])
def test_a_week_that_was_not_watched_teaches_nothing(method):
    one = np.array([2.0])
    made = {
        "smoothing": Smoothing(one, 0.2),
        "trend": Smoothing(one, 0.2, 0.1),
        "croston": Croston(one, one * 3, 0.1),
        "teunter": Teunter(one, one / 5, 0.1, 0.1),
    }[method]
    made.learn(np.array([3.0]), np.array([1.0]))
    if method == "trend":
        made.trend[:] = 0.0
    before = float(made.rate()[0])
    for _ in range(10):
        made.learn(np.array([0.0]), np.array([0.0]))
    assert float(made.rate()[0]) == pytest.approx(before)


def test_half_a_week_counts_like_half():
    """A stream that is watched half the time is judged by what came in that half."""
    half = Smoothing(np.array([1.0]), 0.1)
    for _ in range(300):
        half.learn(np.array([3.0]), np.array([0.5]))
    assert half.rate()[0] == pytest.approx(6.0, rel=1e-3)


def by_hand(weeks):
    came = [value for value in weeks if value]
    if not came:
        return "none"
    interval, mean = len(weeks) / len(came), sum(came) / len(came)
    spread = 0.0
    if len(came) > 1:
        spread = sum((value - mean) ** 2 for value in came) / (len(came) - 1) / mean**2
    rare, uneven = interval > 1.32, spread > 0.49
    return (("smooth", "erratic"), ("intermittent", "lumpy"))[rare][uneven]


def test_kinds_of_syntetos_boylan_and_croston():
    random = np.random.default_rng(2)
    tables = [
        *(random.poisson(rate, 52) for rate in (0.0, 0.1, 0.5, 1.5, 8.0)),
        *(random.poisson(rate, 52) * random.geometric(0.2, 52) for rate in (0.2, 0.8, 4.0)),
        np.array([0] * 51 + [7]),
    ]
    kinds = classes(
        np.full(len(tables), 52.0),
        np.array([(table > 0).sum() for table in tables], dtype=float),
        np.array([table.sum() for table in tables], dtype=float),
        np.array([(table.astype(float) ** 2).sum() for table in tables]),
    )
    expected = [by_hand(table.tolist()) for table in tables]
    assert [CLASSES[kind] for kind in kinds] == expected
    assert len(set(expected)) == 5
