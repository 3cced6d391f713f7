"""A learner as plain values, to be stored and taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bend import Bend
from .clock import Week
from .curve import WIDTHS, Counts
from .lanes import LEVELS
from .learner import Learner
from .nodes import Nodes

VERSION = 2
Floats = NDArray[np.float64]


def to_dict(learner: Learner) -> dict[str, Any]:
    """Return what a learner knows as values that JSON can hold: about 40 bytes for each site,
    method, region and combination of them, and 4 kB for each method."""
    nodes = learner.nodes
    return {
        "version": VERSION,
        "typical": learner.typical,
        "base": learner.base,
        "closed": list(learner.closed),
        "until": learner.until,
        "keys": [[level, *values] for level, values in nodes.keys],
        "value": _plain(nodes.value),
        "variance": _plain(nodes.variance),
        "count": _plain(nodes.count),
        "load": learner.load.tolist(),
        "week": [_plain(learner.week.seen), _plain(learner.week.even)],
        "curves": _of_counts({"": learner.counts, **learner.shapes}),
        "lately": _of_counts(learner.bend.lately),
    }


def from_dict(stored: Mapping[str, Any]) -> Learner:
    """Take up a learner where `to_dict` left it.

    :raises ValueError: the values are none of this version, or damaged
    """
    if stored.get("version") != VERSION:
        raise ValueError(
            f"What was learned is of version {stored.get('version')!r}, not {VERSION}: learn anew."
        )
    try:
        learner = Learner(stored["typical"], stored["closed"])
        learner.until = stored["until"]
        learner.base = float(stored["base"])
        keys = [(int(level), tuple(values)) for level, *values in stored["keys"]]
        learner.nodes = Nodes(
            keys, *(_array(stored[name], len(keys)) for name in ("value", "variance", "count"))
        )
        if any(len(LEVELS[level]) != len(values) for level, values in keys):
            raise ValueError("A level has too many names, or too few.")
        learner.load = _array(stored["load"], 2)
        learner.week = Week(*(_array(each, 7) for each in stored["week"]))
        learner.bend = Bend(_to_counts(stored["lately"]))
        curves = _to_counts(stored["curves"])
        learner.counts = curves.pop("")
        learner.shapes = curves
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(f"What was learned is damaged ({error}): learn anew.") from error
    learner.refresh()
    return learner


def _of_counts(curves: Mapping[str, Counts]) -> dict[str, list[list[float]]]:
    return {
        method: [_plain(counts.arrived), _plain(counts.at_risk)]
        for method, counts in sorted(curves.items())
    }


def _to_counts(stored: Mapping[str, list[list[float]]]) -> dict[str, Counts]:
    return {
        method: Counts(*(_array(each, WIDTHS.size) for each in pair))
        for method, pair in stored.items()
    }


def _plain(values: Floats) -> list[float]:
    return [float(f"{value:.7g}") for value in values.tolist()]


def _array(values: list[float], size: int) -> Floats:
    array = np.array(values, dtype=float)
    if array.shape != (size,) or not np.isfinite(array).all():
        raise ValueError(f"{size} numbers are expected.")
    return array
