"""Put the repository's root on the path, so that the engine is importable without Odoo."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

pytest.register_assert_rewrite(
    "allocation_truth", "presets_cases", "promise_truth", "sourcing_truth"
)
