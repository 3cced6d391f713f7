"""Scores, the account of promises, and steps to a date, against plain reckoning."""

import math

import numpy as np
import pytest

from engine.promise import (
    Budget,
    Clock,
    Lane,
    Learner,
    Observation,
    Step,
    calibration,
    fixed,
    kept_chances,
    learned,
    milestones,
    miss_chance,
    pinball,
    scores,
    together,
    wilson,
)

# Scores -------------------------------------------------------------------------------------------


def test_the_interval_of_a_share_is_that_of_the_literature():
    """Newcombe 1998, table I, method 3."""
    published = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611)}
    for (kept, count), (lower, upper) in published.items():
        assert wilson(kept, count) == pytest.approx((lower, upper), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_scores_by_group():
    promised = [10, 10, 10, 10, 12, 12]
    arrived = [9.9, 10.8, 11.2, math.inf, 12.0, 8.0]
    by_site = scores(promised, arrived, ["A", "A", "A", "A", "B", "B"], [0.9] * 6)
    assert [each.group for each in by_site] == ["A", "B"]
    first, second = by_site
    assert (first.count, first.kept, first.early, first.late) == (4, 0.5, 0.25, 0.5)
    assert (first.days_early, first.days_late) == (1.0, 1.0)
    assert (second.kept, second.early, second.days_early, second.late) == (1.0, 0.5, 4.0, 0.0)
    assert first.confidence == pytest.approx(0.9)


def test_what_is_not_over_is_not_scored():
    """Day 10 has begun: what was promised for it, or for later, may still come; or has, early."""
    found = scores([9, 9, 10, 11], [8.0, math.nan, 9.5, 9.5], today=10.4)
    assert (found[0].count, found[0].kept) == (2, 0.5)
    assert scores([11], [9.0], today=10.0) == []


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one length"):
        scores([1, 2], [1])


def test_the_curve_of_calibration_finds_who_promises_too_much():
    rng = np.random.default_rng(1)
    lasted = rng.exponential(10.0, 4000)
    asked = np.repeat([0.8, 0.95], 2000)
    honest = -10.0 * np.log(1.0 - 0.8)
    # The second half is asked to be kept with 95 % and promised what 85 % need.
    wrong = -10.0 * np.log(1.0 - 0.85)
    promised = np.floor(np.repeat([honest, wrong], 2000))
    low, high = calibration(promised, np.floor(lasted), asked)
    assert (low.group, high.group) == (0.8, 0.95)
    assert low.lower < 0.8 + 0.02 and low.upper > 0.8
    assert high.upper < 0.95


def test_the_pinball_loss():
    assert pinball([3.0, 5.0], [4.0, 4.0], 0.9) == pytest.approx((0.1 + 0.9) / 2)
    rng = np.random.default_rng(2)
    needed = rng.gamma(3.0, 2.0, 20_000)
    grid = np.linspace(5.0, 20.0, 301)
    best = grid[np.argmin([pinball(needed, np.full(20_000, each), 0.9) for each in grid])]
    assert best == pytest.approx(np.quantile(needed, 0.9), abs=0.1)


# The account --------------------------------------------------------------------------------------


def test_what_is_owed():
    budget = Budget(0.9).settle([True, True, False, True])
    assert (budget.settled, budget.kept) == (4, 3)
    assert budget.owed() == pytest.approx(0.6)
    # Two promises under way, one of which is as good as lost and arrives by half a chance.
    assert budget.owed([0.9, 0.0], [1.0, 0.5]) == pytest.approx(0.6 + 0.45)


def test_what_is_asked_stays_within_reason():
    budget = Budget(0.9)
    assert budget.ask(0.0, 100.0) == pytest.approx(0.9)
    # Firmly: within 30 / 6 + 1 promises; by how much of that: 1.3 against 1.2 times what chance
    # makes of 30 promises, and one.
    firm = 1.3**2 / (1.3**2 + (1.2 * math.sqrt(30 * 0.9 * 0.1) + 1.0) ** 2)
    assert budget.ask(-1.3, 30.0) == pytest.approx(0.9 - firm * 1.3 / 6)
    assert budget.ask(1e6, 100.0) == pytest.approx(0.95)
    assert budget.ask(-1e6, 100.0) == pytest.approx(0.7)
    assert 0.0 < Budget(0.3).ask(-1e6, 0.0) < 0.3
    asked = [budget.ask(owed, 400.0) for owed in np.linspace(-50.0, 50.0, 101).tolist()]
    assert (np.diff(asked) >= 0.0).all()


def test_chance_hardly_moves_what_is_asked():
    """Of the some 250 promises of a lead time, chance misses 5 more or fewer than are meant: less
    than a third of what would pay that back at once is asked for."""
    budget = Budget(0.9)
    for owed in (-5.0, 5.0):
        assert budget.ask(owed, 375.0) == pytest.approx(0.9, abs=0.3 * 5.0 / (375.0 / 6.0 + 1.0))
    assert budget.ask(30.0, 375.0) == pytest.approx(0.95)


def test_the_higher_the_confidence_the_sooner_a_balance_is_more_than_chance():
    """Chance misses fewer of the promises made with 95 % than of those with 80 %: of 400 it makes
    4.4 more or less, against 8. The same balance says more there, compared with what is missed."""
    for owed in (2.0, 3.0, 4.0):
        corrected = [
            abs(Budget(confidence).ask(-owed, 400.0) - confidence) for confidence in (0.8, 0.95)
        ]
        assert corrected[1] > 1.5 * corrected[0]


@pytest.mark.parametrize("given", [(1.0,), (0.0,), (0.9, 1.0, 2.0), (0.9, 1.0, -1.0)])
def test_accounts_that_cannot_be_are_refused(given):
    with pytest.raises(ValueError, match=r"must be between|cannot have been kept"):
        Budget(*given)


@pytest.mark.parametrize("wrong", [0.85, 1.2])
def test_a_wrong_model_is_made_good(wrong):
    """The model's durations are off by a sixth, outcomes are known ten days late, and its own
    expectation of what is under way is as wrong: promises are kept as often as asked."""
    rng = np.random.default_rng(3)
    budget, pending, kept = Budget(0.9), [], []
    for day in range(400):
        due = [each for each in pending if each[0] <= day]
        pending = [each for each in pending if each[0] > day]
        budget = budget.settle([each[1] for each in due])
        asked = budget.ask(budget.owed([0.9] * len(pending)), 200.0)
        days = -10.0 * wrong * math.log(1.0 - asked)
        for lasted in rng.exponential(10.0, 10).tolist():
            pending.append((day + 10, lasted <= days))
            kept.append(lasted <= days)
    assert np.mean(kept) == pytest.approx(0.9, abs=0.015)
    assert 1.0 - math.exp(wrong * math.log(0.1)) != pytest.approx(0.9, abs=0.03)


# The clock ----------------------------------------------------------------------------------------


def test_the_clock_counts_days_by_their_worth():
    weights = np.array([1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0])
    clock = Clock(weights, closed=(5,))
    # Day 4 is a Monday, day 5 is closed.
    assert clock.at(4.5) - clock.at(4.0) == pytest.approx(0.7)
    assert clock.at(6.5) - clock.at(5.0) == pytest.approx(0.7)
    assert clock.at(11.0) - clock.at(4.0) == pytest.approx(4 * 1.4)
    moments = np.linspace(-20.0, 30.0, 997)
    worth = weights[(np.floor(moments).astype(int) + 3) % 7] * (np.floor(moments) != 5)
    shown = clock.at(moments)
    slow = np.cumsum(worth * (moments[1] - moments[0]))
    assert np.abs(np.diff(shown - slow)).max() < 0.1
    assert (shown - slow).std() < 0.06


def test_backwards_by_the_clock():
    clock = Clock(np.array([1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0]), closed=(5,))
    assert clock.before(11.0, [1.4, 2.8, 4.2])[0] == pytest.approx(8.0)
    back = clock.before(25.0, np.array([0.3, 5.0, 17.0]))
    np.testing.assert_allclose(clock.at(25.0) - clock.at(back), [0.3, 5.0, 17.0], atol=1e-9)


# Steps --------------------------------------------------------------------------------------------


def exponential(name, mean):
    # k eighths stand for k - 1/2 to k + 1/2 of them.
    bounds = np.append(np.maximum(np.arange(1600) - 0.5, 0.0) / 8.0, 1e9)
    return Step(name, np.diff(1.0 - np.exp(-bounds / mean)))


def test_steps_together_take_less_than_the_sum_of_their_quantiles():
    rng = np.random.default_rng(4)
    pick, travel = exponential("pick", 2.0), exponential("travel", 5.0)
    drawn = rng.exponential(2.0, 200_000) + rng.exponential(5.0, 200_000)
    both = together([pick, travel])
    for confidence in (0.5, 0.8, 0.9, 0.95):
        assert both.quantile(confidence) == pytest.approx(np.quantile(drawn, confidence), abs=0.2)
    assert both.quantile(0.9) < pick.quantile(0.9) + travel.quantile(0.9) - 1.0
    assert both.mean() == pytest.approx(7.0, abs=0.2)


def test_milestones_are_the_latest_starts_that_still_make_it():
    rng = np.random.default_rng(5)
    steps = [fixed("check", 1.0), exponential("pick", 1.0), exponential("travel", 4.0)]
    found = milestones(steps, 0.9)
    assert (np.diff(found) <= 0).all()
    draws = np.stack(
        [np.ones(100_000), rng.exponential(1.0, 100_000), rng.exponential(4.0, 100_000)]
    )
    for place, before in enumerate(found.tolist()):
        assert (draws[place:].sum(axis=0) <= before).mean() == pytest.approx(0.9, abs=0.015)


def test_the_chance_of_a_miss_given_the_time_spent():
    """An exponential has no memory; a fixed time has nothing else."""
    travel = exponential("travel", 5.0)
    found = miss_chance(travel, [0.0, 3.0, 12.0], 4.0)
    np.testing.assert_allclose(found, math.exp(-0.8), atol=0.02)
    assert miss_chance(travel, 3.0, 0.0) == 1.0
    certain = fixed("certain", 3.0)
    assert miss_chance(certain, 1.0, 2.5) == pytest.approx(0.0, abs=1e-9)
    assert miss_chance(certain, 1.0, 1.0) == 1.0


def test_learned_steps_have_the_learned_quantiles():
    rng = np.random.default_rng(6)
    learner = Learner()
    every = [
        Observation(Lane("A"), at, at + 3.0 * math.exp(rng.normal(0.0, 0.4)))
        for at in np.sort(rng.uniform(0.0, 200.0, 3000)).tolist()
    ]
    learner.update(every, 200.0)
    step = learned("pick", learner, Lane("A"))
    for confidence in (0.5, 0.9, 0.95):
        assert step.quantile(confidence) == pytest.approx(
            learner.quantile(Lane("A"), confidence).days, abs=0.15
        )


def test_promises_under_way_get_worse_as_nothing_arrives():
    rng = np.random.default_rng(7)
    learner = Learner()
    every = [
        Observation(Lane(), at, at + 5.0 * math.exp(rng.normal(0.0, 0.4)))
        for at in np.sort(rng.uniform(0.0, 300.0, 6000)).tolist()
    ]
    learner.update(every, 300.0)
    drawn = 5.0 * np.exp(rng.normal(0.0, 0.4, 200_000))
    for spent in (0.0, 4.0, 7.0):
        kept, arrives = kept_chances(learner, [Lane()], [300.0 - spent], [300 + 7 - spent], 300.0)
        left = drawn[drawn > spent]
        assert kept[0] == pytest.approx((left <= 8.0).mean(), abs=0.06)
        assert arrives[0] > 0.97
    late, _arrives = kept_chances(learner, [Lane()], [280.0], [290], 300.0)
    assert late[0] == 0.0


def test_steps_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="sum up to one"):
        Step("odd", np.array([0.5, 0.6]))
    with pytest.raises(ValueError, match="takes between"):
        fixed("odd", -1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        fixed("sure", 1.0).quantile(0.0)
