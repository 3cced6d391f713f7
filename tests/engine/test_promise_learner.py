"""What the learner says of lanes whose distributions are known."""

import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest
from promise_truth import SPREAD, World, shipments, world_of

from engine.promise import (
    Lane,
    Learner,
    Observation,
    from_dict,
    records_of,
    to_dict,
)
from engine.promise.curve import EDGES

CONFIDENCES = (0.8, 0.9, 0.95)


def learned(observations, now, **given):
    learner = Learner(**given)
    learner.update(observations, now)
    return learner


@pytest.fixture(scope="module")
def world():
    return world_of(np.random.default_rng(1))


@pytest.fixture(scope="module")
def observations(world):
    return shipments(np.random.default_rng(2), world, 8000, 250.0)


@pytest.fixture(scope="module")
def by_lane(observations):
    return learned(observations, 250.0)


@pytest.fixture(scope="module")
def pooled(observations):
    return learned([replace(each, lane=Lane()) for each in observations], 250.0)


# Coverage and length ------------------------------------------------------------------------------


def test_promises_by_lane_are_kept_as_often_as_asked(world, by_lane):
    lanes = world.lanes
    kept = world.kept(lanes, by_lane.quantiles(lanes, CONFIDENCES))
    for number, confidence in enumerate(CONFIDENCES):
        assert kept[:, number].mean() == pytest.approx(confidence, abs=0.025)
        # No lane is badly off, though each was seen some fifty times only.
        assert kept[:, number].min() > confidence - 0.2


def test_promises_by_lane_are_shorter_than_of_all_alike(world, by_lane, pooled):
    lanes = world.lanes
    for confidence in CONFIDENCES:
        alone = by_lane.quantiles(lanes, [confidence])
        kept = world.kept(lanes, alone).mean()
        # What one number of days for all lanes needs to be kept just as often.
        grid = np.linspace(1.0, 60.0, 2000)
        share = world.kept(lanes, np.tile(grid, (len(lanes), 1))).mean(axis=0)
        same = float(np.interp(kept, share, grid))
        assert alone.mean() < 0.93 * same
        asked = pooled.quantile(Lane(), confidence).days
        assert world.kept(lanes, np.full((len(lanes), 1), asked)).mean() == pytest.approx(
            confidence, abs=0.025
        )


def test_new_promises_are_kept_within_binomial_bounds():
    world = World({}, {}, {})
    rng = np.random.default_rng(5)
    every = [
        Observation(Lane(), at, at + 5.0 * math.exp(rng.normal(0.0, SPREAD)))
        for at in np.sort(rng.uniform(0.0, 400.0, 8000)).tolist()
    ]
    records, learner = records_of(every), Learner()
    kept = dict.fromkeys(CONFIDENCES, 0)
    number = 0
    for day in range(200, 400):
        learner.update(records, float(day))
        days = learner.quantiles([Lane()], CONFIDENCES)[0]
        today = [each for each in every if day <= each.started < day + 1]
        number += len(today)
        for confidence, within in zip(CONFIDENCES, days.tolist(), strict=True):
            kept[confidence] += sum(each.ended - each.started <= within for each in today)
    for confidence in CONFIDENCES:
        # Three standard deviations, and half a point for learning with a forgetting memory.
        bound = 3.0 * math.sqrt(confidence * (1.0 - confidence) / number) + 0.005
        assert kept[confidence] / number == pytest.approx(confidence, abs=bound)
    assert world.median(Lane()) == 5.0


def test_what_is_under_way_counts_as_such():
    """Looking at what has arrived alone would see only the fast ones of the last days."""
    rng = np.random.default_rng(6)
    every = [
        Observation(Lane(), at, at + 20.0 * math.exp(rng.normal(0.0, SPREAD)))
        for at in np.sort(rng.uniform(0.0, 25.0, 3000)).tolist()
    ]
    arrived = [each.ended - each.started for each in every if each.ended <= 25.0]
    assert np.quantile(arrived, 0.5) < 16.0
    assert learned(every, 25.0).quantile(Lane(), 0.5).days == pytest.approx(20.0, rel=0.1)


def test_what_never_arrives_makes_no_promise_longer():
    rng = np.random.default_rng(7)
    every = []
    for at in np.sort(rng.uniform(0.0, 400.0, 8000)).tolist():
        ended = at + 5.0 * math.exp(rng.normal(0.0, SPREAD))
        every.append(Observation(Lane(), at, None if rng.random() < 0.06 else ended))
    learner = learned(every, 400.0)
    truth = 5.0 * math.exp(1.645 * SPREAD)
    assert learner.quantile(Lane(), 0.95).days == pytest.approx(truth, rel=0.08)
    assert learner.arrived([Lane()], [[5.0]])[1][0] == pytest.approx(0.94, abs=0.015)


def test_dropped_work_is_seen_until_it_is_dropped():
    rng = np.random.default_rng(8)
    every = []
    for at in np.sort(rng.uniform(0.0, 300.0, 6000)).tolist():
        ended = at + 5.0 * math.exp(rng.normal(0.0, SPREAD))
        dropped = at + rng.exponential(10.0)
        if dropped < ended:
            every.append(Observation(Lane(), at, None, dropped))
        else:
            every.append(Observation(Lane(), at, ended))
    finished = [each.ended - each.started for each in every if each.ended is not None]
    assert np.quantile(finished, 0.9) < 7.8  # while nine in ten need 8.3 days
    days = learned(every, 300.0).quantile(Lane(), 0.9).days
    assert days == pytest.approx(5.0 * math.exp(1.2816 * SPREAD), rel=0.07)


def test_two_kinds_of_parcels_are_not_taken_for_lost_ones():
    """Half of them take a day, half a month: nine in ten take up to a month."""
    rng = np.random.default_rng(17)
    every = [
        Observation(Lane(), at, at + rng.choice([1.0, 30.0]) * math.exp(rng.normal(0.0, 0.1)))
        for at in np.sort(rng.uniform(0.0, 300.0, 4000)).tolist()
    ]
    found = learned(every, 300.0)
    assert found.quantile(Lane(), 0.4).days < 2.0
    assert found.quantile(Lane(), 0.9).days == pytest.approx(33.0, abs=3.5)


def test_before_anything_arrived_nothing_short_is_promised():
    every = [Observation(Lane(), float(day), day + 30.0) for day in range(100)]
    learner = Learner()
    learner.update(every, 20.5)
    assert 5.0 < learner.quantile(Lane(), 0.5).days < 20.0
    for now in range(21, 100):
        learner.update(every, float(now))
    assert learner.quantile(Lane(), 0.5).days == pytest.approx(30.0, rel=0.07)


# Drift, load --------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [0.6, 1.6])
def test_a_change_of_pace_is_followed_within_weeks(change):
    rng = np.random.default_rng(9)
    every = [
        Observation(
            Lane(),
            at,
            at + 10.0 * math.exp(rng.normal(0.0, SPREAD)) * (change if at > 150.0 else 1.0),
        )
        for at in np.sort(rng.uniform(0.0, 200.0, 5000)).tolist()
    ]
    records, learner = records_of(every), Learner()
    medians = {}
    for day in (150.0, 180.0, 200.0):
        learner.update(records, day)
        medians[day] = learner.quantile(Lane(), 0.5).days
    assert medians[150.0] == pytest.approx(10.0, rel=0.1)
    assert medians[180.0] == pytest.approx(10.0 * change, rel=0.2)
    assert medians[200.0] == pytest.approx(10.0 * change, rel=0.12)


def test_load_makes_things_longer_by_what_was_seen():
    rng = np.random.default_rng(10)
    every = []
    for at in np.sort(rng.uniform(0.0, 300.0, 6000)).tolist():
        load = math.exp(rng.normal(0.0, 0.5))
        lasted = 2.0 * load**0.7 * math.exp(rng.normal(0.0, SPREAD))
        every.append(Observation(Lane("A"), at, at + lasted, load=load))
    learner = learned(every, 300.0)
    usual = learner.quantile(Lane("A"), 0.9).days
    busy = learner.quantile(Lane("A"), 0.9, load=2.0).days
    assert busy / usual == pytest.approx(2.0**0.7, rel=0.07)


# Few data -----------------------------------------------------------------------------------------


def test_without_data_the_configured_days_stand():
    learner = Learner(3.0)
    known = learner.quantile(Lane("A", "post", "FR"), 0.5)
    assert known.days == pytest.approx(3.0, rel=0.05)
    assert (known.level, known.count) == ((), 0.0)
    assert known.lower < 2.0 and known.upper > 4.5
    assert learner.quantile(Lane("A", usual=9.0), 0.5).days == pytest.approx(9.0, rel=0.05)


def test_what_is_learned_of_some_lanes_corrects_the_configured_days_of_others():
    """All lanes seen take twice what is configured; so will another one, be it ten times as far."""
    rng = np.random.default_rng(13)
    near = Lane("A", usual=2.0)
    every = [
        Observation(near, at, at + 4.0 * math.exp(rng.normal(0.0, SPREAD)))
        for at in np.sort(rng.uniform(0.0, 200.0, 3000)).tolist()
    ]
    learner = learned(every, 200.0)
    assert learner.quantile(near, 0.5).days == pytest.approx(4.0, rel=0.08)
    assert learner.quantile(Lane("A", usual=20.0), 0.5).days == pytest.approx(40.0, rel=0.08)


def test_an_unknown_site_falls_back_to_its_method_and_region(world, by_lane):
    lane = Lane("new", "slow", "region1")
    found = by_lane.quantile(lane, 0.5)
    expected = world.median(Lane("", "slow", "region1"))
    sites = math.exp(np.mean(list(world.sites.values())))
    assert found.days == pytest.approx(expected * sites, rel=0.15)
    assert found.level == ("method", "region")
    # Less is known of it than of a lane that was seen, and the interval says so.
    known = by_lane.quantile(Lane("site1", "slow", "region1"), 0.9)
    assert known.level == ("site", "method", "region")
    wide = by_lane.quantile(lane, 0.9)
    assert wide.upper / wide.lower > 1.2 * known.upper / known.lower


def test_doubt_shrinks_as_more_is_seen():
    rng = np.random.default_rng(14)
    widths = []
    for number in (20, 200, 2000):
        every = shipments(rng, World({"A": 0.0}, {"m": 0.0}, {"r": 0.0}), number, 100.0)
        found = learned(every, 100.0).quantile(Lane("A", "m", "r"), 0.9)
        assert found.lower <= found.days <= found.upper
        widths.append(found.upper / found.lower)
    assert widths[0] > widths[1] > widths[2]


# The future, order, storage, time -----------------------------------------------------------------


def test_the_future_is_not_looked_at(observations):
    """What ends after now may end whenever: nothing that is said changes."""
    rng = np.random.default_rng(15)
    now = 120.0
    changed = []
    for each in observations:
        if each.started >= now:
            if rng.random() < 0.5:
                changed.append(
                    replace(
                        each,
                        lane=Lane("other"),
                        started=each.started + 1.0,
                        ended=each.started + 50.0,
                    )
                )
        elif each.ended > now:
            changed.append(replace(each, ended=now + rng.exponential(30.0) + 1e-6))
        else:
            changed.append(each)
    assert to_dict(learned(changed, now)) == to_dict(learned(observations, now))


def test_order_does_not_matter_and_the_same_gives_the_same(observations):
    some = observations[:1500]
    shuffled = [some[place] for place in np.random.default_rng(16).permutation(len(some))]
    assert to_dict(learned(shuffled, 60.0)) == to_dict(learned(some, 60.0))


def test_learning_in_pieces_gives_the_same_as_at_once(observations):
    some = [each for each in observations if each.started < 60.0]
    piecewise = Learner()
    for now in (20.0, 21.0, 45.0, 60.0):
        # What was under way since the last time is all that is told.
        since = piecewise.until if piecewise.until is not None else -1.0
        told = [
            replace(each, ended=each.ended if each.ended <= now else None)
            for each in some
            if each.started < now and each.ended > since
        ]
        piecewise.update(told, now)
    lanes = [Lane(), Lane("site1", "fast", "region2")]
    np.testing.assert_allclose(
        piecewise.quantiles(lanes, CONFIDENCES),
        learned(some, 60.0).quantiles(lanes, CONFIDENCES),
        rtol=0.05,
    )


def test_what_is_known_can_be_stored(world, by_lane):
    text = json.dumps(to_dict(by_lane))
    assert len(text) < 30_000
    again = from_dict(json.loads(text))
    lanes = [*world.lanes, Lane("new", "slow")]
    np.testing.assert_allclose(
        again.quantiles(lanes, CONFIDENCES), by_lane.quantiles(lanes, CONFIDENCES), rtol=1e-4
    )
    assert again.until == by_lane.until
    again.update([], 260.0)
    assert again.until == 260.0


@pytest.mark.parametrize(
    "change", [{"version": 0}, {"keys": [[9]]}, {"value": [1.0]}, {"week": None}, {"curves": {}}]
)
def test_damaged_values_are_refused(by_lane, change):
    with pytest.raises(ValueError, match="learn anew"):
        from_dict({**to_dict(by_lane), **change})


def test_fifty_sites_are_answered_at_once(world, by_lane):
    lanes = [Lane(f"site{n % 8}", "fast", f"region{n % 6}") for n in range(50)]
    spent = []
    for _again in range(20):
        start = time.process_time()
        by_lane.quantiles(lanes, CONFIDENCES)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.004


# Bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"started": math.nan}, "started must be a number of days"),
        ({"started": 1e9}, "started must be a number of days"),
        ({"started": 5.0, "ended": 4.0}, "cannot have ended"),
        ({"started": 5.0, "dropped": 4.0}, "cannot be dropped"),
        ({"started": 5.0, "load": 0.0}, "load must be a factor above zero"),
    ],
)
def test_observations_that_cannot_be_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Observation(Lane(), **given)


def test_questions_that_make_no_sense_are_refused(by_lane):
    with pytest.raises(ValueError, match="between 0 and 1"):
        by_lane.quantile(Lane(), 1.0)
    with pytest.raises(ValueError, match="above zero"):
        by_lane.quantiles([Lane()], [0.9], -1.0)
    with pytest.raises(ValueError, match="usual days"):
        Learner(0.0)
    with pytest.raises(ValueError, match="usual days"):
        Lane(usual=-1.0)
    with pytest.raises(ValueError, match="now is 10"):
        by_lane.update([], 10.0)
    assert by_lane.quantiles([], [0.9]).shape == (0, 1)
    assert EDGES[0] == 0.0


def test_an_update_without_observations_keeps_what_was_configured():
    learner = Learner(4.0)
    learner.update([], 100.0)
    learner.update([Observation(Lane(), 200.0)], 110.0)
    assert learner.quantile(Lane(), 0.5).days == pytest.approx(4.0, rel=0.05)
