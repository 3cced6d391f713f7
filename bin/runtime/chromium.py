"""Headless Chromium: found, else installed from Debian."""

from __future__ import annotations

import os
import shutil

from .errors import Stop
from .session import Session

# The names under which Odoo's own test runner looks for it, in its order.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-liberation")


def find() -> str | None:
    """Path of the browser, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def require(session: Session) -> str:
    """Path of the browser, which is installed if that is possible.

    :raises Stop: it is not there and cannot be installed.
    """
    if found := find():
        return found
    how = "Install it: apt-get install chromium fonts-liberation (as root)."
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop("the browser tests need Chromium, which is not on this machine.", how)
    with session.cache.lock("chromium"), session.report.step("Installing Chromium"):
        if found := find():
            return found
        log = session.logs / "chromium.log"
        environ = {"DEBIAN_FRONTEND": "noninteractive"}
        # Sources of others may be out of reach; only Debian's own list is needed.
        session.processes.run(["apt-get", "-q", "update"], log, environ=environ)
        install = ["apt-get", "-q", "install", "-y", "--no-install-recommends", *PACKAGES]
        session.processes.run(install, log, "Installing Chromium", environ=environ)
    if found := find():
        return found
    raise Stop("Chromium was installed but is not on the path.", how)
