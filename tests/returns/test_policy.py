from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestPolicy(ReturnCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.top = cls.env["product.category"].create({"name": "Clothes"})
        cls.below = cls.env["product.category"].create(
            {"name": "Swimwear", "parent_id": cls.top.id}
        )
        cls.suit = cls.make_product("Suit", categ_id=cls.below.id)

    def days(self, product=None, channel=None):
        return self.policy._get_terms(product or self.suit, channel or self.channel).days

    def add_rule(self, days, **vals):
        return self.env["oms.return.policy.rule"].create(
            {"policy_id": self.policy.id, "other_days": True, "days": days, **vals}
        )

    def test_most_specific_wins(self):
        self.assertEqual(self.days(), 30)
        self.add_rule(1)
        self.assertEqual(self.days(), 1)
        self.add_rule(2, channel_id=self.channel.id)
        self.assertEqual(self.days(), 2)
        self.add_rule(3, categ_id=self.top.id)
        self.assertEqual(self.days(), 3)
        self.add_rule(4, categ_id=self.top.id, channel_id=self.channel.id)
        self.assertEqual(self.days(), 4)
        self.add_rule(5, categ_id=self.below.id)
        self.assertEqual(self.days(), 5)
        self.add_rule(6, product_tmpl_id=self.suit.product_tmpl_id.id)
        self.assertEqual(self.days(), 6)
        self.add_rule(7, product_id=self.suit.id)
        self.assertEqual(self.days(), 7)
        other = self.make_channel("Marketplace", "TMKT")
        self.add_rule(8, product_id=self.suit.id, channel_id=other.id)
        self.assertEqual((self.days(), self.days(channel=other)), (7, 8))
        self.assertEqual(self.days(self.apple), 2)

    def test_first_in_the_list_wins(self):
        self.add_rule(1, sequence=20)
        self.add_rule(2, sequence=10)
        self.assertEqual(self.days(), 2)

    def test_which_policy(self):
        policies = self.env["oms.return.policy"]
        self.assertEqual(policies._find_for(self.channel, self.company), self.policy)
        self.channel.return_policy_id = False
        first = policies.create({"name": "First", "sequence": -1, "company_id": self.company.id})
        self.assertEqual(policies._find_for(self.channel, self.company), first)
        other = self.env["res.company"].create({"name": "Other"})
        self.assertNotIn(
            policies._find_for(policies.env["oms.channel"], other), first | self.policy
        )

    def test_fees(self):
        self.policy.write({"fee_fixed": 5, "fee_percent": 10})
        order = self.deliver((self.apple, 3), (self.berry, 1))
        record = self.ask(order, (self.apple, 2), (self.berry, 1))
        self.assertEqual(record.line_ids.mapped("fee"), [7, 1])
        damaged = {"reason_id": self.env.ref("oms.return_reason_late").id}
        other = self.ask(order, (self.apple, 1, damaged))
        self.assertEqual(other.amount_fee, 0)

    def test_fee_is_no_more_than_the_price(self):
        self.policy.fee_fixed = 15
        order = self.deliver((self.apple, 1), (self.berry, 1))
        record = self.ask(order, (self.apple, 1), (self.berry, 1))
        self.assertEqual(record.line_ids.mapped("fee"), [10, 5])

    def test_kept(self):
        self.policy.keep_below = 15
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 1), origin="portal")
        self.assertEqual((record.way, record.state), ("keep", "closed"))
        self.assertFalse(record.picking_ids)
        self.assertEqual((record.amount_accepted, record.amount_settled), (10, 10))
        self.assertEqual(order.order_line.qty_delivered, 3)
        # It cannot be returned once more, and two are worth their way back.
        self.assertEqual(self.returnable(order, self.apple)[0], 2)
        self.assertEqual(self.ask(order, (self.apple, 2)).state, "authorized")

    def test_reviewed(self):
        self.policy.review = "reviewed"
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 1), origin="portal")
        self.assertEqual(record.state, "requested")
        self.assertIn("Apple", record.review_reason)
        self.assertFalse(record.picking_ids)
        # Asked for, it is announced.
        self.assertEqual(self.returnable(order, self.apple)[0], 2)
        record.action_authorize()
        self.assertEqual((record.state, record.site_id), ("authorized", self.near))
        self.assertEqual(self.ask(order, (self.apple, 1)).state, "authorized")

    def test_refused(self):
        self.policy.review = "reviewed"
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 1), origin="api")
        wizard = self.env["oms.return.refuse"].create(
            {"return_ids": [(6, 0, record.ids)], "reason": "It was worn."}
        )
        wizard.action_refuse()
        self.assertEqual((record.state, record.refuse_reason), ("refused", "It was worn."))
        self.assertEqual(self.returnable(order, self.apple)[0], 3)

    def test_events(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 1))
        record._set_in_transit()
        items = record._receive([{"product_id": self.apple.id, "quantity": 1}])
        record._inspect([{"item_id": items.id}])
        self.assertEqual(
            order.oms_event_ids.sorted("id").mapped("event")[-7:],
            [
                "return.requested",
                "return.authorized",
                "return.shipped",
                "return.received",
                "return.inspected",
                "return.refunded",
                "return.closed",
            ],
        )
