"""The folder that holds all that is fetched or built, shared by every clone of the machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import Stop

COMPLETE = ".complete"


def digest(*parts: object, length: int = 10) -> str:
    """A short name for a combination of inputs.

    :param parts: what the name depends on; their text forms are hashed in order.
    :param length: number of hexadecimal digits.
    """
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:length]


def locate(environ: dict[str, str]) -> Path:
    """Where the cache folder is: `OMS_CACHE`, else `oms` below the user's cache folder.

    :param environ: environment variables.
    """
    if environ.get("OMS_CACHE"):
        return Path(environ["OMS_CACHE"]).expanduser().absolute()
    base = environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base).absolute() / "oms"


class Cache:
    """The cache folder, its locks and its stamped builds.

    :param root: the folder, made if it does not exist.
    :param say: called with a sentence when another process has to be waited for.
    :raises Stop: the folder cannot be made or written.
    """

    SILENCE = 2.0

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self.root = root
        self._say = say
        try:
            self.folder("locks")
            probe = root / "locks" / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise Stop(
                f"the cache folder {root} cannot be written ({error.strerror}).",
                "Set OMS_CACHE to a folder that you may write.",
            ) from error

    def folder(self, *parts: str) -> Path:
        """A folder inside the cache, made if it does not exist."""
        path = self.root.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def require_space(self, gibibytes: float, what: str) -> None:
        """Check the free space before a large build.

        :param gibibytes: space that the build needs.
        :param what: what needs it, as a noun phrase that starts a sentence.
        :raises Stop: there is less.
        """
        free = shutil.disk_usage(self.root).free / 2**30
        if free < gibibytes:
            raise Stop(
                f"{what} needs about {gibibytes:g} GB on the disk of {self.root}, "
                f"which has {free:.1f} GB free.",
                "Free some space, or set OMS_CACHE to a folder on a larger disk.",
            )

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock against every other process that uses this cache.

        The kernel drops it when the process ends, however it ends.

        :param name: what is locked; appears in the sentence for those who wait.
        """
        with open(self.root / "locks" / f"{name}.lock", "w") as handle:
            deadline = time.monotonic() + self.SILENCE
            while not _taken(handle) and time.monotonic() < deadline:
                time.sleep(0.1)
            if not _taken(handle):
                self._say(f"  waiting: another command is at work on “{name}” …")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def build(self, target: Path, builder: Callable[[Path], None]) -> Path:
        """Make a folder once: in a temporary one that gets its name when it is whole.

        The caller holds the lock.

        :param target: folder to make.
        :param builder: fills the folder that it is handed; what an interrupted one left is kept
            and handed to the next, so that it can go on.
        """
        if (target / COMPLETE).exists():
            return target
        partial = target.with_name(target.name + ".partial")
        partial.mkdir(parents=True, exist_ok=True)
        builder(partial)
        (partial / COMPLETE).touch()
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
        return target


def _taken(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
