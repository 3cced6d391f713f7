"""What the site screen does without a connection: its queue and its foresight, in Node.js."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ways import Shop


@pytest.mark.parametrize(
    ("name", "least"), [("site_work.test.mjs", 15), ("site_returns.test.mjs", 7)]
)
def test_queue_and_foresight(shop: Shop, name: str, least: int) -> None:
    """The tests stand in JavaScript; one that fails is shown with its difference."""
    tests = Path(__file__).with_name(name)
    done = subprocess.run(
        [shop.node, "--test", "--test-reporter=tap", str(tests)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
    passed = next(line for line in done.stdout.splitlines() if line.startswith("# pass "))
    assert int(passed.split()[-1]) >= least, "all of them ran"
