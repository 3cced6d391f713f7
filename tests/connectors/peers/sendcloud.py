"""Sendcloud as its contract describes it, with a memory."""

import base64
import itertools
import json

from connectors.carrier import Account

from .server import Peer, now_text
from .texts import PDF, ZPL

USER, SECRET = "public-key-of-tests", "secret-key-of-tests"


class SendcloudPeer(Peer):
    """Keeps shipments by id. What was announced twice is there twice."""

    adapter = "sendcloud"
    #: Requests of a purchase, of which the fault may hit any.
    calls = ("buy", "label", "label")
    secret = SECRET

    def __init__(self):
        super().__init__()
        self.shipments = {}
        self.numbers = itertools.count(383707309)

    def make_account(self, url, **options):
        return Account(
            f"{url}/api/v3",
            {"public_key": USER, "secret_key": SECRET},
            options,
            timeout=(1.0, 0.4),
            allow_local=True,
        )

    @property
    def bought(self):
        """The shipments that cost money."""
        return [
            shipment
            for shipment in self.shipments.values()
            if any(parcel["status"]["code"] != "CANCELLED" for parcel in shipment["parcels"])
        ]

    def cut(self, content):
        return content[: len(content) // 2] if isinstance(content, bytes) else content

    def answer(self, method, path, query, headers, body):
        path = path.removeprefix("/api/v3")
        expected = "Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
        if headers.get("Authorization") != expected:
            return 401, _error("401", "authentication_failed", "Invalid username/password."), {}
        pieces = path.strip("/").split("/")
        if (method, path) == ("POST", "/shipments/announce"):
            return self._announce(json.loads(body))
        if (method, path) == ("GET", "/shipments"):
            found = self._search(query)
            if not found:
                return 404, _error("404", "not_found", "No shipments found.")["errors"], {}
            return 200, {"data": found}, {}
        if method == "POST" and pieces[0] == "shipments" and pieces[-1] == "cancel":
            return self._cancel(pieces[1])
        if method == "GET" and pieces[0] == "parcels" and pieces[-1] == "label":
            if "zpl" in headers.get("Accept", ""):
                return 200, ZPL, {"Content-Type": "application/zpl"}
            return 200, PDF, {"Content-Type": "application/pdf"}
        if (method, path) == ("GET", "/service-points"):
            return self._find_points(query)
        return 404, _error("404", "not_found", "Not found."), {}

    def _announce(self, asked):
        name = asked.get("to_address", {}).get("name")
        if not name:
            return 400, _error("400", "required", "This field is required.", "/to_address/name"), {}
        number = f"shipment-{len(self.shipments) + 1}"
        parcels = []
        for parcel in asked["parcels"]:
            each = next(self.numbers)
            parcels.append(
                {
                    "id": each,
                    "status": {"code": "READY_TO_SEND", "message": "Ready to send"},
                    "documents": [
                        {
                            "type": "label",
                            "size": "a6",
                            "link": f"https://panel.sendcloud.sc/api/v3/parcels/{each}/documents/label",
                        }
                    ],
                    "weight": parcel["weight"],
                    "tracking_url": f"https://tracking.sendcloud.sc/forward?code=3S{each}",
                    "tracking_number": f"3S{each}",
                    "additional_carrier_data": {"awb_tracking_number": None, "box_number": None},
                    "created_at": now_text(),
                    "updated_at": now_text(),
                    "announced_at": now_text(),
                    "parcel_items": parcel.get("parcel_items", []),
                }
            )
        shipment = {
            "id": number,
            "label_details": asked["label_details"],
            "external_reference_id": asked.get("external_reference_id"),
            "parcels": parcels,
            "from_address": asked["from_address"],
            "to_address": asked["to_address"],
            "ship_with": asked["ship_with"],
            "errors": [],
        }
        if "order_number" in asked:
            shipment["order_number"] = asked["order_number"]
        if "total_order_price" in asked:
            shipment["total_order_price"] = asked["total_order_price"]
        self.shipments[number] = shipment
        return 201, {"data": shipment}, {}

    def _search(self, query):
        found = list(self.shipments.values())
        if reference := query.get("external_reference_id"):
            found = [each for each in found if each["external_reference_id"] == reference[0]]
        if tracking := query.get("tracking_number"):
            found = [
                each
                for each in found
                if any(parcel["tracking_number"] == tracking[0] for parcel in each["parcels"])
            ]
        return found

    def _cancel(self, number):
        shipment = self.shipments.get(number)
        if not shipment:
            return 404, _error("404", "not_found", "Not found."), {}
        for parcel in shipment["parcels"]:
            if parcel["status"]["code"] == "CANCELLED":
                text = "This shipment is already being cancelled."
                return 409, _error("409", "invalid", text)["errors"], {}
            parcel["status"] = {"code": "CANCELLED", "message": "Cancelled"}
        return 200, {"data": {"status": "cancelled", "message": "Shipment has been cancelled"}}, {}

    def _find_points(self, query):
        if query["country_code"][0] != "NL":
            return 200, {"data": {"results": [], "geocoding": None}}, {}
        times = dict.fromkeys(("saturday", "sunday"))
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday"):
            times[day] = [{"start_time": "09:00", "end_time": "17:00"}]
        results = [
            {
                "id": 1000000 + place,
                "name": f"Shop {place}",
                "carrier": {
                    "code": "dhl",
                    "name": "DHL",
                    "logo_url": "https://cdn.sendcloud.com/logo.svg",
                    "icon_url": "https://cdn.sendcloud.com/icon.svg",
                },
                "carrier_service_point_id": f"NL-{place:05d}",
                "carrier_shop_type": "paketshop",
                "general_shop_type": "servicepoint",
                "address": {
                    "street": "Stadhuisplein",
                    "house_number": str(place),
                    "postal_code": "5611 EM",
                    "city": "Eindhoven",
                    "country_code": "NL",
                },
                "position": {"latitude": 51.438022, "longitude": 5.478543},
                "contact": {"email": "", "phone": ""},
                "opening_times": times,
                "is_open_tomorrow": True,
                "next_open_at": "2026-03-11T09:00:00+01:00",
                "is_expired": place == 3,
                "distance": 1000 - 85 * place,
            }
            for place in (1, 2, 3)
        ]
        return 200, {"data": {"results": results, "geocoding": None}}, {}


def _error(status, code, detail, pointer=None):
    error = {"status": status, "code": code, "detail": detail}
    if pointer:
        error["source"] = {"pointer": pointer}
    return {"errors": [error]}
