"""What the learner is told: which way goods go, and when each began and ended.

Moments are days since 1970-01-01 by the clock of whoever promises, as floats: 0.5 is noon of that
day. A caller converts moments to the zone in which its dates are read; nothing here knows zones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

EARLIEST, LATEST = -200_000.0, 200_000.0
"""Days that can be meant: years 1422 to 2517."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A way that goods go; what is not known is left empty.

    :param site: where they come from
    :param method: carrier, service or way of delivery
    :param region: of the destination
    :param season: a name of the time of year that differs from others, such as "peak"
    :param usual: days that it is configured to take; what is learned is how much longer or shorter
        it takes. 0 if nothing is configured
    :raises ValueError: the usual days are negative or not finite
    """

    site: str = ""
    method: str = ""
    region: str = ""
    season: str = ""
    usual: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.usual < LATEST:
            raise ValueError(f"The usual days must be zero or above, not {self.usual!r}.")


LEVELS: tuple[tuple[str, ...], ...] = (
    (),
    ("season",),
    ("region",),
    ("method",),
    ("method", "region"),
    ("method", "season"),
    ("site",),
    ("site", "season"),
    ("site", "method"),
    ("site", "method", "region"),
)
"""What lanes have in common, from all of them to the lane itself."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A piece of work, or a parcel, that began at some moment.

    :param lane: which way it goes
    :param started: when it began, days
    :param ended: when it was done, days; None while it is under way
    :param dropped: when it was cancelled or given up, days; None otherwise
    :param load: how much more there is to do than usual, as a factor: 1 is usual, 2 is twice that
    :raises ValueError: a moment is no number of days, or something ends before it begins
    """

    lane: Lane
    started: float
    ended: float | None = None
    dropped: float | None = None
    load: float = 1.0

    def __post_init__(self) -> None:
        for name in ("started", "ended", "dropped"):
            value = getattr(self, name)
            if value is None and name != "started":
                continue
            if not EARLIEST <= value <= LATEST:
                raise ValueError(
                    f"{name} must be a number of days since 1970-01-01, not {value!r}."
                )
        if self.ended is not None and self.ended < self.started:
            raise ValueError(f"What started on {self.started} cannot have ended on {self.ended}.")
        if self.dropped is not None and self.dropped < self.started:
            raise ValueError(f"What started on {self.started} cannot be dropped on {self.dropped}.")
        if not (math.isfinite(self.load) and self.load > 0.0):
            raise ValueError(f"The load must be a factor above zero, not {self.load!r}.")


@dataclass(frozen=True, eq=False)
class Records:
    """Observations by column, in order of their beginning; N rows over M lanes.

    :param lanes: the lanes that occur, each once
    :param lane: index of each row's lane, shape (N,)
    :param started: days, shape (N,)
    :param left: days, when each ended or was dropped; infinity while it is under way, shape (N,)
    :param ended: whether it ended then, shape (N,)
    :param load: logarithm of each row's load, shape (N,)
    """

    lanes: tuple[Lane, ...]
    lane: Index
    started: Floats
    left: Floats
    ended: NDArray[np.bool_]
    load: Floats

    def __len__(self) -> int:
        return len(self.started)

    @cached_property
    def methods(self) -> tuple[list[str], Index]:
        """The methods that occur, and which of them each lane has, shape (M,)."""
        names = sorted({lane.method for lane in self.lanes})
        place = {name: number for number, name in enumerate(names)}
        return names, np.array([place[lane.method] for lane in self.lanes], dtype=np.int64)

    def only(self, rows: Index) -> Records:
        """Return some rows and the lanes that occur in them.

        :param rows: indices, ascending
        """
        used, lane = np.unique(self.lane[rows], return_inverse=True)
        return Records(
            tuple(self.lanes[number] for number in used.tolist()),
            lane,
            self.started[rows],
            self.left[rows],
            self.ended[rows],
            self.load[rows],
        )


def _order(row: Observation) -> tuple[float | str, ...]:
    """Sort by beginning, and whatever else there is, so that no order in which rows come shows."""
    lane = row.lane
    return (
        row.started,
        math.inf if row.ended is None else row.ended,
        math.inf if row.dropped is None else row.dropped,
        row.load,
        lane.site,
        lane.method,
        lane.region,
        lane.season,
        lane.usual,
    )


def records_of(observations: Iterable[Observation]) -> Records:
    """Arrange observations by column.

    :param observations: in any order
    """
    rows = sorted(observations, key=_order)
    known: dict[Lane, int] = {}
    lane = np.array([known.setdefault(row.lane, len(known)) for row in rows], dtype=np.int64)
    ended = np.array([math.inf if row.ended is None else row.ended for row in rows], dtype=float)
    dropped = np.array(
        [math.inf if row.dropped is None else row.dropped for row in rows], dtype=float
    )
    return Records(
        tuple(known),
        lane,
        np.array([row.started for row in rows], dtype=float),
        np.minimum(ended, dropped),
        (ended <= dropped) & np.isfinite(ended),
        np.log(np.array([row.load for row in rows], dtype=float)),
    )
