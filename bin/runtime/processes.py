"""Starting programs so that none of them is ever left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import guard
from .errors import Interrupted, Stop, explain

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends (called between fork and exec)."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def catch_signals() -> None:
    """Turn the signals that ask a program to end into `Interrupted`.

    Only the first one interrupts: the clean-up that follows is not to be interrupted by an
    impatient second Ctrl-C.
    """

    def interrupt(signum: int, _frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(signum)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, interrupt)


class Processes:
    """The programs started by one command.

    :param run: id that every one of them carries in its environment.
    :param folder: the command's own folder, removed by the guard if the command is killed.
    """

    def __init__(self, run: str, folder: Path) -> None:
        self.run_id = run
        self.folder = folder
        self.environ: dict[str, str] = {**os.environ, guard.MARK: run}
        self._guard = self._start_guard()

    def _start_guard(self) -> subprocess.Popen[bytes]:
        environ = {key: value for key, value in os.environ.items() if key != guard.MARK}
        return subprocess.Popen(
            [sys.executable, "-I", guard.__file__, self.run_id, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environ,
            cwd="/",
            start_new_session=True,
        )

    def start(
        self,
        command: Sequence[str | Path],
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> subprocess.Popen[Any]:
        """Start a program in a process group of its own.

        :param command: program and arguments.
        :param environ: variables set beside those of the command.
        :param options: further options of `subprocess.Popen`.
        """
        options.setdefault("stdin", subprocess.DEVNULL)
        # Not where the user stands: `python -m venv` would import a venv.py from there.
        options.setdefault("cwd", self.folder)
        return subprocess.Popen(
            [str(part) for part in command],
            env={**self.environ, **(environ or {})},
            start_new_session=True,
            preexec_fn=die_with_parent,
            **options,
        )

    def run(
        self,
        command: Sequence[str | Path],
        log: Path,
        what: str = "",
        environ: Mapping[str, str] | None = None,
        on_line: Callable[[str], object] | None = None,
        **options: Any,
    ) -> int:
        """Run a program to its end with its output in a file.

        :param command: program and arguments.
        :param log: file that gets standard output and error.
        :param what: what it is for; if given, a failure is raised.
        :param environ: variables set beside those of the command.
        :param on_line: called with each line of output.
        :param options: further options of `subprocess.Popen`.
        :returns: the exit code.
        :raises Stop: it failed and `what` is given.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w", encoding="utf-8", errors="replace") as sink:
            process = self.start(
                command,
                environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                **options,
            )
            try:
                for line in process.stdout or ():
                    sink.write(line)
                    if on_line:
                        on_line(line)
                code = process.wait()
            except BaseException:
                self.end(process)
                raise
        if code and what:
            raise explain(log.read_text(errors="replace")[-4000:], what, log)
        return code

    def output(
        self,
        command: Sequence[str | Path],
        what: str,
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> str:
        """Standard output of a short program.

        :raises Stop: it failed.
        """
        process = self.start(
            command, environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
        try:
            out, err = process.communicate()
        except BaseException:
            self.end(process)
            raise
        if process.returncode:
            raise explain(err or out, what)
        return str(out)

    @staticmethod
    def end(process: subprocess.Popen[Any], patience: float = 10.0) -> None:
        """End a program and its process group: ask first, insist after a while.

        :param patience: seconds to wait before it is killed.
        """
        for signum, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, patience)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signum)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(wait)
                return

    def sweep(self) -> None:
        """End whatever still runs of what was started."""
        guard.sweep(self.run_id)

    def close(self) -> None:
        """End whatever still runs, then the guard."""
        self.sweep()
        if self._guard.stdin:
            self._guard.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(20)


def is_running(run: str) -> bool:
    """Whether the command with a run id still runs.

    :param run: its run id, which begins with its process id.
    """
    pid = run.partition("-")[0]
    return pid.isdigit() and Path("/proc", pid).exists()


def wait_until(check: Callable[[], bool], seconds: float, what: str, pause: float = 0.1) -> None:
    """Wait for a condition.

    :param check: tells whether it holds.
    :param seconds: how long to wait at most.
    :param what: what did not come, as a noun phrase that starts a sentence.
    :param pause: seconds between two looks.
    :raises Stop: it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise Stop(f"{what} did not come within {seconds:.0f} seconds.")
        time.sleep(pause)
