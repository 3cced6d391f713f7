"""Source random orders under limits, and print how long that takes and how much is proven.

An order has so many lines of one to three units; each site holds a product with a given chance,
one to four units of it. A plan costs 8.759 for each site used and 0.423 + 0.000541 × miles for
each unit (Jasin and Sinha 2015). Missing units cost twice their share of the farthest site, and
once twice the 8.759; with --fill more than any way to ship them. Time is that of the processor.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.figures import tell  # noqa: E402
from engine.sourcing import (  # noqa: E402
    Budget,
    CostPart,
    Limits,
    MissingCost,
    OrderLine,
    Site,
    SourcingProblem,
    solve,
)

PARCEL, UNIT, UNIT_MILE, MOST_MILES = 8.759, 0.423, 0.000541, 2_500
LIMITS = (
    "max_sites",
    "indivisible",
    "whole_lines",
    "whole_order",
    "together",
    "min_value",
    "capacity",
    "carbon",
)
TYPICAL = "max_sites,indivisible,min_value,capacity"


def random_problem(rng: np.random.Generator, given: argparse.Namespace) -> SourcingProblem:
    """Draw an order without limits."""
    shape = n_lines, n_sites = given.lines, given.sites
    per_unit = UNIT + UNIT_MILE * MOST_MILES * rng.random(n_sites)
    missing = MissingCost(2 * PARCEL, np.full(n_lines, 2 * per_unit.max()))
    if given.fill:
        missing = MissingCost(0.0, np.full(n_lines, 2 * (PARCEL + per_unit.max())))
    return SourcingProblem(
        lines=tuple(
            OrderLine(line, line, float(quantity))
            for line, quantity in enumerate(rng.integers(1, 4, n_lines))
        ),
        sites=tuple(Site(site, f"Site {site}") for site in range(n_sites)),
        stock=rng.integers(1, 5, shape) * (rng.random(shape) < given.density),
        parts=(
            CostPart("parcel", np.full(n_sites, PARCEL), np.zeros(shape)),
            CostPart("distance", np.zeros(n_sites), np.tile(per_unit, (n_lines, 1))),
        ),
        missing=missing,
    )


def random_limits(rng: np.random.Generator, problem: SourcingProblem, names: list[str]) -> Limits:
    """Draw limits that often matter, such as shops set them."""
    n_lines, n_sites = problem.stock.shape
    values = rng.integers(5, 60, n_lines).astype(float)
    green = rng.random(n_sites)
    first = tuple(line.key for line in problem.lines[:3])
    limits = {
        "max_sites": {"max_sites": 2},
        "indivisible": {"max_sites_per_line": np.ones(n_lines)},
        "whole_lines": {"whole_lines": np.ones(n_lines)},
        "whole_order": {"whole_order": True},
        "together": {"together": (first,)},
        "min_value": {"values": values, "min_value": 25.0},
        "capacity": {"unit_capacity": rng.integers(2, 10, n_sites)},
        "carbon": {
            "budgets": (
                Budget(
                    "carbon",
                    green,
                    np.tile(0.1 * green, (n_lines, 1)),
                    float(0.12 * problem.quantities.sum()),
                ),
            )
        },
    }
    return Limits(**{key: value for name in names for key, value in limits[name].items()})


def main(given: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--lines", type=int, default=5, help="of each order (default 5)")
    parser.add_argument("--sites", type=int, default=500, help="default 500")
    parser.add_argument("--density", type=float, default=0.2, help="chance of stock (0.2)")
    parser.add_argument("--fill", action="store_true", help="fill whatever can be filled")
    parser.add_argument(
        "--limits", default=TYPICAL, help=f"of {', '.join(LIMITS)} (default {TYPICAL})"
    )
    parser.add_argument("--time-limit", type=float, default=5.0, help="seconds an order (5)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(given)
    names = [name for name in options.limits.split(",") if name]
    if unknown := set(names) - set(LIMITS):
        parser.error(f"there is no limit {sorted(unknown)[0]!r}; there are {', '.join(LIMITS)}.")
    if min(options.orders, options.lines, options.sites) < 1 or not 0 < options.density <= 1:
        parser.error("orders, lines and sites start at 1; the density is above 0, at most 1.")
    rng = np.random.default_rng(options.seed)
    milliseconds, gaps, partial = [], [], 0
    for _order in range(options.orders):
        problem = random_problem(rng, options)
        limits = random_limits(rng, problem, names)
        problem = dataclasses.replace(problem, limits=limits)
        start = time.process_time()
        plan = solve(problem, time_limit=options.time_limit)
        milliseconds.append((time.process_time() - start) * 1e3)
        gaps.append(0.0 if plan.proven else plan.gap)
        partial += bool(plan.missing)
    times = np.percentile(milliseconds, [50, 95, 99]).round(3).tolist()
    figures = {
        "orders": options.orders,
        "lines": options.lines,
        "sites": options.sites,
        "limits": ",".join(names) or "none",
        "p50_ms": times[0],
        "p95_ms": times[1],
        "p99_ms": times[2],
        "unproven": int(np.count_nonzero(gaps)),
        "worst_gap_percent": round(100 * max(gaps), 4),
        "partly_filled": partial,
    }
    tell(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
