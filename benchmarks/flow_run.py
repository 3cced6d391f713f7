#!/usr/bin/env python3
"""Work out a flow plan of many products at many sites through the database, stage by stage.

The data are those of `flow_run_data.py`. Demand is counted from orders and forecast; then a run of
the plan does all of its stages, each committed; then the best of what it proposed is accepted at
once, which is taken back. Of each step the figures are seconds by the clock, seconds of the
processor (of Odoo and PostgreSQL), statements, the most memory that Odoo's process had, and
proposals. Each size is worked out in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import flow_run_data
from benchmarks.database import environment, open_registry
from benchmarks.profiling import clocks

DATABASES = {"OMS_DATABASE": "addon"}
BATCH_DAYS = 28
ACCEPTED_KINDS = (("transfer", "pull"), ("purchase",), ("level",))
COLUMNS = ("seconds", "processor_seconds", "statements", "peak_mib", "proposals")


def memory(name: str) -> float:
    """Return a figure of this process's memory, in MiB.

    :param name: as in ``/proc/self/status``, say ``VmHWM``
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024.0
    return 0.0


class Meter:
    """Measures steps one after the other.

    :param env: environment of the superuser
    :param say: is told of each step
    """

    def __init__(self, env: Any, say: Callable[[str], None]) -> None:
        self.env, self.say = env, say
        self.steps: dict[str, dict[str, float]] = {}
        self.begin()

    def begin(self) -> None:
        """Begin a step."""
        # The most memory is counted anew, where that is allowed.
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self.clock, self.count = clocks(self.env), self.env.cr.sql_log_count

    def end(self, name: str, **more: float) -> None:
        """End a step and begin the next."""
        now = clocks(self.env)
        self.steps[name] = {
            "seconds": round(now.wall - self.clock.wall, 2),
            "processor_seconds": round(now.processor - self.clock.processor, 2),
            "statements": self.env.cr.sql_log_count - self.count,
            "peak_mib": round(memory("VmHWM")),
            **more,
        }
        self.say(f"{name}: {self.steps[name]}")
        self.begin()


def forecast(env: Any, meter: Meter, commit: Callable[[], None]) -> None:
    """Count demand and forecast it, as the nightly job does."""
    demand, company = env["oms.demand"], env.company
    now = env.cr.now()
    days = demand._find_changed_days(company, now)
    for at in range(0, len(days), BATCH_DAYS):
        demand._count(company, days[at : at + BATCH_DAYS])
        commit()
    meter.end("count")
    made = env["oms.forecast"]._forecast(company, now)
    commit()
    meter.end("forecast", forecasts=made)


def work_out(env: Any, meter: Meter, commit: Callable[[], None]) -> Any:
    """Do all stages of a run.

    :return: the run
    """
    from odoo.addons.oms.models.flow.oms_flow_run_work import STAGES

    run = flow_run_data.get_plan(env)._start()
    commit()
    meter.begin()
    stages, before = iter(STAGES), 0

    def checkpoint(done: int) -> bool:
        nonlocal before
        commit()
        if done:
            written = env["oms.proposal"].search_count([("run_id", "=", run.id)])
            meter.end(next(stages), proposals=written - before)
            before = written
        return True

    if not run._work(checkpoint):
        raise RuntimeError(f"The run is {run.state}.")
    return run


def accept(env: Any, meter: Meter, run: Any, most: int) -> None:
    """Accept the best proposals of each kind at once, and take all back."""
    for kinds in ACCEPTED_KINDS:
        chosen = env["oms.proposal"].search(
            [("run_id", "=", run.id), ("kind", "in", kinds)], limit=most
        )
        if not chosen:
            continue
        with env.cr.savepoint() as savepoint:
            meter.begin()
            refused = chosen._accept()
            env.flush_all()
            made = len(chosen) - len(refused)
            meter.end(f"accept {kinds[0]}", accepted=made, refused=len(refused))
            savepoint.rollback()
        env.invalidate_all()


def measure(
    env: Any, most: int, say: Callable[[str], None], commit: Callable[[], None]
) -> dict[str, Any]:
    """Forecast, work a run out, and accept.

    :param env: environment of the superuser; all but what is accepted is committed
    :param most: how many proposals of a kind are accepted; 0 for none
    :param commit: commits
    :return: figures by step, and of all
    """

    def checkpoint() -> None:
        env.flush_all()
        commit()
        env.invalidate_all()

    meter = Meter(env, say)
    forecast(env, meter, checkpoint)
    run = work_out(env, meter, checkpoint)
    stages = list(meter.steps.values())
    figures = {
        "goods": run.product_count,
        "sites": run.site_count,
        "proposals": run.proposal_count,
        "notes": run.note_count,
        "seconds": round(sum(each["seconds"] for each in stages), 1),
        "processor_seconds": round(sum(each["processor_seconds"] for each in stages), 1),
        "statements": sum(each["statements"] for each in stages),
        "peak_mib": max(each["peak_mib"] for each in stages),
        "failed": run.note_ids.filtered(lambda note: note.severity == "3_error").mapped("message"),
    }
    if most:
        accept(env, meter, run, most)
    return {**figures, "steps": meter.steps}


def work(pipe: Any, most: int) -> None:
    """Measure in a process of its own, so that memory is that of one size."""
    registry = open_registry()

    def say(text: str) -> None:
        print(f"  {text}", file=sys.stderr)

    with environment(registry) as env:
        pipe.send(measure(env, most, say, env.cr.commit))


def run_sizes(
    numbers: list[int], sites: int, density: float, most: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure several numbers of products, the smallest first."""
    registry = open_registry()
    with environment(registry) as env:
        say(f"{sites} sites")
        flow_run_data.build(env, sites)
    found, before = {}, 0
    context = multiprocessing.get_context("spawn")
    for number in numbers:
        start = time.monotonic()
        with environment(registry) as env:
            flow_run_data.clear(env)
            flow_run_data.grow(env, before, number, density, lambda text: None)
        say(f"{number} products, made in {time.monotonic() - start:.0f} s")
        before = number
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, most))
        process.start()
        theirs.close()
        try:
            found[str(number)] = ours.recv()
        except EOFError:
            sys.exit(f"The run of {number} products broke off.")
        process.join()
    return found


def show(found: dict[str, Any]) -> None:
    """Print the figures as tables."""
    for number, figures in found.items():
        print(f"\n{int(number):,} products × {figures['sites']} sites")
        print(f"{'':18}" + "".join(f"{name.replace('_', ' '):>19}" for name in COLUMNS))
        for name, step in [*figures["steps"].items(), ("all but accepting", figures)]:
            print(f"{name:18}" + "".join(f"{step.get(column, ''):>19}" for column in COLUMNS))
        for text in figures["failed"]:
            print(f"failed: {text}")


def main(argv: list[str] | None = None) -> int:
    """Entry point; return the exit code."""
    parser = argparse.ArgumentParser(prog="flow_run", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--products",
        default="2000,5000,10000,20000",
        help="how many, or several numbers to see how it grows (default 2000,5000,10000,20000)",
    )
    parser.add_argument("--sites", type=int, default=50, help="default 50")
    parser.add_argument(
        "--density", type=float, default=0.3, help="chance that a store has a product (0.3)"
    )
    parser.add_argument(
        "--accept", type=int, default=0, help="proposals of each kind accepted at once (0)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    try:
        numbers = sorted({int(number) for number in args.products.split(",")})
    except ValueError:
        parser.error("--products takes numbers with commas between them.")
    least = flow_run_data.WAREHOUSES + 1
    if numbers[0] < 1 or args.sites < least or not 0.0 < args.density <= 1.0 or args.accept < 0:
        parser.error(
            f"products start at 1, sites at {least}; the density is above 0, at most 1; --accept "
            "is not below 0."
        )
    figures = run_sizes(
        numbers,
        args.sites,
        args.density,
        args.accept,
        lambda text: print(f"  {text} …", file=sys.stderr),
    )
    if args.json:
        print(json.dumps({"load_average": round(os.getloadavg()[0], 2), **figures}))
    else:
        show(figures)
    return 1 if any(each["failed"] for each in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
