"""The one place from which carriers are called: bounded in time and size, verified, without secrets
in what is logged."""

import contextlib
import ipaddress
import json
import logging
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from .contract import Account, Rejected, Unknown

_logger = logging.getLogger(__name__)

#: Bytes of an answer that are read; labels of a dozen parcels take two million.
MOST_BYTES = 20_000_000
#: Seconds that an answer may take in all, however slowly it drips.
MOST_SECONDS = 120.0
#: Characters of a carrier's answer that are told.
MOST_TOLD = 300
_CHUNK = 65536


@dataclass(frozen=True)
class Reply:
    """An answer with a status from 200 to 499.

    :param content: as it came
    """

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def read_json(self) -> Any:
        """Return the answer as data.

        :raises ValueError: it is no JSON
        """
        return json.loads(self.content)

    @property
    def excerpt(self) -> str:
        """The beginning of the answer, to be told to a person."""
        text = self.content[: 4 * MOST_TOLD].decode("utf-8", "replace")
        return " ".join(text.split())[:MOST_TOLD]


def send(
    account: Account,
    method: str,
    path: str,
    *,
    base: str = "",
    body: Any = None,
    content: bytes | None = None,
    query: Mapping[str, str | list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Reply | Rejected | Unknown:
    """Send one request, and read the answer within bounds.

    Nothing is tried a second time here: only the caller knows whether that is harmless.

    :param path: after the base URL, with a slash
    :param base: name of another base URL of the account
    :param body: data that is sent as JSON
    :param content: bytes that are sent as they are
    :param auth: user and password
    :return: what came; :class:`Rejected` where the account itself cannot be used,
        :class:`Unknown` for no answer, redirects, 408, 425, 429, and 500 and above
    """
    url = (account.urls.get(base) or account.base_url).rstrip("/") + path
    if problem := find_problem(url, account.allow_local):
        return Rejected("url", problem)
    sent_headers = {"User-Agent": "oms", "Accept-Encoding": "identity", **(headers or {})}
    if body is not None:
        content = json.dumps(body).encode()
        sent_headers.setdefault("Content-Type", "application/json")
    started = time.monotonic()
    # What the environment says of proxies and passwords is not meant for carriers.
    with requests.Session() as session:
        session.trust_env = False
        try:
            response = session.request(
                method,
                url,
                params=query,
                data=content,
                headers=sent_headers,
                auth=auth,
                timeout=account.timeout,
                allow_redirects=False,
                stream=True,
            )
        except requests.exceptions.ConnectTimeout:
            return Unknown(f"The {account.who} could not be reached in time.", sent=False)
        except requests.exceptions.SSLError:
            return Unknown(f"The {account.who}'s certificate could not be verified.", sent=False)
        except requests.exceptions.ConnectionError as error:
            refused = "NewConnectionError" in repr(error) or "NameResolution" in repr(error)
            return Unknown(f"The connection to the {account.who} failed.", sent=not refused)
        except requests.exceptions.Timeout:
            return Unknown(f"The {account.who} did not answer in time.")
        except requests.exceptions.RequestException as error:
            return Unknown(f"The {account.who} could not be asked ({type(error).__name__}).")
        with response:
            if not account.allow_local and (problem := _find_peer_problem(response)):
                return Unknown(problem)
            outcome = _read(response, started, account.who)
    # Paths may carry tracking numbers, queries may carry keys: the host says enough.
    _logger.info(
        "%s %s: %s in %.0f ms",
        method,
        urlsplit(url).hostname,
        response.status_code,
        (time.monotonic() - started) * 1000,
    )
    return outcome


def _read(response: requests.Response, started: float, who: str) -> Reply | Unknown:
    pieces, size = [], 0
    late = Unknown(f"The {who}'s answer took too long.")
    # A piece is waited for until it is whole, and each of its bytes may take its time.
    sock = _get_socket(response)
    end = started + MOST_SECONDS
    watch = threading.Timer(max(end - time.monotonic(), 0.0), _hang_up, (sock,))
    watch.daemon = True
    watch.start()
    try:
        for piece in response.iter_content(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                return Unknown(f"The {who}'s answer is too large.")
            if time.monotonic() > end:
                return late
    except (requests.exceptions.RequestException, OSError):
        broken = Unknown(f"The {who}'s answer broke off.")
        return late if time.monotonic() > end else broken
    finally:
        watch.cancel()
    if time.monotonic() > end:
        return late
    content = b"".join(pieces)
    length = response.headers.get("Content-Length")
    if length and length.isdigit() and int(length) > size:
        return Unknown(f"The {who}'s answer broke off.")
    reply = Reply(response.status_code, content, dict(response.headers))
    status = response.status_code
    if 200 <= status < 300 or (400 <= status < 500 and status not in (408, 425, 429)):
        return reply
    if status in (425, 429):
        wait = _read_wait(response.headers.get("Retry-After"))
        return Unknown(f"The {who} asks to come back later.", sent=False, retry_after=wait)
    if 300 <= status < 400:
        return Unknown(f"The {who} points elsewhere ({status}).", sent=False)
    return Unknown(f"The {who} failed ({status}): {reply.excerpt}")


def _get_socket(response: requests.Response) -> socket.socket | None:
    """Return the socket of an answer that is not read to its end, None if it is."""
    connection = getattr(response.raw, "connection", None) or getattr(
        response.raw, "_connection", None
    )
    return getattr(connection, "sock", None)


def _hang_up(sock: socket.socket | None) -> None:
    if sock is not None:
        # Whoever reads from it is woken up.
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _read_wait(value: str | None) -> float | None:
    """Return the seconds that a carrier asks to wait, at most a day."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), 86400.0) if seconds == seconds else None


# === WHERE TO === #


def find_problem(url: str, allow_local: bool) -> str:
    """Say why a URL may not be called; '' if it may.

    :param allow_local: see :class:`~.contract.Account`
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "The address of the service cannot be read."
    if parts.scheme not in ("http", "https") or not host:
        return "The address of the service must begin with https://."
    if parts.username or parts.password:
        return "The address of the service must not contain a password."
    if allow_local:
        return ""
    if parts.scheme != "https":
        return "The address of the service must begin with https://."
    return _find_address_problem(host)


def _find_address_problem(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        local = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
        return "The service must not be on this machine or in its network." if local else ""
    if address.is_global:
        return ""
    return "The service must not be on this machine or in its network."


def _find_peer_problem(response: requests.Response) -> str:
    """Say why the address that a name led to may not be used, whatever it led to before."""
    sock = _get_socket(response)
    if sock is None:
        return ""
    return _find_address_problem(sock.getpeername()[0].split("%")[0])
