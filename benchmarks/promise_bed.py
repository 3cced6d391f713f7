"""Promise dates in many worlds that change, generated and real, and count where it goes wrong.

Each world is walked as `promise` walks two files. A cell is a confidence in a world; it is missed
where the share kept is more than two points off what was asked, or where more than 5 % more days
were promised on average than one number of days would have needed in hindsight. `oracle` is one
who knows the true distribution of each order's days, and promises the date nearest to what is
asked: what it misses is chance, for in a world of few orders the share kept varies by itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import promise  # noqa: E402
from benchmarks.files import FileError, read_deliveries  # noqa: E402
from benchmarks.promise_worlds import World, changed, generated, lanes_world  # noqa: E402

OFF, LONG = 0.02, 1.05
"""How far the share kept may be off, and how much longer than hindsight promises may be."""


def oracle(world: World) -> dict[str, dict[str, float]]:
    """Score one who knows the true distribution of each order: the nearest date to it."""
    came = np.array([each.arrived is not None for each in world.test])
    placed = np.array([promise.days_of(each.placed) for each in world.test])[came]
    arrived = np.array([promise.days_of(each.arrived) for each in world.test if each.arrived])
    fates = np.sort(world.fates, axis=1)
    found = {}
    for confidence in promise.CONFIDENCES:
        after = fates[:, min(int(confidence * fates.shape[1]), fates.shape[1] - 1)]
        share = [(fates <= (after - back)[:, None]).mean(axis=1) for back in (0, 1)]
        closer = np.abs(share[1] - confidence) < np.abs(share[0] - confidence)
        dates = np.floor(placed) + after - closer
        found[f"{100 * confidence:.0f}"] = {
            "kept": float((np.floor(arrived) <= dates).mean()),
            "days": float((dates - placed).mean()),
            "hindsight_days": float(np.quantile(arrived - placed, confidence)),
        }
    return found


def score(world: World) -> dict[str, Any]:
    """Walk through a world."""
    found = promise.figures(promise.walk(world.history, world.test), world.test)
    row = {"name": world.name, "family": world.family, "orders": found["arrived"]}
    row["cells"] = found["confidence"]
    if world.fates is not None:
        row["oracle"] = oracle(world)
    return row


def _numbered(number: int) -> dict[str, Any]:
    return score(generated(number))


def _by_lane(number: int) -> dict[str, Any]:
    return score(lanes_world(number))


def cells(rows: list[dict[str, Any]], which: str = "cells") -> list[dict[str, Any]]:
    """Tell of each world and confidence what was missed.

    :param rows: as :func:`score` returns them
    :param which: whose promises, "cells" or "oracle"
    """
    found = []
    for row in rows:
        for asked, cell in row.get(which, {}).items():
            off = cell["kept"] - float(asked) / 100.0
            ratio = cell["days"] / cell["hindsight_days"]
            found.append(
                {
                    "name": row["name"],
                    "family": row["family"],
                    "asked": asked,
                    "off": off,
                    "ratio": ratio,
                    "missed": abs(off) > OFF or ratio > LONG,
                }
            )
    return found


def summary(found: list[dict[str, Any]]) -> str:
    """Say in a line how many cells are missed and how far they are off."""
    off = 100.0 * np.array([each["off"] for each in found])
    ratio = np.array([each["ratio"] for each in found])
    missed = sum(each["missed"] for each in found)
    return (
        f"{missed:4}/{len(found):<5}{(abs(off) > 100.0 * OFF).sum():4} off, "
        f"{(ratio > LONG).sum():3} long; off {off.mean():+.2f} ± {np.sqrt((off**2).mean()):.2f}, "
        f"{off.min():+.1f} to {off.max():+.1f}; {ratio.mean():.3f}, at most {ratio.max():.3f}"
    )


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="promise_bed", description=__doc__)
    parser.add_argument("--real", type=Path, help="file of deliveries to change, CSV(.gz)")
    parser.add_argument("--first", type=int, default=0, help="number of the first world")
    parser.add_argument("--count", type=int, default=32, help="generated worlds")
    parser.add_argument("--lanes", type=int, default=4, help="generated worlds with lanes")
    parser.add_argument("--processes", type=int, default=1, help="that work side by side")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def main() -> int:
    """Run the benchmark.

    :return: exit code: 0, or 2 if a file is unfit
    """
    args = arguments()
    start = time.perf_counter()
    numbers = range(args.first, args.first + args.count)
    with ProcessPoolExecutor(args.processes) as pool:
        try:
            real = list(changed(read_deliveries(args.real))) if args.real else []
        except FileError as error:
            print(error, file=sys.stderr)
            return 2
        made = list(pool.map(_numbered, numbers, chunksize=2))
        rows = [*made, *pool.map(_by_lane, numbers[: args.lanes])]
        rows += pool.map(score, real, chunksize=2)
    if args.json:
        print(json.dumps({"worlds": rows, "seconds": round(time.perf_counter() - start, 1)}))
        return 0
    print_table(rows, made)
    print(f"{time.perf_counter() - start:.0f} s")
    return 0


def print_table(rows: list[dict[str, Any]], made: list[dict[str, Any]]) -> None:
    """Print a line for each kind of world, for each confidence, and for one who knows the truth.

    :param made: those whose truth is known
    """
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in cells(rows):
        groups[each["family"]].append(each)
    for each in cells(rows):
        groups["real" if each["family"].startswith("real") else "generated"].append(each)
        groups[f"at {each['asked']} %"].append(each)
    groups["oracle, generated"] = cells(made, "oracle")
    for name, found in groups.items():
        if found:
            print(f"{name:28}{summary(found)}")


if __name__ == "__main__":
    sys.exit(main())
