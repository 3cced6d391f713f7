"""The linters, each a step of its own."""

from __future__ import annotations

import re
from pathlib import Path

from .addon import NAME
from .environment import Environment
from .session import Session


def commands(session: Session, environment: Environment) -> dict[str, list[str | Path]]:
    """The linters by title.

    :param session: surroundings.
    :param environment: Odoo and the test tools.
    """
    python = environment.tools_python
    settings = session.addon.root / "pyproject.toml"
    ruff = python.with_name("ruff")
    return {
        "ruff": [ruff, "check", "--no-cache", "--quiet", "--output-format=concise", "."],
        "ruff format": [
            ruff,
            "format",
            "--no-cache",
            "--check",
            "--quiet",
            "--output-format=concise",
            ".",
        ],
        "pylint-odoo": [python, "-m", "pylint", f"--rcfile={settings}", NAME],
        "import-linter": [
            python,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--config",
            settings,
            "--no-cache",
        ],
    }


def check(session: Session, environment: Environment, title: str) -> list[str]:
    """Run one linter.

    :param title: which one.
    :returns: what it complains about.
    """
    log = session.logs / f"{title.replace(' ', '-')}.log"
    inside_clone = title.startswith("ruff")
    code = session.processes.run(
        commands(session, environment)[title],
        log,
        environ={"PYTHONPATH": str(session.addons_path), "COLUMNS": "100", "NO_COLOR": "1"},
        cwd=session.addon.root if inside_clone else session.addons_path,
    )
    if not code:
        return []
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in log.read_text().splitlines()]
    kept = [line for line in lines if line.strip() and not re.search("[╔╗╚╝║═◀▶]", line)]
    return kept or [f"{title} exited with {code}"]
