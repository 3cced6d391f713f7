"""The whole road of an order, by each client: what is there, holding, placing, following."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ways import WAYS, Refused, Shop, Way


def make_order(reference: str, **more: Any) -> dict[str, Any]:
    return {
        "reference": reference,
        "customer": {"id": "c-1", "name": "Ada Lovelace"},
        "ship_to": {"street": "1 rue de Rivoli", "zip": "75004", "city": "Paris", "country": "FR"},
        "lines": [{"id": "1", "product": "SKU-1", "quantity": 2, "unit_price": 10.0}],
        "total": 20.0,
        **more,
    }


def test_ping(way: Way) -> None:
    answer = way.call("ping")
    assert answer["channel"] == "WEB"
    assert set(answer) == {"channel", "company", "currency", "time", "version"}


def test_availability(way: Way) -> None:
    answer = way.call("availability", products=["SKU-2", "SKU-9"], by_site=True)
    berry, nothing = answer["products"]
    assert {each["site"] for each in berry["sites"]} == {"PARIS", "LYON"}
    assert berry["available"] == sum(each["available"] for each in berry["sites"])
    assert nothing["error"]["code"] == "not_found"
    assert nothing.get("available", "left out") == (None if way.has_null else "left out")


def test_the_road(way: Way, numbers: Callable[[], str]) -> None:
    """Each step changes what the next one sees."""
    reference = numbers()
    snapshot = way.call("stock_snapshot")
    assert {row["product"] for row in snapshot["rows"]} >= {"SKU-1", "SKU-2", "SKU-3"}
    assert "HUSH-1" not in {row["product"] for row in snapshot["rows"]}
    stock_cursor = snapshot["cursor"]
    events_cursor = drain(way, "order_events", None)[1]

    before = available(way, "SKU-1")
    line = {"product": "SKU-1", "site": "PARIS", "quantity": 2}
    held = way.call("hold", lines=[line], minutes=5, reference=reference)
    assert [(each["product"], each["quantity"]) for each in held["holds"]] == [("SKU-1", 2)]
    assert available(way, "SKU-1") == before - 2
    ids = [each["id"] for each in held["holds"]]
    assert way.call("extend", holds=ids, minutes=10)["expires_at"] > held["expires_at"]

    order = make_order(reference, holds=ids)
    [placed] = way.call("place_orders", orders=[order])["orders"]
    assert (placed["status"], placed["total"]) == ("placed", 20.0)
    [again] = way.call("place_orders", orders=[order])["orders"]
    assert (again["status"], again["order"]) == ("unchanged", placed["order"])
    [other] = way.call("place_orders", orders=[order | {"note": "other"}])["orders"]
    assert (other["status"], other["error"]["code"]) == ("conflict", "conflict")
    assert available(way, "SKU-1") == before - 2, "what was held became the order's"

    status, unknown = way.call("order_status", references=[reference, "none"])["orders"]
    assert (status["state"], status["order"]) == ("sourced", placed["order"])
    assert [each["site"] for each in status["shipments"]] == ["PARIS"], "where it was held"
    assert unknown["error"]["code"] == "not_found"

    rows, _cursor = drain(way, "stock_changes", stock_cursor)
    assert rows[-1]["product"] == "SKU-1"
    assert rows[-1]["available"] == before - 2
    events, _cursor = drain(way, "order_events", events_cursor)
    assert next(each["type"] for each in events if each["order"] == reference) == "order.placed"

    [cancelled] = way.call("cancel", references=[reference])["orders"]
    assert cancelled["status"] == "cancelled"
    assert available(way, "SKU-1") == before


def test_release(way: Way) -> None:
    before = available(way, "SKU-3")
    line = {"product": "SKU-3", "site": "LYON", "quantity": 1.5}
    [hold] = way.call("hold", lines=[line])["holds"]
    assert available(way, "SKU-3") == before - 1.5
    assert way.call("release", holds=[hold["id"]])["released"] == [hold["id"]]
    assert way.call("release", holds=[hold["id"]])["released"] == []
    assert available(way, "SKU-3") == before


def test_a_promise_is_placed_once_and_changed(way: Way, numbers: Callable[[], str]) -> None:
    place = {"zip": "75004", "city": "Paris", "country": "FR"}
    line = {"product": "SKU-1", "quantity": 2}
    answer = way.call("promise", lines=[line, {"product": "SKU-9", "quantity": 1}], ship_to=place)
    assert answer["lines"][1]["error"]["code"] == "not_found"
    answer = way.call("promise", lines=[line], ship_to=place, services=["home"])
    option = answer["options"][0]
    assert option["service"] == "home"
    assert answer["at"][:10] <= option["earliest"] <= option["promised"]
    [part] = option["parts"]
    assert [(each["product"], each["quantity"]) for each in part["lines"]] == [("SKU-1", 2)]

    before, reference, other = available(way, "SKU-1"), numbers(), numbers()
    first, second = (
        make_order(each, ship_to=place, promise=option["token"]) for each in (reference, other)
    )
    placed, refused = way.call("place_orders", orders=[first, second])["orders"]
    assert (placed["status"], placed["promised"]) == ("placed", option["promised"])
    assert (refused["status"], refused["error"]["code"]) == ("refused", "promise_used")
    [status] = way.call("order_status", references=[reference])["orders"]
    assert [each["site"] for each in status["shipments"]] == [part["site"]]

    change = {
        "reference": reference,
        "change": "1",
        "if_revision": status["revision"],
        "lines": [{"id": "1", "quantity": 3}],
        "total": 30.0,
    }
    [changed] = way.call("change_order", changes=[change])["orders"]
    assert (changed["status"], changed["total"]) == ("changed", 30.0)
    assert changed["revision"] != status["revision"]
    assert available(way, "SKU-1") == before - 3
    [again] = way.call("change_order", changes=[change])["orders"]
    assert (again["status"], again["revision"]) == ("unchanged", changed["revision"])
    late = change | {"change": "2", "lines": [{"id": "none", "quantity": 1}]}
    [refused] = way.call("change_order", changes=[late])["orders"]
    assert refused["status"] == "conflict"
    [cancelled] = way.call("cancel", lines=[{"reference": reference, "lines": ["1"]}])["orders"]
    assert cancelled["status"] == "cancelled"
    assert available(way, "SKU-1") == before


def test_pickup_sites(way: Way) -> None:
    near = {"latitude": 48.86, "longitude": 2.35}
    line = {"product": "SKU-1", "quantity": 1}
    answer = way.call("pickup_sites", near=near, lines=[line], limit=1)
    [site] = answer["sites"]
    assert site["site"] == "PARIS"
    assert site["kilometers"] < 50
    assert site["complete"] is True
    if way.tells_shape:
        with pytest.raises(Refused) as refused:
            way.call("pickup_sites", near={"latitude": 48.86})
        assert refused.value.error["field"] == "near"


@pytest.mark.parametrize(
    ("method", "arguments", "code", "field"),
    [
        ("availability", {"products": []}, "invalid", "products"),
        ("availability", {"products": ["SKU-1"], "sites": ["NICE"]}, "not_found", "sites.0"),
        ("availability", {"products": ["SKU-1"], "zebra": 1}, "invalid", "zebra"),
        ("ping", {"channel": "OTHER"}, "forbidden", "channel"),
        ("extend", {"holds": [2**31 - 1], "minutes": 1}, "not_found", "holds.0"),
        (
            "hold",
            {"lines": [{"product": "SKU-1", "site": "LYON", "quantity": 90000}]},
            "shortage",
            None,
        ),
        ("stock_changes", {"cursor": "none"}, "cursor_invalid", None),
    ],
)
def test_errors_have_one_shape(
    way: Way, method: str, arguments: dict[str, Any], code: str, field: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        way.call(method, **arguments)
    error = refused.value.error
    if not way.tells_shape:
        assert error
        assert "Traceback" not in error
        return
    assert (error["code"], error["field"]) == (code, field)
    assert error["message"]
    assert len(error["correlation_id"]) == 32


def test_a_wrong_key(shop: Shop) -> None:
    who = shop.keys["WEB"] | {"key": "0123456789" * 4}
    for make in WAYS:
        way = make(shop, who)
        with pytest.raises(Refused) as refused:
            way.call("ping")
        way.close()
        assert who["key"] not in str(refused.value), make


def test_every_way_gives_the_same(ways: list[Way], numbers: Callable[[], str]) -> None:
    """Compared with each other, not each with what it should be."""
    reference = numbers()
    web = ways[0]
    web.call("place_orders", orders=[make_order(reference, lines=[two("SKU-1"), two("SKU-2")])])
    cursor = web.call("stock_snapshot", limit=1)["cursor"]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("availability", {"products": ["SKU-1", "SKU-9"], "by_site": True}),
        ("order_status", {"references": [reference, "none"]}),
        ("stock_snapshot", {"by_site": True}),
        ("stock_changes", {"cursor": cursor}),
        ("order_events", {"limit": 3}),
    ]
    for method, arguments in calls:
        answers = [plain(each.call(method, **arguments)) for each in ways]
        for each, answer in zip(ways, answers, strict=True):
            assert answer == answers[0], (method, each)
            assert answer, method


def test_no_other_model(way: Way) -> None:
    with pytest.raises(Refused):
        way.execute("sale.order", "search_read", domain=[])


def two(product: str) -> dict[str, Any]:
    return {"product": product, "quantity": 2}


def available(way: Way, product: str) -> float:
    [answer] = way.call("availability", products=[product])["products"]
    return float(answer["available"])


def drain(way: Way, feed: str, cursor: str | None) -> tuple[list[dict[str, Any]], str]:
    """Read a feed to its end, in small pages; return the rows and the last cursor."""
    rows: list[dict[str, Any]] = []
    while True:
        given = {"cursor": cursor} if cursor else {}
        answer = way.call(feed, limit=50, **given)
        rows += answer["rows"]
        cursor = answer["cursor"]
        if not answer["more"]:
            return rows, cursor


def plain(value: Any) -> Any:
    """An answer without what is null, and without what is another one each time."""
    if isinstance(value, dict):
        return {
            key: plain(each)
            for key, each in value.items()
            if each is not None and key not in ("correlation_id", "at", "cursor")
        }
    return [plain(each) for each in value] if isinstance(value, list) else value
