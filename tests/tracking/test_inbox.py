"""What carriers tell by themselves: kept once, applied once, nothing lost and nothing forged."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.tracking.oms_webhook_apply import WAIT_DAYS

from .tracking_case import TrackingCase

INBOX = "odoo.addons.oms.models.tracking.oms_webhook_event"


@tagged("post_install", "-at_install")
class TestInbox(TrackingCase):
    def setUp(self):
        super().setUp()
        self.parcel = self.make_parcel()

    def test_told_once(self):
        self.assertEqual(self.tell(("in_transit", -1)), "received")
        self.assertEqual(self.parcel.state, "created", "it is applied afterwards")
        self.apply()
        self.assertEqual(self.parcel.state, "in_transit")
        event = self.events()
        self.assertEqual(event.state, "done")
        self.assertIn(self.parcel.tracking_number, event.text)

    def test_told_twice(self):
        self.tell(("in_transit", -1))
        self.assertEqual(self.tell(("in_transit", -1)), "repeated")
        self.assertEqual(len(self.events()), 1)
        self.apply()
        self.assertEqual(self.tell(("in_transit", -1)), "repeated")
        self.apply(later=True)
        self.assertEqual(len(self.parcel.event_ids), 1)

    def test_a_number_names_a_message(self):
        """What is sent again under its number is the same, whatever its bytes are."""
        self.tell(("in_transit", -2), **{"webhook-id": "m1"})
        self.assertEqual(self.tell(("delivered", -1), **{"webhook-id": "m1"}), "repeated")
        self.assertEqual(self.tell(("in_transit", -2), **{"webhook-id": "m2"}), "received")

    def test_forged(self):
        for secret in ("", "wrong", self.secret + "x", self.secret[:-1]):
            with mute_logger(INBOX), self.subTest(secret=secret):
                self.assertEqual(self.tell(("delivered", -1), secret=secret), "forged")
        self.assertFalse(self.events())

    def test_without_a_secret_nobody_is_believed(self):
        self.account.setting_ids.value = False
        with mute_logger(INBOX):
            self.assertEqual(self.tell(("delivered", -1), secret=""), "forged")

    def test_refusals_are_counted_and_tell_no_secrets(self):
        with self.assertLogs(INBOX, "WARNING") as logs:
            self.tell(("delivered", -1), secret="guessed-secret")
            self.tell(("delivered", -1), secret="guessed-secret")
        counts = [line.rsplit("the ", 1)[1].split(".")[0] for line in logs.output]
        self.assertEqual(int(counts[1]), int(counts[0]) + 1)
        said = "\n".join(logs.output)
        token = self.account.sudo().webhook_token
        for secret in ("guessed-secret", self.secret, token, self.parcel.tracking_number):
            self.assertNotIn(secret, said)

    def test_unknown_parcels_wait(self):
        self.assertEqual(self.tell(("in_transit", -1), number="LATER"), "received")
        self.apply()
        event = self.events()
        self.assertEqual(event.state, "parked")
        self.assertIn("LATER", event.error)
        self.assertGreater(event.next_try, fields.Datetime.now())
        self.parcel.copy({"tracking_number": "LATER"})
        self.assertLessEqual(event.next_try, fields.Datetime.now(), "it is tried at once")
        self.apply()
        self.assertEqual(event.state, "done")
        later = self.env["oms.parcel"].search([("tracking_number", "=", "LATER")])
        self.assertEqual(later.state, "in_transit")

    def test_what_waits_for_others_waits_on(self):
        """Others may send by the account, too: their messages are not run through each time."""
        self.tell(("in_transit", -1), number="LATER")
        self.tell(("in_transit", -1), number="ELSEWHERE")
        self.apply()
        waiting = {event.error.split()[-1].rstrip("."): event for event in self.events()}
        self.parcel.copy({"tracking_number": "LATER"})
        now = fields.Datetime.now()
        self.assertLessEqual(waiting["LATER"].next_try, now)
        self.assertGreater(waiting["ELSEWHERE"].next_try, now)

    def test_in_the_end_somebody_has_to_look(self):
        self.tell(("in_transit", -1), number="NEVER")
        self.apply()
        event = self.events()
        event.received_at -= timedelta(days=WAIT_DAYS, hours=1)
        self.apply(later=True)
        self.assertEqual(event.state, "failed")
        event.action_retry()
        self.apply()
        self.assertEqual(event.state, "failed")
        event.action_discard()
        self.assertEqual(event.state, "discarded")
        with self.assertRaises(UserError):
            event.action_retry()

    def test_what_cannot_be_read(self):
        self.carrier.read_message = lambda body: 1 / 0
        self.tell(("in_transit", -1))
        with mute_logger("odoo.addons.oms.models.tracking.oms_webhook_apply"):
            self.apply()
        self.assertEqual((self.events().state, self.parcel.state), ("parked", "created"))
        del self.carrier.read_message
        self.apply(later=True)
        self.assertEqual(self.events().state, "done")

    def test_moments_to_come_are_no_news(self):
        """A carrier whose clock is a year ahead must not end a parcel for good."""
        self.tell(("delivered", 24 * 365))
        self.tell(("in_transit", -1))
        self.apply()
        self.assertEqual(self.parcel.state, "in_transit")

    def test_a_clock_that_is_ahead(self):
        self.parcel.fulfillment_id._compute_moments()
        self.tell(("delivered", 2))
        self.apply()
        self.assertEqual(self.parcel.state, "delivered")
        self.assertLessEqual(self.parcel.fulfillment_id.delivered_at, fields.Datetime.now())

    def test_numbers_that_were_given_anew(self):
        self.parcel.write({"state": "delivered", "state_at": fields.Datetime.now()})
        self.parcel.state_at -= timedelta(days=200)
        self.tell(("in_transit", -1))
        self.apply()
        self.assertEqual((self.events().state, self.parcel.state), ("parked", "delivered"))

    def test_what_is_cancelled_and_told_so_stays_so(self):
        self.parcel.write({"state": "cancelled", "taken_back": True})
        self.tell(("cancelled", -2))
        self.tell(("in_transit", -1))
        self.apply()
        self.assertEqual(self.parcel.state, "cancelled")

    def test_kept_for_some_days(self):
        self.tell(("in_transit", -1))
        self.apply()
        self.tell(("in_transit", -1), number="NEVER")
        self.apply()
        done = self.events().filtered(lambda event: event.state == "done")
        parked = self.events() - done
        self.events().write({"received_at": fields.Datetime.now() - timedelta(days=11)})
        self.env["ir.config_parameter"].set_param("oms.webhook_keep_days", "12")
        self.env["oms.webhook.event"]._gc_kept()
        self.assertTrue(done.exists())
        self.env["ir.config_parameter"].set_param("oms.webhook_keep_days", "10")
        self.env["oms.webhook.event"]._gc_kept()
        self.assertFalse(done.exists())
        self.assertTrue(parked.exists(), "what was not applied is not forgotten")

    # === WHO MAY === #

    def test_who_sees_messages(self):
        self.tell(("in_transit", -1), number="NEVER")
        self.apply()
        event = self.events()
        operator = new_test_user(self.env, "hook_operator", "oms.group_order_operator")
        clerk = new_test_user(self.env, "hook_clerk", "stock.group_stock_user")
        event.with_user(operator).read(["state", "text", "error"])
        event.with_user(operator).action_retry()
        with self.assertRaises(AccessError):
            event.with_user(operator).read(["body"])
        with self.assertRaises(AccessError):
            event.with_user(operator).write({"state": "done"})
        for attempt in (lambda e: e.read(["state"]), lambda e: e.action_retry()):
            with self.assertRaises(AccessError):
                attempt(event.with_user(clerk))

    def test_companies_are_apart(self):
        self.tell(("in_transit", -1))
        company = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "hook_stranger",
            "oms.group_order_operator",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        with self.assertRaises(AccessError):
            self.events().with_user(stranger).read(["text"])

    def test_who_sees_the_address(self):
        manager = new_test_user(self.env, "hook_manager", "oms.group_order_manager")
        operator = new_test_user(self.env, "hook_operator", "oms.group_order_operator")
        before = self.account.with_user(manager).webhook_url
        self.assertIn("/oms/webhook/carrier/", before)
        self.account.with_user(manager).action_new_webhook_token()
        self.assertNotEqual(self.account.with_user(manager).webhook_url, before)
        for user, name in ((operator, "webhook_url"), (manager, "webhook_token")):
            with self.assertRaises(AccessError):
                self.account.with_user(user).read([name])
        with self.assertRaises(AccessError):
            self.account.with_user(operator).action_new_webhook_token()

    def test_copies_have_addresses_of_their_own(self):
        copy = self.account.copy()
        self.assertTrue(copy.sudo().webhook_token)
        self.assertNotEqual(copy.sudo().webhook_token, self.account.sudo().webhook_token)
