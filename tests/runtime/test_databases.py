"""Databases with much data, which are filled once and kept."""

import time
from types import SimpleNamespace

import pytest

from runtime.cache import Cache
from runtime.databases import FILLED_DAYS, FILLED_KEPT, Databases
from runtime.errors import Stop


class Shelf(Databases):
    """Databases that are names and remarks only."""

    def __init__(self, folder):
        self.known = {}
        self.updated = []
        self.broken = False
        self.addon = SimpleNamespace(state="a", fingerprint=lambda: self.addon.state)
        super().__init__(
            SimpleNamespace(
                addon=self.addon,
                cache=Cache(folder, lambda text: None),
                processes=SimpleNamespace(run_id="0-0"),
            ),
            None,
            SimpleNamespace(identity="shelf", private=True),
        )

    def tool(self, command, name, other=None):
        if command == "drop":
            self.known.pop(name, None)
        elif command == "rename":
            self.known[other] = self.known.pop(name)

    def remarks(self):
        return dict(self.known)

    def remark(self, name, **facts):
        self.known[name] = {"at": time.time(), **facts}

    def clone(self, template, name):
        self.filestore(name).mkdir(parents=True)

    def prepare(self, name, mode, modules, log, title):
        if self.broken:
            raise Stop("It cannot be updated.")
        self.updated.append(name)

    def base(self):
        return "base"

    def with_addon(self, log):
        return "addon"

    def fill(self, key, filled):
        with self.filled("large", key, 0.001, None, filled.append) as name:
            assert name in self.known
            return name


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def test_it_is_filled_once_under_another_name(shelf):
    filled = []
    name = shelf.fill("one", filled)
    assert shelf.fill("one", filled) == name
    assert filled == [f"{name}_building"]
    assert shelf.known[name]["kind"] == "filled"


def test_other_data_are_another_database(shelf):
    filled = []
    assert shelf.fill("one", filled) != shelf.fill("two", filled)
    assert len(filled) == 2


def test_one_that_was_interrupted_is_filled_anew(shelf):
    def interrupted(name):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), shelf.filled("large", "one", 0.001, None, interrupted):
        pass
    assert [facts["kind"] for facts in shelf.known.values()] == ["temporary"]
    filled = []
    shelf.fill("one", filled)
    assert len(filled) == 1


def test_the_addon_is_updated_in_it_when_it_has_changed(shelf):
    filled = []
    name = shelf.fill("one", filled)
    shelf.addon.state = "b"
    for _time in range(2):
        assert shelf.fill("one", filled) == name
    assert (shelf.updated, len(filled)) == ([name], 1)


def test_one_that_cannot_be_updated_is_filled_anew(shelf):
    filled = []
    name = shelf.fill("one", filled)
    shelf.addon.state, shelf.broken = "b", True
    assert shelf.fill("one", filled) == name
    assert len(filled) == 2


def test_only_the_newest_are_kept(shelf):
    filled = []
    names = [shelf.fill(key, filled) for key in ("one", "two", "three")]
    assert list(shelf.known) == names[-FILLED_KEPT:]


def test_what_nobody_used_for_long_is_dropped(shelf):
    name = shelf.fill("one", [])
    shelf.drop_leftovers()
    assert name in shelf.known
    shelf.known[name]["at"] -= (FILLED_DAYS + 1) * 86400
    shelf.drop_leftovers()
    assert not shelf.known


def test_too_little_space_is_said_before_it_is_filled(shelf):
    filled = []
    with (
        pytest.raises(Stop, match="The database with the data needs about"),
        shelf.filled("large", "one", 10**9, None, filled.append),
    ):
        pass
    assert not filled
