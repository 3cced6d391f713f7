"""DHL Parcel DE as its contract describes it, with a memory."""

import base64
import itertools
import json

from connectors.carrier import Account

from .server import Peer
from .texts import PDF, ZPL

SECRET = "password-of-tests"


class DhlPeer(Peer):
    """Keeps parcels by number. What was ordered twice is there twice."""

    adapter = "dhl"
    #: Requests of a purchase, of which the fault may hit any.
    calls = ("buy",)
    secret = SECRET

    def __init__(self):
        super().__init__()
        self.parcels = {}
        self.numbers = itertools.count(1)
        self.orders = itertools.count(1)

    def make_account(self, url, **options):
        return Account(
            f"{url}/shipping",
            {
                "api_key": "key-of-tests",
                "user": "user-of-tests",
                "password": SECRET,
                "billing_number": "33333333330102",
            },
            {"receiver": "deu", **options},
            timeout=(1.0, 0.4),
            allow_local=True,
            urls={"returns": f"{url}/returns"},
        )

    @property
    def bought(self):
        """The shipments that cost money, by their numbers."""
        found = {}
        for number, parcel in self.parcels.items():
            if not parcel["gone"]:
                found.setdefault(parcel["order"], []).append(number)
        return list(found.values())

    def cut(self, content):
        if isinstance(content, dict):
            for item in content.get("items", ()):
                if "b64" in item.get("label", ()):
                    item["label"]["b64"] = item["label"]["b64"][:11]
        return content

    def answer(self, method, path, query, headers, body):
        expected = base64.b64encode(f"user-of-tests:{SECRET}".encode()).decode()
        known = headers.get("dhl-api-key") == "key-of-tests"
        if not known or headers.get("Authorization") != f"Basic {expected}":
            return 401, _status(401, "Unauthorized", "Credentials not accepted"), {}
        path = path.removeprefix("/shipping").removeprefix("/returns")
        data = json.loads(body) if body else None
        if (method, path) == ("POST", "/v2/orders"):
            return self._order(data, query["docFormat"][0])
        if (method, path) == ("GET", "/v2/orders"):
            return self._labels(query)
        if (method, path) == ("DELETE", "/v2/orders"):
            return self._delete(query["shipment"][0])
        if (method, path) == ("POST", "/v2/manifests"):
            items = [
                {"shipmentNo": number, "sstatus": _status(200, "OK", "manifested")}
                for numbers in self.bought
                for number in numbers
            ]
            return 207, {"status": _status(200, "OK", "done"), "items": items}, {}
        if (method, path) == ("GET", "/v2/manifests"):
            document = {"b64": base64.b64encode(PDF).decode(), "fileFormat": "PDF"}
            return 200, {"status": _status(200, "OK", "done"), "manifest": [document]}, {}
        if (method, path) == ("POST", "/orders"):
            label = {"b64": base64.b64encode(PDF).decode()}
            number = f"99999158{next(self.numbers):04d}"
            status = {"title": "Created", "status": 201}
            told = {"sstatus": status, "shipmentNo": number, "label": label}
            return 201, {**told, "routingCode": "40327653113+99000933090010"}, {}
        return 404, _status(404, "Not Found", "no such resource"), {}

    def _order(self, data, form):
        items, order = [], next(self.orders)
        for shipment in data["shipments"]:
            if not shipment["consignee"].get("postalCode"):
                message = {
                    "property": "consignee.postalCode",
                    "validationMessage": "Please enter a postal code.",
                    "validationState": "Error",
                }
                status = _status(400, "Bad Request", "1 parameter is wrong")
                items.append({"sstatus": status, "validationMessages": [message]})
                continue
            number = f"3404343102{next(self.numbers):08d}"
            self.parcels[number] = {"order": order, "gone": False, "refNo": shipment["refNo"]}
            items.append({"shipmentNo": number, **_made(form)})
        good = all(item["sstatus"]["statusCode"] == 200 for item in items)
        status = _status(200, "OK", "done") if good else _status(400, "Bad Request", "see items")
        code = 200 if good else 207 if any("shipmentNo" in item for item in items) else 400
        return code, {"status": status, "items": items}, {}

    def _labels(self, query):
        numbers = query["shipment"]
        form = query["docFormat"][0]
        if not all(number in self.parcels for number in numbers):
            return 404, _status(404, "Not Found", "no such shipment"), {}
        items = [{"shipmentNo": number, **_made(form)} for number in numbers]
        return 200, {"status": _status(200, "OK", "done"), "items": items}, {}

    def _delete(self, number):
        parcel = self.parcels.get(number)
        if not parcel or parcel["gone"]:
            item = {"shipmentNo": number, "sstatus": _status(404, "Not Found", "unknown")}
            return 400, {"status": _status(400, "Bad Request", "see items"), "items": [item]}, {}
        if parcel.get("manifested"):
            item = {"shipmentNo": number, "sstatus": _status(400, "Bad Request", "too late")}
            return 400, {"status": _status(400, "Bad Request", "see items"), "items": [item]}, {}
        parcel["gone"] = True
        item = {"shipmentNo": number, "sstatus": _status(200, "OK", "deleted")}
        return 200, {"status": _status(200, "OK", "done"), "items": [item]}, {}


def _made(form):
    label = {"zpl2": ZPL.decode()} if form == "ZPL2" else {"b64": base64.b64encode(PDF).decode()}
    return {"sstatus": _status(200, "OK", "done"), "label": {**label, "fileFormat": form}}


def _status(code, title, detail):
    return {"title": title, "statusCode": code, "status": code, "detail": detail}
