import logging
import time

import numpy as np

from odoo import models

from ...engine.sourcing import Rule, Rules
from .oms_strategy_tariff import AT_HAND

_logger = logging.getLogger(__name__)

#: Failures by name in a note, before the others are only counted.
MOST_FAILURES = 5


class OmsStrategy(models.Model):
    """Carriers that are asked for the price of an order over the network.

    Each is asked once for an order and a site, for the nearest sites only and as long as there is
    time. What a part of the order would cost it does not say: it is taken to cost as much.
    """

    _inherit = "oms.strategy"

    def _get_quoted_card(self, carrier, site, case, ask):
        """Return the rate card that a carrier's answer makes; None without an answer.

        :rtype: Rules | None
        """
        quotes = self._get_quotes(case) if ask else {}
        price, _reason = quotes.get((carrier.id, site.id), (None, ""))
        return None if price is None else Rules((Rule("quantity", ">=", 0.0, price),))

    def _get_quotes(self, case):
        """Ask the carriers what the order costs from the nearest sites, once.

        :return: price in the strategy's currency, or None, and the reason, by (carrier id, site id)
        :rtype: dict
        """
        key = case.order, self
        quotes = case.facts.quotes.get(key)
        if quotes is not None:
            return quotes
        quotes = case.facts.quotes[key] = {}
        carriers = self._get_carriers(case).filtered(lambda c: c.delivery_type not in AT_HAND)
        start = time.monotonic()
        nearest = np.argsort(case.kilometers, kind="stable")[: self.carrier_sites].tolist()
        for site in (case.sites[place] for place in nearest):
            for carrier in carriers:
                if site.carrier_ids and carrier not in site.carrier_ids.sudo():
                    continue
                if not site.warehouse_id:
                    answer = None, self.env._("it ships from no warehouse of Odoo")
                elif time.monotonic() - start >= self.carrier_seconds:
                    answer = None, self.env._("there was no time left to ask")
                else:
                    answer = self._ask_carrier(carrier, site, case)
                quotes[carrier.id, site.id] = answer
        return quotes

    def _ask_carrier(self, carrier, site, case):
        """Ask a carrier for the price of an order from a site.

        :return: price in the strategy's currency or None, and why there is none or ''
        :rtype: tuple[float | None, str]
        """
        order = case.order
        # The carrier reads the address of the order's warehouse; the order itself stays as it is.
        asked = order.new(origin=order) if isinstance(order.id, int) else order
        asked.warehouse_id = site.warehouse_id
        try:
            with self.env.cr.savepoint():
                result = carrier.rate_shipment(asked)
        except Exception as error:
            # Whatever goes wrong on the way to a carrier must not keep an order from being sourced.
            _logger.warning("Rate of %s from %s failed", carrier.name, site.name, exc_info=True)
            return None, str(error) or type(error).__name__
        if not result.get("success"):
            return None, result.get("error_message") or self.env._("it gave no reason")
        price = result["price"]
        if self.carrier_price == "cost":
            # Without what Odoo added for customers, see _apply_margins.
            price = result.get("carrier_price", price)
            added = carrier._compute_currency(order, carrier.fixed_margin, "company_to_pricelist")
            price = (price - added) / (1.0 + carrier.margin) if carrier.margin > -1 else price
        rate = self._get_rate_from(order.currency_id or self.currency_id, order.company_id)
        return max(price, 0.0) * rate, ""

    def _get_carrier_notes(self, case):
        """Say where carriers had no price.

        :rtype: list[str]
        """
        carriers = self._get_carriers(case)
        if not carriers:
            return [self.env._("No delivery method leads to the address: the rate table counts.")]
        names = dict(zip(case.sites.ids, case.sites.mapped("name"), strict=True))
        failures = [
            self.env._(
                "%(carrier)s from %(site)s – %(reason)s",
                carrier=carriers.browse(carrier_id).name,
                site=names[site_id],
                reason=reason,
            )
            for (carrier_id, site_id), (price, reason) in self._get_quotes(case).items()
            if price is None
        ]
        if not failures:
            return []
        more = len(failures) - MOST_FAILURES
        text = "; ".join(failures[:MOST_FAILURES])
        if more > 0:
            text = self.env._("%(failures)s; and %(count)s more", failures=text, count=more)
        return [self.env._("No rate, so the rate table counts: %s.", text)]
