"""What it costs to pick, pack and ship orders at the screen of a site, beside Odoo's own buttons.

Orders of two lines are released before the clock starts. Then a clerk of the sites works them off
in turn: by Odoo's buttons (mark all as picked, put in pack, validate) in one transaction an order;
at the screen, each scan, the packing and the handing over a call and a transaction of its own that
answers with the whole work; and as a phone that was out of reach sends it, all of an order in one
call. The native orders are those of a channel that the addon does not orchestrate.

Beside the wall time the processor time is told, of this process and of PostgreSQL's for it: on a
machine that others use too its ratios can be trusted further.
"""

from __future__ import annotations

import argparse
import cProfile
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.database import environment
from benchmarks.figures import rounded, tell
from benchmarks.profiling import Spent, counted_statements, function_table, spent, statement_table
from benchmarks.throughput import build_network, build_orders

DATABASES = {"OMS_DATABASE": "addon"}

#: What is compared, in the order of the table.
KINDS = ("native", "buttons", "screen", "queued")
#: Steps of a delivery by what Odoo calls them.
STEPS = {1: "ship_only", 2: "pick_ship", 3: "pick_pack_ship"}
#: Files whose functions a profile tells of.
FILES = r"/(oms/models|addons/(stock|sale_stock|stock_delivery))/"


def build(env: Any, count: int, sites: int, steps: int) -> tuple[dict[str, list[Any]], Any]:
    """Make released orders of each kind, and a clerk who may work them off.

    :return: orders by kind, those of "native" are not orchestrated; the environment of the clerk
    """
    products, channel = build_network(env, sites)
    for number, product in enumerate(products):
        product.barcode = f"29{number:010}"
    main = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    places = env["oms.site"].search([("warehouse_id", "!=", False)])
    (places.warehouse_id | main).delivery_steps = STEPS[steps]
    clerk = env["res.users"].create(
        {
            "name": "Bench clerk",
            "login": "bench-clerk",
            "group_ids": [(6, 0, [env.ref("oms.group_site_operator").id])],
        }
    )
    places.user_ids = clerk
    env.cr.commit()
    orders = {}
    for kind in KINDS:
        orders[kind] = build_orders(
            env, count, products, env["oms.channel"] if kind == "native" else channel
        )
        env["sale.order"].union(*orders[kind]).action_confirm()
        env.cr.commit()
    return orders, env(user=clerk.id)


def by_buttons(env: Any, order: Any) -> list[Callable[[], Any]]:
    """Return what Odoo's own buttons do to an order, a transaction each."""

    def work() -> None:
        for _step in range(3):
            pickings = order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            if not pickings:
                return
            pickings.move_ids.picked = True
            if not pickings.move_line_ids.result_package_id:
                pickings.move_line_ids._put_in_pack()
            pickings.with_context(skip_backorder=True).button_validate()

    return [work]


def operations(order: Any, kind: str) -> list[dict[str, Any]]:
    """Return what the screen sends for an order: a scan of each line, packing, handing over."""
    told = []
    for work in order.sudo().oms_fulfillment_ids:
        for line in work.line_ids:
            told.append(
                {"kind": "scan", "barcode": line.product_id.barcode, "quantity": line.quantity}
            )
        told += [{"kind": "pack", "weight": 1.0}, {"kind": "hand_over"}]
        for place, each in enumerate(told):
            each |= {"uuid": f"{kind}-{work.id}-{place}", "fulfillment_id": work.id}
    return told


def at_the_screen(env: Any, order: Any, kind: str) -> list[Callable[[], Any]]:
    """Return the calls of the screen for an order, a transaction each."""
    screen = env["oms.site.work"]
    told = operations(order, kind)
    calls = [told] if kind == "queued" else [[each] for each in told]

    def call(sent: list[dict[str, Any]]) -> None:
        for answer in screen.apply(sent):
            if answer["outcome"] != "ok":
                raise SystemExit(f"{answer['outcome']}: {answer['message']}")

    return [lambda sent=sent: call(sent) for sent in calls]


def work_off(env: Any, order: Any, kind: str) -> Spent:
    """Work off an order; return what it took."""
    if kind in ("native", "buttons"):
        calls = by_buttons(env, order)
    else:
        calls = at_the_screen(env, order, kind)
    env.cr.commit()
    total = Spent()
    for call in calls:
        total = total.plus(spent(env, call))
    states = set(order.sudo().picking_ids.mapped("state"))
    if states != {"done"}:
        raise SystemExit(f"{order.name} is not shipped by “{kind}”: {', '.join(sorted(states))}.")
    return total


def run(env: Any, count: int, sites: int, steps: int) -> dict[str, Any]:
    """Work off all orders in turn; return the figures."""
    warm = 3
    orders, own = build(env, count + warm, sites, steps)
    taken: dict[str, list[Spent]] = {kind: [] for kind in KINDS}
    for number in range(count + warm):
        # Whoever comes second finds PostgreSQL's caches warm: each kind does as often.
        turn = KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]
        for kind in turn:
            took = work_off(own, orders[kind][number].with_env(own), kind)
            if number >= warm:
                taken[kind].append(took)
    figures: dict[str, Any] = {"orders": count, "sites": sites, "steps": steps}
    for kind in KINDS:
        figures[f"{kind}_ms"] = 1e3 * statistics.fmean(each.wall for each in taken[kind])
        figures[f"{kind}_processor_ms"] = 1e3 * statistics.fmean(
            each.processor for each in taken[kind]
        )
    for kind in KINDS[1:]:
        figures[f"{kind}_to_native"] = figures[f"{kind}_ms"] / figures["native_ms"]
        figures[f"{kind}_to_native_by_processor_time"] = (
            figures[f"{kind}_processor_ms"] / figures["native_processor_ms"]
        )
        figures[f"{kind}_per_second"] = 1e3 / figures[f"{kind}_ms"]
    figures["native_per_second"] = 1e3 / figures["native_ms"]
    return figures


def profile(env: Any, count: int, sites: int, steps: int, chosen: str) -> str:
    """Tell where the time of one kind goes: statements, and the addon's functions."""
    orders, own = build(env, count, sites, steps)
    shown, lines = [], []
    for kind in ("native", chosen):
        profiler = cProfile.Profile()
        with counted_statements() as statements:
            for order in orders[kind]:
                profiler.enable()
                work_off(own, order.with_env(own), kind)
                profiler.disable()
        shown.append(statements)
        lines += function_table(profiler, count, FILES, kind)
    return "\n".join([*statement_table(*shown, count, chosen), *lines])


def main(argv: list[str] | None = None) -> int:
    """Entry point; return the exit code."""
    parser = argparse.ArgumentParser(prog="fulfillment", description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=200, help="orders of each kind")
    parser.add_argument("--sites", type=int, default=5, help="sites of the channel")
    parser.add_argument("--steps", type=int, default=1, choices=STEPS, help="steps of a delivery")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--profile", choices=KINDS[1:], help="tell where the time of a kind goes instead"
    )
    args = parser.parse_args(argv)
    if min(args.orders, args.sites) < 1:
        parser.error("--orders and --sites must be at least 1.")
    with environment() as env:
        if args.profile:
            print(profile(env, args.orders, args.sites, args.steps, args.profile))
            return 0
        figures = run(env, args.orders, args.sites, args.steps)
    tell(rounded(figures), args.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
