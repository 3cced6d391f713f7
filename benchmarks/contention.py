"""Claims per second that several processes take on the same goods, and whether any is oversold.

Real Odoo processes, each with one request after the other: of 100 requests 85 hold one to three
units of one product for a cart (a claim each, in a transaction of its own, as every cart does),
8 give a hold back, 7 receive or adjust stock. Half of the requests go to 20 hot products, the rest
to 2,000 drawn by Zipf's law; a quarter of the hot ones is scarce, so that they sell out and are
refused until more comes in. A stock change is what a receipt or a count does to stock records in
the end, in Odoo's own transaction; no documents are made. Counts take the guard, and take away only
what nobody was promised: one that finds less is no overselling.

At the end every process's own record of what it was promised and of what it brought is compared
with the database, and the database with itself.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.database import environment, open_registry, server_seconds
from benchmarks.figures import tell

DATABASES = {"OMS_DATABASE": "addon"}

HOT_PRODUCTS = 20
COLD_PRODUCTS = 2000
SITES = 4
STOCK = {"plenty": 10_000, "scarce": 25, "cold": 100}
#: Seconds between two runs of the scheduled job that folds the ledger.
COMPACT_EVERY = 5.0

Key = tuple[int, int]
#: Where goods lie, by site.
Places = dict[int, int]


@dataclass
class Record:
    """What one process did and was promised."""

    counts: Counter[str] = field(default_factory=Counter)
    held: dict[int, tuple[Key, float]] = field(default_factory=dict)
    brought: Counter[Key] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    processor_seconds: float = 0.0


def build() -> tuple[list[int], Places]:
    """Make sites and products with stock; return product ids (hot first) and the sites."""
    with environment() as env:
        first = env["stock.warehouse"].with_context(active_test=False).search_count([])
        warehouses = env["stock.warehouse"].create(
            [{"name": f"Contention {first + n}", "code": f"C{first + n:04}"} for n in range(SITES)]
        )
        products = env["product.product"].create(
            [
                {"name": f"Contention {n}", "type": "consu", "is_storable": True}
                for n in range(HOT_PRODUCTS + COLD_PRODUCTS)
            ]
        )
        env["stock.quant"].create(
            [
                {
                    "product_id": product_id,
                    "location_id": warehouse.lot_stock_id.id,
                    "quantity": stock_at_first(number),
                }
                for number, product_id in enumerate(products.ids)
                for warehouse in warehouses
            ]
        )
        return products.ids, {
            warehouse.oms_site_ids.id: warehouse.lot_stock_id.id for warehouse in warehouses
        }


def stock_at_first(number: int) -> int:
    """Return the units of a product at each site before the run."""
    if number >= HOT_PRODUCTS:
        return STOCK["cold"]
    return STOCK["scarce" if number % 4 == 0 else "plenty"]


def pick(draw: random.Random, products: list[int]) -> int:
    """Draw a hot product half of the time, else one by Zipf's law."""
    if draw.random() < 0.5:
        return products[draw.randrange(HOT_PRODUCTS)]
    rank = int(COLD_PRODUCTS ** draw.random())
    return products[HOT_PRODUCTS + rank - 1]


def work(
    number: int,
    products: list[int],
    places: Places,
    seconds: float,
    ready: Any,
    queue: Any,
) -> None:
    """Do what a process does: mostly hold, sometimes give back, receive, adjust."""
    from psycopg2 import OperationalError

    from odoo.exceptions import UserError

    registry = open_registry()
    draw, record, sites = random.Random(number), Record(), list(places)
    ready.wait()
    spent = spent_seconds()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with environment(registry) as env:
            try:
                serve(env, draw, record, (pick(draw, products), draw.choice(sites)), places)
            except UserError:
                env.cr.rollback()
                record.counts["refused"] += 1
            except OperationalError:
                env.cr.rollback()
                record.counts["retries"] += 1
    record.processor_seconds = spent_seconds() - spent
    queue.put(record)


def spent_seconds() -> float:
    """Return the processor time of this process and of the PostgreSQL processes it talks to."""
    from odoo import sql_db

    connections = sql_db._Pool._connections if sql_db._Pool else ()
    return time.process_time() + sum(server_seconds(each) or 0.0 for each in connections)


def serve(env: Any, draw: random.Random, record: Record, key: Key, places: Places) -> None:
    """Serve one request."""
    chance = draw.random()
    if chance < 0.85:
        quantity = float(draw.randint(1, 3))
        start = time.perf_counter()
        [claim_id] = env["oms.claim"]._hold([(*key, quantity)], "cart", 60)
        record.milliseconds.append((time.perf_counter() - start) * 1000)
        record.held[claim_id] = key, quantity
        record.counts["claims"] += 1
    elif chance < 0.93 and record.held:
        claim_id = draw.choice(list(record.held))
        env["oms.claim"].browse(claim_id)._give_back()
        del record.held[claim_id]
        record.counts["released"] += 1
    else:
        change = change_stock(env, key, places[key[1]], draw)
        record.brought[key] += change
        record.counts["stock changes"] += 1


def change_stock(env: Any, key: Key, place: int, draw: random.Random) -> float:
    """Receive some units, or take away some that nobody was promised; return how many."""
    product, site = env["product.product"].browse(key[0]), env["oms.site"].browse(key[1])
    location = env["stock.location"].browse(place)
    change = float(draw.randint(1, 5))
    if draw.random() < 0.3:
        env["oms.position"]._touch([key])
        free = site._get_available(product).get((site.id, product.id), 0.0)
        change = -min(free, 2.0)
    if change:
        env["stock.quant"]._update_available_quantity(product, location, change)
    env.cr.commit()
    return change


def compact(stop: Any) -> None:
    """Run the scheduled job that folds the ledger now and then."""
    registry = open_registry()
    while not stop.wait(COMPACT_EVERY):
        with environment(registry) as env:
            env["oms.position"]._cron_compact()


def audit(products: list[int], sites: Places, records: list[Record]) -> dict[str, float]:
    """Compare promises and database at the end.

    ``oversold_units`` is the worse of what the database says and of what the processes wrote down
    themselves: units promised beyond what was there at first and was brought.
    """
    left: Counter[Key] = Counter()
    for number, product_id in enumerate(products):
        for site_id in sites:
            left[product_id, site_id] = stock_at_first(number)
    held: dict[int, float] = {}
    for record in records:
        left.update(record.brought)
        for claim_id, (key, quantity) in record.held.items():
            left[key] -= quantity
            held[claim_id] = quantity
    beyond = sum(-quantity for quantity in left.values() if quantity < 0)
    with open_registry().cursor() as cr:
        cr.execute("SELECT COALESCE(SUM(-available), 0) FROM oms_position WHERE available < -1e-6")
        [oversold] = cr.fetchone()
        cr.execute(
            "SELECT id, quantity FROM oms_claim WHERE state = 'active' AND product_id = ANY(%s)",
            [products],
        )
        kept = {claim_id: float(quantity) for claim_id, quantity in cr.fetchall()}
        from odoo.addons.oms.models.inventory import position_sql

        cr.execute(position_sql.differences())
        wrong = len(cr.fetchall())
    return {
        "oversold_units": max(oversold, beyond),
        "lost_claims": sum(1 for claim_id in held if kept.get(claim_id) != held[claim_id]),
        "unknown_claims": len(kept.keys() - held.keys()),
        "wrong_positions": wrong,
    }


def run(workers: int, seconds: float) -> dict[str, Any]:
    """Run the processes; return the figures."""
    products, places = build()
    context = multiprocessing.get_context("spawn")
    queue, stop = context.Queue(), context.Event()
    # Nobody begins while others still load Odoo.
    ready = context.Barrier(workers)
    compactor = context.Process(target=compact, args=(stop,), daemon=True)
    processes = [
        context.Process(target=work, args=(n, products, places, seconds, ready, queue), daemon=True)
        for n in range(workers)
    ]
    for process in [compactor, *processes]:
        process.start()
    records = [queue.get(timeout=seconds + 300) for _process in processes]
    stop.set()
    for process in [*processes, compactor]:
        process.join(60)
    counts = sum((record.counts for record in records), Counter())
    spent = sum(record.processor_seconds for record in records)
    took = sorted(each for record in records for each in record.milliseconds)
    return {
        "workers": workers,
        "seconds": seconds,
        "claims_per_second": round(counts["claims"] / seconds, 1),
        "passes_per_second": round((counts["claims"] + counts["refused"]) / seconds, 1),
        # Of all that was done, by Odoo and PostgreSQL: tells what others on the machine do not.
        "processor_ms_per_claim": round(spent * 1000 / max(counts["claims"], 1), 2),
        "load_average": round(os.getloadavg()[0], 2),
        "claims": counts["claims"],
        "refused": counts["refused"],
        "released": counts["released"],
        "stock_changes": counts["stock changes"],
        "retries": counts["retries"],
        "claim_ms": {
            f"p{percent}": round(took[len(took) * percent // 100], 2) if took else None
            for percent in (50, 95, 99)
        },
        **audit(products, places, records),
    }


def main(argv: list[str] | None = None) -> int:
    """Entry point; return the exit code."""
    parser = argparse.ArgumentParser(prog="contention", description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=8, help="processes that claim at once")
    parser.add_argument("--seconds", type=float, default=30, help="for how long")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    if args.workers < 1 or args.seconds <= 0:
        parser.error("--workers must be at least 1 and --seconds above zero.")
    figures = run(args.workers, args.seconds)
    tell(figures, args.json)
    return 1 if figures["oversold_units"] or figures["lost_claims"] else 0


if __name__ == "__main__":
    sys.exit(main())
