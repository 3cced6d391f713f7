import contextlib
import importlib
import io
import json
import sys
from pathlib import Path
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.oms.models.inventory import position_sql

ROOT = Path(__file__).parents[2]


def load(name):
    """Import a benchmark, which is a program of its own and no part of the addon."""
    with patch.object(sys, "path", [str(ROOT), *sys.path]):
        return importlib.import_module(f"benchmarks.{name}")


@tagged("post_install", "-at_install")
class TestAvailabilityBenchmark(TransactionCase):
    """The benchmark of reads makes true data of the size asked for, and measures them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.benchmark, cls.data = load("availability"), load("stock_data")

    def build(self):
        """Make data in small; return their size."""
        size = self.data.Size(400, 10, 120, moves=60, claims=20, ledger=10)
        self.told = []
        self.data.build(self.env, size, self.told.append)
        return size

    def count(self, table):
        self.env.cr.execute(f"SELECT COUNT(*) FROM {table}")  # pylint: disable=sql-injection
        return self.env.cr.fetchone()[0]

    def test_data(self):
        before = {table: self.count(table) for table in ("stock_quant", "stock_move")}
        self.env.cr.execute(
            "SELECT COUNT(*) FROM pg_index WHERE indrelid = 'stock_quant'::regclass"
        )
        indexes = self.env.cr.fetchone()
        size = self.build()
        self.assertEqual(self.count("stock_quant") - before["stock_quant"], size.quants)
        self.assertEqual(self.count("stock_move") - before["stock_move"], size.moves)
        self.assertEqual(self.count("oms_position_delta"), size.ledger)
        self.assertEqual(len(self.data.network(self.env).site_ids), size.sites)
        # Positions are true, and what stands in the ledger alone is part of them.
        self.assertFalse(self.env.execute_query(position_sql.differences()))
        self.env.cr.execute(
            "SELECT COUNT(*) FROM pg_index WHERE indrelid = 'stock_quant'::regclass"
        )
        self.assertEqual(self.env.cr.fetchone(), indexes)
        self.assertTrue(any("claims" in text for text in self.told))
        product = self.env["product.product"].browse(self.data.first_product(self.env) + 7)
        self.assertEqual(product.display_name, "[L000007] Large 7")

    def test_figures(self):
        reader = self.benchmark.Reader(self.env, self.build())
        figures = {
            **self.benchmark.measure_reads(reader, samples=2),
            **self.benchmark.measure_native(reader),
            **self.benchmark.measure_screens(reader),
            **self.benchmark.measure_with_rules(reader, samples=2),
        }
        for name in (
            "one_product",
            "hundred_products",
            "thousand_totals",
            "native_one_product",
            "index_scan",
            "screen_first_page",
            "thousand_totals_with_safety_stock",
        ):
            figure = figures[f"{name}_ms"]
            self.assertGreater(figure["p50"], 0, name)
            self.assertGreaterEqual(figure["p95"], figure["p50"], name)
        native = figures["native_one_product_ms"]
        self.assertAlmostEqual(native["p50"], 10 * native["per_warehouse"]["p50"], delta=0.01)
        self.assertIn(b"oms_position_row", reader.rows(5))
        figures |= {"rows": {"stock_quant": 1}, "notes": self.benchmark.NOTES}
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.benchmark.show(figures)
        self.assertIn("extrapolated", out.getvalue())

    def key(self, *given):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(self.benchmark.main([*given, "--step", "key"]), 0)
        return json.loads(out.getvalue())

    def test_key(self):
        """The data are made anew when other data, or other positions, are asked for."""
        key = self.key("--quants", "1000000")
        self.assertEqual(key, self.key("--quants", "1000000", "--samples", "5", "--json"))
        self.assertNotEqual(key, self.key("--quants", "1000001"))
        for name, wanted in self.benchmark.SCHEMA.items():
            for each in wanted:
                self.assertIn(each, self.benchmark.definitions())
            with patch.dict(self.benchmark.SCHEMA, {name: wanted[1:]}):
                self.assertNotEqual(key, self.key("--quants", "1000000"))

    def test_bad_arguments(self):
        for given, message in (
            (("--quants", "0"), "must be at least 1"),
            (("--ledger", "-1"), "at least 0"),
            (("--quants", "500", "--sites", "2", "--products", "10"), "so many sites and products"),
        ):
            with (
                contextlib.redirect_stderr(io.StringIO()) as err,
                self.assertRaises(SystemExit) as stopped,
            ):
                self.benchmark.main(list(given))
            self.assertEqual(stopped.exception.code, 2)
            self.assertIn(message, err.getvalue())
