import json
import time
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from .external import ExternalCase

COUNTS = ("received", "created", "updated", "unchanged", "refused", "emptied")


@tagged("post_install", "-at_install")
class TestExternalFeed(ExternalCase):
    """What becomes of the rows of a feed, good and bad."""

    def assertCounts(self, answer, **counts):
        self.assertEqual(
            {name: answer[name] for name in COUNTS},
            {**dict.fromkeys(COUNTS, 0), **counts},
            answer["faults"],
        )

    def assertNothingStored(self):
        self.assertFalse(self.Stock.search([("site_id", "in", self.distributor.ids)]))

    def test_creates_updates_and_repeats(self):
        answer = self.feed(self.distributor, ("APPLE", 5, 2), ("BERRY", 2.5))
        self.assertCounts(answer, received=2, created=2)
        self.assertEqual(answer["site"], "DEPOT")
        self.assertEqual(self.stored(self.distributor), {"APPLE": (5, 2), "BERRY": (2.5, 0)})
        answer = self.feed(self.distributor, ("APPLE", 7, 3), ("BERRY", 2.5))
        self.assertCounts(answer, received=2, updated=1, unchanged=1)
        answer = self.feed(self.distributor, ("APPLE", 7, 3), ("BERRY", 2.5))
        self.assertCounts(answer, received=2, unchanged=2)
        self.assertEqual(self.stored(self.distributor), {"APPLE": (7, 3), "BERRY": (2.5, 0)})
        self.assertCounts(self.feed(self.distributor))

    def test_said_again_is_fresh_again(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(30)))
        stock = self.Stock.search([("site_id", "=", self.distributor.id)])
        self.assertTrue(stock.stale)
        self.assertCounts(self.feed(self.distributor, ("APPLE", 5)), received=1, unchanged=1)
        self.assertFalse(stock.stale)
        self.assertEqual((stock.source, stock.company_id), ("api", self.company))

    def test_lead_time_that_is_not_told_stays(self):
        self.feed(self.distributor, ("APPLE", 5, 4))
        self.feed(self.distributor, ("APPLE", 6), ("BERRY", 1))
        self.assertEqual(self.stored(self.distributor), {"APPLE": (6, 4), "BERRY": (1, 0)})

    def test_barcodes(self):
        self.apple.barcode = "4006381333931"
        self.berry.barcode = "APPLE-BOX"
        self.make_product("Box", default_code="APPLE-BOX")
        self.feed(self.distributor, ("4006381333931", 3), ("APPLE-BOX", 4))
        # An internal reference goes before a barcode.
        self.assertEqual(self.stored(self.distributor), {"APPLE": (3, 0), "APPLE-BOX": (4, 0)})

    def test_bad_rows_are_told_and_good_ones_written(self):
        self.make_product("Twin 1", default_code="TWIN")
        self.make_product("Twin 2", default_code="TWIN")
        self.make_product("Old", default_code="OLD", active=False)
        self.make_product("Service", default_code="SERVICE", is_storable=False)
        other = self.env["res.company"].create({"name": "Daughter"})
        self.make_product("Theirs", default_code="THEIRS", company_id=other.id)
        self.apple.barcode = "4006381333931"
        bad = [
            (["APPLE", 1], "no object"),
            ({"product": "APPLE", "quantity": 1, "qty": 2}, "Unknown: qty"),
            ({"quantity": 1}, "product is a text"),
            ({"product": 7, "quantity": 1}, "product is a text"),
            ({"product": " ", "quantity": 1}, "product is a text"),
            ({"product": "AP\0PLE", "quantity": 1}, "product is a text"),
            ({"product": "\ud800", "quantity": 1}, "product is a text"),
            ({"product": "APPLE"}, "quantity is a number"),
            ({"product": "APPLE", "quantity": "5"}, "quantity is a number"),
            ({"product": "APPLE", "quantity": True}, "quantity is a number"),
            ({"product": "APPLE", "quantity": None}, "quantity is a number"),
            ({"product": "APPLE", "quantity": -1}, "not between"),
            ({"product": "APPLE", "quantity": float("nan")}, "not between"),
            ({"product": "APPLE", "quantity": float("inf")}, "not between"),
            ({"product": "APPLE", "quantity": -float("inf")}, "not between"),
            ({"product": "APPLE", "quantity": 10**400}, "not between"),
            ({"product": "APPLE", "quantity": -(10**400)}, "not between"),
            ({"product": "APPLE", "quantity": 2.125}, "too fine"),
            ({"product": "APPLE", "quantity": 1, "lead_days": -1}, "not between"),
            ({"product": "APPLE", "quantity": 1, "lead_days": 4000}, "not between"),
            ({"product": "APPLE", "quantity": 1, "lead_days": 1.5}, "whole number"),
            ({"product": "APPLE", "quantity": 1, "lead_days": "2"}, "whole number"),
            ({"product": "APPLE", "quantity": 1, "lead_days": True}, "whole number"),
            ({"product": "NOTHING", "quantity": 1}, "no product"),
            ({"product": "THEIRS", "quantity": 1}, "no product"),
            ({"product": "OLD", "quantity": 1}, "archived"),
            ({"product": "TWIN", "quantity": 1}, "Several products"),
            ({"product": "SERVICE", "quantity": 1}, "keeps no stock"),
        ]
        rows = [row for row, _part in bad]
        rows += [{"product": "BERRY", "quantity": 3}, {"product": "BERRY", "quantity": 4}]
        answer = self.Stock.load_feed("DEPOT", rows)
        self.assertCounts(answer, received=len(rows), created=1, refused=len(rows) - 1)
        reasons = {fault["row"]: fault["reason"] for fault in answer["faults"]}
        for index, (row, part) in enumerate(bad):
            with self.subTest(row=str(row)[:60]):
                self.assertIn(part, reasons[index])
        self.assertIn(f"Row {len(bad)} is about the same product", reasons[len(bad) + 1])
        self.assertEqual(answer["faults"][23]["product"], "NOTHING")
        self.assertEqual(self.stored(self.distributor), {"BERRY": (3, 0)})

    def test_the_same_product_by_reference_and_barcode(self):
        self.apple.barcode = "4006381333931"
        answer = self.feed(self.distributor, ("APPLE", 3), ("4006381333931", 4))
        self.assertCounts(answer, received=2, created=1, refused=1)
        self.assertEqual(self.stored(self.distributor), {"APPLE": (3, 0)})

    def test_bad_calls_change_nothing(self):
        self.make_external_site("Closed", "CLOSED", "distributor").active = False
        row = {"product": "APPLE", "quantity": 1}
        late = fields.Datetime.now() + timedelta(hours=1)
        for part, code, rows, more in (
            ("no site “NOWHERE”", "NOWHERE", [row], {}),
            ("is archived", "CLOSED", [row], {}),
            ("is the warehouse Near", "NEAR", [row], {}),
            ("by its code", "", [row], {}),
            ("by its code", 7, [row], {}),
            ("by its code", None, [row], {}),
            ("by its code", "DEPOT\0", [row], {}),
            ("a list", "DEPOT", row, {}),
            ("a list", "DEPOT", "APPLE", {}),
            ("a list", "DEPOT", None, {}),
            ("true or false", "DEPOT", [row], {"full": "yes"}),
            ("no moment", "DEPOT", [row], {"updated_at": "yesterday"}),
            ("no moment", "DEPOT", [row], {"updated_at": 20240304}),
            ("no moment", "DEPOT", [row], {"updated_at": "0001-01-01T00:00:00+14:00"}),
            ("still to come", "DEPOT", [row], {"updated_at": str(late)}),
            ("limit of a call is 100000", "DEPOT", [row] * 100_001, {}),
        ):
            with self.subTest(part=part), self.assertRaisesRegex(ValidationError, part):
                self.Stock.load_feed(code, rows, **more)
        self.assertNothingStored()

    # === TIME === #

    def test_older_news_never_overwrite_newer(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(2)))
        answer = self.feed(
            self.distributor, ("APPLE", 9), ("BERRY", 1), updated_at=str(self.ago(3))
        )
        self.assertCounts(answer, received=2, created=1, refused=1)
        self.assertIn("Something later is known", answer["faults"][0]["reason"])
        self.assertEqual(self.stored(self.distributor), {"APPLE": (5, 0), "BERRY": (1, 0)})

    def test_moments_have_offsets(self):
        answer = self.feed(self.distributor, ("APPLE", 5), updated_at="2024-03-04T10:00:00.7+02:00")
        self.assertEqual(answer["updated_at"], "2024-03-04T08:00:00Z")
        stock = self.Stock.search([("site_id", "=", self.distributor.id)])
        self.assertEqual(str(stock.updated_at), "2024-03-04 08:00:00")
        self.feed(self.distributor, ("APPLE", 5), updated_at="2024-03-05T10:00:00Z")
        self.feed(self.distributor, ("APPLE", 6), updated_at="2024-03-05 11:00:00")
        self.assertEqual(str(stock.updated_at), "2024-03-05 11:00:00")

    def test_a_clock_that_is_a_little_fast(self):
        soon = fields.Datetime.now() + timedelta(seconds=30)
        answer = self.feed(self.distributor, ("APPLE", 5), updated_at=str(soon))
        self.assertCounts(answer, received=1, created=1)
        stock = self.Stock.search([("site_id", "=", self.distributor.id)])
        self.assertLess(stock.updated_at, soon, "it is taken for news of now")

    # === WHOLE FEEDS === #

    def test_full_empties_what_is_not_named(self):
        self.feed(self.distributor, ("APPLE", 5, 2), ("BERRY", 5))
        self.feed(self.keeper, ("BERRY", 5))
        self.assertCounts(
            self.feed(self.distributor, ("APPLE", 4), full=True), received=1, updated=1, emptied=1
        )
        self.assertEqual(self.stored(self.distributor), {"APPLE": (4, 2), "BERRY": (0, 0)})
        self.assertEqual(self.stored(self.keeper), {"BERRY": (5, 0)})
        self.assertCounts(
            self.feed(self.distributor, ("APPLE", 4), full=True), received=1, unchanged=1
        )
        self.assertCounts(self.feed(self.distributor, full=True), emptied=1)
        self.assertEqual(self.stored(self.distributor), {"APPLE": (0, 2), "BERRY": (0, 0)})

    def test_full_leaves_what_was_said_later(self):
        self.feed(self.distributor, ("APPLE", 5), updated_at=str(self.ago(5)))
        self.feed(self.distributor, ("BERRY", 5), updated_at=str(self.ago(1)))
        cherry = self.make_product("Cherry")
        answer = self.feed(
            self.distributor, (cherry.default_code, 1), full=True, updated_at=str(self.ago(2))
        )
        self.assertCounts(answer, received=1, created=1, emptied=1)
        self.assertEqual(
            self.stored(self.distributor), {"APPLE": (0, 0), "BERRY": (5, 0), "Cherry": (1, 0)}
        )

    def test_full_leaves_what_a_bad_row_names(self):
        self.feed(self.distributor, ("APPLE", 5), ("BERRY", 5))
        cherry = self.make_product("Cherry")
        self.feed(self.distributor, ("APPLE", -1), (cherry.default_code, 1), full=True)
        self.assertEqual(
            self.stored(self.distributor), {"APPLE": (5, 0), "BERRY": (0, 0), "Cherry": (1, 0)}
        )

    def test_full_of_bad_rows_empties_nothing(self):
        self.feed(self.distributor, ("APPLE", 5))
        answer = self.feed(self.distributor, ("sku 1", 5), ("sku 2", 5), full=True)
        self.assertCounts(answer, received=2, refused=2)
        self.assertEqual(self.stored(self.distributor), {"APPLE": (5, 0)})

    # === COMPANIES === #

    def test_other_companies(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        theirs = self.make_external_site("Depot", "DEPOT", "distributor", company=other)
        manager = self.make_user("feed-manager", "oms.group_order_manager")
        self.feed(self.distributor, ("APPLE", 5), user=manager)
        self.assertFalse(self.stored(theirs))
        manager.company_ids += other
        # Of several sites of the code the one of the user's own company is meant.
        self.feed(self.distributor, ("APPLE", 6), user=manager)
        self.assertFalse(self.stored(theirs))
        stock = self.Stock.with_user(manager).with_context(allowed_company_ids=other.ids)
        stock.load_feed("DEPOT", [{"product": "APPLE", "quantity": 7}])
        self.assertEqual(self.stored(self.distributor), {"APPLE": (6, 0)})
        self.assertEqual(self.stored(theirs), {"APPLE": (7, 0)})
        third = self.env["res.company"].create({"name": "Granddaughter"})
        manager.company_ids += third
        with self.assertRaisesRegex(ValidationError, "Several companies"):
            stock.with_context(allowed_company_ids=(third + other + self.company).ids).load_feed(
                "DEPOT", []
            )

    # === SIZE === #

    def test_ten_thousand_rows(self):
        """Thousands of rows a second, in a number of statements that does not grow."""
        many, few = 10_000, 10
        codes = [f"BULK-{number:05}" for number in range(many)]
        # Variants of one template, by SQL: making them as people do takes half a minute.
        self.env.cr.execute(
            SQL(
                "INSERT INTO product_product (product_tmpl_id, default_code, active, "
                "combination_indices) SELECT %s, code, TRUE, code FROM unnest(%s) AS code",
                self.make_product("Bulk").product_tmpl_id.id,
                codes,
            )
        )
        # The database must know how many there are, or it looks through all of them for each row.
        self.env.cr.execute("ANALYZE product_product")
        with self.queries() as of_few:
            self.feed(self.distributor, *((code, 1, 2) for code in codes[:few]))
        with self.queries() as of_many:
            start = time.perf_counter()
            answer = self.feed(self.distributor, *((code, 3, 2) for code in codes), full=True)
            created_in = time.perf_counter() - start
        self.assertCounts(answer, received=many, created=many - few, updated=few)
        start = time.perf_counter()
        answer = self.feed(self.distributor, *((code, 4, 2) for code in codes))
        updated_in = time.perf_counter() - start
        self.assertCounts(answer, received=many, updated=many)
        self.assertLessEqual(len(of_many), len(of_few) + 2)
        # Measured: half a second each on two busy cores.
        self.assertLess(created_in, 10)
        self.assertLess(updated_in, 10)


@tagged("post_install", "-at_install")
class TestFeedRoles(ExternalCase):
    """Order operators speak for all sites, site operators for those in which they are named."""

    def load(self, user):
        return self.feed(self.distributor, ("APPLE", 5), user=user)

    def test_who_may(self):
        for groups in ("oms.group_order_operator", "oms.group_order_manager"):
            self.assertEqual(self.load(self.make_user(groups, groups))["refused"], 0)
        self.assertEqual(self.stored(self.distributor), {"APPLE": (5, 0)})

    def test_supplier_speaks_for_its_own_site(self):
        user = self.make_user("depot", "oms.group_site_operator")
        self.distributor.user_ids = user
        self.assertEqual(self.load(user)["created"], 1)
        # Other sites are as if they were not there.
        for site in (self.keeper, self.near):
            with self.assertRaisesRegex(ValidationError, "There is no site"):
                self.feed(site, ("APPLE", 5), user=user)
        self.assertFalse(self.stored(self.keeper))

    def test_more_rights_to_see_are_none_to_speak(self):
        user = self.make_user("clerk", "oms.group_site_operator,stock.group_stock_manager")
        with self.assertRaisesRegex(ValidationError, "There is no site"):
            self.load(user)

    def test_who_may_not(self):
        self.distributor.user_ids = self.env["res.users"].union(
            *(
                self.make_user(f"no-{groups}", groups)
                for groups in (
                    "base.group_user",
                    "base.group_portal",
                    "sales_team.group_sale_manager",
                    "stock.group_stock_manager",
                    "oms.group_channel_user",
                )
            )
        )
        for user in self.distributor.user_ids:
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.load(user)
        self.assertFalse(self.stored(self.distributor))


@tagged("post_install", "-at_install")
class TestFeedOverHttp(HttpCase, ExternalCase):
    """A supplier's own system feeds its site with an API key."""

    def call(self, user, **body):
        key = (
            self.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "feed", fields.Datetime.add(fields.Datetime.now(), days=1))
        )
        return self.url_open(
            "/json/2/oms.external.stock/load_feed",
            data=json.dumps(body),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )

    def test_supplier(self):
        user = self.make_user("depot-system", "oms.group_site_operator")
        self.distributor.user_ids = user
        rows = [{"product": "APPLE", "quantity": 5, "lead_days": 2}, {"product": "NOTHING"}]
        response = self.call(user, site_code="DEPOT", rows=rows, full=True)
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual((answer["created"], answer["refused"]), (1, 1))
        self.assertEqual(answer["faults"][0]["row"], 1)
        self.assertEqual(self.stored(self.distributor), {"APPLE": (5, 2)})
        with mute_logger("odoo.http"):
            response = self.call(user, site_code="KEEP", rows=rows)
        self.assertEqual(response.status_code, 422, response.text)
        self.assertFalse(self.stored(self.keeper))

    def test_others(self):
        user = self.make_user("web-system", "oms.group_channel_user")
        self.distributor.user_ids = user
        with mute_logger("odoo.http"):
            response = self.call(user, site_code="DEPOT", rows=[])
        self.assertEqual(response.status_code, 403, response.text)
