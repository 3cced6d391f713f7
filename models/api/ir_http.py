from http import HTTPStatus

from werkzeug.exceptions import HTTPException, MethodNotAllowed, UnsupportedMediaType

from odoo import models
from odoo.http import SessionExpiredException, _dispatchers, request

from .contract import MOST_ID
from .error import CORRELATION_HEADER, STATUSES, ApiError, get_shape

#: Paths of the routes of the addon, and of Odoo's to the facade.
OWN, JSON_2, JSON_RPC = "/oms/api/", "/json/2/oms.api/", "/jsonrpc"
#: Size of a call in bytes.
MOST_BYTES = 5_000_000
#: Odoo's answer to a wrong HTTP method, key or content type, in the API's words.
_CODES = {
    HTTPStatus.BAD_REQUEST: "malformed",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
}


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _match(cls, path_info):
        """Refuse other methods and content types in the API's shape; Odoo tells them in HTML."""
        if not cls._is_oms_api(OWN, JSON_2):
            return super()._match(path_info)
        try:
            rule, args = super()._match(path_info)
            cls._check_oms_api_kind(rule)
        except (MethodNotAllowed, UnsupportedMediaType) as error:
            error.error_response = cls._handle_error(error)
            raise
        return rule, args

    @classmethod
    def _check_oms_api_kind(cls, rule):
        """Make sure that the body says that it is JSON, if the method has one.

        :raises werkzeug.exceptions.UnsupportedMediaType: it is something else
        """
        # As Odoo asks a moment later, when its answer can no longer be put into another shape.
        if not _dispatchers[rule.endpoint.routing["type"]].is_compatible_with(request):
            text = request.env._("Send JSON, with “Content-Type: application/json”.")
            raise UnsupportedMediaType(text)

    @classmethod
    def _pre_dispatch(cls, rule, args):
        if cls._is_oms_api(OWN, JSON_2):
            cls._check_oms_api_body()
        return super()._pre_dispatch(rule, args)

    @classmethod
    def _dispatch(cls, endpoint):
        # Odoo's own clients may send it as much as Odoo allows.
        if (
            request.httprequest.path == JSON_RPC
            and cls._is_too_large()
            and (cls._is_oms_api_call() or cls._is_oms_channel_user())
        ):
            cls._refuse_size()
        return super()._dispatch(endpoint)

    @classmethod
    def _handle_error(cls, exception):
        """Tell channels of errors in one shape, without Odoo's traceback."""
        if not cls._is_oms_api_call():
            return super()._handle_error(exception)
        shape = get_shape(request.env, cls._get_oms_api_error(exception))
        status = STATUSES[shape.code]
        headers = [(CORRELATION_HEADER, shape.correlation_id)]
        if shape.code in ("too_many_requests", "busy"):
            headers.append(("Retry-After", str(getattr(exception, "retry_after", 1))))
        if shape.code == "method_not_allowed":
            headers.append(("Allow", "POST"))
        if shape.code == "unauthorized":
            headers.append(("WWW-Authenticate", "Bearer"))
        body = shape._asdict()
        if not cls._is_oms_api(JSON_2):
            # Some clients look for what Odoo puts beside the message.
            data = body | {"name": shape.code, "arguments": [shape.message], "debug": ""}
            body = {
                "jsonrpc": "2.0",
                "id": getattr(request.dispatcher, "request_id", None),
                "error": {"code": status, "message": shape.message, "data": data},
            }
            status = status if status in (401, 413, 415, 405) else 200
        return request.make_json_response(body, headers=headers, status=status)

    @classmethod
    def _is_oms_api(cls, *paths):
        return request.httprequest.path.startswith(paths)

    @classmethod
    def _is_oms_api_call(cls):
        """Tell whether the request is one to the channel API, by any of the three ways."""
        if cls._is_oms_api(OWN, JSON_2):
            return True
        if request.httprequest.path != JSON_RPC:
            return False
        try:
            called = request.dispatcher.jsonrequest["params"]
            return called["service"] == "object" and "oms.api" in called["args"][3:4]
        except (AttributeError, KeyError, TypeError, IndexError):
            return False

    @classmethod
    def _is_oms_channel_user(cls):
        """Tell whether a call over Odoo's older way names a channel's technical user."""
        try:
            uid = request.dispatcher.jsonrequest["params"]["args"][1]
        except (AttributeError, KeyError, TypeError, IndexError):
            return False
        if type(uid) is not int or not 0 < uid <= MOST_ID:
            return False
        # sudo: nobody is logged in yet on this way
        user = request.env["res.users"].sudo().browse(uid).exists()
        return user.share and user._has_group("oms.group_channel_user")

    @classmethod
    def _is_too_large(cls):
        if cls._is_chunked():
            # Odoo's own limit keeps what is read here from having no end.
            return len(request.httprequest.get_data()) > MOST_BYTES
        return (request.httprequest.content_length or 0) > MOST_BYTES

    @classmethod
    def _is_chunked(cls):
        """Tell whether the body comes in pieces and does not say how long it is."""
        return "chunked" in request.httprequest.headers.get("Transfer-Encoding", "").lower()

    @classmethod
    def _refuse_size(cls):
        raise ApiError(
            "too_large",
            request.env._("A call has at most %s bytes: split it.", f"{MOST_BYTES:,}"),
        )

    @classmethod
    def _check_oms_api_body(cls):
        """Refuse what is too large or no JSON object before anything is done with it.

        :raises ApiError: saying so
        """
        env = request.env
        if cls._is_too_large():
            cls._refuse_size()
        # Only over the addon's own route is a call without a body none at all.
        is_empty = not (request.httprequest.content_length or cls._is_chunked())
        if is_empty and not cls._is_oms_api(OWN):
            return
        try:
            body = request.get_json_data()
        except (ValueError, RecursionError) as error:
            raise ApiError("malformed", env._("The body is no JSON.")) from error
        if cls._is_oms_api(OWN):
            body = body.get("params", {}) if isinstance(body, dict) else None
        # The last two are what Odoo would stumble over before it comes to the API.
        if (
            not isinstance(body, dict)
            or "self" in body
            or not isinstance(body.get("context", {}), dict)
        ):
            raise ApiError("malformed", env._("The arguments are a JSON object, by name."))

    @classmethod
    def _get_oms_api_error(cls, exception):
        """Return an exception of Odoo's or werkzeug's as one of the API."""
        if not isinstance(exception, (HTTPException, SessionExpiredException)):
            return exception
        # With another method a path leads elsewhere in Odoo, to pages for people who log in.
        if cls._is_oms_api(OWN, JSON_2) and request.httprequest.method not in ("POST", "HEAD"):
            return ApiError("method_not_allowed", request.env._("Calls are sent by POST."))
        if isinstance(exception, SessionExpiredException):
            code = "unauthorized"
        else:
            code = _CODES.get(exception.code, "malformed")
        if code == "unauthorized":
            message = request.env._("Send an API key: “Authorization: Bearer …”.")
        else:
            message = str(exception.description or exception.name)
        return ApiError(code, message)
