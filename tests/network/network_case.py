"""Builders of the tests of what sites can do, and when."""

from datetime import datetime
from unittest.mock import patch

from odoo import Command, fields

from ...engine.sourcing import SourcingProblem
from ..common import OmsCase

#: A Tuesday; summer time begins on the Sunday after.
NOW = datetime(2026, 3, 24, 9, 0)


class NetworkCase(OmsCase):
    """The sites of a test channel, in the time zone of Paris."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sites.tz = "Europe/Paris"
        cls.stock(cls.apple, (cls.near, 100), (cls.middle, 100), (cls.far, 100))

    def at(self, moment=NOW):
        """Let it be a moment for whoever asks Odoo."""
        return patch.object(fields.Datetime, "now", lambda *args: moment)

    @classmethod
    def make_calendar(cls, *stretches, **vals):
        """Make opening hours from (weekday, from, to)."""
        return cls.env["resource.calendar"].create(
            {
                "name": "Test hours",
                "tz": "Europe/Paris",
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "name": "Open",
                                "dayofweek": str(weekday),
                                "hour_from": since,
                                "hour_to": until,
                                "day_period": "morning",
                            }
                        )
                        for weekday, since, until in stretches
                    ),
                ],
                **vals,
            }
        )

    @classmethod
    def close(cls, calendar, since, until):
        """Close opening hours for a time, UTC."""
        return cls.env["resource.calendar.leaves"].create(
            {"name": "Holiday", "calendar_id": calendar.id, "date_from": since, "date_to": until}
        )

    def source(self, *lines, **vals):
        """Make and confirm an order; return it with the sites that serve it."""
        order = self.make_order(*lines, **vals)
        return order, order._oms_get_open_fulfillments().site_id

    def reasons(self, order):
        """Return why sites were left out of the order's last decision, by code."""
        problem = SourcingProblem.from_dict(order.oms_decision_ids[:1].problem)
        # Of sites that never were candidates other tests tell.
        barred = [gone for gone in problem.barred if gone.reason != "network"]
        return {self.env["oms.site"].browse(gone.site).code: gone.reason for gone in barred}
