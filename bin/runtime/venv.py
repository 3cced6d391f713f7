"""Virtual environments in the cache, one for each combination of requirements."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .cache import COMPLETE, digest
from .debian import PrivateApt, machine_source
from .errors import Stop
from .progress import Step
from .session import Session

RECIPE = 1
SUPPORTED = ("3.13", "3.12", "3.11", "3.10")


def base_python() -> Path:
    """A Python that Odoo 19 supports: the running one or its base, else one on the path.

    :raises Stop: there is none.
    """
    if ".".join(map(str, sys.version_info[:2])) in SUPPORTED:
        # A virtual environment based on another one would change with it.
        return Path(getattr(sys, "_base_executable", sys.executable))
    for version in SUPPORTED:
        if found := shutil.which(f"python{version}"):
            return Path(found)
    raise Stop(
        f"Odoo 19 runs on Python {SUPPORTED[-1]} to {SUPPORTED[0]}, and none of them is here "
        f"(this is {sys.version.split()[0]}).",
        "Install one of them.",
    )


def site_packages(venv: Path) -> Path:
    """The folder of a virtual environment that holds its packages."""
    return next((venv / "lib").glob("python3.*/site-packages"))


def build(
    session: Session,
    name: str,
    python: Path,
    requirements: Sequence[str],
    paths: Sequence[Path],
    title: str,
) -> Path:
    """Make a virtual environment, or find it made.

    :param name: what it is for; the first part of its folder's name.
    :param python: the Python it is based on.
    :param requirements: what pip installs into it.
    :param paths: folders put on its import path, whose packages need not be installed again.
    :param title: the step's title.
    :returns: its folder.
    """
    version = session.processes.output([python, "-V"], "Asking Python for its version").strip()
    key = digest(RECIPE, python, version, *requirements, *paths)
    folder = session.cache.folder("venvs") / f"{name}-{key}"
    if (folder / COMPLETE).exists():
        return folder
    with session.cache.lock(f"venv {name}"):
        if (folder / COMPLETE).exists():
            return folder
        session.cache.require_space(1.5, title)
        # A virtual environment cannot be renamed: one without a stamp is thrown away instead.
        shutil.rmtree(folder, ignore_errors=True)
        with session.report.step(title) as step:
            _make(session, folder, python)
            lines = "".join(f"{path}\n" for path in paths)
            (site_packages(folder) / "oms-paths.pth").write_text(lines)
            install(session, folder, requirements, title, step)
        (folder / COMPLETE).touch()
        _prune(session, name, folder)
    return folder


def install(
    session: Session,
    folder: Path,
    requirements: Sequence[str],
    what: str,
    step: Step,
    options: Sequence[str | Path] = (),
) -> None:
    """Have pip install packages.

    :param folder: virtual environment whose pip does it.
    :param what: the purpose, as a noun phrase that starts a sentence.
    :param options: further options of `pip install`.
    """

    def show(line: str) -> None:
        if match := re.match(r"\s*(Collecting|Downloading|Installing|Building)\b.*", line):
            step.say(match[0])

    session.processes.run(
        [folder / "bin" / "python", "-m", "pip", "install", *options, *requirements],
        session.logs / f"pip-{folder.name}.log",
        what,
        environ={"PIP_CACHE_DIR": str(session.cache.folder("pip")), "PYTHONPATH": ""},
        on_line=show,
    )


def _make(session: Session, folder: Path, python: Path) -> None:
    log = session.logs / "venv.log"
    processes = session.processes
    processes.run(
        [python, "-m", "venv", "--without-pip", folder], log, "Making a virtual environment"
    )
    inside = folder / "bin" / "python"
    if processes.run([inside, "-m", "ensurepip"], log) == 0:
        return
    # Debian ships ensurepip in a package of its own; pip's wheel is in another, which can be
    # used without being installed.
    if processes.run([python, "-m", "pip", "--python", inside, "install", "pip"], log) == 0:
        return
    wheels = session.cache.folder("pip-wheel")
    apt = PrivateApt(session)
    suites = tuple(suite for suite in machine_source(session).suites if "-" not in suite)
    apt.update(suites)
    processes.run(
        ["apt-get", *apt.options(), "-q", "download", "python3-pip-whl"],
        log,
        "Fetching pip",
        cwd=wheels,
    )
    for deb in wheels.glob("*.deb"):
        processes.run(["dpkg", "-x", deb, wheels], log, "Unpacking pip")
    wheel = next(iter(wheels.glob("usr/share/python-wheels/pip-*.whl")), None)
    if not wheel:
        raise Stop("pip cannot be had for this Python.", "Install the package python3-venv.")
    processes.run([inside, wheel / "pip", "install", "--no-index", wheel], log, "Installing pip")


def _prune(session: Session, name: str, kept: Path) -> None:
    others = [each for each in kept.parent.glob(f"{name}-*") if each != kept]
    others.sort(key=os.path.getmtime, reverse=True)
    for old in others[3:]:
        shutil.rmtree(old, ignore_errors=True)
