import dataclasses
from datetime import date
from typing import NamedTuple

import numpy as np

from odoo import api, fields, models

from ...engine.geography import great_circle_km
from ..inventory.oms_position_read import HORIZON_DAYS
from ..orchestration.oms_sourcing import Demand
from ..orchestration.oms_strategy_tariff import AT_HAND
from .lead_dates import LeadAsk
from .promise_case import PICKED_UP, SERVICES, Part, Way

#: Why an order would be sourced: as when it is placed.
TRIGGER = "confirm"
#: Prices of methods, and fiscal positions of destinations, that are kept.
MOST_KEPT = 10_000


class View(NamedTuple):
    """What is seen for one basket: the orders that it would make, and what there is for them.

    :param ask: see :class:`~.promise_case.Ask`
    :param home: new ``sale.order`` that is delivered
    :param store: new ``sale.order`` that is picked up; empty where nobody asks for it
    :param dict demands: list of ``Demand`` by order
    :param dict left: why nobody can tell when goods come that Odoo delivers by itself, by place in
        the basket
    :param Candidates candidates: sites by order
    :param dict available: quantity by (site id, product id)
    :param Book book: shares of the channels
    :param Facts facts: what the strategy looks at
    :param datetime moment: of the order, UTC, naive
    :param Settings settings: of the channel
    """

    ask: object
    home: models.BaseModel
    store: models.BaseModel
    demands: dict
    left: dict
    candidates: dict
    available: dict
    book: object
    facts: object
    moment: object
    settings: object


class OmsPromising(models.AbstractModel):
    """Finds all ways to get a basket: gathered and solved as sourcing would, nothing is written.

    What sourcing makes of an order that is placed now is what is promised: the same candidates,
    stock, shares, limits, prices and engine.
    """

    _name = "oms.promising"
    _description = "Promising Service"

    @api.model
    def _find_ways(self, ask):
        """Find the ways to get a basket.

        :param Ask ask: what is wanted; the environment is the superuser's, of the channel's company
        :return: :class:`~.promise_case.Way`, those of each service from the soonest on
        :rtype: list
        """
        view = self._look(ask)
        ways = []
        if ask.is_placed:
            ways += self._find_delivered(view)
            if "drop_ship" in ask.services:
                ways += self._find_drop_shipped(view)
        if view.store:
            ways += self._find_picked_up(view)
        self._add_later(view, ways)
        self._add_left(view, ways)
        self._add_emissions(view, ways)
        self._add_dates(view, ways)
        return self._sort(ways)

    # === WHAT THERE IS === #

    @api.model
    def _look(self, ask):
        """Gather what sourcing would, for an order that is delivered and one that is picked up.

        :rtype: View
        """
        Sourcing, channel = self.env["oms.sourcing"], ask.channel
        settings = ask.settings or self._lay_out(channel)
        home = self._prepare_order(ask, "home", settings)
        picked_up = [service for service in PICKED_UP if service in ask.services]
        pickup = self.env["oms.site"].browse(settings.pickup_ids)
        store = home.browse()
        if picked_up and pickup:
            store = self._prepare_order(ask, picked_up[0], settings)
        orders = home | store if ask.is_placed else store or home
        left = self._find_left(ask, home)
        demands = {order: self._prepare_demands(order, left) for order in orders}
        sites, outside = Sourcing._add_outside_sites(
            channel, self.env["oms.site"].browse(settings.site_ids), channel.strategy_id
        )
        candidates = Sourcing._leave_out_barred(
            orders,
            {order: pickup if order == store else sites for order in orders},
            TRIGGER,
            None,
            {home: outside},
        )
        products = self.env["product.product"].union(
            *(demand.line.product_id for demand in demands[orders[0]])
        )
        products = products.filtered("is_storable")
        sites = self.env["oms.site"].union(*candidates.values())
        return View(
            ask,
            home,
            store,
            demands,
            left,
            candidates,
            self._get_stock(sites, products, ask.moment),
            self.env["oms.allocation"]._open_book(products, channel.company_id),
            Sourcing._gather_facts(channel.strategy_id, orders, demands, candidates),
            ask.moment or fields.Datetime.now(),
            settings,
        )

    @api.model
    def _get_stock(self, sites, products, moment):
        """Return what the sites have by (site id, product id), now or at a moment to come."""
        if not moment or not products:
            return sites._get_available(products)
        days = max(HORIZON_DAYS, (moment - fields.Datetime.now()).days + 1)
        found = self.env["oms.position"]._get_promisable(products, sites, moment, days)
        return {key: quantity for key, quantity in found.items() if quantity > 1e-9}

    @api.model
    def _prepare_order(self, ask, service, settings):
        """Make the order that the basket would be; it is never kept.

        What would be worked out for it and does not matter here is said beforehand.

        :param Settings settings: of the channel
        :rtype: odoo.models.Model
        """
        company = ask.channel.company_id
        order = self.env["sale.order"].new(
            {
                "company_id": company.id,
                "oms_channel_id": ask.channel.id,
                "partner_id": ask.partner.id,
                "partner_shipping_id": ask.partner.id,
                "partner_invoice_id": ask.partner.id,
                "date_order": ask.moment or fields.Datetime.now(),
                "currency_id": company.currency_id.id,
                # As orders of channels are made: at the prices of the company.
                "pricelist_id": False,
                "fiscal_position_id": self._get_position_id(ask, settings),
                "oms_service": service,
                **({} if self._needs_amount(ask) else {"amount_total": 0.0}),
            }
        )
        Line = self.env["sale.order.line"]
        for item in ask.items:
            vals = {
                "order_id": order.id,
                "product_id": item.product.id,
                "product_uom_id": item.product.uom_id.id,
                "product_uom_qty": item.quantity,
                # What is not confirmed is not open to source, as Odoo reckons it.
                "oms_qty_open": item.quantity,
            }
            if item.unit_price is not None:
                vals["price_unit"] = item.unit_price
            Line.new(vals)
        return order

    @api.model
    def _get_position_id(self, ask, settings):
        """Return the id of the fiscal position of an order, or False."""
        partner = ask.partner
        key = partner.country_id.id, partner.state_id.id, partner.zip
        if key not in settings.positions:
            if len(settings.positions) >= MOST_KEPT:
                settings.positions.clear()
            Position = self.env["account.fiscal.position"].with_company(ask.channel.company_id)
            settings.positions[key] = Position._get_fiscal_position(partner).id
        return settings.positions[key]

    @api.model
    def _needs_amount(self, ask):
        """Tell whether the price of a method depends on what the goods cost."""
        return any(
            carrier.free_over
            or any(
                "price" in (rule.variable, rule.variable_factor) for rule in carrier.price_rule_ids
            )
            for carrier in ask.carriers
        )

    @api.model
    def _prepare_demands(self, order, left):
        return [
            Demand(line, line.oms_qty_open)
            for index, line in enumerate(order.order_line)
            if index not in left
        ]

    # === WAYS === #

    @api.model
    def _solve(self, view, order, admission):
        """Have the engine plan the basket from some sites.

        :rtype: oms_sourcing.Outcome
        """
        return self.env["oms.sourcing"]._solve_order(
            order,
            view.ask.channel.strategy_id,
            view.demands[order],
            admission,
            view.available,
            view.book,
            view.facts,
        )

    @api.model
    def _admit(self, view, order):
        units = sum(quantity for _line, quantity in view.demands[order])
        return view.candidates.admit(order, units)

    @api.model
    def _find_delivered(self, view):
        """Find the ways by each delivery method: to the door, or to a point of the carrier."""
        ask, ways = view.ask, []
        carriers = ask.carriers.filtered(lambda each: self._get_service(each) in ask.services)
        fitting = carriers.available_carriers(ask.partner, view.home)
        plain, special = None, {}
        for carrier in fitting:
            price, is_possible = self._get_price(carrier, view)
            if not is_possible:
                continue
            key = self._get_plan_key(view, carrier)
            if key is None:
                plain = plain or self._plan(view, view.home, self._admit(view, view.home))
                plan = plain
            else:
                if key not in special:
                    special[key] = self._plan_by(view, carrier)
                plan = special[key]
            ways.append(
                self._copy(
                    plan,
                    service=self._get_service(carrier),
                    carrier=carrier,
                    price=price,
                )
            )
        return ways

    @api.model
    def _get_service(self, carrier):
        return "relay" if carrier.oms_has_points else "home"

    @api.model
    def _get_plan_key(self, view, carrier):
        """Tell by which methods the basket is sourced alike: None where the method does not matter.

        It does where the strategy asks for the prices of the chosen one, and where not all sites
        have it.
        """
        strategies = view.ask.channel.strategy_id._get_all_used()
        if any(each.has_tariff and each.rate_source == "carriers" for each in strategies):
            return carrier
        limited = view.candidates[view.home].filtered("carrier_ids")
        without = limited.filtered(lambda site: carrier not in site.carrier_ids)
        return frozenset(without.ids) or None

    @api.model
    def _plan_by(self, view, carrier):
        """Plan the basket as it is sourced when a method is chosen."""
        view.home.carrier_id = carrier
        admission = self._admit(view, view.home)
        places = [
            place
            for place, site in enumerate(admission.sites)
            if not site.carrier_ids or carrier in site.carrier_ids
        ]
        way = self._plan(view, view.home, admission.keep(places))
        view.home.carrier_id = False
        # Asked for another method, carriers answer something else.
        view.facts.quotes.clear()
        return way

    @api.model
    def _find_drop_shipped(self, view):
        """Find the ways by which one supplier sends everything that it has of the basket."""
        admission = self._admit(view, view.home)
        ways = []
        for place, site in enumerate(admission.sites):
            if site.warehouse_id:
                continue
            way = self._plan(view, view.home, admission.keep([place]))
            if way.parts:
                way.service, way.site = "drop_ship", site
                way.kilometers = way.parts[0].kilometers
                ways.append(way)
        return ways

    @api.model
    def _find_picked_up(self, view):
        """Find the stores where the customer gets the basket, the nearest first."""
        ask, ways = view.ask, []
        admission = self._admit(view, view.store)
        # Those that are barred are told, too.
        asked = view.candidates[view.store]
        kilometers = self._get_ways_to(view, asked)
        order = np.argsort(np.nan_to_num(kilometers, nan=np.inf), kind="stable").tolist()
        places, plans = {site: place for place, site in enumerate(admission.sites)}, {}
        for service in PICKED_UP:
            if service not in ask.services:
                continue
            fit = [place for place in order if asked[place]._offers(service)]
            if ask.stores is None:
                fit = fit[: ask.store_count]
            else:
                fit = [place for place in fit if asked[place] in ask.stores]
            for place in fit:
                site, far = asked[place], float(kilometers[place])
                if site not in plans:
                    one = [places[site]] if site in places else []
                    plans[site] = self._plan(view, view.store, admission.keep(one))
                ways.append(
                    self._copy(
                        plans[site],
                        service=service,
                        site=site,
                        kilometers=None if np.isnan(far) else far,
                        price=0.0,
                    )
                )
        return ways

    @api.model
    def _copy(self, way, **vals):
        """Return a way with the same plan, whose parts get dates of their own."""
        parts = [dataclasses.replace(part) for part in way.parts]
        return dataclasses.replace(way, parts=parts, unknown=list(way.unknown), **vals)

    @api.model
    def _get_ways_to(self, view, sites):
        """Return how far sites are from where the customer is, NaN where nobody knows; (S,)."""
        place = view.facts.places.get(view.ask.partner.id)
        latitudes = np.array(sites.mapped("latitude"), dtype=float)
        longitudes = np.array(sites.mapped("longitude"), dtype=float)
        if not place:
            return np.full(len(sites), np.nan)
        kilometers = great_circle_km(latitudes, longitudes, place.latitude, place.longitude)
        return np.where((latitudes == 0) & (longitudes == 0), np.nan, kilometers)

    @api.model
    def _plan(self, view, order, admission):
        """Plan the basket from some sites, and put the plan into parts by site.

        :rtype: Way
        """
        Carrier, Site = self.env["delivery.carrier"], self.env["oms.site"]
        way = Way("home", Carrier, Site)
        lines = {line.id: index for index, line in enumerate(order.order_line)}
        if not admission.sites or not view.demands[order]:
            way.unknown = [
                (lines[demand.line.id], demand.quantity, "") for demand in view.demands[order]
            ]
            return way
        outcome = self._solve(view, order, admission)
        far = dict(zip(outcome.sites.ids, outcome.kilometers.tolist(), strict=True))
        by_site = {}
        for given in outcome.plan.assignments:
            quantities = by_site.setdefault(given.site, {})
            index = lines[given.line]
            quantities[index] = quantities.get(index, 0.0) + given.quantity
        way.parts = [
            Part(Site.browse(site_id), far[site_id], quantities)
            for site_id, quantities in by_site.items()
        ]
        way.unknown = [(lines[gap.line], gap.quantity, "") for gap in outcome.plan.missing]
        return way

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
            for part in way.parts:
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
            cutoffs = [part.dates.cutoff for part in way.parts if part.dates and part.dates.cutoff]
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
