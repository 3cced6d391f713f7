"""Seasons: which days they have, and what is learned of them."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from promise_truth import SPREAD, world_of

from engine.promise import Lane, Learner, Observation, Season, season_of

EPOCH = date(1970, 1, 1)
CONFIDENCES = (0.8, 0.9, 0.95)
SLOWER = 1.6
YEAR = 366
FIRST = (date(2024, 1, 1) - EPOCH).days
PEAK = Season("peak", (11, 15), (12, 31))


def day(*parts):
    return (date(*parts) - EPOCH).days


@pytest.mark.parametrize(
    ("season", "inside", "outside"),
    [
        (PEAK, [(2024, 11, 15), (2031, 12, 31)], [(2024, 11, 14), (2025, 1, 1)]),
        (
            Season("turn", (12, 20), (1, 6)),
            [(2024, 12, 20), (2024, 12, 31), (2025, 1, 1), (2025, 1, 6)],
            [(2025, 1, 7), (2025, 12, 19), (2025, 7, 1)],
        ),
        (Season("leap", (2, 29), (2, 29)), [(2024, 2, 29)], [(2025, 2, 28), (2025, 3, 1)]),
        (
            Season("once", date(2026, 5, 1), date(2026, 5, 3)),
            [(2026, 5, 1), (2026, 5, 3)],
            [(2026, 4, 30), (2026, 5, 4), (2027, 5, 2)],
        ),
    ],
)
def test_days_of_seasons(season, inside, outside):
    for each in inside:
        assert season_of([season], day(*each) + 0.99) == season.name
    for each in outside:
        assert season_of([season], day(*each)) == ""


def test_the_first_of_overlapping_seasons_counts():
    sale = Season("sale", date(2026, 11, 23), date(2026, 11, 30))
    assert season_of([sale, PEAK], day(2026, 11, 25)) == "sale"
    assert season_of([PEAK, sale], day(2026, 11, 25)) == "peak"
    assert season_of([sale, PEAK], day(2026, 12, 1)) == "peak"
    assert season_of([], day(2026, 12, 1)) == ""


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("", (1, 1), (2, 1)),
        ("half", (1, 1), date(2026, 2, 1)),
        ("back", date(2026, 2, 1), date(2026, 1, 1)),
    ],
)
def test_seasons_that_cannot_be(name, first, last):
    with pytest.raises(ValueError, match=r"season|ends"):
        Season(name, first, last)


def history(seed, per_day=15):
    """Two years of parcels, a season in which all are slower; log-normal, all parameters known."""
    rng = np.random.default_rng(seed)
    world = world_of(rng, 4, 3)
    lanes, found = world.lanes, []
    for started in np.sort(rng.uniform(FIRST, FIRST + 2 * YEAR, per_day * 2 * YEAR)).tolist():
        lane = lanes[rng.integers(len(lanes))]
        name = season_of([PEAK], started)
        lasted = world.median(lane) * math.exp(rng.normal(0.0, SPREAD)) * (SLOWER if name else 1.0)
        found.append(Observation(replace(lane, season=name), started, started + lasted))
    return found


def walk(rows, told_apart):
    """Promise each parcel by what was known on its day.

    :return: whether each was kept and how many days were promised, shape (N, 2, C), by whether it
        was in the season of the second year; the first three months are left out
    """
    learner = Learner()
    asked = [
        each if told_apart else replace(each, lane=replace(each.lane, season="")) for each in rows
    ]
    started = np.array([each.started for each in rows])
    found = {"first": [], "peak": [], "": []}
    for now in range(FIRST, FIRST + 2 * YEAR):
        before, first, last = np.searchsorted(started, [now - 120, now, now + 1])
        learner.update(asked[before:first], float(now))
        if now < FIRST + 90 or first == last:
            continue
        new = asked[first:last]
        promised = learner.quantiles([each.lane for each in new], CONFIDENCES)
        for each, days in zip(new, promised, strict=True):
            took = float(np.diff(learner.clock().at(np.array([each.started, each.ended])))[0])
            name = season_of([PEAK], each.started)
            if name and now < FIRST + YEAR:
                name = "first"
            found[name].append((took <= days, days))
    return {name: np.array(each, dtype=float) for name, each in found.items()}


@pytest.fixture(scope="module")
def both():
    rows = history(1)
    return walk(rows, True), walk(rows, False)


def test_promises_of_a_season_are_kept_as_often_as_asked(both):
    known, pooled = both
    for name in ("peak", ""):
        kept = known[name][:, 0].mean(axis=0)
        assert kept == pytest.approx(CONFIDENCES, abs=0.02)
    # Who does not know the season learns it when it is half over.
    assert (pooled["peak"][:, 0].mean(axis=0) < np.array(CONFIDENCES) - 0.03).all()


def test_out_of_season_promises_are_shorter_than_of_all_the_year(both):
    known, pooled = both
    days, longer = known[""][:, 1].mean(axis=0), pooled[""][:, 1].mean(axis=0)
    assert (days < longer - 0.1).all()


def test_the_first_time_a_season_comes_it_is_followed_within_days(both):
    known, _pooled = both
    kept = known["first"][:, 0].mean(axis=0)
    assert kept == pytest.approx(CONFIDENCES, abs=0.03)


def test_an_unknown_season_is_promised_as_the_rest_of_the_year():
    learner = Learner()
    rows = [each for each in history(2, 8) if not each.lane.season]
    learner.update(rows, FIRST + 300.0)
    lane = rows[0].lane
    usual = learner.quantile(lane, 0.5).days
    unknown = learner.quantile(replace(lane, season="sale"), 0.5).days
    assert unknown == pytest.approx(usual, rel=0.02)
    # Less sure, and a little longer for it.
    usual, unknown = (learner.quantile(each, 0.9) for each in (lane, replace(lane, season="sale")))
    assert usual.days < unknown.days < 1.15 * usual.days
    assert unknown.level == ("site", "method", "region")


def test_a_season_of_one_carrier_is_learned_of_that_one():
    rng = np.random.default_rng(3)
    rows = []
    for started in np.sort(rng.uniform(FIRST, FIRST + 2 * YEAR, 12 * 2 * YEAR)).tolist():
        method = ("slow", "steady")[rng.integers(2)]
        name = season_of([PEAK], started)
        median = 4.0 * (1.7 if name and method == "slow" else 1.0)
        lasted = median * math.exp(rng.normal(0.0, SPREAD))
        rows.append(Observation(Lane("site", method, "", name), started, started + lasted))
    learner = Learner()
    learner.update(rows, FIRST + 2.0 * YEAR)
    slow, steady = (
        learner.quantile(Lane("site", method, "", "peak"), 0.5).days
        for method in ("slow", "steady")
    )
    assert slow == pytest.approx(6.8, rel=0.12)
    assert steady == pytest.approx(4.0, rel=0.12)
    assert learner.quantile(Lane("site", "slow"), 0.5).days == pytest.approx(4.0, rel=0.1)
