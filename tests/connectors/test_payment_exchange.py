"""One request to a payment provider: what is sent, and what its answers mean."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from connectors.outcome import Ok, Rejected, Unknown
from connectors.payment.exchange import Request, ask, prepare, read_refusal


class Provider(BaseHTTPRequestHandler):
    """Answers with the status that the path names, and tells what it got."""

    def do_POST(self):
        status = int(self.path.split("?")[0].rsplit("/", 1)[1])
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.got.append((self.path, dict(self.headers), content))
        body = json.dumps({"message": "Told in words", "id": 7}).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def provider():
    server = HTTPServer(("127.0.0.1", 0), Provider)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def send(provider, status, **more):
    url = f"http://127.0.0.1:{provider.server_port}/v1/{status}"
    return ask(prepare("POST", url, **more), allow_local=True)


def test_what_is_sent_as_json(provider):
    outcome = send(
        provider,
        201,
        body={"amount": 5},
        params={"a": "b c"},
        headers={"Idempotency-Key": "k"},
        auth=("me", "secret"),
    )
    assert outcome == Ok({"status": 201, "text": '{"message": "Told in words", "id": 7}'})
    path, headers, content = provider.got[-1]
    assert path == "/v1/201?a=b+c"
    assert json.loads(content) == {"amount": 5}
    assert headers["Idempotency-Key"] == "k"
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"].startswith("Basic ")


def test_what_is_sent_as_a_form(provider):
    send(provider, 200, data={"amount": 5, "currency": "eur"})
    _path, headers, content = provider.got[-1]
    assert content == b"amount=5&currency=eur"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [400, 402, 404, 422])
def test_refused(provider, status):
    assert send(provider, status) == Rejected(str(status), "Told in words")


@pytest.mark.parametrize("status", [401, 403, 429])
def test_not_let_in_so_nothing_was_done(provider, status):
    outcome = send(provider, status)
    assert isinstance(outcome, Unknown)
    assert not outcome.sent


@pytest.mark.parametrize("status", [408, 409, 500, 503])
def test_nobody_knows(provider, status):
    outcome = send(provider, status)
    assert isinstance(outcome, Unknown)
    assert outcome.sent


def test_nobody_is_sent_elsewhere(provider):
    before = len(provider.got)
    assert isinstance(send(provider, 302), Unknown)
    assert len(provider.got) == before + 1


def test_nobody_there():
    outcome = ask(prepare("POST", "http://127.0.0.1:1/x"), allow_local=True)
    assert isinstance(outcome, Unknown)
    assert not outcome.sent
    assert "payment provider" in outcome.text


def test_this_machine_is_no_provider_unless_tested():
    assert isinstance(ask(prepare("POST", "http://127.0.0.1:1/x")), Rejected)


def test_nothing_secret_is_shown():
    request = Request("POST", "https://x.example", {"Authorization": "s3cret"}, b"s3cret")
    assert "s3cret" not in repr(request)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"error": {"message": "No card"}}', "No card"),
        ('{"error": "invalid", "x": 1}', "invalid"),
        ('{"title": "Bad"}', "Bad"),
        ("<html> oh   no </html>", "<html> oh no </html>"),
        ('["a"]', '["a"]'),
        ("", ""),
    ],
)
def test_refusals_are_read(text, told):
    assert read_refusal(text) == told
