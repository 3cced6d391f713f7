"""Days on which nothing arrives: weekends that are learned, and holidays that are given."""

import math

import numpy as np

from engine.promise import Lane, Learner, Observation, promised_dates


def learned(observations, now, **given):
    learner = Learner(**given)
    learner.update(observations, now)
    return learner


def weekly(rng, number, days, closed=()):
    """Arrivals on Monday to Friday only, four working days after the order on average."""
    found = []
    for at in np.sort(rng.uniform(0.0, days, number)).tolist():
        left, day = rng.integers(2, 7), math.floor(at)
        while left:
            day += 1
            left -= (day + 3) % 7 < 5 and day not in closed
        found.append(Observation(Lane(), at, day + rng.uniform(0.4, 0.7)))
    return found


def test_nothing_is_promised_for_days_on_which_nothing_arrives():
    learner = learned(weekly(np.random.default_rng(11), 6000, 364.0), 364.0)
    moments = 364.0 + np.arange(14) + 0.5
    dates = promised_dates(learner, [Lane()] * 14, moments, [0.55, 0.75, 0.95])
    assert ((dates + 3) % 7 < 5).all()
    # Working days after the order that four in five take: 2 to 6 are equally likely.
    monday = 364 + 4
    date = promised_dates(learner, [Lane()], monday + 0.5, [0.79])[0, 0]
    assert date - monday in (7, 8)  # the fifth working day is the next Monday


def test_holidays_are_skipped():
    closed = range(370, 375)
    every = weekly(np.random.default_rng(12), 6000, 364.0)
    plain, aware = learned(every, 364.0), learned(every, 364.0, closed=closed)
    # Ordered on a Saturday, nine in ten need six working days: until the next Monday. Closed from
    # Wednesday on, three days are lost.
    assert promised_dates(plain, [Lane()], 366.5, [0.9])[0, 0] == 375
    assert promised_dates(aware, [Lane()], 366.5, [0.9])[0, 0] == 378
    assert all(
        date not in closed
        for date in promised_dates(aware, [Lane()] * 8, 364.0 + np.arange(8.0), [0.3, 0.6])
        .ravel()
        .tolist()
    )


def test_nearest_dates_are_days_on_which_something_arrives():
    """Friday keeps what Sunday would keep: who may take the nearest date is told the Friday."""
    learner = learned(weekly(np.random.default_rng(13), 6000, 364.0), 364.0)
    moments = 364.0 + np.arange(28) + np.random.default_rng(14).random(28)
    confidences = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
    near = promised_dates(learner, [Lane()] * 28, moments, confidences, nearest=True)
    safe = promised_dates(learner, [Lane()] * 28, moments, confidences)
    for dates in (near, safe):
        assert ((dates + 3) % 7 < 5).all()
        assert (np.diff(dates, axis=1) >= 0).all()
    assert (near <= safe).all() and (near < safe).any()
