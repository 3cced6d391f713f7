"""Finding Odoo 19.0: the user's own, else Debian's package."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .cache import digest
from .errors import Stop
from .session import Session
from .venv import SUPPORTED

# Answers with what must be known of an Odoo; run by that Odoo's own Python.
_QUESTION = """
import json, os, sys
sys.path[:0] = sys.argv[1:]
try:
    import odoo.release as release
except ImportError:
    print("null")
    raise SystemExit
root = os.path.dirname(os.path.abspath(release.__file__))
packages = [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")]
print(json.dumps({
    "version": list(release.version_info[:2]),
    "full": release.version,
    "root": root,
    "python": "%d.%d" % sys.version_info[:2],
    "packages": packages,
    "addons": [p for p in (os.path.join(root, "addons"),
               os.path.join(os.path.dirname(root), "addons")) if os.path.isdir(p)],
}))
"""

_MEND = "Set ODOO_BIN to the odoo-bin of an Odoo 19.0, or to “debian” to use Debian's package."


@dataclass(frozen=True)
class Odoo:
    """An Odoo 19.0.

    :param python: the Python that runs it, or nothing if any supported one may.
    :param paths: folders that make it and its own requirements importable.
    :param addons: folders of its addons.
    :param build: identifies this very build.
    :param complete: whether its Python requirements are there already.
    :param title: what to call it in a sentence.
    """

    python: Path | None
    paths: tuple[Path, ...]
    addons: tuple[Path, ...]
    build: str
    complete: bool
    title: str


def find(session: Session) -> Odoo:
    """The Odoo to use: `ODOO_BIN`, else an importable one, else Debian's.

    :raises Stop: the one that was named, or is importable, is not 19.0.
    """
    named = os.environ.get("ODOO_BIN", "")
    if named and named != "debian":
        return _own(session, *_named(named), f"ODOO_BIN ({named})")
    if not named and (found := _own_importable(session)):
        return found
    site, version = debian.prefix(session)
    return Odoo(
        python=None,
        paths=(site,),
        addons=(site / "odoo" / "addons",),
        build=digest("debian", version, debian.RECIPE),
        complete=False,
        title=f"Odoo 19.0 (Debian {version})",
    )


def _named(name: str) -> tuple[Path, list[str]]:
    found = shutil.which(name) or name
    program = Path(found).expanduser().absolute()
    if not program.is_file():
        raise Stop(f"ODOO_BIN names {name}, which does not exist.", _MEND)
    if os.environ.get("ODOO_PYTHON"):
        python = shutil.which(os.environ["ODOO_PYTHON"])
    else:
        with open(program, "rb") as handle:
            first = handle.readline().decode("utf-8", "replace")
        words = shlex.split(first[2:]) if first.startswith("#!") else ["python3"]
        words = words[1:] if Path(words[0]).name == "env" else words
        python = shutil.which(next((word for word in words if not word.startswith("-")), "python3"))
    if not python:
        raise Stop(f"the Python of {program} is not there.", "Set ODOO_PYTHON to it.")
    return Path(python), [str(program.resolve().parent)]


def _own_importable(session: Session) -> Odoo | None:
    python = Path(sys.executable)
    # Who runs a command with a Python of the cache means no Odoo of his own.
    if python.is_relative_to(session.cache.root) or _ask(session, python, []) is None:
        return None
    return _own(session, python, [], "the importable odoo of this Python")


def _ask(session: Session, python: Path, paths: list[str]) -> dict[str, object] | None:
    answer = session.processes.output(
        [python, "-c", _QUESTION, *paths], "Asking Odoo for its version"
    )
    return dict(json.loads(answer)) if answer.strip() != "null" else None


def _own(session: Session, python: Path, paths: list[str], title: str) -> Odoo:
    facts = _ask(session, python, paths)
    if facts is None:
        raise Stop(f"{title} has no importable Odoo with {python}.", _MEND)
    if facts["version"] != [19, 0]:
        raise Stop(f"{title} is Odoo {facts['full']}, but the addon needs 19.0.", _MEND)
    if facts["python"] not in SUPPORTED:
        wrong = f"{title} runs on Python {facts['python']}, which Odoo 19 does not support."
        raise Stop(wrong, _MEND)
    root = Path(str(facts["root"]))
    release = (root / "release.py").stat()
    packages = [Path(str(each)) for each in _listed(facts["packages"])]
    return Odoo(
        python=python,
        paths=(root.parent, *(each for each in packages if each != root.parent)),
        addons=tuple(Path(str(each)) for each in _listed(facts["addons"])),
        build=digest("own", root, release.st_mtime_ns, _revision(root)),
        complete=True,
        title=f"Odoo {facts['full']} in {root}",
    )


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _revision(root: Path) -> str:
    """What tells two states of a source checkout apart: the commit it is at."""
    git = root.parent / ".git"
    head = (git / "HEAD").read_text().strip() if (git / "HEAD").is_file() else ""
    if match := re.match(r"ref: (\S+)", head):
        reference = git / match[1]
        return reference.read_text().strip() if reference.is_file() else head
    return head
