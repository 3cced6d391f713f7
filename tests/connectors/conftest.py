"""Put the repository's root on the path, so that connectors are importable without Odoo."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

pytest.register_assert_rewrite("contract_checks")


@pytest.fixture(scope="session")
def specs():
    """The folder with the vendors' own contracts, beside the data folder."""
    data = os.environ.get("OMS_DATA")
    folder = Path(data).parent / "specs" if data else None
    if not folder or not folder.is_dir():
        pytest.skip("no data folder with the vendors' contracts beside it: OMS_DATA names none")
    return folder
