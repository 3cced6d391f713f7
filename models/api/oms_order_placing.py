import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import email_normalize, plaintext2html

from ..intake.rows import Address, Buyer
from ..inventory.oms_claim_hold import HOLD_ORIGINS
from .error import get_correlation_id
from .outcome import Outcome

_logger = logging.getLogger(__name__)

#: Orders need somebody who is told the truth about stock: these are tried again as a whole.
AGAIN = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)


class OmsOrderPlacing(models.AbstractModel):
    """Makes confirmed orders of what a channel sent."""

    _name = "oms.order.placing"
    _description = "Placing of Channel Orders"

    @api.model
    def _place(self, channel, given, hashes, accepted=()):
        """Make and confirm orders; each is placed whole or parked.

        :param channel: ``oms.channel``, whose rights are the caller's
        :param list given: ``GivenOrder`` of each, none of which is there already
        :param dict hashes: fingerprint by reference
        :param accepted: references of orders whose total may be another one
        :return: ``Outcome`` by reference
        :rtype: dict
        """
        lookup = self._look_up(channel, given)
        outcomes, good = {}, []
        for each in given:
            refusal = self._get_refusal(channel, each, lookup)
            if refusal:
                outcomes[each.reference] = refusal
            else:
                good.append(each)
        return outcomes | self._place_good(channel, good, lookup, hashes, accepted)

    # === ORDERS === #

    @api.model
    def _place_good(self, channel, given, lookup, hashes, accepted):
        """Place orders together and, if that fails, each by itself."""
        if not given:
            return {}
        try:
            with self.env.cr.savepoint():
                return self._place_together(channel, given, lookup, hashes, accepted)
        except AGAIN:
            raise
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(given) > 1:
                outcomes = {}
                for each in given:
                    outcomes |= self._place_good(channel, [each], lookup, hashes, accepted)
                return outcomes
            return {given[0].reference: self._explain_failure(error)}

    @api.model
    def _explain_failure(self, error):
        if isinstance(error, UserError):
            return Outcome("parked", None, "failed", str(error))
        correlation_id = get_correlation_id()
        _logger.error("An order could not be placed [%s]", correlation_id, exc_info=error)
        message = self.env._(
            "A fault of the server, see its log under %s. Try again when it is mended.",
            correlation_id,
        )
        return Outcome("parked", None, "internal", message)

    @api.model
    def _place_together(self, channel, given, lookup, hashes, accepted):
        orders = self._create_orders(channel, given, lookup, hashes)
        outcomes, confirmed = {}, self.env["sale.order"]
        for each, order in zip(given, orders, strict=True):
            difference = self._get_difference(each, order)
            if difference and not self._settle(channel, each, order, difference, accepted):
                outcomes[each.reference] = self._explain_difference(each, order)
                order.unlink()
                continue
            outcomes[each.reference] = Outcome("placed", order)
            if self._confirm_held(channel, each, order):
                continue
            confirmed += order
        if confirmed:
            confirmed.action_confirm()
        return outcomes

    @api.model
    def _confirm_held(self, channel, given, order):
        """Confirm an order with the goods of its cart; tell whether they were still held."""
        claims = self._find_held(channel, given)
        if not claims:
            return False
        try:
            with self.env.cr.savepoint():
                order._oms_confirm_held(claims)
        except UserError as error:
            # The customer has ordered: what the cart lost is looked for elsewhere.
            _logger.info("Order %s goes without its holds: %s", order.name, error)
            return False
        return True

    @api.model
    def _find_held(self, channel, given):
        """Return the goods of the cart of an order, as far as they are still held."""
        Claim = self.env["oms.claim"]
        if not given.holds:
            return Claim
        return Claim.search(
            [
                ("id", "in", given.holds),
                ("channel_id", "=", channel.id),
                ("origin", "in", HOLD_ORIGINS),
                ("state", "=", "active"),
            ]
        )

    @api.model
    def _prepare_service_vals(self, channel, given, lookup):
        """Return what an order says of how it is delivered; other modules say more.

        :param GivenOrder given: an order that is not refused
        :rtype: dict
        """
        return {}

    @api.model
    def _create_orders(self, channel, given, lookup, hashes):
        buyers = [self._prepare_buyer(channel, each) for each in given]
        customers = self.env["oms.import.customers"]._find_or_create(
            channel.company_id, [(channel, buyer) for buyer in buyers], lookup.countries
        )
        now = fields.Datetime.now()
        return (
            self.env["sale.order"]
            .with_context(mail_create_nosubscribe=True)
            .create(
                [
                    {
                        "company_id": channel.company_id.id,
                        "partner_id": customer.id,
                        # Guests share a customer, whose address is that of the first of them.
                        "partner_invoice_id": (address if buyer.is_guest else customer).id,
                        "partner_shipping_id": address.id,
                        "oms_channel_id": channel.id,
                        "oms_external_ref": each.reference,
                        "oms_content_hash": hashes[each.reference],
                        "oms_channel_total": each.total,
                        "oms_channel_with_tax": each.prices_include_tax,
                        "client_order_ref": each.reference,
                        "date_order": min(each.ordered_at or now, now),
                        "commitment_date": each.wanted_at,
                        "pricelist_id": self._get_pricelist_id(each, lookup),
                        "note": plaintext2html(each.note) if each.note else False,
                        "user_id": False,
                        **self._prepare_service_vals(channel, each, lookup),
                        "order_line": self._prepare_lines(
                            each, lookup, self._find_position(channel, each, customer, address)
                        ),
                    }
                    for each, buyer, (customer, address) in zip(
                        given, buyers, customers, strict=True
                    )
                ]
            )
        )

    @api.model
    def _get_pricelist_id(self, given, lookup):
        return lookup.pricelists[given.currency].id if given.currency else False

    @api.model
    def _find_position(self, channel, given, customer, address):
        """Return the fiscal position of an order, which decides on the taxes in its prices."""
        Position = self.env["account.fiscal.position"].with_company(channel.company_id)
        return Position._get_fiscal_position(
            customer.with_env(self.env), address.with_env(self.env)
        )

    @api.model
    def _prepare_buyer(self, channel, given):
        customer, ship_to = given.customer, given.ship_to
        mail = email_normalize(customer.email or "") or ""
        return Buyer(
            known_as=customer.id or mail or "guest",
            name=customer.name or ship_to.name or "",
            delivery_name=ship_to.name or customer.name or "",
            address=Address(
                ship_to.street or "",
                ship_to.zip or "",
                ship_to.city or "",
                ship_to.state or "",
                ship_to.country,
                ship_to.latitude,
                ship_to.longitude,
            ),
            email=customer.email or "",
            phone=ship_to.phone or customer.phone or "",
            match_mail=mail if channel.match_mail and not customer.id else "",
            is_guest=not (customer.id or mail),
        )
