"""Promises on lanes whose durations are known, while the pace of all of them changes."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from promise_truth import SPREAD, world_of

from benchmarks import promise
from benchmarks.files import Delivery

START = datetime(2021, 1, 4)
DAYS, CUT = 270, 150

PACES = {
    "steady": lambda day: 1.0,
    "faster": lambda day: 1.0 - 0.4 * min(max(day - 140, 0) / 100, 1.0),
    "slower": lambda day: 0.7 + 0.4 * min(max(day - 140, 0) / 100, 1.0),
    "a step faster": lambda day: 1.0 if day < 190 else 0.75,
    "a step slower": lambda day: 1.0 if day < 190 else 1.3,
}


def deliveries(seed, pace, per_day=24):
    """Orders on 144 lanes, from half as long as usual to three times; all arrive in daytime."""
    rng = np.random.default_rng(seed)
    world = world_of(rng)
    lanes = world.lanes
    found = []
    for day in range(DAYS):
        for number in range(rng.poisson(per_day)):
            placed = START + timedelta(days=day, minutes=int(rng.integers(1440)))
            lane = lanes[rng.integers(len(lanes))]
            lasted = 2.0 * world.median(lane) * pace(day) * math.exp(rng.normal(0.0, SPREAD))
            arrived = placed + timedelta(days=lasted)
            arrived = max(arrived.replace(hour=int(rng.integers(9, 19)), minute=0), placed)
            key = f"{day:03}-{number:03}"
            found.append(Delivery(key, placed, arrived, None, lane.region, lane.site, lane.method))
    return sorted(found, key=lambda each: (each.placed, each.key))


def walked(orders):
    cut = START + timedelta(days=CUT)
    test = [each for each in orders if each.placed >= cut]
    found = promise.walk([each for each in orders if each.placed < cut], test)
    return test, found


@pytest.mark.parametrize("pace", PACES)
def test_promises_by_lane_are_kept_and_shorter_whatever_the_pace(pace):
    orders = deliveries(22, PACES[pace])
    test, by_lane = walked(orders)
    bare = [replace(each, region="", site="", method="") for each in orders]
    _test, pooled = walked(bare)
    kept = np.floor(by_lane.arrived)[:, None] <= by_lane.promised
    alike = np.floor(pooled.arrived)[:, None] <= pooled.promised
    days = (by_lane.promised - by_lane.placed[:, None]).mean(axis=0)
    same = (pooled.promised - pooled.placed[:, None]).mean(axis=0)
    methods = np.array([each.method for each in test])
    for number, confidence in enumerate(promise.CONFIDENCES):
        assert kept[:, number].mean() == pytest.approx(confidence, abs=0.02)
        # Shorter than what is promised to all alike, and than one number in hindsight.
        assert days[number] < (0.93, 0.83, 0.75)[number] * same[number]
        hindsight = np.quantile(by_lane.arrived - by_lane.placed, confidence)
        assert days[number] < 0.9 * hindsight
        for method in np.unique(methods).tolist():
            mine = methods == method
            assert kept[mine, number].mean() == pytest.approx(confidence, abs=0.055)
        # Promised alike, the slow ones are late far more often than the fast ones.
        late = [1.0 - alike[methods == method, number].mean() for method in ("slow", "fast")]
        assert late[0] > 3.0 * late[1]
