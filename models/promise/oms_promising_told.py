from datetime import date

from odoo import api, fields, models

from ..orchestration.oms_strategy_tariff import AT_HAND
from .lead_dates import LeadAsk
from .oms_promising import MOST_KEPT
from .promise_case import PICKED_UP, SERVICES


class OmsPromising(models.AbstractModel):
    """What is told of ways: prices, emissions and dates, in order."""

    _inherit = "oms.promising"

    # === PRICES === #

    @api.model
    def _get_price(self, carrier, view):
        """Return what the delivery of the basket costs the customer by Odoo's own rules.

        :return: in the currency of the order, None where only the carrier knows; and whether the
            method takes the order: one whose rules do not fit does not
        :rtype: tuple[float | None, bool]
        """
        if carrier.delivery_type not in AT_HAND:
            return None, True
        order, prices = view.home, view.settings.prices
        key = None
        if carrier.delivery_type == "fixed" and not carrier.free_over:
            key = carrier.id, order.fiscal_position_id.id, order.date_order.date()
            if key in prices:
                return prices[key], True
        # What a basket costs in all takes Odoo longer than all else here: only where it matters.
        result = carrier.rate_shipment(order.with_context(oms_skip_total=bool(key)))
        if not result.get("success"):
            return None, False
        price = order.currency_id.round(result["price"])
        if key:
            if len(prices) >= MOST_KEPT:
                prices.clear()
            prices[key] = price
        return price, True

    @api.model
    def _add_emissions(self, view, ways):
        """Add what moving and handling the goods of each way emits, by sourcing's arithmetic."""
        strategy, settings = view.ask.channel.strategy_id, view.settings
        default = self.env["oms.emission.factor"].browse(settings.factor_id)
        if not (default or strategy.emission_factor_id):
            return
        unit_kg = settings.unit_kg
        weights = [
            item.product.weight * unit_kg or strategy.default_weight for item in view.ask.items
        ]
        known = {}
        for way in ways:
            way.kg = 0.0
            for part in way.sources:
                key = part.site, part.kilometers
                if key not in known:
                    [known[key]] = strategy._get_kg_per_kg(
                        part.site, [part.kilometers], default
                    ).tolist()
                mass = sum(weights[index] * units for index, units in part.quantities.items())
                way.kg += mass * known[key]

    # === DATES === #

    @api.model
    def _add_dates(self, view, ways):
        """Add when the parts of all ways leave and arrive."""
        asked = [(way, part) for way in ways for part in way.parts]
        asks = [self._prepare_lead_ask(view, way, part) for way, part in asked]
        moment, confidence = view.ask.moment, view.ask.confidence
        found = self.env["oms.lead.time"]._get_dates(asks, view.ask.channel, moment, confidence)
        for (_way, part), dates in zip(asked, found, strict=True):
            part.dates = dates
        end = fields.Datetime.add(view.moment, minutes=view.ask.channel.promise_minutes)
        for way in ways:
            dates = [part.dates for part in (*way.parts, *way.sources) if part.dates]
            cutoffs = [each.cutoff for each in dates if each.cutoff]
            way.valid_until = min([end, *cutoffs])

    @api.model
    def _prepare_lead_ask(self, view, way, part):
        partner = view.ask.partner
        place = view.facts.places.get(partner.id)
        ready = part.ready or view.moment
        leads = [
            view.facts.lead_days.get((part.site.id, view.ask.items[index].product.id), 0)
            for index in part.quantities
        ]
        if not part.site.warehouse_id:
            ready = fields.Datetime.add(ready, days=max(leads, default=0))
        return LeadAsk(
            site=part.site,
            carrier=way.carrier,
            kilometers=part.kilometers,
            country=partner.country_id,
            zip=partner.zip or "",
            latitude=place and place.latitude,
            longitude=place and place.longitude,
            ready=ready,
            units=sum(part.quantities.values()),
            handed_over=way.service in PICKED_UP,
            state=partner.state_id,
        )

    @api.model
    def _sort(self, ways):
        """Put the ways in the order in which they are told."""
        rank = {service: index for index, service in enumerate(SERVICES)}
        return sorted(
            ways,
            key=lambda way: (
                rank[way.service],
                way.kilometers or 0.0 if way.service in PICKED_UP else 0.0,
                way.promised or date.max,
                way.price if way.price is not None else float("inf"),
            ),
        )
