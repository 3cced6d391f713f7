"""An Odoo server that answers, for as long as it is needed."""

from __future__ import annotations

import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .databases import INSIDE, Databases
from .errors import Stop, explain
from .processes import wait_until

DEFAULT_PORT = 8069


def free_port(interface: str = "127.0.0.1") -> int:
    """A port that nobody listens on.

    :param interface: address it is free on.
    """
    with socket.socket() as probe:
        probe.bind((interface, 0))
        return int(probe.getsockname()[1])


def require_port(interface: str, port: int) -> None:
    """Make sure that a port is free.

    :raises Stop: it is taken, not allowed, or the interface is not this machine's.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((interface, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Stop(
                f"port {port} of {interface} cannot be used ({reason.lower()}).",
                f"Choose another one, such as --port {free_port()}.",
            ) from error


@contextmanager
def serving(
    databases: Databases,
    name: str,
    interface: str,
    port: int,
    *,
    jobs: bool = True,
    workers: int = 0,
    log: Path | None = None,
) -> Iterator[subprocess.Popen[Any]]:
    """Start Odoo on a database and wait until it answers; end it afterwards.

    :param databases: the databases.
    :param name: the one to serve.
    :param interface: address to listen on.
    :param port: port to listen on.
    :param jobs: whether it runs scheduled jobs.
    :param workers: processes that answer; zero for one with threads.
    :param log: gets its log, `server.log` among those of the command if not given.
    :raises Stop: it does not come up.
    """
    session = databases.session
    log = log or session.logs / "server.log"
    config = databases.config(f"server-{port}.conf")
    command = [databases.environment.python, INSIDE / "odoo_bin.py", "server", "-c", config]
    # Without a filter: with one, Odoo would ask PostgreSQL for all databases at each request.
    command += ["-d", name, "--no-database-list"]
    command += [f"--http-interface={interface}", f"--http-port={port}"]
    if not jobs:
        command += ["--max-cron-threads=0"]
    if workers:
        command += [f"--workers={workers}", f"--gevent-port={free_port(interface)}"]
    with open(log, "wb") as sink:
        process = session.processes.start(
            command, databases.server.environ, stdout=sink, stderr=subprocess.STDOUT
        )
    try:
        with session.report.step("Starting Odoo"):
            wait_until(lambda: _answers(process, interface, port, log), 180, "Odoo's first answer")
        yield process
    finally:
        session.processes.end(process)


def _answers(process: subprocess.Popen[Any], interface: str, port: int, log: Path) -> bool:
    if process.poll() is not None:
        raise explain(log.read_text(errors="replace")[-4000:], "Starting Odoo", log)
    host = "127.0.0.1" if interface in ("0.0.0.0", "") else interface
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with suppress(OSError, urllib.error.URLError):
        return bool(opener.open(f"http://{host}:{port}/web/login", timeout=20).status == 200)
    return False
