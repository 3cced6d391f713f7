"""When a site works, and when what it is asked for at some moment leaves.

Moments are POSIX seconds (UTC) in float arrays; opening hours come in as instants, so that the
changes to and from summer time are behind whoever calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

DAY = 86_400.0
"""Seconds in a day of 24 hours."""

Seconds = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class WorkingTime:
    """The opening hours of a site over some weeks, by its local days.

    :param starts: when each stretch of work begins, ascending, shape (N,)
    :param ends: when it ends, not before it begins and not after the next one does, shape (N,)
    :param first: index of each open day's first stretch, shape (D,)
    :param days: the D open days by the local calendar, ascending
    :param cutoffs: until when an order is worked on the same day, shape (D,)
    """

    starts: Seconds
    ends: Seconds
    first: Index
    days: tuple[date, ...]
    cutoffs: Seconds

    @property
    def opens(self) -> Seconds:
        """When each open day begins, shape (D,)."""
        return self.starts[self.first]

    @property
    def closes(self) -> Seconds:
        """When each open day ends, shape (D,)."""
        last = np.append(self.first[1:], len(self.starts)) - 1 if self.days else self.first
        return self.ends[last]

    def first_day(self, moments: ArrayLike) -> Index:
        """Find the day on which an order placed at a moment is worked on, room or not.

        :param moments: POSIX seconds, any shape
        :return: index of the day; D, one past the last, where no open day follows
        """
        return np.searchsorted(self.cutoffs, np.asarray(moments, dtype=float), side="left")

    def leave_after_hours(self, moments: ArrayLike, days: ArrayLike, hours: float) -> Seconds:
        """Tell when a parcel leaves that takes some hours of work from its day on.

        :param moments: when the orders were placed, POSIX seconds, shape (M,)
        :param days: index of the day on which each is worked on, as :meth:`first_day` gives it or
            later, shape (M,)
        :param hours: working hours that preparing takes, not below zero
        :return: POSIX seconds, shape (M,); infinity where the opening hours known do not suffice
        :raises ValueError: the hours are negative or not finite
        """
        _check_span(hours)
        moments, days = np.broadcast_arrays(np.asarray(moments, float), np.asarray(days))
        leaves = np.full(days.shape, np.inf)
        known = days < len(self.days)
        if not known.any():
            return leaves
        begin = np.maximum(moments[known], self.opens[days[known]])
        worked = np.concatenate([[0.0], np.cumsum(self.ends - self.starts)])
        place = np.searchsorted(self.starts, begin, side="right") - 1
        into = np.minimum(begin, self.ends[place]) - self.starts[place]
        target = worked[place] + into + hours * 3600.0
        # The stretch in which the last hour of work is done.
        last = np.searchsorted(worked, target, side="left") - 1
        enough = last < len(self.starts)
        last = np.clip(last, 0, len(self.starts) - 1)
        ready = self.starts[last] + (target - worked[last])
        leaves[known] = np.where(enough, np.maximum(ready, begin), np.inf)
        return leaves

    def latest_begin(self, moment: float, hours: float) -> float:
        """Tell until when work has to begin so that it is done by some moment.

        :param moment: POSIX seconds
        :param hours: working hours that it takes, not below zero
        :return: POSIX seconds; minus infinity where the opening hours known do not suffice
        :raises ValueError: the hours are negative or not finite
        """
        _check_span(hours)
        if not len(self.starts):
            return -np.inf
        worked = np.concatenate([[0.0], np.cumsum(self.ends - self.starts)])
        place = int(np.searchsorted(self.starts, moment, side="right")) - 1
        if place < 0:
            return -np.inf
        done = worked[place] + min(moment, self.ends[place]) - self.starts[place]
        target = done - hours * 3600.0
        if target < 0.0:
            return -np.inf
        place = min(int(np.searchsorted(worked, target, side="right")) - 1, len(self.starts) - 1)
        return float(min(self.starts[place] + (target - worked[place]), moment))

    def latest_order(self, moment: float, hours: float) -> float:
        """Tell until when an order has to come so that its work is done by some moment.

        :param moment: POSIX seconds
        :param hours: working hours that the work takes, not below zero
        :return: POSIX seconds; minus infinity where the opening hours known do not suffice
        :raises ValueError: the hours are negative or not finite
        """
        begin = self.latest_begin(moment, hours)
        day = int(np.searchsorted(self.opens, begin, side="right")) - 1
        return -np.inf if day < 0 else min(begin, float(self.cutoffs[day]))

    def leave_after_days(self, days: ArrayLike, span: int) -> Seconds:
        """Tell when a parcel leaves that goes out some open days after its own, at closing time.

        :param days: index of the day on which each order is worked on, shape (M,)
        :param span: open days after that; 0 is the same day
        :return: POSIX seconds, shape (M,); infinity where no such day is known
        :raises ValueError: the span is negative
        """
        _check_span(span)
        last = np.asarray(days) + int(span)
        closes = np.append(self.closes, np.inf)
        return closes[np.minimum(last, len(self.days))]


def build(
    intervals: Iterable[tuple[datetime, datetime]], zone: tzinfo, cutoff: float | None = None
) -> WorkingTime:
    """Arrange opening hours by the local days of a site.

    :param intervals: begin and end of each stretch of work with their time zones, ascending,
        disjoint; one that runs past midnight counts for both days
    :param zone: of the site
    :param cutoff: hour of the local day, 0 to 24, until which orders are worked on the same day;
        until closing time when None or later than that
    :raises ValueError: an interval ends before it begins or overlaps the one before, a moment has
        no time zone, or the cut-off is no hour of a day
    """
    if cutoff is not None and not 0.0 <= cutoff <= 24.0:
        raise ValueError(f"The cut-off must be an hour between 0 and 24, not {cutoff!r}.")
    starts: list[float] = []
    ends: list[float] = []
    first: list[int] = []
    days: list[date] = []
    before = -np.inf
    for begin, end in intervals:
        if begin.tzinfo is None or end.tzinfo is None:
            raise ValueError("Opening hours must carry their time zone.")
        if end.timestamp() < begin.timestamp() or begin.timestamp() < before:
            raise ValueError(f"The opening hours from {begin} to {end} are out of order.")
        before = end.timestamp()
        for day, start, stop in _by_day(begin, end, zone):
            if not days or days[-1] != day:
                days.append(day)
                first.append(len(starts))
            starts.append(start)
            ends.append(stop)
    hours = WorkingTime(
        np.array(starts),
        np.array(ends),
        np.array(first, dtype=np.int64),
        tuple(days),
        np.zeros(len(days)),
    )
    cutoffs = hours.closes
    if cutoff is not None:
        wall = np.array([local_instant(day, cutoff, zone) for day in days])
        cutoffs = np.minimum(cutoffs, wall)
    return WorkingTime(hours.starts, hours.ends, hours.first, hours.days, cutoffs)


def local_instant(day: date, hour: float, zone: tzinfo) -> float:
    """Return the instant at which the clocks of a zone show an hour of a day.

    :param hour: 0 to 24; an hour that the clocks show twice is the first of the two
    :return: POSIX seconds
    """
    minutes = round(hour * 60)
    midnight = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)
    return midnight.replace(tzinfo=zone).timestamp()


def transit_days(kilometers: ArrayLike, limits: ArrayLike, days: ArrayLike) -> Seconds:
    """Estimate how long parcels travel, by bands of distance.

    :param kilometers: of each way, any shape
    :param limits: up to which distance each band reaches, ascending, shape (B,); the last band
        also takes what is farther
    :param days: that parcels of each band take, shape (B,)
    :return: days, in the shape of ``kilometers``; zero where there are no bands
    """
    limits, days = np.asarray(limits, dtype=float), np.asarray(days, dtype=float)
    kilometers = np.asarray(kilometers, dtype=float)
    if not limits.size:
        return np.zeros(kilometers.shape)
    band = np.searchsorted(limits, kilometers, side="left")
    return days[np.minimum(band, len(limits) - 1)]


def _by_day(begin: datetime, end: datetime, zone: tzinfo) -> Iterable[tuple[date, float, float]]:
    """Cut a stretch of work at the midnights of a zone."""
    start, stop = begin.timestamp(), end.timestamp()
    day = begin.astimezone(zone).date()
    while start < stop:
        midnight = local_instant(day, 24.0, zone)
        cut = min(stop, midnight)
        if cut > start:
            yield day, start, cut
            start = cut
        day += timedelta(days=1)


def _check_span(span: float) -> None:
    if not 0.0 <= span < np.inf:
        raise ValueError(f"What preparing takes cannot be {span!r}.")
