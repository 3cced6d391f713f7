"""Kinds of demand, after Syntetos, Boylan and Croston (2005)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SMOOTH, ERRATIC, INTERMITTENT, LUMPY, NONE = range(5)
CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "none")

INTERVAL_CUT = 1.32
"""Weeks from one demand to the next, from which on it is intermittent."""
SIZE_CUT = 0.49
"""Squared coefficient of variation of sizes, from which on they are erratic."""


def classes(
    weeks: NDArray[np.floating],
    times: NDArray[np.floating],
    total: NDArray[np.floating],
    squares: NDArray[np.floating],
) -> NDArray[np.int8]:
    """Tell the kind of each series.

    :param weeks: weeks in which it could be wanted
    :param times: weeks in which it was
    :param total: sum of what was wanted in them
    :param squares: sum of the squares
    """
    some = times > 0
    count = np.where(some, times, 1.0)
    interval = np.maximum(weeks, times) / count
    size = np.where(some, total / count, 1.0)
    # The variance of the sample, where there is one.
    spread = np.maximum(squares - count * size * size, 0.0) / np.maximum(count - 1.0, 1.0)
    rare, uneven = interval > INTERVAL_CUT, spread / (size * size) > SIZE_CUT
    kinds = np.where(rare, np.where(uneven, LUMPY, INTERMITTENT), np.where(uneven, ERRATIC, SMOOTH))
    return np.where(some, kinds, NONE).astype(np.int8)
