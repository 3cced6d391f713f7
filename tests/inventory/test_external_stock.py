from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.oms.models.inventory import position_sql

from .external import ExternalCase


@tagged("post_install", "-at_install")
class TestExternalStock(ExternalCase):
    """What others have counts as available as long as it is fresh."""

    def available_at(self, moment):
        """Return what is available of apples at the distributor, as of a moment."""
        self.env.flush_all()
        condition = SQL("product_id = %s AND site_id = %s", self.apple.id, self.distributor.id)
        rows = self.env.execute_query(
            SQL(
                "SELECT available FROM (%s) AS position",
                position_sql.read(condition, SQL("%s::timestamp", moment)),
            )
        )
        return rows[0][0] if rows else 0.0

    def test_counts_until_it_is_stale(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(1)))
        said = self.ago(1)
        self.assertEqual(self.available_at(said + timedelta(hours=24)), 5)
        self.assertEqual(self.available_at(said + timedelta(hours=24, seconds=1)), 0)
        self.distributor.feed_max_age_hours = 0.5
        self.assertEqual(self.available_at(said + timedelta(minutes=30)), 5)
        self.assertEqual(self.available_at(said + timedelta(minutes=31)), 0)
        self.distributor.feed_max_age_hours = 0
        self.assertEqual(self.available_at(said + timedelta(days=1000)), 5)

    def test_all_who_read_agree(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(1)))
        self.feed(self.keeper, ("APPLE", 7), updated_at=str(self.ago(100)))
        self.stock(self.apple, (self.near, 2))
        sites = self.distributor + self.keeper + self.near
        self.assertEqual(
            sites._get_available(self.apple),
            {(self.distributor.id, self.apple.id): 5, (self.near.id, self.apple.id): 2},
        )
        shown = self.env["oms.position"].search([("product_id", "=", self.apple.id)])
        self.assertEqual(
            {row.site_id: (row.on_hand, row.external, row.available) for row in shown},
            {self.distributor: (0, 5, 5), self.keeper: (0, 0, 0), self.near: (2, 0, 2)},
        )
        [answer] = self.env["oms.position"].get_availability([self.apple.id])
        self.assertEqual(answer["available"], 7)
        self.assertFalse(self.env.execute_query(position_sql.differences()))

    def test_shown_once_before_and_after_folding(self):
        self.feed(self.distributor, ("APPLE", 5))
        self.feed(self.distributor, ("APPLE", 6))
        domain = [("site_id", "=", self.distributor.id)]
        for _turn in range(2):
            [shown] = self.env["oms.position"].search(domain)
            self.assertEqual((shown.product_id, shown.external), (self.apple, 6))
            self.env.cr.execute("SELECT oms_position_compact(100000)")
            self.env.invalidate_all()

    def claim(self, site, quantity):
        return self.env["oms.claim"].create(
            {"product_id": self.apple.id, "site_id": site.id, "quantity": quantity}
        )

    def test_claims_pass_the_same_gate(self):
        self.feed(self.distributor, ("APPLE", 5))
        self.claim(self.distributor, 3)
        self.assertEqual(self.available(self.distributor, self.apple), 2)
        with self.assertRaisesRegex(UserError, "2 are available at Depot, not 3"):
            self.claim(self.distributor, 3)

    def consume(self, quantity):
        """Have an order be shipped by the distributor itself: no transfer leaves a site."""
        self.claim(self.distributor, quantity)._end("consumed")

    def assertLeft(self, quantity):
        """Whoever reads external stock is told the same."""
        self.env.flush_all()
        self.env.invalidate_all()
        site = [("site_id", "=", self.distributor.id)]
        self.assertEqual(self.available(self.distributor, self.apple), quantity)
        self.assertEqual(self.env["oms.position"].search(site).available, quantity)
        self.assertEqual(self.Stock.search(site).counted, quantity)
        self.assertEqual(sum(self.env["oms.supply"].search(site).mapped("quantity")), quantity)

    def test_what_was_ordered_counts_no_more(self):
        """It is gone until the site speaks again, and then it is what the site says."""
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(2)))
        self.claim(self.distributor, 1)._release()
        self.assertLeft(5)
        self.consume(2)
        self.consume(1)
        self.assertLeft(2)
        with self.assertRaisesRegex(UserError, "2 are available at Depot, not 3"):
            self.claim(self.distributor, 3)
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(2)))
        self.assertLeft(2)
        self.feed(self.distributor, ("APPLE", 4), updated_at=str(self.ago(1)))
        self.assertLeft(1)
        self.feed(self.distributor, ("APPLE", 2))
        self.assertLeft(2)

    def test_what_was_ordered_before_something_was_typed(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(2)))
        self.consume(3)
        stock = self.Stock.search([("site_id", "=", self.distributor.id)])
        stock.lead_days = 4
        self.assertLeft(5)

    def test_less_was_said_than_was_ordered(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(2)))
        self.consume(3)
        self.feed(self.distributor, ("APPLE", 2), updated_at=str(self.ago(1)))
        self.env.flush_all()
        self.assertEqual(self.available(self.distributor, self.apple), 0)
        self.assertFalse(self.env["oms.audit"]._check_oversold(SQL("TRUE"), set()))

    def test_stale_stock_is_not_promised(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(25)))
        with self.assertRaisesRegex(UserError, "0 are available"):
            self.claim(self.distributor, 1)

    # === SCREENS === #

    def test_stale_rows_are_found(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(25)))
        self.feed(self.distributor, ("BERRY", 5), updated_at=str(self.ago(23)))
        here = [("site_id", "=", self.distributor.id)]
        stale = self.Stock.search([*here, ("stale", "=", True)])
        self.assertEqual(stale.product_id, self.apple)
        self.assertEqual(self.Stock.search([*here, ("stale", "!=", True)]).product_id, self.berry)
        self.assertEqual(len(self.Stock.search([*here, ("stale", "in", (True, False))])), 2)
        self.assertEqual((stale.stale, stale.quantity, stale.counted), (True, 5, 0))
        self.assertAlmostEqual(stale.age_hours, 25, 1)
        self.distributor.feed_max_age_hours = 0
        self.assertFalse(self.Stock.search([*here, ("stale", "=", True)]))
        self.assertEqual((stale.stale, stale.counted), (False, 5))

    def test_what_is_typed_is_news_of_now(self):
        manager = self.make_user("external-manager", "oms.group_order_manager")
        self.feed(self.distributor, ("APPLE", 5, 2), updated_at=str(self.ago(30)))
        stock = self.Stock.search([("site_id", "=", self.distributor.id)]).with_user(manager)
        stock.quantity = 8
        self.assertEqual((stock.source, stock.stale, stock.lead_days), ("manual", False, 2))
        self.assertEqual(self.available(self.distributor, self.apple), 8)
        stock.write({"lead_days": 3, "updated_at": "2999-01-01", "source": "api"})
        self.assertLess(stock.updated_at.year, 2999)
        self.assertEqual(stock.source, "manual")
        form = Form(self.Stock.with_user(manager), "oms.view_external_stock_list")
        form.product_id, form.site_id, form.quantity = self.berry, self.keeper, 4
        form.save()
        self.assertEqual(self.available(self.keeper, self.berry), 4)

    def test_what_cannot_be_typed(self):
        service = self.make_product("Service", is_storable=False)
        other = self.env["res.company"].create({"name": "Daughter"})
        theirs = self.make_product("Theirs", company_id=other.id)
        old, closed = self.make_product("Old"), self.keeper.copy({"name": "Shut", "code": "SHUT"})
        old.active = closed.active = False
        for part, vals in (
            ("Old is archived", {"product_id": old.id}),
            ("Shut.* is archived", {"site_id": closed.id}),
            ("is the warehouse Near", {"site_id": self.near.id}),
            ("keeps no stock", {"product_id": service.id}),
            ("not between", {"quantity": -1}),
            ("not between", {"quantity": float("inf")}),
            ("not between", {"quantity": float("nan")}),
            ("too fine", {"quantity": 1.001}),
            ("company", {"product_id": theirs.id}),
        ):
            with (
                self.subTest(part=part),
                self.assertRaisesRegex((ValidationError, UserError), part),
                self.env.cr.savepoint(),
            ):
                self.Stock.create(
                    {"product_id": self.apple.id, "site_id": self.keeper.id, "quantity": 1, **vals}
                )

    def assertRefusedByDatabase(self, **vals):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.Stock.create(
                {"product_id": self.apple.id, "site_id": self.keeper.id, "quantity": 1, **vals}
            )
            self.env.flush_all()

    def test_the_database_holds_what_the_screen_must(self):
        self.assertRefusedByDatabase(lead_days=-1)
        self.assertRefusedByDatabase(lead_days=4000)
        self.feed(self.keeper, ("APPLE", 1))
        self.assertRefusedByDatabase()

    def test_by_role(self):
        self.feed(self.distributor, ("APPLE", 5))
        self.feed(self.keeper, ("APPLE", 5))
        everything = self.Stock.search([])
        named = self.make_user("external-depot", "oms.group_site_operator")
        self.distributor.user_ids = named
        self.assertEqual(self.Stock.with_user(named).search([]).site_id, self.distributor)
        for groups in (
            "oms.group_order_operator",
            "sales_team.group_sale_salesman",
            "stock.group_stock_user",
        ):
            user = self.make_user(f"external-{groups}", groups)
            self.assertEqual(self.Stock.with_user(user).search([]), everything)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self.Stock.with_user(user).has_access(operation), operation)
        self.assertFalse(self.Stock.with_user(named).has_access("write"))
        for groups in ("base.group_user", "base.group_portal", "oms.group_channel_user"):
            user = self.make_user(f"external-{groups}", groups)
            with self.assertRaises(AccessError):
                self.Stock.with_user(user).search([])
        other = self.env["res.company"].create({"name": "Daughter"})
        stranger = self.make_user(
            "external-stranger",
            "oms.group_order_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.Stock.with_user(stranger).search([]))

    def test_screens_of_a_site_open(self):
        operator = self.make_user("external-operator", "oms.group_order_operator")
        self.feed(self.distributor, ("APPLE", 5))
        position = self.env["oms.position"].search([("site_id", "=", self.distributor.id)])
        for records in (self.distributor, position):
            action = records.with_user(operator).action_view_external_stock()
            self.assertEqual(self.Stock.search(action["domain"]).product_id, self.apple)


@tagged("post_install", "-at_install")
class TestFeedFreshness(ExternalCase):
    """What a site says of its feed, and who is told when it stops."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.feed(cls.distributor, ("APPLE", 5), updated_at=str(cls.ago(30)))

    def check(self, moment=None):
        self.env["oms.site"]._check_feeds(moment or self.now)

    def get_messages(self, part):
        return self.distributor.message_ids.filtered(lambda m: part in (m.body or ""))

    def test_state_of_the_feed(self):
        site = self.distributor
        self.assertRecordValues(
            site + self.keeper,
            [
                {"feed_state": "stale", "external_stock_count": 1, "stale_stock_count": 1},
                {"feed_state": "none", "external_stock_count": 0, "stale_stock_count": 0},
            ],
        )
        self.assertEqual(site.feed_at, self.ago(30))
        self.feed(site, ("BERRY", 5), updated_at=str(self.ago(2)))
        self.assertEqual((site.feed_state, site.stale_stock_count), ("partial", 1))
        self.assertEqual(site.feed_at, self.ago(2))
        site.feed_max_age_hours = 48
        self.assertEqual((site.feed_state, site.stale_stock_count), ("fresh", 0))

    def test_sites_are_found_by_their_feed(self):
        Site = self.env["oms.site"]
        ours = [("id", "in", (self.distributor + self.keeper).ids)]
        self.assertEqual(Site.search([*ours, ("feed_state", "=", "stale")]), self.distributor)
        self.assertEqual(Site.search([*ours, ("feed_state", "=", "none")]), self.keeper)
        self.assertEqual(Site.search([*ours, ("feed_state", "!=", "stale")]), self.keeper)
        self.assertFalse(Site.search([*ours, ("feed_state", "in", ("fresh", "partial"))]))

    def test_people_are_told_once(self):
        manager = self.make_user("feed-responsible", "oms.group_order_manager")
        self.distributor.feed_user_id = manager
        for _turn in range(3):
            self.check()
        self.assertEqual(len(self.get_messages("The last stock feed came on")), 1)
        self.assertRecordValues(self.distributor.activity_ids, [{"user_id": manager.id}])
        self.assertEqual(self.distributor.feed_stale_since, self.now)
        self.assertFalse(self.keeper.activity_ids)
        self.check(self.now + timedelta(days=3))
        self.assertEqual(len(self.distributor.activity_ids), 1)
        self.feed(self.distributor, ("APPLE", 5))
        self.check()
        self.assertEqual(len(self.get_messages("fresh again")), 1)
        self.assertFalse(self.distributor.activity_ids)
        self.assertFalse(self.distributor.feed_stale_since)
        self.check(self.now + timedelta(days=3))
        self.assertEqual(len(self.get_messages("The last stock feed came on")), 2)

    def test_an_order_manager_acts_where_nobody_is_named(self):
        self.check()
        user = self.distributor.activity_ids.user_id
        self.assertTrue(user.has_group("oms.group_order_manager"))
        self.assertIn(self.company, user.company_ids)

    def test_nobody_is_told_of_feeds_that_count(self):
        self.distributor.feed_max_age_hours = 0
        self.feed(self.keeper, ("APPLE", 5), updated_at=str(self.ago(30)))
        self.feed(self.keeper, ("BERRY", 5), updated_at=str(self.ago(1)))
        self.check()
        self.assertFalse((self.distributor + self.keeper).activity_ids)

    def test_scheduled(self):
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_check_feeds").method_direct_trigger()
        self.assertTrue(self.distributor.feed_stale_since)

    def test_limits_that_cannot_be(self):
        for hours in (-1, 100_000, float("nan"), float("inf")):
            with (
                self.subTest(hours=hours),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.distributor.feed_max_age_hours = hours
                self.env.flush_all()
            self.env.invalidate_all()

    def test_a_warehouse_has_no_feed_on_top(self):
        warehouse = self.env["stock.warehouse"].create({"name": "New", "code": "NEW"})
        warehouse.oms_site_ids.unlink()
        with self.assertRaisesRegex(ValidationError, "external stock"):
            self.distributor.write({"kind": "warehouse", "warehouse_id": warehouse.id})

    def test_operators_read_the_feed(self):
        for groups in ("oms.group_site_operator", "sales_team.group_sale_salesman"):
            user = self.make_user(f"reads-{groups}", groups)
            self.distributor.user_ids += user
            [shown] = self.distributor.with_user(user).read(["feed_state", "feed_at"])
            self.assertEqual(shown["feed_state"], "stale")
            self.assertLess(shown["feed_at"], fields.Datetime.now())
