import contextlib
import socket
import threading
import time

import pytest
from peers.server import Peer

from connectors.carrier import Account, Rejected, Unknown, transport
from connectors.carrier.transport import Reply, send


class EchoPeer(Peer):
    def answer(self, method, path, query, headers, body):
        if path == "/elsewhere":
            return 302, b"", {"Location": "/"}
        if path == "/large":
            return 200, b"x" * 300_000, {}
        return 200, {"method": method, "agent": headers["User-Agent"]}, {}


@pytest.fixture
def account():
    with EchoPeer() as peer:
        yield Account(peer.url, timeout=(1.0, 0.5), allow_local=True)


def test_answers_are_read(account):
    reply = send(account, "POST", "/", body={"a": 1})
    assert isinstance(reply, Reply)
    assert reply.read_json() == {"method": "POST", "agent": "oms"}


def test_redirects_are_not_followed(account):
    outcome = send(account, "GET", "/elsewhere")
    assert isinstance(outcome, Unknown)
    assert "302" in outcome.text


def test_answers_have_a_size(account, monkeypatch):
    monkeypatch.setattr(transport, "MOST_BYTES", 200_000)
    assert send(account, "GET", "/large") == Unknown("The carrier's answer is too large.")


def test_answers_have_an_end(account, monkeypatch):
    monkeypatch.setattr(transport, "MOST_SECONDS", -1.0)
    assert send(account, "GET", "/large") == Unknown("The carrier's answer took too long.")


def test_answers_that_drip_have_an_end(monkeypatch):
    """Each byte comes in time, and the whole would take an hour."""
    monkeypatch.setattr(transport, "MOST_SECONDS", 1.0)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            connection, _address = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 36000\r\n\r\n")
                while not ended.wait(0.1):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        account = Account(
            f"http://127.0.0.1:{server.getsockname()[1]}", timeout=(1.0, 5.0), allow_local=True
        )
        started = time.monotonic()
        # Not to wait for an hour where it fails.
        guard = threading.Timer(20.0, ended.set)
        guard.start()
        outcome = send(account, "GET", "/")
        took = time.monotonic() - started
        ended.set()
        guard.cancel()
        thread.join()
    assert outcome == Unknown("The carrier's answer took too long.")
    assert took < 10.0


@pytest.mark.parametrize(
    "url",
    [
        "http://carrier.example.com",
        "ftp://carrier.example.com",
        "https://user:secret@carrier.example.com",
        "https://127.0.0.1",
        "https://[::1]",
        "https://10.1.2.3",
        "https://169.254.169.254",
        "https://[::ffff:10.0.0.1]",
        "https://localhost:8069",
        "https://db.internal",
        "https://[broken",
        "https://carrier.example.com:port",
        "",
    ],
)
def test_services_are_outside_and_encrypted(url):
    outcome = send(Account(url), "GET", "/")
    assert isinstance(outcome, Rejected)
    assert outcome.code == "url"


def test_names_that_lead_inside_are_refused(monkeypatch):
    """A name can lead anywhere, and elsewhere the next time: what counts is who answered."""
    with EchoPeer() as peer:
        account = Account(peer.url)
        monkeypatch.setattr(transport, "find_problem", lambda url, allow_local: "")
        outcome = send(account, "GET", "/")
    assert isinstance(outcome, Unknown)
    assert "must not be on this machine" in outcome.text


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12", 12.0),
        ("1e9", 86400.0),
        ("-5", 0.0),
        ("nan", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_how_long_to_wait(value, seconds):
    assert transport._read_wait(value) == seconds
