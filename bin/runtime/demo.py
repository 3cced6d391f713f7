"""`bin/demo`: a running Odoo with the demo network, or with the user's own orders."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from . import environment, postgres, server, session
from .addon import NAME
from .cache import digest
from .databases import INSIDE, Databases
from .errors import Stop, explain

ROWS = {
    "orders": "orders",
    "units": "units",
    "parcels": "parcels",
    "split_orders": "orders split",
    "unfilled_units": "units unfilled",
    "km": "km",
    "cost": "cost",
    "ms_per_order": "ms per order",
}
SHOWN_ERRORS = 10


@dataclass(frozen=True)
class Inputs:
    """What the demo database is made from.

    :param files: orders, sites and stock, or nothing for the addon's own demo network.
    :param month: this month of the orders only, `YYYY-MM`, or empty for all.
    :param limit: only so many orders, or empty for all.
    """

    files: tuple[Path, ...] = ()
    month: str = ""
    limit: str = ""

    def arguments(self) -> list[str]:
        """Arguments for the script that loads them."""
        return [*map(str, self.files), self.month, self.limit] if self.files else []

    def key(self) -> str:
        """Changes when the files or what is taken of them change."""
        sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.files]
        return digest(*sums, self.month, self.limit) if self.files else ""


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="bin/demo",
        description="Start Odoo with a running order management system and keep it until Ctrl-C. "
        "Without files it has the demo network of the addon.",
        epilog="Environment: OMS_CACHE, ODOO_BIN, ODOO_PYTHON, PGHOST … or DATABASE_URL.",
    )
    for name, words in (
        ("orders", "order lines, CSV or CSV.gz"),
        ("sites", "sites, CSV or CSV.gz"),
        ("stock", "stock by month and site, CSV or CSV.gz"),
    ):
        parser.add_argument(f"--{name}", metavar="FILE", help=words)
    parser.add_argument("--month", metavar="YYYY-MM", default="", help="orders of this month only")
    parser.add_argument("--limit", metavar="N", default="", help="the first N orders only")
    parser.add_argument("--port", type=int, default=server.DEFAULT_PORT, metavar="N")
    parser.add_argument("--interface", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--database", metavar="NAME", help="name of the database")
    parser.add_argument("--fresh", action="store_true", help="make the database anew")
    parser.add_argument("--no-server", action="store_true", help="load and print only")
    parser.add_argument("--verbose", action="store_true", help="show where a failure comes from")
    return parser.parse_args(given)


def inputs(options: argparse.Namespace) -> Inputs:
    """Check what was asked for.

    :raises Stop: a file is missing or an option makes no sense.
    """
    names = ("orders", "sites", "stock")
    given = [name for name in names if getattr(options, name)]
    if not given:
        if options.month or options.limit:
            raise Stop("--month and --limit go with --orders, --sites and --stock.")
        return Inputs()
    if len(given) < len(names):
        missing = " and ".join(f"--{name}" for name in names if name not in given)
        raise Stop(f"{missing} is missing.", "Orders, sites and stock are needed together.")
    if options.month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", options.month):
        raise Stop(f"--month {options.month} is no month.", "Write it as 2021-06.")
    if options.limit and not re.fullmatch(r"[1-9]\d*", options.limit):
        raise Stop(f"--limit {options.limit} is no positive number.")
    files = []
    for name in names:
        path = Path(getattr(options, name)).expanduser().absolute()
        try:
            with open(path, "rb"):
                files.append(path)
        except OSError as error:
            raise Stop(f"the file {path} cannot be read ({error.strerror}).") from error
    return Inputs(tuple(files), options.month, options.limit)


def main(given: list[str]) -> int:
    """Prepare the database, print what became of the orders, serve."""
    options = arguments(given)
    wanted = inputs(options)
    if not options.no_server:
        server.require_port(options.interface, options.port)
    name = options.database or "_".join(filter(None, [NAME, "demo", wanted.key()]))
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", name) or name.startswith(RESERVED):
        raise Stop(
            f"“{name}” is not a good database name.",
            "Use small letters, digits and underscores, and none of the names used for templates.",
        )
    with session.opened("demo", Path(__file__).resolve().parents[2]) as surroundings:
        env = environment.prepare(surroundings)
        surroundings.report.line(f"  {env.title}")
        with postgres.running(surroundings, env.runtime) as database_server:
            databases = Databases(surroundings, env, database_server)
            watching: Watching = nullcontext
            if wanted.files and not options.no_server:
                watching = partial(watch, databases, name, options.interface, options.port)
            with surroundings.cache.lock(f"database {name}"):
                result = prepare(databases, name, wanted, options.fresh, watching)
            show(surroundings, result, wanted)
            if not options.no_server:
                serve(databases, name, options.interface, options.port)
    return 0


#: What lets the orders of the demo network be paid.
PROVIDERS = ("payment_demo",)
Watching = Callable[[], AbstractContextManager[None]]
RESERVED = ("oms_base_", "oms_addon_", "oms_test_", "oms_trip_", "oms_native_", "oms_bench_")


def serve(databases: Databases, name: str, interface: str, port: int) -> None:
    """Serve a database until the command is interrupted.

    :raises Stop: the server ended by itself.
    """
    with server.serving(databases, name, interface, port) as process:
        say = databases.session.report.line
        say()
        say(f"  Odoo runs at  {address(interface, port)}")
        say("  Log in as     admin, password admin")
        say(f"  Database      {name}, log {databases.session.logs / 'server.log'}")
        say("  Stop it with  Ctrl-C")
        code = process.wait()
    raise Stop(f"Odoo ended by itself with {code}.", "Its log is named above.")


def address(interface: str, port: int) -> str:
    """Where the orders are seen."""
    host = "localhost" if interface in ("127.0.0.1", "0.0.0.0") else interface
    return f"http://{host}:{port}/odoo/{NAME}-orders"


@contextmanager
def watch(databases: Databases, name: str, interface: str, port: int) -> Iterator[None]:
    """Serve a database while it is being filled, so that people see the orders come.

    Scheduled jobs wait until it is full: they would source again what the files leave open.
    """
    with server.serving(databases, name, interface, port, jobs=False):
        say = databases.session.report.line
        say(f"  Watch it at   {address(interface, port)}")
        say("  Log in as     admin, password admin")
        yield


def prepare(
    databases: Databases,
    name: str,
    wanted: Inputs,
    fresh: bool = False,
    watching: Watching = nullcontext,
) -> dict[str, Any]:
    """Have the demo database filled and up to date.

    One that was made from the same input is kept, with all that was done in it since; it is
    updated when the addon has changed, and made anew when Odoo or the dependencies have.

    :param databases: the databases.
    :param name: the one to prepare.
    :param wanted: what it is made from.
    :param fresh: whether to make it anew in any case.
    :param watching: what goes on while it is filled.
    :returns: what became of the orders.
    """
    session = databases.session
    base, fingerprint = databases.base(), session.addon.fingerprint()
    everything = databases.tool("list")
    known = databases.remarks().get(name, {})
    if name in everything and not known:
        raise Stop(
            f"the database {name} is there already, and was not made by bin/demo.",
            "Choose another name with --database.",
        )
    same = known.get("base") == base and known.get("inputs") == wanted.key()
    facts = {"kind": "demo", "base": base, "inputs": wanted.key(), "addon": fingerprint}
    if fresh or not same:
        databases.clone(databases.with_addon(session.logs / "install.log"), name)
        if not wanted.files:
            title, log = "Installing the demo provider of payments", session.logs / "payment.log"
            databases.prepare(name, "install", PROVIDERS, log, title)
        databases.remark(name, **facts)
        known = {}
    elif known.get("addon") != fingerprint:
        databases.prepare(name, "update", [NAME], session.logs / "update.log", "Updating the addon")
        databases.remark(name, **facts, result=known.get("result"))
    if known.get("result") is None:
        with watching():
            known = {"result": load(databases, name, wanted)}
        databases.remark(name, **facts, **known)
    return dict(known["result"])


def load(databases: Databases, name: str, wanted: Inputs) -> dict[str, Any]:
    """Fill a database.

    :returns: what the addon says became of the orders.
    :raises Stop: the addon refuses the input, or fails.
    """
    session = databases.session
    target, log = session.folder / "result.json", session.logs / "load.log"

    def follow(line: str) -> None:
        if match := re.match(r"PROGRESS (\d+) (\d+) (.*)", line):
            step.say(f"{match[1]} of {match[2]} {match[3]}")

    title = "Sourcing the orders of the files" if wanted.files else "Loading the demo network"
    with session.report.step(title) as step:
        script = [INSIDE / "load.py", databases.config(), name, target, *wanted.arguments()]
        code = session.processes.run(
            [databases.environment.python, *script],
            log,
            environ=databases.server.environ,
            on_line=follow,
        )
        if code:
            raise explain(log.read_text(errors="replace")[-4000:], title, log)
    result = dict(json.loads(target.read_text()))
    if refused := result.get("refused"):
        raise Stop(" ".join(str(refused).split()), "Correct the file and run the command again.")
    return result


def show(surroundings: session.Session, result: Mapping[str, Any], wanted: Inputs) -> None:
    """Print what became of the orders as a table, and the rows that were refused."""
    say = surroundings.report.line
    rows = [(label, result[key]) for key, label in ROWS.items() if result.get(key) is not None]
    if rows:
        say()
        for label, value in rows:
            say(f"  {label:<16}{_number(value):>12}")
    if road := result.get("road"):
        say(f"\n  {road} has come the whole way: paid, shipped by two sites, captured twice,")
        say("  delivered, one piece returned to a store and refunded.")
    errors = list(result.get("errors") or [])
    if errors:
        say(f"\n  {len(errors)} rows were refused:")
        for error in errors[:SHOWN_ERRORS]:
            say(f"    {error}")
        if len(errors) > SHOWN_ERRORS:
            say(f"    … and {len(errors) - SHOWN_ERRORS} more")


def _number(value: object) -> str:
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,.0f}" if isinstance(value, (int, float)) else str(value)
