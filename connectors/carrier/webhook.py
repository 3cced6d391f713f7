"""What carriers tell by themselves, and whether it was them.

Carriers without a format of their own here can be told of by whoever hears from them, an
integration platform or a script, in a plain one::

    {"parcels": [{"tracking_number": "…", "events": [
        {"status": "in_transit", "moment": "2026-03-04T10:00:00Z",
         "text": "Sorted", "place": "Hub", "code": "S1"}]}]}

``status`` is one of :class:`~.contract.Status`; what is none counts as ``other``. Such messages are
signed as Standard Webhooks, or, where the sender cannot, come with the secret itself in the header
``X-Webhook-Secret``.
"""

import json
from collections.abc import Mapping
from typing import Any

from ..signature import is_shared, is_standard
from .contract import (
    Account,
    Message,
    Ok,
    Outcome,
    Place,
    Setting,
    Status,
    Track,
    TrackingEvent,
    Unknown,
)
from .reading import Unreadable, need, read_moment, read_value

#: Where an account keeps by what its messages are known; several, separated by spaces, while it is
#: being changed.
SECRET = Setting("webhook_secret", Place.CREDENTIAL, "Secret of Webhooks", secret=True)
#: Parcels that one message tells of, and events of one of them.
MOST_PARCELS = 500
MOST_EVENTS = 200
_KNOWN = {status.value: status for status in Status}


class PlainWebhook:
    """Messages in the plain format of this module; a mixin for adapters."""

    def is_genuine(self, account: Account, message: Message) -> bool:
        """See :class:`~.contract.Adapter`."""
        secrets = get_secrets(account)
        shared = is_shared(message.headers.get("x-webhook-secret", ""), secrets)
        signed = is_standard(message.body, message.headers, secrets, message.received)
        return shared or signed

    def get_message_id(self, message: Message) -> str:
        """See :class:`~.contract.Adapter`."""
        return message.headers.get("webhook-id", "")

    def read_message(self, body: bytes) -> Outcome[tuple[Track, ...]]:
        """See :class:`~.contract.Adapter`."""
        return read_json_message(body, _read_plain)


def get_secrets(account: Account) -> tuple[str, ...]:
    """Return by what messages to an account are known."""
    return tuple(account.credentials.get(SECRET.name, "").split())


def read_json_message(body: bytes, reader: Any) -> Outcome[tuple[Track, ...]]:
    """Read a message in JSON.

    :param reader: makes tracks of data, or raises :class:`~.reading.Unreadable`
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Unknown("The message is no JSON.")
    outcome = read_value(data, reader)
    return Ok(outcome.value) if isinstance(outcome, Ok) else Unknown(outcome.text)


def _read_plain(data: Any) -> tuple[Track, ...]:
    parcels = need(data, "parcels", list)
    if len(parcels) > MOST_PARCELS:
        # What is left out would be lost without a word.
        raise Unreadable(f"It tells of more than {MOST_PARCELS} parcels: send several messages.")
    return tuple(_read_track(each) for each in parcels)


def _read_track(data: Mapping[str, Any]) -> Track:
    told = need(data, "events", list)
    if len(told) > MOST_EVENTS:
        raise Unreadable(f"It tells more than {MOST_EVENTS} things of a parcel.")
    events = sorted(map(_read_event, told), key=lambda event: event.moment)
    return Track(need(data, "tracking_number"), tuple(events))


def _read_event(data: Mapping[str, Any]) -> TrackingEvent:
    return TrackingEvent(
        _KNOWN.get(need(data, "status"), Status.OTHER),
        read_moment(data.get("moment")),
        str(data.get("text") or ""),
        str(data.get("place") or ""),
        str(data.get("code") or ""),
    )
