import secrets
from datetime import UTC, datetime
from decimal import Decimal

from odoo import api, fields, models

from ...connectors.payment import Kind, Settled
from ...connectors.payment.amounts import DIGITS, get_digits

#: Path under which payments are told of in the plain format, before the part nobody can guess.
PATH = "/oms/webhook/payment/"
#: Pages of a list that are read, of a hundred each.
MOST_PAGES = 200


class PaymentProvider(models.Model):
    """Where a provider, or whoever hears of payments in its place, tells of them; and its list."""

    _inherit = "payment.provider"

    oms_webhook_token = fields.Char(
        copy=False, readonly=True, groups="base.group_system", index="btree_not_null"
    )
    oms_webhook_secret = fields.Char(
        string="Secret of Webhooks",
        copy=False,
        groups="base.group_system",
        help="By what messages at the address below are known: they are signed with it as Standard "
        "Webhooks, or bring it in the header X-Webhook-Secret. Several, separated by spaces, while "
        "it is being changed. Without one all are refused.",
    )
    oms_webhook_url = fields.Char(
        string="Address of Webhooks",
        compute="_compute_oms_webhook_url",
        groups="base.group_system",
        help="For whoever hears of payments in the provider's place, as marketplaces do.",
    )

    _oms_webhook_token_uniq = models.UniqueIndex(
        "(oms_webhook_token) WHERE oms_webhook_token IS NOT NULL",
        "Another provider has this address of webhooks.",
    )

    @api.depends("oms_webhook_token")
    def _compute_oms_webhook_url(self):
        for provider in self:
            token = provider.oms_webhook_token
            provider.oms_webhook_url = token and f"{provider.get_base_url()}{PATH}{token}"

    def action_oms_new_webhook(self):
        """Give the providers a new address and a secret; what is sent to the old one is refused."""
        self.check_access("write")
        for provider in self:
            provider.oms_webhook_token = secrets.token_urlsafe(32)
            provider.oms_webhook_secret = secrets.token_urlsafe(32)

    # === WHAT A PROVIDER DID === #

    def _oms_list_settled(self, since, until):
        """Return what a provider did with money between two moments, as it tells it when asked.

        Providers without such a list, as Adyen, tell it in files.

        :param datetime.datetime since: aware
        :param datetime.datetime until: aware
        :return: ``connectors.payment.Settled``, None where there is no list
        :rtype: tuple | None
        :raises odoo.exceptions.ValidationError: the provider does not answer
        """
        self.ensure_one()
        return self._oms_list_stripe(since, until) if self.code == "stripe" else None

    def _oms_list_stripe(self, since, until):
        """See https://docs.stripe.com/api/charges/list and https://docs.stripe.com/api/refunds/list."""
        period = {"created[gte]": int(since.timestamp()), "created[lt]": int(until.timestamp())}
        charges = self._oms_read_stripe("charges", period)
        refunds = self._oms_read_stripe("refunds", period)
        found = [
            self._oms_settle_stripe(Kind.CAPTURED, charge, charge.get("amount_captured") or 0)
            for charge in charges
            if charge.get("captured") and charge.get("status") == "succeeded"
        ]
        found += [
            self._oms_settle_stripe(Kind.REFUNDED, refund, refund.get("amount") or 0)
            for refund in refunds
            if refund.get("status") == "succeeded"
        ]
        return tuple(found)

    def _oms_read_stripe(self, endpoint, params):
        """Return all pages of a list.

        :raises odoo.exceptions.ValidationError: Stripe does not answer
        """
        found, params = [], {**params, "limit": 100}
        for _page in range(MOST_PAGES):
            answer = self._send_api_request("GET", endpoint, params=params)
            data = answer.get("data") or []
            found += data
            if not answer.get("has_more") or not data:
                break
            params = {**params, "starting_after": data[-1]["id"]}
        return found

    def _oms_settle_stripe(self, kind, told, value):
        currency = str(told.get("currency") or "").upper()
        payment = str(told.get("payment_intent") or "")
        return Settled(
            kind,
            payment,
            # Odoo knows a capture by its payment, and a refund by its own number.
            payment if kind is Kind.CAPTURED else str(told.get("id") or ""),
            str(told.get("description") or ""),
            "",
            Decimal(value).scaleb(-get_digits(currency, DIGITS)),
            currency,
            datetime.fromtimestamp(told.get("created") or 0, UTC),
            code=kind.value,
        )
