"""When a template database has to be built anew, and when not."""

from pathlib import Path

import pytest

from runtime import cache
from runtime.addon import Addon
from runtime.errors import Stop

MANIFEST = """{"name": "x", "version": "19.0.1.0.0", "depends": %r,
"external_dependencies": {"python": ["numpy"]}}"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    root = tmp_path / "My Clone 2"
    (root / "models").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "__manifest__.py").write_text(MANIFEST % ["stock", "sale"])
    (root / "models" / "order.py").write_text("a = 1\n")
    (root / "tests" / "test_order.py").write_text("b = 1\n")
    return root


def test_the_manifest_tells_what_the_addon_needs(clone):
    addon = Addon(clone)
    assert addon.depends == ["sale", "stock"]
    assert addon.python_dependencies == ["numpy"]


def test_the_order_of_dependencies_does_not_matter_but_their_set_does(clone):
    before = Addon(clone).dependency_key
    (clone / "__manifest__.py").write_text(MANIFEST % ["sale", "stock"])
    assert Addon(clone).dependency_key == before
    (clone / "__manifest__.py").write_text(MANIFEST % ["sale", "stock", "portal"])
    assert Addon(clone).dependency_key != before


def test_a_changed_model_changes_the_fingerprint_a_changed_test_does_not(clone):
    before = Addon(clone).fingerprint()
    (clone / "tests" / "test_order.py").write_text("b = 2\n")
    (clone / "README.md").write_text("words\n")
    (clone / "models" / "__pycache__").mkdir()
    (clone / "models" / "__pycache__" / "order.cpython-311.pyc").write_bytes(b"x")
    assert Addon(clone).fingerprint() == before
    (clone / "models" / "order.py").write_text("a = 2\n")
    assert Addon(clone).fingerprint() != before


def test_a_renamed_file_changes_the_fingerprint(clone):
    before = Addon(clone).fingerprint()
    (clone / "models" / "order.py").rename(clone / "models" / "line.py")
    assert Addon(clone).fingerprint() != before


def test_two_clones_with_the_same_content_share_a_fingerprint(clone):
    before = Addon(clone).fingerprint()
    clone.rename(clone.parent / "other")
    assert Addon(clone.parent / "other").fingerprint() == before


def test_the_addon_gets_its_technical_name_whatever_the_clone_is_called(clone, tmp_path):
    Addon(clone).link(tmp_path / "run" / "addons")
    assert (tmp_path / "run" / "addons" / "oms" / "models" / "order.py").read_text() == "a = 1\n"


def test_a_broken_manifest_is_said_in_a_sentence(clone):
    (clone / "__manifest__.py").write_text("{")
    with pytest.raises(Stop, match="manifest"):
        _ = Addon(clone).manifest


def test_names_of_builds_depend_on_every_part():
    assert cache.digest("a", "bc") != cache.digest("ab", "c")
    assert cache.digest("a", length=4) == cache.digest("a")[:4]


def test_the_cache_is_where_the_environment_says(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache.locate({}) == Path("/home/someone/.cache/oms")
    assert cache.locate({"XDG_CACHE_HOME": "/var/c"}) == Path("/var/c/oms")
    assert cache.locate({"XDG_CACHE_HOME": "/var/c", "OMS_CACHE": "/big"}) == Path("/big")
