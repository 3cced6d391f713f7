from odoo import http
from odoo.http import request

from ..models.api.endpoint import ENDPOINTS, get_unknown
from ..models.api.error import CORRELATION_HEADER, get_correlation_id
from ..models.api.openapi import describe


class ChannelApi(http.Controller):
    """The addon's own routes to the channel API."""

    def _is_readonly(self, rule, args):
        described = ENDPOINTS.get(args["endpoint_name"])
        return not described or described.readonly

    @http.route(
        "/oms/api/v1/openapi.json", type="http", auth="public", methods=["GET"], readonly=True
    )
    def describe(self):
        """Describe the API to machines, in OpenAPI 3.1."""
        return request.make_json_response(describe(request.httprequest.host_url.rstrip("/")))

    @http.route(
        "/oms/api/v1/<string:endpoint_name>",
        type="jsonrpc",
        auth="bearer",
        methods=["POST"],
        readonly=_is_readonly,
        save_session=False,
    )
    def call(self, endpoint_name, **arguments):
        """Call an endpoint of ``oms.api``; the arguments are the ``params`` of JSON-RPC."""
        if endpoint_name not in ENDPOINTS:
            raise get_unknown(request.env, endpoint_name)
        answer = getattr(request.env["oms.api"], endpoint_name)(**arguments)
        request.future_response.headers[CORRELATION_HEADER] = get_correlation_id()
        return answer
