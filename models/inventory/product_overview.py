from bisect import bisect_left
from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, float_round

from ...engine import availability as engine
from . import availability_sql
from .oms_position_read import LATE_SUPPLY

#: What is told of each site, besides what can be promised.
MEASURES = ("on_hand", "external", "reserved", "demand", "claimed", "safety", "incoming")
#: Events that are listed one by one; the chart shows all of them.
MOST_EVENTS = 200


class Event(NamedTuple):
    """What an open transfer takes (below zero) or brings (above zero) at a site.

    ``due`` is the date of the transfer, ``at`` when it counts: what is overdue counts later.
    """

    move_id: int
    product_id: int
    site_id: int
    due: datetime
    at: datetime
    quantity: float
    ordered_at: datetime | None


class ProductProduct(models.Model):
    _inherit = "product.product"

    # === API === #

    @api.readonly
    def get_stock_overview(self, site_id=None, horizon_days=30):
        """Return what the page of a product shows of its stock, at all sites the user may read.

        Several products, such as the variants of a template, are summed. Dates are in UTC, days
        are those of the user's time zone, quantities are in the unit of the products.

        :param int site_id: the site whose ``days`` and ``events`` are told; all when empty
        :param int horizon_days: how many days ahead is looked, from 1 to 180
        :return: ``hint`` (why there is no stock to tell, else empty) and ``parts`` (of kits, else
            empty); ``unit`` and ``digits``; ``sites``, one entry each with the measures,
            ``available`` and what is too old to count, ``stale`` since ``stale_since``, and of a
            single kit ``limits``: how many kits each part allows; ``total``, what is
            available over all of them; ``days``, from now on day by day: ``date`` (empty for
            now), ``projected`` stock at the end of the day, ``promisable`` for it, and what is
            then ``supply`` and ``demand``; ``events``, the first 200 of ``event_count`` open
            transfers; ``channels`` with what each can sell of a single product and the ``terms``
            of it; ``site_id`` and ``horizon_days``
        :rtype: dict
        :raises ValidationError: an unknown site or horizon, or products of several units
        :raises AccessError: the user may not read the products or their stock
        """
        self.check_access("read")
        Position = self.env["oms.position"]
        Position.check_access("read")
        _at, horizon = Position._check_times(None, horizon_days)
        sites = self.env["oms.site"].search([("company_id", "in", self.env.companies.ids)])
        shown = self._oms_choose_sites(sites, site_id)
        kits = self._oms_get_kits(sites.company_id or self.env.companies)
        positions = self._oms_drop_kits(kits, Position._get_positions(sites.ids, self.ids), sites)
        rows = self._oms_prepare_sites(sites, positions, self._oms_get_stale(sites))
        self._oms_add_kits(kits, rows, sites)
        now = fields.Datetime.now()
        events = self._oms_get_events(shown, now)
        days = self._oms_get_days(now, horizon)
        start = self._oms_get_start(shown, positions)
        return {
            **self._oms_prepare_head(site_id, horizon_days, kits),
            "sites": rows,
            "total": self._oms_round(sum(max(row["available"], 0.0) for row in rows)),
            "days": self._oms_prepare_days(days, start, events),
            **self._oms_prepare_events(days, start, events, shown),
            "channels": self._oms_prepare_channels(sites, kits),
        }

    def _oms_choose_sites(self, sites, site_id):
        """Return the sites whose future is told.

        :raises ValidationError: the site is unknown, archived or out of the user's reach
        """
        if len(self.uom_id) > 1:
            raise ValidationError(
                self.env._("Quantities of products in several units cannot be summed.")
            )
        if not site_id:
            return sites
        if site_id not in sites.ids:
            raise ValidationError(self.env._("%s names no site that you may use.", site_id))
        return sites.browse(site_id)

    # === WHAT IS READ === #

    def _oms_get_events(self, sites, now):
        """Return what open transfers take and bring, in the order in which they count.

        :rtype: list[Event]
        """
        self.env["oms.position"]._flush_facts()

        def moment(value):
            return SQL("%s::timestamp", value)

        rows = self.env.execute_query(
            SQL(
                "SELECT %s FROM (%s) AS flow ORDER BY at, due, move_id, quantity",
                SQL(", ").join(map(SQL.identifier, Event._fields)),
                availability_sql.flows(self.ids, sites.ids, moment(now), moment(now + LATE_SUPPLY)),
            )
        )
        return [Event(*row) for row in rows]

    def _oms_get_stale(self, sites):
        """Return what sites said to have, too long ago to count.

        :return: quantity, and since when it counts no more, in UTC, by site id
        :rtype: dict[int, tuple[float, datetime.datetime]]
        """
        External = self.env["oms.external.stock"]
        if not External.has_access("read"):
            return {}
        said = External.search_fetch(
            [("product_id", "in", self.ids), ("site_id", "in", sites.ids), ("quantity", ">", 0)],
            ["site_id", "quantity", "updated_at"],
        )
        stale = {}
        for each in said.filtered("stale"):
            ended = each.updated_at + timedelta(hours=each.site_id.feed_max_age_hours)
            quantity, since = stale.get(each.site_id.id, (0.0, ended))
            stale[each.site_id.id] = quantity + each.quantity, min(since, ended)
        return stale

    # === WHAT IS TOLD === #

    def _oms_round(self, quantity):
        """Take the noise of floats off a quantity."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return float_round(quantity, precision_digits=digits) + 0.0

    def _oms_prepare_head(self, site_id, horizon_days, kits):
        return {
            "hint": self._oms_get_hint(kits),
            "parts": self._oms_prepare_kit_parts(kits),
            "unit": self.uom_id.name or "",
            "digits": self.env["decimal.precision"].precision_get("Product Unit"),
            "site_id": site_id or False,
            "horizon_days": horizon_days,
        }

    def _oms_get_hint(self, kits):
        """Say in a sentence why there is no stock of these products to tell of.

        :return: the sentence, empty if there can be stock
        :rtype: str
        """
        if not self:
            return self.env._("There is no variant of this product yet.")
        if any(kit.is_limited for kit in kits.values()):
            return ""
        if kits:
            return self.env._(
                "This is a kit of parts of which Odoo keeps no stock, so it can always be promised."
            )
        if any(self.mapped("is_storable")):
            return ""
        if all(product.type == "service" for product in self):
            return self.env._("A service has no stock: it can always be promised.")
        return self.env._(
            "Odoo keeps no stock of this product, so it can always be promised. Tick Track "
            "Inventory on it to know what is where."
        )

    def _oms_prepare_sites(self, sites, positions, stale):
        by_site = defaultdict(list)
        for position in positions:
            by_site[position.site_id].append(position)
        kinds = dict(sites._fields["kind"]._description_selection(self.env))
        rows = []
        for site in sites:
            sums = self._oms_sum(by_site[site.id])
            quantity, since = stale.get(site.id, (0.0, False))
            rows.append(
                {
                    "id": site.id,
                    "name": site.display_name,
                    "kind": site.kind,
                    "kind_name": kinds[site.kind],
                    **sums,
                    "stale": self._oms_round(quantity),
                    "stale_since": fields.Datetime.to_string(since) or False,
                    "some": any(sums.values()) or quantity > 0,
                }
            )
        return rows

    def _oms_sum(self, positions):
        """Return the measures of some positions at one site, summed.

        A product of which more is promised than there is takes nothing from the others.
        """
        available = [position.available for position in positions]
        sums = {name: sum(getattr(p, name) for p in positions) for name in MEASURES}
        sums["available"] = sum(max(each, 0.0) for each in available) or sum(available)
        return {name: self._oms_round(quantity) for name, quantity in sums.items()}

    # === EVENTS === #

    def _oms_prepare_events(self, days, start, events, sites):
        moments = list(days.values())
        told = [event for event in events if event.at <= moments[-1]]
        covered = self._oms_get_covered(start, events)
        first = told[:MOST_EVENTS]
        moves = self.env["stock.move"].browse({event.move_id for event in first})
        documents = moves._oms_get_documents()
        names = {site.id: site.display_name for site in sites}
        products = {product.id: product.display_name for product in self if len(self) > 1}
        return {
            "event_count": len(told),
            "events": [
                {
                    "id": f"{event.move_id}:{event.site_id}:{event.quantity > 0}",
                    "supply": event.quantity > 0,
                    "quantity": self._oms_round(abs(event.quantity)),
                    "site": names[event.site_id],
                    "product": products.get(event.product_id, ""),
                    "due": fields.Datetime.to_string(event.due),
                    "overdue": event.due < moments[0],
                    "day": bisect_left(moments, event.at),
                    "documents": documents.get(event.move_id, []),
                    "covered": covered.get((event.move_id, event.site_id), False),
                }
                for event in first
            ],
        }

    @api.model
    def _oms_get_covered(self, start, events):
        """Tell from when on each open demand is covered: who ordered first is promised first.

        :return: ``now`` or a date in UTC by (move id, site id); absent if nothing covers it
        :rtype: dict[tuple[int, int], str]
        """
        supplies, demands = defaultdict(list), defaultdict(list)
        for event in events:
            key = event.product_id, event.site_id
            if event.quantity > 0:
                supplies[key].append(engine.Flow(event.at, event.quantity))
            else:
                whose = event.move_id, event.site_id
                demands[key].append(engine.Demand(whose, event.ordered_at, -event.quantity))
        covered = {}
        for key, open_demands in demands.items():
            covers = engine.promise_in_order(start[key], supplies[key], open_demands)
            covered.update(engine.covered_at(covers))
        return {
            whose: "now" if at == engine.ON_HAND else fields.Datetime.to_string(at)
            for whose, at in covered.items()
            if at
        }

    # === CHANNELS === #

    def _oms_prepare_channels(self, sites, kits):
        """Tell what each channel can sell, term by term.

        Only of a single product, and to users who may read all sites of the channel: the terms
        tell of them together.
        """
        Channel = self.env["oms.channel"]
        if len(self) != 1 or not (self.is_storable or kits) or not Channel.has_access("read"):
            return []
        channels = Channel.search([("company_id", "in", self.env.companies.ids)]).filtered(
            # sudo: which sites there are; what the user may read of them is known
            lambda channel: not set(channel.sudo().site_ids.ids) - set(sites.ids)
        )
        terms = defaultdict(list)
        for row in channels._explain_sellable(self):
            row["quantity"] = self._oms_round(row["quantity"])
            terms[row.pop("channel_id")].append(row)
        return [
            {
                "id": channel.id,
                "name": channel.name,
                "sellable": terms[channel.id][-1]["quantity"],
                "terms": terms[channel.id],
            }
            for channel in channels
            if terms[channel.id]
        ]
