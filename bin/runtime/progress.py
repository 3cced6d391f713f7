"""One line for each step, with its seconds; a live line on a terminal."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Step:
    """A step under way.

    :param title: what is being done, in a few words.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.note = ""
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time since the step began, in seconds."""
        return time.monotonic() - self.started

    def say(self, note: str) -> None:
        """Replace the remark behind the title.

        :param note: what is happening right now; only its first line is shown.
        """
        self.note = note.strip().splitlines()[0] if note.strip() else ""


class Reporter:
    """Prints steps, from one thread at a time.

    :param stream: where to.
    """

    FIRST_SIGN = 20.0
    NEXT_SIGN = 60.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._lock = threading.Lock()

    def line(self, text: str = "") -> None:
        """Print a line of its own."""
        with self._lock:
            print(text, file=self._stream, flush=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Announce a step, keep it visibly alive, and print how long it took.

        :param title: what is being done, in a few words.
        """
        step = Step(title)
        over = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(step, over), daemon=True)
        ticker.start()
        mark = "failed"
        try:
            yield step
            mark = "done"
        finally:
            over.set()
            ticker.join()
            self._erase()
            ending = "" if mark == "done" else "   (not finished)"
            self.line(f"  {title:<58}{step.seconds:7.1f} s{ending}")

    def _tick(self, step: Step, over: threading.Event) -> None:
        sign = self.FIRST_SIGN
        while not over.wait(0.3 if self._live else 1.0):
            if self._live:
                self._draw(step)
            elif step.seconds > sign:
                sign = step.seconds + self.NEXT_SIGN
                self.line(f"    … {step.title}: {step.seconds:.0f} s {step.note[:80]}".rstrip())

    def _draw(self, step: Step) -> None:
        width = shutil.get_terminal_size().columns - 1
        text = f"  {step.title} … {step.seconds:.0f} s  {step.note}"[:width]
        with self._lock:
            print(f"\r\033[K{text}", end="", file=self._stream, flush=True)

    def _erase(self) -> None:
        if self._live:
            with self._lock:
                print("\r\033[K", end="", file=self._stream, flush=True)
