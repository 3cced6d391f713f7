"""How long at least one of several places was, or will be, open.

Places are told as stretches (from, until) in POSIX seconds; one that never closes is a single
stretch that ends at infinity.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

Stretch = tuple[float, float]


def join(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return when at least one of some stretches is, ascending and apart.

    :param stretches: in any order; those that end before they begin are nothing
    """
    joined: list[list[float]] = []
    for begin, end in sorted(each for each in stretches if each[1] > each[0]):
        if joined and begin <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([begin, end])
    return [(begin, end) for begin, end in joined]


def elapsed(stretches: Iterable[Stretch], begin: float, end: float) -> float:
    """Return for how many seconds between two moments at least one stretch was.

    :param stretches: see :func:`join`
    :param begin: POSIX seconds
    :param end: POSIX seconds
    """
    return math.fsum(
        max(min(until, end) - max(since, begin), 0.0) for since, until in join(stretches)
    )


def run_out(stretches: Iterable[Stretch], begin: float, seconds: float) -> float:
    """Return when so many seconds have passed that are in at least one stretch.

    :param stretches: see :func:`join`
    :param begin: from when on they are counted, POSIX seconds
    :param seconds: how many, not below zero
    :return: POSIX seconds; infinity where the stretches do not suffice
    :raises ValueError: the seconds are negative
    """
    if seconds < 0:
        raise ValueError("time does not run backwards")
    left = seconds
    for since, until in join(stretches):
        since = max(since, begin)
        if until <= since:
            continue
        if until - since >= left:
            return since + left
        left -= until - since
    return math.inf
