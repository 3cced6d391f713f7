"""From a distribution to a date: promises are days of the calendar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lanes import Lane
from .learner import Learner

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

IDLE = 0.1
"""A day worth less than this part of a usual one is no date to promise: next to nothing arrives."""

HORIZON = 400
"""Days that are looked ahead; what takes longer is promised for the last of them."""


def promised_dates(
    learner: Learner,
    lanes: Sequence[Lane],
    moments: ArrayLike,
    confidences: ArrayLike,
    loads: ArrayLike = 1.0,
    nearest: bool = False,
) -> Index:
    """Promise dates for what begins at some moment on some lane.

    :param lanes: L of them
    :param moments: when it begins, days since 1970-01-01, shape (L,) or one for all
    :param confidences: that the goods arrive on or before the date, shape (C,)
    :param loads: how much more there is to do than usual, factors, shape (L,) or one for all
    :param nearest: the date whose confidence is nearest, be it below what is asked; otherwise
        the first that reaches it
    :return: days since 1970-01-01, shape (L, C)
    """
    wanted = np.asarray(confidences, dtype=float)
    days = learner.quantiles(lanes, wanted.tolist(), loads)
    clock = learner.clock()
    moments = np.broadcast_to(np.asarray(moments, dtype=float), (len(lanes),))
    begun, inverse = np.unique(moments, return_inverse=True)
    ends = np.stack([clock.midnights(each, HORIZON) for each in begun.tolist()])
    ends = (ends - clock.at(begun)[:, None])[inverse]
    # The first midnight by which enough has arrived: the clock never runs backwards.
    place = np.minimum((ends[:, None, :] < days[:, :, None] - 1e-9).sum(axis=-1), HORIZON - 1)
    before, place = _busy(ends, place)
    if nearest:
        both = np.stack([before, place], axis=-1)
        after = np.take_along_axis(ends, both.reshape(len(lanes), -1), axis=1)
        share = learner.arrived(lanes, after, loads)[0].reshape(both.shape)
        earlier = np.abs(share[..., 0] - wanted) < np.abs(share[..., 1] - wanted)
        place = np.where(earlier, both[..., 0], place)
    return np.floor(moments).astype(np.int64)[:, None] + place


def _busy(ends: Floats, place: Index) -> tuple[Index, Index]:
    """Go from days on which next to nothing arrives to the next on which something does.

    :param ends: usual days that have passed by the end of each day, shape (L, D)
    :param place: indices of days, shape (L, C)
    :return: the day on which something arrives before each, and the first from it on; the day
        itself where there is none
    """
    number = np.arange(ends.shape[1])
    busy = np.diff(ends, axis=1, prepend=0.0) >= IDLE
    # What remains of the first day may be little, but is no holiday.
    busy[:, 0] |= ends[:, 0] > 0.0
    until = np.maximum.accumulate(np.where(busy, number, -1), axis=1)
    since = np.minimum.accumulate(np.where(busy, number, number.size)[:, ::-1], axis=1)[:, ::-1]
    found = np.take_along_axis(since, place, axis=1)
    found = np.where(found < number.size, found, place)
    before = np.take_along_axis(until, np.maximum(found - 1, 0), axis=1)
    return np.where(before >= 0, before, np.maximum(found - 1, 0)), found


def kept_chances(
    learner: Learner,
    lanes: Sequence[Lane],
    started: ArrayLike,
    due: ArrayLike,
    now: float,
    loads: ArrayLike = 1.0,
) -> tuple[Floats, Floats]:
    """Tell how likely promises under way are kept, given that nothing has arrived until now.

    :param lanes: L of them, one for each promise
    :param started: when each began, days since 1970-01-01, shape (L,)
    :param due: the date that each was promised for, whole days since 1970-01-01, shape (L,), or
        several dates of each, shape (L, C)
    :param now: days since 1970-01-01
    :param loads: how much more there was to do than usual, factors, shape (L,) or one for all
    :return: the chance to be kept if the goods arrive at all, shape of the dates, and the chance
        that they do, (L,)
    """
    started, due = np.asarray(started, dtype=float), np.asarray(due, dtype=float)
    clock = learner.clock()
    begun = clock.at(started)
    ends = clock.at(due + 1.0).reshape(len(lanes), -1)
    after = np.concatenate([clock.at(np.maximum(now, started))[:, None], ends], axis=1)
    share, ever = learner.arrived(lanes, np.maximum(after - begun[:, None], 0.0), loads)
    still = 1.0 - share[:, :1]
    kept = np.clip(share[:, 1:] - share[:, :1], 0.0, None) / np.maximum(still, 1e-9)
    kept = np.where(still > 1e-9, kept, 0.0).reshape(due.shape)
    left = ever * still[:, 0]
    return kept, left / np.maximum(left + 1.0 - ever, 1e-9)
