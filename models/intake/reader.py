"""How the texts of a file are read: numbers, dates, flags, and what is wrong with them.

Pure Python without Odoo.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

DATE_FORMATS = {
    "iso": "2026-12-31",
    "dmy": "31/12/2026",
    "mdy": "12/31/2026",
}
_TRUE = {"1", "true", "yes", "y", "oui", "x", "vrai"}
_FALSE = {"0", "false", "no", "n", "non", "faux"}


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """How the texts of a file are to be read.

    :param date_format: a key of :data:`DATE_FORMATS`; ISO dates are understood besides
    :param decimal_mark: ``.`` or ``,``
    """

    date_format: str = "iso"
    decimal_mark: str = "."


def parse_date(text: str, date_format: str, hour: int = 12) -> datetime.datetime:
    """Read a date, with or without a time.

    :param hour: UTC hour of a date without time; at noon it is the same day nearly everywhere
    :return: UTC, without time zone
    :raises ValueError: when it is no date, or not between 1990 and 2100
    """
    head, _sep, tail = text.strip().replace("T", " ").partition(" ")
    parts = re.split(r"[-/.]", head)
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise ValueError
    if len(parts[0]) == 4:
        year, month, day = parts
    elif date_format == "dmy":
        day, month, year = parts
    elif date_format == "mdy":
        month, day, year = parts
    else:
        raise ValueError
    time = datetime.time.fromisoformat(tail.strip().replace("Z", "+00:00")) if tail else None
    date = datetime.date(int(year), int(month), int(day))
    if not 1990 <= date.year <= 2100:
        raise ValueError
    moment = datetime.datetime.combine(date, datetime.time(hour) if time is None else time)
    if moment.tzinfo:
        moment = moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return moment.replace(microsecond=0)


def parse_month(text: str) -> str:
    """Read a month: ``2026-12``, or the first ten characters of an ISO date in it.

    :raises ValueError: when it is no month
    """
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])(-\d{2}.*)?", text.strip())
    if not found:
        raise ValueError
    return f"{found[1]}-{found[2]}"


def is_ean13(code: str) -> bool:
    """Tell whether thirteen digits end in the right check digit.

    >>> is_ean13("4006381333931")
    True
    """
    digits = [int(char) for char in code]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


class Reader:
    """Takes values out of one row and collects what is wrong with them."""

    def __init__(self, cells: Mapping[str, str], options: ParseOptions) -> None:
        self.cells = cells
        self.options = options
        self.faults: list[str] = []

    def text(self, name: str, required: bool = False) -> str:
        text = self.cells.get(name, "")
        if required and not text:
            self.faults.append(f"The {name} is empty.")
        return text

    def number(self, name: str, *, low: float, high: float, required: bool = False) -> float | None:
        """A number within bounds; None, and a fault if need be, where there is none."""
        text = self.text(name, required)
        if not text:
            return None
        plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
        if self.options.decimal_mark == ",":
            plain = plain.replace(".", "").replace(",", ".")
        # What float() takes besides: "1_000", "infinity", "nan".
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", plain):
            hint = (
                " Choose the decimal comma if that is what the file uses."
                if "," in text and self.options.decimal_mark == "."
                else ""
            )
            self.faults.append(f"The {name} “{text}” is not a number.{hint}")
            return None
        value = float(plain)
        if not math.isfinite(value) or not low <= value <= high:
            self.faults.append(
                f"The {name} {text} is negative."
                if value < low == 0
                else f"The {name} {text} is not between {low:,g} and {high:,.0f}."
            )
            return None
        return value

    def coordinates(self, required: bool) -> tuple[float | None, float | None]:
        lat = self.number("lat", low=-90, high=90, required=required)
        lng = self.number("lng", low=-180, high=180, required=required)
        if (lat is None) != (lng is None) and not self.faults:
            self.faults.append("Give both lat and lng, or none of them.")
        return lat, lng

    def date(self, name: str, required: bool = True, hour: int = 12) -> datetime.datetime | None:
        text = self.text(name, required)
        if not text:
            return None
        try:
            return parse_date(text, self.options.date_format, hour)
        except ValueError:
            self.faults.append(
                f"The {name} “{text}” is not a date like {DATE_FORMATS[self.options.date_format]}."
            )
            return None

    def hour(self, name: str) -> float | None:
        """A time of day such as 14:30, in hours."""
        text = self.text(name)
        if not text:
            return None
        found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(:00)?|(24):(00)", text)
        if not found:
            self.faults.append(f"The {name} “{text}” is not a time like 14:30.")
            return None
        return 24.0 if found[4] else int(found[1]) + int(found[2]) / 60

    def listed(self, name: str) -> tuple[str, ...]:
        """Texts that are separated by commas or semicolons."""
        parts = re.split(r"[;,]", self.text(name))
        return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def flag(self, name: str) -> bool | None:
        text = self.text(name).lower()
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if text:
            self.faults.append(f"The {name} “{text}” is neither yes nor no.")
        return None
