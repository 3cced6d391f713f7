"""Clients for the benchmark of the channel API: one process each, as cheap as can be.

The client writes prepared bytes to a socket and reads the answer; nothing is parsed while a call
is timed. Connections are kept as long as the server keeps them: Odoo's workers close them after
each answer, with HTTP/1.0.
"""

from __future__ import annotations

import json
import os
import random
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

#: Products of an availability call, lines of a basket and of an order.
ASKED, LINES = 20, 3
#: What says that an answer, or an item of it, is an error.
ERROR_MARKS = (b'"error": {', b'"error":{', b'"status": "parked"', b'"status": "refused"')
TIMEOUT = 60.0
#: Answers after which a client tries again, as docs/channel-api.md tells it to.
AGAIN = (429, 503)
TRIES = 30
CITIES = ((48.86, 2.35, "75001", "Paris"), (45.76, 4.84, "69001", "Lyon"),
          (43.3, 5.37, "13001", "Marseille"), (47.22, -1.55, "44000", "Nantes"),
          (48.58, 7.75, "67000", "Strasbourg"))  # fmt: skip


@dataclass
class Tally:
    """What one client saw of one kind of call."""

    milliseconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


class Connection:
    """A connection to the server over which prepared calls are sent.

    :param host: of the server
    :param port: of the server
    :param key: API key of the channel
    """

    def __init__(self, host: str, port: int, key: str) -> None:
        self.address = (host, port)
        self.head = (
            f" HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nConnection: keep-alive\r\nContent-Length: "
        )
        self.socket: socket.socket | None = None

    def prepare(self, method: str, arguments: dict[str, Any]) -> bytes:
        """Return a call as the bytes that are sent."""
        body = json.dumps(arguments).encode()
        line = f"POST /json/2/oms.api/{method}{self.head}{len(body)}\r\n\r\n"
        return line.encode() + body

    def send(self, data: bytes) -> tuple[int, bytes]:
        """Send a prepared call; return the status and the body of the answer."""
        if self.socket is None:
            self.socket = socket.create_connection(self.address, TIMEOUT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket.sendall(data)
            return self._receive()
        except BaseException:
            self.close()
            raise

    def _receive(self) -> tuple[int, bytes]:
        data = b""
        while (split := data.find(b"\r\n\r\n")) < 0:
            data = self._more(data)
        head, body = data[:split].lower(), data[split + 4 :]
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        while len(body) < length:
            body = self._more(body)
        if head.startswith(b"http/1.0") or b"connection: close" in head:
            self.close()
        return int(head.split(None, 2)[1]), body

    def _more(self, data: bytes) -> bytes:
        assert self.socket
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("The server hung up.")
        return data + chunk

    def close(self) -> None:
        """Hang up."""
        if self.socket:
            self.socket.close()
            self.socket = None


class Caller:
    """Makes the calls of one client.

    :param known: what the database says of key and products
    :param number: which client it is; each asks for other products
    """

    def __init__(self, url: tuple[str, int], known: dict[str, Any], number: int) -> None:
        self.connection = Connection(*url, known["key"])
        self.known, self.number = known, number
        self.draw = random.Random(number)
        self.orders = 0
        # Bodies are made beforehand: making them is no part of what is measured.
        self.prepared = {
            kind: [self.make(kind) for _n in range(50)]
            for kind in ("ping", "availability", "promise")
        }

    def make(self, kind: str) -> bytes:
        """Return a call of a kind as bytes."""
        products = self.known["products"]
        if kind == "ping":
            return self.connection.prepare("ping", {})
        if kind == "availability":
            return self.connection.prepare(kind, {"products": self.draw.sample(products, ASKED)})
        if kind == "promise":
            return self.connection.prepare(kind, make_basket(self.draw, products))
        self.orders += 1
        order = make_order(self.draw, products, f"BENCH-{os.getpid()}-{self.orders}")
        return self.connection.prepare("place_orders", {"orders": [order]})

    def call(self, kind: str, seconds: float, tally: Tally) -> None:
        """Call, one after the other, for some time."""
        end = time.perf_counter() + seconds
        ready = self.prepared.get(kind)
        start = 0.0
        while start < end:
            data = self.draw.choice(ready) if ready else self.make(kind)
            start = time.perf_counter()
            try:
                status, body = self.connection.send(data)
            except OSError as error:
                tally.errors[type(error).__name__] += 1
                continue
            tally.milliseconds.append((time.perf_counter() - start) * 1000)
            if status != 200 or any(mark in body for mark in ERROR_MARKS):
                tally.errors[f"{status}: {body[:300].decode(errors='replace')}"] += 1


def make_basket(draw: random.Random, products: list[str]) -> dict[str, Any]:
    """Return a basket of three lines and where it goes."""
    latitude, longitude, postcode, city = draw.choice(CITIES)
    return {
        "lines": [
            {"product": product, "quantity": float(draw.randint(1, 3))}
            for product in draw.sample(products, LINES)
        ],
        "ship_to": {
            "country": "FR",
            "zip": postcode,
            "city": city,
            "latitude": latitude,
            "longitude": longitude,
        },
    }


def make_order(draw: random.Random, products: list[str], reference: str) -> dict[str, Any]:
    """Return an order of three lines of one of a hundred customers."""
    customer = draw.randrange(100)
    return {
        **make_basket(draw, products),
        "reference": reference,
        "customer": {"id": f"C{customer}", "name": f"Customer {customer}"},
    }


def call_in_rounds(
    url: tuple[str, int],
    known: dict[str, Any],
    number: int,
    plan: list[tuple[str, float]],
    barrier: Any,
    queue: Any,
) -> None:
    """Call what a plan says, each part together with all others, as a process of its own.

    :param plan: kinds of calls and seconds
    :param barrier: all clients wait there before each part, and at the end
    :param queue: gets what was seen by kind
    """
    caller = Caller(url, known, number)
    tallies: dict[str, Tally] = {kind: Tally() for kind, _seconds in plan}
    for kind, seconds in plan:
        barrier.wait()
        caller.call(kind, seconds, tallies[kind])
        barrier.wait()
    queue.put(tallies)


def place_same(
    url: tuple[str, int],
    known: dict[str, Any],
    number: int,
    orders: list[dict[str, Any]],
    batch: int,
    barrier: Any,
    queue: Any,
) -> None:
    """Place orders that all others place too, in an order of one's own, until all are answered.

    :param queue: gets the answers by reference, how often it tried again, errors
    """
    connection = Connection(*url, known["key"])
    mixed = random.Random(number).sample(orders, len(orders))
    answers: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    barrier.wait()
    for start in range(0, len(mixed), batch):
        data = connection.prepare("place_orders", {"orders": mixed[start : start + batch]})
        for attempt in range(TRIES):
            try:
                status, body = connection.send(data)
            except OSError as error:
                # The answer may be lost, the orders are not: sent again they are unchanged.
                counts[type(error).__name__] += 1
                continue
            if status not in AGAIN:
                break
            counts[f"answered {status}"] += 1
            time.sleep(random.uniform(0, min(0.1 * 2**attempt, 2.0)))
        if status != 200:
            errors[f"{status}: {body[:300].decode(errors='replace')}"] += 1
            continue
        for answer in json.loads(body)["orders"]:
            answers[answer["reference"]] = answer
            counts[answer["status"]] += 1
            if answer["error"]:
                errors[json.dumps(answer["error"])] += 1
    queue.put((answers, counts, errors))
