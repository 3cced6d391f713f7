"""Chronopost's services as their schemas describe them, with a memory."""

import base64
import itertools
from pathlib import Path

from lxml import etree

from connectors.carrier import Account
from connectors.carrier.chronopost import QUICKCOST, SHIPPING, TRACKING

from .server import Peer
from .texts import PDF, ZPL

SECRET = "password-of-tests"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_FILES = {
    SHIPPING: "chronopost_ShippingServiceWS.xsd",
    TRACKING: "chronopost_TrackingServiceWS.xsd",
    QUICKCOST: "chronopost_QuickcostServiceWS.xsd",
}


class ChronopostPeer(Peer):
    """Keeps parcels by number. What was ordered twice is there twice."""

    adapter = "chronopost"
    #: Requests of a purchase, of which the fault may hit any.
    calls = ("buy",)
    secret = SECRET

    def __init__(self):
        super().__init__()
        self.parcels = {}
        self.numbers = itertools.count(1)
        self.orders = itertools.count(1)
        #: What the schemas say against what was asked and answered, where they are used.
        self.violations = []
        self.schemas = {}

    def use_schemas(self, folder):
        """Hold all bodies, of both sides, against the vendor's schemas."""
        for namespace, name in _FILES.items():
            self.schemas[namespace] = etree.XMLSchema(etree.parse(str(Path(folder) / name)))

    def make_account(self, url, **options):
        return Account(
            f"{url}/shipping",
            {"account": "19869502", "password": SECRET},
            options,
            timeout=(1.0, 0.4),
            allow_local=True,
            urls={"tracking": f"{url}/tracking", "quickcost": f"{url}/quickcost"},
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
        return content.replace(base64.b64encode(PDF), base64.b64encode(PDF)[:11])

    def answer(self, method, path, query, headers, body):
        [call] = etree.fromstring(body).find(f"{{{_SOAP}}}Body")
        name = etree.QName(call)
        self._check(name.namespace, call)
        password = call.findtext("password")
        if password is not None and password != SECRET:
            result = [("errorCode", "3"), ("errorMessage", "Invalid password or account.")]
            if name.localname == "cancelSkybill":
                result.append(("statusCode", "0"))
        else:
            result = getattr(self, f"_{name.localname}")(call)
        envelope = etree.Element(f"{{{_SOAP}}}Envelope")
        answer = etree.SubElement(
            etree.SubElement(envelope, f"{{{_SOAP}}}Body"),
            f"{{{name.namespace}}}{name.localname}Response",
        )
        _fill(etree.SubElement(answer, "return"), result)
        self._check(name.namespace, answer)
        return 200, etree.tostring(envelope), {"Content-Type": "text/xml"}

    def _check(self, namespace, element):
        schema = self.schemas.get(namespace)
        if schema is not None and not schema.validate(etree.fromstring(etree.tostring(element))):
            self.violations.append(str(schema.error_log.last_error))

    def _shippingMultiParcelV4(self, call):
        order, parcels = next(self.orders), []
        mode = call.findtext("skybillParamsValue/mode")
        label = base64.b64encode(ZPL if mode == "Z2D" else PDF).decode()
        if not call.findtext("recipientValue/recipientZipCode"):
            return [("errorCode", "4"), ("errorMessage", "The postcode is missing.")]
        for reference in call.findall("refValue"):
            number = f"XY{next(self.numbers):09d}FR"
            self.parcels[number] = {
                "order": order,
                "gone": False,
                "reference": reference.findtext("shipperRef"),
                "events": [("DC", "2026-03-10T18:00:00", "Ready to send")],
            }
            parcels.append(
                ("resultMultiParcelValue", [("pdfEtiquette", label), ("skybillNumber", number)])
            )
        reservation = ("reservationNumber", f"R{order:012d}")
        return [("errorCode", "0"), ("errorMessage", ""), reservation, *parcels]

    def _getReservedSkybillWithTypeAndModeAuth(self, call):
        if call.findtext("numberSearch") not in self.parcels:
            return [("errorCode", "2"), ("errorMessage", "No such skybill.")]
        content = ZPL if call.findtext("mode") == "Z2D" else PDF
        return [("errorCode", "0"), ("skybill", base64.b64encode(content).decode())]

    def _cancelSkybill(self, call):
        parcel = self.parcels.get(call.findtext("skybillNumber"))
        if not parcel:
            return [("errorCode", "0"), ("statusCode", "1")]
        if parcel.get("handed"):
            return [("errorCode", "0"), ("statusCode", "2")]
        status = "3" if parcel["gone"] else "0"
        parcel["gone"] = True
        return [("errorCode", "0"), ("statusCode", status)]

    def _trackSkybillV2(self, call):
        number = call.findtext("skybillNumber")
        parcel = self.parcels.get(number)
        events = [
            ("events", [("code", code), ("eventDate", moment), ("eventLabel", text)])
            for code, moment, text in (parcel["events"] if parcel else ())
        ]
        return [("errorCode", "0"), ("listEventInfoComp", [*events, ("skybillNumber", number)])]

    def _calculateProducts(self, call):
        price = 8.0 + 0.5 * float(call.findtext("weight"))
        product = [
            ("amount", f"{price:.2f}"),
            ("amountTTC", f"{1.2 * price:.2f}"),
            ("amountTVA", f"{0.2 * price:.2f}"),
        ]
        products = [("productList", [*product, ("productCode", "01")])]
        if float(call.findtext("weight")) < 1.0:
            products.append(("productList", [*product, ("productCode", "86")]))
        return [("errorCode", "0"), *products]


def _fill(element, parts):
    for name, value in parts:
        child = etree.SubElement(element, name)
        if isinstance(value, str):
            child.text = value
        else:
            _fill(child, value)
