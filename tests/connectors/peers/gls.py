"""GLS ShipIT as its contract describes it, with a memory."""

import base64
import itertools
import json
from datetime import UTC, datetime

from connectors.carrier import Account

from .server import Peer, now_text
from .texts import PDF, ZPL

SECRET = "client-secret-of-tests"
TOKEN = "token-of-tests"


class GlsPeer(Peer):
    """Keeps parcels by number. What was ordered twice is there twice."""

    adapter = "gls"
    #: Requests of a purchase, of which the fault may hit any.
    calls = ("token", "buy")
    secret = SECRET

    def __init__(self):
        super().__init__()
        self.parcels = {}
        self.numbers = itertools.count(1)

    def make_account(self, url, **options):
        return Account(
            f"{url}/backend",
            {"client_id": "client-of-tests", "client_secret": SECRET, "contact_id": "276-45678"},
            options,
            timeout=(1.0, 0.4),
            allow_local=True,
            urls={"token": f"{self.url}/oauth2/v2/token"},
        )

    @property
    def bought(self):
        """The shipments that cost money, by their numbers."""
        found = {}
        for number, parcel in self.parcels.items():
            if parcel["status"] != "CANCELED":
                found.setdefault(parcel["order"], []).append(number)
        return list(found.values())

    def cut(self, content):
        if isinstance(content, dict) and "CreatedShipment" in content:
            for document in content["CreatedShipment"]["PrintData"]:
                document["Data"] = [text[: len(text) // 2] for text in document["Data"]]
        return content

    def answer(self, method, path, query, headers, body):
        if path == "/oauth2/v2/token":
            expected = base64.b64encode(f"client-of-tests:{SECRET}".encode()).decode()
            if headers.get("Authorization") != f"Basic {expected}":
                return 401, {"error": "invalid_client"}, {}
            return 200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599}, {}
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": "unauthorized"}, {}
        path = path.removeprefix("/backend")
        data = json.loads(body) if body else None
        status, content, more = self._answer(path, query, data)
        form = "application/glsVersion1+json"
        if path.startswith("/rs/parcelshop"):
            form += "; charset=utf-8"
        return status, content, {"Content-Type": form, **more}

    def _answer(self, path, query, data):
        if path == "/rs/shipments":
            return self._order(data)
        if path == "/rs/shipments/endofday":
            shipments = [
                {
                    "Product": "PARCEL",
                    "Consignee": {},
                    "Shipper": {"ContactID": "276-45678"},
                    "ShipmentUnit": [{"TrackID": number} for number in numbers],
                }
                for numbers in self.bought
            ]
            return 200, {"Shipments": shipments}, {}
        if path.startswith("/rs/shipments/cancel/"):
            number = path.rpartition("/")[2]
            if number not in self.parcels:
                return _refuse("NO_DATA_FOUND", "There is no such parcel.")
            parcel = self.parcels[number]
            if parcel["status"] == "SCANNED":
                return 200, {"TrackID": number, "Result": "SCANNED"}, {}
            parcel["status"] = "CANCELED"
            return 200, {"TrackID": number, "Result": "CANCELLED"}, {}
        if path == "/rs/shipments/reprintparcel":
            parcel = self.parcels[data["TrackID"]]
            return 200, self._tell([data["TrackID"]], parcel["reference"], data), {}
        if path == "/rs/tracking/parcels":
            return 200, self._search(data), {}
        if path == "/rs/tracking/parceldetails":
            return self._detail(data)
        if path == "/rs/parcelshop/address":
            return self._find_shops(data)
        return 404, {"message": "not found"}, {}

    def _order(self, data):
        shipment = data["Shipment"]
        if not shipment["Consignee"]["Address"].get("Zipcode"):
            return _refuse("E000_MISSING", "The zip code is missing.", "Consignee.Address.Zipcode")
        order, numbers = len(self.parcels), []
        for unit in shipment["ShipmentUnit"]:
            number = f"ZNYU{next(self.numbers):04d}"
            numbers.append(number)
            self.parcels[number] = {
                "order": order,
                "reference": shipment["ShipmentReference"][0],
                "unit": unit["ShipmentUnitReference"][0],
                "status": "PREADVICE",
                "weight": unit["Weight"],
                "shipment": shipment,
            }
        return 200, self._tell(numbers, shipment["ShipmentReference"][0], data), {}

    def _tell(self, numbers, reference, data):
        form = data["PrintingOptions"]["ReturnLabels"]["LabelFormat"]
        label = base64.b64encode(ZPL if form == "ZEBRA" else PDF).decode()
        return {
            "CreatedShipment": {
                "ShipmentReference": [reference],
                "ParcelData": [
                    {
                        "TrackID": number,
                        "ParcelNumber": f"12{number[4:]}",
                        "ShipmentUnitReference": [self.parcels[number]["unit"]],
                    }
                    for number in numbers
                ],
                "PrintData": [{"Data": [label], "LabelFormat": form} for _number in numbers],
                "CustomerID": "276-45678",
                "PickupLocation": "DE 551",
            }
        }

    def _search(self, data):
        wanted = data["ShipmentReference"]
        assert data["DateFrom"] < data["DateTo"]
        return {
            "UnitItems": [
                {
                    "TrackID": number,
                    "ShipmentReference": [parcel["reference"]],
                    "ShipmentUnitReference": [parcel["unit"]],
                    "InitialDate": now_text(),
                    "Status": parcel["status"],
                }
                # GLS does not say in which order they come.
                for number, parcel in reversed(self.parcels.items())
                if parcel["reference"] == wanted
            ]
        }

    def _detail(self, data):
        parcel = self.parcels.get(data["TrackID"])
        if not parcel:
            return _refuse("NO_DATA_FOUND", "There is no such parcel.")
        history = [("2026-03-10T18:00:00+01:00", "0.100", "Announced")]
        if parcel["status"] == "DELIVERED":
            history.insert(0, ("2026-03-11T10:00:00+01:00", "3.0", "Delivered"))
        detail = {
            "TrackID": data["TrackID"],
            "Weight": parcel["weight"],
            "Product": "PARCEL",
            "Consignee": parcel["shipment"]["Consignee"],
            "Shipper": {"ContactID": "276-45678"},
            "History": [
                {
                    "Date": moment,
                    "LocationCode": "DE 551",
                    "Location": "Neuenstein",
                    "Country": "DE",
                    "StatusCode": code,
                    "Description": text,
                }
                for moment, code, text in history
            ],
        }
        return 200, {"UnitDetail": detail}, {}

    def _find_shops(self, data):
        if data["CountryCode"] != "NL":
            return 200, {}, {}
        day = datetime(2026, 3, 9, tzinfo=UTC)
        hours = {
            "From": day.replace(hour=9).isoformat(),
            "To": day.replace(hour=17, minute=30).isoformat(),
        }
        shops = [
            {
                "ParcelShopID": f"528{place:07d}",
                "Address": {
                    "Name1": f"Shop {place}",
                    "Street": "Stadhuisplein",
                    "StreetNumber": str(place),
                    "Zipcode": "5611 EM",
                    "City": "Eindhoven",
                    "CountryCode": "NL",
                },
                "WorkingDay": [
                    {"DayOfWeek": day, "OpeningHours": {"OpeningHours": [hours]}}
                    for day in ("MON", "SAT")
                ],
                "AirlineDistance": str(2.0 - 0.5 * place),
            }
            for place in (1, 2)
        ]
        return 200, {"ParcelShop": shops}, {}


def _refuse(code, message, args=""):
    headers = {"error": code, "message": message, "args": args}
    return 400, b"", headers
