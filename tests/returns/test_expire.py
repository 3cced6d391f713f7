"""Returns of which nothing comes: given up in time, told, and begun again."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestExpire(ReturnCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.wait_days = 14
        cls.order = cls.deliver((cls.apple, 3))

    def later(self, days):
        """Let the scheduled job run so many days from now."""
        now = fields.Datetime.now() + timedelta(days=days)
        with (
            self.enter_registry_test_mode(),
            patch.object(fields.Datetime, "now", lambda *_args: now),
        ):
            self.env.ref("oms.cron_expire_returns").method_direct_trigger()
        self.env.invalidate_all()

    def coming(self):
        """How many apples come back to the near site, as positions count them."""
        [position] = self.env["oms.position"]._get_positions(self.near.ids, self.apple.ids)
        return position.incoming

    def ask_for(self, quantity=2, **vals):
        return self.ask(self.order, (self.apple, quantity), site_id=self.near.id, **vals)

    def test_nothing_came(self):
        before = self.coming()
        record = self.ask_for()
        self.assertEqual(self.coming(), before + 2)
        self.later(13)
        self.assertEqual(record.state, "authorized")
        self.later(15)
        self.assertEqual((record.state, record.line_ids.state), ("expired", "missing"))
        self.assertEqual(record.picking_ids.mapped("state"), ["cancel"])
        self.assertEqual(self.coming(), before, "it is no supply any more")
        self.assertEqual(self.returnable(self.order, self.apple), (3, ""))
        self.assertEqual(self.order.order_line.qty_delivered, 3)
        self.assertIn("return.expired", self.order.oms_event_ids.mapped("event"))

    def test_without_end(self):
        self.policy.wait_days = 0
        record = self.ask_for()
        self.assertFalse(record.expires_at)
        self.later(999)
        self.assertEqual(record.state, "authorized")

    def test_what_was_agreed_holds(self):
        """The policy of today does not change until when a customer was told to be waited for."""
        record = self.ask_for()
        self.policy.wait_days = 1
        self.later(13)
        self.assertEqual(record.state, "authorized")

    def test_the_carrier_has_it(self):
        """Whoever sent it is not told that nothing came: somebody looks for the parcel, once."""
        record = self.ask_for()
        record._set_in_transit()
        self.later(15)
        self.assertEqual(record.state, "in_transit")
        self.assertIn("look for the parcel", record.activity_ids.note)
        record.activity_ids.unlink()
        self.later(40)
        self.assertFalse(record.activity_ids)

    def test_a_part_came(self):
        record = self.ask_for()
        record._receive([{"product_id": self.apple.id, "quantity": 1}])
        self.later(15)
        self.assertEqual((record.state, record.line_ids.quantity_received), ("received", 1))
        self.assertEqual(self.returnable(self.order, self.apple)[0], 2)

    def test_opened_again(self):
        record = self.ask_for()
        self.later(15)
        seller = self.make_user("expire-seller", "sales_team.group_sale_salesman_all_leads")
        clerk = self.make_user("expire-clerk", "base.group_user")
        with self.assertRaises(AccessError):
            record.with_user(clerk).action_reopen()
        record.with_user(seller).action_reopen()
        self.assertEqual(record.state, "authorized")
        self.assertGreater(record.expires_at, fields.Datetime.now())
        open_ones = record.picking_ids.filtered(lambda each: each.state == "assigned")
        self.assertEqual(open_ones.move_ids.product_uom_qty, 2)
        self.assertEqual(self.returnable(self.order, self.apple)[0], 1)
        record._receive([{"product_id": self.apple.id, "quantity": 2}])
        record.action_accept_all()
        self.assertEqual((record.state, record.amount_settled), ("closed", 20))
        with self.assertRaisesRegex(UserError, "cannot be opened again"):
            record._reopen()

    def test_cancelled_by_mistake(self):
        record = self.ask_for()
        record._cancel()
        record._reopen()
        self.assertEqual(record.state, "authorized")
        self.policy.review = "reviewed"
        asked = self.ask(self.order, (self.apple, 1), origin="portal")
        asked._cancel()
        asked._reopen()
        self.assertEqual(asked.state, "requested", "nobody decided on it yet")

    def test_announced_elsewhere_meanwhile(self):
        record = self.ask_for()
        self.later(15)
        other = self.ask_for()
        with self.assertRaisesRegex(UserError, r"of 2 × Apple the customer can send 1;"):
            record._reopen()
        self.assertEqual(record.state, "expired")
        other._cancel()
        record._reopen()
        self.assertEqual(record.state, "authorized")

    def test_refunded_meanwhile(self):
        record = self.ask_for(3)
        self.later(15)
        with (
            patch.object(type(self.order), "_oms_is_refunded", lambda _order: True),
            self.assertRaisesRegex(UserError, "can send 0;"),
        ):
            record._reopen()

    def test_came_all_the_same(self):
        """A parcel that comes late is taken in as if it had been waited for."""
        record = self.ask_for()
        self.later(15)
        record._receive([{"product_id": self.apple.id, "quantity": 2}], self.near)
        self.assertEqual((record.state, record.line_ids.quantity_received), ("received", 2))
        self.assertEqual(self.order.order_line.qty_delivered, 1)
