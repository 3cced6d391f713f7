"""Whether a message that came by itself is from whom it says: checked over the bytes as they came.

All comparisons take the same time whatever is wrong. Without a secret nothing is genuine.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

#: Seconds by which the clocks of two machines may differ, as the Standard Webhooks say.
TOLERANCE = 300.0
_PREFIX = "whsec_"


def is_same(told: str, wanted: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(told.encode(), wanted.encode())


def is_hex_hmac(body: bytes, told: str, secrets: Iterable[str]) -> bool:
    """Tell whether a signature is the HMAC-SHA256 of a body by one of some secrets, in hex."""
    told = told.strip().lower()
    # All are tried, so that the time tells nothing of which one it was.
    found = [
        is_same(told, hmac.new(secret.encode(), body, hashlib.sha256).hexdigest())
        for secret in secrets
        if secret
    ]
    return any(found)


def is_standard(
    body: bytes, headers: Mapping[str, str], secrets: Iterable[str], now: datetime
) -> bool:
    """Tell whether a message is signed as the Standard Webhooks say (version 1, symmetric).

    See https://www.standardwebhooks.com: HMAC-SHA256 over ``id.timestamp.body``, base64, with the
    moment of sending no more than :data:`TOLERANCE` from now.

    :param headers: by their names in lower case
    :param secrets: base64, with or without ``whsec_``; further ones while they are being changed
    :param now: aware
    """
    number, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    told = [
        signature.partition(",")[2]
        for signature in headers.get("webhook-signature", "").split()
        if signature.startswith("v1,")
    ]
    if not number or not told or not sent.isascii() or not sent.isdigit() or len(sent) > 12:
        return False
    if abs(now.timestamp() - int(sent)) > TOLERANCE:
        return False
    signed = b".".join((number.encode(), sent.encode(), body))
    found = []
    for secret in secrets:
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (ValueError, binascii.Error):
            # A secret that somebody typed is used as it stands.
            key = secret.encode()
        if key:
            wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            found += [is_same(each, wanted) for each in told]
    return any(found)


def is_shared(told: str, secrets: Iterable[str]) -> bool:
    """Tell whether a message came with one of some secrets itself."""
    found = [is_same(told, secret) for secret in secrets if secret]
    return any(found)
