"""The addon's own engines as a policy: forecast, pooled levels, balancing.

What a model does for a company is done here for a world: the histories of products are forecast,
their stock in the whole network is set so that all together reach a fill rate with the least units,
it is placed at so many sites as cost least to serve from, and what lies where it is not needed
serves or moves before more is ordered. Where customers are served by their home alone, each
product at each site is a series of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.flows_forecast import Forecast, Forecaster
from benchmarks.flows_replay import REPLAN_DAYS, Array, MinMax, State, Transfer
from benchmarks.flows_world import (
    PER_PARCEL,
    PER_UNIT,
    PER_UNIT_MILE,
    SUPPLIER_DAYS,
    Wanted,
    World,
    supplier_variance,
)
from engine import levels
from engine.balancing import Goods, Lane, Network, Problem, Settings, Site, Stocks, balance
from engine.levels import Series

MOST_SITES = 12
"""So many sites at most hold a product that all can be served from."""


@dataclass(slots=True)
class Addon:
    """Forecast, levels and, if asked for, transfers.

    :param target: fill rate that all products together are to reach
    :param forecaster: shared by policies that look at the same world
    :param home_only: customers are served by their home alone
    :param balanced: transfers between sites are planned, too
    """

    target: float
    forecaster: Forecaster
    home_only: bool = False
    balanced: bool = False
    _seen: Forecast = field(init=False)
    _level: Array = field(init=False)

    @property
    def transfer_days(self) -> int | None:
        """Every how many days transfers are planned."""
        return REPLAN_DAYS if self.balanced else None

    def levels(
        self, world: World, past: Sequence[Wanted], day: int, state: State | None = None
    ) -> MinMax:
        """Set levels for what all products together need."""
        seen = self.forecaster.forecast(world, past, day)
        level = self._at_homes(world, seen) if self.home_only else self._pooled(world, seen)
        self._seen, self._level = seen, level
        if state is not None and not self.home_only:
            level = levels.around(level, state.position)
        return MinMax(level, level)

    def _pooled(self, world: World, seen: Forecast) -> Array:
        series = Series.of(seen.rate, seen.variance, SUPPLIER_DAYS, supplier_variance())
        total = levels.together(series, self.target)
        inward = np.where(
            world.parent < 0,
            0.0,
            PER_UNIT + PER_UNIT_MILE * world.miles[world.parent, np.arange(world.sites)],
        )
        wanted = seen.rate @ seen.shares
        serve = PER_UNIT_MILE * world.miles
        opened = levels.open_sites(wanted, serve, inward, MOST_SITES)
        # A unit that comes from elsewhere shares its parcel with the others of its order.
        size = max(float(seen.variance.sum() / max(seen.rate.sum(), 1e-9)), 1.0)
        farther = float(np.median(serve[opened.order][:, opened.order]))
        placed = levels.place(total, series, seen.shares, opened, PER_PARCEL / size, farther)
        return placed.units

    def _at_homes(self, world: World, seen: Forecast) -> Array:
        rate = seen.rate[:, None] * seen.shares
        spread = (seen.variance / np.maximum(seen.rate, 1e-12))[:, None]
        road = np.where(
            world.parent < 0, 0, world.road[world.parent, np.arange(world.sites)]
        ).astype(float)
        series = Series.of(
            rate.ravel(),
            (rate * spread).ravel(),
            np.broadcast_to(SUPPLIER_DAYS + road, rate.shape).ravel(),
            supplier_variance(),
        )
        return levels.together(series, self.target).reshape(rate.shape)

    def transfers(self, world: World, state: State, day: int) -> list[Transfer]:
        """Plan transfers of what lies beyond its level.

        A unit that lies nearer earns its margin only where nobody else may serve; else it spares
        the way and its share of a parcel.
        """
        seen, level = self._seen, self._level
        rate = seen.rate[:, None] * seen.shares
        price = world.margin
        if not self.home_only:
            kept = level > 0.0
            near = np.argmin(np.where(kept[:, :, None], world.miles[None], np.inf), axis=1)
            rate = np.zeros(level.shape)
            np.add.at(rate, (np.arange(len(near))[:, None], near), seen.rate[:, None] * seen.shares)
            rate *= kept
            price = np.full(world.products, PER_PARCEL / 4.0 + PER_UNIT_MILE * world.miles.mean())
        excess = (state.on_hand - level > 0.5).any(axis=1)
        wishes = excess[:, None] & ((state.on_hand > 0.5) | (level > state.position))
        product, site = np.nonzero(wishes)
        if not len(product):
            return []
        used, row = np.unique(product, return_inverse=True)
        problem = Problem(
            self._network(world),
            tuple(
                Goods(str(p), float(price[p]), cost=float(world.cost[p]), weight=0.0)
                for p in used.tolist()
            ),
            Stocks(
                row.astype(np.int64),
                site.astype(np.int64),
                state.on_hand[product, site],
                rate[product, site],
                np.maximum(state.position - state.on_hand, 0.0)[product, site],
                minimum=np.minimum(level, state.on_hand)[product, site],
                capacity=np.maximum(level, state.on_hand)[product, site],
            ),
            Settings(horizon_days=90.0, holding=0.0, interest=0.0, ageing=0.0),
        )
        return [
            Transfer(
                int(used[move.product]),
                problem.network.lanes[move.lane].origin,
                problem.network.lanes[move.lane].destination,
                move.quantity,
            )
            for move in balance(problem).moves
        ]

    def _network(self, world: World) -> Network:
        stores = world.parent >= 0
        return Network(
            tuple(
                Site(str(k), "store" if store else "warehouse") for k, store in enumerate(stores)
            ),
            tuple(
                Lane(
                    a,
                    b,
                    days=float(world.road[a, b]),
                    fixed=PER_PARCEL,
                    per_unit=PER_UNIT + PER_UNIT_MILE * float(world.miles[a, b]),
                )
                for a in range(world.sites)
                for b in range(world.sites)
                if a != b
            ),
        )
