"""What happened to payments in a plain format, for whoever hears of it in a provider's place::

    {"notifications": [
        {"kind": "captured", "reference": "C1", "payment": "P1", "merchant_reference": "S00001-C1",
         "amount": "12.50", "currency": "EUR", "success": true, "reason": ""}]}

``kind`` is one of :class:`~.contract.Kind`, ``reference`` the provider's of what was done,
``payment`` that of the payment of which it is a part, empty for the payment itself. Such messages
are signed as Standard Webhooks, or come with the secret itself in the header ``X-Webhook-Secret``.
"""

import json
from collections.abc import Mapping
from typing import Any

from .amounts import read_decimal, to_money
from .contract import Bad, Kind, Notification

#: Notifications that one message may hold.
MOST = 100
#: Shortest part of an address that is looked for.
SHORTEST_TOKEN = 20


def read(body: bytes) -> tuple[Notification, ...]:
    """Read a message.

    :raises Bad: it is none, or lacks something; what is told
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise Bad("The message is no JSON.") from None
    told = data.get("notifications") if isinstance(data, dict) else None
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise Bad("The message holds no list of notifications.")
    if len(told) > MOST:
        raise Bad(f"The message holds more than {MOST} notifications: send several.")
    return tuple(map(_read, told))


def _read(told: Mapping[str, Any]) -> Notification:
    kind = _text(told, "kind")
    try:
        known = Kind(kind)
    except ValueError:
        raise Bad(f"“{kind[:40]}” is no kind of notification.") from None
    reference, currency = _text(told, "reference"), _text(told, "currency")
    if not reference:
        raise Bad("A notification lacks its reference.")
    amount = told.get("amount")
    if len(currency) != 3 or isinstance(amount, bool) or not isinstance(amount, str | int):
        raise Bad("A notification lacks its amount, as text, or its currency.")
    success = told.get("success", True)
    if not isinstance(success, bool):
        raise Bad("“success” is true or false.")
    return Notification(
        known,
        kind,
        success,
        reference,
        _text(told, "payment"),
        _text(told, "merchant_reference"),
        "",
        to_money(read_decimal(str(amount)), currency),
        reason=_text(told, "reason"),
    )


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""
