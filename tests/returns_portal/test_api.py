import base64
import io
import json

from PIL import Image

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..api.common import ApiHttpCase
from ..returns.common import ReturnCase
from .test_photo import make_picture

WAYS = ("over_json_2", "over_own_route", "over_json_rpc")


class ReturnApiCase(ReturnCase, ApiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls.deliver(
            (cls.apple, 3, {"oms_external_ref": "a"}),
            (cls.berry, 2, {"oms_external_ref": "b"}),
            oms_external_ref="W-1",
        )

    def given(self, *lines, number="R-1", reference="W-1", **more):
        lines = [
            {"line": line, "quantity": quantity, "reason": "TOO_SMALL"}
            for line, quantity in lines or (("a", 2.0),)
        ]
        return {"reference": reference, "id": number, "lines": lines, **more}

    def send(self, *returns):
        return self.api.request_return(returns=list(returns))["returns"]

    def status(self, **asked):
        return self.api.return_status(**asked)["returns"]


@tagged("post_install", "-at_install")
class TestReturnApi(ReturnApiCase):
    """Returns that a channel's own system asks for."""

    def setUp(self):
        super().setUp()
        self.made = self.env["oms.return"]

    def test_by_every_way(self):
        """The three endpoints, one after the other, over each way to call them."""
        for number, way in enumerate(WAYS):
            call, name = getattr(self, way), f"R-{number}"
            answer, status = call("request_return", returns=[self.given(("a", 1.0), number=name)])
            self.assertEqual(status, 200, answer)
            [told] = answer["returns"]
            self.assertEqual((told["status"], told["state"]), ("requested", "authorized"))
            answer, _status = call("return_status", returns=[name])
            [stands] = answer["returns"]
            self.assertEqual(
                (stands["name"], stands["way"], stands["site"], stands["announced"]),
                (told["name"], "label", self.near.code, 10.0),
            )
            self.assertEqual(
                [(line["line"], line["product"], line["quantity"]) for line in stands["lines"]],
                [("a", "Apple", 1.0)],
            )
            answer, _status = call("cancel_return", returns=[name])
            self.assertEqual(
                answer["returns"], [{"id": name, "status": "cancelled", "error": None}]
            )
            answer, _status = call("return_status", returns=[name])
            self.assertEqual(answer["returns"][0]["state"], "cancelled")
        self.assertEqual(set(self.order.oms_return_ids.mapped("origin")), {"api"})

    def test_once(self):
        [first] = self.send(self.given())
        [again] = self.send(self.given())
        self.assertEqual((first["status"], again["status"]), ("requested", "unchanged"))
        self.assertEqual(first["name"], again["name"])
        [other] = self.send(self.given(("a", 1.0)))
        self.assertEqual((other["status"], other["error"]["code"]), ("conflict", "conflict"))
        self.assertEqual(len(self.order.oms_return_ids), 1)

    def test_each_by_itself(self):
        good, many, unknown, bad = self.send(
            self.given(("b", 1.0)),
            self.given(("a", 99.0), number="R-2"),
            self.given(number="R-3", reference="W-9"),
            {"reference": "W-1", "id": "R-4", "lines": []},
        )
        self.assertEqual(good["status"], "requested")
        self.assertIn("more than can be returned", many["error"]["message"])
        self.assertEqual(unknown["error"]["field"], "returns.2.reference")
        self.assertEqual(bad["error"]["code"], "invalid")
        self.assertEqual(self.order.oms_return_ids.line_ids.product_id, self.berry)

    def assertRefused(self, words, code, field, given):
        [answer] = self.send(given)
        self.assertEqual(answer["status"], "refused", answer)
        self.assertEqual((answer["error"]["code"], answer["error"]["field"]), (code, field), answer)
        self.assertIn(words, answer["error"]["message"])
        self.assertFalse(self.order.oms_return_ids)

    def test_what_is_refused(self):
        given = self.given()
        line = given["lines"][0]
        path = "returns.0"
        first = f"{path}.lines.0"

        def having(**more):
            return {**given, "lines": [{**line, **more}]}

        for words, code, field, bad in (
            ("no line “x”", "not_found", f"{first}.line", having(line="x")),
            ("no reason", "not_found", f"{first}.reason", having(reason="NONE")),
            ("Choose why", "conflict", path, having(reason="UNDELIVERABLE")),
            ("Add a photo", "conflict", path, having(reason="DAMAGED")),
            ("Say more", "conflict", path, having(reason="DEFECTIVE")),
            ("", "invalid", f"{first}.quantity", having(quantity=0.0)),
            ("above zero", "conflict", path, having(quantity=0.001)),
            ("Base64", "invalid", f"{first}.photos.0", having(photos=["abcde"])),
            ("cannot be read", "conflict", path, having(photos=["AAAA"])),
            ("no site", "not_found", f"{path}.site", {**given, "site": "NONE"}),
            ("not offered", "conflict", path, {**given, "way": "pickup"}),
            ("", "invalid", f"{path}.way", {**given, "way": "keep"}),
            ("", "invalid", f"{path}.outcome", {**given, "outcome": "gold"}),
        ):
            with self.subTest(words=words, field=field):
                self.assertRefused(words, code, field, bad)

    def test_photos(self):
        text = base64.b64encode(make_picture()).decode()
        given = self.given()
        given["lines"][0].update(reason="DAMAGED", photos=[text])
        [answer] = self.send(given)
        self.assertEqual(answer["status"], "requested", answer)
        photo = self.order.oms_return_ids.line_ids.photo_ids
        self.assertEqual(Image.open(io.BytesIO(photo.raw)).format, "JPEG")

    def test_other_channels(self):
        """Neither their orders nor their returns."""
        other = self.make_channel("Other", "OTHER")
        self.order.oms_channel_id = other
        [answer] = self.send(self.given())
        self.assertEqual(answer["error"]["code"], "not_found")
        self.order.oms_channel_id = self.channel
        self.send(self.given())
        self.order.oms_return_ids.sudo().channel_id = other
        self.order.oms_channel_id = other
        [told] = self.status(returns=["R-1"])
        self.assertEqual(told["error"]["code"], "not_found")
        [told] = self.status(references=["W-1"])
        self.assertEqual(told["error"]["code"], "not_found")
        [answer] = self.api.cancel_return(returns=["R-1"])["returns"]
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "not_found"))
        self.assertEqual(self.order.oms_return_ids.state, "authorized")

    def test_status_of_orders(self):
        """Returns that were asked for elsewhere are among them."""
        self.send(self.given(("a", 1.0)))
        office = self.ask(self.order, (self.berry, 1))
        told = self.status(references=["W-1"])
        self.assertEqual([each["id"] for each in told], ["R-1", None])
        self.assertEqual(told[1]["name"], office.name)
        self.assertEqual([each["labels"] for each in told], [None, None])
        told = self.status(returns=["R-1"], with_labels=True)
        self.assertEqual(told[0]["labels"], [])

    def test_cancelled_once(self):
        self.send(self.given())
        [first] = self.api.cancel_return(returns=["R-1"])["returns"]
        [again] = self.api.cancel_return(returns=["R-1"])["returns"]
        self.assertEqual((first["status"], again["status"]), ("cancelled", "unchanged"))
        [unknown] = self.api.cancel_return(returns=["R-9"])["returns"]
        self.assertEqual(unknown["error"]["code"], "not_found")

    def test_nothing_asked(self):
        with mute_logger("odoo.http"):
            answer, status = self.over_json_2("return_status")
        self.assertEqual((status, answer["code"]), (422, "invalid"), json.dumps(answer))
