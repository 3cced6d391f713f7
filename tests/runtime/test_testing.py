"""Which tests run in which database."""

from pathlib import Path

import pytest

from runtime.errors import Stop
from runtime.testing import BESIDE, COMPANIONS, PURE, _by_modules, _sorted_paths

ROOT = Path(__file__).resolve().parents[2]


def test_all_tests_run_somewhere():
    pure, odoo = _sorted_paths(ROOT, [])
    assert set(pure) == set(PURE)
    assert _by_modules(odoo) == {
        (): ["tests/clients", "tests"],
        COMPANIONS: ["tests/mrp", "tests/providers"],
    }


def test_tests_that_need_further_modules_get_them():
    given = ["tests/mrp/test_kit.py::TestKit", "tests/engine/test_kit.py", "tests/inventory"]
    pure, odoo = _sorted_paths(ROOT, given)
    assert pure == ["tests/engine/test_kit.py"]
    assert list(_by_modules(odoo).items()) == [
        ((), ["tests/inventory"]),
        (COMPANIONS, ["tests/mrp/test_kit.py::TestKit"]),
    ]


def test_what_is_named_is_there():
    assert all((ROOT / path).is_dir() for path in BESIDE)
    with pytest.raises(Stop, match="tests/nothing"):
        _sorted_paths(ROOT, ["tests/nothing"])
