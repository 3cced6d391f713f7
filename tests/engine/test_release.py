"""What is prepared now: rules that hold for every day, looked at from outside."""

import math
import random

import pytest

from engine.release import Day, Task, release

HOUR = 3600.0


def by_key(found):
    return {verdict.key: verdict for verdict in found.verdicts}


def test_what_is_due_today_goes_whatever_the_day_can():
    day = Day(now=0, closes=8 * HOUR, units=5)
    found = release([Task(1, 4 * HOUR, 4), Task(2, 6 * HOUR, 4), Task(3, 30 * HOUR, 1)], day)
    assert [(v.key, v.now, v.reason) for v in found.verdicts] == [
        (1, True, "urgent"),
        (2, True, "urgent"),
        (3, False, "full"),
    ]
    assert (found.units, found.orders, found.over) == (8, 2, 3)


def test_the_rest_fills_the_day_by_due_time():
    day = Day(now=0, closes=8 * HOUR, units=5)
    found = by_key(release([Task(1, 30 * HOUR, 3), Task(2, 20 * HOUR, 3), Task(3, units=2)], day))
    assert found[2].reason == "room"
    assert found[1].reason == "full"
    assert found[3].reason == "room", "it fits where a larger one does not"


def test_more_that_comes_in_time_is_waited_for():
    day = Day(now=0, closes=8 * HOUR, slack=HOUR)
    waits = Task(1, due=20 * HOUR, complete_at=18 * HOUR)
    late = Task(2, due=18.5 * HOUR, complete_at=18 * HOUR)
    here = Task(3, due=20 * HOUR, complete_at=0)
    found = by_key(release([waits, late, here], day))
    assert (found[1].reason, found[1].until) == ("consolidate", 18 * HOUR)
    assert found[2].now
    assert found[3].now


def test_orders_are_limited_too():
    day = Day(now=0, closes=HOUR, orders=2)
    found = release([Task(key, 9 * HOUR + key) for key in range(5)], day)
    assert [verdict.now for verdict in found.verdicts] == [True, True, False, False, False]


@pytest.mark.parametrize("seed", range(100))
def test_rules_that_always_hold(seed):
    draw = random.Random(seed)
    day = Day(0, 8 * HOUR, draw.choice([3, 10, math.inf]), draw.choice([2, 5, math.inf]))
    tasks = {
        key: Task(
            key,
            draw.choice([math.inf, HOUR, 7 * HOUR, 20 * HOUR, 50 * HOUR]),
            draw.randint(1, 4),
            draw.choice([None, None, 2 * HOUR, 15 * HOUR]),
        )
        for key in range(12)
    }
    found = release(tasks.values(), day)
    verdicts = by_key(found)
    assert verdicts.keys() == tasks.keys()
    now = [tasks[key] for key, verdict in verdicts.items() if verdict.now]
    assert found.units == sum(task.units for task in now)
    chosen = [task for task in now if task.due > day.closes]
    if chosen:
        assert found.units <= day.units
        assert found.orders <= day.orders
    for key, verdict in verdicts.items():
        task = tasks[key]
        if verdict.reason == "full":
            assert task.due > day.closes
            earlier = [each for each in now if (each.due, each.key) < (task.due, key)]
            units = sum(each.units for each in earlier) + task.units
            assert units > day.units or len(earlier) + 1 > day.orders
        if verdict.reason == "consolidate":
            assert task.complete_at < task.due


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="once"):
        release([Task(1), Task(1)], Day(0, 1))
    with pytest.raises(ValueError, match="sensible"):
        Task(1, units=-1)
