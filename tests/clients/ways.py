"""Clients that nobody here wrote, each behind the same two methods."""

from __future__ import annotations

import json
import subprocess
import xmlrpc.client
from functools import cached_property
from pathlib import Path
from typing import Any

import odoolib
import odoorpc
import requests
from odoolib.tools import AuthenticationError, JsonRPCException

HERE = Path(__file__).parent


class Refused(Exception):
    """What the server said no to.

    :param error: the error in the shape of the API, or the text if it had another one.
    """

    def __init__(self, error: Any) -> None:
        super().__init__(str(error))
        self.error = error


class Shop:
    """The shop that is served.

    :param facts: see `fill_shop.py`, and where the server is.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        self.host: str = facts["host"]
        self.port: int = facts["port"]
        self.url = f"http://{self.host}:{self.port}"
        self.database: str = facts["database"]
        self.keys: dict[str, dict[str, Any]] = facts["keys"]
        self.people: dict[str, dict[str, Any]] = facts["people"]
        self.secrets: list[str] = facts["secrets"]
        self.stock: float = facts["stock"]
        self.models: list[str] = facts["models"]
        self.methods: dict[str, list[str]] = facts["methods"]
        self.log = Path(facts["log"])
        self.node: str = facts["node"]
        self.node_modules: str = facts["node_modules"]


class Way:
    """A client.

    :param shop: the shop.
    :param who: whose key it uses.
    """

    #: Whether it tells the error as the server gave it.
    tells_shape = True
    #: Whether empty values arrive as such: XML-RPC has none.
    has_null = True

    def __init__(self, shop: Shop, who: dict[str, Any]) -> None:
        self.shop, self.who = shop, who

    def close(self) -> None:
        """End what the client started."""

    def call(self, method: str, **arguments: Any) -> Any:
        """Call a method of the channel API.

        :raises Refused: the server says no.
        """
        return self.execute("oms.api", method, **arguments)

    def execute(self, model: str, method: str, **arguments: Any) -> Any:
        """Call a method of any model.

        :raises Refused: the server says no.
        """
        raise NotImplementedError


class PlainJson2(Way):
    """`requests`, as the guide shows it."""

    def execute(self, model: str, method: str, **arguments: Any) -> Any:
        answer = requests.post(
            f"{self.shop.url}/json/2/{model}/{method}",
            json=arguments,
            headers={"Authorization": f"Bearer {self.who['key']}"},
            timeout=60,
        )
        if not answer.ok:
            raise Refused(answer.json())
        return answer.json()


class PlainOwnRoute(Way):
    """The addon's own routes, which know the channel API only."""

    def execute(self, model: str, method: str, **arguments: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": arguments}
        answer = requests.post(
            f"{self.shop.url}/oms/api/v1/{method if model == 'oms.api' else model}",
            json=body,
            headers={"Authorization": f"Bearer {self.who['key']}"},
            timeout=60,
        ).json()
        if "error" in answer:
            raise Refused(answer["error"]["data"])
        return answer["result"]


class ClientLibJson2(Way):
    """Odoo's own `odoo-client-lib` over JSON-2."""

    def execute(self, model: str, method: str, **arguments: Any) -> Any:
        connection = odoolib.get_connection(
            hostname=self.shop.host,
            port=self.shop.port,
            protocol="json2",
            database=self.shop.database,
            password=self.who["key"],
        )
        try:
            return getattr(connection.get_model(model), method)(**arguments)
        except AuthenticationError as error:
            raise Refused({"code": "unauthorized", "message": str(error)}) from error
        except ValueError as error:
            # It puts the body into a sentence.
            text = str(error)
            raise Refused(json.JSONDecoder().raw_decode(text, text.index("{"))[0]) from error


class ClientLibRpc(Way):
    """The same library over one of Odoo's older ways."""

    protocol = "jsonrpc"

    @cached_property
    def connection(self) -> Any:
        """A connection that logs in with login and key."""
        return odoolib.get_connection(
            hostname=self.shop.host,
            port=self.shop.port,
            protocol=self.protocol,
            database=self.shop.database,
            login=self.who["login"],
            password=self.who["key"],
        )

    def execute(self, model: str, method: str, **arguments: Any) -> Any:
        try:
            return getattr(self.connection.get_model(model), method)(**arguments)
        except AuthenticationError as error:
            raise Refused({"code": "unauthorized", "message": str(error)}) from error
        except JsonRPCException as error:
            raise Refused(error.error["data"]) from error
        except xmlrpc.client.Fault as fault:
            # The older of its two addresses puts the text where the newer one has a number.
            raise Refused(_read_fault(fault.faultString or fault.faultCode)) from fault


class ClientLibXmlRpc(ClientLibRpc):
    """… XML-RPC."""

    protocol = "xmlrpc"
    has_null = False


class OdooRpc(Way):
    """`odoorpc` over JSON-RPC."""

    @cached_property
    def odoo(self) -> Any:
        """A connection that is logged in."""
        connection = odoorpc.ODOO(self.shop.host, port=self.shop.port)
        connection.login(self.shop.database, self.who["login"], self.who["key"])
        return connection

    def execute(self, model: str, method: str, **arguments: Any) -> Any:
        try:
            return self.odoo.execute_kw(model, method, [], arguments)
        except odoorpc.error.RPCError as error:
            raise Refused((error.info or {}).get("data", str(error))) from error


class Node(Way):
    """A client of npm, in a Node.js that stays: a call in by line, and its answer out."""

    script = "json_rpc.js"

    @cached_property
    def process(self) -> subprocess.Popen[str]:
        """Node.js, logged in; it ends when its standard input does."""
        asked = {
            "host": self.shop.host,
            "port": self.shop.port,
            "database": self.shop.database,
            "login": self.who["login"],
            "key": self.who["key"],
        }
        return subprocess.Popen(
            [self.shop.node, HERE / self.script, json.dumps(asked)],
            env={"NODE_PATH": self.shop.node_modules, "PATH": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def execute(self, model: str, method: str, **arguments: Any) -> Any:
        asked = {"model": model, "method": method, "arguments": arguments}
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        told = json.loads(self.process.stdout.readline())
        if "refused" in told:
            raise Refused(_read_fault(told["refused"]))
        return told["answer"]

    def close(self) -> None:
        if "process" in self.__dict__:
            assert self.process.stdin
            self.process.stdin.close()
            self.process.wait(30)


class NodeJsonRpc(Node):
    """`@fernandoslim/odoo-jsonrpc`."""

    # It keeps the message of an error only.
    tells_shape = False


class NodeXmlRpc(Node):
    """`odoo-await`, over XML-RPC."""

    script = "xml_rpc.js"
    has_null = False


def _read_fault(text: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


WAYS = (
    PlainJson2,
    PlainOwnRoute,
    ClientLibJson2,
    ClientLibRpc,
    ClientLibXmlRpc,
    OdooRpc,
    NodeJsonRpc,
    NodeXmlRpc,
)
