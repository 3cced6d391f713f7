"""Adyen's notifications: whether they are Adyen's, and what they tell.

See https://docs.adyen.com/development-resources/webhooks. Each item of a notification is signed by
itself, over some of what it tells; what is not signed (the reason, the moment, the payment method)
is told to people and decides nothing.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ..signature import is_same
from .contract import Bad, Kind, Money, Notification

#: Items that one message may hold; Adyen sends one in JSON, and six at most in its older formats.
MOST_ITEMS = 100
#: What is signed, in this order.
_SIGNED = (
    "pspReference",
    "originalReference",
    "merchantAccountCode",
    "merchantReference",
    "amount.value",
    "amount.currency",
    "eventCode",
    "success",
)
_KINDS = {
    "AUTHORISATION": Kind.AUTHORIZED,
    "CAPTURE": Kind.CAPTURED,
    "CAPTURE_FAILED": Kind.CAPTURE_FAILED,
    "CANCELLATION": Kind.VOIDED,
    "TECHNICAL_CANCEL": Kind.VOIDED,
    "EXPIRE": Kind.EXPIRED,
    "CANCEL_OR_REFUND": Kind.REVERSED,
    "REFUND": Kind.REFUNDED,
    "REFUND_WITH_DATA": Kind.REFUNDED,
    "REFUND_FAILED": Kind.REFUND_FAILED,
    "REFUNDED_REVERSED": Kind.REFUND_FAILED,
    "CHARGEBACK": Kind.CHARGEBACK,
    "SECOND_CHARGEBACK": Kind.CHARGEBACK,
    "CHARGEBACK_REVERSED": Kind.CHARGEBACK_REVERSED,
}


def get_kind(code: str) -> Kind:
    """Return what an event code is about."""
    return _KINDS.get(code, Kind.OTHER)


# === SIGNATURE === #


def sign(item: Mapping[str, Any], key: str) -> str:
    """Return the signature of an item, base64.

    See https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures: HMAC-SHA256
    over the signed values, joined by colons; colons and backslashes in them are escaped.

    :param item: what stands in ``NotificationRequestItem``
    :param key: in hex, from the customer area
    :raises Bad: the key is none
    """
    try:
        secret = binascii.a2b_hex(key.strip().encode())
    except (binascii.Error, UnicodeEncodeError):
        raise Bad("The HMAC key is not in hex.") from None
    if not secret:
        raise Bad("There is no HMAC key.")
    signed = ":".join(_escape(_get(item, name)) for name in _SIGNED)
    return base64.b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).decode()


def is_genuine(item: Mapping[str, Any], keys: Iterable[str]) -> bool:
    """Tell whether an item was signed with one of some keys. Without a key nothing is genuine."""
    additional = item.get("additionalData")
    told = additional.get("hmacSignature") if isinstance(additional, Mapping) else None
    if not isinstance(told, str) or not told:
        return False
    found = []
    for key in keys:
        try:
            found.append(is_same(told, sign(item, key)))
        except Bad:
            found.append(False)
    return any(found)


def _get(item: Mapping[str, Any], name: str) -> Any:
    value: Any = item
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _escape(value: Any) -> str:
    if value is None:
        return ""
    return str(value).replace("\\", "\\\\").replace(":", "\\:")


# === READING === #


def read_items(body: bytes) -> tuple[Mapping[str, Any], ...]:
    """Return the items of a message as they came.

    :raises Bad: it is none of Adyen's
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise Bad("The message is no JSON.") from None
    told = data.get("notificationItems") if isinstance(data, dict) else None
    if not isinstance(told, list) or len(told) > MOST_ITEMS:
        raise Bad("The message holds no notifications.")
    items = [
        each.get("NotificationRequestItem") if isinstance(each, dict) else None for each in told
    ]
    if not all(isinstance(each, dict) for each in items):
        raise Bad("The message holds something that is no notification.")
    return tuple(each for each in items if each is not None)


def is_live(body: bytes) -> bool:
    """Tell whether a message says that it is about real money."""
    data = json.loads(body)
    return str(data.get("live", "")).lower() == "true"


def read_item(item: Mapping[str, Any], live: bool = False) -> Notification:
    """Read one item.

    :raises Bad: it lacks what it must have
    """
    code = _need(item, "eventCode")
    amount = item.get("amount")
    if not isinstance(amount, Mapping):
        amount = {}
    value = amount.get("value", 0)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Bad("The amount of the notification is no whole number.")
    success = item.get("success")
    return Notification(
        kind=get_kind(code),
        code=code,
        success=success is True or str(success).lower() == "true",
        reference=_need(item, "pspReference"),
        original=_text(item, "originalReference"),
        merchant_reference=_text(item, "merchantReference"),
        account=_text(item, "merchantAccountCode"),
        money=Money(value, str(amount.get("currency") or "")),
        live=live,
        moment=_read_moment(item.get("eventDate")),
        reason=_text(item, "reason"),
        method=_text(item, "paymentMethod"),
    )


def _need(item: Mapping[str, Any], name: str) -> str:
    text = _text(item, name)
    if not text:
        raise Bad(f"The notification lacks its {name}.")
    return text


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _read_moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
