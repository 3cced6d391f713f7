"""Moments as POSIX seconds, as clocks show them, and as Odoo keeps them."""

from datetime import date, datetime, timedelta, timezone

#: 1970-01-01 as a number of days of the calendar.
EPOCH = date(1970, 1, 1).toordinal()
#: Days after which nobody waits any more for word of something.
GIVE_UP_DAYS = 90


def local_days(seconds, zone):
    """Tell what the clocks of a zone show, in days since 1970-01-01.

    :param float seconds: POSIX seconds
    :param zone: ``ZoneInfo``
    """
    there = datetime.fromtimestamp(seconds, zone)
    gone = there.hour * 3600 + there.minute * 60 + there.second + there.microsecond / 1e6
    return there.toordinal() - EPOCH + gone / 86_400.0


def instant(days, zone):
    """Tell when the clocks of a zone show some days since 1970-01-01, in POSIX seconds."""
    shown = datetime(1970, 1, 1) + timedelta(days=days)
    return shown.replace(tzinfo=zone).timestamp()


def to_date(day):
    """Return the date of whole days since 1970-01-01."""
    return date.fromordinal(EPOCH + int(day))


def to_utc(seconds):
    """Return POSIX seconds as Odoo keeps moments: UTC without time zone, whole seconds."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).replace(tzinfo=None)


def to_posix(moment):
    """Return a moment of Odoo in POSIX seconds."""
    return moment.replace(tzinfo=timezone.utc).timestamp()
