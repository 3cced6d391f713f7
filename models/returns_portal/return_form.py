"""What customers fill in to send something back: plain data, nothing that leads to a record."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

#: Characters of a note.
MOST_NOTE = 2000
_KEY = re.compile(r"[0-9a-f-]{32,36}")


@dataclass(frozen=True)
class FormLine:
    """Goods of one order line.

    :param int id: of the order line
    :param quantity: what can come back, in the unit of the product; 0.0 where nothing can
    :param available: that with its unit, as people read it
    :param step: the smallest quantity of the unit
    :param price: what was paid for one unit, as text
    :param until: the last day on which it can be asked for, None without end
    :param reason: why nothing can come back, '' where something can
    :param image: a picture as an address of data, '' without
    """

    id: int
    name: str
    quantity: float
    available: str
    step: float
    price: str
    until: date | None
    reason: str
    image: str

    @property
    def most(self) -> str:
        return f"{self.quantity:.12g}"

    @property
    def increment(self) -> str:
        """What browsers take: whole pieces, or anything that the unit allows."""
        return "1" if self.step >= 1 else "any"


@dataclass(frozen=True)
class ReasonChoice:
    """A reason that customers may give."""

    id: int
    name: str
    needs_note: bool
    needs_photo: bool


@dataclass(frozen=True)
class SiteChoice:
    """A store to which goods can be brought."""

    id: int
    name: str
    address: str


@dataclass(frozen=True)
class ReturnForm:
    """All that there is to choose from.

    :param lines: what can come back
    :param kept: what cannot
    :param outcomes: keys and words of what the customer can get, likewise ``ways``
    :param terms: what the policy says in words
    """

    lines: tuple[FormLine, ...]
    kept: tuple[FormLine, ...]
    reasons: tuple[ReasonChoice, ...]
    outcomes: tuple[tuple[str, str], ...]
    ways: tuple[tuple[str, str], ...]
    sites: tuple[SiteChoice, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True)
class WishLine:
    """What is to come back of one order line.

    :param photos: files as they came
    """

    line_id: int
    quantity: float
    reason_id: int | None = None
    note: str = ""
    photos: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Wish:
    """What a customer wants.

    :param key: made with the form: what is sent twice is one return
    """

    lines: tuple[WishLine, ...]
    outcome: str = "refund"
    way: str | None = None
    site_id: int | None = None
    note: str = ""
    key: str | None = None


def read_wish(
    form: Mapping[str, str], get_files: Callable[[str], Iterable[bytes]], line_ids: Iterable[int]
) -> Wish:
    """Return what was filled in.

    :param form: texts by name of the field, as they came
    :param get_files: gives the files of a field
    :param line_ids: the order lines that the form has
    :return: lines of which nothing is wanted are left out; what is no number is not a number
    """
    lines = []
    for line_id in line_ids:
        quantity = read_quantity(form.get(f"quantity_{line_id}"))
        if quantity != 0.0:
            lines.append(
                WishLine(
                    line_id,
                    quantity,
                    read_id(form.get(f"reason_{line_id}")),
                    (form.get(f"note_{line_id}") or "").strip()[:MOST_NOTE],
                    tuple(get_files(f"photos_{line_id}")),
                )
            )
    key = form.get("key") or ""
    return Wish(
        tuple(lines),
        form.get("outcome") or "refund",
        form.get("way") or None,
        read_id(form.get("site")) if form.get("way") == "dropoff" else None,
        (form.get("note") or "").strip()[:MOST_NOTE],
        key if _KEY.fullmatch(key) else None,
    )


def read_quantity(text: str | None) -> float:
    """Return a quantity that somebody typed: 0.0 for nothing, not a number for what is none."""
    text = (text or "").strip().replace(",", ".")
    if not text:
        return 0.0
    try:
        return float(text)
    except ValueError:
        return math.nan


def read_id(text: str | None) -> int | None:
    """Return the id that a choice stands for, or None."""
    text = text or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
