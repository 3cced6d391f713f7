from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .collect_case import NOW, CollectCase


@tagged("post_install", "-at_install")
class TestExpiry(CollectCase):
    def test_reminder_then_expiry(self):
        with self.at(NOW):
            fulfillment = self.make_ready((self.apple, 2), (self.berry, 1))
        order = fulfillment.order_id
        self.assertEqual(self.available(self.apple), 8)
        for moment, mails, reminded, state in (
            (NOW + timedelta(days=2, hours=23), 1, False, "ready"),
            (NOW + timedelta(days=3), 2, True, "ready"),
            (NOW + timedelta(days=4), 2, True, "ready"),
            (fulfillment.pickup_until - timedelta(seconds=1), 2, True, "ready"),
            (fulfillment.pickup_until, 3, True, "expired"),
            (fulfillment.pickup_until + timedelta(days=9), 3, True, "expired"),
        ):
            with self.subTest(moment=moment), self.at(moment):
                self.run_pickup_cron()
                self.assertEqual(len(self.mails(fulfillment)), mails)
                self.assertEqual(bool(fulfillment.pickup_reminded_at), reminded)
                self.assertEqual(fulfillment.pickup_state, state)
        self.assertIn("was not collected", self.mails(fulfillment)[-1].subject)
        self.assertEqual((order.state, fulfillment.state), ("cancel", "cancelled"))
        self.assertEqual(self.events(order).count("fulfillment.expired"), 1)
        self.assertEqual((self.available(self.apple), self.available(self.berry)), (10, 10))
        self.assertEqual((self.on_hand(self.apple), self.on_hand(self.berry)), (10, 10))
        self.assertFalse(self.open_moves(order))

    def test_what_was_collected_stays_sold(self):
        fulfillment = self.make_ready((self.apple, 3), (self.berry, 2))
        order = fulfillment.order_id
        fulfillment._collect(quantities={fulfillment.line_ids[0]: 1})
        price = order.order_line[0].price_unit
        with self.at(fulfillment.pickup_until):
            self.run_pickup_cron()
        self.assertEqual((order.state, order.oms_state), ("sale", "sourced"))
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [1, 0])
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 0])
        self.assertEqual(order.order_line[0].price_unit, price)
        self.assertEqual(order.order_line.mapped("oms_qty_open"), [0, 0])
        self.assertEqual(fulfillment.pickup_state, "collected")
        self.assertTrue(fulfillment.pickup_expired_at)
        self.assertIn("fulfillment.expired", self.events(order))
        self.assertNotIn("fulfillment.rejected", self.events(order))
        self.assertBalanced(order)
        self.assertEqual((self.available(self.apple), self.available(self.berry)), (9, 10))

    def test_invoiced_orders_are_lowered(self):
        """What was invoiced is not cancelled: Odoo makes a credit note of the difference."""
        self.apple.invoice_policy = "order"
        fulfillment = self.make_ready((self.apple, 2))
        order = fulfillment.order_id
        order._create_invoices().action_post()
        fulfillment._expire_pickup()
        self.assertEqual((order.state, order.order_line.product_uom_qty), ("sale", 0))
        self.assertEqual(order.order_line.qty_to_invoice, -2)
        refund = order._create_invoices(final=True)
        self.assertEqual(refund.move_type, "out_refund")

    def test_what_waits_for_stock_goes_on_waiting(self):
        fulfillment = self.make_ready((self.apple, 12))
        order = fulfillment.order_id
        self.assertEqual(order.order_line.oms_qty_open, 2)
        fulfillment._expire_pickup()
        self.assertEqual((order.state, order.oms_state), ("sale", "waiting"))
        self.assertEqual((order.order_line.product_uom_qty, order.order_line.oms_qty_open), (2, 2))

    def test_goods_between_two_steps(self):
        self.store.warehouse_id.delivery_steps = "pick_ship"
        fulfillment = self.make_ready((self.apple, 3))
        order = fulfillment.order_id
        self.assertEqual(self.on_hand(self.apple), 7)
        fulfillment._expire_pickup()
        self.assertEqual(order.state, "cancel")
        back = self.env["stock.picking"].search(
            [("origin", "=", fulfillment.name), ("location_dest_id", "=", self.shelf.id)]
        )
        self.assertEqual(back.state, "assigned")
        self.ship(back)
        self.assertEqual((self.on_hand(self.apple), self.available(self.apple)), (10, 10))

    @property
    def shelf(self):
        return self.store.warehouse_id.lot_stock_id

    def test_longer(self):
        with self.at(NOW):
            fulfillment = self.make_ready()
            until = fulfillment.pickup_until
            clerk = fulfillment.with_user(self.clerk)
            with self.assertRaisesRegex(UserError, "moment to come"):
                clerk._extend_pickup(NOW)
            wizard = self.env["oms.pickup.extend"].with_user(self.clerk)
            wizard.create(
                {"fulfillment_ids": fulfillment.ids, "until": until + timedelta(days=5)}
            ).action_confirm()
        with self.at(until + timedelta(days=4)):
            self.run_pickup_cron()
            self.assertEqual(fulfillment.pickup_state, "ready")
        with self.at(until + timedelta(days=5)):
            self.run_pickup_cron()
        self.assertEqual(fulfillment.pickup_state, "expired")
        with self.assertRaisesRegex(UserError, "Nothing of this waits"):
            fulfillment._extend_pickup(until + timedelta(days=50))

    def test_overdue(self):
        fulfillment = self.make_ready()
        Fulfillment = self.env["oms.fulfillment"]
        mine = [("id", "=", fulfillment.id)]
        for moment, overdue in (
            (fulfillment.pickup_until - timedelta(hours=1), False),
            (fulfillment.pickup_until + timedelta(hours=1), True),
        ):
            with self.at(moment):
                fulfillment.invalidate_recordset()
                self.assertEqual(fulfillment.pickup_overdue, overdue)
                for value in (True, False):
                    found = Fulfillment.search([*mine, ("pickup_overdue", "=", value)])
                    self.assertEqual(bool(found), overdue == value)

    def test_locked_orders(self):
        first, second = self.make_ready(), self.make_ready()
        first.order_id.locked = True
        with self.at(first.pickup_until):
            self.run_pickup_cron()
        self.assertEqual((first + second).mapped("pickup_state"), ["expired", "expired"])

    def test_nothing_to_give_up(self):
        fulfillment = self.make_ready()
        fulfillment._collect()
        with self.assertRaisesRegex(UserError, "Nothing of this waits"):
            fulfillment._expire_pickup()
        with self.assertRaisesRegex(UserError, "Nothing of this waits"):
            fulfillment.action_remind_pickup()

    def test_times_that_no_calendar_has_are_refused(self):
        """One channel with such a time would keep the job from all others."""
        for name in ("pickup_days", "pickup_reminder_days", "reserve_reminder_hours"):
            with (
                self.subTest(name=name),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.channel[name] = 10**7
                self.env.flush_all()
