"""Headless Chromium: found, else installed from Debian."""

from __future__ import annotations

import shutil

from . import machine
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
    return machine.require(session, "Chromium", find, PACKAGES, "the browser tests")
