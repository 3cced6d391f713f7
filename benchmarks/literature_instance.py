"""Drawn networks and orders of the order fulfillment literature."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.geography import MILE_KM, great_circle_km
from engine.prices import DemandClass

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

PER_PARCEL = 8.759
PER_UNIT = 0.423
PER_UNIT_MILE = 0.000541


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    suffix: str
    items: int
    largest: int
    per_size: int
    periods: int
    carried: float
    instances: int
    sequences: int


SIZES = {
    "small": Size("_warmup", 20, 5, 5, 10_000, 0.75, 6, 3),
    "large": Size("", 100, 10, 10, 100_000, 0.5, 1, 1),
}


@dataclass(frozen=True, eq=False)
class Instance:
    """A network with its demand and the stock that it begins with.

    :param baskets: the kinds of orders, items of each; the empty one left out
    :param rates: shape (Q, J): probability that an order of a kind comes from a city in a period
    :param unit: shape (J, K): cost of a unit from each center to each city
    :param near: shape (J, K): centers by distance from each city
    :param stock: shape (I, K): units at first
    """

    periods: int
    baskets: tuple[tuple[int, ...], ...]
    rates: Array
    unit: Array
    near: Ints
    stock: Array

    @property
    def missing_unit(self) -> Array:
        """Cost of a missing unit in each city, shape (J,)."""
        return 2.0 * self.unit.max(axis=1)


def read_places(path: Path) -> list[list[str]]:
    """Read one of the files, which have no header."""
    with open(path, encoding="utf-8-sig", newline="") as lines:
        return [row for row in csv.reader(lines) if row]


def make_instance(folder: Path, size: Size, rng: np.random.Generator) -> Instance:
    """Draw an instance as the literature describes it."""
    cities = read_places(folder / f"cities{size.suffix}.csv")
    centers = read_places(folder / f"fulfillment_centers{size.suffix}.csv")
    city = np.array([[float(each) for each in row[2:5]] for row in cities])
    center = np.array([[float(each) for each in row[2:4]] for row in centers])
    miles = great_circle_km(city[:, :1], city[:, 1:2], center[:, 0], center[:, 1]) / MILE_KM
    baskets, weights = [], []
    by_size = rng.random(size.largest + 1)
    by_size /= by_size.sum()
    for count in range(1, size.largest + 1):
        of_size = rng.random(size.per_size)
        of_size /= of_size.sum()
        for weight in of_size:
            baskets.append(tuple(rng.choice(size.items, count, replace=False).tolist()))
            weights.append(by_size[count] * weight)
    rates = np.outer(weights, city[:, 2] / city[:, 2].sum())
    carried = rng.random((size.items, len(centers))) < size.carried
    near = np.argsort(miles, axis=1, kind="stable")
    demand = np.zeros(carried.shape)
    for basket, rate in zip(baskets, rates, strict=True):
        for item in basket:
            for place in range(len(cities)):
                nearest = next((k for k in near[place] if carried[item, k]), None)
                if nearest is not None:
                    demand[item, nearest] += rate[place]
    expected = size.periods * demand
    stock = np.round(expected + 0.5 * np.sqrt(np.maximum(expected * (1.0 - demand), 0.0)))
    unit = PER_UNIT + PER_UNIT_MILE * miles
    return Instance(size.periods, tuple(baskets), rates, unit, near, stock)


def demand_classes(instance: Instance) -> list[DemandClass]:
    """The demand of an instance as the LP sees it: a class for each kind of order and city."""
    parcel = np.full(instance.stock.shape[1], PER_PARCEL)
    return [
        DemandClass(
            items=basket,
            quantities=(1.0,) * len(basket),
            rate=float(instance.rates[kind, city]),
            per_parcel=parcel,
            per_unit=np.tile(instance.unit[city], (len(basket), 1)),
            missing_per_order=2.0 * PER_PARCEL,
            missing_per_unit=np.full(len(basket), instance.missing_unit[city]),
        )
        for kind, basket in enumerate(instance.baskets)
        for city in range(len(instance.unit))
    ]


def draw_orders(instance: Instance, rng: np.random.Generator) -> Ints:
    """Draw who orders what: for each period kind × cities + city, or -1 for nothing."""
    chances = instance.rates.ravel()
    chances = np.append(chances, max(1.0 - chances.sum(), 0.0))
    drawn = rng.choice(len(chances), instance.periods, p=chances / chances.sum())
    drawn[drawn == len(chances) - 1] = -1
    return drawn
