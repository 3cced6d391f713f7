"""Dispose of random returned goods all at once, and print how long that takes and the gap.

Lots of one to nine units of a product and grade lie at random sites. Each site sells them at a
random pace, has some, and takes so many units at most that together there is room for a share of
what came. Sending costs by unit, and once for each lane. Time is that of the processor.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.figures import tell  # noqa: E402
from engine.disposition import Cost, Lot, Option, Pool, Problem, solve  # noqa: E402
from engine.prices import Terms  # noqa: E402

TERMS = Terms(180.0, decline=0.0014, interest=0.0002, holding=0.0003, salvage=0.1)
NEAREST = 20


def random_problem(rng: np.random.Generator, given: argparse.Namespace) -> Problem:
    """Draw goods, and what can become of them."""
    n_sites = given.sites
    quantities = rng.integers(1, 10, given.lots).astype(float)
    products = rng.integers(0, given.products, given.lots)
    origins = rng.integers(0, n_sites, given.lots)
    prices, where = rng.uniform(5, 80, given.products), rng.random((n_sites, 2))
    pools: dict[tuple[int, int], int] = {}
    made: list[Pool] = []
    lanes: dict[tuple[int, int], int] = {}

    def pool(product: int, site: int) -> int:
        if (product, site) not in pools:
            pools[product, site] = len(made)
            rate = float(rng.choice([0.0, 0.005, 0.02, 0.1]))
            market = TERMS.market(float(prices[product]), rate, float(rng.integers(0, 4)))
            made.append(Pool(market, site))
        return pools[product, site]

    lots = []
    for number, (quantity, product, origin) in enumerate(
        zip(quantities.tolist(), products.tolist(), origins.tolist(), strict=True)
    ):
        far = np.hypot(*(where - where[origin]).T)
        options = [
            Option("sell", pool(product, origin), costs=(Cost("handling", 0.5),)),
            Option("scrap", gain=-0.5),
        ]
        options += [
            Option(
                "send",
                pool(product, site),
                costs=(Cost("transport", 1.5 + 3.0 * float(far[site])),),
                lane=lanes.setdefault((origin, site), len(lanes)),
            )
            for site in np.argsort(far, kind="stable")[1 : NEAREST + 1].tolist()
        ]
        lots.append(Lot(f"Lot {number}", quantity, tuple(options)))
    rooms = given.room * quantities.sum() * rng.dirichlet(np.full(n_sites, 2.0))
    return Problem(
        tuple(lots),
        tuple(made),
        tuple(np.floor(rooms).tolist()),
        (given.lane_cost,) * len(lanes),
    )


def main() -> None:
    """Read what is asked for, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lots", type=int, default=1000)
    parser.add_argument("--sites", type=int, default=50)
    parser.add_argument("--products", type=int, default=300)
    parser.add_argument("--room", type=float, default=0.6, help="share of what came that fits")
    parser.add_argument("--lane-cost", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    problem = random_problem(np.random.default_rng(given.seed), given)
    start = time.process_time()
    plan = solve(problem)
    tell(
        {
            "lots": len(problem.lots),
            "options": sum(len(lot.options) for lot in problem.lots),
            "lanes": len(problem.lanes),
            "seconds": round(time.process_time() - start, 2),
            "value": round(plan.value, 2),
            "bound": round(plan.bound, 2),
            "gap_percent": round(100.0 * plan.gap / max(abs(plan.value), 1e-9), 3),
        },
        given.json,
    )


if __name__ == "__main__":
    main()
