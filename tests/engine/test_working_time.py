"""Working time against a clock that is watched minute by minute."""

import random
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from engine.capacity import Room
from engine.working_time import build, local_instant, transit_days

PARIS, NEW_YORK, LORD_HOWE = map(
    ZoneInfo, ("Europe/Paris", "America/New_York", "Australia/Lord_Howe")
)
UTC = timezone.utc


def hours_of(week, zone, start, days):
    """Lay a week of opening hours out over some days, as instants.

    :param week: (from, to) hours by weekday
    """
    result = []
    for number in range(days):
        day = start + timedelta(days=number)
        for begin, end in week.get(day.weekday(), ()):
            moments = [
                datetime.fromtimestamp(local_instant(day, hour, zone), UTC) for hour in (begin, end)
            ]
            if moments[0] < moments[1]:
                result.append(tuple(moments))
    return result


class Clock:
    """The truth: the wall clock of a place, looked at every minute."""

    def __init__(self, week, zone, start, days, closed, cutoff):
        self.cutoff = cutoff
        self.begin = datetime.fromtimestamp(local_instant(start, 0, zone), UTC)
        self.local, self.open = [], []
        for minute in range(days * 24 * 60):
            local = (self.begin + timedelta(minutes=minute)).astimezone(zone)
            hour = local.hour + local.minute / 60
            hours = week.get(local.weekday(), ()) if local.date() not in closed else ()
            self.local.append((local.date(), hour))
            self.open.append(any(since <= hour < until for since, until in hours))

    def intervals(self):
        """Return the stretches in which the place is open."""
        changes = [
            minute
            for minute, (before, now) in enumerate(pairwise([False, *self.open, False]))
            if before != now
        ]
        moments = [self.begin + timedelta(minutes=minute) for minute in changes]
        return list(zip(moments[::2], moments[1::2], strict=True))

    def day(self, minute):
        """Return the local day on which an order placed in a minute is worked on."""
        today, hour = self.local[minute]
        late = self.cutoff is not None and hour > self.cutoff
        for later in range(minute, len(self.open)):
            if self.open[later] and not (late and self.local[later][0] == today):
                return self.local[later][0]
        return None

    def after(self, minute, day, work):
        """Return the minute in which so many open ones have passed, begun on a day."""
        opened = next(
            later
            for later, (date_, _hour) in enumerate(self.local)
            if date_ == day and self.open[later]
        )
        now = max(minute, opened)
        while work and now < len(self.open):
            work -= self.open[now]
            now += 1
        return None if work else now


CASES = [
    (PARIS, date(2026, 3, 27)),  # the clocks go forward on the 29th
    (PARIS, date(2026, 10, 23)),  # and back on the 25th
    (NEW_YORK, date(2026, 3, 6)),
    (NEW_YORK, date(2026, 10, 30)),
    (LORD_HOWE, date(2026, 4, 3)),  # by half an hour
    (PARIS, date(2026, 6, 1)),
]


def draw(random_, zone, start):
    week = {}
    for weekday in random_.sample(range(7), random_.randint(2, 7)):
        cuts = sorted(random_.sample(range(97), random_.choice([2, 4])))
        week[weekday] = [(a / 4, b / 4) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]
    closed = {start + timedelta(days=random_.randint(0, 9)) for _ in range(random_.randint(0, 2))}
    cutoff = random_.choice([None, random_.randint(16, 96) / 4])
    return week, closed, cutoff


@pytest.mark.parametrize("seed", range(40))
def test_against_the_clock(seed):
    random_ = random.Random(seed)
    zone, start = CASES[seed % len(CASES)]
    week, closed, cutoff = draw(random_, zone, start)
    clock = Clock(week, zone, start, 12, closed, cutoff)
    hours = build(clock.intervals(), zone, cutoff)
    for _ in range(25):
        minute = random_.randrange(6 * 24 * 60)
        work = random_.choice([0, 15, 60, 240, 900])
        moment = clock.begin.timestamp() + minute * 60
        [place] = hours.first_day([moment])
        day = clock.day(minute)
        if day is None:
            assert place == len(hours.days)
            assert np.isinf(hours.leave_after_hours([moment], [place], 1.0)).all()
            continue
        assert hours.days[place] == day
        [leaves] = hours.leave_after_hours([moment], [place], work / 60)
        expected = clock.after(minute, day, work)
        if expected is None:
            assert np.isinf(leaves)
        else:
            assert leaves == pytest.approx(clock.begin.timestamp() + expected * 60, abs=1.0)


def test_days_close_the_day():
    week = {0: [(8, 12), (14, 18)], 1: [(8, 12)], 3: [(9, 17)]}
    hours = build(hours_of(week, PARIS, date(2026, 6, 1), 7), PARIS, 11.0)
    monday = datetime(2026, 6, 1, 11, 0, tzinfo=PARIS)
    assert hours.first_day([monday.timestamp(), monday.timestamp() + 60]).tolist() == [0, 1]
    closing = [
        datetime(2026, 6, day, hour, tzinfo=PARIS).timestamp()
        for day, hour in ((1, 18), (2, 12), (4, 17))
    ]
    assert hours.leave_after_days([0, 0, 0], 0).tolist() == [closing[0]] * 3
    assert hours.leave_after_days([0, 1], 1).tolist() == closing[1:]
    assert hours.leave_after_days([2, 3], 1).tolist() == [np.inf, np.inf]


def test_round_the_clock_is_cut_at_midnight():
    whole = [(datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))]
    hours = build(whole, PARIS)
    assert [day.day for day in hours.days] == [28, 29, 30, 31]
    lengths = (hours.closes - hours.opens) / 3600
    assert lengths.tolist() == [23.0, 23.0, 24.0, 2.0], "the 29th has 23 hours"


def test_never_open():
    hours = build([], PARIS, 12.0)
    assert hours.first_day([0.0]).tolist() == [0]
    assert np.isinf(hours.leave_after_hours([0.0], [0], 0.0)).all()
    assert np.isinf(hours.leave_after_days([0], 0)).all()


@pytest.mark.parametrize(
    ("intervals", "cutoff"),
    [
        ([(datetime(2026, 1, 1), datetime(2026, 1, 2))], None),
        ([(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))], None),
        ([(datetime(2026, 1, d, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)) for d in (1, 2)], 0),
        ([], 24.5),
        ([], float("nan")),
    ],
)
def test_bad_input(intervals, cutoff):
    with pytest.raises(ValueError):
        build(intervals, PARIS, cutoff)


@pytest.mark.parametrize("span", [-1, float("nan"), float("inf")])
def test_bad_span(span):
    hours = build([], PARIS)
    with pytest.raises(ValueError):
        hours.leave_after_hours([0.0], [0], span)
    with pytest.raises(ValueError):
        hours.leave_after_days([0], span)


def test_transit_by_bands():
    days = transit_days([[0, 100, 100.1], [500, 501, 20000]], [100, 500, 1500], [1, 2, 4])
    assert days.tolist() == [[1, 1, 2], [2, 4, 4]]
    assert transit_days([3.0], [], []).tolist() == [0.0]


def make_room(**limits):
    days = tuple(date(2026, 6, number) for number in (1, 2, 3))
    return Room(days, 3, np.zeros(3), np.zeros(3), **limits)


def search(taken, units, most_orders, most_units, most_open):
    """Go through the days one by one: first for the whole order, then for a part of it."""
    if sum(map(len, taken)) >= most_open:
        return None
    for whole in (True, False):
        for place, orders in enumerate(taken):
            left = most_units - sum(orders)
            enough = left >= units or (units > most_units and not orders) if whole else left > 0
            if len(orders) < most_orders and enough:
                return place
    return None


@pytest.mark.parametrize("seed", range(30))
def test_room_against_counting(seed):
    """Days are found as by whoever goes through them one by one, and never overbooked."""
    random_ = random.Random(seed)
    most_orders = random_.choice([np.inf, 1, 2, 3])
    most_units = random_.choice([np.inf, 4, 10])
    most_open = random_.choice([np.inf, 2, 5])
    room = make_room(most_orders=most_orders, most_units=most_units, open_left=most_open)
    taken = [[], [], []]
    for _ in range(12):
        units = random_.randint(1, 12)
        expected = search(taken, units, most_orders, most_units, most_open)
        found = room.find(units)
        assert found == expected
        if found is not None:
            given = min(units, room.left(found))
            room.take(found, given)
            taken[found].append(given)
            assert sum(taken[found]) <= most_units


def test_further_units_need_no_further_order():
    room = make_room(most_orders=1, most_units=10, open_left=1)
    room.take(0, 4)
    assert room.find(1) is None
    assert room.find(6, orders=0, opens=0) == 0
    assert room.find(7, orders=0, opens=0) == 1
    assert room.find(1, opens=0) == 1


def test_reach_and_what_was_promised():
    days = tuple(date(2026, 6, number) for number in (1, 2, 3))
    room = Room(days, 1, np.array([2.0, 2.0, 0.0]), np.zeros(3), most_orders=2, open_left=0)
    assert room.find(1, opens=0) is None, "its only day is full"
    assert room.find_late(1) == 2, "what was promised is done on the first day with room"


def test_latest_begin_and_order_turn_leaving_around():
    """Whoever orders by then is served by then, whoever orders a minute later is not."""
    hours = build(
        [
            tuple(datetime(2026, 3, 24 + day, hour, tzinfo=PARIS) for hour in stretch)
            for day in range(4)
            for stretch in ((9, 12), (13, 18))
        ],
        PARIS,
        cutoff=15.0,
    )
    opening = hours.starts[0]
    for work in (0.0, 0.5, 4.0, 9.0):
        for minutes in range(60, 4 * 1440, 97):
            moment = float(opening + 60.0 * minutes)
            latest = hours.latest_order(moment, work)
            if latest == -np.inf:
                [day] = hours.first_day([opening])
                [leaves] = hours.leave_after_hours([opening], [day], work)
                assert leaves > moment
                continue
            leaves = [
                hours.leave_after_hours([each], hours.first_day([each]), work)[0]
                for each in (latest, latest + 60.0)
            ]
            assert leaves[0] <= moment + 1e-6
            assert leaves[1] > moment, (work, minutes)
