"""Room in trucks: kilograms, units and cubic meters that a shipment can carry."""

from __future__ import annotations

import numpy as np

from .flows import EPSILON, Flows
from .problem import Array, Booleans, Integers
from .sums import Ledger
from .ways import Ways

Prices = list[Array]


class Rooms:
    """Limits of lanes that matter.

    :param ways: on which goods can go
    :param uses: for each kind of limit what a unit on each arc takes
    :param limits: for each kind what each lane has
    """

    def __init__(self, ways: Ways, uses: list[Array], limits: list[Array]) -> None:
        self._ways, self._n_lanes = ways, len(limits[0]) if limits else 0
        self._order = np.argsort(ways.lane, kind="stable")
        self._first = np.searchsorted(ways.lane[self._order], np.arange(self._n_lanes + 1))
        self._uses: list[Array] = []
        self._limits: list[Array] = []
        for use, limit in zip(uses, limits, strict=True):
            reach = np.bincount(ways.lane, ways.most * use, self._n_lanes)
            matters = reach > limit + EPSILON
            if matters.any():
                self._uses.append(use)
                self._limits.append(np.where(matters, limit, np.inf))

    def over(self, amounts: Array) -> Booleans:
        """Return which lanes are too full."""
        full = np.zeros(self._n_lanes, dtype=bool)
        for use, limit in zip(self._uses, self._limits, strict=True):
            full |= np.bincount(self._ways.lane, amounts * use, self._n_lanes) > limit + 1e-6
        return full

    def full(self, amounts: Array) -> Booleans:
        """Return on which arcs another unit would not fit."""
        found = np.zeros(len(amounts), dtype=bool)
        for use, limit in zip(self._uses, self._limits, strict=True):
            left = limit - np.bincount(self._ways.lane, amounts * use, self._n_lanes)
            found |= left[self._ways.lane] < use - EPSILON
        return found

    # --- prices ---

    def no_prices(self) -> Prices:
        """Return prices to begin with."""
        return [np.zeros(self._n_lanes) for _limit in self._limits]

    def charged(self, prices: Prices) -> Array:
        """Return what room costs per unit on each arc."""
        total = np.zeros(len(self._ways.lane))
        for use, price in zip(self._uses, prices, strict=True):
            total += use * price[self._ways.lane]
        return total

    def rent(self, prices: Prices) -> float:
        """Return what all room is worth at these prices."""
        return sum(
            float(price[price > 0.0] @ limit[price > 0.0])
            for price, limit in zip(prices, self._limits, strict=True)
        )

    def moved(self, prices: Prices, amounts: Array, bound: float, value: float) -> Prices:
        """Move prices to where too much or too little goes.

        :param bound: found with these prices
        :param value: of the best plan so far
        """
        if not prices:
            return prices
        slopes = []
        for use, limit, price in zip(self._uses, self._limits, prices, strict=True):
            used = np.bincount(self._ways.lane, amounts * use, self._n_lanes)
            bounded = np.where(np.isfinite(limit), limit, used)
            slope = used - bounded
            slopes.append(np.where((price <= 0.0) & (slope < 0.0), 0.0, slope))
        norm = sum(float(slope @ slope) for slope in slopes)
        if norm <= EPSILON:
            return prices
        step = max(bound - value, 0.01 * abs(bound)) / norm
        return [
            np.maximum(price + step * slope, 0.0)
            for price, slope in zip(prices, slopes, strict=True)
        ]

    def by_lane(self, prices: Prices) -> Array:
        """Return for each lane the price of the room that is scarcest."""
        return np.max([np.zeros(self._n_lanes), *prices], axis=0)

    # --- plans that fit ---

    def fitted(
        self, amounts: Array, costs: Array, flows: Flows, ledger: Ledger, passes: int = 4
    ) -> Array:
        """Leave out what does not fit, that first which gains least for its room.

        What is left out may go elsewhere: its products are planned anew, with lanes that are full
        limited to what fits.

        :param costs: per unit on each arc; infinite where it is closed
        """
        ways = self._ways
        rooms = np.full(len(amounts), np.inf)
        for _pass in range(passes):
            full = self.over(amounts)
            if not full.any():
                return amounts
            cut = self._cut(amounts, full, ledger)
            products = np.unique(ways.arcs.product[cut < amounts - EPSILON])
            rooms = np.where(full[ways.lane], np.minimum(rooms, cut), rooms)
            some, _gains = flows.solve(costs, rooms, products)
            own = flows.arcs_of(products)
            amounts = cut.copy()
            amounts[own] = some[own]
        full = self.over(amounts)
        return self._cut(amounts, full, ledger) if full.any() else amounts

    def _cut(self, amounts: Array, full: Booleans, ledger: Ledger) -> Array:
        """Cut what is on lanes that are too full."""
        cut = amounts.copy()
        losses = ledger.losses(amounts)
        for lane in np.flatnonzero(full).tolist():
            arcs = self._order[self._first[lane] : self._first[lane + 1]]
            arcs = arcs[amounts[arcs] > EPSILON]
            cut[arcs] = self._kept(lane, arcs, amounts, losses)
        return cut

    def _kept(self, lane: int, arcs: Integers, amounts: Array, losses: Array) -> Array:
        """Return what stays on a lane: whole packs, those that gain most for their room first."""
        pack = self._ways.pack[arcs]
        need = np.zeros(len(arcs))
        for use, limit in zip(self._uses, self._limits, strict=True):
            need = np.maximum(need, use[arcs] / max(limit[lane], EPSILON))
        density = losses[arcs] / np.maximum(amounts[arcs] * need, 1e-300)
        order = np.argsort(-density, kind="stable")
        left = [float(limit[lane]) for limit in self._limits]
        kept = np.zeros(len(arcs))
        for place in order.tolist():
            fits = float(amounts[arcs[place]])
            for use, rest in zip(self._uses, left, strict=True):
                if use[arcs[place]] > 0.0:
                    packs = np.floor(rest / use[arcs[place]] / pack[place] + 1e-9)
                    fits = min(fits, float(packs) * float(pack[place]))
            kept[place] = max(fits, 0.0)
            for number, use in enumerate(self._uses):
                left[number] -= kept[place] * float(use[arcs[place]])
        return kept
