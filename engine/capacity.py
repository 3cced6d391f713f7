"""On which day a site has room for one more order.

A site works on an order on one of its open days. A day has room while neither its orders nor its
units reach the most the site can do. An order of more units than a whole day can take best has a
day on which the site has nothing yet, and gets no more than that day's units from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False)
class Room:
    """What a site has taken on for some days, and what it can.

    :param days: its next open days, ascending, the first is the one for orders of now
    :param reach: how many of them, from the first on, it may be asked for
    :param orders: taken on each day, shape (D,)
    :param units: taken on each day, shape (D,)
    :param most_orders: a day, infinity when not limited
    :param most_units: a day, infinity when not limited
    :param open_left: how many more open orders it can have, infinity when not limited
    """

    days: tuple[date, ...]
    reach: int
    orders: NDArray[np.float64]
    units: NDArray[np.float64]
    most_orders: float = np.inf
    most_units: float = np.inf
    open_left: float = np.inf

    def find(self, units: float, *, orders: float = 1.0, opens: float = 1.0) -> int | None:
        """Return the index of the first day with room for an order.

        That is a day that takes the order as a whole, or else one that takes a part of it.

        :param units: of the order
        :param orders: how many orders more it makes on its day; 0 when it is worked on anyway
        :param opens: how many open orders more it makes
        :return: None when there is no room on any of the days
        """
        if self.open_left < opens:
            return None
        return self._first(units, orders, self.reach)

    def find_late(self, units: float) -> int | None:
        """Return the index of the first day with room, however late it is.

        For what was promised already; how many orders are open does not matter then.

        :param units: of the order
        """
        return self._first(units, 1.0, len(self.days))

    def _first(self, units: float, orders: float, reach: int) -> int | None:
        free = self.orders[:reach] + orders <= self.most_orders
        left = self.most_units - self.units[:reach]
        for least in (min(units, self.most_units) - 1e-6, 1e-6):
            places = np.flatnonzero(free & (left >= least))
            if len(places):
                return int(places[0])
        return None

    def left(self, place: int) -> float:
        """Return how many units a day still takes."""
        return float(max(self.most_units - self.units[place], 0.0))

    def total(self) -> tuple[float, float]:
        """Return for how many more orders and units there is room on all days together.

        Days on which one of them has come to its end take none of the other; an order that fits
        on no single day may still not fit.
        """
        orders = np.maximum(self.most_orders - self.orders[: self.reach], 0.0)
        units = np.maximum(self.most_units - self.units[: self.reach], 0.0)
        counted = np.floor(orders[units > 1e-6]).sum()
        return float(min(counted, self.open_left)), float(units.sum())

    def take(self, place: int, units: float, *, orders: float = 1.0, opens: float = 1.0) -> None:
        """Let the orders after this one find less room."""
        self.units[place] += units
        self.orders[place] += orders
        self.open_left -= opens
