"""Calls per second and milliseconds of the channel API, against a server with several workers.

Clients in processes of their own call over HTTP, one call after the other: an empty authenticated
call (`ping`, the floor), `availability` of 20 products, `promise` of a basket of three lines over
50 sites, and `place_orders` of one order of three lines. All clients do the same kind for a moment,
then all the next one, in changing order and many rounds: what slows the machine down slows all
kinds alike, and their ratios are of one run. An answer other than 200, or with an error in it, is
printed, and the command then fails.

Beside the wall time the processor time of a call is told, of Odoo's workers and of PostgreSQL.

With `--same-orders N` all clients place the same N orders instead, each in an order of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import api_client, api_data
from benchmarks.figures import tell

DATABASES = {"OMS_DATABASE": "copy"}
SERVER = {"database": "OMS_DATABASE", "workers": 2}

KINDS = ("ping", "availability", "promise", "place_orders")
#: Seconds of one kind in one round, and in every how many rounds orders are placed for as long:
#: a call of these takes so long that shorter turns would overrun.
TURN, ORDERS_EVERY = 0.4, 4
WARM_UP = 1.5
#: At most so many times the floor, by the median.
MOST = {"availability": 1.5, "promise": 2.5}


class Machine:
    """Tells how much processor time the server has used.

    :param database: its database, by which the processes of PostgreSQL are known
    :param server: process id of Odoo's own
    """

    def __init__(self, database: str, server: int) -> None:
        self.database, self.server = database, server
        self.seen: dict[str, float] = {}

    def seconds(self) -> float:
        """Return seconds used by the workers, and by PostgreSQL for them, since the beginning."""
        for task in self._find():
            try:
                # Of each thread: that of the process alone is its first thread's.
                self.seen[task.name] = int((task / "schedstat").read_text().split()[0]) / 1e9
            except OSError:
                continue
        return sum(self.seen.values())

    def _find(self) -> Iterable[Path]:
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes()
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            theirs = words.startswith(b"postgres:") and self.database.encode() in words
            if theirs or parent == self.server:
                with contextlib.suppress(OSError):
                    yield from (entry / "task").iterdir()


def read_known() -> dict[str, Any]:
    """Return what the database says of key and products."""
    import psycopg2

    with psycopg2.connect(dbname=os.environ["OMS_DATABASE"]) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [api_data.KNOWN])
        [value] = cursor.fetchone()
    connection.close()
    return dict(json.loads(value))


def count_orders(prefix: str) -> int:
    """Return how many orders the database has whose reference begins so."""
    import psycopg2

    with psycopg2.connect(dbname=os.environ["OMS_DATABASE"]) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT COUNT(*) FROM sale_order WHERE oms_external_ref LIKE %s AND state = 'sale'",
            [f"{prefix}%"],
        )
        [count] = cursor.fetchone()
    connection.close()
    return int(count)


def get_address() -> tuple[str, int]:
    """Return host and port of the server."""
    parts = urlsplit(os.environ["OMS_URL"])
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


def get_kinds(known: dict[str, Any]) -> list[str]:
    """Return the kinds of calls that the server has."""
    connection = api_client.Connection(*get_address(), known["key"])
    kinds = []
    for kind in KINDS:
        status, _body = connection.send(connection.prepare(kind, {}))
        if status != 404:
            kinds.append(kind)
    return kinds


def make_plan(kinds: list[str], seconds: float) -> list[tuple[str, float]]:
    """Return what the clients do, as kinds and seconds: every kind has the same time in all."""
    draw = random.Random(0)
    rounds = max(1, round(seconds / len(kinds) / TURN / ORDERS_EVERY)) * ORDERS_EVERY
    turn = seconds / len(kinds) / rounds
    plan = []
    for number in range(rounds):
        for kind in draw.sample(kinds, len(kinds)):
            if kind != "place_orders":
                plan.append((kind, turn))
            elif number % ORDERS_EVERY == 0:
                plan.append((kind, turn * ORDERS_EVERY))
    return plan


def measure(clients: int, seconds: float, known: dict[str, Any]) -> dict[str, Any]:
    """Have the clients call; return the figures."""
    kinds = get_kinds(known)
    warm_up = [(kind, WARM_UP) for kind in kinds]
    plan = make_plan(kinds, seconds)
    machine = Machine(os.environ["OMS_DATABASE"], int(os.environ["OMS_SERVER_PID"]))
    spent: Counter[str] = Counter()
    walls: Counter[str] = Counter()
    # The first calls fill the caches of the workers; they are not counted.
    with processes(api_client.call_in_rounds, clients, known, warm_up) as (barrier, queue):
        for _part in warm_up:
            barrier.wait()
            barrier.wait()
        drain(queue, clients)
    with processes(api_client.call_in_rounds, clients, known, plan) as (barrier, queue):
        for kind, _seconds in plan:
            used, started = machine.seconds(), time.perf_counter()
            barrier.wait()
            barrier.wait()
            walls[kind] += time.perf_counter() - started
            spent[kind] += machine.seconds() - used
        tallies = drain(queue, clients)
    figures: dict[str, Any] = {
        "clients": clients,
        "workers": SERVER["workers"],
        "seconds": seconds,
        "load_average": round(os.getloadavg()[0], 2),
    }
    errors: Counter[str] = Counter()
    for kind in kinds:
        taken = sorted(ms for tally in tallies for ms in tally[kind].milliseconds)
        for tally in tallies:
            errors.update({f"{kind}: {text}": n for text, n in tally[kind].errors.items()})
        figures[kind] = tell_kind(taken, walls[kind], spent[kind])
    figures["ratios"] = {
        kind: compare(figures[kind], figures["ping"]) for kind in kinds if kind != "ping"
    }
    figures["missed"] = [
        kind
        for kind, most in MOST.items()
        if kind not in figures or figures["ratios"][kind]["p50"] > most
    ]
    figures["errors"] = dict(errors.most_common(10))
    return figures


def tell_kind(taken: list[float], wall: float, spent: float) -> dict[str, Any]:
    """Return the figures of one kind of call.

    :param taken: milliseconds of each call, ascending
    """
    if not taken:
        return {"calls": 0}
    return {
        "calls": len(taken),
        "per_second": round(len(taken) / wall, 1),
        "p50": round(statistics.median(taken), 1),
        "p95": round(taken[len(taken) * 95 // 100], 1),
        "processor_ms": round(spent * 1000 / len(taken), 2),
    }


def compare(figures: dict[str, Any], floor: dict[str, Any]) -> dict[str, float]:
    """Return how many times the floor a call takes."""
    return {
        name: round(figures[name] / floor[name], 2) if floor.get(name) and name in figures else 0.0
        for name in ("p50", "p95", "processor_ms")
    }


def place_same(clients: int, count: int, batch: int, known: dict[str, Any]) -> dict[str, Any]:
    """Have all clients place the same orders; return what became of them."""
    draw = random.Random(1)
    prefix = f"SAME-{os.getpid()}-"
    orders = [
        api_client.make_order(draw, known["products"], f"{prefix}{number}")
        for number in range(count)
    ]
    with processes(api_client.place_same, clients, known, orders, batch) as (barrier, queue):
        barrier.wait()
        started = time.perf_counter()
        results = drain(queue, clients)
        seconds = time.perf_counter() - started
    counts = sum((Counter(each[1]) for each in results), Counter())
    errors = sum((Counter(each[2]) for each in results), Counter())
    told = [
        {reference: (each["order"], each["total"]) for reference, each in answers.items()}
        for answers, _counts, _errors in results
    ]
    return {
        "clients": clients,
        "sent": count,
        "batch": batch,
        "seconds": round(seconds, 1),
        "load_average": round(os.getloadavg()[0], 2),
        "orders": count_orders(prefix),
        "clients_with_the_same_answers": sum(
            each == told[0] and len(each) == count for each in told
        ),
        "answers": dict(counts),
        "errors": dict(errors.most_common(10)),
    }


class processes:
    """The clients, as a context: a barrier that all of them share, and a queue."""

    def __init__(self, work: Callable[..., None], clients: int, known: Any, *args: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.barrier, self.queue = context.Barrier(clients + 1, timeout=300), context.Queue()
        self.started = [
            context.Process(
                target=work,
                args=(get_address(), known, n, *args, self.barrier, self.queue),
                daemon=True,
            )
            for n in range(clients)
        ]

    def __enter__(self) -> tuple[Any, Any]:
        for process in self.started:
            process.start()
        return self.barrier, self.queue

    def __exit__(self, *_exception: object) -> None:
        for process in self.started:
            process.join(10)
            process.kill()


def drain(queue: Any, clients: int) -> list[Any]:
    """Return what each client put into the queue."""
    return [queue.get(timeout=1800) for _client in range(clients)]


def build() -> None:
    """Make the data."""
    from benchmarks.database import environment

    with environment() as env:
        api_data.build(env)


def main(argv: list[str] | None = None) -> int:
    """Entry point; return the exit code."""
    parser = argparse.ArgumentParser(prog="api", description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=8, help="clients that call at once")
    parser.add_argument("--seconds", type=float, default=30, help="for how long, all kinds in all")
    parser.add_argument("--same-orders", type=int, metavar="N", help="place N orders instead")
    parser.add_argument("--batch", type=int, default=20, help="orders of one call of these")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    steps = ("key", "build", "run")
    parser.add_argument("--step", choices=steps, default="run", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.clients < 1 or args.seconds <= 0 or not 1 <= args.batch <= 100:
        parser.error("--clients must be at least 1, --seconds above zero, --batch from 1 to 100.")
    if args.step == "key":
        print(json.dumps({"key": api_data.key(), "gibibytes": 0.6}))
        return 0
    if args.step == "build":
        build()
        return 0
    known = read_known()
    if args.same_orders:
        figures = place_same(args.clients, args.same_orders, args.batch, known)
        wrong = figures["orders"] != args.same_orders
        wrong |= figures["clients_with_the_same_answers"] != args.clients
    else:
        figures = measure(args.clients, args.seconds, known)
        wrong = any(not figures[kind]["calls"] for kind in KINDS if kind in figures)
    tell(figures, args.json)
    return 1 if wrong or figures["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
