from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .share_case import ShareCase


@tagged("post_install", "-at_install")
class TestAllocationGate(ShareCase):
    """Nobody takes what shares keep for others, by any way of claiming."""

    def refuse(self, message, channel, *requests):
        with self.assertRaisesRegex(UserError, message):
            self.hold(*requests, channel=channel)

    def test_set_aside(self):
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        self.share(self.market, "protected", 7)
        self.refuse(
            r"3 are left for Web at Far, Near, not 4\. Set aside there: 7 for Market",
            self.channel,
            (self.apple, self.near, 2),
            (self.apple, self.far, 2),
        )
        self.hold((self.apple, self.near, 2), (self.apple, self.far, 1), channel=self.channel)
        self.refuse("0 are left", self.channel, (self.apple, self.near, 1))
        self.refuse("0 are left for who has no channel", None, (self.apple, self.near, 1))
        self.hold((self.apple, self.near, 4), (self.apple, self.far, 3), channel=self.market)

    def test_limit(self):
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        self.share(self.channel, "capped", 5)
        self.hold((self.apple, self.near, 3), channel=self.channel)
        self.refuse(
            r"may sell 2 more, not 3\. Its limit is that of Web at all sites: 5, 3 sold",
            self.channel,
            (self.apple, self.near, 2),
            (self.apple, self.far, 1),
        )
        self.hold((self.apple, self.far, 4), channel=self.market)

    def test_limit_of_a_group(self):
        self.stock(self.apple, (self.near, 20))
        self.share(self.shops, "capped", 8)
        self.share(self.north, "protected", 5)
        self.refuse("may sell 3 more, not 4.*5 for North", self.south, (self.apple, self.near, 4))
        self.hold((self.apple, self.near, 3), channel=self.south)
        self.hold((self.apple, self.near, 5), channel=self.north)

    def test_several_products(self):
        self.stock(self.apple, (self.near, 5))
        self.stock(self.berry, (self.near, 5))
        self.share(self.channel, "capped", 2, self.berry)
        self.refuse(
            "Of.*Berry", self.channel, (self.apple, self.near, 3), (self.berry, self.near, 3)
        )
        self.hold((self.apple, self.near, 5), (self.berry, self.near, 2), channel=self.channel)

    def test_released_is_given_back(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.channel, "fixed", 4)
        claims = self.hold((self.apple, self.near, 4), channel=self.channel)
        self.refuse("may sell 0 more", self.channel, (self.apple, self.near, 1))
        claims._release()
        self.hold((self.apple, self.near, 4), channel=self.channel)

    def test_safety_stock(self):
        """What safety stock left before counts, though the claim itself closes the site."""
        self.stock(self.apple, (self.near, 10))
        rule = self.env["oms.safety.stock"].create({"product_id": self.apple.id, "quantity": 4})
        self.share(self.market, "protected", 2)
        self.refuse("4 are left for Web", self.channel, (self.apple, self.near, 5))
        rule.write({"operator": "below", "quantity": 8})
        self.refuse("8 are left for Web", self.channel, (self.apple, self.near, 9))
        self.hold((self.apple, self.near, 8), channel=self.channel)

    def test_held_goods_of_a_channel_stay_its_own(self):
        """A hold becomes the channel's order, though stock shrank below what is set aside."""
        self.stock(self.apple, (self.near, 10))
        self.share(self.market, "protected", 6)
        claims = self.hold((self.apple, self.near, 4), channel=self.channel)
        self.stock(self.apple, (self.near, -5))
        order = self.order(self.channel, (self.apple, 4), confirm=False)
        order._oms_confirm_held(claims)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 4})

    def test_held_goods_of_another_channel(self):
        """What was set aside for one channel does not become the order of another one."""
        self.stock(self.apple, (self.near, 10))
        self.share(self.market, "fixed", 6)
        self.share(self.channel, "capped", 5)
        claims = self.hold((self.apple, self.near, 6), channel=self.market)
        order = self.order(self.channel, (self.apple, 6), confirm=False)
        with self.assertRaisesRegex(UserError, "may sell 5 more, not 6"):
            order._oms_confirm_held(claims)

    def test_claims_of_several_channels_at_once(self):
        """Each claim finds what the ones before it left."""
        self.stock(self.apple, (self.near, 10))
        yesterday = fields.Datetime.now() - timedelta(days=1)
        self.share(self.channel, "capped", 4, since=yesterday)
        make = self.env["oms.claim"].create
        expires_at = fields.Datetime.now() + timedelta(hours=1)

        def vals(channel, quantity):
            return {
                "product_id": self.apple.id,
                "site_id": self.near.id,
                "quantity": quantity,
                "channel_id": channel.id,
                "origin": "cart",
                "expires_at": expires_at,
            }

        make([vals(self.channel, 2), vals(self.market, 3), vals(self.channel, 2)])
        with self.assertRaisesRegex(UserError, "may sell 0 more"):
            make([vals(self.channel, 1)])

    def test_goods_without_shares_take_no_further_guard(self):
        self.stock(self.apple, (self.near, 10))
        self.stock(self.berry, (self.near, 10))
        self.share(self.channel, "capped", 4)
        self.hold((self.apple, self.near, 1), (self.berry, self.near, 1), channel=self.channel)
        products = self.apple + self.berry
        guards = self.env.execute_query(
            SQL(
                "SELECT product_id FROM oms_position_row "
                "WHERE site_id = 0 AND product_id = ANY(%s)",
                products.ids,
            )
        )
        self.assertEqual(guards, [(self.apple.id,)])


@tagged("post_install", "-at_install")
class TestAllocationSourcing(ShareCase):
    """Orders are given what shares leave to their channel, and are told why not more."""

    def wait_of(self, order):
        return order.order_line.oms_qty_open

    def note(self, order):
        return order.oms_decision_ids[:1].note

    def test_other_channel_waits_and_is_told(self):
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        self.share(self.market, "protected", 7)
        order = self.order(self.channel, (self.apple, 5))
        self.assertEqual(self.wait_of(order), 2)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        self.assertIn("have 10 available. Shares leave 3 of that", self.note(order))
        self.assertIn("Set aside: 7 for Market.", self.note(order))
        self.assertEqual(self.wait_of(self.order(self.market, (self.apple, 7))), 0)
        self.assertBalanced(order)

    def test_limit(self):
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        self.share(self.channel, "capped", 8)
        self.order(self.channel, (self.apple, 5))
        order = self.order(self.channel, (self.apple, 5))
        self.assertEqual(self.wait_of(order), 2)
        self.assertIn("Limit of Web at all sites: 8, 5 sold.", self.note(order))

    def test_several_orders_at_once(self):
        """Who ordered first is served first; together they keep to the share."""
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        self.share(self.channel, "fixed", 5)
        orders = self.env["sale.order"]
        for channel in (self.channel, self.market, self.channel):
            orders += self.order(channel, (self.apple, 3), confirm=False)
        orders.action_confirm()
        self.assertEqual([self.wait_of(order) for order in orders], [0, 0, 1])

    def test_best_sites_within_the_share(self):
        """The share is taken where it serves the order best, not at the nearest site."""
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        self.stock(self.berry, (self.far, 5))
        self.share(self.channel, "capped", 3)
        order = self.order(self.channel, (self.apple, 3), (self.berry, 1))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 3, ("FAR", "Berry"): 1})

    def test_share_over_several_sites(self):
        self.stock(self.apple, (self.near, 3), (self.middle, 3), (self.far, 3))
        self.share(self.market, "protected", 2, site_id=self.near.id)
        self.share(self.channel, "capped", 5)
        order = self.order(self.channel, (self.apple, 9))
        self.assertEqual(self.wait_of(order), 4)
        self.assertLessEqual(self.plan(order).get(("NEAR", "Apple"), 0), 1)

    def test_cancel_gives_back(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.channel, "fixed", 4)
        order = self.order(self.channel, (self.apple, 4))
        self.assertEqual(self.wait_of(self.order(self.channel, (self.apple, 1))), 1)
        self.cancel(order)
        self.assertEqual(self.wait_of(self.order(self.channel, (self.apple, 4))), 0)

    def test_lower_share_wakes_who_waits(self):
        self.stock(self.apple, (self.near, 10))
        share = self.share(self.market, "protected", 8)
        order = self.order(self.channel, (self.apple, 5))
        self.assertEqual(self.wait_of(order), 3)
        before = self.count_triggers()
        share.amount = 2
        self.assertEqual(self.count_triggers(), before + 1)
        self.run_cron()
        self.assertEqual(self.wait_of(order), 0)
        self.assertBalanced(order)

    def test_shrunken_stock(self):
        """Protected goods that are not there any more are served by priority."""
        self.stock(self.apple, (self.near, 10))
        self.share(self.market, "protected", 5, sequence=2)
        self.share(self.channel, "protected", 5, sequence=1)
        self.stock(self.apple, (self.near, -4))
        self.assertEqual(self.wait_of(self.order(self.market, (self.apple, 5))), 4)
        self.assertEqual(self.wait_of(self.order(self.channel, (self.apple, 5))), 0)

    def test_channels_delivered_by_odoo_alone_count(self):
        """Their orders pass no gate, but what they took is sold."""
        native = self.make_channel("Native", "TNAT", orchestrated=False)
        self.stock(self.apple, (self.near, 10))
        self.share(native, "fixed", 6)
        self.order(native, (self.apple, 4), warehouse_id=self.near.warehouse_id.id)
        self.assertEqual((self.sellable(native), self.sellable(self.channel)), (2, 4))
