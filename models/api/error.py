"""What a channel's system is told when something goes wrong: one shape, never a traceback."""

import json
import logging
import re
import uuid
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo.exceptions import (
    AccessDenied,
    AccessError,
    ConcurrencyError,
    MissingError,
    UserError,
    ValidationError,
)
from odoo.http import request

from ..feed.cursor import CursorError, CursorExpired
from ..inventory.refusal import Busy, HoldEnded, Shortage

_logger = logging.getLogger(__name__)

#: Where a request says under what name it wants to be found in the logs of both sides.
CORRELATION_HEADER = "X-Request-ID"
_CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_KEPT = "oms.correlation_id"

#: The HTTP status of each code.
STATUSES = {
    "malformed": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "not_sellable": 409,
    "method_not_allowed": 405,
    "conflict": 409,
    "shortage": 409,
    "cursor_expired": 410,
    "cursor_invalid": 410,
    "dropped": 409,
    "unknown_product": 422,
    "unknown_country": 422,
    "unknown_tax": 422,
    "unknown_currency": 422,
    "unknown_method": 422,
    "unknown_store": 422,
    "unknown_point": 422,
    "unknown_zip": 422,
    "other_total": 422,
    "promise_ended": 410,
    "promise_other": 409,
    "promise_used": 409,
    "wanted_too_soon": 422,
    "failed": 422,
    "ended": 410,
    "too_large": 413,
    "unsupported": 415,
    "invalid": 422,
    "too_many_requests": 429,
    "internal": 500,
    "busy": 503,
}

#: Exceptions that business code raises, and what they mean to a machine; the first match counts.
_MEANINGS = (
    (CursorExpired, "cursor_expired"),
    (CursorError, "cursor_invalid"),
    (Shortage, "shortage"),
    (HoldEnded, "ended"),
    (Busy, "busy"),
    (MissingError, "not_found"),
    (AccessDenied, "unauthorized"),
    (AccessError, "forbidden"),
    (ValidationError, "invalid"),
    (UserError, "conflict"),
    ((ConcurrencyError, OperationalError), "busy"),
)


class ApiError(UserError):
    """A call, or an item of one, cannot be done.

    :param str code: one of :data:`STATUSES`
    :param str message: what is wrong and how to mend it, in the language of the user
    :param str field: path of the argument that is wrong, such as ``orders.3.lines.0.product``
    """

    def __init__(self, code, message, field=None):
        super().__init__(message)
        self.code, self.field = code, field

    @property
    def http_status(self):
        return STATUSES[self.code]


class Shape(NamedTuple):
    """An error as channels see it."""

    code: str
    message: str
    field: str | None
    correlation_id: str

    def to_json(self):
        """Return it as text, for where only a text fits."""
        return json.dumps(self._asdict(), ensure_ascii=False)


def get_correlation_id():
    """Return the name by which the call is found in the logs, as given by the caller or made up.

    :rtype: str
    """
    if not request:
        return uuid.uuid4().hex
    kept = request.httprequest.environ
    if _KEPT not in kept:
        given = request.httprequest.headers.get(CORRELATION_HEADER, "")
        kept[_KEPT] = given if _CORRELATION.fullmatch(given) else uuid.uuid4().hex
    return kept[_KEPT]


def get_code(exception):
    """Return the code of an exception that business code raised; None for a fault of the server.

    :rtype: str | None
    """
    if isinstance(exception, ApiError):
        return exception.code
    return next((code for kind, code in _MEANINGS if isinstance(exception, kind)), None)


def get_shape(env, exception):
    """Return what a channel is told of an exception.

    :param odoo.api.Environment env: for the language
    :rtype: Shape
    """
    code = get_code(exception)
    correlation_id = get_correlation_id()
    if code is None:
        _logger.error("A call to the channel API failed [%s]", correlation_id, exc_info=exception)
        message = env._(
            "The server could not do this. Whoever runs it finds the cause in its log under %s.",
            correlation_id,
        )
        return Shape("internal", message, None, correlation_id)
    if code == "busy" and not isinstance(exception, Busy):
        message = env._("Too many changed the same data at the same moment: try again.")
    elif isinstance(exception, Shortage):
        message = exception.told
    else:
        message = str(exception.args[0]) if exception.args else str(exception)
    return Shape(code, message, getattr(exception, "field", None), correlation_id)
