"""Milliseconds that reading availability takes among millions of stock records, beside native Odoo.

Times "in the database" are what PostgreSQL says that it took to plan the very statement of the
addon's read method, to execute it and, from PostgreSQL 17 on, to write out its result (EXPLAIN
ANALYZE); times of a "call" are those of the public method, Python and all. Each time other products
are asked for, half of them fast movers. The data are made once and kept, see `stock_data.py`.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import stock_data
from benchmarks.database import environment

DATABASES = {"OMS_DATABASE": "filled"}

ROOT = Path(__file__).resolve().parent.parent

#: What the kept data depend on besides their size: the tables, and what counts. All else follows
#: when the addon is updated in them.
SCHEMA = {
    "models/inventory/ledger_sql.py": ("tables",),
    "models/inventory/position_sql.py": (
        "MEASURES",
        "_QUANT_FACTS",
        "_MOVE_FACTS",
        "_CLAIM_FACTS",
    ),
}
WARM_UP = 3
NATIVE_WAREHOUSES = 10
NATIVE_PRODUCTS = 5
NETWORK = "Everywhere"

NOTES = {
    "database": "plan, execute and write out the statement of the read method (EXPLAIN ANALYZE)",
    "call": "the public method oms.position.get_availability, Python and all",
    "index_scan": "find the same rows by index in oms_position_row and do nothing with them",
    "native": "product.free_qty of Odoo with each of some warehouses drawn at random; what all "
    "warehouses would take is extrapolated from these",
    "screen": "what the list, its filters and the pivot ask the server for",
}


def build(size: stock_data.Size) -> None:
    """Fill the database; print what is being done."""
    import psycopg2

    import odoo

    start = time.monotonic()
    with environment() as env:
        seconds = stock_data.build(env, size, lambda text: print(text, flush=True))
    print("sweeping …", flush=True)
    _name, parameters = odoo.sql_db.connection_info_for(env.cr.dbname)
    connection = psycopg2.connect(**parameters)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for table in stock_data.TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
        seconds["all"] = round(time.monotonic() - start, 1)
        cursor.execute("CREATE TABLE bench_seconds (told jsonb)")
        cursor.execute("INSERT INTO bench_seconds VALUES (%s)", [json.dumps(seconds)])
    connection.close()


class Reader:
    """Asks for products drawn at random, in the ways that are measured.

    :param env: environment of the superuser, in a transaction that only reads
    """

    def __init__(self, env: Any, size: stock_data.Size) -> None:
        self.env, self.size = env, size
        self.positions = env["oms.position"]
        self.first = stock_data.first_product(env)
        self.sites = stock_data.network(env).site_ids
        self.draw = random.Random(19)
        self.settle()

    def settle(self) -> None:
        """Have a read ask for what it asks for only once."""
        self.positions._get_totals(self.sites.ids, [self.first])

    def products(self, count: int) -> list[int]:
        """Draw products, one half from the fast movers."""
        fast, every = self.size.fast or self.size.products, self.size.products
        return [
            self.first + self.draw.randrange(fast if self.draw.random() < 0.5 else every)
            for _number in range(count)
        ]

    def statement(self, read: Callable[[], Any]) -> bytes:
        """Return the statement that a read method would execute."""
        caught = []

        def execute_query(_env: Any, query: Any) -> list[Any]:
            caught.append(query)
            return []

        with patch.object(type(self.env), "execute_query", execute_query):
            read()
        query = caught[-1]
        return bytes(self.env.cr.mogrify(query.code, query.params))

    def rows(self, count: int) -> bytes:
        """Return the statement that reads the positions of some products."""
        products = self.products(count)
        return self.statement(lambda: self.positions._get_positions(self.sites.ids, products))

    def totals(self, count: int) -> bytes:
        """Return the statement that reads the network totals of some products."""
        products = self.products(count)
        return self.statement(lambda: self.positions._get_totals(self.sites.ids, products))

    def scan(self, count: int) -> bytes:
        """Return the statement that finds the rows of some products by index."""
        return bytes(
            self.env.cr.mogrify(
                "SELECT * FROM oms_position_row WHERE product_id = ANY(%s::integer[])",
                ["{" + ",".join(map(str, self.products(count))) + "}"],
            )
        )

    def explain(self, statement: bytes, written: bool = True) -> tuple[float, int]:
        """Return how long PostgreSQL took for a statement, in milliseconds, and its rows.

        :param written: whether its result is written out as for a client
        """
        cr = self.env.cr
        options = b"ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON"
        if written and cr.connection.server_version >= 170000:
            options += b", SERIALIZE TEXT"
        cr.execute((b"EXPLAIN (" + options + b") " + statement).decode())
        [[[plan]]] = cr.fetchall()
        return plan["Planning Time"] + plan["Execution Time"], round(plan["Plan"]["Actual Rows"])

    def call(self, count: int, detail: bool) -> float:
        """Return how long the public method takes, in milliseconds."""
        products = self.products(count)
        self.env.invalidate_all()
        start = time.perf_counter()
        self.positions.get_availability(products, networks=[NETWORK], detail=detail)
        return (time.perf_counter() - start) * 1000

    def native(self, count: int) -> float:
        """Return how long `free_qty` of some products takes in one warehouse, in milliseconds."""
        warehouse = self.sites[self.draw.randrange(len(self.sites))].warehouse_id
        products = self.env["product.product"].browse(sorted(set(self.products(count))))
        self.env.invalidate_all()
        start = time.perf_counter()
        products.with_context(warehouse_id=warehouse.id).mapped("free_qty")
        return (time.perf_counter() - start) * 1000


def definitions() -> str:
    """Return the source of what the kept data depend on."""
    found = []
    for name, wanted in SCHEMA.items():
        source = (ROOT / name).read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            names = {getattr(node, "name", None)}
            names |= {getattr(target, "id", None) for target in getattr(node, "targets", ())}
            if names & set(wanted):
                found.append(ast.get_source_segment(source, node) or "")
    return "\n".join(found)


def summary(values: list[float], factor: float = 1.0) -> dict[str, float]:
    """Return median and 95th percentile.

    :param values: milliseconds
    """
    ordered = sorted(value * factor for value in values)
    last = len(ordered) - 1
    return {"p50": round(ordered[last // 2], 3), "p95": round(ordered[round(last * 0.95)], 3)}


def questions(reader: Reader, samples: int) -> list[tuple[str, int, int, Callable[[int], bytes]]]:
    """Return what is asked for: name, products, how often, statement."""
    return [
        ("one_product", 1, samples, reader.rows),
        ("hundred_products", 100, max(samples // 5, 5), reader.rows),
        ("thousand_totals", 1000, max(samples // 10, 5), reader.totals),
    ]


def measure_reads(reader: Reader, samples: int) -> dict[str, Any]:
    """Measure the reads, and in turn with each the index scan of as many products."""
    figures: dict[str, Any] = {}
    for name, count, repeat, statement in questions(reader, samples):
        read, scan, call, told, found = [], [], [], 0, 0
        for number in range(-WARM_UP, repeat):
            took, rows = reader.explain(statement(count))
            looked, seen = reader.explain(reader.scan(count), written=False)
            called = reader.call(count, detail=statement == reader.rows)
            if number >= 0:
                read.append(took)
                scan.append(looked)
                call.append(called)
                told, found = told + rows, found + seen
        figures[f"{name}_ms"] = {
            **summary(read),
            "rows": round(told / repeat),
            "call": summary(call),
        }
        figures[f"index_scan_{name}_ms"] = {**summary(scan), "rows": round(found / repeat)}
        ratio = figures[f"{name}_ms"]["p50"] / summary(scan)["p50"]
        figures[f"{name}_to_index_scan"] = round(ratio, 2)
    figures["index_scan_ms"] = figures["index_scan_hundred_products_ms"]
    return figures


def measure_with_rules(reader: Reader, samples: int) -> dict[str, Any]:
    """Measure the reads where rules of safety stock look at every position."""
    parts = reader.env["oms.network"].search([("name", "like", "Part ")])
    reader.env["oms.safety.stock"].create(
        [
            {"operator": "subtract", "quantity": 2},
            *({"operator": "below", "quantity": 3, "network_id": part.id} for part in parts),
        ]
    )
    reader.settle()
    figures = {}
    for name, count, repeat, statement in questions(reader, samples):
        taken = [reader.explain(statement(count))[0] for _number in range(WARM_UP + repeat)]
        figures[f"{name}_with_safety_stock_ms"] = summary(taken[WARM_UP:])
    return figures


def measure_native(reader: Reader) -> dict[str, Any]:
    """Measure Odoo's own figure in a few warehouses, and extrapolate to all of them."""
    figures: dict[str, Any] = {}
    for name, count, repeat in (
        ("one_product", 1, NATIVE_WAREHOUSES * NATIVE_PRODUCTS),
        ("hundred_products", 100, NATIVE_WAREHOUSES),
        ("thousand_totals", 1000, NATIVE_WAREHOUSES // 2),
    ):
        reader.native(count)
        taken = [reader.native(count) for _number in range(repeat)]
        figures[f"native_{name}_ms"] = {
            **summary(taken, len(reader.sites)),
            "per_warehouse": summary(taken),
            "warehouses": len(reader.sites),
            "sampled": repeat,
            "extrapolated": True,
        }
    return figures


def measure_screens(reader: Reader) -> dict[str, Any]:
    """Measure what the web client asks for on the screen of stock by site."""
    # As somebody whom record rules concern, for PostgreSQL plans with them.
    Position = reader.positions.with_user(reader.env.ref("base.user_admin"))
    measures = ("on_hand", "demand", "claimed", "incoming", "available")
    shown = {name: {} for name in measures}
    shown |= {name: {"fields": {"display_name": {}}} for name in ("product_id", "site_id")}
    sums = ["__count", *(f"{name}:sum" for name in measures)]

    def page(domain: list[Any], offset: int = 0) -> None:
        Position.web_search_read(domain, shown, offset, limit=80, count_limit=10001)

    figures = {}
    for name, repeat, ask in (
        ("first_page", 10, lambda: page([])),
        ("hundredth_page", 10, lambda: page([], 8000)),
        ("product_id", 10, lambda: page([("product_id", "in", reader.products(1))])),
        (
            "product_name",
            10,
            lambda: page([("product_id", "ilike", f"Large {reader.products(1)[0]}")]),
        ),
        ("site", 10, lambda: page([("site_id", "=", reader.draw.choice(reader.sites.ids))])),
        ("pivot_by_site", 3, lambda: Position.formatted_read_group([], ["site_id"], sums)),
    ):
        taken = []
        for _number in range(repeat + 1):
            reader.env.invalidate_all()
            start = time.perf_counter()
            ask()
            taken.append((time.perf_counter() - start) * 1000)
        figures[f"screen_{name}_ms"] = summary(taken[1:])
    return figures


@contextmanager
def reading() -> Iterator[Any]:
    """Open a transaction that leaves the kept data as they are."""
    with environment() as env:
        yield env
        env.cr.rollback()


def run(size: stock_data.Size, samples: int) -> dict[str, Any]:
    """Measure; return the figures."""
    with reading() as env:
        reader = Reader(env, size)
        counts = {}
        for table in stock_data.TABLES:
            env.cr.execute(f"SELECT COUNT(*) FROM {table}")
            [counts[table]] = env.cr.fetchone()
        env.cr.execute("SELECT told FROM bench_seconds")
        [seconds] = env.cr.fetchone()
        figures = {
            "sites": len(reader.sites),
            "products": size.products,
            "rows": counts,
            "build_seconds": seconds["all"],
            "build": seconds,
            "samples": samples,
            "load_average": round(os.getloadavg()[0], 2),
            **measure_reads(reader, samples),
            **measure_native(reader),
            **measure_screens(reader),
            **measure_with_rules(reader, samples),
        }
    native, own = figures["native_one_product_ms"], figures["one_product_ms"]
    figures["native_to_own_call"] = round(native["p50"] / own["call"]["p50"])
    figures["notes"] = NOTES
    return figures


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    print(f"{'':34}{'p50 ms':>12}{'p95 ms':>12}{'rows':>10}")
    for name, value in figures.items():
        if name.endswith("_ms") and name != "index_scan_ms":
            title = name.removesuffix("_ms").replace("_", " ")
            title += ", all warehouses *" if name.startswith("native_") else ""
            print(
                f"{title:34}{value['p50']:12,.2f}{value['p95']:12,.2f}{value.get('rows', ''):>10}"
            )
            for part in ("call", "per_warehouse"):
                if part in value:
                    inner = value[part]
                    text = f"  {part.replace('_', ' ')}"
                    print(f"{text:34}{inner['p50']:12,.2f}{inner['p95']:12,.2f}")
        elif not isinstance(value, dict):
            print(f"{name.replace('_', ' '):34}{value:12}")
    print(f"\nRows: {', '.join(f'{count:,} {table}' for table, count in figures['rows'].items())}")
    print("* extrapolated from a sample of warehouses")
    for name, text in figures["notes"].items():
        print(f"{name}: {text}")


def parsed(argv: list[str] | None) -> tuple[argparse.Namespace, stock_data.Size]:
    """Read and check the command line."""
    parser = argparse.ArgumentParser(prog="availability", description=__doc__.splitlines()[0])
    for name, default, words in (
        ("quants", 5_000_000, "stock records"),
        ("sites", 500, "warehouses, each a site"),
        ("products", 200_000, "products"),
        ("moves", None, "open moves (default: a tenth of the quants)"),
        ("ledger", None, "changes that are not folded yet (default: one for 250 quants)"),
        ("samples", 200, "how often one product is asked for; larger questions less often"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=words)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    steps = ("key", "build", "run")
    parser.add_argument("--step", choices=steps, default="run", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    moves = args.quants // 10 if args.moves is None else args.moves
    ledger = args.quants // 250 if args.ledger is None else args.ledger
    if min(args.quants, args.sites, args.products, args.samples) < 1 or min(moves, ledger) < 0:
        parser.error("all numbers must be at least 1, --moves and --ledger at least 0.")
    claims = args.quants // 500
    size = stock_data.Size(args.quants, args.sites, args.products, moves, claims, ledger)
    if args.quants > size.most_quants:
        parser.error(f"--quants: so many sites and products have {size.most_quants} at most.")
    return args, size


def main(argv: list[str] | None = None) -> int:
    """Entry point; return the exit code."""
    args, size = parsed(argv)
    if args.step == "key":
        key = {**size.key(), "schema": hashlib.sha256(definitions().encode()).hexdigest()}
        print(json.dumps({"key": key, "gibibytes": 0.5 + size.quants * 0.7e-6}))
    elif args.step == "build":
        build(size)
    else:
        figures = run(size, args.samples)
        if args.json:
            print(json.dumps(figures))
        else:
            show(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
