import numpy as np

from odoo import api, fields, models
from odoo.tools import SQL

from .values import Values


class OmsValue(models.Model):
    """The one value: gathers what a unit's worth follows from, for whoever asks."""

    _inherit = "oms.value"

    @api.model
    def _get_values(self, products, sites):
        """Say what stock is worth at sites: what one more unit would earn, and the last one there.

        Sourcing, balancing, the disposition of returns and the screen all take it from here.

        :param products: ``product.product``
        :param sites: ``oms.site``, of one company or several
        :rtype: Values
        """
        # sudo: what goods are worth follows from all sites, whoever asks
        self, products, sites = self.sudo(), products.sudo(), sites.sudo()
        shape = len(products), len(sites)
        arrays = {name: np.zeros(shape) for name in ("price", "cost", "rate", "stock", "age")}
        known, terms = np.zeros(shape, dtype=bool), {}
        row_of = {product_id: row for row, product_id in enumerate(products.ids)}
        column_of = {site_id: column for column, site_id in enumerate(sites.ids)}

        def fill(name, found):
            for (site_id, product_id), amount in found.items():
                if site_id in column_of and product_id in row_of:
                    arrays[name][row_of[product_id], column_of[site_id]] = max(amount, 0.0)

        for company, of_company in sites.grouped("company_id").items():
            policy = self.env["oms.disposition.policy"]._find_policy(company)
            if not policy or not products:
                continue
            terms[company] = policy._get_terms()
            columns = [column_of[site_id] for site_id in of_company.ids]
            known[:, columns] = True
            prices, costs = self._get_prices(company, products)
            arrays["price"][:, columns] = prices[:, None]
            arrays["cost"][:, columns] = costs[:, None]
            fill("rate", self._get_rates(policy, of_company, products))
            fill("stock", self._get_stock(of_company, products))
            if policy.outdated_days:
                fill("age", self._get_ages(of_company, products))
        return Values(products=products, sites=sites, known=known, terms=terms, **arrays)

    @api.model
    def _get_prices(self, company, products):
        """Return what units of products sell for and what they cost, in a company's currency.

        :return: two arrays of shape (P,)
        """
        currency, today = company.currency_id, fields.Date.context_today(self)
        products = products.with_company(company)
        factors = {
            of: of._convert(1.0, currency, company, today, round=False)
            for of in products.currency_id
        }
        prices = [product.lst_price * factors[product.currency_id] for product in products]
        costs = products.mapped("standard_price")
        return np.maximum(np.array(prices), 0.0), np.maximum(np.array(list(costs)), 0.0)

    @api.model
    def _get_rates(self, policy, sites, products):
        """Return how many units are wanted at sites per day.

        As is forecast, where there is a forecast; else what left the site for customers lately.

        :param policy: ``oms.disposition.policy`` of the sites' company
        :return: units per day by (site id, product id)
        :rtype: dict
        """
        since = fields.Datetime.subtract(fields.Datetime.now(), weeks=policy.sales_weeks)
        self.env["stock.move"].flush_model()
        sold = self.env["oms.sourcing"]._read_sales(sites, products, since)
        rates = {key: units / (policy.sales_weeks * 7.0) for key, units in sold.items()}
        if products and sites:
            table = self.env["oms.forecast"]._get_forecasts(products, sites)
            for row, column in np.argwhere(table.known).tolist():
                rates[sites.ids[column], products.ids[row]] = float(table.rate[row, column])
        return rates

    @api.model
    def _get_stock(self, sites, products):
        """Return what sites have or get that is promised to nobody, what is held back included.

        :return: units by (site id, product id)
        :rtype: dict
        """
        return {
            (each.site_id, each.product_id): each.available + each.safety + each.incoming
            for each in self.env["oms.position"]._get_positions(sites.ids, products.ids)
        }

    @api.model
    def _get_ages(self, sites, products):
        """Return for how many days the stock of sites has been there, on average.

        :return: days by (site id, product id), where there is stock
        :rtype: dict
        """
        if not sites or not products:
            return {}
        self.env["stock.quant"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT place.oms_position_site_id, quant.product_id,
                       SUM(quant.quantity
                           * GREATEST(EXTRACT(EPOCH FROM %(now)s - quant.in_date), 0))
                       / SUM(quant.quantity) / 86400
                  FROM stock_quant quant
                  JOIN stock_location place ON place.id = quant.location_id
                 WHERE quant.product_id = ANY(%(products)s)
                   AND place.oms_position_site_id = ANY(%(sites)s)
                   AND quant.quantity > 0
              GROUP BY place.oms_position_site_id, quant.product_id
                """,
                now=fields.Datetime.now(),
                products=products.ids,
                sites=sites.ids,
            )
        )
        return {(site_id, product_id): float(age) for site_id, product_id, age in rows}
