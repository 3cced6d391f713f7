"""What the screen of a site is told."""

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

#: The sound that goes with each outcome, unless something else is said.
SOUNDS = {"ok": "ok", "warning": "warning", "refused": "error", "repeated": "ok"}


@dataclass(frozen=True)
class Answer:
    """What became of an operation.

    :param message: a sentence for who did it
    :param outcome: ``ok``, ``warning`` or ``refused``
    :param changes: what is needed to take it back, for the log
    :param seen: more values of the log: ``picking_id``, ``location_id``, ``quantity``
    """

    message: str
    outcome: str = "ok"
    changes: dict[str, Any] | None = None
    seen: dict[str, Any] = field(default_factory=dict)


def to_text(moment):
    """Write a moment as ISO 8601 in UTC; None where there is none.

    :param datetime moment: UTC without time zone, or False
    :rtype: str
    """
    return moment.replace(microsecond=0).isoformat() + "Z" if moment else None


def to_moment(text):
    """Read a moment of ISO 8601 as UTC without time zone; None where it is none.

    :rtype: datetime
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.replace(microsecond=0)
