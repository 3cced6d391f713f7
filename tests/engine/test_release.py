"""What is prepared now: rules that hold for every day, and all ways tried on small instances."""

import itertools
import math
import random

import pytest

from engine.release import Day, Task, release

HOUR = 3600.0
DAY = 24 * HOUR


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
    found = by_key(release([Task(1, 35 * HOUR, 3), Task(2, 30 * HOUR, 3), Task(3, units=2)], day))
    assert found[2].reason == "room"
    assert found[1].reason == "full"
    assert found[3].reason == "room", "it fits where a larger one does not"


def test_what_nobody_looks_at_in_time_goes_now():
    """Looked at once a day, at noon: what must be begun tomorrow morning cannot wait."""
    day = Day(now=12 * HOUR, closes=17 * HOUR, units=0)
    found = by_key(release([Task(1, DAY + 9 * HOUR), Task(2, DAY + 13 * HOUR)], day))
    assert found[1].reason == "urgent"
    assert found[2].reason == "full"


def test_more_that_comes_in_time_is_waited_for():
    day = Day(now=0, closes=8 * HOUR, look=HOUR)
    waits = Task(1, begin_by=20 * HOUR, complete_at=18 * HOUR)
    late = Task(2, begin_by=18.5 * HOUR, complete_at=18.2 * HOUR)
    here = Task(3, begin_by=20 * HOUR, complete_at=0)
    found = by_key(release([waits, late, here], day))
    assert (found[1].reason, found[1].until) == ("consolidate", 18 * HOUR)
    assert found[2].now
    assert found[3].now
    # Complete in time, but nobody would look between its coming and the last moment to begin.
    [verdict] = release([waits], Day(now=0, closes=8 * HOUR, look=DAY)).verdicts
    assert verdict.now


def test_what_is_wanted_later_is_not_sent_now():
    day = Day(now=0, closes=8 * HOUR)
    found = by_key(release([Task(1, 9 * DAY, is_wanted=True), Task(2, 9 * DAY)], day))
    assert (found[1].now, found[1].reason, found[1].until) == (False, "wanted", 9 * DAY)
    assert found[2].now
    [verdict] = release([Task(1, 6 * HOUR, is_wanted=True)], day).verdicts
    assert verdict.reason == "urgent"


def test_orders_are_limited_too():
    day = Day(now=0, closes=HOUR, orders=2)
    found = release([Task(key, 3 * DAY + key) for key in range(5)], day)
    assert [verdict.now for verdict in found.verdicts] == [True, True, False, False, False]
    assert found.over_orders == 0
    assert release([Task(key, key) for key in range(5)], day).over_orders == 3


def draw_tasks(draw, count=12):
    return {
        key: Task(
            key,
            draw.choice([math.inf, HOUR, 7 * HOUR, 20 * HOUR, 30 * HOUR, 50 * HOUR, 90 * HOUR]),
            draw.randint(1, 4),
            draw.choice([None, None, 2 * HOUR, 15 * HOUR, 40 * HOUR]),
            draw.random() < 0.2,
        )
        for key in range(count)
    }


@pytest.mark.parametrize("seed", range(200))
def test_rules_that_always_hold(seed):
    draw = random.Random(seed)
    day = Day(
        0,
        8 * HOUR,
        draw.choice([3, 10, math.inf]),
        draw.choice([2, 5, math.inf]),
        draw.choice([HOUR, DAY]),
    )
    tasks = draw_tasks(draw)
    found = release(tasks.values(), day)
    verdicts = by_key(found)
    assert verdicts.keys() == tasks.keys()
    now = [tasks[key] for key, verdict in verdicts.items() if verdict.now]
    assert found.units == sum(task.units for task in now)
    if any(verdict.reason == "room" for verdict in verdicts.values()):
        assert found.units <= day.units
        assert found.orders <= day.orders
    for key, verdict in verdicts.items():
        task = tasks[key]
        if verdict.reason == "full":
            earlier = [each for each in now if (each.begin_by, each.key) < (task.begin_by, key)]
            units = sum(each.units for each in earlier) + task.units
            assert units > day.units or len(earlier) + 1 > day.orders
        if verdict.reason == "consolidate":
            assert task.complete_at < task.begin_by


@pytest.mark.parametrize("seed", range(200))
def test_what_is_held_is_never_late(seed):
    """Day for day, by whoever looks: nothing is begun after its last moment, if it was in time."""
    draw = random.Random(seed)
    look = draw.choice([HOUR, 5 * HOUR, DAY])
    left = {key: task for key, task in draw_tasks(draw).items() if task.begin_by < math.inf}
    moment = draw.uniform(0, 8 * HOUR)
    begun = {}
    first = moment
    while left and moment < 10 * DAY:
        closes = math.floor(moment / DAY) * DAY + 8 * HOUR
        if closes <= moment:
            closes += DAY
        found = release(left.values(), Day(moment, closes, draw.choice([0, 2, 5]), 3, look))
        for verdict in found.verdicts:
            if verdict.now:
                begun[verdict.key] = moment, left.pop(verdict.key)
        moment += look
    assert not left
    for at, task in begun.values():
        assert at <= max(task.begin_by, first)


def best_over(tasks, days, room):
    """Try all ways to put tasks into days, none after its own: the fewest units above the room."""
    ways = itertools.product(
        *(
            [day for day in range(days) if day * DAY <= task.begin_by] or [0]
            for task in tasks.values()
        )
    )
    return min(
        sum(
            max(
                sum(t.units for t, d in zip(tasks.values(), way, strict=True) if d == day) - room, 0
            )
            for day in range(days)
        )
        for way in ways
    )


def over_of_policy(tasks, days, room):
    left, over = dict(tasks), 0.0
    for number in range(days):
        # Everything is begun at the opening of a day, and looked at then.
        day = Day(number * DAY, number * DAY + 8 * HOUR, room)
        found = release(left.values(), day)
        over += found.over
        for verdict in found.verdicts:
            if verdict.now:
                del left[verdict.key]
    assert not left
    return over


@pytest.mark.parametrize("seed", range(150))
@pytest.mark.parametrize("largest", [1, 3])
def test_days_are_as_little_over_as_can_be(seed, largest):
    """Against all ways: exactly for orders of one size, else up to an order a day."""
    draw = random.Random(seed)
    days, room = 3, draw.randint(1, 4)
    tasks = {
        key: Task(key, draw.randrange(days) * DAY + HOUR, draw.randint(1, largest))
        for key in range(draw.randint(1, 7))
    }
    best, found = best_over(tasks, days, room), over_of_policy(tasks, days, room)
    if largest == 1:
        assert found == best
    else:
        assert best <= found <= best + (days - 1) * (largest - 1)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="once"):
        release([Task(1), Task(1)], Day(0, 1))
    with pytest.raises(ValueError, match="sensible"):
        Task(1, units=-1)
    with pytest.raises(ValueError, match="again"):
        Day(0, 1, look=0)
