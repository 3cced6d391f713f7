"""What schemathesis cannot guess: names of the shop, for half of its good calls."""

from __future__ import annotations

import json
import os
import zlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import schemathesis
from schemathesis.generation import GenerationMode

FACTS = json.loads(Path(os.environ["OMS_SHOP"]).read_text())
GOODS, SITES = ("SKU-1", "SKU-2", "SKU-3"), ("PARIS", "LYON")
#: Methods that answer item by item, and what the items are called.
BY_ITEM = {
    "place_orders": "orders",
    "change_order": "orders",
    "report_deliveries": "deliveries",
    "request_return": "returns",
    "promise": "lines",
    "pickup_sites": "lines",
}
#: Of how much to ask for: nothing that would empty the shelves.
MOST = 3.0
#: What the server said, to be used in later calls: cursors and references.
seen: dict[str, list[Any]] = defaultdict(list)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Put names of the shop into good calls; what is wrong stays as it is."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if not isinstance(case.body, dict):
        return
    _round(case.body)
    at = case.body.get("at")
    if isinstance(at, str):
        # Which moments are good depends on when one asks.
        case.body["at"] = (datetime.now(UTC) + timedelta(days=len(at) % 20 + 1)).isoformat()
    number = zlib.crc32(json.dumps(case.body, sort_keys=True, default=str).encode())
    if number % 2:
        case.body = _name(case.body, number, case.operation.definition.raw["operationId"])


def _round(value: Any) -> None:
    """Make quantities those that Odoo keeps; how it rounds them is a setting of each database."""
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            _round(each)
    if isinstance(value, dict) and isinstance(value.get("quantity"), int | float):
        value["quantity"] = max(round(value["quantity"], 2), 0.01)


def _name(value: Any, number: int, method: str) -> Any:
    if isinstance(value, list):
        return [_name(each, number + index, method) for index, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    named = {key: _name(each, number, method) for key, each in value.items()}
    known = {
        "product": GOODS[number % len(GOODS)],
        "products": list(GOODS),
        "site": SITES[number % len(SITES)],
        "sites": list(SITES),
        "country": "FR",
        "near": {"country": "FR", "zip": "75004", "city": "Paris"},
        "currency": None,
        "tax_rate": None,
        "total": None,
        "channel": "WEB",
        "holds": [_hold()] if named.get("holds") and method in ("extend", "release") else [],
        "references": seen["reference"][-3:],
        "cursor": (seen[f"cursor of {method}"] or [None])[-1],
        "after": None,
    }
    for key, meant in known.items():
        if named.get(key) is not None and meant not in (None, []):
            named[key] = meant
        elif key in ("currency", "tax_rate", "total", "after") and key in named:
            named[key] = None
    if isinstance(named.get("minutes"), int | float):
        named["minutes"] = max(named["minutes"], 5)
    if isinstance(named.get("quantity"), int | float):
        named["quantity"] = min(named["quantity"], MOST)
    return named


def _hold() -> int:
    """Hold something; return the id of the hold."""
    answer = requests.post(
        f"http://{FACTS['host']}:{FACTS['port']}/json/2/oms.api/hold",
        json={"lines": [{"product": GOODS[0], "site": SITES[0], "quantity": 1}]},
        headers={"Authorization": f"Bearer {FACTS['keys']['WEB']['key']}"},
        timeout=60,
    )
    return int(answer.json()["holds"][0]["id"])


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Keep what later calls can use."""
    if response.status_code != 200:
        return
    told = response.json()
    method = case.operation.definition.raw["operationId"]
    if method == "place_orders":
        seen["reference"] += [each["reference"] for each in told["orders"] if each["order"]]
    if "cursor" in told:
        reader = "stock_changes" if method == "stock_snapshot" else method
        seen[f"cursor of {reader}"].append(told["cursor"])


@schemathesis.check
def nothing_of_the_house(ctx: Any, response: Any, case: Any) -> None:
    """No traceback, no SQL and no word of another channel in any answer."""
    for word in ("Traceback", 'File "', "psycopg2", "SELECT ", "HUSH-1", "NICE", *FACTS["secrets"]):
        assert word not in response.text, f"{word!r} is in the answer"


@schemathesis.check
def faulty_items_are_refused(ctx: Any, response: Any, case: Any) -> None:
    """Where a call of many items is answered though something is wrong, an item says so."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.NEGATIVE:
        return
    kind = BY_ITEM.get(case.operation.definition.raw["operationId"])
    if kind and response.status_code == 200:
        items = response.json()[kind]
        assert any(each.get("status") == "refused" or each.get("error") for each in items)


@schemathesis.check
class EverythingIsReached:
    """Each method was called well at least once: tests that are all refused test nothing."""

    def __init__(self) -> None:
        self.tried: set[str] = set()
        self.reached: set[str] = set()

    def after_response(self, ctx: Any, response: Any, case: Any) -> None:
        """Note what answered."""
        self.tried.add(case.operation.label)
        if response.status_code == 200:
            self.reached.add(case.operation.label)

    def after_run(self, ctx: Any) -> None:
        """Compare."""
        assert not self.tried - self.reached, f"never answered: {self.tried - self.reached}"
