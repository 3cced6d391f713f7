from typing import Annotated

from pydantic import Field

from odoo import api, fields, models

from ..geo.place import GOOD
from ..promise.promise_case import PICKED_UP, SERVICES, Ask, BasketItem
from .contract import Code, Faulty, Moment, Service, Whole
from .contract_promise import (
    MOST_OPTIONS,
    MOST_STORES,
    BasketLines,
    Confidence,
    GivenDestination,
    Promises,
)
from .endpoint import endpoint, get_problem_text
from .error import ApiError
from .oms_api_points import MOST_TOLD_POINTS

#: Days ahead for which an order to come can be promised.
MOST_DAYS_AHEAD = 90
#: Words of a call that name services, methods or stores.
Services = Annotated[list[Service], Field(min_length=1, max_length=len(SERVICES))]
Codes = Annotated[list[Code], Field(min_length=1, max_length=100)]


class OmsApi(models.AbstractModel):
    _inherit = "oms.api"

    @endpoint(readonly=True)
    def promise(
        self,
        channel,
        lines: BasketLines,
        ship_to: GivenDestination,
        services: Services | None = None,
        methods: Codes | None = None,
        sites: Codes | None = None,
        confidence: Confidence | None = None,
        at: Moment | None = None,
        stores: Annotated[int, Field(strict=True, ge=0, le=MOST_STORES), Whole] = 5,
        most_options: Annotated[int, Field(strict=True, ge=1, le=MOST_OPTIONS), Whole] = 50,
        points: Annotated[int, Field(strict=True, ge=0, le=MOST_TOLD_POINTS), Whole] = 5,
    ) -> Promises:
        """Tell every way to get a basket: when it is there, from where, and what that costs.

        Nothing is kept for anybody yet: hold the goods of an option with its token, or place the
        order with it. What is wrong with a line, the destination, a method or a store is told
        there; all else is answered.

        :param lines: products (internal references or barcodes) and quantities in their units
        :param ship_to: where the customer is
        :param services: of ``home``, ``relay``, ``collect``, ``reserve`` and ``drop_ship``; all
            when left out
        :param methods: delivery methods by code or name; all of the channel when left out
        :param sites: stores by code in which to collect or reserve; the nearest when left out
        :param confidence: share of promises that are kept, such as 0.95; the channel's when left
            out
        :param at: moment at which the order is placed, from now to 90 days ahead; now when left out
        :param stores: how many of the nearest stores are told
        :param most_options: how many options are told at most
        :param points: how many of the nearest relay points are told of each method
        :return: the lines as they were understood, and the options by service, the soonest first;
            stores by distance
        """
        moment = self._check_moment(at)
        settings = self.env["oms.promising"]._lay_out(channel)
        told, items = self._read_basket(lines)
        refusals, carriers, chosen = self._read_choice(channel, settings, methods, sites)
        partner, refusal = self._read_destination(channel, settings, ship_to)
        asked = frozenset(services or SERVICES)
        if refusal:
            refusals += [
                {"service": service, "error": self._refuse(*refusal)}
                for service in SERVICES
                if service in asked and service not in PICKED_UP
            ]
        ask = Ask(
            channel, tuple(items), partner, asked, carriers, chosen, stores, confidence, moment,
            is_placed=not refusal, settings=settings,
        )  # fmt: skip
        ways = self.env["oms.promising"]._find_ways(ask) if items else []
        options = refusals + [self._tell_way(ask, way) for way in ways]
        self._add_points(options[len(refusals) : most_options], ways, partner, ship_to, points)
        return {
            "at": moment or fields.Datetime.now(),
            "currency": channel.company_id.currency_id.name,
            "confidence": confidence or channel.promise_confidence,
            "lines": told,
            "options": options[:most_options],
        }

    # === WHAT IS ASKED === #

    @api.model
    def _check_moment(self, at):
        """Return the moment of the order if it is to come, None for now.

        :raises ApiError: it has passed, or is too far
        """
        now = fields.Datetime.now()
        if at is None:
            return None
        if not (
            fields.Datetime.subtract(now, minutes=1)
            <= at
            <= fields.Datetime.add(now, days=MOST_DAYS_AHEAD)
        ):
            raise ApiError(
                "invalid",
                self.env._(
                    "Orders are promised for moments from now to %(days)s days ahead, not for "
                    "%(at)s UTC.",
                    days=MOST_DAYS_AHEAD,
                    at=at,
                ),
                "at",
            )
        return at if at > now else None

    @api.model
    def _read_basket(self, lines):
        """Return the lines as they are told, and those that can be promised.

        :rtype: tuple[list[dict], list[BasketItem]]
        """
        found = self._find_products(
            {line.product for line in lines if not isinstance(line, Faulty)}
        )
        told, items = [], []
        for index, line in enumerate(lines):
            if isinstance(line, Faulty):
                loc = line.problems[0]["loc"]
                field = ".".join(map(str, ("lines", index, *loc)))[:200]
                text = get_problem_text(self.env, line.problems, "lines")
                told.append({"product": None, "error": self._refuse("invalid", text, field)})
                continue
            entry = {"product": line.product, "quantity": line.quantity}
            told.append(entry)
            product = found.get(line.product)
            if not product or not product.sale_ok:
                error = self._refuse_product(line.product, found)
                entry["error"] = error | {"field": f"lines.{index}.product"}
                continue
            entry["unit"] = product.uom_id.name
            quantity = product.uom_id.round(line.quantity)
            if product.uom_id.is_zero(quantity):
                message = self.env._(
                    "%(quantity)s %(unit)s of “%(product)s” is less than can be sold.",
                    quantity=f"{line.quantity:g}",
                    unit=product.uom_id.name,
                    product=line.product,
                )
                entry["error"] = self._refuse("invalid", message, f"lines.{index}.quantity")
            elif product.type == "consu":
                items.append(BasketItem(index, product, quantity, line.unit_price))
        return told, items

    @api.model
    def _read_choice(self, channel, settings, methods, sites):
        """Return what is wrong with named methods and stores, and those that are right.

        :return: options with an error, ``delivery.carrier`` recordset, ``oms.site`` recordset or
            None
        """
        carriers = self.env["delivery.carrier"].browse(settings.carrier_ids)
        refusals, chosen = [], None
        if methods:
            found = carriers._oms_find(methods)
            named = {carrier.id for carrier in found.values()}
            carriers = carriers.filtered(lambda carrier: carrier.id in named)
            for index, word in enumerate(methods):
                if word not in found:
                    message = self.env._("The channel has no delivery method “%s”.", word)
                    error = self._refuse("not_found", message, f"methods.{index}")
                    refusals.append({"service": "home", "method": word, "error": error})
        if sites:
            pickup = self.env["oms.site"].browse(settings.pickup_ids)
            there = {site.code: site for site in pickup}
            chosen = self.env["oms.site"].union(*(there[code] for code in sites if code in there))
            for index, code in enumerate(sites):
                if code not in there:
                    message = self.env._(
                        "The channel has no store “%s” where customers collect or reserve.", code
                    )
                    error = self._refuse("not_found", message, f"sites.{index}")
                    refusals.append({"service": "collect", "site": code, "error": error})
        return refusals, carriers, chosen

    @api.model
    def _read_destination(self, channel, settings, given):
        """Return where goods go, as a partner that is never kept, and what is wrong with it.

        :return: new ``res.partner``, (code, message, field) or None
        """
        country = self._find_country(channel, given.country, settings)
        # As the state of an order is found.
        state = self.env["oms.import.customers"]._find_state(given.state, country)
        vals = {
            "name": given.city or given.zip or given.country,
            "country_id": country.id,
            "state_id": state.id,
            "zip": given.zip,
            "city": given.city,
        }
        if given.latitude is not None and given.longitude is not None:
            vals["partner_latitude"] = given.latitude
            vals["partner_longitude"] = given.longitude
        refusal = None
        if not country:
            message = self.env._("There is no country “%s”.", given.country)
            refusal = "unknown_country", message, "ship_to.country"
        elif "partner_latitude" not in vals and (given.zip or given.city):
            # As the address of an order is placed.
            [place] = self.env["oms.geo.postcode"]._find_places(
                [(country.code, given.zip or "", given.city or "")]
            )
            if place and place.precision in GOOD:
                vals["partner_latitude"] = place.latitude
                vals["partner_longitude"] = place.longitude
            elif (
                given.zip
                and country.id in settings.placed
                and (not place or place.precision == "country")
            ):
                message = self.env._(
                    "There is no postcode “%(zip)s” in %(country)s: mend it, or say the city or "
                    "where it is.",
                    zip=given.zip,
                    country=country.name,
                )
                refusal = "unknown_zip", message, "ship_to.zip"
        return self.env["res.partner"].new(vals), refusal

    @api.model
    def _find_country(self, channel, word, settings=None):
        """Return a country by its code, its name or the channel's word for it.

        :param Settings settings: of the channel, which spare asking for codes
        """
        kept = settings and not settings.has_country_codes
        if kept and word.upper() in settings.countries:
            return self.env["res.country"].browse(settings.countries[word.upper()])
        found = self.env["oms.channel.code"]._get_known(channel, "country", {word})
        named = self.env["oms.import.handler"]._find_countries({word})
        # An order that no channel sent may go to an address without any.
        return found.get(word) or named.get(word) or self.env["res.country"]

    # === WHAT IS TOLD === #

    @api.model
    def _tell_way(self, ask, way):
        """Return data of :class:`~.contract_promise.Option`.

        :rtype: dict
        """
        now = [part for part in way.parts if not part.ready]
        dated = next((part.dates for part in way.parts if part.dates), None)
        return {
            "service": way.service,
            "method": way.carrier._oms_get_code() if way.carrier else None,
            "method_name": way.carrier.name if way.carrier else None,
            "site": way.site.code if way.site else None,
            "site_name": way.site.name if way.site else None,
            "kilometers": None if way.kilometers is None else round(way.kilometers, 1),
            "stock": ("all" if len(now) == len(way.parts) and not way.unknown else "part")
            if now
            else "none",
            "earliest": way.earliest,
            "promised": way.promised,
            "confidence": dated and dated.confidence,
            "basis": dated and dated.basis,
            "price": way.price,
            "kg_co2e": None if way.kg is None else round(way.kg, 3),
            "parcels": len({(part.site.id, part.ready) for part in way.parts}),
            "parts": [self._tell_part(ask.items, part) for part in way.parts],
            "when_unknown": not way.is_dated,
            "unknown": [
                {
                    "line": ask.items[index].index,
                    "product": self._tell_product(ask.items[index].product),
                    "quantity": quantity,
                    "reason": reason,
                }
                for index, quantity, reason in way.unknown
            ],
            "valid_until": way.valid_until,
            "token": self.env["oms.promise.token"]._write(ask, way),
        }

    @api.model
    def _tell_product(self, product):
        return product.default_code or product.barcode or str(product.id)

    @api.model
    def _tell_part(self, items, part):
        dates = part.dates
        return {
            "site": part.site.code,
            "site_name": part.site.name,
            "kilometers": round(part.kilometers, 1),
            "lines": [
                {
                    "line": items[index].index,
                    "product": self._tell_product(items[index].product),
                    "quantity": quantity,
                }
                for index, quantity in sorted(part.quantities.items())
            ],
            "sent_from": [source.site.code for source in part.sent],
            "ready_at": part.ready,
            "leaves_at": dates and dates.leaves,
            "earliest": dates and dates.earliest,
            "promised": dates and dates.promised,
        }
