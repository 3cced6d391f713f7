"""Ends what a command left behind when the command itself was killed.

Started beside every command with a pipe as its standard input: the pipe closes when the command
ends, however it ends. Every process that the command started carries its run id in the
environment, wherever it went in the process tree (a browser, a worker, a pip build).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

MARK = "OMS_RUN"


def descendants(run: str) -> list[int]:
    """Processes that carry the run id.

    :param run: the run id.
    """
    wanted = f"{MARK}={run}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def sweep(run: str, patience: float = 8.0) -> None:
    """End all processes of a run: ask first, insist after a while.

    :param run: the run id.
    :param patience: seconds to wait before processes are killed.
    """
    deadline = time.monotonic() + patience
    asked: set[int] = set()
    while alive := descendants(run):
        insist = time.monotonic() > deadline
        for pid in alive:
            if insist or pid not in asked:
                asked.add(pid)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL if insist else signal.SIGTERM)
        if time.monotonic() > deadline + patience:
            return
        time.sleep(0.1)


def main() -> None:
    """Wait for the command to end, then sweep and remove its folder."""
    run, folder = sys.argv[1:3]
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    os.read(0, 1)
    sweep(run)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
