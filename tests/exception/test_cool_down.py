from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestCoolDown(ExceptionCase):
    """How long a site that gave goods back is not asked: for the order, the goods, or anything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.berry, (cls.near, 10), (cls.middle, 10))

    def give_back(self, scope, hours=2.0):
        """Have near give an apple back for a reason with a cool-down of this scope."""
        reason = self.reason("CAPACITY")
        reason.write({"cool_down_scope": scope, "cool_down_hours": hours})
        order = self.make_order((self.apple, 1))
        order.oms_fulfillment_ids._reject(reason)
        return order

    def make(self, *lines):
        order = self.make_order(*lines)
        self.note = self.decision(order).note or ""
        return self.plan(order)

    def later(self, hours):
        moment = fields.Datetime.now() + timedelta(hours=hours)
        return patch.object(fields.Datetime, "now", lambda *args: moment)

    def test_order(self):
        self.give_back("order")
        self.assertEqual(self.make((self.apple, 1)), {("NEAR", "Apple"): 1})

    def test_nothing_is_asked_where_no_reason_goes_beyond_its_order(self):
        self.give_back("order")
        for scope, asks in (("order", 0), ("product", 1)):
            with self.subTest(scope=scope):
                self.reason("DAMAGE").cool_down_scope = scope
                orders = self.make_order((self.apple, 1), confirm=False)
                orders += self.make_order((self.apple, 1), confirm=False)
                with self.queries() as statements:
                    self.env["oms.sourcing"]._get_candidates(orders, "confirm")
                asked = [text for text in statements if "cool_until" in text]
                self.assertEqual(len(asked), asks)

    def test_goods(self):
        """Other goods come from there all the same."""
        self.give_back("product")
        plan = self.make((self.apple, 1), (self.berry, 1))
        self.assertNotIn(("NEAR", "Apple"), plan)
        self.assertIn("Near is not asked for [Apple] Apple", self.note)
        self.assertEqual(self.make((self.berry, 1)), {("NEAR", "Berry"): 1})
        with self.later(2.1):
            self.assertEqual(self.make((self.apple, 1)), {("NEAR", "Apple"): 1})

    def test_goods_soft(self):
        self.give_back("product")
        self.strategy.cool_down_rule = "soft"
        plan = self.make((self.apple, 25))
        self.assertEqual(plan["NEAR", "Apple"], 5, "what the others have not")
        self.assertIn("cool-down after a rejection (Near)", self.note)
        self.strategy.cool_down_rule = "off"
        self.assertEqual(self.make((self.apple, 1)), {("NEAR", "Apple"): 1})

    def test_anything(self):
        self.give_back("site")
        self.assertEqual(self.make((self.berry, 1)), {("MID", "Berry"): 1})
        self.assertIn("Not asked: Near – gave goods back", self.note)
        with self.later(2.1):
            self.assertEqual(self.make((self.berry, 1)), {("NEAR", "Berry"): 1})

    def test_by_hand(self):
        """Who sources by hand asks all sites."""
        order = self.give_back("product")
        self.run_events()
        order.oms_fulfillment_ids.filtered(lambda each: each.state != "rejected")._reject(
            self.reason("DAMAGE")
        )
        order.action_oms_source()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})

    def test_withdrawn(self):
        order = self.give_back("site")
        order.oms_rejection_ids.action_undo()
        self.assertEqual(self.make((self.apple, 1)), {("NEAR", "Apple"): 1})
