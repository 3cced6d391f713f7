from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .collect_case import NOW, CollectCase


@tagged("post_install", "-at_install")
class TestReady(CollectCase):
    def test_the_customer_is_told_once(self):
        order = self.collect_order()
        fulfillment = order.oms_fulfillment_ids
        self.assertEqual((fulfillment.pickup_state, fulfillment.pickup_code), ("preparing", False))
        clerk = fulfillment.with_user(self.clerk)
        clerk._pick()
        clerk._make_ready("Shelf A")
        self.assertEqual(
            (fulfillment.pickup_state, fulfillment.storage_place), ("ready", "Shelf A")
        )
        [mail] = self.mails(fulfillment)
        self.assertEqual(mail.recipient_ids, self.customer)
        code = fulfillment.pickup_code
        self.assertIn(f"{code[:4]}-{code[4:]}", mail.body_html)
        self.assertIn(f"/report/barcode/QR/{code}?", mail.body_html)
        self.assertIn(f"/oms/pickup/{fulfillment.pickup_token}", mail.body_html)
        self.assertIn("2 × Apple", mail.body_html)
        self.assertIn("fulfillment.ready", self.events(order))
        clerk._make_ready("Shelf B")
        self.assertEqual(len(self.mails(fulfillment)), 1)
        self.assertEqual((fulfillment.pickup_code, fulfillment.storage_place), (code, "Shelf B"))

    def test_the_channel_says_what_is_told(self):
        self.channel.pickup_notice = False
        self.assertFalse(self.mails(self.make_ready()))
        self.channel.pickup_notice = True
        self.channel.pickup_template_id = self.env["mail.template"].create(
            {
                "name": "Ours",
                "model_id": self.env["ir.model"]._get_id("oms.fulfillment"),
                "subject": "Come and get {{ object.name }}",
                "body_html": "<p>Now</p>",
                "partner_to": "{{ object.pickup_partner_id.id }}",
            }
        )
        fulfillment = self.make_ready()
        self.assertEqual(self.mails(fulfillment).subject, f"Come and get {fulfillment.name}")

    def test_a_broken_message_keeps_no_goods(self):
        """Templates are written by users; the goods are ready all the same, and it is seen."""
        self.channel.pickup_template_id = self.channel.pickup_template_id.copy(
            {"body_html": '<p t-out="object.nothing_of_this"/>'}
        )
        with mute_logger("odoo.addons.mail"), self.assertLogs("odoo.addons.oms", "ERROR"):
            fulfillment = self.make_ready()
        self.assertEqual(fulfillment.pickup_state, "ready")
        self.assertTrue(fulfillment.pickup_code)
        self.assertFalse(self.mails(fulfillment))
        told = "".join(map(str, fulfillment.message_ids.mapped("body")))
        self.assertIn("message to the customer failed", told)

    def test_text_messages(self):
        if "sms.sms" not in self.env:
            self.assertFalse(hasattr(self.env["oms.fulfillment"], "_message_sms"))
            return
        self.channel.pickup_sms = True
        fulfillment = self.make_ready()
        sms = self.env["sms.sms"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(len(sms), 1)
        self.assertIn(fulfillment.pickup_code_text, sms.body)

    def test_what_is_shipped_has_no_code(self):
        fulfillment = self.make_order((self.apple, 1)).oms_fulfillment_ids
        fulfillment._pick()
        fulfillment._make_ready()
        self.assertEqual((fulfillment.pickup_state, fulfillment.pickup_code), (False, False))
        self.assertFalse(self.mails(fulfillment))
        with self.assertRaisesRegex(UserError, "is not collected here"):
            fulfillment._collect()

    def test_until_when(self):
        """Closing time of the last day, by the clocks of the store, on a day that it is open."""
        with self.at(NOW):
            fulfillment = self.make_ready()
            self.assertEqual(fulfillment._get_until_text(), "It is kept for you until 03/11/2024.")
            self.assertEqual(
                (fulfillment.due_at, fulfillment.is_late), (fulfillment.pickup_until, False)
            )
        # 23:59:59 of Monday, 11 March, in Paris.
        self.assertEqual(fulfillment.pickup_until, datetime(2024, 3, 11, 22, 59, 59))
        self.store.resource_calendar_id = self.env["resource.calendar"].create(
            {
                "name": "Wednesdays",
                "tz": "Europe/Paris",
                "attendance_ids": [
                    fields.Command.clear(),
                    fields.Command.create(
                        {
                            "name": "Open",
                            "dayofweek": "2",
                            "hour_from": 9,
                            "hour_to": 18,
                            "day_period": "morning",
                        }
                    ),
                ],
            }
        )
        with self.at(NOW):
            fulfillment = self.make_ready()
        self.assertEqual(fulfillment.pickup_until, datetime(2024, 3, 13, 22, 59, 59))
        self.channel.pickup_days = 0
        self.assertFalse(self.make_ready().pickup_until)

    def test_the_last_day_is_one_of_the_store_on_its_own_clocks(self):
        """As for all that a site does: the hours of a calendar are those of the site's zone."""
        day = {"hour_from": 9, "hour_to": 17, "day_period": "morning", "name": "Open"}
        self.store.resource_calendar_id = self.env["resource.calendar"].create(
            {
                "name": "Weekdays",
                "tz": "UTC",
                "attendance_ids": [
                    fields.Command.clear(),
                    *(fields.Command.create({**day, "dayofweek": str(n)}) for n in range(5)),
                ],
            }
        )
        self.store.tz = "Asia/Tokyo"
        self.channel.pickup_days = 5
        with self.at(NOW):
            fulfillment = self.make_ready()
        # Saturday, 9 March, is closed in Tokyo, though it begins there on the UTC Friday.
        self.assertEqual(fulfillment.pickup_until, datetime(2024, 3, 11, 14, 59, 59))

    def test_promises_are_kept_when_the_goods_are_ready(self):
        order = self.collect_order()
        fulfillment = order.oms_fulfillment_ids
        now = fields.Datetime.now()
        promise = self.env["oms.promise"]._pin(
            [
                {
                    "order_id": order.id,
                    "fulfillment_id": fulfillment.id,
                    "promised_date": now.date() + timedelta(days=1),
                }
            ]
        )
        self.assertEqual((promise.state, promise.service), ("open", "collect"))
        fulfillment._pick()
        fulfillment._make_ready()
        self.assertEqual((promise.state, promise.arrived_at), ("kept", fulfillment.pickup_ready_at))
        # The customer takes a month, or never comes.
        fulfillment._expire_pickup()
        promise.invalidate_recordset()
        self.assertEqual(promise.state, "kept")

    def test_not_ready_after_all(self):
        fulfillment = self.make_ready()
        fulfillment.with_user(self.clerk)._unready()
        self.assertEqual(fulfillment.pickup_state, "preparing")
        with self.assertRaisesRegex(UserError, "still being prepared"):
            fulfillment.with_user(self.clerk)._find_by_code(fulfillment.pickup_code)
