"""The description of the API is held against the server by schemathesis.

It makes good and bad calls of each method from the description alone, and looks whether the
answers are as described: no status that is not, nothing accepted that should be refused or the
other way round, no fault of the server, no call without a key.

`OMS_SCHEMA_SECONDS=600 bin/test tests/clients/test_schema.py` looks longer, at other cases.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ways import Shop

HERE = Path(__file__).parent
#: Seconds after which it stops on a slow machine, and cases for each method.
MOST_SECONDS, CASES = 90, 12


def test_the_server_does_what_is_described(shop: Shop, tmp_path: Path) -> None:
    longer = os.environ.get("OMS_SCHEMA_SECONDS")
    asked = ["--max-time", longer or str(MOST_SECONDS)]
    asked += ["--seed", str(os.getpid()), "-n", "100000"] if longer else ["-n", str(CASES)]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("st"),
            f"--config-file={HERE / 'schemathesis.toml'}",
            "--no-color",
            "run",
            f"{shop.url}/oms/api/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {shop.keys['WEB']['key']}",
            "--phases=coverage,fuzzing",
            "--checks=all",
            "--workers=1",
            *asked,
        ],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "shop_hooks", "PYTHONPATH": str(HERE)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    # It says so where it could not read the description, too.
    assert "No issues found" in done.stdout or "passed" in done.stdout, done.stdout
