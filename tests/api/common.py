"""Builders that the tests of the channel API share."""

import json

from odoo import fields
from odoo.tests import HttpCase
from odoo.tools import mute_logger

from ..common import OmsCase


class ApiCase(OmsCase):
    """A channel with a technical user, which calls the facade in Python."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_user("web-system", "oms.group_channel_user")
        cls.channel.user_ids = cls.system
        cls.api = cls.env["oms.api"].with_user(cls.system)

    @classmethod
    def make_key(cls, user):
        """Make an API key of a user."""
        return (
            cls.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "test", fields.Datetime.add(fields.Datetime.now(), days=1))
        )


class ApiHttpCase(HttpCase, ApiCase):
    """The same over HTTP, by each of the three ways."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls.make_key(cls.system)

    def post(self, path, body, key=None, **headers):
        """Send a body (data, or bytes as they are) with the key of the channel, or another one."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {key or self.key}"}
        return self.url_open(path, data=data, headers=sent | headers)

    def over_json_2(self, method, **arguments):
        """Return the answer, or the error, and the status."""
        response = self.post(f"/json/2/oms.api/{method}", arguments)
        return response.json(), response.status_code

    def over_own_route(self, method, **arguments):
        """Return the answer, or the error, and the status that JSON-RPC gives to it."""
        body = {"jsonrpc": "2.0", "id": 7, "method": "call", "params": arguments}
        answer = self.post(f"/oms/api/v1/{method}", body).json()
        self.assertEqual(answer["id"], 7)
        return self._unpack(answer)

    def over_json_rpc(self, method, **arguments):
        """Likewise, over Odoo's older way."""
        args = [self.env.cr.dbname, self.system.id, self.key, "oms.api", method, [], arguments]
        params = {"service": "object", "method": "execute_kw", "args": args}
        body = {"jsonrpc": "2.0", "id": 7, "method": "call", "params": params}
        # Odoo warns of what it will drop some day.
        with mute_logger("odoo.addons.rpc.controllers.jsonrpc", "odoo.http"):
            return self._unpack(self.post("/jsonrpc", body).json())

    def _unpack(self, answer):
        if "error" not in answer:
            return answer["result"], 200
        data = answer["error"]["data"]
        error = {key: data[key] for key in ("code", "message", "field", "correlation_id")}
        return error, answer["error"]["code"]

    def every_way(self, method, **arguments):
        """Return what each way answers; a correlation id is another one each time."""
        answers = []
        for way in (self.over_json_2, self.over_own_route, self.over_json_rpc):
            answer, status = way(method, **arguments)
            answers.append((answer, status))
        return answers
