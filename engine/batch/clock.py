"""Time that may be spent."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf


class Clock:
    """A time limit under watch.

    :param limit: seconds, or None for no limit
    :param now: where the time is read, in seconds
    """

    def __init__(self, limit: float | None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start = now()
        self.limit = inf if limit is None else limit
        self.cut = False
        """Whether anything was left undone for want of time."""

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return self._now() - self._start

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.limit - self.spent

    def over(self, share: float = 1.0) -> bool:
        """Whether a share of the time is spent; to be asked only where work is then left undone."""
        over = self.spent >= share * self.limit
        self.cut = self.cut or over
        return over
