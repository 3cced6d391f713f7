"""Worlds that chance makes, to see that what holds for one file holds for others."""

from __future__ import annotations

import datetime

import numpy as np

from benchmarks.files import Order, ProductRow, SiteRow

FIRST_DAY = datetime.date(2019, 1, 1)


def generated(
    seed: int, products: int = 600, sites: int = 30, days: int = 1096, lines_a_day: float = 4.0
) -> tuple[list[Order], list[ProductRow], list[SiteRow]]:
    """Make orders, products and sites.

    Products are wanted unevenly (gamma), some come late or fade; places are unevenly peopled;
    demand has a season and grows; an order has one to five lines of one to fourteen units.

    :param lines_a_day: on average
    """
    rng = np.random.default_rng(seed)
    lat, lng = rng.uniform(30.0, 46.0, sites), rng.uniform(-120.0, -75.0, sites)
    site_rows = [
        SiteRow(f"S{k}", float(lat[k]), float(lng[k]), "warehouse" if k < sites // 5 else "store")
        for k in range(sites)
    ]
    people = rng.gamma(0.6, size=sites)
    pace = rng.gamma(rng.uniform(0.6, 3.0), size=products)
    born = np.where(rng.random(products) < 0.15, rng.integers(0, days, products), 0)
    gone = np.where(rng.random(products) < 0.1, rng.integers(days // 2, days, products), days)
    sizes = rng.integers(1, 15, products)
    price = np.round(np.exp(rng.normal(3.0, 1.2, products)), 2) + 0.5
    rows = [ProductRow(f"P{p}", float(price[p]), f"G{p % 12}") for p in range(products)]
    orders = []
    phase, growth = rng.uniform(0.0, 6.28), rng.uniform(-0.1, 0.3)
    for day in range(days):
        season = 1.0 + 0.35 * np.sin(2.0 * np.pi * day / 365.0 + phase)
        offered = pace * (born <= day) * (day < gone)
        chance = offered / offered.sum()
        mean = lines_a_day / 2.0 * season * (1.0 + growth * day / 365.0)
        for number in range(rng.poisson(mean)):
            near = int(rng.choice(sites, p=people / people.sum()))
            count = min(int(rng.geometric(0.5)), 5)
            chosen = rng.choice(products, size=count, replace=False, p=chance)
            orders.append(
                Order(
                    f"{day:05}-{number:03}",
                    FIRST_DAY + datetime.timedelta(days=day),
                    float(lat[near] + rng.normal(0.0, 0.7)),
                    float(lng[near] + rng.normal(0.0, 0.7)),
                    [(f"P{p}", float(1 + rng.integers(sizes[p]))) for p in chosen.tolist()],
                )
            )
    return orders, rows, site_rows
