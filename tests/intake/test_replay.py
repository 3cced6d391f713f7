import csv
import gzip
import os
import tempfile
from collections import Counter
from pathlib import Path
from unittest import SkipTest

from .common import IntakeCase, make_csv

SITES = make_csv("site,kind,lat,lng", "R1,warehouse,40.7,-74.0", "R2,store,34.0,-118.2")
STOCK = make_csv(
    "month,site,product_id,quantity",
    "2021-01,R1,P1,5",
    "2021-01,R2,P1,2",
    "2021-01,R2,P2,3",
    "2021-02,R1,P1,10",
)
HEADERS = "order_id,order_date,customer_id,city,state,zip,lat,lng,product_id,quantity,sales"
NEW_YORK = "C1,New York,NY,10001,40.75,-73.99"
ORDERS = make_csv(
    HEADERS,
    f"O1,2021-01-05,{NEW_YORK},P1,4,10.0",
    f"O1,2021-01-05,{NEW_YORK},P2,2,7.5",
    f"O2,2021-01-06,{NEW_YORK},P1,3,10.0",
    f"O3,2021-01-07,{NEW_YORK},P1,1,10.0",
    f"O4,2021-02-01,{NEW_YORK},P1,12,10.0",
)


class ReplayCase(IntakeCase):
    def replay(self, sites=SITES, stock=STOCK, orders=ORDERS, **options):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        paths = {}
        for name, content in (("orders", orders), ("sites", sites), ("stock", stock)):
            paths[name] = folder / f"{name}.csv"
            paths[name].write_bytes(content)
        # The replay commits as it goes; a test must not.
        self.patch(self.env.registry["ir.cron"], "_commit_progress", lambda *_args, **_kw: 1.0)
        return self.env["oms.import"]._replay_files(
            str(paths["orders"]), str(paths["sites"]), str(paths["stock"]), **options
        )


class TestReplay(ReplayCase):
    def test_months_start_from_their_own_stock(self):
        seen = []
        result = self.replay(progress=lambda *args: seen.append(args))
        # O1: 4 + 2 units from both sites. O2: 1 from R1, 2 from R2. O3: nothing left.
        # O4: 10 of 12 in the new month; what was missing before takes nothing of it.
        self.assertEqual(result["errors"], [])
        self.assertEqual((result["orders"], result["units"]), (4, 22.0))
        self.assertEqual((result["parcels"], result["split_orders"]), (5, 2))
        self.assertEqual(result["unfilled_units"], 3.0)
        self.assertGreater(result["ms_per_order"], 0)
        # Prices of the literature have more decimals than the currency.
        strategy = self.env["oms.channel"].search([("code", "=", "FILES")]).strategy_id
        self.assertEqual((strategy.parcel_cost, strategy.unit_cost), (8.759, 0.423))
        decisions = self.env["oms.decision"].search([("channel_id.code", "=", "FILES")])
        costs = sum(decisions.mapped("cost")) + sum(decisions.mapped("penalty"))
        self.assertAlmostEqual(result["cost"], costs, delta=0.05)
        self.assertTrue(all(0 <= done <= total for done, total, _text in seen))
        orders = self.env["sale.order"].search([("oms_channel_id.code", "=", "FILES")])
        self.assertFalse(orders.filtered(lambda order: order.oms_state in ("waiting", "partial")))
        site = self.env["oms.site"].search([("code", "=", "R1")])
        product = self.env["product.product"].search([("default_code", "=", "P1")])
        # Available to nobody: all that is left on hand is promised.
        self.assertEqual(self.get_on_hand(site, product), 15.0)
        self.assertFalse(site._get_available(product))

    def test_second_call_changes_nothing(self):
        first = self.replay()
        before = self.count_everything()
        self.assertEqual(self.replay(), first)
        self.assertEqual(self.count_everything(), before)

    def test_month_and_limit(self):
        self.assertEqual(self.replay(month="2021-01", limit=1)["orders"], 1)

    def test_limit_reaches_over_months(self):
        self.assertEqual(self.replay(limit=4)["orders"], 4)

    def test_bad_rows_are_errors_of_the_result(self):
        bad = ORDERS.replace(b"O3,2021-01-07", b"O3,2021-01-07").replace(b"P1,1,", b"P1,-1,")
        result = self.replay(orders=bad)
        self.assertEqual(result["orders"], 3)
        self.assertIn("orders.csv, line 5: The quantity -1 is negative.", result["errors"])


class TestDataFolder(ReplayCase):
    """The first orders of the large test data, which is not part of the repository."""

    def setUp(self):
        super().setUp()
        folder = Path(os.environ.get("OMS_DATA", "")) / "superstore"
        if not os.environ.get("OMS_DATA") or not folder.is_dir():
            raise SkipTest("no data folder: OMS_DATA names none")
        self.folder = folder

    def read_data(self, name):
        return gzip.decompress((self.folder / name).read_bytes())

    def test_first_orders(self):
        orders = self.read_data("order_lines_2019_2021.csv.gz")
        stock = self.read_data("stock_2019_2021.csv.gz")
        sites = (self.folder / "sites.csv").read_bytes()
        result = self.replay(sites, stock, orders, month="2019-01", limit=10)
        quantities = Counter()
        for row in csv.DictReader(orders.decode().splitlines()):
            quantities[row["order_date"], row["order_id"]] += float(row["quantity"])
        units = sum(quantities[key] for key in sorted(quantities)[:10])
        self.assertEqual((result["orders"], result["units"]), (10, units))
        self.assertEqual(result["errors"], [])
        placed = self.env["oms.fulfillment"].search([("channel_id.code", "=", "FILES")])
        self.assertEqual(sum(placed.mapped("unit_count")), units - result["unfilled_units"])
