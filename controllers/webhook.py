from datetime import UTC, datetime

from odoo import http
from odoo.http import request

from ..connectors.carrier import Message

#: Bytes of a message; what is longer is not read.
MOST_BYTES = 1_000_000
#: What a sender is answered, by what became of its message.
_STATUSES = {"received": 200, "repeated": 200, "forged": 401, "unknown": 404}


class Webhook(http.Controller):
    """Where those outside tell by themselves what happened: kept and answered, applied later."""

    @http.route(
        "/oms/webhook/<string:kind>/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=MOST_BYTES,
    )
    def receive(self, kind, token, **_form):
        """Keep a message that is signed by the account whose address it was sent to."""
        sent = request.httprequest
        message = Message(
            {name.lower(): value for name, value in sent.headers.items()},
            sent.get_data(cache=True),
            datetime.now(UTC),
        )
        result = request.env["oms.webhook.event"]._receive(kind, token, message)
        return request.make_json_response({"result": result}, status=_STATUSES[result])
