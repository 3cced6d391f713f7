"""What a site prepares now and what it had better hold: for a part that comes, or a later cut-off.

Work is taken by when it has to be begun. What cannot wait until somebody looks again goes whatever
the day can, for a late parcel costs more than a long evening; how far the day is over is told.
Goods of one customer of which more comes wait for it, if somebody looks again between its coming
and the last moment to begin, so that they go as one parcel and nobody waits in vain. What the
customer wanted for a later day waits for that day. Of the rest the day takes what it can, what is
due first first: of orders of the same size as many as possible are then done in time on all days
together (Jackson's rule: earliest due date first).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Reason = Literal["urgent", "room", "consolidate", "full", "wanted"]

#: By so much a sum may be above its limit.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Task:
    """What is prepared for one order.

    :param key: by which the caller knows it
    :param begin_by: the last moment at which work on it can begin so that it leaves in time, POSIX
        seconds; infinity where nothing says so
    :param units: pieces to pick
    :param complete_at: when more for the same customer will be there to be sent along, POSIX
        seconds; none if nothing more is expected
    :param is_wanted: the customer has chosen when the goods are to come: they are not sent before
    :raises ValueError: there are fewer than no units
    """

    key: int
    begin_by: float = math.inf
    units: float = 1.0
    complete_at: float | None = None
    is_wanted: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.units < math.inf or math.isnan(self.begin_by):
            raise ValueError(f"Task {self.key} has no sensible units or due time.")


@dataclass(frozen=True, slots=True)
class Day:
    """What a site can do today.

    :param now: POSIX seconds
    :param closes: when the last of today leaves, POSIX seconds
    :param units: that can still be picked today; infinity for no limit
    :param orders: likewise
    :param look: seconds until somebody decides anew on what is held
    :raises ValueError: nobody ever does
    """

    now: float
    closes: float
    units: float = math.inf
    orders: float = math.inf
    look: float = 86_400.0

    def __post_init__(self) -> None:
        if not 0.0 < self.look < math.inf:
            raise ValueError("What is held has to be looked at again.")

    def next_look(self, moment: float) -> float:
        """Return when what is held is looked at again, at some moment or after it."""
        return self.now + math.ceil(max(moment - self.now, 0.0) / self.look) * self.look


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a task.

    :param key: of the task
    :param now: whether it is prepared now
    :param reason: now because it cannot wait (``urgent``) or because there is room (``room``); held
        because more comes for it (``consolidate``), because the day is full (``full``), or because
        the customer wants it later (``wanted``)
    :param until: until when it is held, POSIX seconds; none if it is not
    """

    key: int
    now: bool
    reason: Reason
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What a site does today.

    :param verdicts: of all tasks, by when they have to be begun
    :param units: that are prepared now
    :param orders: likewise
    :param over: units above what the day can
    :param over_orders: orders above what the day can
    """

    verdicts: tuple[Verdict, ...]
    units: float
    orders: int
    over: float
    over_orders: float


def release(tasks: Iterable[Task], day: Day) -> Release:
    """Decide what to prepare now.

    :param tasks: in any order, each key once
    :param day: what the site can do today
    :raises ValueError: a key is there twice
    """
    ordered = sorted(tasks, key=lambda task: (task.begin_by, task.key))
    if len({task.key for task in ordered}) < len(ordered):
        raise ValueError("Each task can be prepared once.")
    verdicts, units, orders = [], 0.0, 0
    for task in ordered:
        verdict = _judge(task, day, units, orders)
        if verdict.now:
            units += task.units
            orders += 1
        verdicts.append(verdict)
    return Release(
        tuple(verdicts),
        units,
        orders,
        max(units - day.units, 0.0),
        max(orders - day.orders, 0.0),
    )


def _judge(task: Task, day: Day, units: float, orders: int) -> Verdict:
    coming = task.complete_at
    if coming is not None and coming > day.now and day.next_look(coming) <= task.begin_by:
        return Verdict(task.key, False, "consolidate", coming)
    # What is begun today at the latest, or before anybody looks at it again.
    if task.begin_by < max(day.closes, day.now + day.look):
        return Verdict(task.key, True, "urgent")
    if task.is_wanted:
        return Verdict(task.key, False, "wanted", task.begin_by)
    if units + task.units <= day.units + ROUNDING and orders + 1 <= day.orders + ROUNDING:
        return Verdict(task.key, True, "room")
    return Verdict(task.key, False, "full", day.closes)
