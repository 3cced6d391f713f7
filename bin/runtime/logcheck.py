"""Finding warnings and errors in a server log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (?P<level>[A-Z]+) (?P<database>\S+) "
    r"(?P<logger>[\w.\-]+): (?P<message>.*)$"
)
_BAD = ("WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Known:
    """A warning of Odoo's own that says nothing about the addon.

    :param logger: regular expression of the whole name of the logger it comes from.
    :param message: regular expression that its message begins with.
    :param reason: why it is there.
    """

    logger: str
    message: str
    reason: str


KNOWN = (
    Known(
        r"odoo\.tools\.config",
        r"option addons_path, invalid addons directory",
        "an addons folder of the user's own Odoo without any addon",
    ),
    Known(
        r"odoo\.addons\.base\.models\.ir_cron",
        r"Skipping database",
        "the server of another command is working on the same database server",
    ),
    Known(
        r"odoo\.sql_db",
        r"Connection to the database failed|bad query: .*pg_sleep",
        "a test of Odoo ended while its server was answering",
    ),
    Known(r"odoo\.service\.server", r"Running as user 'root'", "the command was started by root"),
    Known(
        r"odoo\.service\.server",
        r"Python .* is not officially supported",
        "the user's own Odoo runs on a newer Python",
    ),
    Known(
        r"odoo\.addons\.oms\.tests\..*",
        r"Chrome headless failed to start",
        "a busy machine starts the browser late; the test tries again, and fails if it never comes",
    ),
)


@dataclass(frozen=True)
class Record:
    """A record of the log that should not be there.

    :param level: its level.
    :param logger: where it comes from.
    :param text: its message, with the traceback if there is one.
    """

    level: str
    logger: str
    text: str


def records(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Level, logger and text of each record; a text may have several lines.

    :param lines: lines of a server log; what precedes the first record is left out.
    """
    current: list[str] | None = None
    for line in lines:
        line = line.rstrip("\n")
        if match := _RECORD.match(line):
            if current:
                yield current[0], current[1], current[2]
            current = [match["level"], match["logger"], match["message"]]
        elif current:
            current[2] += "\n" + line
    if current:
        yield current[0], current[1], current[2]


def complaints(lines: Iterable[str]) -> list[Record]:
    """Warnings and errors of a log, without those that are known to be Odoo's own.

    :param lines: lines of a server log.
    """
    return [
        Record(level, logger, text)
        for level, logger, text in records(lines)
        if level in _BAD and not _is_known(logger, text)
    ]


def _is_known(logger: str, text: str) -> bool:
    return any(re.fullmatch(each.logger, logger) and re.match(each.message, text) for each in KNOWN)
