"""A payment provider on this machine that speaks Adyen's dialect, to try things out on.

Start it from a program, or by itself::

    python -m connectors.payment.simulator --port 8099 --notify http://localhost:8069/…

It listens on the loopback interface only. See :mod:`.bank` for what it does, and
:data:`~.bank.CARDS` for the cards that do not do well.
"""

import argparse
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from .bank import Bank

#: Ways in which it can be told to fail, once each: without an answer before or after the deed, with
#: an error before or after it, with an answer that is none, and with the wish to come back later.
FAULTS = ("drop_before", "drop_after", "error_before", "error_after", "html", "later")
#: Bytes of a request that are read, and seconds that whoever hears of a payment may take.
MOST_BYTES = 1_000_000
PATIENCE = 10.0


class Simulator:
    """A provider on a free port; use it as a context manager.

    :param bank: its books
    :param port: 0 for a free one
    :param notify: URL that is told what happens as soon as it does; '' where a program takes it
        from the bank's outbox
    :param slow: seconds before anything is answered
    """

    def __init__(
        self, bank: Bank | None = None, port: int = 0, notify: str = "", slow: float = 0.0
    ) -> None:
        self.bank = bank or Bank()
        self.notify = notify
        self.slow = slow
        self.faults: list[str | None] = []
        #: Method, path and body of what was asked.
        self.requests: list[tuple[str, str, bytes]] = []
        self.lock = threading.RLock()
        handler = type("Handler", (_Handler,), {"simulator": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "Simulator":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def fail(self, *faults: str | None) -> None:
        """Fail the next requests, one after the other; None lets one pass.

        :raises ValueError: it cannot fail so
        """
        if unknown := [fault for fault in faults if fault is not None and fault not in FAULTS]:
            raise ValueError(f"unknown faults: {unknown}")
        with self.lock:
            self.faults.extend(faults)

    @contextlib.contextmanager
    def books(self) -> Iterator[Bank]:
        """The books, while nobody is served."""
        with self.lock:
            yield self.bank

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any, str]:
        """Answer a request.

        :return: status, content (None for no answer at all) and the fault that was told
        """
        with self.lock:
            fault = self.faults.pop(0) if self.faults else None
            self.requests.append(("POST", path, body))
            before = {"drop_before": None, "error_before": b"internal error", "later": b""}
            if fault in before:
                return (429 if fault == "later" else 500), before[fault], fault or ""
            try:
                data = json.loads(body or b"{}")
            except ValueError:
                data = None
            if not isinstance(data, dict):
                return 400, {"status": 400, "errorCode": "702", "message": "Bad JSON"}, ""
            status, content = self.bank.ask(_strip(path), data, headers)
        after = {"drop_after": None, "error_after": b"internal error", "html": b"<html></html>"}
        if fault in after:
            return (200 if fault == "html" else 500), after[fault], fault or ""
        return status, content, ""

    def wait(self) -> None:
        """Be slow, if that was asked for, until it is stopped."""
        if self.slow:
            self._stopped.wait(self.slow)

    def spread(self) -> None:
        """Do what was asked for, and tell it to whoever listens."""
        if not self.notify:
            return
        with self.lock:
            self.bank.work()
            bodies = self.bank.take()
        with requests.Session() as session:
            session.trust_env = False
            for body in bodies:
                # Whoever does not listen hears of it by the settlement.
                with contextlib.suppress(requests.RequestException):
                    session.post(
                        self.notify,
                        data=body,
                        headers={"Content-Type": "application/json"},
                        timeout=PATIENCE,
                        allow_redirects=False,
                    )


def _strip(path: str) -> str:
    """Return a path without what stands before its version."""
    return re.sub(r"^(/checkout)?/v\d+", "", path.partition("?")[0], flags=re.IGNORECASE)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    simulator: Simulator

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self._send(413, b"")
            self.close_connection = True
            return
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.simulator.wait()
        status, content, _fault = self.simulator.answer(self.path, body, headers)
        if content is None:
            self.close_connection = True
        else:
            self._send(status, content)
        self.simulator.spread()

    def do_GET(self) -> None:
        if self.path == "/report.csv":
            with self.simulator.books() as bank:
                self._send(200, bank.report(), "text/csv")
        else:
            self._send(404, b"")

    def _send(self, status: int, content: Any, kind: str = "application/json") -> None:
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Say nothing: the requests are kept."""


def main() -> None:
    """Serve until somebody ends it."""
    parser = argparse.ArgumentParser(description="A payment provider to try things out on.")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--notify", default="", help="URL that is told what happens")
    parser.add_argument("--account", default="OmsMerchant")
    parser.add_argument("--hmac-key", default="ab" * 32)
    parser.add_argument("--api-key", default="sim-key")
    given = parser.parse_args()
    bank = Bank(given.account, given.hmac_key, given.api_key)
    with Simulator(bank, given.port, given.notify), contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


if __name__ == "__main__":
    main()
