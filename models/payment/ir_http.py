from datetime import UTC, datetime

from odoo import models
from odoo.http import request

from ...connectors.carrier import Message

#: Addresses at which Odoo applies what providers tell at once, and loses what it does not know.
NATIVE = {
    "/payment/adyen/notification": "adyen",
    "/payment/stripe/webhook": "stripe",
}
#: What providers want to be answered.
ANSWERS = {"adyen": "[accepted]", "stripe": ""}
#: And otherwise: not signed by it, or for an account that nobody has.
STATUSES = {"forged": 403, "unknown": 404}
#: Bytes of a message; what is longer is not read.
MOST_BYTES = 1_000_000


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        kind = NATIVE.get(request.httprequest.path.rstrip("/"))
        if kind and request.httprequest.method == "POST":
            return cls._oms_keep_native(kind)
        return super()._dispatch(endpoint)

    @classmethod
    def _oms_keep_native(cls, kind):
        """Keep a message for later, and answer as the provider expects.

        :param str kind: code of the provider
        """
        sent = request.httprequest
        body = sent.get_data(cache=True) if (sent.content_length or 0) <= MOST_BYTES else b""
        headers = {name.lower(): value for name, value in sent.headers.items()}
        message = Message(headers, body, datetime.now(UTC))
        result = request.env["oms.webhook.event"]._receive_native(kind, message)
        # Nothing is raised: of several in one message those that are genuine are kept.
        status = STATUSES.get(result, 200)
        return request.make_json_response(ANSWERS[kind] if status == 200 else "", status=status)
