"""The surroundings of one run of a command: cache, own folder, processes, signals."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from . import cache as cache_module
from .addon import Addon
from .cache import Cache
from .processes import Processes, catch_signals, is_running
from .progress import Reporter

KEPT_LOGS = 60


@dataclass
class Session:
    """What every part of a command works with.

    :param addon: the addon in the clone that the command belongs to.
    :param folder: the command's own folder, gone when it ends.
    :param logs: folder with the logs of this run, kept for a while.
    """

    addon: Addon
    cache: Cache
    report: Reporter
    processes: Processes
    folder: Path
    logs: Path

    @property
    def addons_path(self) -> Path:
        """Folder outside of the clone that holds the addon under its technical name."""
        return self.folder / "addons"


@contextmanager
def opened(program: str, clone: Path, stream: TextIO | None = None) -> Iterator[Session]:
    """Open the surroundings of a command; on leaving nothing of it is left running.

    :param program: name of the command, used in the names of its logs.
    :param clone: root of the clone.
    :param stream: where progress is told, standard output if not given.
    """
    catch_signals()
    report = Reporter(stream or sys.stdout)
    cache = Cache(cache_module.locate(dict(os.environ)), report.line)
    run = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    folder = cache.folder("run", run)
    processes = Processes(run, folder)
    try:
        addon = Addon(clone)
        addon.link(folder / "addons")
        yield Session(addon, cache, report, processes, folder, _log_folder(cache, program))
    finally:
        processes.close()
        shutil.rmtree(folder, ignore_errors=True)


def _log_folder(cache: Cache, program: str) -> Path:
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{program}-{os.getpid()}"
    folder = cache.folder("logs", name)
    for old in sorted(cache.folder("logs").iterdir())[:-KEPT_LOGS]:
        # A long run must find its logs at its end, however many short ones came meanwhile.
        if not is_running(old.name.rpartition("-")[2]):
            with contextlib.suppress(OSError):
                shutil.rmtree(old)
    return folder
