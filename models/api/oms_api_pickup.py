from typing import Annotated

import numpy as np
from pydantic import Field

from odoo import api, fields, models

from ...engine.geography import great_circle_km
from ..geo.place import Place
from ..promise.promise_case import PICKED_UP
from .contract import Whole
from .contract_pickup import MOST_SITES, AskedService, GivenNear, Kilometers, PickupSites
from .contract_promise import BasketLines
from .endpoint import endpoint
from .error import ApiError

#: Quantities that differ less are the same.
SAME = 1e-9


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    # === ENDPOINTS === #

    @endpoint(readonly=True, needs={"max_kilometers": "near"})
    def pickup_sites(
        self,
        channel,
        near: GivenNear | None = None,
        lines: BasketLines | None = None,
        services: Annotated[list[AskedService], Field(min_length=1, max_length=3)] | None = None,
        max_kilometers: Kilometers | None = None,
        limit: Annotated[int, Field(strict=True, ge=1, le=MOST_SITES), Whole] = 20,
    ) -> PickupSites:
        """Tell where customers of the channel collect goods or have them put aside.

        The nearest come first; without ``near`` they come by name. Sites that are offline are left
        out. What they have now is told of the channel's share, as ``availability`` does.

        :param near: coordinates, or a country with a postcode or a city; nobody outside is asked
        :param lines: what the customer wants, up to 200 lines; one that is wrong has an ``error``,
            and the rest is answered
        :param services: ``collect``, ``reserve``: sites with one of them; ``relay``: relay points
            of carriers; all when left out
        :param max_kilometers: how far away sites may be, great circle; needs ``near``
        :param limit: sites to tell, and relay points, up to 100
        :return: the place, what was understood of the lines, and the sites with their opening hours
        :raises ApiError: ``not_found`` if the place is not known
        """
        place = self._find_near(channel, near) if near else None
        if max_kilometers and not place:
            message = self.env._("Distances need a place: give “near”.")
            raise ApiError("invalid", message, "max_kilometers")
        sites = self._find_pickup_sites(channel, services)
        kilometers = self._get_pickup_distances(sites, place)
        chosen = self._sort_pickup_sites(sites, kilometers, max_kilometers)
        told, items = self._read_basket(lines or [])
        words = {index: line["product"] for index, line in enumerate(told)}
        answers = self._tell_pickup_sites(channel, chosen[:limit], services, items, words)
        for site, answer in zip(chosen, answers, strict=False):
            answer["kilometers"] = kilometers[site]
            good = all(line["enough"] for line in answer["lines"])
            later = all(
                line["available"] is None
                or line["available"] + line["can_be_sent"] >= line["quantity"] - SAME
                for line in answer["lines"]
            )
            right = not any("error" in line for line in told)
            answer["complete"] = (good and right) if told else None
            answer["complete_later"] = (later and right) if told else None
        return {
            "at": fields.Datetime.now(),
            "place": place and place._asdict(),
            "lines": told,
            "sites": answers,
            "points": self._find_pickup_points(channel, near, place, max_kilometers, limit)
            if services is None or "relay" in services
            else [],
            "more": len(chosen) > limit,
        }

    # === THE PLACE === #

    @api.model
    def _find_near(self, channel, near):
        """Return the place that distances are counted from.

        :rtype: Place
        :raises ApiError: it is not known
        """
        if near.latitude is not None:
            return Place(near.latitude, near.longitude, "exact")
        settings = self.env["oms.promising"]._lay_out(channel)
        country = self._find_country(channel, near.country, settings)
        if not country:
            message = self.env._("There is no country “%s”.", near.country)
            raise ApiError("not_found", message, "near.country")
        asked = (country.code, near.zip or "", near.city or "")
        [place] = self.env["oms.geo.postcode"]._find_places([asked])
        if not place or place.precision == "country":
            message = self.env._(
                "Nobody knows where %(place)s in %(country)s is: give its coordinates.",
                place=" ".join(filter(None, (near.zip, near.city))),
                country=country.name,
            )
            raise ApiError("not_found", message, "near.zip" if near.zip else "near.city")
        return place

    # === THE SITES === #

    @api.model
    def _find_pickup_sites(self, channel, services):
        """Return the sites of a channel to which customers can come for one of some services."""
        if services == ["relay"]:
            return self.env["oms.site"]
        return channel._get_pickup_sites().filtered(
            lambda site: self._get_services(site, services) and not site.is_offline
        )

    @api.model
    def _get_services(self, site, services):
        return [service for service in services or PICKED_UP if site._offers(service)]

    @api.model
    def _get_pickup_distances(self, sites, place):
        """Return the kilometers from a place by site; None without place or coordinates."""
        if not place or not sites:
            return dict.fromkeys(sites)
        points = [(site.latitude, site.longitude) for site in sites]
        away = great_circle_km(*np.array(points).T, place.latitude, place.longitude)
        return {
            site: round(far, 1) if any(point) else None
            for site, point, far in zip(sites, points, away.tolist(), strict=True)
        }

    @api.model
    def _sort_pickup_sites(self, sites, kilometers, limit):
        """Return the sites within a distance, the nearest first, the ones without it last."""
        if limit:
            sites = sites.filtered(
                lambda site: kilometers[site] is not None and kilometers[site] <= limit
            )
        return sites.sorted(
            lambda site: (
                kilometers[site] is None,
                kilometers[site] or 0.0,
                site.name or "",
                site.id,
            )
        )

    @api.model
    def _tell_pickup_sites(self, channel, sites, services, items, words):
        """Return data of :class:`~.contract_pickup.PickupSite` for each site.

        :param dict words: what the channel calls the product of each line
        :rtype: list[dict]
        """
        openings = sites._get_openings(fields.Datetime.now())
        have = self._get_wanted_there(channel, sites, items)
        more = self._get_wanted_elsewhere(channel, sites, items)
        return [
            {
                **self._tell_pickup_site(site, services, openings[site]),
                "lines": self._tell_there(items, words, have[site], more.get(site, {})),
            }
            for site in sites
        ]

    @api.model
    def _tell_pickup_site(self, site, services, opening):
        partner = site.partner_id
        placed = bool(site.latitude or site.longitude)
        return {
            "site": site.code,
            "name": site.name,
            "services": self._get_services(site, services),
            **{name: partner[name] or None for name in ("street", "zip", "city")},
            "state": partner.state_id.name or None,
            "country": partner.country_id.code or None,
            "latitude": site.latitude if placed else None,
            "longitude": site.longitude if placed else None,
            "time_zone": site.tz,
            "open": opening.is_open,
            "opens_at": opening.opens_at,
            "closes_at": opening.closes_at,
            "hours": opening.days
            and [
                {
                    "date": day,
                    "periods": [{"opens": since, "closes": until} for since, until in periods],
                }
                for day, periods in opening.days
            ],
        }

    # === WHAT IS WANTED === #

    @api.model
    def _get_wanted_there(self, channel, sites, items):
        """Return what sites have of the products that are wanted.

        :param list items: ``BasketItem`` of each line
        :return: quantity by product by site; None for goods without limit
        :rtype: dict[models.Model, dict]
        """
        products = {str(item.product.id): item.product for item in items}
        have = {site: dict.fromkeys(products.values(), 0.0) for site in sites}
        if not have or not products:
            return have
        by_code = {site.code: site for site in sites}
        answers = self._get_availability(channel, products, list(by_code), by_site=True)
        for name, answer in answers.items():
            product = products[name]
            if answer["available"] is None:
                for there in have.values():
                    there[product] = None
                continue
            for each in answer["sites"] or []:
                have[by_code[each["site"]]][product] = each["available"]
        return have

    @api.model
    def _get_wanted_elsewhere(self, channel, sites, items):
        """Return what other sites could send to sites of the products that are wanted.

        :param list items: ``BasketItem`` of each line
        :return: quantity by product by site, without what nobody can send
        :rtype: dict[models.Model, dict]
        """
        return {}

    @api.model
    def _tell_there(self, items, words, have, more):
        """Return what a site has of each line; lines of one product share it, the first one first.

        :param list items: ``BasketItem`` of each line
        :param dict words: what the channel calls the product of each line
        :param dict have: quantity by product, None without limit
        :param dict more: quantity by product that others could send there
        :rtype: list[dict]
        """
        left, others, lines = dict(have), dict(more), []
        for item in items:
            available = left[item.product]
            lacking = 0.0 if available is None else max(item.quantity - available, 0.0)
            sent = min(lacking, others.get(item.product, 0.0))
            lines.append(
                {
                    "line": item.index,
                    "product": words[item.index],
                    "quantity": item.quantity,
                    "available": available,
                    "enough": available is None or available >= item.quantity - SAME,
                    "can_be_sent": item.product.uom_id.round(sent),
                }
            )
            others[item.product] = others.get(item.product, 0.0) - sent
            if available is not None:
                left[item.product] = max(available - item.quantity, 0.0)
        return lines
