"""`bin/bench`: the programs in `benchmarks/`, with all they need around them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import environment, postgres, server, session
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
    :param databases: the databases that it works in by the variable that names each: `addon` for
        a fresh one with the addon, `base` for one with what the addon depends on, `filled` for
        one with data that are made once. To make these the program is started with
        `--step key`, then, unless they are there, with `--step build`: it prints as JSON the
        `key`, all that the data depend on, and the `gibibytes` that they take. `copy` is a copy of
        such a one: what the program does to it is gone afterwards.
    :param server: asks for an Odoo that answers: on the `database` of that variable, with so many
        `workers`. `OMS_URL` tells the program where, `OMS_SERVER_PID` which process it is.
    """

    path: Path
    summary: str
    databases: Mapping[str, str] = field(default_factory=dict)
    server: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_filled(self) -> bool:
        """Whether it works with data that are made once."""
        return bool({"filled", "copy"} & set(self.databases.values()))


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
            benchmarks[path.stem] = Benchmark(
                path, summary, _declared(tree, "DATABASES"), _declared(tree, "SERVER")
            )
    return benchmarks


def _declared(tree: ast.Module, name: str) -> dict[str, Any]:
    """What a program says in a constant."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if name in names:
                return dict(ast.literal_eval(node.value))
    return {}


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
        asks = {"-h", "--help"} & set(given)
        if asks or not chosen.databases:
            return run(surroundings, env, chosen, given[1:], {})
        data = {}
        if chosen.is_filled:
            code, out = ask(surroundings, env, chosen, given[1:])
            if code:
                return code
            data = json.loads(out)
        with postgres.running(surroundings, env.runtime) as database_server:
            databases = Databases(surroundings, env, database_server)
            databases.drop_leftovers()
            variables = {"OMS_ODOO_CONFIG": str(databases.config()), **database_server.environ}
            with (
                opened(databases, chosen, given[1:], data, variables) as names,
                served(databases, chosen, names) as place,
            ):
                return run(surroundings, env, chosen, given[1:], {**variables, **names, **place})


@contextmanager
def served(
    databases: Databases, chosen: Benchmark, names: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """The server that a benchmark asks for, if it does.

    :param names: of the databases by variable.
    :returns: what tells the program where it is.
    """
    if not chosen.server:
        yield {}
        return
    interface, port = "127.0.0.1", server.free_port()
    name, workers = names[chosen.server["database"]], chosen.server["workers"]
    with server.serving(databases, name, interface, port, workers=workers) as process:
        yield {"OMS_URL": f"http://{interface}:{port}", "OMS_SERVER_PID": str(process.pid)}


@contextmanager
def opened(
    databases: Databases,
    chosen: Benchmark,
    given: Sequence[str],
    data: Mapping[str, Any],
    variables: Mapping[str, str],
) -> Iterator[dict[str, str]]:
    """The databases that a benchmark asks for.

    :param given: its arguments.
    :param data: what it says of the data in a filled one.
    :param variables: environment of the program.
    :returns: their names by variable.
    """
    surroundings = databases.session
    log = surroundings.logs / "install.log"

    def fill(variable: str, name: str) -> None:
        with surroundings.report.step("Making the data") as step:
            surroundings.processes.run(
                [databases.environment.python, chosen.path, *given, "--step", "build"],
                surroundings.logs / "build.log",
                "Making the data",
                {**_program(surroundings), **variables, variable: name},
                on_line=step.say,
            )

    with ExitStack() as stack:
        names = {}
        for number, (variable, kind) in enumerate(chosen.databases.items()):
            if kind in ("filled", "copy"):
                context = databases.filled(
                    f"bench_{chosen.path.stem}",
                    json.dumps(data["key"], sort_keys=True),
                    data["gibibytes"],
                    log,
                    lambda name, variable=variable: fill(variable, name),
                )
                template = stack.enter_context(context)
            else:
                template = databases.base() if kind == "base" else databases.with_addon(log)
            if kind != "filled":
                context = databases.temporary(template, f"bench{number}")
                template = stack.enter_context(context)
            names[variable] = template
        yield names


def _program(surroundings: session.Session) -> dict[str, str]:
    return {"PYTHONPATH": str(surroundings.addon.root), "PYTHONDONTWRITEBYTECODE": "1"}


def ask(
    surroundings: session.Session,
    env: environment.Environment,
    chosen: Benchmark,
    given: Sequence[str],
) -> tuple[int, str]:
    """Have a benchmark say what its data depend on.

    :returns: its exit code and output; what it complains about goes to the user.
    """
    process = surroundings.processes.start(
        [env.python, chosen.path, *given, "--step", "key"],
        _program(surroundings),
        stdout=subprocess.PIPE,
        text=True,
        cwd=os.getcwd(),
    )
    try:
        out, _err = process.communicate()
        return process.returncode, out
    finally:
        surroundings.processes.end(process)


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
    process = surroundings.processes.start(
        [env.python, chosen.path, *given],
        {**_program(surroundings), **variables},
        cwd=os.getcwd(),
    )
    try:
        return process.wait()
    finally:
        surroundings.processes.end(process)
