"""How fast changes of stock are numbered and read back, and whether each of them arrives.

A channel's client has a cursor; then the stock of many products changes, in several transactions
of which the first commits last. The client reads pages until there are no more, and what it was
told is compared with what was put there. Then, change by change, it is measured how long it takes
from a commit until the client has it, and how long asking takes when nothing changed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.database import environment, open_registry
from benchmarks.figures import tell

DATABASES = {"OMS_DATABASE": "addon"}

SITES = 2
TRANSACTIONS = 10
#: Changes that are followed one by one.
SINGLE = 200
PAGE = 5000


class Shop:
    """Products, sites and a channel, and what its client does with them."""

    def __init__(self, changes: int) -> None:
        self.registry = open_registry()
        with self.opened() as env:
            warehouses = env["stock.warehouse"].create(
                [{"name": f"Feed {n}", "code": f"F{n:04}"} for n in range(SITES)]
            )
            self.places = warehouses.lot_stock_id.ids
            network = env["oms.network"].create(
                {"name": "Feed", "site_ids": warehouses.oms_site_ids.ids}
            )
            self.channel = (
                env["oms.channel"]
                .create({"name": "Feed", "code": "FEED", "network_ids": network.ids})
                .id
            )
            self.products = self.make_products(env, changes)
        with self.opened() as env:
            env["oms.feed"]._publish()

    def opened(self) -> AbstractContextManager[Any]:
        """Open a transaction that is committed at the end."""
        return environment(self.registry)

    def make_products(self, env: Any, count: int) -> list[int]:
        """Make products by copying one of them in the database."""
        first = env["product.product"].create(
            {"name": "Feed", "type": "consu", "is_storable": True, "sale_ok": True}
        )
        env.flush_all()
        for table, key, value in (
            ("product_template", first.product_tmpl_id.id, "id"),
            ("product_product", first.id, "product_tmpl_id"),
        ):
            env.cr.execute(
                "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
                "WHERE table_schema = current_schema() AND table_name = %s AND column_name != 'id' "
                "AND column_name != 'product_tmpl_id'",
                [table],
            )
            [columns] = env.cr.fetchone()
            if value == "id":
                env.cr.execute(
                    f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}, "
                    "generate_series(2, %s) WHERE id = %s RETURNING id",
                    [count, key],
                )
                templates = [template_id for [template_id] in env.cr.fetchall()]
            else:
                env.cr.execute(
                    f"INSERT INTO {table} ({columns}, product_tmpl_id) SELECT {columns}, made "
                    f"FROM {table}, unnest(%s) AS made WHERE id = %s RETURNING id",
                    [templates, key],
                )
                products = [product_id for [product_id] in env.cr.fetchall()]
        env.invalidate_all()
        return [first.id, *products]

    def put(self, env: Any, products: list[int], place: int, quantity: float) -> None:
        """Put units of each product at a place, as receipts do in the end."""
        env.cr.execute(
            "INSERT INTO stock_quant "
            "(product_id, location_id, company_id, quantity, reserved_quantity, in_date) "
            "SELECT product, place.id, place.company_id, %s, 0, now() "
            "FROM unnest(%s) AS product, stock_location place WHERE place.id = %s",
            [quantity, products, place],
        )

    def ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the channel in a transaction of its own, as a request does."""
        with self.opened() as env:
            return getattr(env["oms.channel"].browse(self.channel), name)(*args, **kwargs)

    def change_all(self) -> dict[int, float]:
        """Change the stock of all products; return what is there in the end."""
        truth = dict.fromkeys(self.products, 0.0)
        parts = [self.products[n::TRANSACTIONS] for n in range(TRANSACTIONS)]
        with self.opened() as slow:
            self.put(slow, parts[0], self.places[0], 1.0)
            for number, part in enumerate(parts[1:], 2):
                with self.opened() as env:
                    self.put(env, part, self.places[number % SITES], number)
                truth.update(dict.fromkeys(part, float(number)))
        truth.update(dict.fromkeys(parts[0], 1.0))
        return truth


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that work took, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def read_back(shop: Shop, cursor: str) -> tuple[dict[int, float], int, str]:
    """Read changes until there are no more; return what was told, how many rows, the cursor."""
    told, rows, more = {}, 0, True
    while more:
        answer = shop.ask("_get_stock_changes", cursor, limit=PAGE)
        told.update({row["product_id"]: row["available"] for row in answer["rows"]})
        rows += len(answer["rows"])
        cursor, more = answer["cursor"], answer["more"]
    return told, rows, cursor


def follow(shop: Shop, cursor: str) -> dict[str, Any]:
    """Measure how long single changes take to arrive, and asking for nothing."""
    arrived, idle, lost = [], [], 0
    for number in range(SINGLE):
        product_id = shop.products[number * 37 % len(shop.products)]
        with shop.opened() as env:
            shop.put(env, [product_id], shop.places[0], 1.0)
        seconds, answer = timed(lambda cursor=cursor: shop.ask("_get_stock_changes", cursor))
        lost += product_id not in {row["product_id"] for row in answer["rows"]}
        arrived.append(seconds * 1000)
        cursor = answer["cursor"]
        idle.append(timed(lambda cursor=cursor: shop.ask("_get_stock_changes", cursor))[0] * 1000)

    def summed(values: list[float]) -> dict[str, float]:
        values = sorted(values)
        return {
            "p50": round(statistics.median(values), 1),
            "p95": round(values[len(values) * 95 // 100], 1),
        }

    return {"arrives_ms": summed(arrived), "idle_ms": summed(idle), "lost_single": lost}


def run(changes: int) -> dict[str, Any]:
    """Make the changes, publish and read them; return the figures."""
    shop = Shop(changes)
    cursor = shop.ask("_get_stock_snapshot", limit=1)["cursor"]
    truth = shop.change_all()

    def publish() -> int:
        with shop.opened() as env:
            return env["oms.feed"]._publish()

    publishing, numbered = timed(publish)
    # As the scheduled job does every minute.
    with shop.opened() as env:
        env["oms.position"]._cron_compact()
        env.cr.execute("ANALYZE oms_position_row, oms_feed_stock, product_product")
    reading, (told, rows, cursor) = timed(lambda: read_back(shop, cursor))
    wrong = sum(1 for key, value in truth.items() if told.get(key) != value)
    return {
        "changes": len(truth),
        "numbered": numbered,
        "published_per_second": round(numbered / publishing),
        "rows": rows,
        "read_per_second": round(rows / reading),
        "wrong": wrong + len(told.keys() - truth.keys()),
        **follow(shop, cursor),
    }


def main(argv: list[str] | None = None) -> int:
    """Entry point; return the exit code."""
    parser = argparse.ArgumentParser(prog="feed", description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=100_000, help="products that change")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    if args.changes < TRANSACTIONS:
        parser.error(f"--changes must be at least {TRANSACTIONS}.")
    figures = run(args.changes)
    tell(figures, args.json)
    return 1 if figures["wrong"] or figures["lost_single"] else 0


if __name__ == "__main__":
    sys.exit(main())
