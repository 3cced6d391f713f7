"""What work in Odoo takes: by the clock, by the processors, by statement and by function."""

from __future__ import annotations

import cProfile
import math
import pstats
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

from benchmarks.database import server_seconds

Statements = tuple[Counter[str], Counter[str]]
"""How many SQL statements there were and the seconds that they took, by verb and first table."""


class Spent(NamedTuple):
    """Seconds that some work took.

    :param wall: by the clock
    :param processor: of this process and of its PostgreSQL process; NaN where that cannot be read
    """

    wall: float = 0.0
    processor: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """Add up."""
        return Spent(self.wall + other.wall, self.processor + other.processor)


def clocks(env: Any) -> Spent:
    """Read the clocks."""
    server = server_seconds(env.cr.connection)
    return Spent(
        time.perf_counter(), time.process_time() + (math.nan if server is None else server)
    )


def spent(env: Any, work: Callable[[], Any]) -> Spent:
    """Run a piece of work in a transaction with a cold cache; return what it took."""
    env.invalidate_all()
    before = clocks(env)
    work()
    env.cr.commit()
    after = clocks(env)
    return Spent(after.wall - before.wall, after.processor - before.processor)


_TABLE = re.compile(r'(?:FROM|INTO|UPDATE)\s+"?(\w+)', re.IGNORECASE)


@contextmanager
def counted_statements() -> Iterator[Statements]:
    """Count the SQL statements of a block, and their seconds, by verb and first table."""
    from odoo.sql_db import Cursor
    from odoo.tools import SQL

    counts: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    execute = Cursor.execute

    def counting(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        text = (query.code if isinstance(query, SQL) else str(query)).strip()
        table = _TABLE.search(text)
        key = f"{text.split(None, 1)[0].upper()} {table[1] if table else ''}".strip()
        start = time.perf_counter()
        try:
            return execute(self, query, *args, **options)
        finally:
            counts[key] += 1
            spent[key] += time.perf_counter() - start

    with mock.patch.object(Cursor, "execute", counting):
        yield counts, spent


def statement_table(
    native: Statements, ours: Statements, orders: int, title: str = "orchestrated"
) -> list[str]:
    """Set native and other statements side by side, those that differ most in time first.

    :param orders: how many each is of
    :param title: what the others are
    """

    def row(label: str, *figures: float) -> str:
        count, ms, our_count, our_ms = (figure / orders for figure in figures)
        return f"{label:<40}{count:>8.1f}{ms * 1e3:>10.2f}{our_count:>14.1f}{our_ms * 1e3:>10.2f}"

    (counts, spent), (our_counts, our_spent) = native, ours
    keys = counts.keys() | our_counts.keys()
    return [
        f"{'statements per order':<40}{'native':>8}{'ms':>10}{title:>14}{'ms':>10}",
        row("all", *(each.total() for each in (*native, *ours))),
        *(
            row(key, counts[key], spent[key], our_counts[key], our_spent[key])
            for key in sorted(keys, key=lambda key: spent[key] - our_spent[key])
        ),
    ]


def function_table(
    profiler: cProfile.Profile, orders: int, files: str, title: str = "orchestrated"
) -> list[str]:
    """Sum up the time in functions, with all that they call, the longest first.

    What takes less than a tenth of a millisecond an order is left out.

    :param orders: how many were profiled
    :param files: pattern of the files whose functions are told
    :param title: what the orders are
    """
    lines = [f"\n{title + ' per order, with what it calls':<72}{'calls':>8}{'ms':>10}"]
    found = pstats.Stats(profiler).stats.items()
    for (path, _line, name), facts in sorted(found, key=lambda item: -item[1][3]):
        calls, seconds = (facts[n] / orders for n in (1, 3))
        if seconds >= 1e-4 and re.search(files, path):
            place = re.split(r"/(?:addons|oms)/", path)[-1]
            lines.append(f"{place + ':' + name:<72}{calls:>8.1f}{seconds * 1e3:>10.2f}")
    return lines
