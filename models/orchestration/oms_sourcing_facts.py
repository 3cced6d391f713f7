from collections import defaultdict

import numpy as np

from odoo import fields, models
from odoo.tools import SQL

from .sourcing_case import Case, Facts, Shelf


class OmsSourcing(models.AbstractModel):
    """Gathers what strategies look at besides stock, once for a batch of orders.

    What no strategy of the batch gives a weight is not gathered.
    """

    _inherit = "oms.sourcing"

    def _gather_facts(self, strategies, orders, demands, sites_by_order):
        """Gather what the strategies of some orders look at.

        :param strategies: ``oms.strategy`` recordset by which the orders are sourced
        :param orders: ``sale.order`` recordset
        :param dict demands: list of demands by order
        :param dict sites_by_order: candidate sites by order
        :rtype: Facts
        """
        sites = self.env["oms.site"].union(*sites_by_order.values())
        strategies = strategies._get_all_used()
        products = (
            self.env["product.product"]
            .union(*(demand.line.product_id for order in orders for demand in demands[order]))
            .filtered("is_storable")
        )
        shelves = {
            weeks: self._get_shelves(sites, products, weeks)
            for weeks in {
                strategy.sales_weeks for strategy in strategies if strategy._sorts_by_supply()
            }
        }
        workload = any(strategy.workload_cost for strategy in strategies)
        return Facts(
            places=orders.partner_shipping_id._oms_locate(),
            shelves=shelves,
            **self._get_earnings(sites, products, strategies),
            open_units=sites._get_open_units() if workload else {},
            unit_kg=self._get_unit_kg() if any(map(self._weighs, strategies)) else 1.0,
            scarcity=self._get_scarcity(sites, products, strategies),
            rooms=getattr(sites_by_order, "rooms", None),
        )

    def _weighs(self, strategy):
        """Tell whether the weight of products matters to a strategy."""
        return bool(strategy.has_rates or strategy.has_tariff or strategy._weighs_carbon())

    def _get_unit_kg(self):
        """Return how many kilograms the unit has in which products say their weight."""
        unit = self.env["product.template"]._get_weight_uom_id_from_ir_config_parameter()
        return unit._compute_quantity(1.0, self.env.ref("uom.product_uom_kgm"), round=False)

    def _get_scarcity(self, sites, products, strategies):
        """Return what one more unit of scarce stock would save, for strategies that count it.

        :return: price by (site id, product id), by strategy id
        :rtype: dict[int, dict]
        """
        counting = strategies.filtered("scarcity_factor")
        if not counting or not products:
            return {}
        return self.env["oms.stock.price"]._get_prices(counting, sites, products)

    def _get_earnings(self, sites, products, strategies):
        """Return what units would still earn where they are, for strategies that count it.

        It is the one value of stock: what a site loses that gives its last unit away, less what the
        unit would bring if nobody bought it.

        :return: ``earnings``, money in the currency of the site's company by (site id, product
            id), and ``unvalued``, names of the companies of which it is not known
        :rtype: dict
        """
        if not any(strategy.stock_value_factor for strategy in strategies):
            return {}
        values = self.env["oms.value"]._get_values(products, sites)
        more = np.maximum(values.last_unit().value - values.left_over(), 0.0)
        # sudo: only names are told
        unvalued = sites.sudo().company_id.filtered(lambda each: each not in values.terms)
        return {
            "earnings": {
                (sites.ids[column], products.ids[row]): float(more[row, column])
                for row, column in np.argwhere(more > 0.0).tolist()
            },
            "unvalued": tuple(unvalued.mapped("name")) if products else (),
        }

    def _get_shelves(self, sites, products, weeks):
        """Return how the stock of some products sells at some sites.

        What left a site for customers counts as sold there, whoever sold it.

        :param int weeks: how many weeks of sales are looked at
        :return: shelf by (site id, product id), where there is stock
        :rtype: dict[tuple[int, int], Shelf]
        """
        if not sites or not products:
            return {}
        self.env["stock.quant"].flush_model()
        self.env["stock.move"].flush_model()
        since = fields.Datetime.subtract(fields.Datetime.now(), weeks=weeks)
        sold = self._read_sales(sites, products, since)
        self.env.cr.execute(
            SQL(
                """
                SELECT place.oms_position_site_id, quant.product_id, SUM(quant.quantity)
                  FROM stock_quant quant
                  JOIN stock_location place ON place.id = quant.location_id
                 WHERE quant.product_id = ANY(%(products)s)
                   AND place.oms_position_site_id = ANY(%(sites)s)
                   AND quant.quantity > 0
              GROUP BY place.oms_position_site_id, quant.product_id
                """,
                products=products.ids,
                sites=sites.ids,
            )
        )
        return {
            (site_id, product_id): Shelf(float(quantity), sold[site_id, product_id] / weeks)
            for site_id, product_id, quantity in self.env.cr.fetchall()
        }

    def _read_sales(self, sites, products, since):
        """Return what left the sites for customers since a moment.

        :rtype: dict[tuple[int, int], float]
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT source.oms_position_site_id, move.product_id,
                       SUM(CASE WHEN move.product_uom_qty <> 0
                                THEN move.quantity * move.product_qty / move.product_uom_qty
                                ELSE move.quantity END)
                  FROM stock_move move
                  JOIN stock_location source ON source.id = move.location_id
                  JOIN stock_location target ON target.id = move.location_dest_id
                 WHERE move.state = 'done'
                   AND move.date >= %(since)s
                   AND move.product_id = ANY(%(products)s)
                   AND source.oms_position_site_id = ANY(%(sites)s)
                   AND target.usage = 'customer'
              GROUP BY source.oms_position_site_id, move.product_id
                """,
                since=since,
                products=products.ids,
                sites=sites.ids,
            )
        )
        sold = defaultdict(float)
        for site_id, product_id, quantity in self.env.cr.fetchall():
            sold[site_id, product_id] = float(quantity)
        return sold

    def _prepare_case(self, order, demands, sites, kilometers, facts):
        """Put one order into the form in which its strategy prices it.

        :rtype: Case
        """
        promised = order.commitment_date
        days = promised and (promised - fields.Datetime.now()).total_seconds() / 86400
        return Case(
            order=order,
            sites=sites,
            lines=tuple(line for line, _quantity in demands),
            products=tuple(line.product_id for line, _quantity in demands),
            kilometers=kilometers,
            quantities=np.array([quantity for _line, quantity in demands]),
            open_sites=(
                order._oms_get_open_fulfillments().site_id if facts.joined is None else facts.joined
            ),
            partner=order.partner_shipping_id,
            promised_days=days if promised else None,
            facts=facts,
        )
