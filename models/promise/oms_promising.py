from typing import NamedTuple

from odoo import api, fields, models

from ..inventory.oms_position_read import HORIZON_DAYS
from ..orchestration.oms_sourcing import Demand
from .promise_case import PICKED_UP

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
                **self._prepare_amount(ask),
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
    def _prepare_amount(self, ask):
        """Return what is said of the amount of an order, so that it need not be worked out.

        :rtype: dict
        """
        if not self._needs_amount(ask):
            return {"amount_total": 0.0}
        return {} if ask.amount is None else {"amount_total": ask.amount}

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
