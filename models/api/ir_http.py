import logging
from http import HTTPStatus

from werkzeug.exceptions import HTTPException

from odoo import models
from odoo.exceptions import AccessError
from odoo.http import SessionExpiredException, request

from .contract import MOST_ID
from .endpoint import get_failure
from .error import CORRELATION_HEADER, STATUSES, ApiError, get_shape
from .res_users import checked_in

#: Paths of the routes of the addon, and of Odoo's to the facade.
OWN, JSON_2, JSON_RPC = "/oms/api/", "/json/2/oms.api/", "/jsonrpc"
FACADE = "oms.api"
#: What clients ask when they log in: who they are.
LOGIN_CALLS = (("res.users", "context_get"),)
LEFT_TO_CHANNELS = ("/json/2/res.users/context_get", "/web/session/")
JSON_TYPES = ("application/json", "application/json-rpc")
DESCRIPTION = "/oms/api/v1/openapi.json"
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
        """Refuse, in the shape of the API, what Odoo would not route or lead to its pages."""
        if cls._is_oms_api(OWN, JSON_2) and not cls._is_oms_api(DESCRIPTION):
            cls._check_oms_api_request()
        return super()._match(path_info)

    @classmethod
    def _pre_dispatch(cls, rule, args):
        if cls._is_oms_api(DESCRIPTION):
            # Read without a body.
            pass
        elif cls._is_oms_api(OWN, JSON_2):
            cls._check_oms_api_body()
        elif not cls._is_oms_api(*LEFT_TO_CHANNELS) and request.env.uid:
            cls._check_no_oms_channel_user(request.env.user)
        return super()._pre_dispatch(rule, args)

    @classmethod
    def _dispatch(cls, endpoint):
        if request.httprequest.path != JSON_RPC:
            return super()._dispatch(endpoint)
        with checked_in(request.db):
            return cls._dispatch_json_rpc(super()._dispatch, endpoint)

    @classmethod
    def _dispatch_json_rpc(cls, dispatch, endpoint):
        """Hold a call over Odoo's older way to what systems of channels may do, and run it."""
        if called := cls._get_rpc_arguments():
            is_ours = called[3] == FACADE
            user = cls._find_rpc_user(request.env, called[1])
            # Odoo's own clients may send it as much as Odoo allows.
            if cls._is_too_large() and (is_ours or cls._is_oms_channel_user(user)):
                cls._refuse_size()
            if not is_ours and tuple(called[3:5]) not in LOGIN_CALLS:
                cls._check_no_oms_channel_user(user)
            if is_ours:
                return cls._dispatch_oms_rpc(dispatch, endpoint, called[4])
        return dispatch(endpoint)

    @classmethod
    def _dispatch_oms_rpc(cls, dispatch, endpoint, name):
        """Call the facade over Odoo's older way; tell of methods that it does not have."""
        try:
            return dispatch(endpoint)
        except Exception as error:
            way = request.dispatcher.jsonrequest["params"].get("method")
            failure = get_failure(request.env, error, way, name)
            if failure is error:
                raise
            raise failure from error

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
        called = request.httprequest.path == JSON_RPC and cls._get_rpc_arguments()
        return bool(called) and called[3] == FACADE

    @classmethod
    def _get_rpc_arguments(cls):
        """Return the arguments of a call of a model over Odoo's older way, [] if it is none.

        They are database, user, key, model, method and what the method gets.
        """
        try:
            called = request.dispatcher.jsonrequest["params"]
            is_call = called["service"] == "object" and len(called["args"]) > 4
            return list(called["args"]) if is_call else []
        except (AttributeError, KeyError, TypeError):
            return []

    @classmethod
    def _find_rpc_user(cls, env, uid):
        """Return the user whom a call over one of Odoo's older ways names, as Odoo reads it."""
        try:
            uid = int(uid)
        except (TypeError, ValueError, OverflowError):
            uid = 0
        # sudo: nobody is logged in yet on this way
        users = env["res.users"].sudo()
        return users.browse(uid).exists() if 0 < uid <= MOST_ID else users

    @classmethod
    def _is_oms_channel_user(cls, user):
        """Tell whether a user is a technical one of a channel, who has no other role."""
        return user.share and user.has_group("oms.group_channel_user")

    @classmethod
    def _check_no_oms_channel_user(cls, user):
        """Keep channels' systems to the facade: nothing else in Odoo is theirs, readable or not.

        :raises AccessError: the user is one of them
        """
        if cls._is_oms_channel_user(user):
            raise AccessError(
                user.env._("The system of a channel calls the channel API, and nothing else.")
            )

    @classmethod
    def _check_oms_api_request(cls):
        """Refuse other methods than POST, and bodies that are no JSON by their type.

        :raises ApiError: with its response, as nobody makes one for what is raised this early
        """
        sent = request.httprequest
        if sent.method != "POST":
            error = ApiError("method_not_allowed", request.env._("Calls are sent by POST."))
        elif (sent.content_length or cls._is_oms_api(OWN)) and sent.mimetype not in JSON_TYPES:
            message = request.env._("Send JSON, and say so: “Content-Type: application/json”.")
            error = ApiError("unsupported", message)
        else:
            return
        error.error_response = cls._handle_error(error)
        # It is the caller's mistake: nobody needs to look into it here.
        error.loglevel = logging.INFO
        raise error

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
        if isinstance(exception, SessionExpiredException):
            code = "unauthorized"
        else:
            code = _CODES.get(exception.code, "malformed")
        if code == "unauthorized":
            message = request.env._("Send an API key: “Authorization: Bearer …”.")
        else:
            message = str(exception.description or exception.name)
        return ApiError(code, message)
