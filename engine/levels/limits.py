"""What a level must respect besides service: presentation, packs, shelves and the end of life."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..demand.law import quantile
from .points import Series

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Limits of series, one a row.

    :param presentation: units that are to stand on the shelf whatever is wanted, shape (S,)
    :param pack: units that come only together, more than 0, shape (S,)
    :param capacity: units that the shelf holds, infinite where there is no limit, shape (S,)
    :param life: days until it is not sold any more, infinite where there is no end, shape (S,)
    :param sold: probability with which the last unit must be sold before its end, shape (S,)
    """

    presentation: Array
    pack: Array
    capacity: Array
    life: Array
    sold: Array

    def __post_init__(self) -> None:
        for field in fields(self):
            values = np.asarray(getattr(self, field.name), dtype=float)
            if values.shape != np.shape(self.presentation) or values.ndim != 1:
                raise ValueError(f"The {field.name} needs one number for each series.")
            if np.isnan(values).any() or values.min(initial=0.0) < 0.0:
                raise ValueError(f"The {field.name} holds a negative number, or none.")
            object.__setattr__(self, field.name, values)
        if self.pack.size and not (self.pack.min() > 0.0 and np.isfinite(self.pack).all()):
            raise ValueError("A pack holds something.")
        if not np.isfinite(self.presentation).all():
            raise ValueError("A presentation minimum is finite.")
        if self.sold.size and self.sold.max() > 1.0:
            raise ValueError("A probability is not above 1.")

    @classmethod
    def of(
        cls,
        rows: int,
        presentation: ArrayLike = 0.0,
        pack: ArrayLike = 1.0,
        capacity: ArrayLike = np.inf,
        life: ArrayLike = np.inf,
        sold: ArrayLike = 0.5,
    ) -> Limits:
        """Make limits of what may be single numbers for all rows."""
        given = (presentation, pack, capacity, life, sold)
        return cls(*(np.broadcast_to(np.asarray(x, dtype=float), (rows,)).copy() for x in given))

    def take(self, rows: NDArray[np.generic]) -> Limits:
        """Those of some rows."""
        return Limits(*(getattr(self, field.name)[rows] for field in fields(self)))

    def times(self, factor: ArrayLike) -> Limits:
        """The same in a unit of which there are so many in the one it was in, shape (S,)."""
        names = ("presentation", "pack", "capacity")
        return replace(self, **{name: getattr(self, name) * factor for name in names})


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Levels of series, one a row, and what made them.

    :param minimum: below this position it is ordered, units, shape (S,)
    :param maximum: up to this position it is ordered, units, shape (S,)
    :param safety: of the minimum what is above the mean demand until the next arrival, shape (S,)
    :param for_demand: units that the mean demand of lead time and review takes, shape (S,)
    :param for_service: units that service asks for beyond it, shape (S,); below zero where a
        target is reached with less than the mean demand
    :param for_presentation: units added so that the shelf does not look empty, shape (S,)
    :param for_lot: units that the order quantity and whole packs add on top, shape (S,)
    :param off_capacity: units taken off since the shelf holds no more, shape (S,)
    :param off_life: units taken off since they would not be sold before the end, shape (S,)
    """

    minimum: Array
    maximum: Array
    safety: Array
    for_demand: Array
    for_service: Array
    for_presentation: Array
    for_lot: Array
    off_capacity: Array
    off_life: Array

    def times(self, factor: ArrayLike) -> Levels:
        """The same in a unit of which there are so many in the one it was in, shape (S,)."""
        return Levels(*(getattr(self, field.name) * factor for field in fields(self)))


def limited(series: Series, minimum: ArrayLike, limits: Limits) -> Levels:
    """Make levels of order points within limits.

    The parts add up: the maximum is ``for_demand + for_service + for_presentation + for_lot
    - off_life - off_capacity``.

    :param minimum: order points for service, units, shape (S,)
    """
    service = np.broadcast_to(np.asarray(minimum, dtype=float), series.rate.shape)
    expected = series.over(series.review)[0]
    wished = np.maximum(service, limits.presentation)
    # An order is placed at one unit below the minimum, and brings whole packs.
    packs = np.ceil(series.lot / limits.pack - 1e-9) * limits.pack
    top = np.where(wished > 0.0, wished - 1.0 + packs, 0.0)
    most_sold = _sellable(series, limits)
    alive = np.minimum(top, most_sold)
    # A shelf that holds less than the last pack would bring is filled when a whole one has room.
    maximum = np.minimum(alive, np.floor(limits.capacity))
    low = np.minimum(wished, maximum)
    crowded = (maximum < top) & (limits.pack > 1.0)
    low = np.where(crowded, np.maximum(np.minimum(low, maximum - limits.pack + 1.0), 0.0), low)
    return Levels(
        minimum=low,
        maximum=maximum,
        safety=np.maximum(np.minimum(service, maximum) - expected, 0.0),
        for_demand=expected,
        for_service=service - expected,
        for_presentation=wished - service,
        for_lot=top - wished,
        off_capacity=alive - maximum,
        off_life=top - alive,
    )


def _sellable(series: Series, limits: Limits) -> Array:
    """The most units of which the last is still sold before the end as surely as asked."""
    ends = np.isfinite(limits.life)
    days = np.where(ends, limits.life, 0.0)
    # The n-th unit is sold if P(D >= n) >= sold, that is P(D <= n - 1) <= 1 - sold.
    share = np.clip(1.0 - limits.sold, 0.0, 1.0 - 2e-9)
    # The least x with P(D <= x) above the share is the last n: quantile gives at or above.
    most = quantile(share + 1e-9, series.rate * days, series.variance * days, series.decimal)
    return np.where(ends, np.floor(most + 1e-9), np.inf)
