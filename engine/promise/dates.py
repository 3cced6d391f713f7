"""From a distribution to a date: promises are days of the calendar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lanes import Lane
from .learner import Learner

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

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
    if nearest:
        both = np.stack([np.maximum(place - 1, 0), place], axis=-1)
        after = np.take_along_axis(ends, both.reshape(len(lanes), -1), axis=1)
        share = learner.arrived(lanes, after, loads)[0].reshape(both.shape)
        earlier = np.abs(share[..., 0] - wanted) < np.abs(share[..., 1] - wanted)
        place = np.where(earlier, both[..., 0], place)
    return np.floor(moments).astype(np.int64)[:, None] + place


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
    :param due: the date that each was promised for, whole days since 1970-01-01, shape (L,)
    :param now: days since 1970-01-01
    :param loads: how much more there was to do than usual, factors, shape (L,) or one for all
    :return: the chance to be kept if the goods arrive at all, and the chance that they do, (L,)
    """
    started = np.asarray(started, dtype=float)
    clock = learner.clock()
    begun = clock.at(started)
    after = np.stack([clock.at(np.maximum(now, started)), clock.at(np.asarray(due) + 1.0)], axis=-1)
    share, ever = learner.arrived(lanes, np.maximum(after - begun[:, None], 0.0), loads)
    still = 1.0 - share[:, 0]
    kept = np.clip(share[:, 1] - share[:, 0], 0.0, None) / np.maximum(still, 1e-9)
    arrives = ever * still / np.maximum(ever * still + 1.0 - ever, 1e-9)
    return np.where(still > 1e-9, kept, 0.0), arrives
