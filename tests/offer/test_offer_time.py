from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .common import OfferCase


@tagged("post_install", "-at_install")
class TestOfferTime(OfferCase):
    """Time to answer, by the clocks of the stores that were asked."""

    def run_job(self):
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_offer").method_direct_trigger()

    def make_hours(self, hour_from, hour_to, days=range(7)):
        return self.env["resource.calendar"].create(
            {
                "name": "Hours",
                "tz": "UTC",
                "attendance_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "d",
                            "dayofweek": str(day),
                            "hour_from": hour_from,
                            "hour_to": hour_to,
                        },
                    )
                    for day in days
                ],
            }
        )

    def test_until_is_told_by_the_clocks_of_the_store(self):
        self.sites.tz = "Asia/Tokyo"
        with freeze_time("2024-03-04 10:00:00"):
            fulfillment = self.make_order((self.apple, 2)).oms_fulfillment_ids
        [told] = [text for text in fulfillment.message_ids.mapped("body") if "Offered to" in text]
        self.assertRegex(told, "7:30")

    def test_time_out_asks_the_next(self):
        with freeze_time("2024-03-04 10:00:00"):
            order = self.make_order((self.apple, 2))
            fulfillment = order.oms_fulfillment_ids
            self.assertEqual(fulfillment.offer_until, datetime(2024, 3, 4, 10, 30))
        with freeze_time("2024-03-04 10:29:00"):
            self.run_job()
            self.assertEqual(self.states(order), {"Near": "open", "Middle": "open"})
        with freeze_time("2024-03-04 10:31:00"):
            self.run_job()
            self.assertEqual(
                self.states(order), {"Near": "expired", "Middle": "expired", "Far": "open"}
            )
            # Run twice, nothing more happens.
            self.run_job()
            self.assertEqual(self.offer(order, self.far).round, 2)
        with freeze_time("2024-03-04 11:05:00"):
            self.run_job()
            # Nobody is left to be asked: whoever sourcing chose gets it.
            self.assertEqual(self.works_at(order), self.near)
            self.assertEqual(fulfillment.offer_state, "ended")
            self.run_job()
            self.assertEqual(len(order.picking_ids), 1)

    def test_no_time_runs_while_all_are_closed(self):
        self.near.write({"tz": "UTC", "resource_calendar_id": self.make_hours(8, 18).id})
        self.middle.write({"tz": "UTC", "resource_calendar_id": self.make_hours(9, 17).id})
        with freeze_time("2024-03-04 17:50:00"):
            order = self.make_order((self.apple, 2))
            # Ten minutes of the evening, and twenty of the morning.
            self.assertEqual(order.oms_fulfillment_ids.offer_until, datetime(2024, 3, 5, 8, 20))
        with freeze_time("2024-03-05 02:00:00"):
            self.run_job()
            self.assertEqual(self.states(order), {"Near": "open", "Middle": "open"})
        with freeze_time("2024-03-05 08:10:00"):
            # Ten minutes are left; without Near they begin when Middle opens.
            self.offer(order, self.near)._decline()
            self.assertEqual(order.oms_fulfillment_ids.offer_until, datetime(2024, 3, 5, 9, 10))

    def test_hours_that_were_changed_meanwhile(self):
        with freeze_time("2024-03-04 10:00:00"):
            order = self.make_order((self.apple, 2))
        (self.near + self.middle).write(
            {"tz": "UTC", "resource_calendar_id": self.make_hours(14, 18).id}
        )
        with freeze_time("2024-03-04 10:40:00"):
            self.run_job()
            self.assertEqual(self.states(order), {"Near": "open", "Middle": "open"})
            self.assertEqual(order.oms_fulfillment_ids.offer_until, datetime(2024, 3, 4, 14, 30))
