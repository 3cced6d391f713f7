import dataclasses
import logging
import time

import numpy as np

from odoo import fields, models
from odoo.exceptions import UserError

from ...engine.highs import SolverMissing
from ...engine.prices import DemandClass, FluidModel, cover_prices
from ...engine.sourcing import CostPart
from .oms_sourcing import Demand
from .oms_stock_price import ORIGIN_SELECTION

_logger = logging.getLogger(__name__)

#: How many past orders stand for the demand at most, the latest ones.
MOST_ORDERS = 1500
#: From how many sites, the nearest that have something of it, an order may be expected.
NEAREST = 12
#: Parts of the costs that say nothing about orders to come.
LEFT_OUT = ("scarcity", "lateness")


@dataclasses.dataclass(frozen=True, eq=False)
class Expected:
    """What a past order says about those to come, over the S sites of its strategy.

    :param products: its products, each once
    :param quantities: units of each, shape (L,)
    :param kilometers: shape (S,)
    :param per_parcel: shape (S,)
    :param per_unit: shape (L, S)
    :param missing_per_order: cost if anything is missing
    :param missing_per_unit: shape (L,)
    """

    products: tuple
    quantities: np.ndarray
    kilometers: np.ndarray
    per_parcel: np.ndarray
    per_unit: np.ndarray
    missing_per_order: float
    missing_per_unit: np.ndarray


class OmsStrategy(models.Model):
    """Prices of scarce stock, from what was ordered lately and what there is."""

    _inherit = "oms.strategy"

    scarcity_source = fields.Selection(
        ORIGIN_SELECTION,
        string="Prices Come From",
        required=True,
        default="cover",
        tracking=True,
        help="How long stock lasts: the chance that a unit is missed before more comes, times what "
        "serving from the next site costs more. Expected demand: a linear program over the orders "
        "of the past weeks and all sites together (needs the Python package highspy). Last wave: "
        "what the last batch of orders showed.",
    )
    price_weeks = fields.Float(
        string="Weeks until More Comes",
        default=2.0,
        digits=(6, 2),
        tracking=True,
        help="How long the stock that there is must last.",
    )
    price_ids = fields.One2many("oms.stock.price", "strategy_id", string="Prices of Stock")
    price_count = fields.Integer(string="Stock Prices", compute="_compute_price_count")

    _price_weeks_check = models.Constraint(
        "CHECK (COALESCE(price_weeks, 1) > 0)", "Stock must last for a time above zero."
    )

    def _compute_price_count(self):
        counts = dict(
            self.env["oms.stock.price"]._read_group(
                [("strategy_id", "in", self.ids)], ["strategy_id"], ["__count"]
            )
        )
        for strategy in self:
            strategy.price_count = counts.get(strategy, 0)

    # === WORKING OUT === #

    def _refresh_prices(self):
        """Work out the prices of the stock at the sites of the strategy's channels.

        :raises SolverMissing: expected demand needs a solver that is not there
        """
        self.ensure_one()
        start = time.perf_counter()
        # sudo: prices follow from all sites and orders, whoever asks for them
        self = self.sudo()
        sites = self.env["oms.site"].union(
            *(channel._get_sourcing_sites() for channel in self.channel_ids)
        )
        expected, rate = self._get_expected(sites)
        prices = {}
        if expected:
            products = self.env["product.product"].union(*(p for e in expected for p in e.products))
            available = sites._get_available(products)
            stock = np.array(
                [
                    [available.get((site_id, pid), 0.0) for site_id in sites.ids]
                    for pid in products.ids
                ]
            ).reshape(len(products), len(sites))
            work_out = (
                self._price_by_fluid if self.scarcity_source == "fluid" else self._price_by_cover
            )
            table = np.where(stock > 0.0, work_out(expected, rate, products, stock), 0.0)
            prices = {
                (sites.ids[column], products.ids[row]): float(table[row, column])
                for row, column in np.argwhere(table > 0.0).tolist()
            }
        self.env["oms.stock.price"]._replace(self, prices, self.scarcity_source)
        _logger.info(
            "Strategy %s: %s prices from %s orders over %s sites in %.1f s",
            self.name,
            len(prices),
            len(expected),
            len(sites),
            time.perf_counter() - start,
        )

    def _get_expected(self, sites):
        """Return what the orders of the past weeks say about those to come.

        :param sites: ``oms.site`` recordset
        :return: the latest orders, and how many like each of them come in a week
        :rtype: tuple[list[Expected], float]
        """
        since = fields.Datetime.subtract(fields.Datetime.now(), weeks=self.sales_weeks)
        domain = [
            ("oms_channel_id", "in", self.channel_ids.ids),
            ("state", "=", "sale"),
            ("date_order", ">=", since),
        ]
        orders = self.env["sale.order"].search(
            domain, order="date_order desc, id desc", limit=MOST_ORDERS
        )
        if not orders or not sites:
            return [], 0.0
        total = self.env["sale.order"].search_count(domain)
        demands = {order: self._get_past_demands(order) for order in orders}
        orders = orders.filtered(lambda order: demands[order])
        sourcing = self.env["oms.sourcing"]
        facts = sourcing._gather_facts(self, orders, demands, dict.fromkeys(orders, sites))
        expected = [self._expect(order, demands[order], sites, facts) for order in orders]
        return expected, total / max(len(demands), 1) / self.sales_weeks

    def _get_past_demands(self, order):
        """Return what an order asked for of stocked goods, each product once."""
        asked = {}
        for line in order.order_line:
            if line.product_id.is_storable and not line.display_type and line.product_uom_qty > 0:
                quantity = line.product_uom_id._compute_quantity(
                    line.product_uom_qty, line.product_id.uom_id
                )
                before = asked.get(line.product_id, Demand(line, 0.0))
                asked[line.product_id] = Demand(before.line, before.quantity + quantity)
        return list(asked.values())

    def _expect(self, order, demands, sites, facts):
        sourcing = self.env["oms.sourcing"]
        kilometers, _note = sourcing._get_kilometers(order, sites, facts.places)
        case = dataclasses.replace(
            sourcing._prepare_case(order, demands, sites, kilometers, facts),
            open_sites=sites.browse(),
            promised_days=None,
        )
        parts, missing = self._prepare_costs(case, np.ones(len(demands)))
        parts = [part for part in parts if part.name not in LEFT_OUT]
        parts += self._get_shipment_part(case)
        return Expected(
            products=case.products,
            quantities=case.quantities,
            kilometers=kilometers,
            per_parcel=sum((part.per_parcel for part in parts), np.zeros(len(sites))),
            per_unit=sum((part.per_unit for part in parts), np.zeros(case.shape)),
            missing_per_order=missing.per_order,
            missing_per_unit=missing.per_unit,
        )

    def _get_shipment_part(self, case):
        """Charge whole orders by parcel where carriers charge by shipment; nobody is asked."""
        tariff = self._prepare_tariff(case, ask=False)
        if tariff is None:
            return []
        prices = tariff.prices(case.quantities[None, :])[0]
        prices = np.where(np.isfinite(prices), prices, tariff.most(case.quantities))
        per_parcel = prices[tariff.kinds_of(np.arange(len(case.sites)))]
        return [CostPart(tariff.name, per_parcel, np.zeros(case.shape))]

    def _price_by_cover(self, expected, rate, products, stock):
        """Price each stock by itself: who is nearest to it, and what the next one costs more.

        :return: shape (products, sites)
        """
        row_of = {product: row for row, product in enumerate(products)}
        demand, loss = np.zeros(stock.shape), np.zeros(stock.shape)
        for order in expected:
            for line, product in enumerate(order.products):
                row = row_of[product]
                held = np.flatnonzero(stock[row] > 0.0)
                if not len(held):
                    continue
                costs = order.per_unit[line, held]
                first, *rest = held[np.argsort(costs, kind="stable")].tolist()
                instead = order.per_unit[line, rest[0]] if rest else order.missing_per_unit[line]
                units = order.quantities[line]
                demand[row, first] += units
                loss[row, first] += units * max(instead - order.per_unit[line, first], 0.0)
        loss = np.divide(loss, demand, out=np.zeros(loss.shape), where=demand > 0.0)
        return cover_prices(stock, demand * rate * self.price_weeks, loss)

    def _price_by_fluid(self, expected, rate, products, stock):
        """Price all stock together, by the linear program over expected demand.

        :return: shape (products, sites)
        """
        row_of = {product: row for row, product in enumerate(products)}
        classes = []
        for order in expected:
            items = tuple(row_of[product] for product in order.products)
            held = np.flatnonzero((stock[list(items)] > 0.0).any(axis=0))
            if not len(held):
                continue
            near = np.sort(held[np.argsort(order.kilometers[held], kind="stable")[:NEAREST]])
            classes.append(
                DemandClass(
                    items=items,
                    quantities=tuple(order.quantities.tolist()),
                    rate=rate,
                    per_parcel=order.per_parcel[near],
                    per_unit=order.per_unit[:, near],
                    missing_per_order=order.missing_per_order,
                    missing_per_unit=order.missing_per_unit,
                    sites=tuple(near.tolist()),
                )
            )
        if not classes:
            return np.zeros(stock.shape)
        model = FluidModel(classes, *stock.shape, interior=True)
        return model.solve(stock, self.price_weeks).prices

    # === ACTIONS === #

    def action_refresh_prices(self):
        """Work out the prices of stock now.

        :return: a notification that says how many there are
        :rtype: dict
        :raise UserError: the solver is missing, or prices come from waves
        """
        self.check_access("write")
        for strategy in self:
            if strategy.scarcity_source == "batch":
                raise UserError(
                    self.env._("The prices of %s come with its next wave.", strategy.name)
                )
            try:
                strategy._refresh_prices()
            except SolverMissing as error:
                raise UserError(
                    self.env._(
                        "Prices from expected demand need the Python package highspy on the "
                        "server (pip install highspy); or let prices come from how long stock "
                        "lasts."
                    )
                ) from error
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%s prices of scarce stock.", sum(self.mapped("price_count"))
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_view_prices(self):
        """Open the prices of stock by these strategies.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_stock_price")
        action["domain"] = [("strategy_id", "in", self.ids)]
        return action
