"""What the site screen does without a connection: its queue and its foresight, in Node.js."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ways import Shop

TESTS = Path(__file__).with_name("site_work.test.mjs")


def test_queue_and_foresight(shop: Shop) -> None:
    """The tests stand in JavaScript; one that fails is shown with its difference."""
    done = subprocess.run(
        [shop.node, "--test", "--test-reporter=tap", str(TESTS)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
    passed = next(line for line in done.stdout.splitlines() if line.startswith("# pass "))
    assert int(passed.split()[-1]) >= 15, "all of them ran"
