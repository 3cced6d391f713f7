import json
import logging
import xmlrpc.client

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiHttpCase

ERROR = {"code", "message", "field", "correlation_id"}


@tagged("post_install", "-at_install")
class TestRoutes(ApiHttpCase):
    def assertError(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text)
        body = response.json()
        error = body["error"]["data"] if "jsonrpc" in body else body
        self.assertEqual(error["code"], code)
        self.assertLessEqual(ERROR, set(error))
        self.assertTrue(error["message"])
        self.assertNotIn("Traceback", response.text)
        return error

    def test_three_ways_give_the_same(self):
        self.stock(self.apple, (self.near, 3), (self.far, 2))
        answers = self.every_way("availability", products=["Apple", "Nothing"], by_site=True)
        for answer, status in answers:
            self.assertEqual(status, 200)
            [apple, nothing] = answer["products"]
            self.assertEqual(apple["available"], 5)
            self.assertEqual(
                {site["site"]: site["available"] for site in apple["sites"]}, {"NEAR": 3, "FAR": 2}
            )
            self.assertEqual(nothing["error"]["code"], "not_found")
            self.assertEqual(set(nothing["error"]), ERROR)
            for each in answer["products"]:
                each.pop("error", None)
        self.assertEqual(len({str(answer["products"]) for answer, _status in answers}), 1)

    def test_errors_are_the_same_three_ways(self):
        with mute_logger("odoo.http"):
            answers = self.every_way("availability", products=[])
        for error, status in answers:
            self.assertEqual((status, error["code"], error["field"]), (422, "invalid", "products"))
            self.assertEqual(set(error), ERROR)

    def test_bad_calls(self):
        for path, body, status, code in (
            ("/json/2/oms.api/availability", b"{", 400, "malformed"),
            ("/json/2/oms.api/availability", b"[1]", 400, "malformed"),
            ("/json/2/oms.api/availability", b'"text"', 400, "malformed"),
            ("/json/2/oms.api/availability", {}, 422, "invalid"),
            ("/json/2/oms.api/availability", {"products": ["a"], "zebra": 1}, 422, "invalid"),
            ("/json/2/oms.api/availability", {"products": ["\0"]}, 422, "invalid"),
            ("/json/2/oms.api/availability", b'{"products": ["\\ud800"]}', 422, "invalid"),
            ("/json/2/oms.api/availability", {"products": ["a"], "at": "soon"}, 422, "invalid"),
            ("/json/2/oms.api/availability", {"products": [["a"]]}, 422, "invalid"),
            ("/json/2/oms.api/availability", {"products": ["a"] * 501}, 422, "invalid"),
            ("/json/2/oms.api/nothing", {}, 404, "not_found"),
            ("/json/2/oms.api/_enter", {}, 403, "forbidden"),
            ("/json/2/oms.api/search", {"domain": []}, 403, "forbidden"),
            ("/json/2/oms.api/ping", {"ids": [1]}, 422, "invalid"),
            ("/oms/api/v1/availability", b"{", 200, "malformed"),
            ("/oms/api/v1/availability", b"[]", 200, "malformed"),
            ("/oms/api/v1/availability", {"params": [["products", ["a"]]]}, 200, "malformed"),
            ("/oms/api/v1/availability", {"params": {}}, 200, "invalid"),
            ("/oms/api/v1/nothing", {"params": {}}, 200, "not_found"),
        ):
            with self.subTest(path=path, body=body), mute_logger("odoo.http"):
                self.assertError(self.post(path, body), status, code)

    # Odoo warns of what it will drop some day.
    @mute_logger("odoo.addons.rpc.controllers.jsonrpc", "odoo.addons.rpc.controllers.xmlrpc")
    def test_unknown_methods_over_the_older_ways(self):
        """They are the caller's mistake: the log has no error for whoever runs the server."""
        who = [self.env.cr.dbname, self.system.id, self.key, "oms.api"]
        bad_key = [*who[:2], "wrong", *who[3:]]
        for way, args, status, code in (
            ("execute_kw", [*who, "nothing", [], {}], 404, "not_found"),
            ("execute_kw", [*who, "nothing", []], 404, "not_found"),
            ("execute_kw", [*who, "n" * 5000, [], {}], 404, "not_found"),
            ("execute_kw", [*who, "env", [], {}], 404, "not_found"),
            ("execute", [*who, "nothing"], 404, "not_found"),
            ("no_method", [*who, "ping"], 404, "not_found"),
            ("execute_kw", [*who, "_enter", [], {}], 403, "forbidden"),
            ("execute_kw", [*who, "search", [[]], {}], 403, "forbidden"),
            ("execute_kw", [*bad_key, "nothing", [], {}], 401, "unauthorized"),
        ):
            for ask in (self.ask_json_rpc, self.ask_xml_rpc):
                with self.subTest(ask=ask.__name__, way=way, method=args[4][:9]):
                    error, told = self.ask_quietly(ask, way, args)
                    self.assertEqual((told, error["code"]), (status, code))
                    self.assertEqual(set(error), ERROR)
                    self.assertLess(len(error["message"]), 200)
        with mute_logger("odoo.addons.oms.models.api.error", "odoo.http"):
            # What is a fault of the server stays one.
            self.patch(type(self.env["oms.channel"]), "_count_call", lambda self: 1 / 0)
            for ask in (self.ask_json_rpc, self.ask_xml_rpc):
                error, told = ask("execute_kw", [*who, "ping", [], {}])
                self.assertEqual((told, error["code"]), (500, "internal"))

    def ask_quietly(self, ask, way, args):
        with self.assertLogs("odoo", logging.INFO) as log:
            logging.getLogger("odoo.test").info("something")
            answer = ask(way, args)
        loud = [each for each in log.records if each.levelno >= logging.ERROR]
        self.assertFalse(loud, [each.getMessage() for each in loud])
        return answer

    def ask_json_rpc(self, way, args):
        params = {"service": "object", "method": way, "args": args}
        return self._unpack(self.post("/jsonrpc", {"jsonrpc": "2.0", "params": params}).json())

    def ask_xml_rpc(self, way, args):
        body = xmlrpc.client.dumps(tuple(args), way).encode()
        response = self.url_open("/xmlrpc/2/object", data=body)
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            xmlrpc.client.loads(response.content)
        fault = caught.exception
        return json.loads(fault.faultString), fault.faultCode

    def test_keys(self):
        with mute_logger("odoo.http"):
            for path in ("/json/2/oms.api/ping", "/oms/api/v1/ping"):
                error = self.assertError(self.post(path, {}, key="wrong"), 401, "unauthorized")
                self.assertNotIn("wrong", error["message"])
            stranger = self.make_user("stranger", "oms.group_channel_user")
            self.assertError(
                self.post("/json/2/oms.api/ping", {}, key=self.make_key(stranger)),
                403,
                "forbidden",
            )

    def test_what_is_too_large(self):
        with mute_logger("odoo.http"):
            body = b'{"products": ["' + b"a" * 5_000_000 + b'"]}'
            self.assertError(self.post("/json/2/oms.api/availability", body), 413, "too_large")
            self.assertError(self.post("/oms/api/v1/availability", body), 413, "too_large")

    def test_what_is_too_large_for_the_older_way(self):
        """A channel's call is limited there, too; Odoo's own clients are not."""
        products = ["a" * 5_000_000]
        with mute_logger("odoo.http"):
            error, status = self.over_json_rpc("availability", products=products)
        self.assertEqual((status, error["code"]), (413, "too_large"))

        def send(user, model, method):
            args = [self.env.cr.dbname, user.id, self.make_key(user), model, method]
            body = {"service": "object", "method": "execute_kw", "args": [*args, [products[0]]]}
            with mute_logger("odoo.http", "odoo.addons.rpc.controllers.jsonrpc"):
                return self.post("/jsonrpc", {"jsonrpc": "2.0", "id": 1, "params": body}).json()

        refused = send(self.system, "res.partner", "name_search")["error"]["data"]
        self.assertIn("at most", refused["message"])
        clerk = self.make_user("large-clerk", "base.group_user")
        self.assertEqual(send(clerk, "res.partner", "name_search")["result"], [])

    def test_a_fault_of_the_server_tells_nothing(self):
        def fail(*_args, **_kwargs):
            raise ZeroDivisionError("the secret of the house")

        self.patch(type(self.env["oms.position"]), "_get_answers", fail)
        with (
            mute_logger("odoo.http"),
            self.assertLogs("odoo.addons.oms.models.api.error", logging.ERROR) as log,
        ):
            error = self.assertError(
                self.post("/json/2/oms.api/availability", {"products": ["Apple"]}), 500, "internal"
            )
        self.assertIn(error["correlation_id"], error["message"])
        self.assertNotIn("secret", error["message"])
        self.assertIn(error["correlation_id"], log.output[0])
        self.assertIn("the secret of the house", log.output[0])

    def test_correlation(self):
        answer = self.post("/oms/api/v1/ping", {"params": {}}, **{"X-Request-ID": "cart-17"})
        self.assertEqual(answer.headers["X-Request-ID"], "cart-17")
        made = self.post("/oms/api/v1/ping", {"params": {}}, **{"X-Request-ID": "bad name\t"})
        self.assertRegex(made.headers["X-Request-ID"], "^[0-9a-f]{32}$")

    def test_limit(self):
        self.channel.call_limit = 2
        self.stock(self.apple, (self.near, 100))
        # In tests nothing can be counted beside a call that reads only or fails.
        line = {"product": "Apple", "site": "NEAR", "quantity": 1}
        with mute_logger("odoo.http"):
            responses = [
                self.post("/json/2/oms.api/hold", {"lines": [line]}) for _number in range(6)
            ]
        statuses = [response.status_code for response in responses]
        # The minute may turn once in between.
        self.assertGreaterEqual(statuses.count(429), 2)
        self.assertEqual(statuses[:2], [200, 200])
        refused = next(response for response in responses if response.status_code == 429)
        self.assertTrue(1 <= int(refused.headers["Retry-After"]) <= 60)

    def test_arguments_that_odoo_would_stumble_over(self):
        with mute_logger("odoo.http"):
            for body in ({"self": 1}, {"context": 5}, {"context": None}):
                response = self.post("/json/2/oms.api/ping", body)
                self.assertEqual(
                    (response.status_code, response.json()["code"]), (400, "malformed")
                )
            answer = self.post("/oms/api/v1/ping", {"params": {"self": 1}}).json()
        self.assertEqual(answer["error"]["data"]["code"], "malformed")

    def test_the_context_of_a_caller_counts_for_nothing(self):
        other = self.env["res.company"].create({"name": "Other company"})
        answer = self.post(
            "/json/2/oms.api/ping",
            {"context": {"allowed_company_ids": [other.id], "lang": "xx_XX", "active_test": False}},
        )
        self.assertEqual(answer.json()["company"], self.company.name)
