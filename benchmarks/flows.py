"""Replay a file of orders in days and compare the addon's stock keeping with textbook min/max.

Policies keep stock at the sites of a file for the orders that come after a warm-up from which they
learn; none knows what is still to come. *textbook* are Odoo's reordering rules with the minimum
and maximum of the books, *no_balancing* is what a flow plan of the addon decides every night, by
the same engines, without transfers between sites, *addon* is it with them. What a day is, what
serves whom, lead times and costs: the head of `flows_world.py`, alike for every policy. Each begins
with the stock that its own levels would have left by then.

`fill_rate` is the share of the units wanted that are sent on their day, from whatever site;
`home_rate` of those that come from the customer's nearest. `average_units` lie at sites or are
on the road between them. `transport_cost` is that of parcels and of shipments between sites.
`stock_saved_at_same_fill_rate` is how much less stock the addon takes, between the points of its
curve of service settings, to send the share that *textbook* sends; `misses_gone_at_same_stock` how
many of the units that *textbook* misses it sends with as much stock. `balancing` compares *addon*
with *no_balancing* in the same way, and in money. A product that nobody has ordered before is
missed by everybody.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks.figures import tell  # noqa: E402
from benchmarks.files import (  # noqa: E402
    FileError,
    read_orders,
    read_products,
    read_sites,
)
from benchmarks.flows_addon import Addon  # noqa: E402
from benchmarks.flows_forecast import Forecaster  # noqa: E402
from benchmarks.flows_generated import generated  # noqa: E402
from benchmarks.flows_replay import Figures, Policy, replay  # noqa: E402
from benchmarks.flows_textbook import Textbook  # noqa: E402
from benchmarks.flows_world import World, make_world  # noqa: E402

SERVICE = 0.95
"""What the textbook is told to reach in each cycle."""

TEXTBOOK_SETTINGS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
ADDON_SETTINGS = (6.0, 3.0, 1.0, 0.3, 0.05)
"""So many times the misses that the addon's service classes allow; they allow 2 to 15 %."""

HOME_SETTINGS = (19.0, 15.0, 8.0, 4.0, 1.0, 0.3)
"""Where customers are served by their home alone, so much is not to be had for slow sellers."""


@dataclass
class Bench:
    """Runs policies in a world and says on stderr how far it is."""

    world: World
    first: int
    home_only: bool = False
    misplaced: bool = False
    forecaster: Forecaster = field(default_factory=Forecaster)
    started: float = field(default_factory=time.perf_counter)

    def run(self, name: str, policy: Policy) -> Figures:
        """Let a policy keep the stock."""
        figures = replay(self.world, policy, self.first, self.home_only, self.misplaced)
        told = figures.told()
        print(
            f"{time.perf_counter() - self.started:7.1f} s  {name}: sent {told['fill_rate']:.4f}"
            f" with {told['average_units']:,.0f} units, cost {told['total_cost']:,.0f}",
            file=sys.stderr,
            flush=True,
        )
        return figures

    def addon(self, leniency: float, balanced: bool) -> Figures:
        """Run the addon at a setting."""
        name = f"{'addon' if balanced else 'no balancing'} at {leniency:g}"
        return self.run(name, Addon(leniency, self.forecaster, self.home_only, balanced))

    def figures(self) -> dict[str, Any]:
        """Run all policies and compare them."""
        curve = {
            each: self.run(f"textbook at {each:g}", Textbook(each)) for each in TEXTBOOK_SETTINGS
        }
        settings = HOME_SETTINGS if self.home_only else ADDON_SETTINGS
        own = {each: self.addon(each, True) for each in settings}
        told = {
            "textbook": curve[SERVICE].told(),
            "no_balancing": self.addon(1.0, False).told(),
            "addon": own[1.0].told(),
        }
        textbook, addon = points(curve), points(own)
        saved, gone = compared(told["textbook"], addon)
        return {
            "first_day": str(date.fromordinal(self.world.start.toordinal() + self.first)),
            "days": self.world.days - self.first,
            "products": self.world.products,
            "sites": self.world.sites,
            "wanted_units": own[1.0].wanted,
            "units_of_new_products": new_units(self.world, self.first),
            "served_from": "home" if self.home_only else "anywhere",
            **told,
            "stock_saved_at_same_fill_rate": saved,
            "misses_gone_at_same_stock": gone,
            "balancing": balancing_gains(told["no_balancing"], told["addon"], addon),
            "curves": {"textbook": textbook, "addon": addon},
            "stock_saved_by_textbook_setting": {
                f"{each['setting']:g}": compared(each, addon)[0] for each in textbook
            },
            "seconds": round(time.perf_counter() - self.started, 1),
        }


def points(runs: dict[float, Figures]) -> list[dict[str, float]]:
    """What each setting reaches with how much stock."""
    return [
        {"setting": setting}
        | {key: figures.told()[key] for key in ("fill_rate", "average_units", "total_cost")}
        for setting, figures in runs.items()
    ]


def compared(
    other: dict[str, float], curve: Sequence[dict[str, float]]
) -> tuple[float | None, float | None]:
    """Read a curve at the fill rate, and at the stock, of another policy.

    Between two points of the curve it is a line. Left of the first point it is that point: more
    stock than needed. Right of the last one nothing is known.

    :return: the share of stock saved and the share of misses gone
    """
    ordered = sorted(curve, key=lambda each: each["average_units"])
    stock = np.array([each["average_units"] for each in ordered])
    # More stock that serves less is nothing that anybody would choose.
    fill = np.maximum.accumulate([each["fill_rate"] for each in ordered])
    saved = gone = None
    if other["fill_rate"] <= fill[-1] and other["average_units"] > 0.0:
        needed = float(np.interp(other["fill_rate"], fill, stock))
        saved = round(1.0 - needed / other["average_units"], 4)
    if other["average_units"] >= stock[0] and other["fill_rate"] < 1.0:
        reached = float(np.interp(other["average_units"], stock, fill))
        gone = round(1.0 - (1.0 - reached) / (1.0 - other["fill_rate"]), 4)
    return saved, gone


def balancing_gains(
    without: dict[str, float], balanced: dict[str, float], curve: Sequence[dict[str, float]]
) -> dict[str, float | None]:
    """What transfers gain: money at the same setting, and stock and misses by the curve."""
    saved, gone = compared(without, curve)
    cost = round(1.0 - balanced["total_cost"] / max(without["total_cost"], 1e-9), 4)
    return {
        "cost_saved": cost,
        "stock_saved_at_same_fill_rate": saved,
        "misses_gone_at_same_stock": gone,
    }


def new_units(world: World, first: int) -> float:
    """Units that nobody can have: of products on the day on which they are ordered first."""
    return sum(
        units
        for order in world.orders
        if order.day >= first
        for product, units in order.lines
        if world.known[product] == order.day
    )


def first_day(world: World, months: int) -> int:
    """The day after a warm-up of so many months.

    :raises FileError: nothing is left after it, or too little before it
    """
    month = world.start.month - 1 + months
    if month // 12 + world.start.year > 9000:
        raise FileError("There are no orders after the warm-up.")
    first = (date(world.start.year + month // 12, month % 12 + 1, 1) - world.start).days
    if first >= world.days:
        raise FileError("There are no orders after the warm-up.")
    if first < 56:
        raise FileError("A warm-up of at least two months is needed to forecast anything.")
    return first


def _world(args: argparse.Namespace) -> World:
    if args.generated is not None:
        files = generated(
            args.generated, args.products, args.site_count, lines_a_day=args.lines_a_day
        )
    else:
        files = (
            read_orders(args.orders),
            read_products(args.orders),
            read_sites(args.sites),
        )
    return make_world(*files, args.collect, args.returns)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 100,000")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no share from 0 to 1")
    return share


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = 0.0
    if not 0.0 < pace <= 1000.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and at most 1000")
    return pace


def main() -> int:
    """Entry point.

    :return: exit code: 0, or 2 if the files are no good
    """
    parser = argparse.ArgumentParser(prog="flows", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--orders", type=Path, help="lines of orders, CSV, plain or gzipped")
    parser.add_argument("--sites", type=Path, help="sites with their kind and place, CSV")
    parser.add_argument("--warmup-months", type=_count, default=18)
    parser.add_argument(
        "--serve",
        choices=("anywhere", "home"),
        default="anywhere",
        help="customers are served by any site that has it, or by their nearest alone",
    )
    parser.add_argument(
        "--generated", type=int, metavar="SEED", help="a world that chance makes, instead of files"
    )
    parser.add_argument(
        "--lines-a-day", type=_pace, default=4.0, help="how much is wanted in a generated world"
    )
    parser.add_argument("--products", type=_count, default=600, help="of a generated world")
    parser.add_argument(
        "--site-count", type=_count, default=30, help="how many sites a generated world has"
    )
    parser.add_argument(
        "--collect",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="so many orders of a store are collected there: no other site may serve them",
    )
    parser.add_argument(
        "--returns",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="so many lines come back to the customer's nearest site",
    )
    parser.add_argument(
        "--misplaced",
        action="store_true",
        help="in the beginning all of each product lies at one site, another for each",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    if args.generated is None and not (args.orders and args.sites):
        print("Name the files with --orders and --sites, or --generated.", file=sys.stderr)
        return 2
    try:
        world = _world(args)
        bench = Bench(
            world, first_day(world, args.warmup_months), args.serve == "home", args.misplaced
        )
    except FileError as error:
        print(error, file=sys.stderr)
        return 2
    figures = bench.figures()
    if args.json:
        tell(figures, as_json=True)
        return 0
    for name in ("textbook", "no_balancing", "addon"):
        print(f"\n{name.replace('_', ' ')}")
        tell(figures.pop(name), as_json=False)
    print()
    tell({key: each for key, each in figures.items() if not isinstance(each, dict)}, as_json=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
