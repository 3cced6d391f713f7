import numpy as np

from odoo import api, models

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
        names = ("price", "cost", "rate", "variance", "stock", "age")
        arrays = {name: np.zeros(shape) for name in names}
        known, life, terms = np.zeros(shape, dtype=bool), np.full(shape, np.inf), {}
        for company, of_company in sites.grouped("company_id").items():
            policy = self.env["oms.disposition.policy"]._find_policy(company)
            if not policy or not products:
                continue
            terms[company] = policy._get_terms()
            columns = [place for place, site in enumerate(sites) if site in of_company]
            known[:, columns] = True
            found = self._gather(policy, company, products, of_company)
            for name, amounts in found.items():
                (life if name == "life" else arrays[name])[:, columns] = amounts
        return Values(products=products, sites=sites, known=known, terms=terms, life=life, **arrays)

    @api.model
    def _gather(self, policy, company, products, sites):
        """Return what the worth of goods at the sites of a company follows from.

        :return: arrays that have, or can be put into, the shape (products, sites), by name
        :rtype: dict
        """
        goods = self._get_goods_sql(products.ids)
        row_of = {product_id: row for row, product_id in enumerate(products.ids)}
        column_of = {site_id: column for column, site_id in enumerate(sites.ids)}

        def table(product_ids, site_ids, amounts):
            result = np.zeros((len(products), len(sites)))
            rows = [row_of[int(each)] for each in product_ids]
            result[rows, [column_of[int(each)] for each in site_ids]] = np.maximum(amounts, 0.0)
            return result

        product, site, rate, variance = self._read_pace(policy, sites, goods)
        stock = self._get_stock(sites, products)
        prices, costs = self._get_prices(company, products)
        return {
            "price": prices[:, None],
            "cost": costs[:, None],
            "rate": table(product, site, rate),
            "variance": table(product, site, variance),
            "stock": table(
                [product_id for _site_id, product_id in stock],
                [site_id for site_id, _product_id in stock],
                list(stock.values()),
            ),
            "age": table(*self._read_ages(sites, goods)) if policy.outdated_days else 0.0,
            "life": self.env["oms.stock.rule"]
            ._get_limits(company, products, sites)
            .life.reshape(len(products), len(sites)),
        }

    @api.model
    def _get_prices(self, company, products):
        """Return what units of products sell for and what they cost, in a company's currency.

        :return: two arrays of shape (P,)
        """
        order = np.unique(np.array(products.ids, dtype=np.int64), return_inverse=True)[1]
        _names, prices, costs, _weights = self._read_goods(company, sorted(products.ids))
        return np.maximum(prices, 0.0)[order], np.maximum(np.nan_to_num(costs), 0.0)[order]

    @api.model
    def _get_pace(self, policy, sites, products):
        """Return how many units are wanted at sites per day, and the variance of it.

        :param policy: ``oms.disposition.policy`` of the sites' company
        :return: units per day and their variance by (site id, product id)
        :rtype: dict[tuple[int, int], tuple[float, float]]
        """
        if not sites or not products:
            return {}
        found = self._read_pace(policy, sites, self._get_goods_sql(products.ids))
        return {
            (int(site_id), int(product_id)): (float(rate), float(variance))
            for product_id, site_id, rate, variance in zip(*found, strict=True)
        }

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
