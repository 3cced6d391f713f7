import dataclasses

from odoo import api, models
from odoo.exceptions import UserError

from ..orchestration.oms_strategy_tariff import AT_HAND
from .given import SellerOrder


class OmsOrderPlacing(models.AbstractModel):
    """Orders of sellers: whose they are, who buys, and what their delivery costs."""

    _inherit = "oms.order.placing"

    @api.model
    def _prepare_service_vals(self, channel, given, lookup):
        vals = super()._prepare_service_vals(channel, given, lookup)
        if isinstance(given, SellerOrder):
            vals |= {"user_id": given.seller_id, "oms_seller_site_id": given.seller_site_id}
        return vals

    @api.model
    def _prepare_buyer(self, channel, given):
        """Know customers whom the seller chose, and those who leave no more than a telephone."""
        buyer = super()._prepare_buyer(channel, given)
        if not isinstance(given, SellerOrder):
            return buyer
        if given.customer_id:
            return dataclasses.replace(
                buyer,
                known_as=f"customer {given.customer_id}",
                partner_id=given.customer_id,
                match_mail="",
                is_guest=False,
            )
        customers = self.env["oms.import.customers"]
        country = self.env["oms.api"]._find_country(channel, given.ship_to.country)
        key = customers._get_phone_key(buyer.phone, country)
        if not buyer.is_guest or not key:
            return buyer
        name = " ".join(buyer.name.casefold().split())
        return dataclasses.replace(
            buyer, known_as=f"{key} {name}"[:64], match_phone=key, is_guest=False
        )

    @api.model
    def _create_orders(self, channel, given, lookup, hashes):
        orders = super()._create_orders(channel, given, lookup, hashes)
        for each, order in zip(given, orders, strict=True):
            if isinstance(each, SellerOrder) and order.carrier_id.delivery_type in AT_HAND:
                self._add_delivery_price(order)
        return orders

    @api.model
    def _add_delivery_price(self, order):
        """Add what the delivery costs by Odoo's rules, as ``promise`` told it.

        :raises UserError: the method does not take the order
        """
        carrier = order.carrier_id
        rate = carrier.rate_shipment(order)
        if not rate.get("success"):
            raise UserError(
                self.env._(
                    "“%(method)s” does not deliver this order: %(reason)s",
                    method=carrier.name,
                    reason=rate.get("error_message") or self.env._("no price fits"),
                )
            )
        order.set_delivery_line(carrier, rate["price"])
