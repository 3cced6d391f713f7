from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models

from ..inventory.oms_position_read import LATE_SUPPLY, MOST_HORIZON_DAYS
from .promise_case import PICKED_UP, Part

#: So many arrivals are looked at before goods count as undated.
MOST_ARRIVALS = 12


class Later(NamedTuple):
    """What comes.

    :param list moments: at which something comes, UTC, naive
    :param dict coming: ids of products that something comes of at some moment, by site id
    :param dict stock: quantity by (site id, product id), by moment, as far as it was asked for
    :param dict waiting: units of orders that wait already, by product id
    """

    moments: list
    coming: dict
    stock: dict
    waiting: dict


class OmsPromising(models.AbstractModel):
    """Goods that are not there yet: when their supply is dated, so is the promise."""

    _inherit = "oms.promising"

    @api.model
    def _add_later(self, view, ways):
        """Find when what nobody can give now comes, for all ways at once.

        What is known of that becomes a part of the way, the rest gets a reason.
        """
        short = {index for way in ways for index, _quantity, _reason in way.unknown}
        if not short:
            return
        later = self._look_ahead(view, [view.ask.items[index].product for index in short])
        for way in ways:
            missing, way.unknown = way.unknown, []
            taken = defaultdict(float)
            for part in way.sources:
                for index, quantity in part.quantities.items():
                    taken[part.site.id, view.ask.items[index].product.id] += quantity
            arrivals = {}
            for index, quantity, _reason in missing:
                product = view.ask.items[index].product
                found = self._find_arrival(view, way, later, product, quantity, taken)
                if found is None:
                    reason = self._explain_unknown(view, product, later)
                    way.unknown.append((index, quantity, reason))
                    continue
                moment, given = found
                for site, units in given:
                    taken[site.id, product.id] += units
                    quantities = arrivals.setdefault((moment, site), {})
                    quantities[index] = quantities.get(index, 0.0) + units
            way.parts += self._join_arrivals(view, way, arrivals)

    @api.model
    def _look_ahead(self, view, products):
        """Read what comes of some products to the sites, and who waits for it already.

        :rtype: Later
        """
        products = self.env["product.product"].union(*products).filtered("is_storable")
        sites = self.env["oms.site"].union(*view.candidates.values())
        # From now on, as stock is projected: not from when the order would be placed.
        horizon = fields.Datetime.add(fields.Datetime.now(), days=MOST_HORIZON_DAYS - 1)
        moments, coming = set(), defaultdict(set)
        for supply in self.env["oms.supply"].search_fetch(
            [
                ("product_id", "in", products.ids),
                ("site_id", "in", sites.ids),
                ("kind", "!=", "external"),
                ("expected_at", "<=", horizon),
            ],
            ["product_id", "site_id", "expected_at", "overdue"],
        ):
            # What should be here already counts from as soon as availability counts it.
            at = supply.expected_at
            if at <= view.moment:
                at = view.moment + LATE_SUPPLY
            moments.add(at)
            coming[supply.site_id.id].add(supply.product_id.id)
        waiting = self.env["sale.order.line"]._read_group(
            [
                ("product_id", "in", products.ids),
                ("oms_qty_open", ">", 0),
                ("company_id", "=", view.ask.channel.company_id.id),
            ],
            ["product_id"],
            ["oms_qty_open:sum"],
        )
        return Later(
            sorted(moments)[:MOST_ARRIVALS],
            coming,
            {},
            {product.id: units for product, units in waiting},
        )

    @api.model
    def _get_stock_at(self, view, later, moment):
        """Return what the channel could sell at a moment, by (site id, product id)."""
        if moment not in later.stock:
            products = self.env["product.product"].browse(
                {product_id for ids in later.coming.values() for product_id in ids}
            )
            answers = self.env["oms.position"]._get_answers(
                {product.id: product for product in products},
                view.ask.channel,
                at=moment,
                horizon_days=MOST_HORIZON_DAYS,
                detail=True,
            )
            later.stock[moment] = {
                (site["site_id"], answer["product_id"]): site["available"]
                for answer in answers
                for site in answer["sites"]
            }
        return later.stock[moment]

    @api.model
    def _find_arrival(self, view, way, later, product, quantity, taken):
        """Find the first moment at which sites have what is missing, and which.

        :param float quantity: in the product's unit
        :param dict taken: what the way takes already, by (site id, product id)
        :return: the moment and (site, quantity) pairs; None if that is not known
        """
        sites = self._get_later_sites(view, way)
        sites = [site for site in sites if product.id in later.coming[site.id]]
        if not sites:
            return None
        unit = product.uom_id
        for moment in later.moments:
            stock = self._get_stock_at(view, later, moment)
            left = {
                site: stock.get((site.id, product.id), 0.0) - taken[site.id, product.id]
                for site in sites
            }
            # Who ordered before is served before.
            before = later.waiting.get(product.id, 0.0)
            if unit.compare(sum(max(units, 0.0) for units in left.values()) - before, quantity) < 0:
                continue
            given, open_ = [], quantity
            # The fewest sites; of these the first ones.
            for site in sorted(sites, key=lambda site: -left[site]):
                units = unit.round(min(left[site], open_))
                if unit.compare(units, 0.0) > 0:
                    given.append((site, units))
                    open_ -= units
            return moment, given
        return None

    @api.model
    def _get_later_sites(self, view, way):
        if way.site:
            return way.site
        sites = view.candidates[view.home]
        if way.carrier:
            sites = sites.filtered(lambda s: not s.carrier_ids or way.carrier in s.carrier_ids)
        return sites

    @api.model
    def _join_arrivals(self, view, way, arrivals):
        """Make parts of what comes, by moment and site.

        :rtype: list[Part]
        """
        sites = self.env["oms.site"].union(*(site for _moment, site in arrivals))
        if not sites:
            return []
        order = view.store if way.service in PICKED_UP else view.home
        kilometers, _note = self.env["oms.sourcing"]._get_kilometers(
            order, sites, view.facts.places
        )
        far = dict(zip(sites, kilometers.tolist(), strict=True))
        return [
            Part(site, far[site], quantities, moment)
            for (moment, site), quantities in sorted(
                arrivals.items(), key=lambda each: (each[0][0], each[0][1].id)
            )
        ]

    @api.model
    def _explain_unknown(self, view, product, later):
        """Say why nobody knows when goods can be had."""
        if not any(product.id in ids for ids in later.coming.values()):
            return self.env._(
                "%s: no site that can be asked has enough of it, and none expects a delivery.",
                product.display_name,
            )
        return self.env._(
            "%s: what is expected of it is not enough, or others wait for it.", product.display_name
        )
