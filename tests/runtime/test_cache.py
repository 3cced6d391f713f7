"""Builds that are interrupted, and the disk that is full."""

import threading
from collections import namedtuple

import pytest

from runtime import cache
from runtime.errors import Stop


@pytest.fixture
def place(tmp_path):
    return cache.Cache(tmp_path / "c", lambda text: None)


def test_a_build_has_its_name_only_when_it_is_whole(place):
    target = place.root / "thing"

    def broken(partial):
        (partial / "one").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        place.build(target, broken)
    assert not target.exists()

    def finished(partial):
        assert (partial / "one").exists(), "the next one goes on where the last one stopped"
        (partial / "two").touch()

    place.build(target, finished)
    assert {path.name for path in target.iterdir()} == {"one", "two", cache.COMPLETE}


def test_a_build_is_made_once(place):
    calls = []
    for _ in range(2):
        place.build(place.root / "thing", calls.append)
    assert len(calls) == 1


def test_a_lock_that_is_held_is_said_to_be_waited_for(tmp_path):
    said = threading.Event()
    first = cache.Cache(tmp_path, lambda text: None)
    second = cache.Cache(tmp_path, lambda text: said.set())
    order = []

    def follow():
        with second.lock("thing"):
            order.append("second")

    with first.lock("thing"):
        follower = threading.Thread(target=follow)
        follower.start()
        assert said.wait(10)
        order.append("first")
    follower.join(10)
    assert order == ["first", "second"]


def test_too_little_space_is_said_before_the_work_begins(place, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: usage(9, 9, 2**29))
    with pytest.raises(Stop, match=r"needs about 4 GB .* has 0\.5 GB free"):
        place.require_space(4, "The first set-up")
    place.require_space(0.25, "Something small")


def test_a_cache_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Stop, match="cannot be written"):
        cache.Cache(tmp_path / "file" / "c", lambda text: None)
