"""What the system of a channel gets of all that is not its own: nothing.

It tries every model of the database, every way into the server that knows a key, a login or
neither, and everything that belongs to another channel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
import websocket
from ways import ClientLibRpc, ClientLibXmlRpc, PlainJson2, PlainOwnRoute, Refused, Shop, Way

#: Words that stand in data of the other channel only.
SECRET = "Zebulon"


@pytest.fixture(scope="module")
def other(shop: Shop) -> dict[str, Any]:
    """What the other channel has: an order, a parked one, a hold, a cursor."""
    way = PlainJson2(shop, shop.keys["OTHER"])
    order = {
        "reference": "Z-1",
        "customer": {"id": "z", "name": f"{SECRET} Secret", "email": "zebulon@example.com"},
        "ship_to": {
            "street": f"1 {SECRET} Street",
            "zip": "06000",
            "city": "Nice",
            "country": "FR",
        },
        "lines": [{"product": "SKU-1", "quantity": 1}],
        "note": f"{SECRET} likes surprises",
    }
    parked = order | {"reference": "Z-2", "lines": [{"product": SECRET, "quantity": 1}]}
    placed = way.call("place_orders", orders=[order, parked])["orders"]
    assert placed[0]["status"] in ("placed", "unchanged")
    assert placed[1]["status"] == "parked"
    line = {"product": "SKU-1", "site": "NICE", "quantity": 1}
    return {
        "hold": way.call("hold", lines=[line], minutes=600)["holds"][0]["id"],
        "cursor": way.call("stock_snapshot")["cursor"],
        "shipment": way.call("order_status", references=["Z-1"])["orders"][0]["shipments"][0][
            "name"
        ],
    }


# === EVERY MODEL === #


def test_every_model(shop: Shop, other: dict[str, Any]) -> None:
    """Over JSON-2, whose answers say most: reading, making, changing, deleting."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {shop.keys['WEB']['key']}"
    assert len(shop.models) > 300
    for number, name in enumerate(each for each in shop.models if each != "oms.api"):
        calls = {
            "search_read": {"domain": []},
            "create": {"vals_list": [{}]},
            "write": {"ids": [1], "vals": {"display_name": "mine"}},
            "unlink": {"ids": [1]},
        }
        if not name.startswith("oms.") and name not in TREASURES:
            # One in turn: with all of them on every model the test would take minutes.
            chosen = list(calls)[number % len(calls)]
            calls = {chosen: calls[chosen]}
        for method, arguments in calls.items():
            url = f"{shop.url}/json/2/{name}/{method}"
            answer = session.post(url, json=arguments, timeout=120)
            assert answer.status_code == 403, (name, method, answer.text[:500])
            assert SECRET not in answer.text


@pytest.mark.parametrize("make", [ClientLibRpc, ClientLibXmlRpc], ids=lambda each: each.protocol)
def test_models_over_the_older_ways(
    shop: Shop, other: dict[str, Any], make: Callable[..., Way]
) -> None:
    way = make(shop, shop.keys["WEB"])
    calls = (
        ("search_read", {"domain": []}),
        ("web_search_read", {"domain": [], "specification": {"display_name": {}}}),
        ("name_search", {"name": ""}),
        ("formatted_read_group", {"domain": [], "aggregates": ["__count"]}),
        ("create", {"vals_list": [{}]}),
    )
    for number, name in enumerate(TREASURES):
        method, arguments = calls[number % len(calls)]
        with pytest.raises(Refused) as refused:
            way.execute(name, method, **arguments)
        assert "channel API" in str(refused.value), (name, method)


#: Models of Odoo in which the data of the other channel are.
TREASURES = (
    "sale.order",
    "sale.order.line",
    "res.partner",
    "stock.picking",
    "stock.move",
    "stock.quant",
    "product.product",
    "product.template",
    "mail.message",
    "ir.attachment",
    "ir.config_parameter",
    "ir.logging",
    "res.users.apikeys",
    "account.move",
)


def test_no_method_of_the_addon_but_the_facade(shop: Shop) -> None:
    """Methods that screens call are there over HTTP, too, but not for a channel's system."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {shop.keys['WEB']['key']}"
    assert len(shop.methods) > 20
    for name, methods in shop.methods.items():
        for method in methods:
            url = f"{shop.url}/json/2/{name}/{method}"
            answer = session.post(url, json={"ids": [1]}, timeout=60)
            assert answer.status_code == 403, (name, method, answer.text[:500])


def test_a_login_is_possible(shop: Shop) -> None:
    """Clients ask who they are before they call anything."""
    who = shop.keys["WEB"]
    for make in (PlainJson2, ClientLibRpc):
        assert "lang" in make(shop, who).execute("res.users", "context_get")


def test_the_own_route_knows_the_facade_only(shop: Shop) -> None:
    way = PlainOwnRoute(shop, shop.keys["WEB"])
    for method in ("search", "read", "_enter", "sudo", "with_user", "browse", "env", "__class__"):
        with pytest.raises(Refused) as refused:
            way.call(method)
        assert refused.value.error["code"] == "not_found", method


def test_others_have_no_facade(shop: Shop) -> None:
    """Whoever is named in no channel, whatever else he may do."""
    for who in shop.people.values():
        with pytest.raises(Refused) as refused:
            PlainJson2(shop, who).call("ping")
        assert refused.value.error["code"] == "forbidden"


# === THE WEB CLIENT === #


def test_a_key_is_no_password(shop: Shop) -> None:
    """Nobody logs into the screens with a key."""
    who = shop.keys["WEB"]
    session = requests.Session()
    params = {"db": shop.database, "login": who["login"], "password": who["key"]}
    answer = session.post(
        f"{shop.url}/web/session/authenticate", json={"params": params}, timeout=60
    )
    assert "error" in answer.json()
    assert "uid" not in answer.json().get("result", {})


def test_logged_in_with_a_password(shop: Shop, other: dict[str, Any]) -> None:
    """If somebody gives the technical user a password, it leads nowhere."""
    who = shop.keys["WEB"]
    session = requests.Session()
    params = {"db": shop.database, "login": who["login"], "password": who["password"]}
    answer = session.post(
        f"{shop.url}/web/session/authenticate", json={"params": params}, timeout=60
    )
    assert answer.json()["result"]["uid"] == who["uid"]
    for name in ("oms.channel", "oms.position", "oms.fulfillment", *TREASURES):
        for method, args, kwargs in (
            ("search_read", [[]], {}),
            ("web_search_read", [[], {"display_name": {}}], {}),
            ("name_search", [""], {}),
        ):
            call = {"model": name, "method": method, "args": args, "kwargs": kwargs}
            told = session.post(
                f"{shop.url}/web/dataset/call_kw/{name}/{method}",
                json={"params": call},
                timeout=60,
            )
            assert told.json()["error"]["data"]["name"].endswith("AccessError"), (name, method)
    look_around(session, shop)


def test_with_the_key_in_every_page(shop: Shop, other: dict[str, Any]) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {shop.keys['WEB']['key']}"
    look_around(session, shop)


def look_around(session: requests.Session, shop: Shop) -> None:
    """Try the pages that show or send data."""
    for path in (
        "/odoo",
        "/odoo/sales",
        "/web",
        "/my",
        "/my/orders",
        "/my/orders/1",
        "/my/account",
        "/report/html/sale.report_saleorder/1",
        "/report/pdf/sale.report_saleorder/1",
        "/report/html/stock.report_deliveryslip/1",
        "/web/content?model=sale.order&id=1&field=name",
        "/web/content/1",
        "/web/image/product.product/1/image_1920",
        "/json/1/sale.order",
        "/doc",
        "/doc-bearer/index.json",
        "/doc-bearer/sale.order.json",
        "/web/database/manager",
        "/web/session/get_session_info",
    ):
        answer = session.get(shop.url + path, timeout=60, allow_redirects=False)
        assert answer.status_code != 500, path
        assert SECRET not in answer.text, path
        assert "S0000" not in answer.text, path
    for path, params in (
        ("/mail/data", {"fetch_params": ["init_messaging", "channels_as_member"]}),
        ("/mail/thread/messages", {"thread_model": "sale.order", "thread_id": 1}),
        (
            "/mail/message/post",
            {
                "thread_model": "sale.order",
                "thread_id": 1,
                "post_data": {"body": "hello", "message_type": "comment"},
            },
        ),
        ("/discuss/search", {"term": ""}),
        ("/web/action/load", {"action_id": 1}),
        ("/web/session/get_session_info", {}),
    ):
        answer = session.post(shop.url + path, json={"params": params}, timeout=60)
        assert SECRET not in answer.text, path
        assert "S0000" not in answer.text, path


def test_websocket(shop: Shop) -> None:
    """It opens for visitors, who are told nothing, whatever they ask to be told."""
    connection = websocket.create_connection(
        f"ws://{shop.host}:{shop.port}/websocket",
        header={"Authorization": f"Bearer {shop.keys['WEB']['key']}"},
        origin=shop.url,
        timeout=2,
    )
    try:
        connection.send(
            '{"event_name": "subscribe", "data": {"channels": ["broadcast"], "last": 0}}'
        )
        told = connection.recv()
    except (websocket.WebSocketTimeoutException, websocket.WebSocketConnectionClosedException):
        told = ""
    finally:
        connection.close()
    assert SECRET not in str(told)


# === OTHER CHANNELS === #


def test_what_belongs_to_another_channel(way: Way, shop: Shop, other: dict[str, Any]) -> None:
    def code(method: str, **arguments: Any) -> str:
        with pytest.raises(Refused) as refused:
            way.call(method, **arguments)
        assert SECRET not in str(refused.value)
        error = refused.value.error
        return str(error["code"]) if way.tells_shape else ""

    def error_of(answer: dict[str, Any]) -> str:
        [item] = next(each for each in answer.values() if isinstance(each, list))
        assert SECRET not in str(item)
        assert item.get("order") is None
        return str(item["error"]["code"])

    known = {"", "not_found"}
    assert code("ping", channel="OTHER") in {"", "forbidden"}
    assert code("extend", holds=[other["hold"]], minutes=1) in known
    assert code("release", holds=[other["hold"]]) in known
    assert code("availability", products=["SKU-1"], sites=["NICE"]) in known
    line = {"product": "SKU-1", "site": "NICE", "quantity": 1}
    assert code("hold", lines=[line]) in known
    for reference in ("Z-1", "Z-2"):
        assert error_of(way.call("order_status", references=[reference])) == "not_found"
        assert error_of(way.call("cancel", references=[reference])) == "not_found"
        change = {"reference": reference, "change": "1", "note": "mine"}
        [changed] = way.call("change_order", changes=[change])["orders"]
        assert changed["status"] == "refused"
        assert SECRET not in str(changed)
    for delivery in ({"reference": "Z-1"}, {"shipment": other["shipment"]}):
        answer = way.call("report_deliveries", deliveries=[delivery])
        assert answer["deliveries"][0]["status"] == "refused"
        assert not answer["deliveries"][0].get("parcels")
    # The feeds of all channels are numbered together: the cursor of one leads to own rows only.
    assert SECRET not in str(way.call("stock_changes", cursor=other["cursor"]))
    assert SECRET not in str(way.call("order_events", limit=1000))
    assert "Z-1" not in {each["order"] for each in way.call("order_events", limit=1000)["rows"]}


def test_holds_of_another_channel_are_not_taken(
    shop: Shop, other: dict[str, Any], numbers: Callable[[], str]
) -> None:
    """An order that names them is placed without them, and they stay."""
    order = {
        "reference": numbers(),
        "ship_to": {"city": "Paris", "zip": "75004", "country": "FR"},
        "lines": [{"product": "SKU-1", "quantity": 1}],
        "holds": [other["hold"]],
    }
    web = PlainJson2(shop, shop.keys["WEB"])
    [placed] = web.call("place_orders", orders=[order])["orders"]
    assert placed["status"] == "placed"
    [status] = web.call("order_status", references=[order["reference"]])["orders"]
    assert {each["site"] for each in status["shipments"]} <= {"PARIS", "LYON"}
    theirs = PlainJson2(shop, shop.keys["OTHER"])
    assert theirs.call("extend", holds=[other["hold"]], minutes=600)["holds"]
