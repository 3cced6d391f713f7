"""What a site prepares now and what it had better hold: for a part that comes, or a later cut-off.

Work is taken by when it is due. Goods of one customer that will be complete before they are due
wait for each other, so that they go as one parcel. Of the rest the day takes what it can: what is
due later is held once the day is full, and what is due today goes whatever the day can, for a late
parcel costs more than a long evening; how far the day is over is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Reason = Literal["urgent", "room", "consolidate", "full"]

#: By so much a sum may be above its limit.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Task:
    """What is prepared for one order.

    :param key: by which the caller knows it
    :param due: when it has to leave, POSIX seconds; infinity where nothing says so
    :param units: pieces to pick
    :param complete_at: when more for the same customer will be there to be sent along, POSIX
        seconds; none if nothing more is expected
    :raises ValueError: there are fewer than no units
    """

    key: int
    due: float = math.inf
    units: float = 1.0
    complete_at: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.units < math.inf or math.isnan(self.due):
            raise ValueError(f"Task {self.key} has no sensible units or due time.")


@dataclass(frozen=True, slots=True)
class Day:
    """What a site can do today.

    :param now: POSIX seconds
    :param closes: when the last of today leaves, POSIX seconds
    :param units: that can still be picked today; infinity for no limit
    :param orders: likewise
    :param slack: seconds that it takes to pack what comes in last
    """

    now: float
    closes: float
    units: float = math.inf
    orders: float = math.inf
    slack: float = 7200.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a task.

    :param key: of the task
    :param now: whether it is prepared now
    :param reason: now because it is due today (``urgent``) or because there is room (``room``);
        held because more comes for it (``consolidate``) or because the day is full (``full``)
    :param until: until when it is held, POSIX seconds; none if it is not
    """

    key: int
    now: bool
    reason: Reason
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What a site does today.

    :param verdicts: of all tasks, by when they are due
    :param units: that are prepared now
    :param orders: likewise
    :param over: units above what the day can
    """

    verdicts: tuple[Verdict, ...]
    units: float
    orders: int
    over: float


def release(tasks: Iterable[Task], day: Day) -> Release:
    """Decide what to prepare now.

    :param tasks: in any order, each key once
    :param day: what the site can do today
    :raises ValueError: a key is there twice
    """
    ordered = sorted(tasks, key=lambda task: (task.due, task.key))
    if len({task.key for task in ordered}) < len(ordered):
        raise ValueError("Each task can be prepared once.")
    verdicts, units, orders = [], 0.0, 0
    for task in ordered:
        verdict = _judge(task, day, units, orders)
        if verdict.now:
            units += task.units
            orders += 1
        verdicts.append(verdict)
    return Release(tuple(verdicts), units, orders, max(units - day.units, 0.0))


def _judge(task: Task, day: Day, units: float, orders: int) -> Verdict:
    coming = task.complete_at
    if coming is not None and day.now < coming <= task.due - day.slack:
        return Verdict(task.key, False, "consolidate", coming)
    if task.due <= day.closes:
        return Verdict(task.key, True, "urgent")
    if units + task.units <= day.units + ROUNDING and orders + 1 <= day.orders + ROUNDING:
        return Verdict(task.key, True, "room")
    return Verdict(task.key, False, "full", day.closes)
