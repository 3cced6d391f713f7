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
and time, worked out anew ten times. Cost is divided by a lower bound of the LP's value, below which
no policy is on average: for the small network the value itself, for the large one what the prices
of an interior point method prove; the LP's gap is stated.

The files `cities*.csv` and `fulfillment_centers*.csv` are those published with Ma 2023; the small
network reads those named `*_warmup`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
# The matrices are many and small: several threads for one would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from benchmarks.literature_instance import (  # noqa: E402
    PER_PARCEL,
    SIZES,
    Instance,
    Ints,
    demand_classes,
    draw_orders,
    make_instance,
)
from engine.prices import FluidModel, FluidPrices, InteriorModel  # noqa: E402
from engine.sourcing import (  # noqa: E402
    CostPart,
    MissingCost,
    OrderLine,
    Site,
    SourcingProblem,
    solve,
)

Array = NDArray[np.float64]

POLICIES = ("nearest", "dilated", "exact", "exact_with_prices")
RESOLVES = 10
FIRST_GAP, LATER_GAP = 1e-5, 1e-4
"""Gaps of the large network's LP, at first and when prices are worked out anew."""

EVERY_SECONDS = 15.0
"""How often a sequence says how far it is."""


class Progress:
    """Says on stderr what is going on, and since when."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._said = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._started

    def say(self, what: str) -> None:
        """Say something."""
        self._said = self.seconds
        print(f"{self._said:7.1f} s  {what}", file=sys.stderr, flush=True)

    def now_and_then(self, what: str, done: int, whole: int) -> None:
        """Say how far something is, unless something was said a short time ago."""
        if self.seconds - self._said > EVERY_SECONDS:
            self.say(f"{what}: {done} of {whole}")


class Fluid:
    """The LP of an instance.

    :param large: solve it by the engine's own method, which needs no solver and is at home where
        a general one has hundreds of thousands of rows; its gap is small, not zero
    """

    def __init__(self, instance: Instance, large: bool, progress: Progress) -> None:
        self.instance, self.progress = instance, progress
        classes, shape = demand_classes(instance), instance.stock.shape
        self._own = InteriorModel(classes, *shape) if large else None
        self._general = None if large else FluidModel(classes, *shape)

    def solve(self, stock: Array, time: float, gap: float) -> FluidPrices:
        """Solve it for what is left of stock and time.

        :param gap: how far the own method may stop from the optimum, as a share of the cost
        """
        if self._general is not None:
            return self._general.solve(stock, time)
        found = self._own.solve(stock, time, tolerance=gap)
        self.progress.say(
            f"LP over {time:,.0f} periods: cost {found.cost:,.0f}, bound {found.bound:,.0f},"
            f" gap {100 * found.gap:.4f} %"
        )
        return found


Choose = Callable[[int, int, Array], list[int]]
"""Chooses a center for each item of an order (or their number for none), given kind, city and
stock."""


def run_policy(
    instance: Instance,
    orders: Ints,
    choose: Choose,
    at_period: Callable[[int, Array], None],
) -> float:
    """Serve a sequence of orders; return what it costs.

    :param at_period: told the period and the stock before each order
    """
    stock, total = instance.stock.copy(), 0.0
    n_cities, n_centers = instance.unit.shape
    for period, order in enumerate(orders.tolist()):
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
    fluid: Fluid, first: FluidPrices, rng: np.random.Generator, resolves: int
) -> dict[str, float]:
    """Serve one sequence of orders by every policy; return cost over the bound by policy."""
    instance, progress = fluid.instance, fluid.progress
    orders = draw_orders(instance, rng)
    priced = Exact(instance, first.prices)
    every = -(-instance.periods // resolves)
    policies: dict[str, Choose] = {
        "nearest": nearest(instance),
        "dilated": dilated(instance, first, rng),
        "exact": Exact(instance),
        "exact_with_prices": priced,
    }
    ratios = {}
    for name, choose in policies.items():

        def at_period(period: int, stock: Array, name: str = name) -> None:
            if name == "exact_with_prices" and period and period % every == 0:
                left = instance.periods - period
                priced.reprice(fluid.solve(stock, left, LATER_GAP).prices)
            if period % 500 == 0:
                progress.now_and_then(name, period, instance.periods)

        ratios[name] = run_policy(instance, orders, choose, at_period) / first.bound
    return ratios


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Run all instances; return the figures."""
    size = SIZES[args.size]
    if args.carried is not None:
        size = replace(size, carried=args.carried)
    instances, sequences = args.instances or size.instances, args.sequences or size.sequences
    by_instance, gaps, progress = [], [], Progress()
    for number in range(instances):
        instance = make_instance(args.data, size, np.random.default_rng([args.seed, number]))
        fluid = Fluid(instance, args.size == "large", progress)
        first = fluid.solve(instance.stock, instance.periods, FIRST_GAP)
        gaps.append(first.gap)
        ratios = []
        for sequence in range(sequences):
            rng = np.random.default_rng([args.seed, number, sequence])
            ratios.append(run_sequence(fluid, first, rng, args.resolves))
            if sequences > 1:
                progress.now_and_then(f"instance {number + 1}, sequence", sequence + 1, sequences)
        by_instance.append({name: float(np.mean([r[name] for r in ratios])) for name in POLICIES})
        shown = "  ".join(f"{name} {ratio:.4f}" for name, ratio in by_instance[-1].items())
        progress.say(f"instance {number + 1}: {shown}")
    return {
        "size": args.size,
        "carried": size.carried,
        "instances": instances,
        "sequences": sequences,
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
        "lp_gap_percent": round(100.0 * max(gaps), 5),
        "seconds": round(progress.seconds, 1),
    }


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0.0 < share <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no share above 0 and at most 1")
    return share


def _default_data() -> Path | None:
    folder = os.environ.get("OMS_DATA")
    return Path(folder, "jasin_sinha") if folder else None


def main() -> int:
    """Entry point.

    :return: exit code: 0, or 2 if the data or the solver are not there
    """
    parser = argparse.ArgumentParser(prog="literature", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--instances", type=_count, help="default: 6; of the large network 1")
    parser.add_argument(
        "--sequences", type=_count, help="of each instance; default: 3; of the large network 1"
    )
    parser.add_argument(
        "--carried",
        type=_share,
        help="chance that a center carries an item; default: 0.75; in the large network 0.5",
    )
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
