import datetime

from odoo.tests import BaseCase

from ...models.intake.columns import COLUMNS, guess_kind
from ...models.intake.reader import ParseOptions, is_ean13, parse_date
from ...models.intake.row_parsing import parse_row
from ...models.intake.rows import fingerprint
from ...models.intake.tabular import match_columns
from .common import ORDER_HEADERS, SITE_HEADERS, STOCK_HEADERS

GOOD_ORDER = "A1,2024-03-04,C1,75001,Paris,,48.8,2.3,APPLE,2,10.5"


class TestRows(BaseCase):
    def parse(self, kind, headers, text, **options):
        match = match_columns(headers.split(","), COLUMNS[kind])
        return parse_row(kind, match, text.split(","), ParseOptions(**options))

    def assertFault(self, kind, headers, text, part, **options):
        row, faults = self.parse(kind, headers, text, **options)
        self.assertIsNone(row)
        self.assertIn(part, "\n".join(faults))

    def test_kind_is_guessed(self):
        for kind, headers in (
            ("sites", SITE_HEADERS),
            ("stock", STOCK_HEADERS),
            ("stock", "month," + STOCK_HEADERS),
            ("orders", ORDER_HEADERS),
            ("products", "sku,name,price"),
            (None, "a,b"),
        ):
            self.assertEqual(guess_kind(headers.split(",")), kind)

    def test_order(self):
        row, faults = self.parse("orders", ORDER_HEADERS, GOOD_ORDER)
        self.assertFalse(faults)
        self.assertEqual(row.order_date, datetime.datetime(2024, 3, 4, 12))
        self.assertEqual((row.quantity, row.sales, row.address.lat), (2.0, 10.5, 48.8))

    def test_bad_quantities(self):
        for text, part in (
            ("-1", "is negative"),
            ("0", "is zero"),
            ("nan", "not a number"),
            ("inf", "not a number"),
            ("1e400", "not between"),
            ("1000001", "not between"),
            ("1_0", "not a number"),
            ("two", "not a number"),
            ("", "is empty"),
        ):
            with self.subTest(text):
                bad = GOOD_ORDER.replace("APPLE,2,", f"APPLE,{text},")
                self.assertFault("orders", ORDER_HEADERS, bad, part)

    def test_stock_quantity(self):
        row, _faults = self.parse("stock", STOCK_HEADERS, "NEAR,APPLE,0")
        self.assertEqual(row.quantity, 0.0)
        self.assertFault("stock", STOCK_HEADERS, "NEAR,APPLE,-0.5", "negative")
        self.assertFault("stock", STOCK_HEADERS, ",APPLE,1", "site is empty")
        self.assertFault("stock", "month," + STOCK_HEADERS, "2024-13,N,A,1", "month")

    def test_decimal_comma(self):
        match = match_columns(STOCK_HEADERS.split(","), COLUMNS["stock"])
        row, _faults = parse_row("stock", match, ("N", "A", "1.234,5"), ParseOptions("iso", ","))
        self.assertEqual(row.quantity, 1234.5)
        _row, faults = parse_row("stock", match, ("N", "A", "1,5"), ParseOptions())
        self.assertIn("Choose the decimal comma", faults[0])

    def test_dates(self):
        day = datetime.datetime(2024, 3, 4, 12)
        for text, kind in (
            ("2024-03-04", "dmy"),
            ("04/03/2024", "dmy"),
            ("4.3.2024", "dmy"),
            ("03/04/2024", "mdy"),
        ):
            self.assertEqual(parse_date(text, kind), day)
        moment = datetime.datetime(2024, 3, 4, 9, 30)
        for text in ("2024-03-04 09:30", "2024-03-04T09:30:00Z", "2024-03-04T10:30:00+01:00"):
            self.assertEqual(parse_date(text, "iso"), moment)

    def test_bad_dates(self):
        for text in ("2024-02-30", "04/03/2024", "1880-01-01", "x", "2024-03-04 25:00", "20240304"):
            bad = GOOD_ORDER.replace("2024-03-04", text)
            self.assertFault("orders", ORDER_HEADERS, bad, f"“{text}” is not a date")

    def test_bad_coordinates(self):
        bad = GOOD_ORDER.replace("48.8,2.3", "98.8,2.3")
        self.assertFault("orders", ORDER_HEADERS, bad, "lat 98.8 is not between")
        bad = GOOD_ORDER.replace("48.8,2.3", "48.8,")
        self.assertFault("orders", ORDER_HEADERS, bad, "both lat and lng")
        self.assertFault("sites", SITE_HEADERS, "N,store,,2", "lat is empty")

    def test_all_faults_at_once(self):
        _row, faults = self.parse("orders", ORDER_HEADERS, ",x,C1,,,,,,,-1,-2")
        self.assertEqual(len(faults), 5)

    def test_bad_site(self):
        self.assertFault("sites", SITE_HEADERS, "N,castle,1,2", "none of warehouse, store")
        headers = SITE_HEADERS + ",ships"
        self.assertFault("sites", headers, "N,store,1,2,perhaps", "neither yes nor no")

    def test_barcodes(self):
        self.assertTrue(is_ean13("4006381333931"))
        self.assertFault("products", "sku,name,ean", "A,Apple,4006381333932", "check digit")

    def test_fingerprint(self):
        def digest(*texts):
            return fingerprint([self.parse("orders", ORDER_HEADERS, text)[0] for text in texts])

        other = GOOD_ORDER.replace("APPLE,2", "BERRY,1")
        self.assertEqual(digest(GOOD_ORDER, other), digest(other, GOOD_ORDER))
        for old, new in (("APPLE,2", "APPLE,3"), ("Paris", "Lyon"), ("10.5", "10.6"), ("C1", "C2")):
            self.assertNotEqual(digest(GOOD_ORDER), digest(GOOD_ORDER.replace(old, new)))
