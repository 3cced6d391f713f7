from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import models


class Opening(NamedTuple):
    """When a site is open.

    :param is_open: whether it is, at the moment asked for
    :param opens_at: when it opens next, if it is closed; UTC, naive; None if not within the days
        looked at
    :param closes_at: until when it is open, if it is; UTC, naive; None if it never closes
    :param days: (local date, list of (from, until) as local times such as '09:00'; '24:00' is
        the end of the day) of each day asked for; None for sites that are always open
    """

    is_open: bool
    opens_at: datetime | None
    closes_at: datetime | None
    days: list | None


class OmsSite(models.Model):
    """When customers can come."""

    _inherit = "oms.site"

    def _get_openings(self, moment, days=7):
        """Tell when the sites are open, by their opening hours with all closures.

        :param datetime.datetime moment: UTC, naive
        :param int days: how many days are told, from that of the moment on
        :return: ``Opening`` by site
        :rtype: dict
        """
        found = {}
        now = moment.replace(tzinfo=UTC).timestamp()
        with_hours = self.filtered("resource_calendar_id")
        times = with_hours._get_working_times(moment) if with_hours else {}
        # Many sites share their hours.
        read = {}
        for site in self:
            hours = times.get(site)
            if hours is None:
                found[site] = Opening(True, None, None, None)
                continue
            key = (id(hours), site.tz)
            if key not in read:
                read[key] = _read_opening(hours, ZoneInfo(site.tz), now, days)
            found[site] = read[key]
        return found


def _read_opening(hours, zone, now, days):
    """Return the :class:`Opening` of opening hours.

    :param WorkingTime hours: from the day of now on
    :param float now: POSIX seconds
    """
    today = datetime.fromtimestamp(now, zone).date()
    by_day = {today + timedelta(days=after): [] for after in range(days)}
    stretches = _join(hours)
    for start, end in stretches:
        _note(by_day, datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone))
    current = next((end for start, end in stretches if start <= now < end), None)
    following = next((start for start, _end in stretches if start > now), None)
    return Opening(
        current is not None,
        _in_utc(following) if current is None else None,
        _in_utc(current),
        list(by_day.items()),
    )


def _join(hours):
    """Return the stretches of opening hours, in whole seconds; what touches is one.

    Odoo has days end a millionth of a second before midnight.
    """
    joined = []
    starts, ends = (each.round().tolist() for each in (hours.starts, hours.ends))
    for start, end in zip(starts, ends, strict=True):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(end, joined[-1][1])
        else:
            joined.append([start, end])
    return joined


def _note(by_day, start, end):
    """Note a stretch under each local day that it touches."""
    day = start.date()
    while day <= end.date():
        midnight = day + timedelta(days=1)
        since = "00:00" if day > start.date() else f"{start:%H:%M}"
        until = "24:00" if midnight <= end.date() else f"{end:%H:%M}"
        if day in by_day and since != until and not (day == end.date() and end.time() == time.min):
            by_day[day].append((since, until))
        day = midnight


def _in_utc(seconds):
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
