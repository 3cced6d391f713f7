"""Checks that everything a problem is made of must pass."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Key = int | str
Array = NDArray[np.float64]


def check_unique(what: str, keys: Sequence[Hashable]) -> None:
    """Refuse keys that appear twice.

    :raises ValueError: naming the first that does
    """
    if len(set(keys)) == len(keys):
        return
    seen: set[Hashable] = set()
    for key in keys:
        if key in seen:
            raise ValueError(f"The {what} {key!r} appears twice.")
        seen.add(key)


def amounts(
    what: str,
    values: Any,
    shape: tuple[int, ...],
    *,
    positive: bool = False,
    signed: bool = False,
    endless: bool = False,
) -> Array:
    """Copy numbers into a read-only array.

    :param what: the name of the numbers, for people
    :param shape: what their shape must be
    :param positive: refuse zeros
    :param signed: allow negative numbers
    :param endless: allow infinity
    :raises ValueError: the numbers are none, of another shape, not finite or negative
    """
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"The {what} must be an array of numbers.") from None
    if array.shape != shape:
        raise ValueError(f"The {what} has the shape {array.shape}, expected {shape}.")
    if signed:
        if not np.isfinite(array).all():
            raise ValueError(f"The {what} holds a not finite number.")
    elif array.size and not (array.min() >= 0.0 and (endless or array.max() < np.inf)):
        raise ValueError(f"The {what} holds a negative or not finite number.")
    if positive and array.size and not array.min() > 0.0:
        raise ValueError(f"The {what} holds a zero.")
    array.flags.writeable = False
    return array
