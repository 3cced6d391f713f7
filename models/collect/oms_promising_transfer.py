from odoo import api, models

from ..orchestration.oms_sourcing import Demand
from ..promise.oms_promising import TRIGGER
from ..promise.promise_case import Part


class OmsPromising(models.AbstractModel):
    """Baskets that customers collect in a store which gets from other sites what it lacks."""

    _inherit = "oms.promising"

    @api.model
    def _find_picked_up(self, view):
        ways = super()._find_picked_up(view)
        stores = self._admit(view, view.store).sites
        lacking = [
            way
            for way in ways
            if way.service == "collect"
            and way.unknown
            and way.site in stores
            and way.site.ship_to_store
            and way.site.warehouse_id
        ]
        if lacking:
            self.with_context(oms_to_store=True)._add_sent(view, lacking)
        return ways

    @api.model
    def _add_sent(self, view, ways):
        """Plan what stores lack from the sites that would send it, as sourcing does.

        :param list ways: :class:`~..promise.promise_case.Way`, changed
        """
        orders = {way.site: self._prepare_store_order(view, way.site) for way in ways}
        sending = self._look_at_senders(view, {orders[way.site]: way.unknown for way in ways})
        products = self.env["product.product"].union(*(item.product for item in view.ask.items))
        plans = []
        for way in ways:
            # What the store gives itself is not sold a second time; each store is another order.
            book = self.env["oms.allocation"]._open_book(
                products.filtered("is_storable"), view.ask.channel.company_id
            )
            self._take_own(view._replace(book=book), way)
            order, seen = orders[way.site], sending._replace(book=book)
            plans.append((way, self._plan(seen, order, self._admit(seen, order))))
        self._date_senders(view, plans)
        for way, plan in plans:
            arrives = way.site._get_arrival([part.dates for part in plan.parts])
            if arrives and all(part.dates for part in plan.parts):
                way.unknown = plan.unknown
                way.parts.append(self._join_sent(way.site, plan.parts, arrives))

    @api.model
    def _prepare_store_order(self, view, store):
        order = self._prepare_order(view.ask, "collect", view.settings)
        order.oms_collect_site_id = store
        return order

    @api.model
    def _look_at_senders(self, view, lacking):
        """Gather what sourcing would, to send to stores what they lack.

        :param dict lacking: (place in the basket, quantity, reason) rows by order
        :rtype: View
        """
        Sourcing, channel = self.env["oms.sourcing"], view.ask.channel
        orders = self.env["sale.order"].concat(*lacking)
        demands = {
            order: [Demand(order.order_line[index], quantity) for index, quantity, _why in rows]
            for order, rows in lacking.items()
        }
        sites, _outside = Sourcing._add_outside_sites(
            channel, self.env["oms.site"].browse(view.settings.site_ids), channel.strategy_id
        )
        candidates = Sourcing._leave_out_barred(
            orders, dict.fromkeys(orders, sites), TRIGGER, None, {}
        )
        products = orders.order_line.product_id.filtered("is_storable")
        senders = self.env["oms.site"].union(*candidates.values())
        return view._replace(
            demands=demands,
            candidates=candidates,
            available=self._get_stock(senders, products, view.ask.moment),
            facts=Sourcing._gather_facts(channel.strategy_id, orders, demands, candidates),
        )

    @api.model
    def _take_own(self, view, way):
        """Count what a store gives itself in the shares of the channel."""
        if not way.parts:
            return
        own = self.with_context(oms_to_store=False)
        admission = own._admit(view, view.store)
        place = admission.sites.ids.index(way.site.id)
        outcome = own._solve(view, view.store, admission.keep([place]))
        self.env["oms.sourcing"]._take_shares(outcome, view.book)

    @api.model
    def _date_senders(self, view, plans):
        """Add to the parts of plans when they are in the stores."""
        asked = [(way.site, part) for way, plan in plans for part in plan.parts]
        asks = [
            store._prepare_way_here(
                part.site, part.kilometers, sum(part.quantities.values()), view.moment
            )
            for store, part in asked
        ]
        found = self.env["oms.lead.time"]._get_dates(asks, view.ask.channel, view.ask.moment, None)
        for (_store, part), dates in zip(asked, found, strict=True):
            part.dates = dates

    @api.model
    def _join_sent(self, store, parts, arrives):
        quantities = {}
        for part in parts:
            for index, quantity in part.quantities.items():
                quantities[index] = quantities.get(index, 0.0) + quantity
        return Part(store, 0.0, quantities, arrives, sent=tuple(parts))

    @api.model
    def _prepare_lead_ask(self, view, way, part):
        ask = super()._prepare_lead_ask(view, way, part)
        if not part.sent:
            return ask
        # The store makes one thing of what it had and what came.
        there = [each for each in way.parts if each.site == part.site]
        return ask._replace(units=sum(sum(each.quantities.values()) for each in there))
