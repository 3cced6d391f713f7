from datetime import datetime, time
from typing import NamedTuple

import pytz

from odoo import api, fields, models

from ..inventory.oms_claim_hold import HOLD_ORIGINS
from ..promise.oms_promise_token import get_zip_key
from ..promise.promise_case import PICKED_UP
from .outcome import Outcome

#: Hour of the promised day, local to the company, by which goods are expected.
DUE = time(18, 0)


class Wish(NamedTuple):
    """How the customer wants to get an order.

    :param str service: see ``promise_case.SERVICE_SELECTION``
    :param carrier: ``delivery.carrier``, may be empty
    :param site: ``oms.site`` where it is picked up, may be empty
    :param promised: ``Promised``, or None
    :param point: relay point in Odoo's shape, or None
    """

    service: str
    carrier: models.BaseModel
    site: models.BaseModel
    promised: object = None
    point: dict | None = None


class OmsOrderPlacing(models.AbstractModel):
    """How orders are to be delivered, and what was promised of them."""

    _inherit = "oms.order.placing"

    @api.model
    def _get_refusal(self, channel, given, lookup):
        refusal = super()._get_refusal(channel, given, lookup)
        if refusal:
            return refusal
        wish = self._read_wish(channel, given)
        if isinstance(wish, Outcome):
            return wish
        lookup.wishes[given.reference] = wish
        if wish.promised:
            return self._get_promise_refusal(channel, given, lookup, wish)
        return None

    @api.model
    def _place(self, channel, given, hashes, accepted=()):
        """Place orders; of those with the same promise the first that can be placed has it."""
        first, later, seen = [], [], set()
        for each in given:
            (later if each.promise in seen else first).append(each)
            seen |= {each.promise} - {None}
        outcomes = super()._place(channel, first, hashes, accepted)
        for each in later:
            outcomes |= super()._place(channel, [each], hashes, accepted)
        return outcomes

    # === WHAT IS WANTED === #

    @api.model
    def _read_wish(self, channel, given):
        """Return how the customer wants to get an order, or why that cannot be.

        :rtype: Wish | Outcome
        """
        Carrier, Site = self.env["delivery.carrier"], self.env["oms.site"]
        promised = None
        if given.promise:
            promised = self.env["oms.promise.token"]._read(given.promise)
            if not promised or promised.channel_id != channel.id:
                return self._refuse_promise(
                    "promise_other", self.env._("The promise was not made to this channel.")
                )
        carrier, site = Carrier, Site
        if given.method is not None:
            carrier = channel._get_carriers()._oms_find([given.method]).get(given.method)
            if not carrier:
                return self._park_unknown("method", given.method)
        if given.collect_at is not None:
            sites = channel._get_pickup_sites().filtered(lambda s: s.code == given.collect_at)
            if not sites:
                return self._park_unknown("store", given.collect_at)
            site = sites[:1]
        service = given.service or (promised and promised.service)
        service = service or ("collect" if site else self._get_service(carrier))
        if promised:
            carrier = carrier or Carrier.sudo().browse(promised.carrier_id).exists()
            if promised.service in PICKED_UP:
                site = site or Site.browse(promised.site_id).exists()
        return self._check_wish(given, Wish(service, carrier, site, promised))

    @api.model
    def _get_service(self, carrier):
        return "relay" if carrier and carrier.oms_has_points else "home"

    @api.model
    def _check_wish(self, given, wish):
        """Return the wish, or why its parts do not go together.

        :rtype: Wish | Outcome
        """
        promised = wish.promised
        if promised and (
            wish.service != promised.service
            or wish.carrier.id != (promised.carrier_id or False)
            or (wish.service in PICKED_UP and wish.site.id != promised.site_id)
        ):
            return self._refuse_promise(
                "promise_other",
                self.env._("Another service, delivery method or store was promised."),
            )
        if wish.service in PICKED_UP:
            if not wish.site:
                message = self.env._("Say with “collect_at” at which store the customer collects.")
                return Outcome("refused", None, "invalid", message)
            if not wish.site._offers(wish.service):
                return Outcome(
                    "parked",
                    None,
                    "unknown_store",
                    self.env._(
                        "%(site)s does not offer %(service)s: let it, and try again.",
                        site=wish.site.name,
                        service=wish.service,
                    ),
                )
        elif wish.site:
            message = self.env._("Orders are collected at a store with the service “collect”.")
            return Outcome("refused", None, "invalid", message)
        if wish.service == "relay" and not (wish.carrier and wish.carrier.oms_has_points):
            message = self.env._("Say with “method” which carrier's pick-up point it is.")
            return Outcome("refused", None, "invalid", message)
        return wish

    @api.model
    def _refuse_promise(self, code, message):
        return Outcome("refused", None, code, message)

    @api.model
    def _park_unknown(self, kind, word):
        if kind == "method":
            message = self.env._(
                "The channel has no delivery method “%s”: give one this channel code, and try "
                "again.",
                word,
            )
        else:
            message = self.env._(
                "The channel has no store “%s” where customers collect or reserve: let one, and "
                "try again.",
                word,
            )
        return Outcome("parked", None, f"unknown_{kind}", message)

    # === WHAT WAS PROMISED === #

    @api.model
    def _get_promise_refusal(self, channel, given, lookup, wish):
        """Return why a promise does not hold for an order, or None.

        :rtype: Outcome | None
        """
        promised = wish.promised
        if self.env["oms.promise.token"]._find_used({promised.key}):
            message = self.env._(
                "Another order was placed with this promise already: ask for a new one."
            )
            return self._refuse_promise("promise_used", message)
        if self._is_over(channel, given, promised):
            return self._refuse_promise(
                "promise_ended",
                self.env._(
                    "The promise was good until %s UTC: ask for a new one.", promised.valid_until
                ),
            )
        basket = {}
        for line in given.lines:
            product = lookup.products[line.product]
            if product.type == "consu":
                quantity = product.uom_id.round(line.quantity)
                basket[product.id] = basket.get(product.id, 0.0) + quantity
        was = dict(promised.basket)
        if basket.keys() != was.keys() or any(abs(basket[key] - was[key]) > 1e-6 for key in basket):
            message = self.env._("The promise was made for another basket.")
            return self._refuse_promise("promise_other", message)
        country = lookup.countries[given.ship_to.country]
        if (country.code or "", get_zip_key(given.ship_to.zip)) != (
            promised.country,
            promised.zip,
        ):
            message = self.env._("The promise was made for another destination.")
            return self._refuse_promise("promise_other", message)
        return None

    @api.model
    def _is_over(self, channel, given, promised):
        """Tell whether a promise had ended when its order came."""
        if promised.valid_until >= fields.Datetime.now():
            return False
        sites = {site_id for _product, site_id, _quantity in promised.plan}
        if sites and sites <= set(self._find_held(channel, given).site_id.ids):
            # Who has the goods in hand may take a little longer to pay.
            return False
        # What waited for somebody to mend it came in time, if it did.
        parked = self.env["oms.incoming.order"].search(
            [("channel_id", "=", channel.id), ("reference", "=", given.reference)], limit=1
        )
        return not parked or parked.create_date > promised.valid_until

    @api.model
    def _find_held(self, channel, given):
        """Return what is held for an order: named by it, or held for its promise."""
        claims = super()._find_held(channel, given)
        if claims or not given.promise:
            return claims
        promised = self.env["oms.promise.token"]._read(given.promise)
        return self.env["oms.claim"].search(
            [
                ("reference", "=", self.env["oms.promise.token"]._get_reference(promised)),
                ("channel_id", "=", channel.id),
                ("origin", "in", HOLD_ORIGINS),
                ("state", "=", "active"),
            ]
        )

    # === WHAT IS WRITTEN === #

    @api.model
    def _prepare_service_vals(self, channel, given, lookup):
        """Return what an order says of its delivery and of what was promised."""
        wish = lookup.wishes[given.reference]
        vals = super()._prepare_service_vals(channel, given, lookup)
        vals |= {
            "oms_service": wish.service,
            "oms_collect_site_id": wish.site.id,
            "carrier_id": wish.carrier.id,
        }
        if wish.promised:
            vals |= self.env["oms.promise.token"]._prepare_order_vals(wish.promised)
            if wish.promised.promised:
                vals["commitment_date"] = self._get_due(channel, wish.promised.promised)
        if given.wanted_at:
            vals["oms_wanted_at"] = given.wanted_at
        return vals

    @api.model
    def _create_orders(self, channel, given, lookup, hashes):
        orders = super()._create_orders(channel, given, lookup, hashes)
        for order in orders.filtered("oms_wanted_at"):
            told = order._oms_get_told_date()
            if told and order._oms_get_wanted_day() >= told:
                # Sites work toward the later of the two.
                order.commitment_date = order.oms_wanted_at
        return orders

    @api.model
    def _place_together(self, channel, given, lookup, hashes, accepted):
        outcomes = super()._place_together(channel, given, lookup, hashes, accepted)
        placed = [each.order for each in outcomes.values() if each.status == "placed"]
        self.env["sale.order"].union(*placed)._oms_answer_wishes()
        return outcomes

    @api.model
    def _get_due(self, channel, day):
        """Return the moment of a promised day by which goods are expected, UTC, naive."""
        zone = pytz.timezone(channel.company_id.partner_id.tz or "UTC")
        return zone.localize(datetime.combine(day, DUE)).astimezone(pytz.utc).replace(tzinfo=None)
