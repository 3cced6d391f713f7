"""`bin/bench`: the programs in `benchmarks/`, with all they need around them."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import environment, postgres, session
from .databases import Databases
from .errors import Stop

_HEAD = """usage: bin/bench NAME [ARGUMENT …]

Runs a benchmark; its own arguments follow its name (--help tells them).
"""


@dataclass(frozen=True)
class Benchmark:
    """A program in `benchmarks/`.

    :param path: its file.
    :param summary: first line of its docstring.
    :param needs_odoo: whether it works in an Odoo database.
    """

    path: Path
    summary: str
    needs_odoo: bool


def found_in(folder: Path) -> dict[str, Benchmark]:
    """The benchmarks of a clone by name: the files that can be run.

    :param folder: where they are.
    """
    benchmarks = {}
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(
            isinstance(node, ast.If) and "__name__" in ast.dump(node.test) for node in tree.body
        ):
            summary = (ast.get_docstring(tree) or "").partition("\n")[0]
            benchmarks[path.stem] = Benchmark(path, summary, _needs_odoo(tree))
    return benchmarks


def _needs_odoo(tree: ast.Module) -> bool:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if "NEEDS_ODOO" in names:
                return bool(node.value.value)
    return False


def main(given: list[str]) -> int:
    """Run the benchmark that the command line names, or list them all."""
    root = Path(__file__).resolve().parents[2]
    benchmarks = found_in(root / "benchmarks")
    if not given or given[0] in ("-h", "--help"):
        print(_HEAD)
        for name, each in benchmarks.items():
            print(f"  {name:<14}{each.summary}")
        return 0
    if given[0] not in benchmarks:
        raise Stop(f"there is no benchmark “{given[0]}”.", f"There are: {', '.join(benchmarks)}.")
    chosen = benchmarks[given[0]]
    # Standard output is the benchmark's alone: it may be read by a program.
    with session.opened("bench", root, sys.stderr) as surroundings:
        env = environment.prepare(surroundings)
        if not chosen.needs_odoo:
            return run(surroundings, env, chosen, given[1:], {})
        with postgres.running(surroundings, env.runtime) as server:
            databases = Databases(surroundings, env, server)
            databases.drop_leftovers()
            template = databases.with_addon(surroundings.logs / "install.log")
            with databases.temporary(template, "bench") as name:
                config = str(databases.config())
                variables = {"OMS_ODOO_CONFIG": config, "OMS_DATABASE": name, **server.environ}
                return run(surroundings, env, chosen, given[1:], variables)


def run(
    surroundings: session.Session,
    env: environment.Environment,
    chosen: Benchmark,
    given: Sequence[str],
    variables: dict[str, str],
) -> int:
    """Run a benchmark where the user stands, so that its files can be named as usual.

    :returns: its exit code.
    """
    root = surroundings.addon.root
    process = surroundings.processes.start(
        [env.python, chosen.path, *given],
        {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", **variables},
        cwd=os.getcwd(),
    )
    try:
        return process.wait()
    finally:
        surroundings.processes.end(process)
