from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .network_case import NOW, NetworkCase

PARIS = ZoneInfo("Europe/Paris")
WEEK = [(day, 9, 12) for day in range(5)] + [(day, 13, 18) for day in range(5)]


def paris(*parts):
    """Return a moment on the clocks of Paris, in POSIX seconds."""
    return datetime(*parts, tzinfo=PARIS).timestamp()


def utc(*parts):
    """Return a moment on the clocks of Paris, in UTC without time zone, as Odoo keeps it."""
    return datetime(*parts, tzinfo=PARIS).astimezone(timezone.utc).replace(tzinfo=None)


@tagged("post_install", "-at_install")
class TestCalendar(NetworkCase):
    """When parcels leave."""

    def leaves(self, moment, site=None):
        [seconds] = (site or self.near)._get_leaving(moment)
        return seconds

    def test_at_once_without_calendar(self):
        now = NOW.replace(tzinfo=timezone.utc).timestamp()
        self.assertEqual(self.sites._get_leaving(NOW).tolist(), [now] * 3)

    def test_opening_hours_and_cut_off(self):
        self.near.write(
            {"resource_calendar_id": self.make_calendar(*WEEK).id, "handling_time": 2.5}
        )
        for placed, leaving in (
            ((2026, 3, 24, 10, 0), (2026, 3, 24, 13, 30)),  # half an hour after lunch
            ((2026, 3, 24, 7, 0), (2026, 3, 24, 11, 30)),
            ((2026, 3, 24, 17, 0), (2026, 3, 25, 10, 30)),
            ((2026, 3, 27, 17, 0), (2026, 3, 30, 10, 30)),  # summer time began in between
            ((2026, 3, 28, 3, 0), (2026, 3, 30, 11, 30)),
        ):
            with self.subTest(placed=placed):
                self.assertEqual(self.leaves(utc(*placed)), paris(*leaving))
        self.near.cutoff_hour = 11
        self.assertEqual(self.leaves(utc(2026, 3, 24, 11, 0)), paris(2026, 3, 24, 14, 30))
        self.assertEqual(self.leaves(utc(2026, 3, 24, 11, 1)), paris(2026, 3, 25, 11, 30))

    def test_days(self):
        self.near.write(
            {
                "resource_calendar_id": self.make_calendar(*WEEK).id,
                "cutoff_hour": 15,
                "handling_unit": "days",
            }
        )
        self.assertEqual(self.leaves(utc(2026, 3, 26, 15, 0)), paris(2026, 3, 26, 18, 0))
        self.near.handling_time = 2
        self.assertEqual(self.leaves(utc(2026, 3, 26, 15, 1)), paris(2026, 3, 31, 18, 0))

    def test_holidays_and_other_peoples_time_off(self):
        calendar = self.make_calendar(*WEEK)
        self.near.write({"resource_calendar_id": calendar.id})
        self.close(calendar, utc(2026, 3, 24, 0, 0), utc(2026, 3, 26, 10, 0))
        self.close(self.make_calendar(*WEEK), utc(2026, 3, 26, 0, 0), utc(2026, 3, 31, 0, 0))
        self.assertEqual(self.leaves(utc(2026, 3, 24, 10, 0)), paris(2026, 3, 26, 10, 0))

    def test_time_zones(self):
        """The same hours begin at other moments elsewhere."""
        calendar = self.make_calendar(*WEEK)
        self.sites.resource_calendar_id = calendar
        self.far.tz = "America/New_York"
        moment = utc(2026, 3, 24, 8, 0)
        self.assertEqual(self.leaves(moment), paris(2026, 3, 24, 9, 0))
        opening = datetime(2026, 3, 24, 9, 0, tzinfo=ZoneInfo("America/New_York"))
        self.assertEqual(self.leaves(moment, self.far), opening.timestamp())

    def test_closed_for_long(self):
        calendar = self.make_calendar(*WEEK)
        self.near.resource_calendar_id = calendar
        self.close(calendar, NOW - timedelta(days=400), NOW + timedelta(days=9999))
        self.assertEqual(self.leaves(NOW), np.inf)
        order, sites = self.source((self.apple, 2))
        self.assertEqual(sites, self.middle)
        self.assertEqual(self.reasons(order), {"NEAR": "closed"})
        self.assertIn("not within", self.near.next_leave_text)

    def test_days_until_delivery(self):
        self.near.write({"resource_calendar_id": self.make_calendar(*WEEK).id, "handling_time": 1})
        moment, Band = utc(2026, 3, 24, 9, 0), self.env["oms.transit.band"]
        Band.search([]).unlink()
        days = self.sites._get_ready_days(
            moment, [0, 250, 500], handling_days=2, kilometers_per_day=500
        )
        np.testing.assert_allclose(days, [1 / 24, 2.5, 3], err_msg="what a strategy estimates")
        Band.create([{"kilometers": 100, "days": 1}, {"kilometers": 600, "days": 2}])
        days = self.sites._get_ready_days(moment, [0, 111, 661])
        np.testing.assert_allclose(days, [1 / 24 + 1, 2, 2])
        self.env["oms.transit.band"].create(
            [
                {"kilometers": 50, "days": 0.5, "company_id": self.company.id},
                {"kilometers": 500, "days": 4, "company_id": self.company.id},
            ]
        )
        days = self.sites._get_ready_days(moment, [0, 111, 661])
        np.testing.assert_allclose(days, [1 / 24 + 0.5, 4, 4], err_msg="a company's own bands")

    def test_next_leave_is_told_in_the_time_of_the_site(self):
        self.near.resource_calendar_id = self.make_calendar(*WEEK)
        with self.at(utc(2026, 3, 24, 8, 0)):
            self.assertIn("09:00", self.near.next_leave_text)

    def test_queries_are_shared(self):
        """Sites with the same hours are looked at once."""
        calendar = self.make_calendar(*WEEK)
        self.near.resource_calendar_id = calendar
        counts = []
        for sites in (self.near, self.sites):
            sites.resource_calendar_id = calendar
            self.env.flush_all()
            self.env.invalidate_all()
            sites.mapped("name")
            with self.queries() as statements:
                sites._get_working_times(NOW)
            counts.append(len(statements))
        self.assertEqual(counts[0], counts[1])

    def test_bad_input(self):
        for vals in ({"cutoff_hour": 24.5}, {"handling_time": -1}, {"max_kilometers": -1}):
            with (
                self.subTest(vals),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.near.write(vals)
                self.near.flush_recordset()

    def test_late_sites_cost_more(self):
        """What makes a site late counts in the plan, and is told in days."""
        self.strategy.write({"late_day_cost": 100.0, "handling_days": 0.0})
        with self.at(utc(2026, 3, 27, 17, 0)):  # a Friday
            promised = utc(2026, 3, 29, 12, 0)
            self.assertEqual(self.source((self.apple, 2), commitment_date=promised)[1], self.near)
            self.near.resource_calendar_id = self.make_calendar(*WEEK)
            self.near.cutoff_hour = 16
            order, sites = self.source((self.apple, 2), commitment_date=promised)
            self.assertEqual(sites, self.middle, "Near opens on Monday only")
            self.assertEqual(dict(order.oms_decision_ids.costs)["lateness"], 0.0)

    def test_full_days_are_late(self):
        self.strategy.write({"late_day_cost": 100.0, "handling_days": 0.0})
        self.near.capacity_orders = 1
        promised = utc(2026, 3, 24, 20, 0)
        with self.at(utc(2026, 3, 24, 9, 0)):
            sites = [
                self.source((self.apple, 1), commitment_date=promised)[1] for _number in range(2)
            ]
        self.assertEqual(sites, [self.near, self.middle])
