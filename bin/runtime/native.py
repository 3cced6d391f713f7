"""`bin/test --native`: Odoo's own suites without the addon and with it, side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import chromium, environment, postgres
from .addon import NAME
from .cache import digest
from .databases import INSIDE, Databases
from .errors import Stop
from .server import free_port
from .session import Session

MODULES = (
    "sale_stock",
    "stock",
    "delivery",
    "stock_delivery",
    "purchase_stock",
    "stock_dropshipping",
    "payment",
    "account_payment",
)
# Changes when the suites are run in another way, so that older counts no longer compare.
RECIPE = 2
TABLE = Path("docs", "native-tests.md")

_RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
_CASE = re.compile(r" ERROR \S+ odoo\.addons\.([\w.]+): (?:FAIL|ERROR): (?:Subtest )?([^\s:]+)")
_SKIPPED = re.compile(r" odoo\.addons\.[\w.]+: skipped (\S+)")


@dataclass
class Suite:
    """What became of the suite of one module.

    :param tests: how many ran.
    :param failed: how many failed.
    :param errors: how many broke.
    :param skipped: how many were skipped.
    :param names: those that failed or broke, each once.
    """

    tests: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    names: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.tests} tests, {self.failed} failed, {self.errors} errors"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def parse(lines: Iterable[str]) -> Suite | None:
    """Read the log of Odoo's own test runner.

    :param lines: lines of the log.
    :returns: nothing if the runner did not come to its end.
    """
    suite = Suite()
    names: set[str] = set()
    ended = False
    for line in lines:
        if match := _CASE.search(line):
            names.add(f"{match[1]}: {match[2]}")
        elif _SKIPPED.search(line):
            suite.skipped += 1
        elif (match := _RESULT.search(line)) and "odoo.tests.result" in line:
            suite.failed, suite.errors, suite.tests = map(int, match.groups())
            ended = True
    suite.names = sorted(names)
    return suite if ended else None


def newly_failing(before: Suite, after: Suite) -> list[str]:
    """Tests that fail with the addon and did not without it."""
    new = sorted(set(after.names) - set(before.names))
    if not new and after.failed + after.errors > before.failed + before.errors:
        return ["a failure whose test the log does not name"]
    return new


def markdown(rows: Sequence[tuple[str, Suite, Suite]]) -> list[str]:
    """The two counts side by side, as a table.

    :param rows: module, its suite without the addon, its suite with it.
    """
    lines = ["| module | without the addon | with the addon | newly failing |"]
    lines.append("|---|---|---|---|")
    for module, before, after in rows:
        new = len(newly_failing(before, after))
        lines.append(f"| `{module}` | {before} | {after} | {new} |")
    total = [Suite(), Suite()]
    for _module, *pair in rows:
        for sum_, part in zip(total, pair, strict=True):
            sum_.tests += part.tests
            sum_.failed += part.failed
            sum_.errors += part.errors
            sum_.skipped += part.skipped
    count = sum(len(newly_failing(before, after)) for _module, before, after in rows)
    lines.append(f"| all | {total[0]} | {total[1]} | {count} |")
    return lines


def main(session: Session, modules: Sequence[str], write: bool) -> int:
    """Run the suites and compare.

    :param session: surroundings.
    :param modules: some of them only.
    :param write: whether to keep the table in the clone.
    :returns: the exit code.
    """
    if write and modules:
        raise Stop("--write keeps the table of all modules.", "Leave the module names out.")
    env = environment.prepare(session, tools=True)
    chromium.require(session)
    with postgres.running(session, env.runtime) as server:
        databases = Databases(session, env, server)
        databases.drop_leftovers()
        templates = databases.base(), databases.with_addon(session.logs / "install.log")
        rows = []
        for module in modules or MODULES:
            before = _baseline(databases, module, templates[0])
            after = _suite(databases, module, templates[1], f"with {NAME}")
            rows.append((module, before, after))
    say = session.report.line
    say()
    table = markdown(rows)
    for line in table:
        say(line)
    new = [name for _module, before, after in rows for name in newly_failing(before, after)]
    for name in new:
        say(f"newly failing: {name}")
    if write:
        _write(session, env.title, table)
    return 1 if new else 0


def _baseline(databases: Databases, module: str, template: str) -> Suite:
    """The suite without the addon, run once for each build of Odoo and set of modules."""
    key = digest(RECIPE, databases.environment.build, template)
    kept = databases.session.cache.folder("native") / f"{key}-{module}.json"
    if kept.exists():
        return Suite(**json.loads(kept.read_text()))
    suite = _suite(databases, module, template, "without the addon")
    kept.write_text(json.dumps(asdict(suite)))
    return suite


def _suite(databases: Databases, module: str, template: str, words: str) -> Suite:
    session, env = databases.session, databases.environment
    log = session.logs / f"native-{module}-{words.split()[0]}.log"

    def show(line: str) -> None:
        if match := re.search(r": Starting (\S+)", line):
            step.say(match[1])

    with (
        databases.temporary(template, "native") as name,
        session.report.step(f"{module}, {words}") as step,
    ):
        command = [env.tools_python, INSIDE / "native_suite.py", "-c", databases.config()]
        command += ["-d", name, "--test-tags", f"/{module}", "--stop-after-init"]
        session.processes.run(
            [*command, f"--http-port={free_port()}", "--max-cron-threads=0"],
            log,
            environ=databases.server.environ,
            on_line=show,
        )
    suite = parse(log.read_text(errors="replace").splitlines())
    if suite is None:
        raise Stop(f"the suite of {module} did not come to its end.", f"The log is {log}.")
    if not suite.tests:
        raise Stop(f"the module {module} has no tests here.", "Name one of the addon's modules.")
    return suite


def _write(session: Session, title: str, table: Sequence[str]) -> None:
    path = session.addon.root / TABLE
    path.parent.mkdir(exist_ok=True)
    version = session.addon.manifest["version"]
    head = [
        "# Odoo's own tests, without and with the addon",
        "",
        "Made by `bin/test --native --write`: the suites of the modules that the addon touches,",
        "run by Odoo's own test runner in a database without the addon and in one with it. All run",
        "when all modules are loaded, also the tests tagged `at_install`: else these would not",
        "meet the addon at all.",
        "",
        f"{title}; addon {version}.",
        "",
    ]
    path.write_text("\n".join([*head, *table]) + "\n", encoding="utf-8")
    session.report.line(f"\nThe table is in {TABLE}.")
