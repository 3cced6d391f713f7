from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.oms.models.feed import oms_feed_basis
from odoo.addons.oms.models.feed.cursor import CursorError, CursorExpired
from odoo.addons.oms.models.inventory import news_sql

from .feed_case import FeedCase


@tagged("post_install", "-at_install")
class TestStockFeed(FeedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5), (cls.far, 7))
        cls.stock(cls.berry, (cls.near, 2))
        cls.paint = cls.make_product("Paint", is_storable=False)

    def pass_until(self, moment):
        """Have the publisher believe that it looked at a moment for the last time."""
        self.env.cr.execute("UPDATE oms_feed_state SET moment = %s", [moment])

    # === SNAPSHOT === #

    def test_snapshot(self):
        """Absolute quantities of all that the channel sells, the same as availability says."""
        gone = self.make_product("Gone")
        gone.active = False
        unsold = self.make_product("Unsold", sale_ok=False)
        service = self.make_product("Service", type="service", is_storable=False)
        client = self.open_client()
        known = client.known
        self.assertEqual(known[self.apple.id], 12)
        self.assertEqual(known[self.berry.id], 2)
        self.assertIsNone(known[self.paint.id])
        self.assertFalse({gone.id, unsold.id, service.id} & known.keys())
        answers = self.env["oms.position"].get_availability(list(known), channel=self.channel.id)
        self.assertEqual(known, {each["product_id"]: each["available"] for each in answers})
        sold = self.env["product.product"].search([("sale_ok", "=", True), ("type", "=", "consu")])
        self.assertEqual(set(sold.ids), known.keys())

    def test_snapshot_by_site(self):
        client = self.open_client(by_site=True)
        self.assertEqual(client.known[self.apple.id], {"NEAR": 5, "FAR": 7})
        self.assertEqual(client.known[self.berry.id], {"NEAR": 2})

    def test_snapshot_of_some(self):
        answer = self.call("_get_stock_snapshot", products=["Berry", "Apple"])
        self.assertEqual(
            answer["rows"],
            [
                {
                    "product": "Apple",
                    "product_id": self.apple.id,
                    "unit": "Units",
                    "available": 12,
                    "sellable": True,
                },
                {
                    "product": "Berry",
                    "product_id": self.berry.id,
                    "unit": "Units",
                    "available": 2,
                    "sellable": True,
                },
            ],
        )
        self.assertIsNone(answer["next"])
        with self.assertRaisesRegex(ValidationError, "Unknown.*Nonsense"):
            self.call("_get_stock_snapshot", products=["Nonsense"])

    def test_change_between_pages(self):
        """What changes while a snapshot is read comes with the changes after it."""
        client = self.open_client()
        first = self.call("_get_stock_snapshot", limit=1)
        self.stock(self.apple, (self.near, 1))
        after, cursors = first["next"], {first["cursor"]}
        while after:
            answer = self.call("_get_stock_snapshot", after=after, limit=100)
            after = answer["next"]
            cursors.add(answer["cursor"])
        self.assertEqual(len(cursors), 1)
        client.cursor = first["cursor"]
        self.assertEqual(self.told(client), {"Apple": 13})

    # === STOCK === #

    def test_nothing_changed(self):
        client = self.open_client()
        cursor = client.cursor
        self.assertEqual(client.follow(), [])
        self.assertEqual(client.cursor, cursor)

    def test_coalesced(self):
        """However often a product changed, it is told once, as it is now."""
        client, other = self.open_client(), self.open_client()
        for _time in range(3):
            self.stock(self.apple, (self.near, 1))
            self.stock(self.apple, (self.far, 1))
            self.publish()
        self.stock(self.berry, (self.near, 1))
        self.assertEqual(self.told(client), {"Apple": 18, "Berry": 3})
        self.assertEqual(self.told(client), {})
        self.assertEqual(self.told(other), {"Apple": 18, "Berry": 3})

    def test_pages(self):
        client = self.open_client()
        products = [self.make_product(f"P{n}") for n in range(7)]
        for number, product in enumerate(products, 1):
            self.stock(product, (self.near, number))
        rows = client.follow(limit=2)
        self.assertEqual(
            {row["product"]: row["available"] for row in rows}, {f"P{n}": n + 1 for n in range(7)}
        )

    def test_by_site(self):
        client = self.open_client(by_site=True)
        self.stock(self.berry, (self.middle, 4))
        self.stock(self.apple, (self.near, -5))
        client.follow()
        self.assertEqual(client.known[self.berry.id], {"NEAR": 2, "MID": 4})
        self.assertEqual(client.known[self.apple.id], {"FAR": 7})

    def test_folding_tells_nothing_twice(self):
        self.env.cr.execute(news_sql.forget())
        client = self.open_client()
        self.stock(self.apple, (self.near, 1))
        self.assertEqual(self.told(client), {"Apple": 13})
        self.env.cr.execute("SELECT oms_position_compact(1000000)")
        self.assertEqual(self.told(client), {})
        self.stock(self.apple, (self.near, 1))
        self.env.flush_all()
        self.env.cr.execute("SELECT oms_position_compact(1000000)")
        self.assertEqual(self.told(client), {"Apple": 14})
        self.env.cr.execute("SELECT COUNT(*) FROM oms_position_told")
        self.assertEqual(self.env.cr.fetchone(), (0,))

    def test_reservation_changes_nothing(self):
        """What only says of goods on hand that they are reserved is not told."""
        client = self.open_client()
        self.env["stock.quant"]._update_reserved_quantity(
            self.apple, self.near.warehouse_id.lot_stock_id, 2
        )
        self.assertEqual(self.told(client), {})

    def test_order(self):
        client = self.open_client()
        order = self.make_order((self.apple, 3))
        self.assertEqual(self.told(client), {"Apple": 9})
        order._action_cancel()
        self.assertEqual(self.told(client), {"Apple": 12})

    def test_hold(self):
        """Held, extended, given back: each is told, though a hold leaves no entry."""
        client = self.open_client()
        Claim = self.env["oms.claim"]
        self.env.flush_all()
        with self.enter_registry_test_mode():
            ids = Claim._hold([(self.apple.id, self.near.id, 4)], "cart", 5, channel=self.channel)
        self.assertEqual(self.told(client), {"Apple": 8})
        with self.enter_registry_test_mode():
            Claim.browse(ids)._extend(50)
        self.assertEqual(self.told(client), {"Apple": 8})
        with self.enter_registry_test_mode():
            Claim.browse(ids)._give_back()
        self.assertEqual(self.told(client), {"Apple": 12})

    def test_hold_expires(self):
        client = self.open_client()
        self.env.flush_all()
        with self.enter_registry_test_mode():
            ids = self.env["oms.claim"]._hold([(self.apple.id, self.near.id, 4)], "cart", 5)
        self.assertEqual(self.told(client), {"Apple": 8})
        self.env.cr.execute(
            "UPDATE oms_claim SET expires_at = '2020-01-01 10:00:00' WHERE id = ANY(%s)", [ids]
        )
        self.assertEqual(client.follow(), [], "nobody told that the time changed")
        self.pass_until("2020-01-01 09:59:59")
        self.assertEqual(self.told(client), {"Apple": 12})
        self.assertEqual(self.told(client), {})

    # === PRODUCTS === #

    def test_products_come_and_go(self):
        client = self.open_client()
        new = self.make_product("New")
        self.assertEqual(self.told(client), {"New": 0})
        self.apple.active = False
        [row] = client.follow()
        self.assertEqual((row["sellable"], row["available"]), (False, 0))
        self.assertNotIn(self.apple.id, client.known)
        self.apple.active = True
        self.assertEqual(self.told(client), {"Apple": 12})
        new.product_tmpl_id.sale_ok = False
        client.follow()
        self.assertNotIn(new.id, client.known)
        new.product_tmpl_id.sale_ok = True
        new.default_code = "Newer"
        self.assertEqual(self.told(client), {"Newer": 0})
        new.product_tmpl_id.description = "Nothing of this is sold differently."
        self.assertEqual(self.told(client), {})

    def test_product_of_another_company(self):
        """It is never told, and the cursor goes on all the same."""
        client = self.open_client()
        other = self.env["res.company"].create({"name": "Daughter"})
        theirs = self.make_product("Theirs", company_id=other.id)
        cursor = client.cursor
        self.assertEqual(client.follow(), [])
        self.assertNotEqual(client.cursor, cursor)
        self.assertNotIn(theirs.id, client.known)

    # === STOCK OUTSIDE OF ODOO === #

    def test_external_stock(self):
        partner = self.make_partner("Supplier")
        site = self.env["oms.site"].create(
            {"name": "Supplier", "code": "SUPP", "kind": "supplier", "partner_id": partner.id}
        )
        self.network.site_ids += site
        client = self.open_client()
        stock = self.env["oms.external.stock"].create(
            {"product_id": self.berry.id, "site_id": site.id, "quantity": 30}
        )
        self.assertEqual(self.told(client), {"Berry": 32})
        stock.quantity = 20
        self.assertEqual(self.told(client), {"Berry": 22})
        self.age(stock, 10)
        self.assertEqual(self.told(client), {"Berry": 22})
        site.feed_max_age_hours = 5
        self.assertEqual(self.told(client), {"Berry": 2})
        site.feed_max_age_hours = 24
        self.assertEqual(self.told(client), {"Berry": 22})
        stock.unlink()
        self.assertEqual(self.told(client), {"Berry": 2})

    def test_external_stock_goes_stale(self):
        """By the time alone."""
        partner = self.make_partner("Supplier")
        site = self.env["oms.site"].create(
            {
                "name": "Supplier",
                "code": "SUPP",
                "kind": "supplier",
                "partner_id": partner.id,
                "feed_max_age_hours": 24,
            }
        )
        self.network.site_ids += site
        stock = self.env["oms.external.stock"].create(
            {"product_id": self.berry.id, "site_id": site.id, "quantity": 30}
        )
        self.age(stock, 25)
        client = self.open_client()
        self.assertEqual(client.known[self.berry.id], 2)
        self.assertEqual(self.told(client), {})
        self.pass_until(fields.Datetime.now() - timedelta(hours=2))
        self.assertEqual(self.told(client), {"Berry": 2})
        self.assertEqual(self.told(client), {})

    def age(self, stock, hours):
        """Have it said so long ago."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE oms_external_stock SET updated_at = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(hours=hours), stock.id],
        )
        stock.invalidate_recordset()

    # === RULES AND SHARES === #

    def test_safety_stock(self):
        client = self.open_client()
        rule = self.env["oms.safety.stock"].create(
            {"product_id": self.apple.id, "operator": "subtract", "quantity": 2}
        )
        self.assertEqual(self.told(client), {"Apple": 8})
        rule.quantity = 1
        self.assertEqual(self.told(client), {"Apple": 10})
        rule.product_id = self.berry
        self.assertEqual(self.told(client), {"Apple": 12, "Berry": 1})
        rule.unlink()
        self.assertEqual(self.told(client), {"Berry": 2})

    def test_safety_stock_begins_by_itself(self):
        """A rule with dates is told on the day on which it begins."""
        rule = self.env["oms.safety.stock"].create(
            {
                "product_id": self.apple.id,
                "operator": "subtract",
                "quantity": 2,
                "date_from": "2999-01-01",
            }
        )
        client = self.open_client()
        self.assertEqual(self.told(client), {})
        # Its day has come.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE oms_safety_stock SET date_from = '2020-01-01' WHERE id = %s", [rule.id]
        )
        self.assertEqual(self.told(client), {"Apple": 8})

    def test_safety_stock_of_category(self):
        client = self.open_client()
        category = self.env["product.category"].create({"name": "Fruit"})
        below = self.env["product.category"].create({"name": "Soft", "parent_id": category.id})
        self.berry.categ_id = below
        self.assertEqual(self.told(client), {"Berry": 2})
        self.env["oms.safety.stock"].create(
            {"categ_id": category.id, "operator": "subtract", "quantity": 1}
        )
        self.assertEqual(self.told(client), {"Berry": 1})

    def test_shares(self):
        """A share of another channel is told, and what that channel sells within it is not less."""
        other = self.make_channel("Other", "TOTHER")
        client, theirs = self.open_client(), self.open_client(other)
        share = self.env["oms.allocation"].create(
            {
                "channel_id": other.id,
                "product_id": self.apple.id,
                "kind": "fixed",
                "amount": 4,
                "since": "2024-01-01 00:00:00",
            }
        )
        self.assertEqual(self.told(client), {"Apple": 8})
        self.assertEqual(self.told(theirs), {"Apple": 4})
        order = self.make_order((self.apple, 3), oms_channel_id=other.id)
        self.assertEqual(self.told(client), {"Apple": 8})
        self.assertEqual(self.told(theirs), {"Apple": 1})
        order._action_cancel()
        share.until = "2024-02-01 00:00:00"
        self.assertEqual(self.told(client), {"Apple": 12})
        self.assertEqual(self.told(theirs), {"Apple": 12})

    # === WHEN A SNAPSHOT IS NEEDED === #

    def assertNeedsSnapshot(self, client):
        with self.assertRaisesRegex(CursorExpired, "Take a snapshot") as caught:
            client.follow()
        self.assertEqual(caught.exception.code, "cursor_expired")
        client.snapshot()
        self.assertEqual(client.follow(), [])

    def test_sites_of_the_channel_change(self):
        other = self.make_channel("Other", "TOTHER", network_ids=False)
        client, theirs = self.open_client(), self.open_client(other)
        self.network.site_ids -= self.far
        self.assertNeedsSnapshot(client)
        self.assertEqual(client.known[self.apple.id], 5)
        self.assertEqual(theirs.follow(), [], "its sites are the same")
        self.channel.network_ids = False
        self.assertNeedsSnapshot(client)
        self.assertEqual(client.known[self.apple.id], 12)
        self.far.active = False
        self.assertNeedsSnapshot(client)
        self.assertNeedsSnapshot(theirs)
        self.assertEqual(theirs.known[self.apple.id], 5)

    def test_rule_of_all_products(self):
        client = self.open_client()
        rule = self.env["oms.safety.stock"].create({"operator": "subtract", "quantity": 1})
        self.assertNeedsSnapshot(client)
        self.assertEqual(client.known[self.apple.id], 10)
        rule.active = False
        self.assertNeedsSnapshot(client)

    def test_rule_of_many_products(self):
        """Too many to be told one by one."""
        self.patch(oms_feed_basis, "MOST_TOUCHED", 1)
        client = self.open_client()
        self.env["oms.safety.stock"].create(
            {"categ_id": self.apple.categ_id.id, "operator": "subtract", "quantity": 1}
        )
        self.assertNeedsSnapshot(client)

    def test_forgotten(self):
        """Changes are kept for some days. Who asked since then goes on, the others are told so."""
        early = self.open_client()
        self.stock(self.apple, (self.near, 1))
        late = self.open_client()
        self.publish()
        self.env.cr.execute("UPDATE oms_feed_stock SET numbered_at = '2020-01-01'")
        self.stock(self.berry, (self.near, 1))
        self.publish()
        with self.enter_registry_test_mode():
            self.env["oms.feed"]._forget(7, 30)
        self.assertEqual(self.told(late), {"Berry": 3})
        self.assertNeedsSnapshot(early)

    def test_bad_cursors(self):
        client = self.open_client()
        epoch, number = client.cursor.split("-")
        page = self.call("_get_stock_snapshot", limit=1)["next"]
        other = "00000000" if epoch != "00000000" else "11111111"
        for cursor in ("x", 17, "17", f"{epoch}-{int(number) + 1}", f"{other}-{number}", page):
            with self.subTest(cursor=cursor), self.assertRaises(CursorError) as caught:
                self.call("_get_stock_changes", cursor)
            self.assertEqual(caught.exception.code, "cursor_invalid")
        for cursor in (None, "", False):
            with self.assertRaisesRegex(ValidationError, "cursor of a snapshot"):
                self.call("_get_stock_changes", cursor)
        for after in ("x", 17, client.cursor, f"{other}-{number}-1", f"{epoch}-999999999-1"):
            with self.subTest(after=after), self.assertRaises(CursorError):
                self.call("_get_stock_snapshot", after=after)

    def test_bad_limits(self):
        client = self.open_client()
        for limit in (0, -1, 5001, 1.5, "10", True, None):
            with self.subTest(limit=limit):
                with self.assertRaisesRegex(ValidationError, "from 1 to 5000"):
                    self.call("_get_stock_changes", client.cursor, limit=limit)
                with self.assertRaisesRegex(ValidationError, "from 1 to 5000"):
                    self.call("_get_stock_snapshot", limit=limit)

    # === LIFE OF THE ADDON === #

    def test_uninstall(self):
        """Nothing is left of what the ORM does not take away itself."""
        self.env.flush_all()
        self.env["oms.position"]._uninstall_sql()
        self.env.cr.execute(
            """
            SELECT relname FROM pg_class WHERE relkind IN ('r', 'i', 'S', 'v')
               AND relname SIMILAR TO 'oms_(feed|position)_%' AND relname NOT LIKE 'oms_feed_event%'
             UNION ALL
            SELECT proname FROM pg_proc WHERE proname SIMILAR TO 'oms_(feed|position)_%'
             UNION ALL
            SELECT tgname FROM pg_trigger WHERE tgname SIMILAR TO 'oms_(feed|position)_%'
            """
        )
        self.assertEqual(self.env.cr.fetchall(), [])
        # Whoever sells goes on selling.
        self.make_product("After").active = False
        self.env["oms.position"]._install_sql()
        self.env["oms.position"]._install_sql()

    # === RIGHTS === #

    def test_rights(self):
        """A channel's own system reads its feeds over the channel API alone."""
        user = self.make_user("feed-shop", "oms.group_channel_user")
        self.channel.user_ids = user
        own = self.channel.with_user(user)
        cursor = self.call("_get_stock_snapshot")["cursor"]
        for name, *args in (
            ("_get_stock_snapshot",),
            ("_get_stock_changes", cursor),
            ("_get_order_events",),
        ):
            with self.assertRaises(AccessError):
                self.call(name, *args, channel=own)
        with self.assertRaises(AccessError):
            own.action_publish_feed()
        for operation in ("read", "write", "create", "unlink"):
            self.assertFalse(self.env["oms.feed.event"].with_user(user).has_access(operation))
        for name in ("feed_position", "feed_waiting_count", "feed_event_count"):
            with self.assertRaises(AccessError):
                own.read([name])

    # === SCREEN === #

    def test_screen_of_a_new_channel(self):
        with Form(self.env["oms.channel"]) as form:
            self.assertEqual(form.feed_event_count, 0)
            self.assertTrue(form.feed_position)
            form.name = "New"
            form.code = "TNEW"

    def test_screen(self):
        self.publish()
        self.stock(self.apple, (self.near, 1))
        operator = self.make_user("feed-operator", "oms.group_order_operator")
        channel = self.channel.with_user(operator)
        self.env.flush_all()
        before = channel.read(["feed_waiting_count", "feed_position", "feed_floor"])[0]
        self.assertGreaterEqual(before["feed_waiting_count"], 1)
        with self.assertRaises(AccessError):
            channel.action_publish_feed()
        with self.enter_registry_test_mode():
            action = self.channel.action_publish_feed()
        self.assertIn("published", action["params"]["message"])
        channel.invalidate_recordset()
        after = channel.read(["feed_waiting_count", "feed_position"])[0]
        self.assertEqual(after["feed_waiting_count"], 0)
        self.assertNotEqual(after["feed_position"], before["feed_position"])
