"""On which days a carrier delivers, and when what takes some of them arrives.

Days are whole numbers since 1970-01-01 and moments floats of them, both by the clocks of the
destination: 0.5 is noon of that day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

#: 1970-01-01 was a Thursday; Monday is 0.
FIRST_WEEKDAY = 3


@dataclass(frozen=True, eq=False)
class DeliveryDays:
    """Which days of a stretch of time are days of delivery.

    :param first: the day with which the stretch begins
    :param opens: of each day from that one on whether it is one
    """

    first: int
    opens: tuple[bool, ...]

    def __post_init__(self) -> None:
        counts = np.cumsum(np.array(self.opens, dtype=np.int64)).tolist()
        object.__setattr__(self, "_until", counts)

    @property
    def closed(self) -> tuple[int, ...]:
        """Days of the stretch on which nothing is delivered, ascending."""
        return tuple(self.first + place for place, opens in enumerate(self.opens) if not opens)

    def on_or_after(self, day: int) -> int | None:
        """Return the first day of delivery that is not before a day.

        :return: None if the stretch holds none
        """
        for place in range(max(day - self.first, 0), len(self.opens)):
            if self.opens[place]:
                return self.first + place
        return None

    def arrive(self, moment: float, days: float) -> int | None:
        """Return the day on which something arrives.

        Time stands still on days without delivery: what takes one day from Saturday noon on and is
        not delivered on Sundays arrives on Monday.

        :param moment: when it leaves, not before the stretch begins
        :param days: days of delivery that it takes, not below zero
        :return: None if that is after the stretch
        :raises ValueError: it leaves before the stretch begins, or takes less than no time
        """
        if moment < self.first or not days >= 0.0:
            raise ValueError(f"Nothing can leave on {moment!r} and take {days!r} days.")
        place = int(moment // 1.0) - self.first
        if place >= len(self.opens):
            return None
        counts: list[int] = self._until  # type: ignore[attr-defined]
        opens = self.opens[place]
        gone = counts[place] - opens + (moment % 1.0 if opens else 0.0)
        last = bisect_left(counts, gone + days - 1e-9)
        return self.on_or_after(self.first + max(last, place))


def build(
    first: int, count: int, weekdays: Collection[int], holidays: Iterable[int] = ()
) -> DeliveryDays:
    """Tell on which days a carrier delivers.

    :param first: the day with which the stretch begins
    :param count: how many days it has
    :param weekdays: on which it delivers, Monday is 0
    :param holidays: days on which it does not all the same
    """
    free = set(holidays)
    return DeliveryDays(
        first,
        tuple(
            (day + FIRST_WEEKDAY) % 7 in weekdays and day not in free
            for day in range(first, first + count)
        ),
    )
