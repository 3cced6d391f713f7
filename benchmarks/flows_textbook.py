"""Odoo's reordering rules as textbooks set them: minimum, maximum, site by site.

The minimum is the mean demand of the lead time and z times its standard deviation (with that of the
lead time itself), the maximum is the minimum and Harris's economic order quantity. The demand of
a site is that of its customers; a warehouse's is that of its stores, too. Mean and variance are
those of the days since the file begins, and levels are set anew as often as those of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from benchmarks.flows_replay import Array, MinMax, Orders, State, Transfer
from benchmarks.flows_world import (
    SUPPLIER_DAYS,
    SUPPLIER_LINE,
    WAREHOUSE_LINE,
    Wanted,
    World,
    supplier_variance,
)
from engine.levels import economic_lot


@dataclass(frozen=True, slots=True)
class Textbook:
    """Reordering rules.

    :param service: probability, from a half, that a cycle passes without a miss
    """

    service: float = 0.95
    transfer_days: int | None = None

    def levels(
        self, world: World, past: Sequence[Wanted], day: int, state: State | None = None
    ) -> MinMax:
        """Set minimum and maximum."""
        mean, variance = daily_demand(world, past, day)
        lead, lead_variance = lead_times(world)
        spread = np.sqrt(variance * lead + mean**2 * lead_variance)
        minimum = mean * lead + NormalDist().inv_cdf(self.service) * spread
        line = np.where(world.parent < 0, SUPPLIER_LINE, WAREHOUSE_LINE)
        lot = economic_lot(mean, line, world.holding[:, None])
        return MinMax(np.where(mean > 0.0, minimum, 0.0), np.where(mean > 0.0, minimum + lot, 0.0))

    def orders(self, world: World, state: State, day: int) -> Orders | None:
        """Leave it to the rules."""
        return None

    def transfers(self, world: World, state: State, day: int) -> list[Transfer]:
        """Plan none."""
        return []


def daily_demand(world: World, past: Sequence[Wanted], day: int) -> tuple[Array, Array]:
    """Mean and variance of the units that each site's customers, and its stores, want in a day."""
    daily: dict[tuple[int, int, int], float] = {}
    for order in past:
        sites = [order.home]
        if world.parent[order.home] >= 0:
            sites.append(int(world.parent[order.home]))
        for product, units in order.lines:
            for site in sites:
                key = product, site, order.day
                daily[key] = daily.get(key, 0.0) + units
    total, squares = np.zeros((2, world.products, world.sites))
    if daily:
        product, site, _ = np.array(list(daily)).T
        units = np.array(list(daily.values()))
        np.add.at(total, (product, site), units)
        np.add.at(squares, (product, site), units**2)
    mean = total / max(day, 1)
    return mean, np.maximum(squares / max(day, 1) - mean**2, 0.0)


def lead_times(world: World) -> tuple[Array, Array]:
    """Mean and variance of the days until what a site orders has come, if it is there."""
    stores = world.parent >= 0
    road = world.road[np.maximum(world.parent, 0), np.arange(world.sites)]
    return (
        np.where(stores, road, SUPPLIER_DAYS).astype(float),
        np.where(stores, 0.0, supplier_variance()),
    )
