"""What a server is sent by mistake or by malice: one shape of errors, and others are served."""

import json
import socket
import xmlrpc.client
from urllib.parse import urlsplit

from odoo import fields, http
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiHttpCase

PATHS = ("/json/2/oms.api/ping", "/oms/api/v1/ping")
#: Connections that are opened and say nothing.
IDLE = 20


@tagged("post_install", "-at_install")
class TestHttpLimits(ApiHttpCase):
    def assertRefused(self, response, status, code):
        """Check that an answer is an error in the API's shape; return it."""
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"].partition(";")[0], "application/json")
        body = response.json()
        error = body["error"]["data"] if "jsonrpc" in body else body
        self.assertEqual(error["code"], code)
        self.assertLessEqual({"code", "message", "field", "correlation_id"}, set(error))
        self.assertEqual(response.headers["X-Request-ID"], error["correlation_id"])
        self.assertNotIn("Traceback", response.text)
        return error

    def open_socket(self):
        """Open a connection to the server, on which nothing was said yet."""
        parts = urlsplit(self.base_url())
        connection = socket.create_connection((parts.hostname, parts.port), 20)
        self.addCleanup(connection.close)
        return connection

    # === KEYS === #

    def test_keys_that_do_not_work(self):
        keys = self.env["res.users.apikeys"].with_user(self.system).sudo()
        old = keys._generate("rpc", "old", fields.Datetime.add(fields.Datetime.now(), days=-1))
        other = keys._generate("other scope", "other", None)
        with mute_logger("odoo.http"):
            for path in PATHS:
                for key in ("x" * 40, old, other, "é", "a" * 5000, self.key + "0"):
                    with self.subTest(path=path, key=key[:20]):
                        sent = f"Bearer {key}".encode()
                        response = self.post(path, {}, Authorization=sent)
                        self.assertRefused(response, 401, "unauthorized")
                        self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")

    def test_no_key(self):
        with mute_logger("odoo.http"):
            for path in PATHS:
                for given in ("", "Bearer", "Basic YTpi", f"Token {self.key}"):
                    with self.subTest(path=path, given=given[:10]):
                        response = self.post(path, {}, Authorization=given)
                        self.assertRefused(response, 401, "unauthorized")

    # === BODIES === #

    def test_other_ways_of_asking(self):
        key = {"Authorization": f"Bearer {self.key}"}
        with mute_logger("odoo.http"):
            for path in PATHS:
                for method in ("GET", "PUT", "DELETE"):
                    with self.subTest(path=path, method=method):
                        response = self.url_open(path, headers=key, method=method)
                        self.assertRefused(response, 405, "method_not_allowed")
                for kind in ("text/plain", "application/x-www-form-urlencoded", "text/xml"):
                    with self.subTest(path=path, kind=kind):
                        response = self.post(path, b"a=1", **{"Content-Type": kind})
                        self.assertRefused(response, 415, "unsupported")

    def test_bodies_that_are_no_json(self):
        deep = b"[" * 100_000
        nested = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
        with mute_logger("odoo.http"):
            for body in (b"{", b"\xff\xfe", b"null", deep, nested, b"NaN"):
                for path in PATHS:
                    with self.subTest(path=path, body=body[:12]):
                        status = 400 if path == PATHS[0] else 200
                        self.assertRefused(self.post(path, body), status, "malformed")

    def test_no_body(self):
        """Over JSON-2 that is a call without arguments, over the own route no call."""
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        answer = self.url_open(PATHS[0], headers=head, method="POST")
        self.assertEqual(answer.json()["channel"], "TWEB")
        with mute_logger("odoo.http"):
            answer = self.url_open(PATHS[1], headers=head, method="POST")
            self.assertRefused(answer, 200, "malformed")

    def test_bodies_in_pieces(self):
        """A body that does not say how long it is has the same limits."""
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}

        def send(*pieces):
            return self.url_open(PATHS[0], data=iter(pieces), headers=head)

        self.assertEqual(send(b"{", b"}").json()["channel"], "TWEB")
        with mute_logger("odoo.http"):
            self.assertRefused(send(b'{"self": ', b"1}"), 400, "malformed")
            large = [b'{"a": "', *[b"x" * 1_000_000] * 6, b'"}']
            self.assertRefused(send(*large), 413, "too_large")

    def test_a_large_call_over_xml_rpc(self):
        arguments = (self.env.cr.dbname, self.system.id, self.key, "oms.api", "ping", [])
        texts = (" ", "x" * 6_000_000)
        small, large = (
            xmlrpc.client.dumps((*arguments, {"unknown": text}), "execute_kw") for text in texts
        )
        with mute_logger("odoo.addons.rpc.controllers.xmlrpc"):
            for body, status, code in ((small, 422, "invalid"), (large, 413, "too_large")):
                answer = self.url_open(
                    "/xmlrpc/2/object", data=body, headers={"Content-Type": "text/xml"}
                )
                with self.assertRaises(xmlrpc.client.Fault) as caught:
                    xmlrpc.client.loads(answer.content)
                self.assertEqual(caught.exception.faultCode, status)
                self.assertEqual(json.loads(caught.exception.faultString)["code"], code)

    # === CONNECTIONS === #

    def test_connections_that_say_nothing(self):
        """Many of them are open, and one that stops in the midst of its call: others are served."""
        for _number in range(IDLE):
            self.open_socket()
        slow = self.open_socket()
        slow.sendall(
            b"POST /json/2/oms.api/ping HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n{"
        )
        answer, status = self.over_json_2("ping")
        self.assertEqual((status, answer["channel"]), (200, "TWEB"))

    def test_a_call_in_small_pieces(self):
        body = json.dumps({"products": ["Apple"]}).encode()
        with self.allow_requests(all_requests=True):
            head = (
                "POST /json/2/oms.api/availability HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n"
                f"X-Odoo-Database: {self.env.cr.dbname}\r\n"
                f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode()
            connection = self.open_socket()
            for start in range(0, len(head + body), 16):
                connection.sendall((head + body)[start : start + 16])
            answer = b""
            while chunk := connection.recv(4096):
                answer += chunk
        head, _split, body = answer.partition(b"\r\n\r\n")
        self.assertIn(b"200", head.split(b"\r\n", 1)[0], answer)
        self.assertEqual(json.loads(body)["products"][0]["available"], 0)

    # === DATABASES === #

    def test_the_database_is_named_in_the_call_only(self):
        """Odoo then asks no database what systems of channels may do before it runs the call."""
        name = self.env.cr.dbname
        self.patch(http, "db_list", lambda *args, **kwargs: [name, "another"])
        del self.opener.cookies["session_id"]

        head = {}

        def call(way, *called):
            args = [name, self.system.id, self.key, *called]
            with mute_logger("odoo.http", f"odoo.addons.rpc.controllers.{way}"):
                if way == "xmlrpc":
                    body = xmlrpc.client.dumps(tuple(args), "execute_kw").encode()
                    told = {"Content-Type": "text/xml", **head}
                    answer = self.url_open("/xmlrpc/2/object", data=body, headers=told)
                    try:
                        return str(xmlrpc.client.loads(answer.content)[0][0])
                    except xmlrpc.client.Fault as fault:
                        return fault.faultString
                params = {"service": "object", "method": "execute_kw", "args": args}
                body = {"jsonrpc": "2.0", "id": 7, "method": "call", "params": params}
                answer = self.post("/jsonrpc", body, **head).json()
                return str(answer.get("result") or answer["error"]["data"]["message"])

        calls = (("res.users", "context_get", []), ("oms.api", "ping", []))
        for way in ("jsonrpc", "xmlrpc"):
            for called in calls:
                with self.subTest(way=way, called=called):
                    self.assertIn("X-Odoo-Database", call(way, *called))
                    head["X-Odoo-Database"] = name
                    self.assertNotIn("X-Odoo-Database", call(way, *called))
                    del head["X-Odoo-Database"]
