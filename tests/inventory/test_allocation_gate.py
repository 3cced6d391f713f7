import contextlib
import threading
from datetime import timedelta

from psycopg2 import InterfaceError, OperationalError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, Form, tagged
from odoo.tests.common import get_db_name
from odoo.tools import SQL, mute_logger

from .test_allocation import ShareCase


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


@tagged("post_install", "-at_install")
class TestSellable(ShareCase):
    """The screen that explains what each channel can sell."""

    def explain(self, channel, product=None):
        rows = channel._explain_sellable(product or self.apple)
        self.assertEqual({row["channel_id"] for row in rows} - {channel.id}, set())
        return [(row["kind"], row["label"], row["quantity"]) for row in rows]

    def test_term_by_term(self):
        self.stock(self.apple, (self.near, 12), (self.far, 4))
        self.share(self.market, "protected", 5)
        self.share(self.channel, "capped", 9)
        self.share(self.channel, "protected", 1, site_id=self.near.id)
        self.order(self.channel, (self.apple, 3))
        self.hold((self.apple, self.near, 1), channel=self.channel)
        self.assertEqual(
            self.explain(self.channel),
            [
                ("stock", "On hand", 16),
                ("stock", "Open demand", -3),
                ("stock", "Claims", -1),
                ("available", "Available to promise", 12),
                ("held", "Set aside for Market at all sites: 5, 0 sold", -5),
                ("left", "Left for this channel", 7),
                ("limit", "Limit of Web at all sites: 9, 4 sold", 5),
                ("own", "Set aside for Web at Near: 1, 4 sold", 0),
                ("sellable", "Can be sold", 5),
            ],
        )

    def test_sums(self):
        """What is added up comes to what is said, whatever the shares."""
        self.stock(self.apple, (self.near, 12), (self.middle, 6), (self.far, 4))
        self.share(self.shops, "percent", 50)
        self.share(self.north, "percent", 40)
        self.share(self.market, "protected", 4, site_id=self.far.id)
        self.share(self.market, "protected", 9)
        self.market.network_ids = self.env["oms.network"].create(
            {"name": "Two", "site_ids": [(6, 0, (self.near + self.far).ids)]}
        )
        self.order(self.south, (self.apple, 3))
        for channel in self.channel + self.market + self.north + self.south:
            rows = self.explain(channel)
            total = 0
            for kind, _label, quantity in rows:
                if kind in ("stock", "held"):
                    total += quantity
                elif kind in ("available", "left"):
                    self.assertAlmostEqual(total, quantity)
            self.assertEqual(rows[-1][2], self.sellable(channel))

    def test_safety_stock(self):
        """What is kept back is shared out to nobody."""
        self.stock(self.apple, (self.near, 10))
        self.env["oms.safety.stock"].create({"product_id": self.apple.id, "quantity": 4})
        self.share(self.market, "percent", 50)
        rows = self.explain(self.channel)
        self.assertIn(("stock", "Safety stock", -4), rows)
        self.assertEqual(rows[-1][2], 3)

    def test_cut_share(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.market, "protected", 8)
        self.stock(self.apple, (self.near, -4))
        labels = [label for _kind, label, _quantity in self.explain(self.channel)]
        self.assertIn(
            "Set aside for Market at all sites: 8, 0 sold; cut to 6 that are there", labels
        )

    def test_goods_without_shares(self):
        self.stock(self.apple, (self.near, 10), (self.far, -2))
        self.assertEqual(
            self.explain(self.channel),
            [
                ("stock", "On hand", 8),
                ("stock", "Promised beyond the stock of a site", 2),
                ("available", "Available to promise", 10),
                ("sellable", "Can be sold", 10),
            ],
        )
        service = self.make_product("Advice", type="service", is_storable=False)
        self.assertEqual(self.channel._explain_sellable(service), [])

    def test_dialog(self):
        self.stock(self.apple, (self.near, 10))
        self.share(self.market, "fixed", 4)
        user = self.make_user("sally", "sales_team.group_sale_salesman")
        action = self.apple.with_user(user).action_view_oms_sellable()
        form = Form(self.env["oms.sellable"].with_user(user).with_context(**action["context"]))
        lines = [(line["kind"], line["label"], line["quantity"]) for line in form.line_ids._records]
        self.assertIn(("channel", "Web", 6), lines)
        self.assertIn(("channel", "Market", 4), lines)
        form.channel_id = self.market
        self.assertEqual(form.line_ids._records[0]["label"], "Market")
        self.assertEqual(
            self.apple.product_tmpl_id.action_view_oms_sellable()["context"],
            {"default_product_id": self.apple.id},
        )


@tagged("post_install", "-at_install")
class TestAllocationAtOnce(BaseCase):
    """Transactions on two sites at once, really committed, cannot break a share together."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = self.open(cr)
            warehouses = env["stock.warehouse"].create(
                [{"name": f"Share {code}", "code": code} for code in ("SHA1", "SHA2")]
            )
            product = env["product.product"].create(
                {"name": "Shared", "type": "consu", "is_storable": True}
            )
            strategy = env["oms.strategy"].create(
                {"name": "Shared", "currency_id": env.company.currency_id.id}
            )
            network = env["oms.network"].create(
                {"name": "Shared", "site_ids": [(6, 0, warehouses.oms_site_ids.ids)]}
            )
            channels = env["oms.channel"].create(
                [
                    {
                        "name": code,
                        "code": code,
                        "strategy_id": strategy.id,
                        "network_ids": [(6, 0, network.ids)],
                    }
                    for code in ("SHA", "SHB")
                ]
            )
            for warehouse in warehouses:
                env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 5)
            share = env["oms.allocation"].create(
                {
                    "channel_id": channels[1].id,
                    "kind": "protected",
                    "amount": 6,
                    "product_id": product.id,
                }
            )
            self.made = {
                record._name: record.ids
                for record in (share, channels, network, strategy, product, warehouses)
            }
            self.product = product.id
            self.here, self.there = warehouses.oms_site_ids.ids
            self.web, self.market = channels.ids
        self.addCleanup(self.clean)

    def open(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def clean(self):
        with self.registry.cursor() as cr:
            env = self.open(cr)(context={"active_test": False})
            warehouses = env["stock.warehouse"].browse(self.made["stock.warehouse"])
            places, routes = warehouses.view_location_id, warehouses.route_ids
            for model in ("oms.claim", "stock.quant"):
                env[model].search([("product_id", "=", self.product)]).unlink()
            of_warehouses = [("picking_type_id.warehouse_id", "in", warehouses.ids)]
            env["stock.rule"].search(of_warehouses).unlink()
            for model, ids in self.made.items():
                env[model].browse(ids).unlink()
            routes.filtered(lambda route: not route.rule_ids).unlink()
            env["stock.location"].search([("id", "child_of", places.ids)]).unlink()
            env.flush_all()
            for table in ("oms_position_delta", "oms_position_row"):
                cr.execute(f"DELETE FROM {table} WHERE product_id = %s", [self.product])

    def claim(self, env, site, quantity, channel):
        return env["oms.claim"].create(
            {
                "product_id": self.product,
                "site_id": site,
                "quantity": quantity,
                "channel_id": channel,
                "origin": "cart",
                "expires_at": fields.Datetime.now() + timedelta(hours=1),
            }
        )

    def left(self):
        """Return what each channel can sell, as anybody sees it."""
        with self.registry.cursor() as cr:
            env = self.open(cr)
            product = env["product.product"].browse(self.product)
            return [
                env["oms.channel"].browse(channel)._get_sellable(product)[self.product].total
                for channel in (self.web, self.market)
            ]

    def test_stale_snapshot(self):
        """Who read before another one claimed at another site is run again."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            one, two = self.open(first), self.open(second)
            self.assertTrue(two["oms.channel"].browse(self.web).name)  # its snapshot is taken
            self.claim(one, self.here, 4, self.web)
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.claim(two, self.there, 4, self.web)
            second.rollback()
            with self.assertRaisesRegex(UserError, "0 are left for SHA"):
                self.claim(two, self.there, 4, self.web)
            second.rollback()
        self.assertEqual(self.left(), [0, 6])

    def test_shares_changed_at_once(self):
        """Two who set goods aside unseen by each other do not set aside more than there is."""
        with self.registry.cursor() as first, self.registry.cursor() as second:
            one, two = self.open(first), self.open(second)
            [share] = self.made["oms.allocation"]

            def raise_share():
                two["oms.allocation"].browse(share).amount = 9
                second.flush()

            self.assertTrue(two["oms.channel"].browse(self.web).name)  # its snapshot is taken
            one["oms.allocation"].create(
                {
                    "channel_id": self.web,
                    "kind": "protected",
                    "amount": 4,
                    "product_id": self.product,
                }
            )
            first.commit()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                raise_share()
            second.rollback()
            with self.assertRaisesRegex(ValidationError, "9 .* cannot be set aside for"):
                raise_share()
            second.rollback()
        self.assertEqual(self.left(), [4, 6])
        with self.registry.cursor() as cr:
            shown = self.open(cr)["oms.position"].search([("product_id", "=", self.product)])
            self.assertEqual(set(shown.site_id.ids), {self.here, self.there})
            self.assertEqual(len(shown), 2, "guards are no positions")

    def test_holds_at_once(self):
        """Eight who ask for one unit each, at two sites: four get it, the rest stays set aside."""
        outcome = []

        def hold(site):
            with self.registry.cursor() as cr:
                env = self.open(cr)
                try:
                    outcome.append(
                        env["oms.claim"]._hold(
                            [(self.product, site, 1)],
                            "cart",
                            5,
                            channel=env["oms.channel"].browse(self.web),
                        )
                    )
                except UserError as error:
                    outcome.append(str(error))

        threads = [
            threading.Thread(target=hold, args=[site]) for site in (self.here, self.there) * 4
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        refused = [each for each in outcome if isinstance(each, str)]
        self.assertEqual((len(outcome), len(refused)), (8, 4))
        self.assertTrue(all("6 for SHB" in each for each in refused), refused)
        self.assertEqual(self.left(), [0, 6])

    def test_killed_in_the_middle(self):
        """A claim whose connection died took nothing of the share, and its guard is free."""
        cr = self.registry.cursor()
        self.claim(self.open(cr), self.here, 4, self.web)
        cr.execute("SELECT pg_backend_pid()")
        [pid] = cr.fetchone()
        with self.registry.cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        with mute_logger("odoo.sql_db"), self.assertRaises(OperationalError):
            cr.execute("SELECT 1")
        with contextlib.suppress(OperationalError, InterfaceError):
            cr.close()
        self.assertEqual(self.left(), [4, 10])
        with self.registry.cursor() as cr:
            self.claim(self.open(cr), self.there, 4, self.web)
        self.assertEqual(self.left(), [0, 6])
