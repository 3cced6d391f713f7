"""Compact, exact JSON forms of the arrays of a problem."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def numbers(values: Array) -> list[float | int]:
    """Plain numbers of an array; whole ones as integers, which are shorter."""
    return [int(value) if value.is_integer() else value for value in values.tolist()]


def encode_matrix(matrix: Array, kept: NDArray[np.bool_]) -> dict[str, Any]:
    """Keep only some columns, and equal rows once.

    :param matrix: shape (L, S)
    :param kept: shape (S,): the columns to keep
    """
    rows = matrix[:, kept]
    if (rows == rows[:1]).all():
        rows = rows[:1]
    return {
        "columns": np.flatnonzero(kept).tolist(),
        "rows": [numbers(row) for row in rows],
    }


def decode_matrix(data: dict[str, Any], shape: tuple[int, int]) -> Array:
    """Undo :func:`encode_matrix`; dropped columns come back as zero."""
    matrix = np.zeros(shape)
    matrix[:, data["columns"]] = np.array(data["rows"], dtype=float)
    return matrix
