"""Days of delivery, against counting them in small steps."""

import numpy as np
import pytest

from engine.delivery_days import DeliveryDays, build

MONDAY = 20_535
"""2026-03-23."""


def counted(days: DeliveryDays, moment: float, needed: float) -> int:
    """Let time pass by hundredths of days, and count those on which something is delivered."""
    step, left = round(moment * 100), round(needed * 100)
    while left:
        left -= days.opens[step // 100 - days.first]
        step += 1
    # What is done when a day ends is done on it.
    day = (step - 1) // 100 if needed else step // 100
    while not days.opens[day - days.first]:
        day += 1
    return day


def test_like_counting():
    rng = np.random.default_rng(1)
    for _case in range(300):
        weekdays = rng.choice(7, rng.integers(1, 8), replace=False).tolist()
        holidays = (MONDAY + rng.integers(0, 40, 5)).tolist()
        days = build(MONDAY, 400, weekdays, holidays)
        moment = MONDAY + rng.integers(0, 3000) / 100.0
        needed = rng.integers(0, 500) / 100.0
        assert days.arrive(moment, needed) == counted(days, moment, needed), (moment, needed)


def test_weekends():
    days = build(MONDAY, 30, range(5))
    friday = MONDAY + 4
    assert days.arrive(friday + 0.7, 1) == MONDAY + 7
    assert days.arrive(friday + 0.7, 0) == friday
    assert days.arrive(friday + 1.7, 0) == MONDAY + 7
    assert days.closed[:2] == (MONDAY + 5, MONDAY + 6)
    assert days.on_or_after(friday + 1) == MONDAY + 7


def test_what_arrives_after_all_that_is_known():
    days = build(MONDAY, 10, range(7))
    assert days.arrive(MONDAY + 8.5, 1) == MONDAY + 9
    assert days.arrive(MONDAY + 8.5, 3) is None
    assert days.arrive(MONDAY + 50, 0) is None
    assert build(MONDAY, 10, ()).arrive(MONDAY, 0) is None
    for moment, needed in ((MONDAY - 1.0, 1.0), (MONDAY + 1.0, -1.0), (MONDAY + 1.0, np.nan)):
        with pytest.raises(ValueError, match="Nothing can leave"):
            days.arrive(moment, needed)
