#!/usr/bin/env python3
"""Plan transfers of many products between many sites, and print how long that takes.

Sites lie at random in a square of 800 km, two of them warehouses; every site can send to every
store. A shipment costs 25 and 42 more per 1,000 km, a kilogram 0.05 and 0.30 more per 1,000 km
and 0.1 kg CO2e per 1,000 km, a unit 0.10 on the way and 0.30 at each end; it takes a day and one
more for each 400 km; a truck holds 800 kg. A product is at the warehouses and at a share of the
stores (sparse stock); it costs half of its price (log-normal, median 25), its demand per day is
gamma distributed over products and over its sites and varies more than a Poisson stream, and
stores hold between nothing and a few months of it, by chance.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.figures import tell  # noqa: E402
from engine.balancing import (  # noqa: E402
    Goods,
    Lane,
    Network,
    Problem,
    Settings,
    Site,
    Stocks,
    balance,
)

WAREHOUSES, SQUARE_KM, HORIZON = 2, 800.0, 28.0


def random_network(rng: np.random.Generator, n_sites: int) -> Network:
    """Draw sites, and lanes from each to each store."""
    places = rng.random((n_sites, 2)) * SQUARE_KM
    lanes = []
    for origin in range(n_sites):
        for to in range(WAREHOUSES, n_sites):
            if origin == to:
                continue
            thousand_km = float(np.hypot(*(places[origin] - places[to]))) / 1e3
            lanes.append(
                Lane(
                    *(origin, to, 1.0 + round(thousand_km / 0.4)),
                    fixed=25.0 + 42.0 * thousand_km,
                    per_kg=0.05 + 0.3 * thousand_km,
                    per_unit=0.1,
                    carbon_kg_per_kg=0.1 * thousand_km,
                    capacity_kg=800.0,
                )
            )
    sites = tuple(
        Site(f"S{number}", "warehouse" if number < WAREHOUSES else "store", 0.3, 0.3)
        for number in range(n_sites)
    )
    return Network(sites, tuple(lanes))


def random_problem(
    rng: np.random.Generator, n_products: int, n_sites: int, density: float
) -> Problem:
    """Draw a problem; see the docstring of this program."""
    network = random_network(rng, n_sites)
    prices = rng.lognormal(np.log(25.0), 0.7, n_products)
    weights = 0.05 + rng.gamma(2.0, 0.4, n_products)
    goods = tuple(
        Goods(f"P{number}", price, 0.5 * price, weight)
        for number, (price, weight) in enumerate(
            zip(prices.tolist(), weights.tolist(), strict=True)
        )
    )
    there = rng.random((n_products, n_sites)) < density
    there[:, :WAREHOUSES] = True
    product, site = np.nonzero(there)
    central = site < WAREHOUSES
    base = rng.gamma(0.6, 0.12, n_products)
    rate = base[product] * rng.gamma(1.5, 1.0 / 1.5, len(product)) * np.where(central, 0.5, 1.0)
    cover = rate * HORIZON * rng.gamma(1.0, 1.0, len(product))
    pooled = base[product] * HORIZON * density * n_sites * 0.15
    stock = rng.poisson(np.where(central, pooled, cover)).astype(float)
    stocks = Stocks(
        *(product, site, stock, rate),
        variance=rate * (1.0 + rng.gamma(1.0, 0.4, len(product))),
        age_days=rng.gamma(1.0, 90.0, len(product)),
    )
    return Problem(network, goods, stocks, Settings(horizon_days=HORIZON, carbon_price=0.1))


def measured(problem: Problem) -> dict[str, Any]:
    """Plan, and say how that went."""
    wall, processor = time.monotonic(), time.process_time()
    plan = balance(problem)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return {
        "seconds": round(time.monotonic() - wall, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "peak_mib": round(peak),
        "rows": len(problem.stocks.product),
        "moves": len(plan.moves),
        "shipments": len(plan.shipments),
        "gain": round(plan.gain),
        "gap_percent": round(100.0 * plan.gap / max(plan.gain, 1e-9), 2),
    }


def main(given: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--products",
        default="2000,5000,10000,20000",
        help="how many, or several numbers to see how it grows (default 2000,5000,10000,20000)",
    )
    parser.add_argument("--sites", type=int, default=50, help="default 50")
    parser.add_argument("--density", type=float, default=0.3, help="chance of stock (0.3)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(given)
    try:
        numbers = sorted(int(number) for number in options.products.split(","))
    except ValueError:
        parser.error("--products takes numbers with commas between them.")
    if numbers[0] < 1 or options.sites <= WAREHOUSES or not 0.0 < options.density <= 1.0:
        parser.error("products start at 1, sites at 3; the density is above 0, at most 1.")
    figures: dict[str, Any] = {"sites": options.sites, "density": options.density}
    for number in numbers:
        rng = np.random.default_rng(options.seed)
        found = measured(random_problem(rng, number, options.sites, options.density))
        figures |= {f"{name}_{number}": value for name, value in found.items()}
    tell(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
