"""Parcels that go wrong: raised once each, among the exceptions until somebody decides."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.oms.connectors.carrier import Capability

from .tracking_case import TrackingCase


@tagged("post_install", "-at_install")
class TestProblems(TrackingCase):
    def setUp(self):
        super().setUp()
        self.parcel = self.make_parcel()
        self.order = self.parcel.order_id

    def raised(self, event):
        return self.env["oms.event"].search_count(
            [("order_id", "=", self.order.id), ("event", "=", event)]
        )

    def run_events(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_run_events").method_direct_trigger()
        self.env.invalidate_all()

    def find_late(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_find_late_parcels").method_direct_trigger()
        self.env.invalidate_all()

    def exception(self):
        return self.env["oms.exception"].search([("order_id", "=", self.order.id)])

    def decide(self, action, **vals):
        wizard = self.env["oms.exception.decide"].create(
            {"order_ids": self.order.ids, "action": action, **vals}
        )
        self.assertIn(action, wizard.allowed)
        return wizard.action_decide()

    def take(self, *events):
        for event in events:
            self.tell(event)
        self.apply()

    # === EVENTS === #

    def test_events_are_raised_once(self):
        for status, event in (
            ("available_for_pickup", "parcel.available"),
            ("failed_attempt", "parcel.failed"),
            ("delivered", "parcel.delivered"),
            ("returned", "parcel.returned"),
        ):
            with self.subTest(status):
                self.parcel = self.parcel.copy({"tracking_number": f"T-{status}"})
                before = self.raised(event)
                for place in range(3):
                    self.take((status, -3), (status, place - 2))
                self.assertEqual(self.raised(event), before + 1)

    def test_a_second_attempt_is_no_second_event(self):
        self.take(("failed_attempt", -5))
        self.take(("out_for_delivery", -4))
        self.take(("failed_attempt", -3))
        self.assertEqual(self.raised("parcel.failed"), 1)
        self.assertEqual(self.parcel.problem, "failed")

    def test_what_goes_on_needs_nobody(self):
        self.take(("failed_attempt", -5))
        self.assertEqual(self.exception().kind, "parcel")
        self.assertIn(self.parcel.tracking_number, self.exception().reason)
        self.take(("delivered", -1))
        self.assertFalse(self.parcel.problem)
        self.assertFalse(self.exception())

    # === LOST === #

    def test_lost_is_decided_by_somebody(self):
        self.stock(self.apple, (self.far, 5))
        self.take(("in_transit", -9), ("lost", -5))
        self.run_events()
        self.assertEqual(self.raised("parcel.lost"), 1)
        self.assertEqual(self.exception().kind, "parcel")
        self.assertEqual(len(self.order.oms_fulfillment_ids), 1, "nothing is sent by itself")
        self.decide("parcel_resend", note="Sorry.")
        self.run_events()
        self.assertFalse(self.exception())
        self.assertEqual(self.parcel.fulfillment_id.state, "lost")
        again = self.order.oms_fulfillment_ids - self.parcel.fulfillment_id
        self.assertEqual(again.line_ids.quantity, 2)
        self.take(("lost", -4))
        self.assertFalse(self.parcel.problem, "what is decided is not asked again")

    def test_lost_in_bulk(self):
        self.stock(self.apple, (self.far, 5))
        self.take(("lost", -5))
        self.exception().action_lose_parcels()
        self.run_events()
        self.assertFalse(self.exception())
        self.assertEqual(self.parcel.fulfillment_id.state, "lost")
        self.assertEqual(len(self.order.oms_fulfillment_ids), 2)

    def test_lost_by_a_step(self):
        self.stock(self.apple, (self.far, 5))
        self.env.ref("oms.step_standard_lost_write_off").active = True
        self.take(("lost", -5))
        self.run_events()
        self.run_events()
        again = self.order.oms_fulfillment_ids - self.parcel.fulfillment_id
        self.assertEqual(sum(again.line_ids.mapped("quantity")), 2)
        self.assertFalse(self.exception())
        parked = self.order.oms_event_ids.filtered(lambda event: event.state == "parked")
        self.assertFalse(parked)

    # === RETURNED === #

    def test_returned_is_supply_of_its_site(self):
        self.take(("in_transit", -9), ("returned", -5))
        self.assertEqual(self.exception().kind, "parcel")
        # Ready-made before anybody decides; whoever does finds it and makes no other.
        back = self.parcel.return_picking_id
        self.assertEqual(back.state, "assigned")
        self.decide("parcel_back")
        self.assertFalse(self.exception())
        self.assertEqual(self.parcel.return_picking_id, back)
        self.assertEqual(len(self.parcel.picking_id.return_ids), 1)
        self.assertEqual(back.move_ids.mapped("product_uom_qty"), [2])
        self.assertGreater(back.move_ids.date, fields.Datetime.now() + timedelta(days=1))
        self.env.flush_all()
        supply = self.env["oms.supply"].search(
            [("product_id", "=", self.apple.id), ("site_id", "=", self.near.id)]
        )
        self.assertEqual(sum(supply.mapped("quantity")), 2)
        self.assertEqual(self.order.order_line[:1].qty_delivered, 2, "it is not back yet")
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual(self.order.order_line[:1].qty_delivered, 0)

    def test_returned_and_nobody_knows_what_is_in_it(self):
        """It is told all the same, and somebody decides."""
        with patch.object(type(self.parcel), "_get_contents", lambda parcel: {}):
            self.take(("in_transit", -9), ("returned", -5))
            self.assertFalse(self.parcel.return_picking_id)
            with self.assertRaisesRegex(UserError, "not known"):
                self.decide("parcel_back")
        self.assertEqual(self.parcel.problem, "returned")

    def test_a_transfer_that_somebody_cancelled_is_made_anew(self):
        self.take(("in_transit", -9), ("returned", -5))
        first = self.parcel.return_picking_id
        first.action_cancel()
        self.decide("parcel_back")
        back = self.parcel.return_picking_id
        self.assertNotEqual(back, first)
        self.assertEqual(back.state, "assigned")

    # === LATE === #

    def test_without_news(self):
        self.take(("in_transit", -1))
        self.find_late()
        self.assertFalse(self.parcel.problem)
        for model, name in (("oms.tracking.event", "moment"), ("oms.parcel", "create_date")):
            self.age(model, name, 5)
        self.parcel.fulfillment_id.shipped_at -= timedelta(days=5)
        self.find_late()
        self.find_late()
        self.assertEqual((self.parcel.problem, self.raised("parcel.late")), ("late", 1))
        self.assertEqual(self.exception().kind, "parcel")
        self.take(("out_for_delivery", 0))
        self.assertEqual(self.parcel.problem, "late", "it is late all the same")
        self.take(("delivered", 0.5))
        self.assertFalse(self.parcel.problem)

    def age(self, model, name, days):
        self.env.flush_all()
        table = self.env[model]._table
        self.env.cr.execute(f"UPDATE {table} SET {name} = {name} - interval '{days} days'")
        self.env.invalidate_all()

    def test_promised_day_is_over(self):
        promise = self.parcel.fulfillment_id.promise_ids.filtered("current")
        if not promise:
            promise = self.env["oms.promise"].create(
                {
                    "order_id": self.order.id,
                    "fulfillment_id": self.parcel.fulfillment_id.id,
                    "promised_date": fields.Date.today(),
                    "tz": "UTC",
                }
            )
        self.take(("in_transit", -1))
        promise.promised_date = fields.Date.today() + timedelta(days=2)
        self.find_late()
        self.assertFalse(self.parcel.problem)
        promise.write(
            {
                "earliest_date": False,
                "promised_date": fields.Date.today() - timedelta(days=2),
            }
        )
        self.find_late()
        self.assertEqual(self.parcel.problem, "late")

    def test_silence_of_those_who_never_tell(self):
        self.age("oms.parcel", "create_date", 9)
        self.parcel.fulfillment_id.shipped_at -= timedelta(days=9)
        able = self.carrier.capabilities - {Capability.TRACK}
        with patch.object(self.carrier, "capabilities", able):
            self.find_late()
        self.assertFalse(self.parcel.problem)
        self.find_late()
        self.assertEqual(self.parcel.problem, "late")

    # === WHO MAY === #

    def test_who_may_decide(self):
        self.take(("failed_attempt", -5))
        clerk = new_test_user(self.env, "trouble_clerk", "stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.parcel.with_user(clerk).action_settle()
        operator = new_test_user(self.env, "trouble_operator", "oms.group_order_operator")
        self.env["oms.exception.decide"].with_user(operator).create(
            {"order_ids": self.order.ids, "action": "parcel_ask", "note": "Twice!"}
        ).action_decide()
        self.assertFalse(self.exception())
        activity = self.order.activity_ids.filtered(lambda each: each.user_id == operator)
        self.assertIn("Twice!", activity.note)

    def test_looked_after(self):
        self.take(("failed_attempt", -5))
        self.decide("parcel_settled", note="The customer comes by.")
        self.assertFalse(self.exception())
        self.assertIn("The customer comes by.", self.order.message_ids[0].body)
