"""Classes of products: ABC by what they bring, XYZ by how steadily they are wanted."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

ABC, XYZ = "ABC", "XYZ"
ABC_SHARES = (0.8, 0.95)
"""Products that together bring the first 80 % are A, those up to 95 % B, the rest C."""

XYZ_VARIATIONS = (0.5, 1.0)
"""Coefficients of variation of a period's demand up to which a product is X, and Y."""


def abc(values: ArrayLike, shares: tuple[float, float] = ABC_SHARES) -> NDArray[np.int64]:
    """Class products by their share of the whole.

    A product whose share begins below a limit is inside it: the first one is always A.

    :param values: margin, or units, of each product in some time, shape (P,); losses count as 0
    :param shares: the limits of A and of B
    :return: 0, 1 or 2 for A, B or C, shape (P,); what brings nothing is C
    :raises ValueError: a value is not finite, or the limits do not rise within 0…1
    """
    worth = np.asarray(values, dtype=float)
    if not np.isfinite(worth).all():
        raise ValueError("Values by which products are classed are finite.")
    if not 0.0 < shares[0] <= shares[1] <= 1.0:
        raise ValueError("The limits of A and B rise and lie within 0 and 1.")
    worth = np.maximum(worth, 0.0)
    total = worth.sum()
    if not total > 0.0:
        return np.full(worth.shape, 2, dtype=np.int64)
    order = np.argsort(-worth, kind="stable")
    before = np.empty(worth.shape)
    before[order] = np.concatenate(([0.0], worth[order].cumsum()[:-1])) / total
    classes = (before >= shares[0] - 1e-12).astype(np.int64) + (before >= shares[1] - 1e-12)
    return np.where(worth > 0.0, classes, 2)


def better_of(*classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The better class of several: a product that counts by margin or by volume counts."""
    return np.minimum.reduce(classes)


def xyz(
    rate: ArrayLike,
    variance: ArrayLike,
    period: float = 30.0,
    variations: tuple[float, float] = XYZ_VARIATIONS,
) -> NDArray[np.int64]:
    """Class products by how much the demand of a period varies about its mean.

    :param rate: units wanted per day, shape (P,)
    :param variance: of the units of a day, shape (P,)
    :param period: days
    :param variations: the limits of X and of Y, coefficients of variation
    :return: 0, 1 or 2 for X, Y or Z, shape (P,); what is never wanted is Z
    """
    if not period > 0.0 or not 0.0 <= variations[0] <= variations[1]:
        raise ValueError("A period is longer than nothing, and the limits of X and Y rise.")
    rate, variance = np.broadcast_arrays(
        np.asarray(rate, dtype=float), np.asarray(variance, dtype=float)
    )
    wanted = rate > 0.0
    spread = np.sqrt(np.maximum(variance, 0.0) / period) / np.where(wanted, rate, 1.0)
    classes = (spread > variations[0]).astype(np.int64) + (spread > variations[1])
    return np.where(wanted, classes, 2)
