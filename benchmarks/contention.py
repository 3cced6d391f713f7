"""Claims per second that several processes take on the same goods, and whether any is oversold.

Real Odoo processes hold, release, receive and adjust stock of 20 hot products and of 2,000 products
drawn by Zipf's law at once, each through the gate that everybody uses. At the end every process's
own record of what it was promised is compared with the database, and the database with itself.
Adjustments take away only what nobody was promised: a count that finds less is no overselling.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.database import open_registry

NEEDS_ODOO = True

HOT_PRODUCTS = 20
COLD_PRODUCTS = 2000
SITES = 4
STOCK = 25


def build() -> tuple[list[int], list[int]]:
    """Make sites and products with stock; return product ids (hot first) and site ids."""
    import odoo

    with open_registry().cursor() as cr:
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        warehouses = env["stock.warehouse"].create(
            [{"name": f"Contention {n}", "code": f"C{n:04}"} for n in range(SITES)]
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
                    "product_id": product.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "quantity": STOCK,
                }
                for product in products
                for warehouse in warehouses
            ]
        )
        return products.ids, warehouses.oms_site_ids.ids


def pick(draw: random.Random, products: list[int]) -> int:
    """Draw a hot product half of the time, else one by Zipf's law."""
    if draw.random() < 0.5:
        return products[draw.randrange(HOT_PRODUCTS)]
    rank = int(COLD_PRODUCTS ** draw.random())
    return products[HOT_PRODUCTS + rank - 1]


def work(number: int, products: list[int], sites: list[int], seconds: float, queue: Any) -> None:
    """Do what a process does: mostly hold, sometimes release, receive, adjust."""
    from psycopg2 import OperationalError

    import odoo
    from odoo.exceptions import UserError

    registry = open_registry()
    draw = random.Random(number)
    counts: Counter[str] = Counter()
    held: dict[int, float] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with registry.cursor() as cr:
            env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
            product, site, chance = pick(draw, products), draw.choice(sites), draw.random()
            try:
                if chance < 0.85:
                    quantity = float(draw.randint(1, 3))
                    ids = env["oms.claim"]._hold([(product, site, quantity)], "cart", 60)
                    held[ids[0]] = quantity
                    counts["claims"] += 1
                elif chance < 0.93 and held:
                    claim_id = draw.choice(list(held))
                    env["oms.claim"].browse(claim_id)._release()
                    cr.commit()
                    del held[claim_id]
                    counts["released"] += 1
                else:
                    change_stock(env, product, site, draw)
                    counts["stock changes"] += 1
            except UserError:
                cr.rollback()
                counts["refused"] += 1
            except OperationalError:
                cr.rollback()
                counts["retries"] += 1
    queue.put((dict(counts), held))


def change_stock(env: Any, product: int, site: int, draw: random.Random) -> None:
    """Receive some units, or take away some that nobody was promised."""
    record, goods = env["oms.site"].browse(site), env["product.product"].browse(product)
    env["oms.position"]._touch([(product, site)])
    free = record._get_available(goods).get((site, product), 0.0)
    change = float(draw.randint(1, 5)) if draw.random() < 0.7 else -min(free, 2.0)
    if change:
        location = record.warehouse_id.lot_stock_id
        env["stock.quant"]._update_available_quantity(goods, location, change)
    env.cr.commit()


def compact(stop: Any) -> None:
    """Fold the ledger, as the scheduled job does."""
    registry = open_registry()
    while not stop.wait(0.5):
        with registry.cursor() as cr:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cr.execute("SELECT oms_position_compact(20000)")


def audit(held: dict[int, float]) -> dict[str, float]:
    """Compare promises and database at the end."""
    with open_registry().cursor() as cr:
        cr.execute("SELECT COALESCE(SUM(-available), 0) FROM oms_position WHERE available < -1e-6")
        [oversold] = cr.fetchone()
        cr.execute("SELECT id, quantity FROM oms_claim WHERE state = 'active'")
        kept = {claim_id: float(quantity) for claim_id, quantity in cr.fetchall()}
        from odoo.addons.oms.models.inventory import position_sql

        cr.execute(position_sql.differences())
        wrong = len(cr.fetchall())
    lost = sum(1 for claim_id, quantity in held.items() if kept.get(claim_id) != quantity)
    unknown = len(kept.keys() - held.keys())
    return {
        "oversold_units": oversold,
        "lost_claims": lost,
        "unknown_claims": unknown,
        "wrong_positions": wrong,
    }


def run(workers: int, seconds: float) -> dict[str, Any]:
    """Run the processes; return the figures."""
    products, sites = build()
    context = multiprocessing.get_context("spawn")
    queue, stop = context.Queue(), context.Event()
    compactor = context.Process(target=compact, args=(stop,), daemon=True)
    processes = [
        context.Process(target=work, args=(n, products, sites, seconds, queue), daemon=True)
        for n in range(workers)
    ]
    for process in [compactor, *processes]:
        process.start()
    totals: Counter[str] = Counter()
    held: dict[int, float] = {}
    for _process in processes:
        counts, mine = queue.get(timeout=seconds + 300)
        totals.update(counts)
        held.update(mine)
    stop.set()
    for process in [*processes, compactor]:
        process.join(60)
    return {
        "workers": workers,
        "seconds": seconds,
        "claims_per_second": round(totals["claims"] / seconds, 1),
        "claims": totals["claims"],
        "refused": totals["refused"],
        "released": totals["released"],
        "stock_changes": totals["stock changes"],
        "retries": totals["retries"],
        **audit(held),
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
    if args.json:
        print(json.dumps(figures))
    else:
        for key, value in figures.items():
            print(f"{key.replace('_', ' '):<20} {value:>12}")
    return 1 if figures["oversold_units"] or figures["lost_claims"] else 0


if __name__ == "__main__":
    sys.exit(main())
