"""Node.js with npm: found, else installed from PyPI; and the npm packages that tests need."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import requirements, venv
from .cache import digest
from .errors import Stop
from .session import Session

OLDEST = 18  # the first with fetch


@dataclass(frozen=True)
class Node:
    """Node.js and what it can require.

    :param program: `node`.
    :param modules: folder with the npm packages.
    """

    program: Path
    modules: Path


def require(session: Session, manifest: Path) -> Node:
    """Node.js, and the npm packages of a manifest at the versions of its lock file.

    :param manifest: a `package.json`, with `package-lock.json` beside it.
    :raises Stop: they are not there and cannot be installed.
    """
    program = _find(session) or _install(session)
    lock = manifest.with_name("package-lock.json")
    target = session.cache.folder("node") / digest(manifest.read_text(), lock.read_text())

    def fetch(partial: Path) -> None:
        for each in (manifest, lock):
            shutil.copy(each, partial)
        # Nothing of what a package would like to run when it is installed.
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
        with session.report.step("Installing the npm packages of the tests"):
            session.processes.run(
                [program.with_name(command[0]), *command[1:]],
                session.logs / "npm.log",
                "Installing npm packages",
                environ={
                    "PATH": f"{program.parent}:{session.processes.environ.get('PATH', '')}",
                    "npm_config_cache": str(session.cache.folder("npm")),
                },
                cwd=partial,
            )

    with session.cache.lock("node packages"):
        folder = session.cache.build(target, fetch)
    return Node(program, folder / "node_modules")


def _find(session: Session) -> Path | None:
    """The machine's own, if it is new enough and has npm beside it."""
    found = shutil.which("node")
    if not found or not Path(found).with_name("npm").exists():
        return None
    said = session.processes.output([found, "--version"], "Asking Node.js for its version")
    version = re.match(r"v(\d+)", said)
    return Path(found) if version and int(version[1]) >= OLDEST else None


def _install(session: Session) -> Path:
    folder = venv.build(
        session, "node", venv.base_python(), requirements.NODE, [], "Installing Node.js"
    )
    program = folder / "bin" / "node"
    if not program.exists():
        raise Stop(
            "Node.js was installed but is not where it should be.",
            f"Install Node.js {OLDEST} or newer with npm.",
        )
    return program
