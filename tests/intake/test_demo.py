import csv
from collections import defaultdict

from ...models.intake.oms_import_demo import FOLDER
from ...models.intake.reader import is_ean13
from .common import IntakeCase


class TestDemo(IntakeCase):
    def read_rows(self, name):
        with open(FOLDER / name, newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    def test_files_fit_together(self):
        sites = {row["site"]: row["kind"] for row in self.read_rows("sites.csv")}
        products = self.read_rows("products.csv")
        self.assertEqual(sorted(sites.values()), ["store"] * 12 + ["warehouse"] * 2)
        self.assertEqual(len(products), 40)
        self.assertTrue(all(is_ean13(row["barcode"]) for row in products))
        self.assertEqual(len({row["barcode"] for row in products}), 40)
        codes = {row["product_id"] for row in products}
        for row in self.read_rows("stock.csv"):
            self.assertIn(row["site"], sites)
            self.assertIn(row["product_id"], codes)
        lines = defaultdict(list)
        for row in self.read_rows("orders.csv"):
            lines[row["order_id"]].append(row)
            self.assertIn(row["product_id"], codes)
            self.assertTrue(-30 < int(row["day"]) <= 0)
        self.assertEqual(len(lines), 300)
        self.assertLessEqual(max(map(len, lines.values())), 5)

    def test_strategy_keeps_its_currency_once_used(self):
        strategy = self.env.ref("oms.strategy_balanced")
        demo = self.env["oms.import.demo"]
        pound = self.env.ref("base.GBP")
        if not self.env["oms.decision"].search_count([("strategy_id", "=", strategy.id)]):
            demo._set_strategy_currency(pound)
            self.assertEqual(strategy.currency_id, pound)
        self.channel.strategy_id = strategy
        self.stock(self.apple, (self.near, 5))
        self.make_order((self.apple, 1))
        before, yen = strategy.currency_id, self.env.ref("base.JPY")
        demo._set_strategy_currency(yen)
        self.assertEqual(strategy.currency_id, before)
        self.assertEqual(self.env.ref("oms.strategy_greenest").currency_id, yen, "never used")

    def test_demo_data_of_an_installation(self):
        Job = self.env["oms.import"]
        Job._load_demo_data()
        jobs = Job.search([("file_name", "=like", "demo_%")])
        self.assertEqual(sorted(jobs.mapped("kind")), ["orders", "products", "sites", "stock"])
        self.assertEqual(set(jobs.mapped("state")), {"done"})
        self.assertFalse(sum(jobs.mapped("bad_count")))
        orders = self.env["sale.order"].search([("oms_channel_id.code", "in", ("WEB", "PHONE"))])
        self.assertTrue(orders)
        self.assertEqual(set(orders.mapped("state")), {"sale"})
        decisions = self.env["oms.decision"].search([("order_id", "in", orders.ids)])
        self.assertEqual(decisions.currency_id, self.env.company.currency_id)
        self.assertStockIsSurrounded(jobs.company_id)
        before = self.count_everything()
        Job._load_demo_data()
        self.assertEqual(self.count_everything(), before)
        clerk = self.env["res.users"].search([("login", "=", "clerk")])
        sites = self.env["oms.site"].with_user(clerk).search([])
        self.assertEqual(sites.mapped("code"), ["PARIS"])
        [counter] = self.env["oms.store.order"].with_user(clerk).get_counters()
        self.assertEqual(counter["id"], sites.id)
        to_send = self.env["stock.picking"].search(
            [("oms_fulfillment_id.order_id", "in", orders.ids), ("state", "=", "assigned")]
        )
        self.assertTrue(all(to_send.mapped("oms_can_buy_labels")))

    def assertStockIsSurrounded(self, company):
        """Check that the screens of stock have something of everything to show."""
        here = [("company_id", "=", company.id)]
        suppliers = self.env["res.partner"].search([("ref", "in", ("CERA", "FOND"))])
        supply = self.env["oms.supply"].search([("partner_id", "in", suppliers.ids)])
        moves = supply.filtered("move_id")
        self.assertEqual(set(moves.mapped("overdue")), {False, True})
        said = self.env["oms.external.stock"].search([("site_id.partner_id", "in", suppliers.ids)])
        self.assertEqual(set(said.mapped("stale")), {False, True})
        shares = self.env["oms.allocation"].search(here)
        self.assertEqual(set(shares.mapped("kind")), {"protected", "fixed", "capped", "percent"})
        rules = self.env["oms.safety.stock"].search(here)
        self.assertEqual(rules.network_id.mapped("name"), ["Stores"])
        claim = self.env["oms.claim"].search([("origin", "=", "reservation"), *here])
        self.assertEqual((claim.site_id.code, claim.state), ("PARIS", "active"))
