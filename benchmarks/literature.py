"""The benchmark of the order fulfillment literature: what policies cost over the bound of the LP.

Cities with populations order sets of items, centers hold them; nothing comes in (Jasin and Sinha
2015, with the instances of Ma 2023). Each city's demand for an item is expected at the nearest
center that carries it, and each center begins with its expected demand and half a standard
deviation. A parcel costs 8.759, a unit 0.423 + 0.000541 × miles; what is missing counts twice a
parcel and twice a unit from the farthest center.

The policies: *nearest*, each item from the nearest center that has it; *dilated*, the correlated
rounding of Ma 2023 by dilated opening times (each center opens at an exponential time, an item goes
to the center that is open to it first, so that it does so with the LP's probability; where that
has run out to the next one, at last to the nearest that has it); *exact*, the engine on the stock
that there is; *exact with prices*, the engine with the prices of the LP for what is left of stock
and time, worked out anew ten times. Cost is divided by the LP's value, below which no policy is
on average.

The files `cities*.csv` and `fulfillment_centers*.csv` are those published with Ma 2023; the small
network reads those named `*_warmup`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.geography import MILE_KM, great_circle_km  # noqa: E402
from engine.prices import DemandClass, FluidModel, FluidPrices  # noqa: E402
from engine.sourcing import (  # noqa: E402
    CostPart,
    MissingCost,
    OrderLine,
    Site,
    SourcingProblem,
    solve,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

PER_PARCEL = 8.759
PER_UNIT = 0.423
PER_UNIT_MILE = 0.000541
POLICIES = ("nearest", "dilated", "exact", "exact_with_prices")
RESOLVES = 10


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    suffix: str
    items: int
    largest: int
    per_size: int
    periods: int
    carried: float


SIZES = {
    "small": Size("_warmup", 20, 5, 5, 10_000, 0.75),
    "large": Size("", 100, 10, 10, 100_000, 0.5),
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


def fluid_model(instance: Instance, interior: bool) -> FluidModel:
    """The LP of an instance: a class for each kind of order and city."""
    n_items, n_centers = instance.stock.shape
    parcel = np.full(n_centers, PER_PARCEL)
    classes = [
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
    return FluidModel(classes, n_items, n_centers, interior=interior)


def draw_orders(instance: Instance, rng: np.random.Generator) -> Ints:
    """Draw who orders what: for each period kind × cities + city, or -1 for nothing."""
    chances = instance.rates.ravel()
    chances = np.append(chances, max(1.0 - chances.sum(), 0.0))
    drawn = rng.choice(len(chances), instance.periods, p=chances / chances.sum())
    drawn[drawn == len(chances) - 1] = -1
    return drawn


Choose = Callable[[int, int, Array], list[int]]
"""Chooses a center for each item of an order (or their number for none), given kind, city and
stock."""


def run_policy(
    instance: Instance,
    orders: Ints,
    choose: Choose,
    at_period: Callable[[int, Array], None] | None = None,
) -> float:
    """Serve a sequence of orders; return what it costs."""
    stock, total = instance.stock.copy(), 0.0
    n_cities, n_centers = instance.unit.shape
    for period, order in enumerate(orders.tolist()):
        if at_period:
            at_period(period, stock)
        if order < 0:
            continue
        kind, city = divmod(order, n_cities)
        chosen = choose(kind, city, stock)
        for item, center in zip(instance.baskets[kind], chosen, strict=True):
            if center < n_centers:
                stock[item, center] -= 1.0
                total += instance.unit[city, center]
            else:
                total += instance.missing_unit[city]
        used = set(chosen)
        total += PER_PARCEL * len(used - {n_centers}) + 2.0 * PER_PARCEL * (n_centers in used)
    if stock.min() < 0:
        raise AssertionError("A policy gave what there was not.")
    return total


def nearest(instance: Instance) -> Choose:
    """Each item from the nearest center that has it."""
    n_centers = instance.unit.shape[1]
    near = instance.near.tolist()

    def choose(kind: int, city: int, stock: Array) -> list[int]:
        return [
            next((k for k in near[city] if stock[item, k] > 0.0), n_centers)
            for item in instance.baskets[kind]
        ]

    return choose


def dilated(instance: Instance, fluid: FluidPrices, rng: np.random.Generator) -> Choose:
    """Correlated rounding by dilated opening times, see the head of this file."""
    n_cities, n_centers = instance.unit.shape
    near = instance.near.tolist()

    def choose(kind: int, city: int, stock: Array) -> list[int]:
        number = kind * n_cities + city
        shares = fluid.shares[number]
        # A center is open to an item later than it opens, the more the less of the item it gives.
        # It opens at rate `parcels`, and to an item at rate `shares`, which is no larger.
        clocks = rng.exponential(size=n_centers + 1)
        opened = np.where(shares > 1e-12, clocks / np.maximum(shares, 1e-12), np.inf)
        chosen = []
        for row, item in enumerate(instance.baskets[kind]):
            times = opened[row]
            order = [k for k in np.argsort(times, kind="stable").tolist() if times[k] < np.inf]
            order += [k for k in near[city] if k not in order]
            chosen.append(
                next((k for k in order if k == n_centers or stock[item, k] > 0.0), n_centers)
            )
        return chosen

    return choose


class Exact:
    """The engine, order by order, with or without prices of stock.

    Orders that are alike and see the same centers with stock have the same plan.

    :param prices: shape (I, K)
    """

    def __init__(self, instance: Instance, prices: Array | None = None) -> None:
        self.instance = instance
        self.prices = np.zeros(instance.stock.shape) if prices is None else prices
        self._known: dict[tuple[int, int, bytes], list[int]] = {}
        self.solved = 0

    def reprice(self, prices: Array) -> None:
        """Go on at other prices."""
        self.prices = prices
        self._known.clear()

    def __call__(self, kind: int, city: int, stock: Array) -> list[int]:
        """Choose a center for each item."""
        held = stock[list(self.instance.baskets[kind])] > 0.0
        key = kind, city, held.tobytes()
        if key not in self._known:
            self._known[key] = self._solve(kind, city, held)
        return self._known[key]

    def _solve(self, kind: int, city: int, held: NDArray[np.bool_]) -> list[int]:
        instance, basket = self.instance, self.instance.baskets[kind]
        n_centers = instance.unit.shape[1]
        unit = np.tile(instance.unit[city], (len(basket), 1))
        nothing = np.zeros(n_centers)
        plan = solve(
            SourcingProblem(
                lines=tuple(OrderLine(row, item, 1.0) for row, item in enumerate(basket)),
                sites=tuple(Site(k, str(k)) for k in range(n_centers)),
                stock=held.astype(float),
                parts=(
                    CostPart("parcel", np.full(n_centers, PER_PARCEL), np.zeros(unit.shape)),
                    CostPart("distance", nothing, unit),
                    CostPart("scarcity", nothing, self.prices[list(basket)]),
                ),
                missing=MissingCost(
                    2.0 * PER_PARCEL, np.full(len(basket), instance.missing_unit[city])
                ),
            )
        )
        self.solved += 1
        chosen = [n_centers] * len(basket)
        for given in plan.assignments:
            chosen[int(given.line)] = int(given.site)
        return chosen


def run_sequence(
    instance: Instance,
    model: FluidModel,
    fluid: FluidPrices,
    rng: np.random.Generator,
    resolves: int,
) -> dict[str, float]:
    """Serve one sequence of orders by every policy; return cost over the bound by policy."""
    orders = draw_orders(instance, rng)
    priced = Exact(instance, fluid.prices)
    every = -(-instance.periods // resolves)

    def solve_again(period: int, stock: Array) -> None:
        if period and period % every == 0:
            priced.reprice(model.solve(stock, instance.periods - period).prices)

    costs = {
        "nearest": run_policy(instance, orders, nearest(instance)),
        "dilated": run_policy(instance, orders, dilated(instance, fluid, rng)),
        "exact": run_policy(instance, orders, Exact(instance)),
        "exact_with_prices": run_policy(instance, orders, priced, solve_again),
    }
    return {policy: cost / fluid.cost for policy, cost in costs.items()}


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Run all instances; return the figures."""
    size = SIZES[args.size]
    by_instance = []
    started = time.perf_counter()
    for number in range(args.instances):
        instance = make_instance(args.data, size, np.random.default_rng([args.seed, number]))
        model = fluid_model(instance, interior=args.size == "large")
        fluid = model.solve(instance.stock, instance.periods)
        ratios = [
            run_sequence(
                instance,
                model,
                fluid,
                np.random.default_rng([args.seed, number, sequence]),
                args.resolves,
            )
            for sequence in range(args.sequences)
        ]
        by_instance.append({name: float(np.mean([r[name] for r in ratios])) for name in POLICIES})
        shown = "  ".join(f"{name} {ratio:.4f}" for name, ratio in by_instance[-1].items())
        print(f"instance {number + 1}: {shown}", file=sys.stderr, flush=True)
    return {
        "size": args.size,
        "instances": args.instances,
        "sequences": args.sequences,
        "seed": args.seed,
        "resolves": args.resolves,
        **{
            name: round(float(np.mean([each[name] for each in by_instance])), 4)
            for name in POLICIES
        },
        "by_instance": [
            {name: round(ratio, 4) for name, ratio in each.items()} for each in by_instance
        ],
        "with_prices_below_dilated_in": sum(
            each["exact_with_prices"] < each["dilated"] for each in by_instance
        ),
        "seconds": round(time.perf_counter() - started, 1),
    }


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return int(text)


def _default_data() -> Path | None:
    folder = os.environ.get("OMS_DATA")
    return Path(folder, "jasin_sinha") if folder else None


def main() -> int:
    """Entry point.

    :return: exit code: 0, or 2 if the data or the solver are not there
    """
    parser = argparse.ArgumentParser(prog="literature", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--instances", type=_count, default=6)
    parser.add_argument("--sequences", type=_count, default=3, help="sequences of each instance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--resolves", type=_count, default=RESOLVES, help="how often prices are worked out"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=_default_data(),
        help="folder with the files (default: jasin_sinha in the folder that OMS_DATA names)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    if args.data is None or not (args.data / "cities.csv").exists():
        print("Name the folder with cities.csv with --data.", file=sys.stderr)
        return 2
    try:
        figures = run(args)
    except ImportError as error:
        print(error, file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(figures))
        return 0
    for name in POLICIES:
        print(f"{name.replace('_', ' '):<20}{figures[name]:>8.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
