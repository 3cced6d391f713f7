from datetime import timedelta

import numpy as np

from odoo import api, fields, models
from odoo.tools import SQL

from ..flow import binary_copy

#: A day on which more than this share of all is sold, and so many times the usual, is a spike.
SPIKE_SHARE = 0.5
SPIKE_TIMES = 5.0
#: From so many days with sales on it can be said what is usual.
SPIKE_DAYS = 3
#: Older forecasts say nothing any more: the job that makes them does not run.
MOST_AGE_DAYS = 14
#: The doubt about a rate weighs the more the longer the time is; it is spread over so many days.
SPREAD_DAYS = 14.0

_SOLD = """
    SELECT product_id, site_id, SUM(units), SUM(units * units), MAX(units), COUNT(*)
      FROM (SELECT move.product_id, source.oms_position_site_id AS site_id, move.date::date AS day,
                   SUM(move.product_qty)::float8 AS units
              FROM stock_move move
              JOIN stock_location source ON source.id = move.location_id
              JOIN stock_location target ON target.id = move.location_dest_id
             WHERE move.state = 'done' AND move.date >= %(since)s AND target.usage = 'customer'
               AND source.oms_position_site_id = ANY(%(sites)s)
          GROUP BY move.product_id, source.oms_position_site_id, move.date::date) AS position
     WHERE %(goods)s
  GROUP BY product_id, site_id
"""

# Not the most that is foreseen, but how it varies from day to day.
_FORECASTS = """
    SELECT position.product_id, position.site_id, position.rate,
           position.dispersion * position.rate + %(days)s * position.doubt
      FROM oms_forecast position
     WHERE position.site_id = ANY(%(sites)s) AND position.computed_at >= %(since)s AND %(goods)s
"""

_FORESEEN = """
    SELECT DISTINCT position.product_id
      FROM oms_forecast position
     WHERE position.company_id = ANY(%(companies)s) AND position.computed_at >= %(since)s
       AND %(goods)s
"""

_AGES = """
    SELECT position.product_id, place.oms_position_site_id,
           SUM(position.quantity
               * GREATEST(EXTRACT(EPOCH FROM %(now)s - position.in_date), 0) / 86400)
           / SUM(position.quantity)
      FROM stock_quant position
      JOIN stock_location place ON place.id = position.location_id
     WHERE place.oms_position_site_id = ANY(%(sites)s) AND position.quantity > 0 AND %(goods)s
  GROUP BY position.product_id, place.oms_position_site_id
"""

_PRODUCTS = """
    SELECT variant.id, COALESCE(variant.default_code, ''),
           COALESCE(template.name ->> %(lang)s, template.name ->> 'en_US', ''),
           template.list_price + COALESCE((
               SELECT SUM(value.price_extra)
                 FROM product_variant_combination combination
                 JOIN product_template_attribute_value value
                   ON value.id = combination.product_template_attribute_value_id
                WHERE combination.product_product_id = variant.id), 0),
           NULLIF((variant.standard_price ->> %(company)s)::float8, 0),
           NULLIF(variant.weight, 0), template.company_id
      FROM product_product variant
      JOIN product_template template ON template.id = variant.product_tmpl_id
     WHERE variant.id = ANY(%(ids)s)
  ORDER BY variant.id
"""


class OmsValue(models.Model):
    """Reads what a unit's worth follows from, for values of now and for runs of plans alike.

    Which goods are asked for is a condition on ``position.product_id``, so that plans need not
    name hundreds of thousands of them.
    """

    _inherit = "oms.value"

    @api.model
    def _get_goods_sql(self, product_ids):
        """Return the condition that goods are among some products."""
        return SQL("position.product_id = ANY(%s)", list(product_ids))

    @api.model
    def _read_columns(self, query, count, sites, goods, **parameters):
        """Return the columns of a select about goods at sites, as floats.

        Millions of rows come over as they are, not as an object for each number.
        """
        names = [SQL.identifier(f"column{place}") for place in range(count)]
        found = SQL(query, goods=goods, sites=sites.ids, **parameters)
        numbers = SQL(", ").join(SQL("COALESCE(%s::float8, 'NaN')", name) for name in names)
        wrapped = SQL("SELECT %s FROM (%s) AS found (%s)", numbers, found, SQL(", ").join(names))
        return list(binary_copy.read(self.env.cr, wrapped, ("f8",) * count))

    @api.model
    def _read_pace(self, policy, sites, goods):
        """Return how goods are wanted at sites of a company.

        As is forecast; goods without any forecast by what was sold lately, spikes cut. A site of
        which no forecast of the goods knows only shipped what was wanted elsewhere.

        :param policy: ``oms.disposition.policy``, which says what is lately
        :param sites: ``oms.site`` of one company
        :param SQL goods: which goods
        :return: columns of product id, site id, rate a day and variance of a day
        :rtype: tuple
        """
        sold = self._read_sold(policy, sites, goods)[:4]
        self.env["oms.forecast"].flush_model()
        since = fields.Datetime.now() - timedelta(days=MOST_AGE_DAYS)
        told = self._read_columns(_FORECASTS, 4, sites, goods, since=since, days=SPREAD_DAYS)
        [known] = self._read_columns(
            _FORESEEN, 1, sites, goods, since=since, companies=sites.company_id.ids
        )
        rest = ~np.isin(sold[0], known)
        return tuple(
            np.concatenate((one, other[rest])) for one, other in zip(told, sold, strict=True)
        )

    @api.model
    def _read_sold(self, policy, sites, goods):
        """Return how goods sold lately.

        :return: columns of product id, site id, rate a day, variance of a day, the largest day,
            and what it was cut to
        :rtype: tuple
        """
        self.env["stock.move"].flush_model()
        days = policy.sales_weeks * 7.0
        since = fields.Datetime.now() - timedelta(days=days)
        product, site, total, squares, most, count = self._read_columns(
            _SOLD, 6, sites, goods, since=since
        )
        # A single order of a reseller, say, must not fill the shelves for weeks.
        others = (total - most) / np.maximum(count - 1, 1)
        spike = (count >= SPIKE_DAYS) & (most > SPIKE_SHARE * total) & (most > SPIKE_TIMES * others)
        cut = np.where(spike, SPIKE_TIMES * others, most)
        total, squares = total - most + cut, squares - most**2 + cut**2
        rate = total / days
        variance = np.maximum((squares - total**2 / days) / max(days - 1.0, 1.0), rate)
        return product, site, rate, variance, most, cut

    @api.model
    def _read_ages(self, sites, goods):
        """Return for how many days the stock of sites has been there, on average.

        :return: columns of product id, site id and days, where there is stock
        """
        self.env["stock.quant"].flush_model()
        return self._read_columns(_AGES, 3, sites, goods, now=fields.Datetime.now())

    @api.model
    def _read_goods(self, company, product_ids):
        """Return what products are, in the order of their ids.

        :param company: ``res.company``, in whose currency prices and costs are
        :param product_ids: of products that there are, each once, sorted
        :return: names, and arrays of the price that a unit sells for, its cost and its weight in
            the unit of the database; nan where no cost or weight is said
        :rtype: tuple
        """
        for name in ("product.product", "product.template", "product.template.attribute.value"):
            self.env[name].flush_model()
        self.env.cr.execute(
            SQL(
                _PRODUCTS,
                ids=[int(each) for each in product_ids],
                company=str(company.id),
                lang=self.env.lang or "en_US",
            )
        )
        rows = self.env.cr.fetchall()
        names = tuple(f"[{code}] {name}" if code else name for _id, code, name, *_rest in rows)
        numbers = np.array(
            [[np.nan if each is None else float(each) for each in row[3:6]] for row in rows]
        ).reshape(-1, 3)
        # Goods that all companies sell have their price in the currency of the first one.
        main, today = company._get_main_company(), fields.Date.context_today(self)
        Company = self.env["res.company"].sudo()
        factors = {
            owner: (Company.browse(owner) if owner else main).currency_id._convert(
                1.0, company.currency_id, company, today, round=False
            )
            for owner in {row[6] for row in rows}
        }
        rates = np.array([factors[row[6]] for row in rows])
        return names, np.nan_to_num(numbers[:, 0]) * rates, numbers[:, 1], numbers[:, 2]
