"""The shop that the tests call, and the ways to call it."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from ways import WAYS, Shop, Way


@pytest.fixture(scope="session")
def shop() -> Shop:
    """The shop, from the file that `bin/test` wrote."""
    return Shop(json.loads(Path(os.environ["OMS_SHOP"]).read_text()))


@pytest.fixture(scope="session")
def ways(shop: Shop) -> Iterator[list[Way]]:
    """Each client over each protocol, with the key of the channel WEB."""
    made = [make(shop, shop.keys["WEB"]) for make in WAYS]
    yield made
    for each in made:
        each.close()


@pytest.fixture(params=range(len(WAYS)), ids=lambda index: WAYS[index].__name__)
def way(request: pytest.FixtureRequest, ways: list[Way]) -> Way:
    """Each of them in turn."""
    return ways[request.param]


@pytest.fixture(scope="session")
def numbers() -> Callable[[], str]:
    """Numbers of orders that nobody used before."""
    counter = itertools.count(1)
    return lambda: f"T-{next(counter)}"


@pytest.fixture
def post(shop: Shop) -> Callable[..., requests.Response]:
    """Send a plain request, with the key of the channel WEB or without one."""

    def send(path: str, body: Any = None, key: str | None = "", **options: Any) -> Any:
        headers = options.pop("headers", {})
        if key is not None:
            headers = {"Authorization": f"Bearer {key or shop.keys['WEB']['key']}", **headers}
        return requests.request(
            options.pop("method", "POST"),
            shop.url + path,
            json=body,
            headers=headers,
            timeout=60,
            **options,
        )

    return send
