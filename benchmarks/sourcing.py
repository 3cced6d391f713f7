"""Replay a file of orders under one strategy or all, and print costs and times.

Orders come in order of date and id and are sourced one by one, none knowing of later ones,
against the stock of their month: a month starts from its own rows, and what is left over is
dropped. A plan costs 8.759 for each site used and 0.423 + 0.000541 × miles for each unit (Jasin
and Sinha 2015); units left unfilled cost twice that of the farthest site, and once twice the 8.759.

Strategies may look at more than costs, and are given it: kilometers; stores and others (column
`kind` of the sites), others at priority 1, stores at 2; a parcel takes one day and another for
each begun 800 km; a unit weighs one pound and a tonne-kilometer emits 0.1 kg CO2e, about what an
average loaded truck does. `--strategy all` replays the file once for each strategy.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.figures import shown, tell  # noqa: E402
from benchmarks.files import (  # noqa: E402
    FileError,
    Order,
    SiteRow,
    Stock,
    parse_month,
    read_orders,
    read_sites,
    read_stock,
)
from engine.geography import MILE_KM, great_circle_km  # noqa: E402
from engine.sourcing import (  # noqa: E402
    PRESETS,
    CostPart,
    Facts,
    MissingCost,
    OrderLine,
    Site,
    SourcingPlan,
    SourcingProblem,
)

PER_PARCEL = 8.759
PER_UNIT = 0.423
PER_UNIT_MILE = 0.000541
PER_DAY_KM = 800.0
UNIT_TONNES = 0.45359237e-3
KG_PER_TONNE_KM = 0.1

STRATEGIES = {"exact": PRESETS["balanced"], **PRESETS}
""""exact" is the older name of "balanced"."""
ALL = "all"


@dataclass
class Tally:
    """What a replay adds up."""

    strategy: str
    orders: int = 0
    units: float = 0.0
    parcels: int = 0
    split_orders: int = 0
    unfilled_units: float = 0.0
    cost: float = 0.0
    km: float = 0.0
    kg_co2e: float = 0.0
    unproven: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def add(
        self, problem: SourcingProblem, plan: SourcingPlan, facts: Facts, seconds: float
    ) -> None:
        """Count one order."""
        used = set(plan.sites)
        self.orders += 1
        self.units += float(problem.quantities.sum())
        self.parcels += len(used)
        self.split_orders += len(used) > 1
        self.unfilled_units += sum(shortage.quantity for shortage in plan.missing)
        self.cost += plan.cost
        position = {site.key: position for position, site in enumerate(problem.sites)}
        self.km += sum(float(facts.kilometers[position[site]]) for site in used)
        self.kg_co2e += sum(
            given.quantity * float(facts.carbon_per_unit[given.line, position[given.site]])
            for given in plan.assignments
        )
        self.unproven += not plan.proven
        self.milliseconds.append(seconds * 1e3)

    def figures(self) -> dict[str, str | int | float]:
        """The figures that are printed."""
        times = np.percentile(self.milliseconds or [0.0], [50, 95, 99]).round(3).tolist()
        return {
            "strategy": self.strategy,
            "orders": self.orders,
            "units": _plain(self.units),
            "parcels": self.parcels,
            "split_orders": self.split_orders,
            "unfilled_units": _plain(self.unfilled_units),
            "cost": round(self.cost, 2),
            "km": round(self.km, 1),
            "kg_co2e": round(self.kg_co2e, 1),
            "p50_ms": times[0],
            "p95_ms": times[1],
            "p99_ms": times[2],
            "unproven": self.unproven,
        }


def _plain(number: float) -> int | float:
    number = round(number, 6)
    return int(number) if number == int(number) else number


def problem_of(
    order: Order,
    sites: tuple[Site, ...],
    km: NDArray[np.float64],
    held: dict[str, NDArray[np.float64]],
) -> SourcingProblem:
    """Make a problem of an order with the costs described above.

    :param km: shape (S,): from each site to the customer
    :param held: stock by product, each of shape (S,)
    """
    n_lines, n_sites = len(order.lines), len(sites)
    nothing = np.zeros(n_sites)
    miles = km / MILE_KM
    per_unit = np.broadcast_to(PER_UNIT_MILE * miles, (n_lines, n_sites))
    farthest = PER_UNIT + PER_UNIT_MILE * float(miles.max())
    return SourcingProblem(
        lines=tuple(
            OrderLine(position, product, quantity)
            for position, (product, quantity) in enumerate(order.lines)
        ),
        sites=sites,
        stock=np.array([held.get(product, nothing) for product, _quantity in order.lines]),
        parts=(
            CostPart("parcel", np.full(n_sites, PER_PARCEL), np.zeros((n_lines, n_sites))),
            CostPart("handling", nothing, np.full((n_lines, n_sites), PER_UNIT)),
            CostPart("distance", nothing, per_unit),
        ),
        missing=MissingCost(2 * PER_PARCEL, np.full(n_lines, 2 * farthest)),
    )


def facts_of(order: Order, site_rows: list[SiteRow], km: NDArray[np.float64]) -> Facts:
    """Gather what strategies look at besides costs, as described above.

    :param km: shape (S,): from each site to the customer
    """
    is_store = np.array([row.kind == "store" for row in site_rows])
    return Facts(
        priority=np.where(is_store, 2.0, 1.0),
        kilometers=km,
        is_store=is_store,
        days=1.0 + np.ceil(km / PER_DAY_KM),
        carbon_per_unit=np.tile(UNIT_TONNES * KG_PER_TONNE_KM * km, (len(order.lines), 1)),
    )


def replay(
    orders: list[Order],
    site_rows: list[SiteRow],
    stock: Stock,
    strategy: str,
) -> Iterator[tuple[SourcingProblem, SourcingPlan, Facts, float]]:
    """Source the orders one by one, taking what each plan uses from the month's stock.

    :return: for each order its problem, plan, facts and seconds of thinking
    """
    sites = tuple(Site(row.key, row.key) for row in site_rows)
    places = np.array([(row.lat, row.lng) for row in site_rows])
    position = {site.key: index for index, site in enumerate(sites)}
    for month, group in itertools.groupby(orders, key=lambda order: order.month):
        held = {}
        for product, quantities in stock.get(month, {}).items():
            held[product] = np.zeros(len(sites))
            held[product][list(quantities)] = list(quantities.values())
        for order in group:
            km = great_circle_km(places[:, 0], places[:, 1], order.lat, order.lng)
            problem = problem_of(order, sites, km, held)
            facts = facts_of(order, site_rows, km)
            start = time.perf_counter()
            plan = STRATEGIES[strategy](problem, facts)
            seconds = time.perf_counter() - start
            for given in plan.assignments:
                product = order.lines[given.line][0]
                held[product][position[given.site]] -= given.quantity
            yield problem, plan, facts, seconds


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="sourcing", description=__doc__)
    parser.add_argument("--orders", type=Path, required=True, help="order lines, CSV or CSV.gz")
    parser.add_argument("--sites", type=Path, required=True, help="sites, CSV or CSV.gz")
    parser.add_argument("--stock", type=Path, required=True, help="stock by month, CSV or CSV.gz")
    parser.add_argument("--strategy", choices=(*STRATEGIES, ALL), default="exact")
    parser.add_argument("--limit", type=_count, help="only so many orders, the first ones")
    parser.add_argument("--month", type=_month, help="only the orders of one month, YYYY-MM")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, or a list for all"
    )
    return parser.parse_args()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of orders")
    return int(text)


def _month(text: str) -> str:
    try:
        return parse_month(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month like 2020-07") from None


def main() -> int:
    """Run the benchmark.

    :return: exit code: 0, or 2 if a file is unfit
    """
    args = arguments()
    try:
        site_rows = read_sites(args.sites)
        stock = read_stock(args.stock, site_rows)
        orders = read_orders(args.orders)
    except FileError as error:
        print(error, file=sys.stderr)
        return 2
    if args.month:
        orders = [order for order in orders if order.month == args.month]
    orders = orders[: args.limit]
    # Two names of one strategy would take twice the time.
    chosen = tuple(PRESETS) if args.strategy == ALL else (args.strategy,)
    found = []
    for strategy in chosen:
        tally = Tally(strategy)
        for result in replay(orders, site_rows, stock, strategy):
            tally.add(*result)
        found.append(tally.figures())
    if args.strategy != ALL:
        tell(found[0], args.json)
    elif args.json:
        print(json.dumps(found))
    else:
        print_table(found)
    return 0


def print_table(rows: list[dict[str, str | int | float]]) -> None:
    """Print the figures that strategies differ in, a line for each of them."""
    columns = [name for name in rows[0] if name not in ("orders", "units", "p95_ms")]
    cells = [[name.replace("_", " ") for name in columns]]
    cells += [[shown(row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *others in cells:
        line = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *line]))


if __name__ == "__main__":
    sys.exit(main())
