"""Drawn batches of orders, for the benchmark of sourcing them together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.batch import BatchOrder, BatchProblem, SiteCapacity
from engine.geography import MILE_KM, great_circle_km
from engine.sourcing import CostPart, MissingCost, OrderLine, Site, SourcingProblem

PER_PARCEL = 8.759
PER_UNIT = 0.423
PER_UNIT_MILE = 0.000541
PICKING_CENTER, PICKING_STORE = 0.6, 1.8
PER_MISSED_UNIT = 40.0
CLUSTERS = 40
ZIPF = 0.8
SIZES = (0.55, 0.18, 0.10, 0.06, 0.04, 0.03, 0.02, 0.02)
"""Shares of the orders with 1, 2, … lines."""
CENTERS = 0.04
IN_CENTERS = 0.45
AMPLE = 1.15
"""Stock as a multiple of demand."""
CARRIED = (0.06, 0.30)
"""Least and most share of the stores that carry a product."""
ROOM, PARCELS = 1.25, 1.3
"""Room of all sites together, as a multiple of what orders take of it: about 1.3 sites each."""

Numbers = NDArray[np.float64]


def draw(n_orders: int, n_sites: int, seed: int) -> BatchProblem:
    """Draw a batch; the same arguments draw the same one.

    Customers live around 40 towns; so do stores. One site in 25 is a center and lies anywhere.
    Every line asks for one unit.
    """
    rng = np.random.default_rng([seed, n_orders, n_sites])
    towns = np.column_stack([rng.uniform(28, 47, CLUSTERS), rng.uniform(-122, -75, CLUSTERS)])
    weights = rng.dirichlet(np.ones(CLUSTERS))
    n_centers = max(1, round(CENTERS * n_sites))
    places = _around(rng, towns, rng.choice(CLUSTERS, n_sites, p=weights), 0.5)
    places[:n_centers] = np.column_stack(
        [rng.uniform(28, 47, n_centers), rng.uniform(-122, -75, n_centers)]
    )
    customers = _around(rng, towns, rng.choice(CLUSTERS, n_orders, p=weights), 0.5)
    baskets = _baskets(rng, n_orders)
    stock = _stock(rng, baskets, max(2, n_orders // 2), n_sites, n_centers)
    sites = tuple(Site(number, f"site {number}") for number in range(n_sites))
    picking = np.where(np.arange(n_sites) < n_centers, PICKING_CENTER, PICKING_STORE)
    orders = []
    for number, basket in enumerate(baskets):
        miles = great_circle_km(places[:, 0], places[:, 1], *customers[number]) / MILE_KM
        orders.append(BatchOrder(number, _problem(basket, sites, miles, picking, stock)))
    held = {
        (int(product), int(site)): float(stock[product, site])
        for product, site in zip(*stock.nonzero(), strict=True)
    }
    shares = stock.sum(axis=0) / stock.sum()
    capacities = tuple(
        SiteCapacity(number, orders=float(np.ceil(ROOM * PARCELS * n_orders * share)))
        for number, share in enumerate(shares)
    )
    return BatchProblem(tuple(orders), held, capacities)


def _around(
    rng: np.random.Generator, towns: Numbers, chosen: NDArray[np.intp], degrees: float
) -> Numbers:
    return towns[chosen] + rng.normal(0.0, degrees, (len(chosen), 2))


def _baskets(rng: np.random.Generator, n_orders: int) -> list[NDArray[np.intp]]:
    n_products = max(2, n_orders // 2)
    popularity = np.arange(1, n_products + 1) ** -ZIPF
    popularity /= popularity.sum()
    sizes = rng.choice(np.arange(1, len(SIZES) + 1), n_orders, p=SIZES)
    return [
        rng.choice(n_products, min(size, n_products), replace=False, p=popularity)
        for size in sizes.tolist()
    ]


def _stock(
    rng: np.random.Generator,
    baskets: list[NDArray[np.intp]],
    n_products: int,
    n_sites: int,
    n_centers: int,
) -> Numbers:
    demand = np.bincount(np.concatenate(baskets), minlength=n_products)
    stock = np.zeros((n_products, n_sites))
    n_stores = n_sites - n_centers
    for product in np.flatnonzero(demand).tolist():
        units = int(np.ceil(AMPLE * demand[product]))
        central = rng.binomial(units, IN_CENTERS) if n_stores else units
        stock[product, :n_centers] = rng.multinomial(central, np.full(n_centers, 1 / n_centers))
        if n_stores:
            carriers = max(1, round(rng.uniform(*CARRIED) * n_stores))
            stores = n_centers + rng.choice(n_stores, carriers, replace=False)
            stock[product, stores] = rng.multinomial(
                units - central, np.full(carriers, 1 / carriers)
            )
    return stock


def _problem(
    basket: NDArray[np.intp],
    sites: tuple[Site, ...],
    miles: Numbers,
    picking: Numbers,
    stock: Numbers,
) -> SourcingProblem:
    shape = len(basket), len(sites)
    nothing = np.zeros(len(sites))
    return SourcingProblem(
        lines=tuple(OrderLine(row, int(product), 1.0) for row, product in enumerate(basket)),
        sites=sites,
        stock=stock[basket],
        parts=(
            CostPart("parcel", np.full(len(sites), PER_PARCEL), np.zeros(shape)),
            CostPart("handling", nothing, np.broadcast_to(PER_UNIT + picking, shape)),
            CostPart("distance", nothing, np.broadcast_to(PER_UNIT_MILE * miles, shape)),
        ),
        missing=MissingCost(0.0, np.full(len(basket), PER_MISSED_UNIT)),
    )
