"""Reading what carriers answer: what is not as it must be is unknown, never empty."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from .contract import (
    Label,
    LabelFormat,
    Ok,
    Outcome,
    PickupPoint,
    Rejected,
    Track,
    Unknown,
)
from .transport import Reply

T = TypeVar("T")

#: How labels begin, which tells a label from an error page.
_BEGINS = {LabelFormat.PDF: b"%PDF-", LabelFormat.ZPL: b"^XA"}
#: Failures one after the other from which on it is the carrier, and not a parcel.
_MOST_FAILURES = 3
_ENDS = {LabelFormat.PDF: b"%%EOF", LabelFormat.ZPL: b"^XZ"}


class Unreadable(ValueError):
    """An answer that is not as the carrier's contract says. The text is for a person."""


def read(
    reply: Reply | Rejected | Unknown,
    reader: Callable[[Any], T],
    refuse: Callable[[Any], Rejected | None] = lambda data: None,
) -> Ok[T] | Rejected | Unknown:
    """Turn a JSON answer into an outcome.

    :param reader: makes the value of a good answer, or raises :class:`Unreadable`
    :param refuse: makes a refusal of an answer with a status of 400 and above, None if it cannot
    """
    if not isinstance(reply, Reply):
        return reply
    try:
        data = reply.read_json()
    except (ValueError, RecursionError):
        data = None
    if reply.status >= 400:
        refused = None
        if data is not None:
            try:
                refused = refuse(data)
            except (Unreadable, KeyError, TypeError, AttributeError, IndexError, ValueError):
                refused = None
        return refused or Rejected(str(reply.status), reply.excerpt or "The carrier said no.")
    if data is None:
        return Unknown(f"The carrier's answer is no JSON: {reply.excerpt}")
    return read_value(data, reader)


def read_value(data: Any, reader: Callable[[Any], T]) -> Ok[T] | Unknown:
    """Read data that came with a good status."""
    try:
        return Ok(reader(data))
    except Unreadable as error:
        return Unknown(str(error))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        return Unknown(f"The carrier's answer lacks what it must have ({type(error).__name__}).")


def found_or_gone(
    outcome: Ok[T | None] | Rejected | Unknown,
) -> Ok[T] | Rejected | Unknown:
    """Refuse what was looked for and is not there, although it was bought."""
    if isinstance(outcome, Ok):
        if outcome.value is None:
            return Rejected("gone", "The carrier does not know the shipment any more.")
        return Ok(outcome.value, outcome.warnings)
    return outcome


def track_each(
    numbers: Iterable[str], ask: Callable[[str], Outcome[Track | None]]
) -> Outcome[tuple[Track, ...]]:
    """Ask for parcels one by one. What is wrong with one need not be wrong with the next.

    :param ask: returns what is known of a parcel by its number, None for nothing
    :return: what is known; the first failure where that is nothing
    """
    tracks: list[Track] = []
    first: Rejected | Unknown | None = None
    in_a_row = 0
    for number in numbers:
        outcome = ask(number)
        if isinstance(outcome, Ok):
            in_a_row = 0
            if outcome.value is not None:
                tracks.append(outcome.value)
            continue
        first, in_a_row = first or outcome, in_a_row + 1
        if in_a_row == _MOST_FAILURES:
            break
    return first if first and not tracks else Ok(tuple(tracks))


def need(data: Mapping[str, Any], key: str, kind: type | tuple[type, ...] = str) -> Any:
    """Return a part of an answer that must be there and not be empty.

    :raises Unreadable: it is not
    """
    value = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(value, kind) or isinstance(value, bool) or value in ("", [], {}):
        raise Unreadable(f"The carrier's answer has no “{key}”.")
    return value


def need_list(data: Any, key: str) -> list[Any]:
    """Return a list in an answer, which may be empty.

    :raises Unreadable: there is none
    """
    found = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(found, list):
        raise Unreadable(f"The carrier's answer has no “{key}”.")
    return found


def need_all(found: list[Any], wanted: tuple[Any, ...], name: str) -> list[Any]:
    """Return what the carrier knows of a shipment, where that is every parcel.

    :param name: of the carrier
    :raises Unreadable: there are more or less
    """
    if len(found) != len(wanted):
        raise Unreadable(f"{name} knows {len(found)} parcels of {len(wanted)}.")
    return found


def sort_points(points: Iterable[PickupPoint]) -> tuple[PickupPoint, ...]:
    """Return pick-up points, the nearest first, those at an unknown distance last."""
    return tuple(sorted(points, key=lambda point: (point.distance is None, point.distance or 0.0)))


def read_label(content: bytes, wanted: LabelFormat) -> Label:
    """Return a label that begins and ends as one.

    :raises Unreadable: it does not
    """
    begins = content.lstrip()[:16].startswith(_BEGINS[wanted])
    if not begins or _ENDS[wanted] not in content[-1024:]:
        raise Unreadable("The label is broken.")
    return Label(content, wanted)


def read_encoded_label(text: Any, wanted: LabelFormat) -> Label:
    """Return a label that came as base64.

    :raises Unreadable: it is none
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Unreadable("The label cannot be decoded.") from None
    return read_label(content, wanted)


def read_moment(text: Any) -> datetime:
    """Return a moment in UTC; one without a zone is taken as UTC.

    :raises Unreadable: it is none
    """
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Unreadable("The carrier's answer has a moment that is none.") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
