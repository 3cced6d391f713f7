"""One request to a payment provider, sent outside of any transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from ..carrier.contract import Account
from ..carrier.transport import Reply, send
from ..outcome import Ok, Rejected, Unknown

#: Characters of a refusal that are told.
MOST_TOLD = 500
#: Statuses with which a provider refuses whoever asks, not what is asked.
_NOT_LET_IN = (401, 403)
#: The first request with the same key is under way.
_CONFLICT = 409


@dataclass(frozen=True)
class Request:
    """A request as it goes over the line. Headers and content have secrets: nothing shows them."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)


def prepare(
    method: str,
    url: str,
    *,
    params: Mapping[str, Any] | None = None,
    data: Any = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Request:
    """Return a request as ``requests.request`` would send it with these arguments.

    :param data: form data, or text
    :param body: what is sent as JSON
    """
    made = requests.Request(
        method, url, params=params, data=data, json=body, headers=headers, auth=auth or None
    ).prepare()
    content = made.body or b""
    return Request(
        made.method or method,
        made.url or url,
        {
            name: value
            for name, value in made.headers.items()
            if name.lower() not in ("content-length", "user-agent")
        },
        content.encode() if isinstance(content, str) else content,
    )


def ask(
    request: Request, *, allow_local: bool = False, timeout: tuple[float, float] = (5.0, 20.0)
) -> Ok[dict[str, Any]] | Rejected | Unknown:
    """Send a request once, within bounds of time and size, and without following redirects.

    :param allow_local: whether the provider may be on this machine, as simulators are
    :param timeout: seconds until the connection stands, and between two pieces of an answer
    :return: done, with ``status`` and ``text`` of the answer; rejected where the provider said no;
        unknown where nobody can tell, or where it was not let in and so did nothing
    """
    parts = urlsplit(request.url)
    account = Account(
        f"{parts.scheme}://{parts.netloc}",
        timeout=timeout,
        allow_local=allow_local,
        who="payment provider",
    )
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    reply = send(account, request.method, path, content=request.content, headers=request.headers)
    if not isinstance(reply, Reply):
        return reply
    text = reply.content.decode("utf-8", "replace")
    if reply.status < 300:
        return Ok({"status": reply.status, "text": text})
    if reply.status in _NOT_LET_IN:
        told = f"The payment provider does not let us in ({reply.status}): {read_refusal(text)}"
        return Unknown(told, sent=False)
    if reply.status == _CONFLICT:
        return Unknown(f"The payment provider is still at it: {read_refusal(text)}")
    return Rejected(str(reply.status), read_refusal(text) or f"HTTP {reply.status}")


def read_refusal(text: str) -> str:
    """Return what a provider says in a refusal, in its words, for people."""
    try:
        data = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:MOST_TOLD]
    error = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(error, dict):
        for name in ("message", "description", "detail", "title", "error_description"):
            if isinstance(error.get(name), str) and error[name]:
                return str(error[name])[:MOST_TOLD]
    return (error if isinstance(error, str) else json.dumps(error))[:MOST_TOLD]
