import dataclasses

import numpy as np

from odoo import api, models

from ...engine.geography import great_circle_km
from .promise_case import PICKED_UP, Part, Way


class OmsPromising(models.AbstractModel):
    """The ways by each service: planned by the engine, not dated yet."""

    _inherit = "oms.promising"

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
