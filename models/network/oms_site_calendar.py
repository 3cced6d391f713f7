from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytz

from odoo import api, fields, models, tools
from odoo.tools import format_datetime

from odoo.addons.base.models.res_partner import _tz_get

from ...engine import working_time

#: Days for which opening hours are looked at. Who is closed for longer counts as closed.
LOOKAHEAD_DAYS = 62

#: Opening hours that are kept in mind.
MOST_HOURS = 1000


class Work(NamedTuple):
    """When sites do what they are asked for, in POSIX seconds, shape (S,) each.

    :param begins: when the work begins; infinity where it does not within the days looked at
    :param leaves: when the parcel leaves
    :param cutoffs: until when an order has to come to be worked on that day; infinity for sites
        that are always open
    """

    begins: np.ndarray
    leaves: np.ndarray
    cutoffs: np.ndarray


class OmsSite(models.Model):
    """When a site works, and when what it is asked for leaves."""

    _inherit = "oms.site"

    resource_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Opening Hours",
        check_company=True,
        tracking=True,
        help="When the site works; holidays are the time off of these hours. Empty: always.",
    )
    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self.env.company.partner_id.tz or self.env.user.tz or "UTC",
        help="In which the opening hours, the cut-off and the days of capacity are told.",
    )
    cutoff_hour = fields.Float(
        string="Cut-Off",
        tracking=True,
        help="Orders that come until this time of an open day are worked on that day, later ones "
        "on the next open day. 0:00: until closing time.",
    )
    handling_time = fields.Float(
        tracking=True, help="What preparing a parcel takes, from the day on which it is begun."
    )
    handling_unit = fields.Selection(
        [("hours", "Working Hours"), ("days", "Open Days")],
        required=True,
        default="hours",
        tracking=True,
        help="Hours are counted while the site is open. With days a parcel leaves at closing time, "
        "with 0 on the day on which the site works on it.",
    )
    next_leave_text = fields.Char(
        string="An Order of Now Leaves",
        compute="_compute_next_leave_text",
        help="By opening hours, cut-off, capacity and handling time.",
    )

    _cutoff_check = models.Constraint(
        "CHECK (COALESCE(cutoff_hour, 0) BETWEEN 0 AND 24)",
        "The cut-off must be a time between 0:00 and 24:00.",
    )
    _handling_check = models.Constraint(
        "CHECK (COALESCE(handling_time, 0) BETWEEN 0 AND 8760)",
        "Handling takes no less than 0 and no more than 8760 hours or days.",
    )

    # No @api.depends: it changes with the clock.
    def _compute_next_leave_text(self):
        moment = fields.Datetime.now()
        leaves = self._get_leaving(moment)
        for site, seconds in zip(self, leaves, strict=True):
            if np.isinf(seconds):
                site.next_leave_text = self.env._("not within %s days", LOOKAHEAD_DAYS)
                continue
            leaving = datetime.fromtimestamp(float(seconds), timezone.utc).replace(tzinfo=None)
            site.next_leave_text = format_datetime(
                self.env, leaving, tz=site.tz, dt_format="EEE d MMM, HH:mm"
            )

    # === WORKING TIME === #

    def _uses_time(self):
        """Tell whether anything keeps what the site is asked for from leaving at once."""
        self.ensure_one()
        return bool(
            self.resource_calendar_id
            or self.cutoff_hour
            or self.handling_time
            or self.handling_unit == "days"
            or self._is_limited()
        )

    def _get_working_times(self, moment):
        """Return the opening hours of the sites from the day of a moment on.

        Sites with the same hours, time zone and cut-off share the work and the result.

        :param datetime.datetime moment: UTC, naive
        :return: ``WorkingTime`` by site
        :rtype: dict
        """
        found = {}
        groups = self.grouped(
            lambda site: (site.resource_calendar_id, site.tz, site.cutoff_hour, site.company_id)
        )
        book = self._get_hours_book()
        for (calendar, tz, cutoff, company), sites in groups.items():
            today = pytz.utc.localize(moment).astimezone(ZoneInfo(tz)).date()
            key = (calendar.id, tz, cutoff, company.id, today)
            hours = book.get(key)
            if hours is None:
                hours = self._prepare_hours(calendar, tz, cutoff, company, today)
                if len(book) >= MOST_HOURS:
                    book.clear()
                book[key] = hours
            found.update(dict.fromkeys(sites, hours))
        return found

    @api.model
    @tools.ormcache()
    def _get_hours_book(self):
        """Return the opening hours that are known already, by what they depend on.

        They are forgotten in all processes as soon as somebody changes opening hours.
        """
        return {}

    @api.model
    def _prepare_hours(self, calendar, tz, cutoff, company, today, days=LOOKAHEAD_DAYS):
        """Read opening hours.

        :param calendar: ``resource.calendar`` record, or none for sites that are always open
        :param str tz: of the site
        :param float cutoff: hour of the day, 0 for closing time
        :param company: ``res.company`` whose time off counts
        :param datetime.date today: from which day on
        :param int days: how many days
        :rtype: WorkingTime
        """
        begin, end = (
            pytz.timezone(tz).localize(datetime.combine(today + timedelta(days=after), time.min))
            for after in (0, days)
        )
        intervals = [(begin, end)]
        if calendar:
            # sudo: kept for all users, so it must not depend on what one of them may read
            found = calendar.sudo()._work_intervals_batch(
                begin,
                end,
                domain=[
                    ("time_type", "=", "leave"),
                    ("company_id", "in", (False, company.id)),
                ],
                tz=pytz.timezone(tz),
            )[False]
            intervals = [(start, stop) for start, stop, _records in found]
        return working_time.build(intervals, ZoneInfo(tz), cutoff or None)

    # === WHEN PARCELS LEAVE === #

    def _get_leaving(self, moment, units=1.0, rooms=None):
        """Tell when a parcel of each site leaves for an order placed at a moment.

        :param datetime.datetime moment: UTC, naive
        :param float units: of the order, for which there must be room
        :param rooms: ``Rooms`` of the sites, read when left out
        :return: POSIX seconds, shape (S,); infinity where it does not within the days looked at
        :rtype: numpy.ndarray
        """
        return self._get_work(moment, units, rooms).leaves

    def _get_work(self, moment, units=1.0, rooms=None):
        """Tell when each site works on an order placed at a moment, and when its parcel leaves.

        :param datetime.datetime moment: UTC, naive
        :param float units: of the order, for which there must be room
        :param rooms: ``Rooms`` of the sites, read when left out
        :rtype: Work
        """
        now = moment.replace(tzinfo=timezone.utc).timestamp()
        work = Work(*(np.full(len(self), each) for each in (now, now, np.inf)))
        timed = self.filtered(lambda site: site._uses_time())
        if not timed:
            return work
        rooms = self._open_rooms(moment) if rooms is None else rooms
        others = timed.filtered(lambda site: site not in rooms.times)
        # Kept for the orders after this one.
        rooms.times.update(others._get_working_times(moment))
        times, timed_ids, known = rooms.times, set(timed._ids), {}
        for place, site in enumerate(self):
            if site.id not in timed_ids:
                continue
            hours = times[site]
            # Sites that work alike and have no capacity are done at the same time.
            alike = site not in rooms.rooms and (id(hours), site.handling_unit, site.handling_time)
            found = known.get(alike)
            if found is None:
                found = site._get_work_by(hours, rooms.find_day(site, units, hours, now), now)
                if alike:
                    known[alike] = found
            work.begins[place], work.leaves[place], work.cutoffs[place] = found
        return work

    def _get_work_by(self, hours, day, now):
        """Return when the site works on an order, when its parcel leaves, and until when orders
        count for the same day: POSIX seconds, infinity where no such day is known.

        :param hours: ``WorkingTime`` of the site
        :param day: index of the open day, None where there is none
        :param float now: POSIX seconds
        """
        if day is None:
            return np.inf, np.inf, np.inf
        if self.handling_unit == "days":
            [leaves] = hours.leave_after_days([day], round(self.handling_time))
        else:
            [leaves] = hours.leave_after_hours([now], [day], self.handling_time)
        return max(now, float(hours.opens[day])), float(leaves), float(hours.cutoffs[day])

    def _get_ready_days(
        self,
        moment,
        kilometers,
        units=1.0,
        rooms=None,
        *,
        handling_days=0.0,
        kilometers_per_day=np.inf,
    ):
        """Tell how many days after a moment a parcel of each site is delivered.

        :param datetime.datetime moment: at which the order is placed, UTC, naive
        :param kilometers: from each site to the customer, shape (S,)
        :param float units: see :meth:`_get_leaving`
        :param rooms: see there
        :param float handling_days: until a parcel leaves a site of which nothing better is known
        :param float kilometers_per_day: how far parcels get where no transit times are set
        :return: days, shape (S,); sites that send nothing in the days looked at count as if they
            did after these
        :rtype: numpy.ndarray
        """
        now = moment.replace(tzinfo=timezone.utc).timestamp()
        waits = (self._get_leaving(moment, units, rooms) - now) / working_time.DAY
        unknown = np.array([not site._uses_time() for site in self], dtype=bool)
        waits = np.where(unknown, handling_days, np.minimum(waits, LOOKAHEAD_DAYS))
        kilometers = np.asarray(kilometers, dtype=float)
        transit = kilometers / kilometers_per_day
        for company, sites in self.grouped("company_id").items():
            limits, days = self.env["oms.transit.band"]._get_bands(company.id)
            if limits:
                mask = np.isin(self.ids, sites.ids)
                transit[mask] = working_time.transit_days(kilometers[mask], limits, days)
        return waits + transit

    def _find_closed(self, moment):
        """Return which sites do not open for so long that they count as closed.

        :return: a sentence by site
        :rtype: dict
        """
        with_hours = self.filtered("resource_calendar_id")
        if not with_hours:
            return {}
        return {
            site: self.env._("does not open within %s days", LOOKAHEAD_DAYS)
            for site, hours in with_hours._get_working_times(moment).items()
            if not len(hours.days)
        }
