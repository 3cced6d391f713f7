"""Orders per second that Odoo confirms, natively and orchestrated, one by one and in batches.

Both kinds of orders are made before the clock starts, with the same two lines, so ample stock
that none is split, and are confirmed in turn (native, orchestrated, orchestrated, native …), each
confirmation or batch committed by itself; half of those one by one come before the batches, half
after them: drift of the machine hits all alike. The stock moves of all orders are those that Odoo
makes; what the addon adds is the decision, the claims and the fulfillments.

Beside the wall time the processor time is told, of this process and of PostgreSQL's for it: on a
machine that others use too its ratios can be trusted further.
"""

from __future__ import annotations

import argparse
import cProfile
import random
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.database import environment
from benchmarks.figures import rounded, tell
from benchmarks.profiling import Spent, counted_statements, function_table, spent, statement_table

DATABASES = {"OMS_DATABASE": "addon"}

PRODUCTS = 40
STOCK_PER_SITE = 1_000_000


def build_network(env: Any, site_count: int) -> tuple[Any, Any]:
    """Make the sites, the products with stock at each of them, and an orchestrated channel."""
    draw = random.Random(0)
    warehouses = env["stock.warehouse"]
    for number in range(site_count):
        address = env["res.partner"].create(
            {
                "name": f"Bench site {number}",
                "partner_latitude": draw.uniform(43, 50),
                "partner_longitude": draw.uniform(-1, 7),
            }
        )
        warehouses += warehouses.create(
            {"name": f"Bench site {number}", "code": f"B{number:04}", "partner_id": address.id}
        )
        env.cr.commit()
    products = env["product.product"].create(
        [
            {"name": f"Bench product {n}", "type": "consu", "is_storable": True, "list_price": 10}
            for n in range(PRODUCTS)
        ]
    )
    main = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    # Odoo batches the transfers of new warehouses by itself, those of older ones not: both kinds
    # of orders are to cost Odoo the same.
    main.out_type_id.write(
        {
            name: warehouses[:1].out_type_id[name]
            for name in ("auto_batch", "batch_group_by_partner")
        }
    )
    env["stock.quant"].create(
        [
            {
                "product_id": product.id,
                "location_id": warehouse.lot_stock_id.id,
                "quantity": STOCK_PER_SITE,
            }
            for warehouse in warehouses | main
            for product in products
        ]
    )
    network = env["oms.network"].create(
        {"name": "Bench", "site_ids": [(6, 0, warehouses.oms_site_ids.ids)]}
    )
    channel = env["oms.channel"].create(
        {"name": "Bench", "code": "BENCH", "network_ids": [(6, 0, network.ids)]}
    )
    env.cr.commit()
    return products, channel


def build_orders(env: Any, count: int, products: Any, channel: Any) -> list[Any]:
    """Make draft orders of two lines; the same seed gives native and orchestrated the same."""
    draw = random.Random(1)
    customers = env["res.partner"].create(
        [
            {
                "name": f"Bench customer {n}",
                "partner_latitude": draw.uniform(43, 50),
                "partner_longitude": draw.uniform(-1, 7),
            }
            for n in range(min(count, 200))
        ]
    )
    orders = []
    for number in range(count):
        pair = draw.sample(range(len(products)), 2)
        orders.append(
            env["sale.order"].create(
                {
                    "partner_id": customers[number % len(customers)].id,
                    "oms_channel_id": channel and channel.id,
                    "order_line": [
                        (
                            0,
                            0,
                            {"product_id": products[n].id, "product_uom_qty": draw.randint(1, 3)},
                        )
                        for n in pair
                    ],
                }
            )
        )
    env.cr.commit()
    return orders


def measure(env: Any, native: list[Any], orchestrated: list[Any], batch: int) -> list[Spent]:
    """Confirm both lists in turn, in batches; return what (native, orchestrated) took in all."""
    totals = [Spent(), Spent()]
    for number, start in enumerate(range(0, len(native), batch)):
        turn = list(enumerate((native, orchestrated)))
        # Whoever comes second finds PostgreSQL's caches warm: each kind does as often.
        for kind, orders in reversed(turn) if number % 2 else turn:
            chunk = env["sale.order"].union(*orders[start : start + batch])
            totals[kind] = totals[kind].plus(spent(env, chunk.action_confirm))
    return totals


def profile(env: Any, native: list[Any], orchestrated: list[Any], batch: int) -> str:
    """Confirm both lists in batches and tell where the time goes.

    The first table tells the SQL statements of an order, the second sums up the time in the addon's
    own functions, with all that they call. Times are longer than without the profiler.
    """
    shown = []
    for orders in (native, orchestrated):
        profiler = cProfile.Profile()
        with counted_statements() as statements:
            for start in range(0, len(orders), batch):
                chunk = env["sale.order"].union(*orders[start : start + batch])
                env.invalidate_all()
                profiler.enable()
                chunk.action_confirm()
                env.cr.commit()
                profiler.disable()
        shown.append(statements)
    lines = statement_table(*shown, len(native))
    lines += function_table(profiler, len(orchestrated), r"/oms/(models|engine)/")
    return "\n".join(lines)


def run(env: Any, count: int, sites: int, batch: int) -> dict[str, Any]:
    """Measure one by one and in batches; return the figures."""
    products, channel = build_network(env, sites)
    no_channel = env["oms.channel"]
    warm = [build_orders(env, 5, products, kind) for kind in (no_channel, channel)]
    measure(env, *warm, batch=1)
    single = [build_orders(env, count, products, kind) for kind in (no_channel, channel)]
    many = [build_orders(env, count, products, kind) for kind in (no_channel, channel)]
    half = (count + 1) // 2
    before = measure(env, *[orders[:half] for orders in single], batch=1)
    native_many, orchestrated_many = measure(env, *many, batch=batch)
    after = measure(env, *[orders[half:] for orders in single], batch=1)
    native_one, orchestrated_one = map(Spent.plus, before, after)
    confirmed = env["sale.order"].union(*single[1], *many[1])
    return {
        "orders": count,
        "sites": sites,
        "batch": batch,
        "fulfillments_per_order": len(confirmed.oms_fulfillment_ids) / len(confirmed),
        "native_per_second": count / native_one.wall,
        "orchestrated_per_second": count / orchestrated_one.wall,
        "ratio": native_one.wall / orchestrated_one.wall,
        "ratio_by_processor_time": native_one.processor / orchestrated_one.processor,
        "native_batch_per_second": count / native_many.wall,
        "orchestrated_batch_per_second": count / orchestrated_many.wall,
        "batch_ratio": native_many.wall / orchestrated_many.wall,
        "batch_ratio_by_processor_time": native_many.processor / orchestrated_many.processor,
        "orchestrated_batch_to_native_one_by_one": native_one.wall / orchestrated_many.wall,
        "orchestrated_batch_to_native_one_by_one_by_processor_time": (
            native_one.processor / orchestrated_many.processor
        ),
    }


def main(argv: list[str] | None = None) -> int:
    """Entry point; return the exit code."""
    parser = argparse.ArgumentParser(prog="throughput", description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=100, help="orders of each kind and mode")
    parser.add_argument("--sites", type=int, default=50, help="sites of the channel")
    parser.add_argument("--batch", type=int, default=50, help="orders confirmed together")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--profile", action="store_true", help="tell where the time of a batch goes instead"
    )
    args = parser.parse_args(argv)
    if min(args.orders, args.sites, args.batch) < 1:
        parser.error("--orders, --sites and --batch must be at least 1.")
    with environment() as env:
        if args.profile:
            products, channel = build_network(env, args.sites)
            kinds = (env["oms.channel"], channel)
            measure(env, *[build_orders(env, 5, products, kind) for kind in kinds], batch=1)
            orders = [build_orders(env, args.orders, products, kind) for kind in kinds]
            print(profile(env, *orders, batch=args.batch))
            return 0
        figures = run(env, args.orders, args.sites, args.batch)
    tell(rounded(figures), args.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
