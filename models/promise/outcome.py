"""What became of a promise, by the calendar of the place where the goods arrive."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Outcome(NamedTuple):
    """How a promise stands.

    :param state: "open", "kept", "early", "late" or "dropped"
    :param days: whole days of the calendar by which the goods came after the date, negative if
        before; for goods that have not come, by which the date is over, 0 while it is not
    """

    state: str
    days: int


@lru_cache(maxsize=1_000)
def get_zone(name: str | None) -> ZoneInfo:
    """Return a time zone, UTC where there is none of that name."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def to_local_date(moment: datetime, zone: str | None) -> date:
    """Return the date that a calendar shows at a moment.

    :param moment: UTC without time zone
    :param zone: name of the time zone of the calendar
    """
    return moment.replace(tzinfo=UTC).astimezone(get_zone(zone)).date()


def to_moment(day: date, zone: str | None) -> datetime:
    """Return noon of a day: nearly everywhere else the clocks show the same day then.

    :param zone: name of the time zone whose day it is
    :return: UTC without time zone
    """
    noon = datetime.combine(day, time(12), get_zone(zone))
    return noon.astimezone(UTC).replace(tzinfo=None)


def judge(
    promised: date,
    earliest: date | None,
    arrived: datetime | None,
    now: datetime,
    zone: str | None,
    early_days: int,
) -> Outcome:
    """Tell how a promise stands whose goods are still wanted.

    :param promised: the day by whose end the goods are to be there
    :param earliest: the day before which they were not to be expected; None if none was told
    :param arrived: when they came, UTC without time zone; None while they have not
    :param now: UTC without time zone
    :param zone: name of the time zone whose calendar counts
    :param early_days: how many days before the earliest day are not yet too early
    """
    if arrived is None:
        over = (to_local_date(now, zone) - promised).days
        return Outcome("late", over) if over > 0 else Outcome("open", 0)
    day = to_local_date(arrived, zone)
    days = (day - promised).days
    if days > 0:
        return Outcome("late", days)
    if earliest is not None and day < earliest - timedelta(days=early_days):
        return Outcome("early", days)
    return Outcome("kept", days)
