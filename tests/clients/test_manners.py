"""What any HTTP client may expect, and what must not be found in the log."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import requests
from ways import (
    ClientLibJson2,
    ClientLibRpc,
    ClientLibXmlRpc,
    OdooRpc,
    PlainJson2,
    PlainOwnRoute,
    Refused,
    Shop,
)

PING = "/json/2/oms.api/ping"
OWN_PING = "/oms/api/v1/ping"
ERROR = {"code", "message", "field", "correlation_id"}
Post = Callable[..., requests.Response]


@pytest.mark.parametrize("path", [PING, OWN_PING])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(post: Post, path: str, method: str) -> None:
    answer = post(path, method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "Access-Control-Allow-Origin" not in answer.headers
    if method != "HEAD":
        body = answer.json()
        assert (body["error"]["data"] if "error" in body else body)["code"] == "method_not_allowed"


def test_the_description_can_be_looked_at(post: Post) -> None:
    answer = post("/oms/api/v1/openapi.json", key=None, method="HEAD")
    assert answer.status_code == 200
    assert not answer.content


@pytest.mark.parametrize("path", [PING, OWN_PING])
def test_browsers_of_other_sites_get_nothing(post: Post, path: str) -> None:
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for answer in (
        post(path, {}, headers={"Origin": "https://evil.example"}),
        post(path, method="OPTIONS", key=None, headers={"Origin": "https://evil.example", **ask}),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert answer.status_code == 405


@pytest.mark.parametrize("path", [PING, OWN_PING])
def test_a_key_is_taken_from_the_header_only(post: Post, path: str) -> None:
    key = "not-a-key-but-like-one-0123456789abcdef"
    for where in ("access_token", "api_key", "key", "token", "Authorization"):
        answer = post(f"{path}?{where}={key}", {}, key=None)
        assert answer.status_code == 401, where
        assert key not in answer.text
        assert key not in str(answer.headers)


def test_a_good_key_elsewhere_is_no_key(shop: Shop, post: Post) -> None:
    key = shop.keys["WEB"]["key"]
    for options in (
        {"cookies": {"Authorization": f"Bearer {key}", "session_id": key}},
        {"headers": {"X-API-Key": key}},
        {"headers": {"Authorization": key}},
        {"auth": (shop.keys["WEB"]["login"], key)},
    ):
        answer = post(PING, {}, key=None, **options)
        assert answer.status_code == 401, options
        assert answer.json()["code"] == "unauthorized"
    assert post(PING, {"api_key": key}, key=None).status_code == 401


def test_forms_and_texts_are_refused(shop: Shop) -> None:
    for path, kind in itertools.product(
        (PING, OWN_PING), ("application/x-www-form-urlencoded", "text/plain", "application/xml")
    ):
        answer = requests.post(
            shop.url + path,
            data=b"a=1",
            headers={
                "Authorization": f"Bearer {shop.keys['WEB']['key']}",
                "Content-Type": kind,
            },
            timeout=60,
        )
        assert answer.status_code == 415, (path, kind)
        body = answer.json()
        assert (body["error"]["data"] if "error" in body else body)["code"] == "unsupported"


def test_the_limit_is_told_in_every_way(shop: Shop) -> None:
    """Five calls a minute, whichever way they come."""
    who = shop.keys["SLOW"]
    for make in (PlainJson2, PlainOwnRoute, ClientLibJson2, ClientLibRpc, ClientLibXmlRpc, OdooRpc):
        way = make(shop, who)
        with pytest.raises(Refused) as refused:
            for _call in range(12):
                way.call("ping")
        assert refused.value.error["code"] == "too_many_requests", make
        assert set(refused.value.error) >= ERROR
    # The minute may have turned since.
    for path, body in ((PING, {}), (OWN_PING, {"params": {}})):
        for _call in range(12):
            answer = requests.post(
                shop.url + path,
                json=body,
                headers={"Authorization": f"Bearer {who['key']}"},
                timeout=60,
            )
            if "Retry-After" in answer.headers:
                break
        assert 1 <= int(answer.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("method", ["nothing", "env"])
def test_an_unknown_method_is_told_in_every_way(shop: Shop, method: str) -> None:
    for make in (PlainJson2, PlainOwnRoute, ClientLibJson2, ClientLibRpc, ClientLibXmlRpc, OdooRpc):
        with pytest.raises(Refused) as refused:
            make(shop, shop.keys["WEB"]).call(method)
        assert refused.value.error["code"] == "not_found", make
        assert set(refused.value.error) >= ERROR


def test_nothing_secret_is_logged(shop: Shop, post: Post) -> None:
    """Good and bad calls of every kind leave neither keys nor passwords in the log."""
    who = shop.keys["WEB"]
    post(PING, {})
    post(PING, {"channel": "OTHER"})
    post(PING, {"zebra": 1})
    post(OWN_PING, {"params": {"zebra": 1}})
    post("/json/2/oms.api/nothing", {})
    post("/json/2/sale.order/search_read", {"domain": "no domain"})
    login = {"db": shop.database, "login": who["login"], "password": who["password"]}
    post("/web/session/authenticate", {"params": login}, key=None)
    post("/web/session/authenticate", {"params": login | {"password": who["key"]}}, key=None)
    for service, method, args in (
        ("common", "authenticate", [shop.database, who["login"], who["key"], {}]),
        (
            "object",
            "execute_kw",
            [shop.database, who["uid"], who["key"], "oms.api", "ping", [], {}],
        ),
        (
            "object",
            "execute_kw",
            [shop.database, who["uid"], who["key"], "oms.api", "none", [], {}],
        ),
        ("object", "execute_kw", [shop.database, who["uid"], who["key"], "no.model", "none", []]),
        ("object", "no_method", [shop.database, who["uid"], who["key"], "oms.api", "ping"]),
    ):
        body: dict[str, Any] = {"params": {"service": service, "method": method, "args": args}}
        answer = post("/jsonrpc", body, key=None)
        assert who["key"] not in answer.text
    text = shop.log.read_text(encoding="utf-8", errors="replace")
    assert "Channel WEB: ping, done" in text
    for secret in shop.secrets:
        assert secret not in text
