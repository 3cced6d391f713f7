"""`bin/test`: linters, engine tests, Odoo tests, logs and the installation round trip."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import (
    addon,
    chromium,
    clients,
    environment,
    lint,
    logcheck,
    native,
    node,
    postgres,
    results,
    session,
)
from .databases import INSIDE, Databases
from .errors import Stop
from .results import Result

PURE = ("tests/engine", "tests/connectors", "tests/runtime")
#: Further modules of Odoo, which the addon works with but does not need, all in one database.
COMPANIONS = ("mrp", "payment_adyen", "payment_demo", "payment_stripe", "sale_loyalty")
#: Tests that need some of them.
BESIDE = {"tests/mrp": COMPANIONS, "tests/providers": COMPANIONS}
#: Tests that hold requests against the vendors' contracts, and where the tools for it are named.
CONTRACTS = ("tests/connectors", "tests/providers")
SHOWN = 30
NO_TESTS = 5


class Run:
    """One run of the tests.

    :param surroundings: cache, processes and the like.
    :param env: Odoo and the test tools.
    """

    def __init__(self, surroundings: session.Session, env: environment.Environment) -> None:
        self.session = surroundings
        self.environment = env
        self.results: list[Result] = []
        self.started = time.monotonic()

    @contextmanager
    def step(self, name: str) -> Iterator[Result]:
        """A step of the run: timed, reported, and no reason to stop if it fails."""
        result = Result(name)
        self.results.append(result)
        started = time.monotonic()
        try:
            yield result
        except Stop as stop:
            result.problems.append(f"{stop.message} {stop.mend}".strip())
        result.seconds = time.monotonic() - started
        say = self.session.report.line
        say(results.table([result])[0])
        for problem in result.problems[:SHOWN]:
            say("          " + problem.replace("\n", "\n          "))
        if len(result.problems) > SHOWN:
            say(f"          … and {len(result.problems) - SHOWN} more, see {self.session.logs}")

    def finish(self) -> int:
        """Print the summary and the closing line.

        :returns: the exit code.
        """
        say = self.session.report.line
        say()
        for line in results.table(self.results):
            say(line)
        failed = any(result.problems for result in self.results)
        if not failed and not any(sum(result.counts.values()) for result in self.results):
            say("  No test was found.")
            failed = True
        if failed:
            say(f"  The logs are in {self.session.logs}")
        say(results.closing_line(self.results, time.monotonic() - self.started))
        return 1 if failed else 0

    def lint(self) -> None:
        """Every linter."""
        for title in lint.commands(self.session, self.environment):
            with self.step(title) as result:
                result.problems += lint.check(self.session, self.environment, title)

    def pure(self, paths: list[str], options: list[str]) -> None:
        """Tests that need neither Odoo nor a database, in a Python that cannot import Odoo.

        :param paths: folders or files below the clone.
        :param options: further options of pytest.
        """
        with self.step("tests without Odoo") as result:
            root = self.session.addon.root
            for path in paths:
                folder = root / next(each for each in PURE if path.startswith(each))
                variables = self._contract_variables(path)
                places = ["--rootdir", folder, f"--confcutdir={folder}", "-p", "no:odoo"]
                command = ["-S", INSIDE / "pure_pytest.py", *self._pure_paths()]
                command += ["--", "-c", root / "pyproject.toml", *places, root / path, *options]
                self._pytest(command, result, path.replace("/", "-"), variables, root)

    def _contract_variables(self, *paths: str) -> dict[str, str]:
        """Where tests find what holds requests against the vendors' contracts, if these are there.

        :param paths: of the tests, relative to the clone.
        """
        manifest = self.session.addon.root / CONTRACTS[0] / "package.json"
        data = os.environ.get("OMS_DATA")
        wanted = any(path.startswith(CONTRACTS) for path in paths)
        if not wanted or not data or not (Path(data).parent / "specs").is_dir():
            return {}
        tools = node.require(self.session, manifest)
        return {"OMS_NODE": str(tools.program), "OMS_NODE_MODULES": str(tools.modules)}

    def _pure_paths(self) -> list[Path]:
        from .venv import site_packages

        folders = [self.environment.tools, self.environment.runtime]
        return [site_packages(folder) for folder in folders if folder]

    def install(self, databases: Databases, beside: Sequence[str] = ()) -> str | None:
        """The template with the addon, whose installation is checked.

        :param beside: further modules of Odoo that are there before the addon.
        :returns: its name, or nothing if the addon cannot be installed.
        """
        log = self.session.logs / f"{'-'.join(['install', *beside])}.log"
        template = None
        with self.step(f"installation{_beside(beside)}") as result:
            template = databases.with_addon(log, beside)
            result.problems += complaints(log)
        return template

    def odoo(
        self,
        databases: Databases,
        template: str,
        paths: list[str],
        options: list[str],
        beside: Sequence[str] = (),
    ) -> None:
        """Tests inside Odoo, HTTP and browser included.

        :param template: the template with the addon.
        :param paths: folders or files below the clone.
        :param options: further options of pytest.
        :param beside: further modules of Odoo in the template.
        """
        title = f"Odoo tests{_beside(beside)}"
        with self.step(title) as result, databases.temporary(template, "test") as name:
            chromium.require(self.session)
            run = "-".join(["odoo", *beside])
            server_log = self.session.logs / f"{'-'.join(['server', *beside])}.log"
            folder = self.session.addons_path
            command: list[str | Path] = ["-m", "pytest", "-c", f"{addon.NAME}/pyproject.toml"]
            command += ["--rootdir", folder, "--odoo-http"]
            command += [f"--odoo-config={databases.config()}", f"--odoo-database={name}"]
            command += ["--odoo-log-level=warn", f"--odoo-extra=logfile={server_log}"]
            elsewhere = [*PURE, clients.FOLDER]
            elsewhere += [each for each, needed in BESIDE.items() if needed != beside]
            command += [f"--ignore={addon.NAME}/{each}" for each in elsewhere]
            command += [f"{addon.NAME}/{path}" for path in paths]
            environ = {**databases.server.environ, **self._contract_variables(*paths)}
            self._pytest([*command, *options], result, run, environ, folder)
            result.problems += complaints(server_log)

    def served(
        self, databases: Databases, template: str, paths: list[str], options: list[str]
    ) -> None:
        """Tests of what a running server answers to clients that nobody here wrote.

        :param template: the template with the addon.
        :param paths: folders or files below the clone.
        :param options: further options of pytest.
        """
        with self.step("tests with clients") as result:
            tools = clients.require(self.session)
            root = self.session.addon.root
            folder = root / clients.FOLDER
            command: list[str | Path] = ["-m", "pytest", "-c", root / "pyproject.toml"]
            command += ["--rootdir", folder, f"--confcutdir={folder}"]
            command += [root / path for path in paths]
            with clients.shop(databases, template, tools) as shop:
                variables = {"OMS_SHOP": str(shop.facts)}
                self._pytest(
                    [*command, *options], result, "clients", variables, folder, tools.python
                )
            result.problems += clients.complaints(shop)

    def _pytest(
        self,
        command: list[str | Path],
        result: Result,
        name: str,
        environ: dict[str, str],
        folder: Path,
        python: Path | None = None,
    ) -> None:
        report = self.session.folder / f"{name}.json"
        variables = {
            **environ,
            "OMS_PYTEST_REPORT": str(report),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(INSIDE),
        }
        code = self.session.processes.run(
            [python or self.environment.tools_python, *command, "-p", "pytest_report"],
            self.session.logs / f"pytest-{name}.log",
            environ=variables,
            on_line=lambda line: print(line, end="", flush=True),
            cwd=folder,
        )
        if not report.exists():
            result.problems.append(f"pytest ended with {code} before it could report")
            return
        content = json.loads(report.read_text())
        for kind, count in content["counts"].items():
            result.counts[kind] = result.counts.get(kind, 0) + count
        # A name given by -k may well be in one of the two runs only.
        if code and not (code == NO_TESTS and "-k" in command):
            word = "found no tests" if code == NO_TESTS else f"ended with {code}"
            result.problems.append(f"pytest {word}")
        result.problems += results.forbidden_skips(content["skips"])

    def round_trip(self, databases: Databases, template: str, beside: Sequence[str] = ()) -> None:
        """Update and uninstall the addon in a database where it was installed.

        :param template: the template with the addon.
        :param beside: further modules of Odoo in the template.
        """
        with (
            self.step(f"update and uninstall{_beside(beside)}") as result,
            databases.temporary(template, "trip") as name,
        ):
            log = self.session.logs / f"{'-'.join(['update', *beside])}.log"
            databases.prepare(name, "update", [addon.NAME], log, "Updating the addon")
            result.problems += complaints(log)
            log = self.session.logs / f"{'-'.join(['uninstall', *beside])}.log"
            script = INSIDE / "roundtrip.py"
            command = [self.environment.python, script, databases.config(), name, addon.NAME]
            with self.session.report.step("Uninstalling the addon"):
                code = self.session.processes.run(command, log, environ=databases.server.environ)
            lines = log.read_text(errors="replace").splitlines()
            left = [line for line in lines if line.startswith("LEFT BEHIND")]
            result.problems += left + complaints(log)
            if code and not left:
                result.problems.append(f"uninstalling failed: {lines[-1] if lines else code}")


def _beside(modules: Sequence[str]) -> str:
    return f" beside {', '.join(modules)}" if modules else ""


def complaints(log: Path) -> list[str]:
    """Warnings and errors in a server log, each once, as lines for the report."""
    if not log.exists():
        return []
    with open(log, encoding="utf-8", errors="replace") as lines:
        found = logcheck.complaints(lines)
    texts = [f"{each.level} {each.logger}: {_shortened(each.text)}" for each in found]
    return list(dict.fromkeys(texts))


def _shortened(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([lines[0][:500], *(["…"] if len(lines) > 9 else []), *lines[1:][-8:]])


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="bin/test",
        description="Run every check of the project, or a part of the tests.",
        epilog="Environment: OMS_CACHE, ODOO_BIN, ODOO_PYTHON, PGHOST … or DATABASE_URL.",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="run these tests only")
    parser.add_argument("-k", metavar="NAME", help="run tests with this in their name only")
    parser.add_argument("-x", action="store_true", help="stop at the first failing test")
    parser.add_argument(
        "--native",
        action="store_true",
        help="run Odoo's own suites without and with the addon (PATH then means MODULE)",
    )
    parser.add_argument("--write", action="store_true", help="keep the table of --native in docs/")
    parser.add_argument("--verbose", action="store_true", help="show where a failure comes from")
    return parser.parse_args(given)


def _sorted_paths(root: Path, given: list[str]) -> tuple[list[str], list[str]]:
    """Paths of tests without Odoo and of those with it, relative to the clone."""
    pure, odoo = [], []
    for each in given or [*PURE, *BESIDE, clients.FOLDER, "tests"]:
        plain, _, selected = each.partition("::")
        path = Path(plain).absolute() if Path(plain).exists() else root / plain
        if not path.exists():
            if given:
                raise Stop(f"there is no {each} here.", "Name a folder or file below tests/.")
            continue
        try:
            relative = path.resolve().relative_to(root.resolve())
        except ValueError as error:
            raise Stop(f"{each} is not in this clone.") from error
        text = str(relative) + (f"::{selected}" if selected else "")
        (pure if str(relative).startswith(PURE) else odoo).append(text)
    return pure, odoo


def _by_modules(paths: list[str]) -> dict[tuple[str, ...], list[str]]:
    """Paths of tests with Odoo by the further modules that they need, those that need none first.

    :param paths: relative to the clone.
    """
    found: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(paths, key=lambda path: path.startswith(tuple(BESIDE))):
        needed = next((BESIDE[each] for each in BESIDE if path.startswith(each)), ())
        found.setdefault(needed, []).append(path)
    return found


def main(given: list[str]) -> int:
    """Run what the command line asks for."""
    options = arguments(given)
    root = Path(__file__).resolve().parents[2]
    with session.opened("test", root) as surroundings:
        if options.native:
            return native.main(surroundings, options.paths, options.write)
        pure, odoo = _sorted_paths(root, options.paths)
        part = bool(options.paths or options.k)
        env = environment.prepare(surroundings, tools=True)
        surroundings.report.line(f"  {env.title}")
        run = Run(surroundings, env)
        passed_on = (["-k", options.k] if options.k else []) + (["-x"] if options.x else [])
        if not part:
            run.lint()
        if pure:
            run.pure(pure, passed_on)
        if odoo:
            with postgres.running(surroundings, env.runtime) as server:
                databases = Databases(surroundings, env, server)
                databases.drop_leftovers()
                for beside, paths in _by_modules(odoo).items():
                    if template := run.install(databases, beside):
                        served = [path for path in paths if path.startswith(clients.FOLDER)]
                        if inside := [path for path in paths if path not in served]:
                            run.odoo(databases, template, inside, passed_on, beside)
                        if served:
                            run.served(databases, template, served, passed_on)
                        if not part:
                            run.round_trip(databases, template, beside)
        return run.finish()
