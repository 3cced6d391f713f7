"""A pytest plugin that writes down what became of the tests.

The file named by `OMS_PYTEST_REPORT` gets a JSON object: the counts of the closing line, the
reason of each skip, and the seconds.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

KINDS = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


class Report:
    """Collects from pytest's terminal reporter at the end of a session."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        """Write the file."""
        stats = terminalreporter.stats
        counts = {kind: len(stats.get(kind, [])) for kind in KINDS}
        skips = []
        for each in stats.get("skipped", []):
            reason = each.longrepr[2] if isinstance(each.longrepr, tuple) else str(each.longrepr)
            skips.append({"test": each.nodeid, "reason": reason.removeprefix("Skipped: ")})
        content = {
            "counts": counts,
            "skips": skips,
            "seconds": time.monotonic() - self.started,
            "exit": int(exitstatus),
        }
        with open(os.environ["OMS_PYTEST_REPORT"], "w", encoding="utf-8") as sink:
            json.dump(content, sink)


def pytest_configure(config: Any) -> None:
    """Register the plugin."""
    config.pluginmanager.register(Report(), "oms-report")
