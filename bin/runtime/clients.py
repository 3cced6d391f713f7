"""A server with a shop on it, and clients that nobody here wrote to call it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import logcheck, machine, node, requirements, server, venv
from .databases import Databases
from .session import Session

FOLDER = "tests/clients"


@dataclass(frozen=True)
class Tools:
    """What the clients run on.

    :param python: a Python with the clients, without Odoo.
    :param node: Node.js with its packages.
    """

    python: Path
    node: node.Node


@dataclass(frozen=True)
class Shop:
    """A served database with channels, goods and keys.

    :param facts: file for the tests: where the server is, the keys, what is in the database.
    :param secrets: what must not be in the log.
    :param log: of the server.
    """

    facts: Path
    secrets: tuple[str, ...]
    log: Path


def require(session: Session) -> Tools:
    """The clients, installed if that is necessary.

    :raises Stop: they cannot be installed.
    """
    folder = venv.build(
        session,
        "clients",
        venv.base_python(),
        requirements.CLIENTS,
        [],
        "Installing the clients of the tests",
    )
    # The guide's examples call it.
    machine.require(session, "curl", lambda: shutil.which("curl"), ["curl"], "the client tests")
    manifest = session.addon.root / FOLDER / "package.json"
    return Tools(folder / "bin" / "python", node.require(session, manifest))


@contextmanager
def shop(databases: Databases, template: str, tools: Tools) -> Iterator[Shop]:
    """Serve a database with a small shop for as long as it is needed.

    :param template: the template with the addon.
    """
    session = databases.session
    facts = session.folder / "shop.json"
    log = session.logs / "server-clients.log"
    with databases.temporary(template, "clients") as name:
        script = session.addon.root / FOLDER / "fill_shop.py"
        with session.report.step("Opening the shop"):
            session.processes.run(
                [databases.environment.python, script, databases.config(), name, facts],
                session.logs / "shop.log",
                "Opening the shop",
                environ=databases.server.environ,
            )
        port = server.free_port()
        content: dict[str, Any] = json.loads(facts.read_text())
        content |= {
            "host": "127.0.0.1",
            "port": port,
            "database": name,
            "log": str(log),
            "node": str(tools.node.program),
            "node_modules": str(tools.node.modules),
        }
        facts.write_text(json.dumps(content))
        with server.serving(databases, name, "127.0.0.1", port, jobs=False, log=log):
            yield Shop(facts, tuple(content["secrets"]), log)


def complaints(shop: Shop) -> list[str]:
    """What is in the server's log and should not be: errors, tracebacks, secrets."""
    text = shop.log.read_text(encoding="utf-8", errors="replace")
    found = [
        f"{level} {logger}: {message[:500]}"
        for level, logger, message in logcheck.records(text.splitlines())
        if level in ("ERROR", "CRITICAL") or "Traceback" in message
    ]
    found += ["a key or password is in the log" for each in shop.secrets if each in text]
    return list(dict.fromkeys(found))
