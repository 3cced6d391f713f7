from datetime import datetime

from odoo.tests import tagged

from .network_case import NetworkCase


@tagged("post_install", "-at_install")
class TestSiteDays(NetworkCase):
    """The coming two weeks of a site with a capacity, free and closed days too."""

    def get_rows(self):
        self.near.invalidate_recordset(["coming_days"])
        rows = str(self.near.coming_days).split("<tr")[2:]
        self.assertEqual(len(rows), 14)
        return rows

    def test_free_days_are_shown_too(self):
        with self.at():
            self.near.write({"capacity_orders": 4, "capacity_units": 10})
            self.make_order((self.apple, 9))
            rows = self.get_rows()
        self.assertIn("1 / 4", rows[0])
        self.assertIn("9 / 10", rows[0])
        self.assertIn("90 %", rows[0])
        self.assertIn("bg-warning", rows[0])
        self.assertIn("0 / 4", rows[1])
        self.assertIn("0 %", rows[13])

    def test_closed_days_and_a_day_that_is_over(self):
        calendar = self.make_calendar(("1", 8, 18), ("2", 8, 18))
        self.near.write(
            {"capacity_orders": 4, "resource_calendar_id": calendar.id, "cutoff_hour": 12.0}
        )
        with self.at(datetime(2026, 3, 24, 15, 0)):
            rows = self.get_rows()
        # Tuesday is over, Wednesday is open, Thursday to Monday is closed.
        self.assertIn("nothing more today", rows[0])
        self.assertIn("0 / 4", rows[1])
        self.assertIn("closed", rows[2])
        self.assertIn("0 / 4", rows[7])

    def test_without_a_capacity_there_is_nothing_to_show(self):
        self.assertFalse(self.near.coming_days)
