"""What customers are told: what the channel chose, in their language, once each."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .tracking_case import TrackingCase

FULFILLMENT = "odoo.addons.oms.models.tracking.oms_fulfillment"


@tagged("post_install", "-at_install")
class TestMessages(TrackingCase):
    def setUp(self):
        super().setUp()
        self.customer.email = "ada@example.com"
        self.choose("shipped", "out_for_delivery", "delivered", "failed", "delayed", "returned")

    def choose(self, *moments):
        self.channel.message_line_ids.unlink()
        self.env["oms.channel.message"].create(
            [{"channel_id": self.channel.id, "moment": moment} for moment in moments]
        )

    def mails(self, part=None):
        part = part or self.parcel.fulfillment_id
        return self.env["mail.mail"].search(
            [("model", "=", "oms.fulfillment"), ("res_id", "in", part.ids)], order="id"
        )

    def subjects(self):
        words = ("on its way", "comes today", "delivered", "delayed", "collected")
        return [next(word for word in words if word in mail.subject) for mail in self.mails()]

    def take(self, *events):
        for event in events:
            self.tell(event)
        self.apply()

    def test_each_moment_once(self):
        self.parcel = self.make_parcel()
        self.assertEqual(self.subjects(), ["on its way"])
        self.take(("in_transit", -9))
        self.take(("out_for_delivery", -5))
        self.take(("out_for_delivery", -5), ("out_for_delivery", -4))
        self.take(("delivered", 0))
        self.take(("delivered", 0), ("out_for_delivery", -6))
        self.assertEqual(self.subjects(), ["on its way", "comes today", "delivered"])
        self.assertEqual(self.mails().mapped("state"), ["outgoing"] * 3, "they wait in the queue")

    def test_with_the_numbers_of_the_parcels(self):
        """Labels are bought after goods left: the message waits for them."""
        picking = self.ship(self.release())
        part = picking.oms_fulfillment_id
        self.assertFalse(self.mails(part))
        self.run_tasks()
        self.parcel = picking.oms_parcel_ids
        [mail] = self.mails()
        self.assertIn(self.parcel.tracking_number, mail.body_html)
        self.assertIn(f"/my/orders/{part.order_id.id}/tracking?access_token=", mail.body_html)
        self.assertIn(self.customer, mail.recipient_ids)

    def test_goods_without_labels(self):
        self.carrier.answers = ["rejected"]
        part = self.ship(self.release()).oms_fulfillment_id
        with mute_logger("odoo.addons.oms.models.task.oms_task_run"):
            self.run_tasks()
        self.assertFalse(self.mails(part))
        part.shipped_at = fields.Datetime.now() - timedelta(hours=25)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_find_late_parcels").method_direct_trigger()
        self.assertEqual(len(self.mails(part)), 1)

    def test_other_ways_need_no_labels(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 1))
        self.ship(order.picking_ids)
        self.assertEqual(len(self.mails(order.oms_fulfillment_ids)), 1)

    def test_what_the_channel_did_not_choose(self):
        self.choose("delivered")
        self.parcel = self.make_parcel()
        self.take(("failed_attempt", -2))
        self.take(("out_for_delivery", -1))
        self.assertFalse(self.mails())

    def test_old_news_are_none(self):
        self.parcel = self.make_parcel()
        self.take(("out_for_delivery", -24 * 5))
        self.assertEqual(self.subjects(), ["on its way"])

    def test_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        template = self.env.ref("oms.mail_tracking_shipped")
        template.with_context(lang="fr_FR").subject = "Votre commande est en route"
        self.parcel = self.make_parcel()
        self.assertEqual(self.mails().subject, "Votre commande est en route")

    def test_a_broken_mail_keeps_nothing_from_going_on(self):
        template = self.env.ref("oms.mail_tracking_out_for_delivery")
        template.body_html = '<p t-out="object.no_such_field"/>'
        self.parcel = self.make_parcel()
        with mute_logger(FULFILLMENT, "odoo.addons.mail.models.mail_render_mixin"):
            self.take(("out_for_delivery", -1))
        self.assertEqual(self.parcel.state, "out_for_delivery")
        self.assertIn("failed", self.parcel.fulfillment_id.message_ids[0].body)

    def test_the_names_of_customers_are_no_markup(self):
        self.customer.name = "<script>alert(1)</script>"
        self.parcel = self.make_parcel()
        self.assertNotIn("<script", self.mails().body_html)

    def test_no_second_message_of_a_delay(self):
        self.parcel = self.make_parcel()
        part = self.parcel.fulfillment_id
        other = self.parcel.copy({"tracking_number": "O"})
        promise = {
            "order_id": part.order_id.id,
            "fulfillment_id": part.id,
            "promised_date": fields.Date.today(),
            "tz": "UTC",
        }
        part.promise_ids.unlink()
        self.env["oms.promise"].create({**promise, "made_at": part.shipped_at + timedelta(hours=1)})
        self.parcel._tell_late()
        self.assertEqual(self.subjects(), ["on its way"], "another date was told already")
        part.promise_ids.made_at = part.shipped_at - timedelta(days=1)
        other._tell_late()
        self.assertEqual(self.subjects(), ["on its way", "delayed"])
        self.env["oms.fulfillment"].browse(part.id)._tell_moment("delayed")
        self.assertEqual(self.subjects(), ["on its way", "delayed"])

    def test_text_messages(self):
        if "sms.sms" not in self.env:
            self.assertFalse(self.channel.message_line_ids[0].sms_installed)
            return
        self.customer.phone = "+33612345678"
        self.channel.message_line_ids.by_sms = True
        self.parcel = self.make_parcel()
        sms = self.env["sms.sms"].search([("partner_id", "=", self.customer.id)])
        self.assertIn("/tracking?access_token=", sms.body)

    # === SETTINGS === #

    def test_bad_settings(self):
        template = self.env["mail.template"].create(
            {"name": "Other", "model_id": self.env.ref("sale.model_sale_order").id}
        )
        line = self.channel.message_line_ids[0]
        with self.assertRaisesRegex(ValidationError, "not one about fulfillments"):
            line.template_id = template
        with self.assertRaisesRegex(ValidationError, "Choose the mail"):
            line.template_id = False

    def test_who_chooses(self):
        operator = new_test_user(self.env, "said_operator", "oms.group_order_operator")
        manager = new_test_user(self.env, "said_manager", "oms.group_order_manager")
        line = self.channel.message_line_ids[0]
        line.with_user(operator).read(["moment"])
        with self.assertRaises(AccessError):
            line.with_user(operator).unlink()
        self.channel.with_user(manager).message_line_ids = [
            fields.Command.create({"moment": "available"})
        ]
        added = self.channel.message_line_ids.filtered(lambda each: each.moment == "available")
        self.assertEqual(added.template_id, self.env.ref("oms.mail_tracking_available"))
