import requests

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...connectors.payment.exchange import Request, prepare

#: Days for which a provider knows an idempotency key again, by its code. Those that are not here
#: know none: what became of a request that nobody answered has to be looked up.
KEY_DAYS = {"adyen": 7, "stripe": 1, "paypal": 1, "mercado_pago": 1}


class Recorded(Exception):
    """A provider was about to be asked.

    :param request: what it was about to be asked
    """

    def __init__(self, request: Request):
        super().__init__("recorded")
        self.request = request


class Recording:
    """In place of the network: keeps what a provider would have been asked, and stops there."""

    def answer(self, provider, request, arguments):
        raise Recorded(request)


class Replay:
    """In place of the network: gives the answer that was kept.

    :param dict kept: ``status`` and ``text``
    """

    def __init__(self, kept):
        self._kept = kept
        self._asked = 0

    def answer(self, provider, request, arguments):
        self._asked += 1
        if self._asked > 1:
            raise UserError(
                provider.env._(
                    "%s was asked once, and its code in Odoo asks for more. Look at the payment "
                    "there, and have its notification or list tell what came of it.",
                    provider.name,
                )
            )
        response = requests.Response()
        response.status_code = self._kept["status"]
        response._content = self._kept["text"].encode()
        response.encoding = "utf-8"
        response.url = request.url
        return provider._parse_response_content(response, **arguments)


class PaymentProvider(models.Model):
    """Providers are asked after the transaction, by the code of Odoo that asks within it.

    It runs twice: once to learn what it would ask, up to the point at which it asks, which is
    rolled back; and once with the answer, which it then makes of it what it always does.
    """

    _inherit = "payment.provider"

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Let whoever reconciles payments choose a provider by name, and see nothing else of it.

        What else is asked for is left out: providers hold secrets, which searching could guess.
        """
        groups = ("account.group_account_invoice", "oms.group_order_manager")
        if self.has_access("read") or not any(self.env.user.has_group(each) for each in groups):
            return super().name_search(name, domain, operator, limit)
        own = Domain("code", "!=", "none") & Domain("company_id", "in", self.env.companies.ids)
        # sudo: see above
        found = self.sudo().search(own & Domain("name", "ilike", name or ""), limit=limit)
        return [(provider.id, provider.name) for provider in found]

    def _send_api_request(
        self, method, endpoint, *, params=None, data=None, json=None, reference=None, **kwargs
    ):
        exchange = self.env.context.get("oms_exchange")
        if exchange is None:
            return super()._send_api_request(
                method, endpoint, params=params, data=data, json=json, reference=reference, **kwargs
            )
        self.ensure_one()
        # What has to be asked before, as a key for a session, is asked as Odoo does.
        plain = self.with_context(oms_exchange=None)
        request = prepare(
            method,
            plain._build_request_url(endpoint, **kwargs),
            params=params,
            data=data,
            body=json,
            headers=plain._build_request_headers(
                method, endpoint, params or data or json, **kwargs
            ),
            auth=plain._build_request_auth(**kwargs),
        )
        return exchange.answer(plain, request, kwargs)
