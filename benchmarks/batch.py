"""Source thousands of orders at once over shared stock, and print the cost and how good it is.

Without files a batch is drawn: sizes 1 to 8 lines, products by Zipf's law, customers around 40
towns, stock of 1.15 × demand spread over centers and stores, room for orders at each site. With
files the orders of each month are sourced together against the month's stock, costs as in the
benchmark `sourcing`. Beside it stands what exact plans made one by one cost.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.batch_instance import draw  # noqa: E402
from benchmarks.figures import tell  # noqa: E402
from benchmarks.files import (  # noqa: E402
    FileError,
    Order,
    SiteRow,
    Stock,
    read_orders,
    read_sites,
    read_stock,
)
from benchmarks.sourcing import problem_of  # noqa: E402
from engine.batch import (  # noqa: E402
    METHODS,
    BatchOrder,
    BatchPlan,
    BatchProblem,
    SolverMissing,
    solve_batch,
)
from engine.geography import great_circle_km  # noqa: E402
from engine.sourcing import Site  # noqa: E402

Figure = str | int | float | bool


def drawn(args: argparse.Namespace) -> dict[str, Figure]:
    """Source a drawn batch."""
    problem = draw(args.orders_drawn, args.sites_drawn, args.seed)
    start = time.process_time()
    plan = solve_batch(problem, time_limit=args.time_limit, gap=args.gap, method=args.method)
    figures: dict[str, Figure] = {
        "orders": len(problem.orders),
        "sites": args.sites_drawn,
        "seed": args.seed,
        **_figures([(problem, plan)]),
    }
    for stage in plan.stages:
        above = stage.cost / plan.lower_bound - 1.0 if plan.lower_bound > 0.0 else 0.0
        name = stage.name.replace(" ", "_")
        figures[f"{name}_gap_percent"] = round(100.0 * above, 3)
        figures[f"{name}_seconds"] = round(stage.seconds, 2)
    figures["cpu_seconds"] = round(time.process_time() - start, 2)
    return figures


def monthly(args: argparse.Namespace) -> dict[str, Figure]:
    """Source the orders of files, each month by itself.

    :raises FileError: a file is unfit
    """
    site_rows = read_sites(args.sites)
    stock = read_stock(args.stock, site_rows)
    orders = read_orders(args.orders)
    months = [
        (month, list(group))
        for month, group in itertools.groupby(orders, key=lambda order: order.month)
    ]
    start = time.process_time()
    share = args.time_limit / max(len(months), 1)
    solved = []
    for month, group in months:
        problem = _month_problem(group, site_rows, stock, month)
        solved.append(
            (problem, solve_batch(problem, time_limit=share, gap=args.gap, method=args.method))
        )
    return {
        "months": len(months),
        "orders": len(orders),
        **_figures(solved),
        "cpu_seconds": round(time.process_time() - start, 2),
    }


def _month_problem(
    orders: list[Order], site_rows: list[SiteRow], stock: Stock, month: str
) -> BatchProblem:
    sites = tuple(Site(row.key, row.key) for row in site_rows)
    places = np.array([(row.lat, row.lng) for row in site_rows])
    held = {}
    for product, quantities in stock.get(month, {}).items():
        held[product] = np.zeros(len(sites))
        held[product][list(quantities)] = list(quantities.values())
    shared = {
        (product, site_rows[position].key): quantity
        for product, quantities in stock.get(month, {}).items()
        for position, quantity in quantities.items()
    }
    return BatchProblem(
        tuple(
            BatchOrder(
                order.key,
                problem_of(
                    order,
                    sites,
                    great_circle_km(places[:, 0], places[:, 1], order.lat, order.lng),
                    held,
                ),
            )
            for order in orders
        ),
        shared,
    )


def _figures(solved: list[tuple[BatchProblem, BatchPlan]]) -> dict[str, Figure]:
    plans = [plan for _problem, plan in solved]
    cost, bound, greedy = (
        sum(amounts)
        for amounts in zip(
            *((plan.objective, plan.lower_bound, plan.greedy_cost) for plan in plans), strict=True
        )
    )
    each = [order for plan in plans for order in plan.plans.values()]
    wanted = sum(
        order.problem.quantities.sum() for problem, _plan in solved for order in problem.orders
    )
    missed = sum(shortage.quantity for plan in each for shortage in plan.missing)
    return {
        "cost": round(cost, 2),
        "bound": round(bound, 2),
        "gap_percent": _percent(cost, bound),
        "greedy_cost": round(greedy, 2),
        "greedy_gap_percent": _percent(greedy, bound),
        "units": round(float(wanted), 6),
        "unfilled_units": round(missed, 6),
        "parcels": sum(len(plan.sites) for plan in each),
        "scarce_stock": sum(len(plan.prices) for plan in plans),
        "method": plans[0].method,
        "finished": all(plan.finished for plan in plans),
        "seconds": round(sum(plan.seconds for plan in plans), 2),
        # Linux counts in kilobytes, macOS in bytes.
        "peak_mb": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            / (1024 if sys.platform != "darwin" else 1024**2),
            1,
        ),
    }


def _percent(cost: float, bound: float) -> float:
    return round(100.0 * (cost - bound) / bound, 3) if bound > 0.0 else 0.0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="batch", description=__doc__)
    parser.add_argument(
        "--orders", default="5000", help="how many to draw, or a file of order lines, CSV or CSV.gz"
    )
    parser.add_argument(
        "--sites", default="200", help="how many to draw, or a file of sites, CSV or CSV.gz"
    )
    parser.add_argument("--stock", type=Path, help="stock by month, CSV or CSV.gz, with files")
    parser.add_argument("--seed", type=int, default=0, help="which batch to draw")
    parser.add_argument(
        "--time-limit", type=_seconds, default=60.0, help="seconds of work (default: %(default)s)"
    )
    parser.add_argument(
        "--gap", type=_seconds, default=0.0, help="percent above the bound that are good enough"
    )
    parser.add_argument("--method", choices=METHODS, default="auto")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    args.gap /= 100.0
    counts = args.orders.isdecimal(), args.sites.isdecimal()
    if all(counts) and args.stock is None:
        args.orders_drawn, args.sites_drawn = int(args.orders), int(args.sites)
        if not args.orders_drawn or not args.sites_drawn:
            parser.error("at least one order and one site are needed")
        if args.seed < 0:
            parser.error("the seed must not be negative")
    elif any(counts) or args.stock is None:
        parser.error("--orders, --sites and --stock are all files, or two numbers and no stock")
    else:
        args.orders, args.sites = Path(args.orders), Path(args.sites)
    return args


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least zero")
    return value


def main() -> int:
    """Run the benchmark.

    :return: exit code: 0, or 2 if a file is unfit or the solver is missing
    """
    args = arguments()
    try:
        figures = drawn(args) if args.stock is None else monthly(args)
    except (FileError, SolverMissing) as error:
        print(error, file=sys.stderr)
        return 2
    tell(figures, args.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
