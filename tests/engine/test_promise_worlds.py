"""Promises in generated worlds whose truth is known, held against one who knows that truth."""

import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks import promise, promise_bed
from benchmarks.files import read_deliveries
from benchmarks.promise_worlds import PACES, changed, generated, lanes_world

FIRST = 2000


def test_a_world_is_the_same_again():
    world, again = generated(FIRST, draws=3), generated(FIRST, draws=3)
    assert (world.history, world.test) == (again.history, again.test)
    np.testing.assert_array_equal(world.fates, again.fates)
    assert generated(FIRST + len(PACES), draws=0).test != world.test
    begin = world.test[0].placed.replace(hour=0, minute=0)
    assert all(each.placed < begin for each in world.history)
    assert all(each.placed <= each.arrived for each in world.test if each.arrived)


def test_a_step_is_as_large_as_it_says():
    """Orders from the first day of the test on take seven tenths of the time."""
    world = next(
        found
        for found in (generated(number, "step down at once", 0) for number in range(FIRST, 2100))
        if "new orders" in found.name and "log-normal" in found.name
    )

    def median(orders):
        return np.median([(o.arrived - o.placed) / timedelta(days=1) for o in orders if o.arrived])

    assert median(world.test) / median(world.history) == pytest.approx(0.7, abs=0.07)


def test_who_knows_the_truth_keeps_what_was_asked():
    """Within three standard deviations of chance, and what whole days leave."""
    for number in range(FIRST, FIRST + 4):
        world = generated(number, draws=200)
        count = sum(each.arrived is not None for each in world.test)
        for asked, cell in promise_bed.oracle(world).items():
            share = float(asked) / 100.0
            chance = (share * (1.0 - share) / count) ** 0.5
            assert cell["kept"] == pytest.approx(share, abs=3.0 * chance + 0.02)


@pytest.mark.parametrize(
    "pace",
    ["steady", "step down at once", "step up later", "trend down", "season", "wandering fast"],
)
def test_promises_in_a_changing_world_are_nearly_as_good_as_the_truth(pace):
    """Off by no more than 3 points and what chance makes of the orders, and not much longer than
    one number of days in hindsight."""
    number = FIRST + list(PACES).index(pace)
    world = generated(number, pace, draws=0)
    found = promise.figures(promise.walk(world.history, world.test), world.test)
    for asked, cell in found["confidence"].items():
        share = float(asked) / 100.0
        chance = (share * (1.0 - share) / found["arrived"]) ** 0.5
        assert cell["kept"] == pytest.approx(share, abs=0.02 + chance)
        assert cell["days"] <= 1.08 * cell["hindsight_days"]


def test_known_lanes_make_promises_shorter_than_hindsight_without():
    world = lanes_world(FIRST + 8)
    found = promise.figures(promise.walk(world.history, world.test), world.test)
    for asked, cell in found["confidence"].items():
        assert cell["kept"] == pytest.approx(float(asked) / 100.0, abs=0.03)
        assert cell["days"] < 0.97 * cell["hindsight_days"]


def test_a_real_file_changed():
    folder = Path(os.environ.get("OMS_DATA", "")) / "olist"
    if not os.environ.get("OMS_DATA") or not folder.is_dir():
        pytest.skip("no data folder: OMS_DATA names none")
    worlds = changed(read_deliveries(folder / "orders_to_2018_03.csv.gz"))
    rows = [promise_bed.score(world) for world in worlds if world.family == "real step down later"]
    cells = promise_bed.cells(rows[:3])
    assert len(cells) == 9
    assert sum(cell["missed"] for cell in cells) <= 1


def test_cells_are_counted_as_they_say():
    row = {
        "name": "",
        "family": "",
        "cells": {
            "80": {"kept": 0.815, "days": 10.0, "hindsight_days": 10.0},
            "90": {"kept": 0.875, "days": 8.0, "hindsight_days": 10.0},
            "95": {"kept": 0.95, "days": 10.6, "hindsight_days": 10.0},
        },
    }
    found = promise_bed.cells([row])
    assert [cell["missed"] for cell in found] == [False, True, True]
    assert "2/3" in promise_bed.summary(found)
