from contextlib import contextmanager
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .share_case import ShareCase


@tagged("post_install", "-at_install")
class TestAllocation(ShareCase):
    """What shares mean for what channels can sell."""

    def test_nobody_has_a_share(self):
        self.stock(self.apple, (self.near, 10))
        with self.queries() as statements:
            self.assertEqual(self.channel._get_sellable(self.apple), {})
        self.assertLessEqual(len(statements), 2)

    def test_kinds(self):
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        share = self.share(self.channel, "fixed", 4)
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (4, 6))
        share.kind = "protected"
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (10, 6))
        share.kind = "capped"
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (4, 10))
        share.write({"kind": "percent", "amount": 35})
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (3, 7))

    def test_goods_in_fractions_are_shared_in_fractions(self):
        self.stock(self.apple, (self.near, 6.5), (self.far, 4))
        self.share(self.channel, "percent", 33.33)
        self.assertEqual(self.sellable(self.channel), 3.49)

    def test_consumed_as_sold_and_given_back(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.channel, "fixed", 4)
        order = self.order(self.channel, (self.apple, 3))
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (1, 6))
        self.cancel(order)
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (4, 6))

    def test_what_is_shipped_and_given_back_by_the_customer_stays_sold(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.channel, "fixed", 4)
        order = self.order(self.channel, (self.apple, 3))
        self.ship(order.picking_ids)
        self.assertEqual(self.sellable(self.channel), 1)
        self.take_back(order.picking_ids, 2)
        unseen = "nobody has looked at what came back"
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (1, 6), unseen)
        self.stock(self.apple, (self.near, 2))
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (1, 8))

    def test_every_step_of_a_delivery_is_one_sale(self):
        self.near.warehouse_id.delivery_steps = "pick_pack_ship"
        self.stock(self.apple, (self.near, 10))
        self.share(self.channel, "capped", 8)
        order = self.order(self.channel, (self.apple, 3))
        while pickings := order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")):
            self.assertEqual(self.sellable(self.channel), 5)
            self.ship(pickings[0])
        self.assertEqual(self.sellable(self.channel), 5)

    def test_part_shipped(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.channel, "capped", 8)
        order = self.order(self.channel, (self.apple, 5))
        self.ship(order.picking_ids, 2)
        self.assertEqual(self.sellable(self.channel), 6)

    def test_units_of_the_order_line(self):
        self.stock(self.apple, (self.near, 30))
        self.share(self.channel, "capped", 30)
        dozen = {"product_uom_id": self.env.ref("uom.product_uom_dozen").id}
        order = self.order(self.channel, (self.apple, 2, dozen))
        self.assertEqual(self.sellable(self.channel), 6)
        self.ship(order.picking_ids)
        self.assertEqual(self.sellable(self.channel), 6)

    def test_holds_count_until_they_expire(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.channel, "capped", 8)
        claims = self.hold((self.apple, self.near, 3), channel=self.channel)
        self.assertEqual(self.sellable(self.channel), 5)
        claims.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertEqual(self.sellable(self.channel), 8)

    def test_only_sales_since_then_count(self):
        self.stock(self.apple, (self.near, 10))
        order = self.order(self.channel, (self.apple, 3))
        now = fields.Datetime.now()
        share = self.share(self.channel, "capped", 5, since=now - timedelta(days=1))
        self.assertEqual(self.sellable(self.channel), 2)
        order.date_order = now - timedelta(days=2)
        self.assertEqual(self.sellable(self.channel), 5)
        share.since = now - timedelta(days=3)
        self.assertEqual(self.sellable(self.channel), 2)

    def test_shares_of_different_times(self):
        self.stock(self.apple, (self.near, 10))
        order = self.order(self.channel, (self.apple, 3))
        now = fields.Datetime.now()
        order.date_order = now - timedelta(days=2)
        self.share(self.channel, "capped", 9, since=now - timedelta(days=3))
        self.share(self.channel, "capped", 5, site_id=self.near.id, since=now - timedelta(days=1))
        limits = self.channel._get_sellable(self.apple)[self.apple.id].limits
        self.assertEqual([standing.left for standing in limits], [5, 6])

    def test_before_and_after_its_time(self):
        now = fields.Datetime.now()
        self.stock(self.apple, (self.near, 10))
        share = self.share(self.channel, "capped", 5, since=now + timedelta(days=1))
        self.assertIsNone(self.sellable(self.channel))
        share.since = now - timedelta(days=2)
        self.assertEqual(self.sellable(self.channel), 5)
        share.until = now - timedelta(days=1)
        self.assertIsNone(self.sellable(self.channel))

    def test_archived(self):
        self.stock(self.apple, (self.near, 10))
        share = self.share(self.market, "fixed", 5)
        self.assertEqual(self.sellable(self.channel), 5)
        self.market.active = False
        self.assertIsNone(self.sellable(self.channel))
        self.market.active = True
        share.active = False
        self.assertIsNone(self.sellable(self.channel))

    def test_closest_match_of_the_product(self):
        self.stock(self.apple, (self.near, 20))
        fruit = self.env["product.category"].create({"name": "Fruit"})
        pome = self.env["product.category"].create({"name": "Pome fruit", "parent_id": fruit.id})
        self.apple.categ_id = pome
        everything = self.env["product.product"]
        self.share(self.channel, "capped", 2, everything)
        self.assertEqual(self.sellable(self.channel), 2)
        self.share(self.channel, "capped", 3, categ_id=fruit.id)
        self.assertEqual(self.sellable(self.channel), 3)
        self.share(self.channel, "capped", 4, categ_id=pome.id)
        self.assertEqual(self.sellable(self.channel), 4)
        self.share(self.channel, "capped", 5)
        self.assertEqual(self.sellable(self.channel), 5)
        self.assertEqual(self.sellable(self.channel, self.berry), 0)
        self.apple.categ_id = False
        self.assertEqual(self.sellable(self.channel), 5)

    def test_scopes(self):
        self.stock(self.apple, (self.near, 6), (self.middle, 3), (self.far, 4))
        inner = self.env["oms.network"].create(
            {"name": "Inner", "site_ids": [(6, 0, (self.near + self.middle).ids)]}
        )
        self.share(self.market, "protected", 5, network_id=inner.id)
        self.share(self.market, "protected", 2, site_id=self.far.id)
        self.assertEqual(self.sellable(self.channel), 6)
        self.assertEqual(
            self.channel._get_allowances(self.apple, self.near + self.middle + self.far),
            {self.apple.id: {self.near.id: 4, self.far.id: 2}},
        )
        self.assertEqual(
            self.channel._get_allowances(self.apple, self.far + self.middle + self.near),
            {self.apple.id: {self.far.id: 2, self.middle.id: 3, self.near.id: 1}},
        )
        self.middle.active = False
        self.assertEqual(self.sellable(self.channel), 3)

    def test_kept_where_its_channel_sells(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        self.market.network_ids = self.env["oms.network"].create(
            {"name": "Market", "site_ids": [(6, 0, self.near.ids)]}
        )
        self.share(self.market, "protected", 4)
        self.assertEqual(self.sellable(self.channel, sites=self.near), 1)
        self.assertEqual(self.sellable(self.channel, sites=self.far), 5)

    def test_nested_groups(self):
        self.stock(self.apple, (self.near, 20))
        stores = self.env["oms.channel.group"].create(
            {"name": "Stores", "child_ids": [(4, self.shops.id)]}
        )
        self.assertEqual(self.shops.complete_name, "Stores / Shops")
        self.share(stores, "fixed", 10)
        self.share(self.shops, "percent", 80)
        self.share(self.north, "percent", 50)
        self.assertEqual(self.sellable(self.channel), 10)
        # 10 for the stores, of that 8 for the shops, of that 4 for the north.
        self.assertEqual((self.sellable(self.north), self.sellable(self.south)), (4, 4))
        self.order(self.south, (self.apple, 3))
        self.assertEqual((self.sellable(self.north), self.sellable(self.south)), (4, 1))

    def test_too_little_stock(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.market, "fixed", 6, sequence=5)
        self.share(self.channel, "fixed", 4, sequence=1)
        self.stock(self.apple, (self.near, -5))
        self.assertEqual((self.sellable(self.channel), self.sellable(self.market)), (4, 1))
        self.assertEqual(self.sellable(self.north), 0)

    def test_queries_do_not_grow_with_products(self):
        products = self.apple
        for number in range(20):
            products += self.make_product(f"Product {number}")
        for product in products:
            self.stock(product, (self.near, 5), (self.far, 5))
        self.share(self.channel, "percent", 50, self.env["product.product"])
        self.env.flush_all()
        # Asked once for all: a process remembers whether there are rules and shares.
        self.env["oms.safety.stock"]._is_any()
        self.env["oms.allocation"]._is_any()
        counts = []
        for asked in (products[:1], products):
            self.env.invalidate_all()
            with self.queries() as statements:
                self.assertEqual(len(self.channel._get_sellable(asked)), len(asked))
            counts.append(len(statements))
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 16)

    def test_other_company(self):
        """Shares of another company say nothing of what this one sells of a common product."""
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        self.stock(self.apple, (self.near, 5))
        network = self.env["oms.network"].create({"name": "Other", "company_id": other.id})
        channel = self.make_channel(
            "Other", "TOTH", company_id=other.id, network_ids=[(6, 0, network.ids)]
        )
        self.share(channel, "capped", 0, company_id=other.id)
        self.assertIsNone(self.sellable(self.channel))

    def test_read_api_tells_the_share(self):
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        self.stock(self.berry, (self.near, 2))
        self.share(self.market, "fixed", 4)
        read = self.env["oms.position"].get_availability
        answers = read([self.apple.id, self.berry.id], channel="TWEB", detail=True)
        self.assertEqual([answer["available"] for answer in answers], [6, 2])
        self.assertEqual(sum(site["available"] for site in answers[0]["sites"]), 6)
        [answer] = read([self.apple.id])
        self.assertEqual(answer["available"], 10)
        later = fields.Datetime.to_string(fields.Datetime.now() + timedelta(days=2))
        [answer] = read([self.apple.id], channel="TMAR", at=later)
        self.assertEqual(answer["available"], 4)


@tagged("post_install", "-at_install")
class TestAllocationInput(ShareCase):
    """Shares that cannot be are refused, with what to do about it."""

    def refuse(self, message, *args, **kwargs):
        with self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
            self.share(*args, **kwargs)

    @contextmanager
    def broken(self):
        """What breaks a constraint of the database, which has a text for people."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            yield

    def test_amounts(self):
        self.stock(self.apple, (self.near, 1000))
        self.refuse("at most 100", self.channel, "percent", 100.5)
        for amount in (-1, float("nan"), float("inf"), 1e15):
            self.refuse("zero or above", self.channel, "capped", amount)
        self.refuse("multiple of 0.01", self.channel, "fixed", 1.005)
        share = self.share(self.channel, "fixed", 7)
        with self.assertRaisesRegex(ValidationError, "zero or above"):
            share.amount = -7

    def test_percentages_of_one_whole(self):
        self.share(self.channel, "percent", 60)
        self.refuse("Lower it to 40 %", self.market, "percent", 50)
        market = self.share(self.market, "percent", 40)
        # In a group it is of what the group has, elsewhere and of other goods of another whole.
        self.share(self.north, "percent", 70)
        self.refuse("Lower it to 30 %", self.south, "percent", 31)
        self.share(self.market, "percent", 90, self.berry)
        self.share(self.market, "percent", 90, site_id=self.near.id)
        with self.assertRaisesRegex(ValidationError, "shared out"), self.env.cr.savepoint():
            self.north.group_id = False
        market.until = market.since + timedelta(days=9)
        self.share(self.south, "percent", 10)
        self.share(self.shops, "percent", 40, since=market.until)

    def test_the_same_twice(self):
        share = self.share(self.channel, "capped", 5)
        self.refuse("such a share already", self.channel, "capped", 6)
        self.refuse("such a share already", self.channel, "fixed", 0)
        self.share(self.channel, "protected", 0)
        share.until = share.since + timedelta(days=9)
        self.share(self.channel, "capped", 6, since=share.until)

    def test_archived(self):
        self.market.active = False
        self.refuse("Market.* is archived", self.market, "capped", 5)
        self.far.active = False
        self.refuse("Far.* is archived", self.channel, "capped", 5, site_id=self.far.id)
        self.berry.active = False
        self.refuse("Berry.* is archived", self.channel, "capped", 5, self.berry)

    def test_unknown(self):
        for name, words in (
            ("channel_id", "no Channel"),
            ("site_id", "no Site"),
            ("network_id", "no Network"),
        ):
            self.refuse(f"{words} {2**30}", self.channel, "capped", 5, **{name: 2**30})
        nothing = self.env["product.product"].browse(2**30)
        self.refuse(f"no Product.* {2**30}", self.channel, "capped", 5, nothing)
        self.refuse("no Channel Group", self.channel, "capped", 5, group_id=2**30, channel_id=False)

    def test_dates(self):
        now = fields.Datetime.now()
        for until in (now, now - timedelta(days=1)):
            with self.broken():
                self.share(self.channel, "capped", 5, since=now, until=until)

    def test_one_holder_one_subject(self):
        for vals in (
            {"group_id": self.shops.id},
            {"channel_id": False},
            {"categ_id": self.env.ref("product.product_category_goods").id},
            {"site_id": self.near.id, "network_id": self.network.id},
        ):
            with self.broken():
                self.share(self.channel, "capped", 5, **{"product_id": self.apple.id, **vals})

    def test_another_company(self):
        other = self.env["res.company"].create({"name": "Other company"})
        self.env.user.company_ids += other
        site = self.make_site("Other", "OTH", company=other)
        network = self.env["oms.network"].create({"name": "Other", "company_id": other.id})
        for vals in ({"site_id": site.id}, {"network_id": network.id}, {"company_id": other.id}):
            self.refuse("company", self.channel, "capped", 5, **vals)
        group = self.env["oms.channel.group"].create({"name": "Other", "company_id": other.id})
        with self.assertRaisesRegex(UserError, "company"):
            self.channel.group_id = group

    def test_groups_in_a_circle(self):
        inner = self.env["oms.channel.group"].create({"name": "In", "parent_id": self.shops.id})
        with self.assertRaises(ValidationError):
            self.shops.parent_id = inner

    def test_more_than_there_is(self):
        """Set-asides of a product together are there when they are saved, and told if not."""
        self.stock(self.apple, (self.near, 6), (self.far, 4))
        self.refuse("10 are there now", self.channel, "fixed", 11)
        self.share(self.market, "protected", 7, sequence=99)
        self.refuse("3 are there now", self.channel, "fixed", 4, sequence=1)
        self.refuse("0 are there now", self.channel, "protected", 5, site_id=self.middle.id)
        share = self.share(self.channel, "fixed", 3)
        with self.assertRaisesRegex(ValidationError, "3 are there now"), self.env.cr.savepoint():
            share.amount = 4
        # Limits, percentages and shares of many products adapt themselves.
        self.share(self.north, "capped", 999)
        self.share(self.south, "percent", 100)
        self.share(self.north, "protected", 999, self.env["product.product"])

    def test_after_stock_shrank(self):
        """Who lowers a share that is not there any more is not told to lower another one."""
        self.stock(self.apple, (self.near, 10))
        share = self.share(self.channel, "fixed", 8)
        self.stock(self.apple, (self.near, -5))
        share.note = "as ever"
        share.amount = 5
