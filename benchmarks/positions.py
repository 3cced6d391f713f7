"""What keeping positions costs Odoo's own stock operations: with the addon and without it, in turn.

Three databases hold the same goods: one with the addon (`with`), one with the addon whose triggers
on stock records and moves are switched off (`silent`), and one without the addon (`without`). Real
Odoo processes receive, transfer and deliver goods and change stock records in them, a few
operations in one database, then in the next, in changing order and in many short rounds: whatever
slows the machine down slows all three. Folding the ledger is counted as work of the first.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.database import environment, open_registry, server_seconds

DATABASES = {
    "OMS_DATABASE": "addon",
    "OMS_DATABASE_SILENT": "addon",
    "OMS_DATABASE_WITHOUT": "base",
}
ARMS = {"with": "OMS_DATABASE", "silent": "OMS_DATABASE_SILENT", "without": "OMS_DATABASE_WITHOUT"}
TRIGGERED = ("stock_quant", "stock_move")

PRODUCTS = 12
LINES = 3
STOCK = 1_000_000
#: Operations of a kind in one round; those of stock records are short.
OPERATIONS = {"receipts": 2, "transfers": 2, "deliveries": 2, "quants": 40, "bulk": 4}
DOCUMENTS = ("receipts", "transfers", "deliveries")
BULK = 400

NOTES = {
    "lost": "share of the throughput that is lost: 1 - seconds without / seconds with",
    "spread": "middle half of the rounds, each compared with its neighbours",
    "documents": "a transfer of three products, made, confirmed and validated by Odoo",
    "quants": "one UPDATE of three stock records in a transaction of its own, nothing else done",
    "bulk": f"one UPDATE of {BULK} stock records",
    "cpu": "processor time of Odoo and PostgreSQL together, if both run on this machine",
}


class Shop:
    """Goods in two warehouses, and what can be done with them.

    :param number: which of the processes it is; each has goods of its own
    """

    def __init__(self, env: Any, number: int) -> None:
        self.number = number
        self.draw = random.Random(number)
        warehouses = env["stock.warehouse"].search([("code", "like", "COST")], order="code")
        self.warehouses = warehouses.ids
        self.products = (
            env["product.product"]
            .search([("default_code", "like", f"COST-{number}-")], order="id")
            .ids
        )
        env.cr.execute(
            "SELECT id FROM stock_quant WHERE product_id = ANY(%s) AND location_id = ANY(%s)",
            [self.products, warehouses.lot_stock_id.ids],
        )
        self.quants = sorted(key for [key] in env.cr.fetchall())

    @staticmethod
    def build(env: Any, number: int) -> None:
        """Make the goods of one process, and the warehouses with those of the first."""
        Warehouse = env["stock.warehouse"]
        warehouses = Warehouse.search([("code", "like", "COST")], order="code")
        if not warehouses:
            values = [{"name": f"Cost {n}", "code": f"COST{n}"} for n in range(2)]
            warehouses = Warehouse.create(values)
        products = env["product.product"].create(
            [
                {
                    "name": f"Cost {number} {n}",
                    "default_code": f"COST-{number}-{n:04}",
                    "type": "consu",
                    "is_storable": True,
                }
                for n in range(max(PRODUCTS, BULK // 2))
            ]
        )
        env["stock.quant"].create(
            [
                {"product_id": product.id, "location_id": place.id, "quantity": STOCK}
                for product in products
                for place in warehouses.lot_stock_id
            ]
        )

    def document(self, env: Any, kind: str) -> None:
        """Make, confirm and validate one transfer of some products."""
        here, there = env["stock.warehouse"].browse(self.warehouses)
        picking_type, source, target = {
            "receipts": (here.in_type_id, None, here.lot_stock_id),
            "transfers": (here.int_type_id, here.lot_stock_id, there.lot_stock_id),
            "deliveries": (here.out_type_id, here.lot_stock_id, None),
        }[kind]
        if kind == "receipts":
            source = env.ref("stock.stock_location_suppliers")
        if kind == "deliveries":
            target = env.ref("stock.stock_location_customers")
        places = {"location_id": source.id, "location_dest_id": target.id}
        products = self.draw.sample(self.products[:PRODUCTS], LINES)
        picking = env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                **places,
                "move_ids": [
                    (0, 0, {"product_id": product, "product_uom_qty": 2, **places})
                    for product in products
                ],
            }
        )
        picking.action_confirm()
        picking.action_assign()
        picking.move_ids.picked = True
        picking.with_context(skip_backorder=True).button_validate()
        if picking.state != "done":
            raise RuntimeError(f"{picking.name} is {picking.state}")

    def change(self, env: Any, count: int) -> None:
        """Change stock records in SQL."""
        env.cr.execute(
            "UPDATE stock_quant SET quantity = quantity + 1 WHERE id = ANY(%s)",
            [self.draw.sample(self.quants, count)],
        )

    def operate(self, env: Any, kind: str) -> None:
        """Do one operation of a kind."""
        if kind in DOCUMENTS:
            self.document(env, kind)
        else:
            self.change(env, LINES if kind == "quants" else BULK)


class Clock:
    """Processor time of this process and of the PostgreSQL processes that worked for it."""

    def __init__(self) -> None:
        self.spent = 0.0
        self.known = True

    def add(self, cr: Any, since: float) -> None:
        """Count what the connection of a cursor has spent.

        :param since: what :meth:`read` said when it was lent
        """
        self.spent += self.read(cr) - since

    def read(self, cr: Any) -> float:
        """Return the seconds of processor time of a connection's server process."""
        seconds = server_seconds(cr.connection)
        self.known = self.known and seconds is not None
        return seconds or 0.0


def run_round(registry: Any, shop: Shop, kind: str, count: int) -> tuple[float, float | None]:
    """Do some operations, each in a transaction of its own, as requests do.

    :return: seconds, and seconds of processor time
    """
    clock, start, spent = Clock(), time.perf_counter(), time.process_time()
    for _number in range(count):
        with environment(registry) as env:
            since = clock.read(env.cr)
            shop.operate(env, kind)
            env.cr.commit()
            clock.add(env.cr, since)
    used = time.process_time() - spent + clock.spent
    return time.perf_counter() - start, used if clock.known else None


def fold(registry: Any) -> tuple[float, float | None]:
    """Fold the ledger, as the scheduled job does."""
    clock, start = Clock(), time.perf_counter()
    with registry.cursor() as cr:
        since = clock.read(cr)
        cr.execute("SELECT oms_position_compact(20000)")
        cr.commit()
        clock.add(cr, since)
    return time.perf_counter() - start, clock.spent if clock.known else None


def work(variable: str, number: int, pipe: Any) -> None:
    """Do in a process of its own what the pipe says, until it says nothing."""
    os.environ["OMS_DATABASE"] = os.environ[variable]
    registry = open_registry()
    with environment(registry) as env:
        shop = Shop(env, number)
    pipe.send(None)
    while order := pipe.recv():
        pipe.send(fold(registry) if order == "fold" else run_round(registry, shop, *order))


def build(variable: str, workers: int) -> None:
    """Fill a database; switch the triggers off if it is the silent one."""
    os.environ["OMS_DATABASE"] = os.environ[variable]
    with environment() as env:
        for number in range(workers):
            Shop.build(env, number)
        env.cr.commit()
        if variable == ARMS["silent"]:
            for table in TRIGGERED:
                env.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        env.cr.commit()


class Arm:
    """The processes that work in one of the databases."""

    def __init__(self, name: str, workers: int, context: Any) -> None:
        self.name = name
        self.pipes, self.processes = [], []
        for number in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(ARMS[name], number, theirs), daemon=True)
            process.start()
            self.pipes.append(ours)
            self.processes.append(process)
        for pipe in self.pipes:
            pipe.recv()

    def order(self, what: Any, workers: int) -> tuple[float, float | None]:
        """Have some of the processes do something at once.

        :return: seconds until all had done it, and seconds of processor time of all
        """
        pipes, start = self.pipes[:workers], time.perf_counter()
        for pipe in pipes:
            pipe.send(what)
        spent = [pipe.recv()[1] for pipe in pipes]
        known = None not in spent
        return time.perf_counter() - start, sum(spent) if known else None

    def close(self) -> None:
        """Let the processes end."""
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join(30)


Taken = dict[str, dict[str, list[tuple[float, float | None]]]]


def measure(arms: list[Arm], workers: int, rounds: int) -> Taken:
    """Have all arms work in turn; return seconds and processor time by kind and arm, by round."""
    taken: Taken = defaultdict(lambda: defaultdict(list))
    for number in range(-1, rounds):
        for kind, count in OPERATIONS.items():
            # Who comes first changes, and so does who follows whom.
            order = arms[number % 3 :] + arms[: number % 3]
            for arm in order if number % 2 else reversed(order):
                seconds, spent = arm.order((kind, count), workers)
                if arm.name == "with":
                    more, further = arm.order("fold", 1)
                    seconds += more
                    spent = None if spent is None or further is None else spent + further
                if number >= 0:
                    taken[kind][arm.name].append((seconds, spent))
    return taken


def lost(before: list[float], after: list[float]) -> dict[str, Any]:
    """Return the share of throughput that is lost between two rows of rounds.

    :param before: seconds of the rounds without
    :param after: seconds of the rounds with
    """
    shares = [1 - old / new for old, new in zip(before, after, strict=True)]
    low, _middle, high = statistics.quantiles(shares, n=4)
    return {
        "lost": round(statistics.median(shares), 4),
        "spread": [round(low, 4), round(high, 4)],
        "lost_in_all": round(1 - sum(before) / sum(after), 4),
    }


def compare(taken: Taken, kinds: tuple[str, ...], workers: int) -> dict[str, Any]:
    """Return throughput and losses of some kinds of operations together."""

    def seconds(arm: str, which: int) -> list[float]:
        rounds = zip(*(taken[kind][arm] for kind in kinds), strict=True)
        return [sum(each[which] or 0.0 for each in parts) for parts in rounds]

    operations = sum(OPERATIONS[kind] for kind in kinds) * workers
    figures: dict[str, Any] = {}
    for arm in ARMS:
        wall = seconds(arm, 0)
        figures[f"{arm}_per_second"] = round(operations * len(wall) / sum(wall), 2)
    known = all(spent is not None for kind in kinds for _wall, spent in taken[kind]["with"])
    for other in ("without", "silent"):
        figures[f"against_{other}"] = lost(seconds(other, 0), seconds("with", 0))
        if known:
            figures[f"cpu_against_{other}"] = lost(seconds(other, 1), seconds("with", 1))
    return figures


def run(workers: int, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Build the databases and measure with one process and with several."""
    context = multiprocessing.get_context("spawn")
    builders = [
        context.Process(target=build, args=(variable, workers)) for variable in ARMS.values()
    ]
    say("making the goods")
    for process in builders:
        process.start()
    for process in builders:
        process.join()
        if process.exitcode:
            sys.exit("The goods could not be made.")
    say("starting the processes")
    arms = [Arm(name, workers, context) for name in ARMS]
    figures: dict[str, Any] = {"rounds": rounds, "load_average": round(os.getloadavg()[0], 2)}
    for count in sorted({1, workers}):
        say(f"measuring with {count}")
        taken = measure(arms, count, rounds)
        figures[f"processes_{count}"] = {
            "documents": compare(taken, DOCUMENTS, count),
            **{kind: compare(taken, (kind,), count) for kind in OPERATIONS},
        }
    for arm in arms:
        arm.close()
    figures["wrong_positions"] = audit()
    figures["notes"] = NOTES
    return figures


def audit() -> int:
    """Return how many positions are wrong in the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=count_wrong, args=(theirs,))
    process.start()
    wrong = int(ours.recv())
    process.join(30)
    return wrong


def count_wrong(pipe: Any) -> None:
    """Count wrong positions, in a process of its own."""
    with open_registry().cursor() as cr:
        from odoo.addons.oms.models.inventory import position_sql

        cr.execute(position_sql.differences())
        pipe.send(len(cr.fetchall()))


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    for name, group in figures.items():
        if name.startswith("processes_"):
            print(f"\nWith {name.removeprefix('processes_')} at once")
            print(f"{'':12}{'per second':>12}{'without':>10}{'lost':>8}{'spread':>18}{'cpu':>8}")
            for kind, each in group.items():
                low, high = each["against_without"]["spread"]
                cpu = each.get("cpu_against_without", {}).get("lost")
                print(
                    f"{kind:12}{each['with_per_second']:12,.1f}{each['without_per_second']:10,.1f}"
                    f"{each['against_without']['lost']:8.1%}"
                    f"{f'{low:.1%} … {high:.1%}':>18}" + ("" if cpu is None else f"{cpu:8.1%}")
                )
    print(f"\nWrong positions in the end: {figures['wrong_positions']}")
    for name, text in figures["notes"].items():
        print(f"{name}: {text}")


def main(argv: list[str] | None = None) -> int:
    """Entry point; return the exit code."""
    parser = argparse.ArgumentParser(prog="positions", description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=4, help="processes at once, besides one")
    parser.add_argument("--rounds", type=int, default=30, help="rounds of each kind")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    if args.workers < 1 or args.rounds < 2:
        parser.error("--workers must be at least 1 and --rounds at least 2.")
    figures = run(args.workers, args.rounds, lambda text: print(f"  {text} …", file=sys.stderr))
    if args.json:
        print(json.dumps(figures))
    else:
        show(figures)
    return 1 if figures["wrong_positions"] else 0


if __name__ == "__main__":
    sys.exit(main())
