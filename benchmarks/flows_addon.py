"""The addon as a policy: what a run of a flow plan decides, by the same engines.

Forecasts (`engine/demand`), levels by service classes (`engine/levels`), transfers
(`engine/balancing`) and what is pulled and bought (`engine/replenishment`) get what
`models/flow` gives them: demand by home, what lies and comes, safety stock, lanes, suppliers. The
plan runs every night; levels are set anew, transfers proposed every so many days, and all
proposals are accepted. Where all may serve it is a plan whose levels are for the network, else
one whose levels are for each site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.flows_forecast import Forecast, Forecaster
from benchmarks.flows_replay import Array, MinMax, Orders, State, Transfer
from benchmarks.flows_world import (
    HOLDING_A_YEAR,
    PER_PARCEL,
    PER_UNIT_MILE,
    SUPPLIER_DAYS,
    SUPPLIER_LINE,
    SUPPLIER_SPREAD,
    WAREHOUSE_LINE,
    Wanted,
    World,
)
from engine import balancing, levels, replenishment

SERVICE = {"AX": 98, "AY": 97, "AZ": 95, "BX": 96, "BY": 95, "BZ": 92, "CX": 94, "CY": 90, "CZ": 85}
"""Percent by class where nobody has said otherwise: `models/flow/oms_service_class.py`."""

LEAD_SPREAD, LOT_DAYS, MOST_SITES = 0.2, 7.0, 12
"""As in `models/flow/oms_flow_run_level.py`."""

HORIZON_DAYS, INTEREST = 28.0, 0.08 / 365.0
"""Days looked ahead, of a new plan, and interest of a day."""

TRANSFER_DAYS = 14
"""Every how many days transfers are proposed."""


@dataclass(slots=True)
class Addon:
    """Forecast, levels, replenishment and, if asked for, transfers.

    :param leniency: so many times the misses that service classes allow are allowed, and each
        counts so much less
    :param forecaster: shared by policies that look at the same world
    :param home_only: customers are served by their home alone
    :param balanced: transfers between sites are planned, too
    """

    leniency: float
    forecaster: Forecaster
    home_only: bool = False
    balanced: bool = False
    _seen: Forecast = field(init=False)
    _levels: MinMax = field(init=False)
    _safety: Array = field(init=False)
    _collected: float = field(init=False)

    @property
    def transfer_days(self) -> int | None:
        """Every how many days transfers are planned."""
        return TRANSFER_DAYS if self.balanced else None

    # --- levels ---

    def levels(
        self, world: World, past: Sequence[Wanted], day: int, state: State | None = None
    ) -> MinMax:
        """Set levels as a run does."""
        seen = self.forecaster.forecast(world, past, day)
        rate, variance = seen.by_site()
        series = _series(world, rate, variance)
        whole = rate.sum(axis=1)
        abc = levels.better_of(levels.abc(world.margin * whole), levels.abc(whole))
        xyz = levels.xyz(whole, variance.sum(axis=1))
        table = np.array([[SERVICE[a + x] for x in levels.XYZ] for a in levels.ABC]) / 100.0
        service = np.clip(1.0 - self.leniency * (1.0 - table[abc, xyz]), 0.0, 0.9999)
        of_stores = [order.at_home for order in past if world.parent[order.home] >= 0]
        self._collected = sum(of_stores) / max(len(of_stores), 1)
        # What is collected, no other site can serve.
        alone = np.where(world.parent >= 0, self._collected, 0.0)
        if self.home_only:
            alone = np.ones(world.sites)
        own = replace(_series(world, rate * alone, variance * alone), lot=series.lot)
        points = np.zeros(len(series))
        rows = np.flatnonzero(own.rate > 0.0)
        each = np.repeat(service, world.sites)[rows]
        points[rows] = levels.order_points(own.take(rows), each)
        # No unit is kept for a site's own customers that costs more than it spares.
        worth = levels.worth_holding(
            own.take(rows),
            np.repeat(world.margin / self.leniency, world.sites)[rows],
            np.repeat(world.holding, world.sites)[rows],
        )
        points[rows] = np.minimum(points[rows], worth)
        points = points.reshape(rate.shape)
        sent = rate * (1.0 - alone)
        some = np.flatnonzero(sent.sum(axis=1) > 0.0)
        if some.size:
            varies = variance[some] * (1.0 - alone)
            points[some] += _pooled(world, sent[some], varies, series, service[some])
        found = levels.limited(series, points.ravel(), levels.Limits.of(len(series)))
        self._seen = seen
        self._safety = np.ceil(found.safety - 1e-9).reshape(rate.shape)
        self._safety[:, world.parent < 0] = 0.0
        self._levels = MinMax(found.minimum.reshape(rate.shape), found.maximum.reshape(rate.shape))
        return self._levels

    # --- pulls and purchases ---

    def orders(self, world: World, state: State, day: int) -> Orders:
        """Pull and buy as a run does, of the products of which something is due."""
        low, high = self._levels.minimum, self._levels.maximum
        due = np.flatnonzero(((state.position <= low) & (state.position < high)).any(axis=1))
        if not due.size:
            return Orders((), ())
        kept = (high[due] > 0.0) | (world.parent < 0)
        product, site = np.nonzero(kept)
        stocks = self._stocks(world, state, due, product, site)
        managed = high[due[product], site] > 0.0
        point = np.where(managed, low[due[product], site], np.nan)
        up_to = np.where(managed, high[due[product], site], np.nan)
        lanes = tuple(
            lane
            for lane in world.lanes
            if world.parent[lane.origin] < 0 <= world.parent[lane.destination]
            and kept[:, lane.destination].any()
        )
        problem = replenishment.Problem(
            balancing.Network(_sites(world), lanes),
            self._goods(world, due),
            stocks,
            point,
            up_to,
            tuple(replenishment.Supplier(str(p), SUPPLIER_LINE) for p in due.tolist()),
            tuple(
                replenishment.Offer(
                    number,
                    number,
                    (replenishment.Break(0.0, float(world.cost[p])),),
                    site=buyer,
                    lead_days=float(SUPPLIER_DAYS),
                    lead_deviation=SUPPLIER_SPREAD / 2.0,
                )
                for number, p in enumerate(due.tolist())
                for buyer in np.flatnonzero(world.parent < 0).tolist()
            ),
            replenishment.Settings(
                horizon_days=HORIZON_DAYS,
                holding=HOLDING_A_YEAR / 365.0,
                interest=INTEREST,
                default_lead_days=float(SUPPLIER_DAYS),
            ),
        )
        plan = replenishment.replenish(problem)
        return Orders(
            tuple(
                (int(due[line.product]), line.site, line.quantity)
                for order in plan.orders
                for line in order.lines
                if order.outcome != "waits" and line.quantity > 0.0
            ),
            tuple(
                Transfer(int(due[pull.product]), pull.origin, pull.destination, pull.quantity)
                for pull in plan.pulls
            ),
        )

    # --- transfers ---

    def transfers(self, world: World, state: State, day: int) -> list[Transfer]:
        """Plan transfers as a run does, of all products that could move."""
        every = np.arange(world.products)
        rate = self._seen.by_site()[0]
        used = every[((state.on_hand > 0.5).any(axis=1)) & (rate.sum(axis=1) > 0.0)]
        product, site = np.nonzero((state.position[used] > 0.5) | (rate[used] > 0.0))
        problem = balancing.Problem(
            balancing.Network(_sites(world), world.lanes),
            self._goods(world, used),
            self._stocks(world, state, used, product, site),
            balancing.Settings(horizon_days=HORIZON_DAYS, interest=INTEREST),
        )
        return [
            Transfer(int(used[move.product]), move.origin, move.destination, move.quantity)
            for move in balancing.balance(problem).moves
            if move.gain > 0.0
        ]

    # --- into the engines' words ---

    def _stocks(
        self, world: World, state: State, used: Array, product: Array, site: Array
    ) -> balancing.Stocks:
        rate, variance = self._seen.by_site()
        at = used[product], site
        return balancing.Stocks(
            product=product,
            site=site,
            stock=state.on_hand[at],
            rate=rate[at],
            incoming=np.maximum(state.position - state.on_hand, 0.0)[at],
            variance=variance[at],
            minimum=self._safety[at],
            local=np.where(world.parent[site] >= 0, self._collected, 0.0),
            order_point=self._levels.minimum[used[product], site],
            lead_days=1.0 + _lead_days(world)[site],
        )

    def _goods(self, world: World, used: Array) -> tuple[balancing.Goods, ...]:
        # All of an order that lies together is one parcel from wherever.
        farther = None if self.home_only else float(np.median(world.miles)) * PER_UNIT_MILE
        return tuple(
            balancing.Goods(
                str(p),
                float(world.price[p]),
                cost=float(world.cost[p]),
                weight=0.0,
                holding=float(world.cost[p]) * (HOLDING_A_YEAR / 365.0 - INTEREST),
                elsewhere=farther,
            )
            for p in used.tolist()
        )


def _sites(world: World) -> tuple[balancing.Site, ...]:
    return tuple(
        # Each line must be written and put away; most are of a few units.
        balancing.Site(
            str(k), "warehouse" if parent < 0 else "store", handling_in=WAREHOUSE_LINE / 2.0
        )
        for k, parent in enumerate(world.parent.tolist())
    )


def _lead_days(world: World) -> Array:
    road = world.road[np.maximum(world.parent, 0), np.arange(world.sites)]
    return np.where(world.parent < 0, SUPPLIER_DAYS, road).astype(float)


def _series(world: World, rate: Array, variance: Array) -> levels.Series:
    """What is wanted of each site, by the stores that pull from it, too."""
    pulled = np.flatnonzero(world.parent >= 0)
    rate, variance = rate.copy(), variance.copy()
    for own in (rate, variance):
        np.add.at(own.T, world.parent[pulled], own.T[pulled].copy())
    lead = np.broadcast_to(_lead_days(world), rate.shape).ravel()
    return levels.Series.of(
        rate.ravel(),
        variance.ravel(),
        lead,
        (LEAD_SPREAD * lead) ** 2,
        1.0,
        np.maximum(np.round(rate.ravel() * LOT_DAYS), 1.0),
    )


def _pooled(
    world: World, rate: Array, variance: Array, series: levels.Series, service: Array
) -> Array:
    """Order points of goods that all sites share."""
    total_rate = rate.sum(axis=1)
    lead = float(series.lead.max())
    whole = levels.Series.of(total_rate, variance.sum(axis=1), lead, (LEAD_SPREAD * lead) ** 2, 1.0)
    total = levels.order_points(whole, service)
    serve = PER_UNIT_MILE * world.miles
    inward = np.where(world.parent < 0, 0.0, 0.5)
    opened = levels.open_sites(rate.sum(axis=0), serve, inward, MOST_SITES)
    farther = float(np.median(serve))
    shares = rate / total_rate[:, None]
    return levels.place(total, whole, shares, opened, PER_PARCEL, farther).units
