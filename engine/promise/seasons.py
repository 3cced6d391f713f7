"""Which time of year a day is in: times in which goods take longer, or less long, than usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Season:
    """A time of year that has a name.

    :param name: by which what is learned of it is kept; seasons of the same name are one
    :param first: its first day; of one that comes back each year its month and day
    :param last: its last day, likewise; before the first one, a yearly season goes on over New Year
    :raises ValueError: it has no name, ends before it begins, or is half yearly
    """

    name: str
    first: date | tuple[int, int]
    last: date | tuple[int, int]

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("A season needs a name.")
        if isinstance(self.first, date) != isinstance(self.last, date):
            raise ValueError(f"Either both ends of {self.name} come back each year, or none.")
        if isinstance(self.first, date) and self.last < self.first:  # type: ignore[operator]
            raise ValueError(f"{self.name} ends before it begins.")

    def has(self, day: date) -> bool:
        """Tell whether a day is in the season."""
        if isinstance(self.first, date):
            return self.first <= day <= self.last  # type: ignore[operator]
        here = (day.month, day.day)
        if self.first <= self.last:  # type: ignore[operator]
            return self.first <= here <= self.last  # type: ignore[operator]
        return here >= self.first or here <= self.last  # type: ignore[operator]


def season_of(seasons: Sequence[Season], day: float) -> str:
    """Return the name of the season of a moment.

    :param seasons: of which the first that has the day counts
    :param day: days since 1970-01-01, by the calendar that counts
    :return: an empty string where it is in none
    """
    if not seasons:
        return ""
    on = EPOCH + timedelta(days=int(day // 1.0))
    return next((season.name for season in seasons if season.has(on)), "")
