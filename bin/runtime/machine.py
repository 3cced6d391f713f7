"""Programs that have to be on the machine: found, else installed from Debian."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence

from .errors import Stop
from .session import Session


def require(
    session: Session,
    name: str,
    find: Callable[[], str | None],
    packages: Sequence[str],
    purpose: str,
) -> str:
    """Path of a program, which is installed if that is possible.

    :param name: of the program, as people write it.
    :param find: looks for it.
    :param packages: of Debian, which have it.
    :param purpose: what needs it, as a noun phrase that starts a sentence.
    :raises Stop: it is not there and cannot be installed.
    """
    if found := find():
        return found
    how = f"Install it: apt-get install {' '.join(packages)} (as root)."
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop(f"{purpose} need {name}, which is not on this machine.", how)
    short = name.lower()
    with session.cache.lock(short), session.report.step(f"Installing {name}"):
        if found := find():
            return found
        log = session.logs / f"{short}.log"
        environ = {"DEBIAN_FRONTEND": "noninteractive"}
        # Sources of others may be out of reach; only Debian's own list is needed.
        session.processes.run(["apt-get", "-q", "update"], log, environ=environ)
        install = ["apt-get", "-q", "install", "-y", "--no-install-recommends", *packages]
        session.processes.run(install, log, f"Installing {name}", environ=environ)
    if found := find():
        return found
    raise Stop(f"{name} was installed but is not on the path.", how)
