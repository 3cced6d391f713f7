"""Whether an event is Stripe's, see https://docs.stripe.com/webhooks#verify-manually."""

import hashlib
import hmac
from datetime import datetime

from ..signature import is_same

#: Seconds by which the clocks of two machines may differ; what is sent again is signed again.
TOLERANCE = 600.0


def sign(body: bytes, secret: str, moment: int) -> str:
    """Return the value of the header ``Stripe-Signature``.

    :param moment: of sending, seconds since 1970
    """
    signed = str(moment).encode() + b"." + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def is_genuine(body: bytes, header: str, secret: str, now: datetime) -> bool:
    """Tell whether an event was signed with a secret a moment ago. Without one nothing is genuine.

    :param header: ``Stripe-Signature``
    :param now: aware
    """
    if not secret:
        return False
    entries = [entry.strip().partition("=") for entry in header.split(",")]
    moments = [value for name, _mark, value in entries if name == "t"]
    if not moments or not moments[0].isascii() or not moments[0].isdigit() or len(moments[0]) > 12:
        return False
    if abs(now.timestamp() - int(moments[0])) > TOLERANCE:
        return False
    wanted = sign(body, secret, int(moments[0])).partition("v1=")[2]
    # All are compared, so that the time tells nothing of which one it was.
    found = [is_same(value, wanted) for name, _mark, value in entries if name == "v1"]
    return any(found)
