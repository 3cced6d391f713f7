"""What the addon's own forecasts say of a world, from the orders before a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.flows_replay import REPLAN_DAYS
from benchmarks.flows_world import SUPPLIER_DAYS, Array, Wanted, World
from engine.demand import History, forecast
from engine.levels import cover_days

AHEAD = float(SUPPLIER_DAYS + REPLAN_DAYS)
"""Days for which the demand is asked at least: until what these levels order last has come."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What is expected.

    :param rate: units per day of each product in the whole network, shape (P,)
    :param variance: of the units of a day, shape (P,)
    :param shares: of each home in the demand of each product, shape (P, K)
    """

    rate: Array
    variance: Array
    shares: Array

    def by_site(self) -> tuple[Array, Array]:
        """Rate and variance of a day of each product at each home, shape (P, K)."""
        return self.rate[:, None] * self.shares, self.variance[:, None] * self.shares


@dataclass(slots=True)
class Forecaster:
    """Forecasts a world once for each day, however many policies ask."""

    _known: dict[int, Forecast] = field(default_factory=dict)

    def forecast(self, world: World, past: Sequence[Wanted], day: int) -> Forecast:
        """Forecast in the morning of a day, from the orders before it.

        Products that nobody has ordered yet are not known.
        """
        if day not in self._known:
            self._known[day] = _forecast(world, past, day)
        return self._known[day]


def _forecast(world: World, past: Sequence[Wanted], day: int) -> Forecast:
    known = np.flatnonzero(world.known < day)
    number = np.full(world.products, -1)
    number[known] = np.arange(len(known))
    rows = [(number[p], order.day, units, order.home) for order in past for p, units in order.lines]
    product, at, units, home = (np.array(each) for each in zip(*rows, strict=True))
    many, sites = len(known), world.sites
    local = forecast(_history(world, known, day, product * sites + home, at, units))
    spread = (local.rate * local.dispersion).reshape(many, sites).sum(axis=1)
    pace = local.rate.reshape(many, sites).sum(axis=1).astype(float)
    dispersion = spread / np.maximum(pace, 1e-12)
    ahead = cover_days(pace, pace * dispersion, AHEAD)
    at_site = local.mean(np.repeat(ahead, sites)).reshape(many, sites) / ahead[:, None]
    rate, variance = np.zeros((2, world.products))
    shares = np.full((world.products, sites), 1.0 / sites)
    rate[known] = at_site.sum(axis=1)
    variance[known] = rate[known] * dispersion
    shares[known] = at_site / np.maximum(rate[known], 1e-12)[:, None]
    return Forecast(rate, variance, shares)


def _history(
    world: World, known: Array, day: int, series: Array, at: Array, units: Array
) -> History:
    sites = world.sites
    return History(
        days=day,
        product=np.repeat(np.arange(len(known)), sites),
        site=np.tile(np.arange(sites), len(known)),
        group=world.group[known],
        series=series,
        day=at,
        quantity=units,
        likeness=np.log(world.price[known]),
    )
