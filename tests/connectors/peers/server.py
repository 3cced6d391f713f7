"""What the test peers of carriers have in common: a server here that can be told to fail."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

#: Ways in which a peer can be told to fail, once each.
FAULTS = (
    "hang_before",
    "hang_after",
    "error_before",
    "error_after",
    "html",
    "cut_label",
    "too_many",
    "drop_before",
    "drop_after",
    "empty",
)


class Peer:
    """A stateful carrier on a free port. Subclasses answer requests in :meth:`answer`."""

    def __init__(self):
        self.faults = []
        self.requests = []
        self.lock = threading.RLock()
        self.released = threading.Event()
        handler = type("Handler", (_Handler,), {"peer": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def fail(self, *faults):
        """Fail the next requests, one after the other; None lets one pass."""
        assert all(fault is None or fault in FAULTS for fault in faults)
        self.faults.extend(faults)

    def answer(self, method, path, query, headers, body):
        """Answer a request.

        :return: status, content (bytes, or data for JSON) and headers
        """
        raise NotImplementedError

    def cut(self, content):
        """Return what a truncated label makes of an answer."""
        return content


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer = None

    def _do(self):
        peer = self.peer
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        parts = urlsplit(self.path)
        with peer.lock:
            fault = peer.faults.pop(0) if peer.faults else None
            peer.requests.append((self.command, parts.path, body, fault))
        before = fault in ("hang_before", "error_before", "drop_before", "too_many")
        if not before:
            with peer.lock:
                status, content, headers = peer.answer(
                    self.command, parts.path, parse_qs(parts.query), self.headers, body
                )
        if fault in ("hang_before", "hang_after"):
            # Until the client has given up, which the end of the test tells at the latest.
            peer.released.wait(30)
            self.close_connection = True
            return
        if fault in ("drop_before", "drop_after"):
            self.close_connection = True
            return
        if fault in ("error_before", "error_after"):
            status, content, headers = 500, b"internal error", {}
        elif fault == "too_many":
            status, content, headers = 429, {"errors": []}, {"Retry-After": "7"}
        elif fault == "html":
            status, content, headers = 200, b"<html><body>Maintenance</body></html>", {}
        elif fault == "empty":
            status, content, headers = 200, b"", {}
        elif fault == "cut_label":
            content = peer.cut(content)
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
            headers = {"Content-Type": "application/json", **headers}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = do_PUT = _do

    def log_message(self, *_args):
        """Say nothing: the requests are kept."""


def now_text():
    """Return the present moment as carriers write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
