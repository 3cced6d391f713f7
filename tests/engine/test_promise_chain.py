"""Goods that are prepared, fetched and carried, against drawing each of them."""

import math

import numpy as np
import pytest

from engine.promise import (
    CASES,
    CHANCES,
    Lane,
    Learner,
    Observation,
    after,
    choose_days,
    shares_by_day,
)
from engine.promise.clock import Clock


def test_after_turns_the_clock_around():
    clock = Clock(np.array([1.2, 1.2, 1.2, 1.2, 1.2, 0.999, 0.001]), (20_540, 20_541))
    rng = np.random.default_rng(1)
    for moment in rng.uniform(20_530, 20_560, 50).tolist():
        days = rng.uniform(0.0, 40.0, 20)
        later = after(clock, moment, days)
        assert (later >= moment).all()
        np.testing.assert_allclose(clock.at(later) - clock.at(moment), days, atol=1e-6)


def learner_of(rng, median, spread, lane):
    """A learner that has seen so much that it knows the distribution."""
    begun = np.sort(rng.uniform(0.0, 300.0, 6000))
    lasted = median * np.exp(rng.normal(0.0, spread, begun.size))
    learner = Learner()
    rows = zip(begun.tolist(), lasted.tolist(), strict=True)
    learner.update([Observation(lane, at, at + took) for at, took in rows], 300.0)
    return learner


def test_both_steps_and_a_pickup_between_them():
    """Prepared within hours, fetched each day at five, and some days under way."""
    rng = np.random.default_rng(2)
    site, way = Lane(site="s"), Lane(site="s", method="m", region="r")
    handling, transit = learner_of(rng, 0.4, 0.5, site), learner_of(rng, 3.0, 0.35, way)
    begin, drawn = 300.4, 200_000
    prepared = begin + 0.4 * np.exp(rng.normal(0.0, 0.5, drawn))
    fetched = np.ceil(prepared - 17 / 24) + 17 / 24
    arrived = fetched + 3.0 * np.exp(rng.normal(0.0, 0.35, drawn))
    ready = after(handling.clock(), begin, handling.quantiles([site], CASES.tolist())[0])
    leaves = np.ceil(ready - 17 / 24) + 17 / 24
    shares = shares_by_day(transit, [way], leaves[None, :], CHANCES[None, :], [300], 20)[0]
    truth = [(np.floor(arrived) <= 300 + day).mean() for day in range(20)]
    np.testing.assert_allclose(shares, truth, atol=0.05)
    for confidence in (0.5, 0.8, 0.9, 0.95):
        [place] = choose_days(shares[None, :], confidence)
        assert truth[place] > confidence - 0.03
        assert truth[place - 1] < confidence + 0.03


def test_what_never_leaves_never_arrives():
    learner = learner_of(np.random.default_rng(3), 2.0, 0.3, Lane())
    starts = [[300.0, math.inf]]
    shares = shares_by_day(learner, [Lane()], starts, [[0.5, 0.5]], [300], 60)
    assert shares[0, -1] == pytest.approx(0.5, abs=0.01)
    assert (np.diff(shares[0]) >= -1e-12).all()


def test_chosen_days():
    shares = [[0.1, 0.78, 0.9, 1.0], [0.0, 0.0, 0.1, 0.2]]
    assert choose_days(shares, 0.8).tolist() == [2, 3]
    assert choose_days(shares, 0.8, nearest=True).tolist() == [1, 3]
    assert choose_days(shares, 0.9).tolist() == [2, 3]
    assert CHANCES.sum() == pytest.approx(1.0)
