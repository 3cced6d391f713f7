"""Promise dates for a file of orders after learning from another, and print how many were kept.

What is known is learned from the history, then the test is walked in order of time: a promise on
some day rests on what had arrived until the evening before, in either file, and on what was still
under way then. When an order will arrive is looked at only once it has. The promise that the
company gave (`estimated_at`) is no input.

A promise is a date, kept if the order arrives on or before it. Orders that never arrive keep no
promise and break none: the figures are of those that did. `days` is the mean time from the order
to the first hour of the date promised, for the company's own dates as for these. `hindsight_days`
is the time within which that share of the orders arrived, had one known; `hindsight_date_days` is
the same by dates: what one number of days for all, or a mix of two that follow each other, would
have had to promise to be kept just as often as asked, measured as `days`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.files import Delivery, FileError, read_deliveries  # noqa: E402
from engine.promise import (  # noqa: E402
    Budget,
    Lane,
    Learner,
    Observation,
    Records,
    kept_chances,
    promised_dates,
    records_of,
)

CONFIDENCES = (0.80, 0.90, 0.95)
PAID_BACK = 1.5
"""Lead times within which the account of promises is to even out."""

EPOCH = datetime(1970, 1, 1)

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Walked:
    """Promises made for the orders of a test.

    :param placed: when each order was placed, days since 1970-01-01, shape (N,)
    :param arrived: when it arrived, infinity if it did not, shape (N,)
    :param promised: date of each confidence, whole days since 1970-01-01, shape (N, C)
    """

    placed: Floats
    arrived: Floats
    promised: Index


def days_of(moment: datetime) -> float:
    """Count the days since 1970-01-01."""
    return (moment - EPOCH).total_seconds() / 86_400.0


def lane_of(order: Delivery) -> Lane:
    """Tell which way an order goes."""
    return Lane(site=order.site, method=order.method, region=order.region)


def walk(
    history: Sequence[Delivery],
    test: Sequence[Delivery],
    confidences: Sequence[float] = CONFIDENCES,
) -> Walked:
    """Learn from the history, then promise for each order of the test in order of time.

    :param history: orders to learn from
    :param test: orders to promise for, ascending; one that is in the history, too, is taken from
        here
    """
    mine = {order.key for order in test}
    orders = [order for order in history if order.key not in mine]
    known: dict[Lane, Lane] = {}
    lanes = [known.setdefault(lane, lane) for lane in map(lane_of, test)]
    placed = np.array([days_of(order.placed) for order in test])
    arrived = np.array(
        [days_of(order.arrived) if order.arrived else np.inf for order in test], dtype=float
    )
    records = records_of(
        Observation(
            lane_of(order),
            days_of(order.placed),
            days_of(order.arrived) if order.arrived else None,
        )
        for order in (*orders, *test)
    )
    learner = Learner()
    budgets = [Budget(confidence) for confidence in confidences]
    promised = np.zeros((len(test), len(confidences)), dtype=np.int64)
    open_rows = np.zeros(0, dtype=np.int64)
    days, first = np.unique(np.floor(placed), return_index=True)
    for day, rows in zip(days.tolist(), np.split(np.arange(len(test)), first[1:]), strict=True):
        learner.update(records, day)
        done = arrived[open_rows] < day
        settled, open_rows = open_rows[done], open_rows[~done]
        kept = np.floor(arrived[settled])[:, None] <= promised[settled]
        budgets = [each.settle(kept[:, number]) for number, each in enumerate(budgets)]
        asked = _asked(
            learner,
            budgets,
            [lanes[row] for row in open_rows.tolist()],
            placed[open_rows],
            promised[open_rows],
            day,
            PAID_BACK * _usual_orders(learner, records, day),
        )
        promised[rows] = promised_dates(
            learner, [lanes[row] for row in rows.tolist()], placed[rows], asked, nearest=True
        )
        open_rows = np.concatenate([open_rows, rows])
    return Walked(placed, arrived, promised)


def _asked(
    learner: Learner,
    budgets: Sequence[Budget],
    lanes: Sequence[Lane],
    placed: Floats,
    promised: Index,
    now: float,
    horizon: float,
) -> list[float]:
    """Return the confidences to ask for, given the promises that are under way."""
    if not lanes:
        return [budget.ask(budget.owed(), horizon) for budget in budgets]
    chances, arrive = kept_chances(learner, lanes, placed, promised, now)
    return [
        budget.ask(budget.owed(chances[:, number], arrive), horizon)
        for number, budget in enumerate(budgets)
    ]


def _usual_orders(learner: Learner, records: Records, now: float) -> float:
    """Orders placed while a usual one is under way, by the last four such times."""
    usual = learner.quantile(Lane(), 0.5).days
    first, last = np.searchsorted(records.started, [now - 4.0 * usual, now], side="left")
    return float(last - first) / 4.0


def figures(walked: Walked, test: Sequence[Delivery]) -> dict[str, Any]:
    """Score the promises of a walk and the company's own.

    :param test: the orders that were walked
    """
    came = np.isfinite(walked.arrived)
    placed, arrived = walked.placed[came], walked.arrived[came]
    result: dict[str, Any] = {"orders": len(test), "arrived": int(came.sum()), "confidence": {}}
    if not came.any():
        return result
    for number, confidence in enumerate(CONFIDENCES):
        dates = walked.promised[came, number]
        result["confidence"][f"{100 * confidence:.0f}"] = {
            **_scored(placed, arrived, dates),
            "hindsight_days": round(float(np.quantile(arrived - placed, confidence)), 3),
            "hindsight_date_days": round(_by_dates(placed, arrived, confidence), 3),
        }
    own = np.array(
        [days_of(datetime.combine(o.own, datetime.min.time())) if o.own else np.nan for o in test]
    )[came]
    told = np.isfinite(own)
    if told.any():
        result["own"] = _scored(placed[told], arrived[told], own[told])
    result["needed_days"] = round(float((arrived - placed).mean()), 3)
    return result


def _scored(placed: Floats, arrived: Floats, dates: Floats | Index) -> dict[str, float]:
    return {
        "kept": round(float((np.floor(arrived) <= dates).mean()), 5),
        "days": round(float((dates - placed).mean()), 3),
    }


def _by_dates(placed: Floats, arrived: Floats, confidence: float) -> float:
    """Fewest days, the same for all orders, that would have been kept so often.

    Where that lies between two numbers of days, the share of orders that each would be promised
    to is such that the confidence is met exactly.
    """
    needed = np.floor(arrived) - np.floor(placed)
    most = int(needed.max())
    kept = (needed[:, None] <= np.arange(-1, most + 1)[None, :]).mean(axis=0)
    days = float(np.interp(confidence, kept, np.arange(-1, most + 1)))
    return days - float((placed - np.floor(placed)).mean())


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="promise", description=__doc__)
    parser.add_argument(
        "--history", type=Path, required=True, help="orders to learn from, CSV(.gz)"
    )
    parser.add_argument("--test", type=Path, required=True, help="orders to promise for, CSV(.gz)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def main() -> int:
    """Run the benchmark.

    :return: exit code: 0, or 2 if a file is unfit
    """
    args = arguments()
    try:
        history, test = read_deliveries(args.history), read_deliveries(args.test)
        if not any(order.arrived for order in history):
            raise FileError(f"{args.history}: the file holds no order that arrived.")
        if not test:
            raise FileError(f"{args.test}: the file holds no order.")
    except FileError as error:
        print(error, file=sys.stderr)
        return 2
    start = time.perf_counter()
    found = figures(walk(history, test), test)
    found["seconds"] = round(time.perf_counter() - start, 2)
    if args.json:
        print(json.dumps(found))
    else:
        print_table(found)
    return 0


def print_table(found: dict[str, Any]) -> None:
    """Print a line for each confidence, and one for the company's own dates."""
    print(f"{found['orders']:,} orders, {found['arrived']:,} arrived, {found['seconds']:.1f} s")
    print(f"{'asked':>8}{'kept':>9}{'days':>8}{'hindsight':>11}{'by dates':>10}")
    for asked, row in found["confidence"].items():
        print(
            f"{asked + ' %':>8}{row['kept']:>9.1%}{row['days']:>8.2f}"
            f"{row['hindsight_days']:>11.2f}{row['hindsight_date_days']:>10.2f}"
        )
    if "own" in found:
        print(f"{'own':>8}{found['own']['kept']:>9.1%}{found['own']['days']:>8.2f}")


if __name__ == "__main__":
    sys.exit(main())
