import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...engine.highs import SolverMissing
from ..transaction import retrying

_logger = logging.getLogger(__name__)

ORIGIN_SELECTION = [
    ("cover", "How long stock lasts"),
    ("fluid", "Expected demand"),
    ("batch", "Last wave"),
]


class OmsStockPrice(models.Model):
    """What one more unit of a product at a site would save the orders to come.

    Prices are in the currency and by the costs of a strategy. Sourcing counts them as a cost of
    taking the unit, so that scarce stock is kept for whom only it can serve well, and what would be
    left over is spent first.
    """

    _name = "oms.stock.price"
    _description = "Price of Scarce Stock"
    _order = "price desc, id"
    _rec_name = "product_id"

    strategy_id = fields.Many2one(
        "oms.strategy", required=True, readonly=True, ondelete="cascade", index=True
    )
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    site_id = fields.Many2one(
        "oms.site", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="site_id.company_id", store=True, precompute=True, index=True
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    currency_id = fields.Many2one(related="strategy_id.currency_id")
    price = fields.Float(
        digits=(16, 6), readonly=True, help="For a unit of the product, in the strategy's currency."
    )
    origin = fields.Selection(ORIGIN_SELECTION, required=True, readonly=True)
    computed_at = fields.Datetime(string="Worked Out", required=True, readonly=True)

    _price_uniq = models.UniqueIndex(
        "(strategy_id, product_id, site_id)", "The stock has a price by this strategy already."
    )
    _price_check = models.Constraint("CHECK (price > 0)", "Prices of stock are above zero.")

    @api.depends("product_id.display_name", "site_id.name")
    def _compute_display_name(self):
        for price in self:
            price.display_name = f"{price.product_id.display_name} · {price.site_id.name}"

    # === KEEPING === #

    @api.model
    def _replace(self, strategy, prices, origin):
        """Keep new prices of a strategy in place of its old ones.

        :param strategy: ``oms.strategy``
        :param dict prices: price of a unit by (site id, product id); zeros are not kept
        :param str origin: where they come from
        """
        self.flush_model()
        rows = [(*key, price) for key, price in sorted(prices.items()) if price > 1e-6]
        sites, products, amounts = map(list, zip(*rows, strict=True)) if rows else ([], [], [])
        self.env.cr.execute(
            SQL(
                "DELETE FROM oms_stock_price WHERE strategy_id = %s AND NOT EXISTS ("
                "SELECT FROM unnest(%s::integer[], %s::integer[]) AS kept (site_id, product_id) "
                "WHERE kept.site_id = oms_stock_price.site_id "
                "AND kept.product_id = oms_stock_price.product_id)",
                strategy.id,
                sites,
                products,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_stock_price (strategy_id, site_id, product_id, company_id, price,
                                             origin, computed_at, create_uid, create_date,
                                             write_uid, write_date)
                SELECT %(strategy)s, site.id, kept.product_id, site.company_id, kept.price,
                       %(origin)s, %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(sites)s::integer[], %(products)s::integer[], %(prices)s::numeric[])
                       AS kept (site_id, product_id, price)
                  JOIN oms_site site ON site.id = kept.site_id
                ON CONFLICT (strategy_id, product_id, site_id) DO UPDATE
                   SET price = EXCLUDED.price, origin = EXCLUDED.origin,
                       computed_at = EXCLUDED.computed_at, write_uid = EXCLUDED.write_uid,
                       write_date = EXCLUDED.write_date
                """,
                strategy=strategy.id,
                origin=origin,
                now=fields.Datetime.now(),
                uid=self.env.uid,
                sites=sites,
                products=products,
                prices=amounts,
            )
        )
        self.invalidate_model()

    @api.model
    def _get_prices(self, strategies, sites, products):
        """Read the prices of some stock.

        :return: price of a unit by (site id, product id), by strategy id
        :rtype: dict[int, dict]
        """
        found = {strategy.id: {} for strategy in strategies}
        for price in self.search_fetch(
            [
                ("strategy_id", "in", strategies.ids),
                ("site_id", "in", sites.ids),
                ("product_id", "in", products.ids),
            ],
            ["strategy_id", "site_id", "product_id", "price"],
        ):
            key = price.site_id.id, price.product_id.id
            found[price.strategy_id.id][key] = price.price
        return found

    @api.model
    def _cron_refresh(self):
        """Work out the prices of all strategies that look at them, each by itself."""
        strategies = self.env["oms.strategy"].search(
            [("scarcity_factor", ">", 0), ("scarcity_source", "in", ("cover", "fluid"))], order="id"
        )
        self.env["ir.cron"]._commit_progress(remaining=len(strategies))
        for strategy in strategies:
            try:
                retrying(self.env, lambda env, one=strategy: one.with_env(env)._refresh_prices())
            except OperationalError as error:
                _logger.info("Prices of %s are worked out next time: %s", strategy.name, error)
            except (SolverMissing, UserError) as error:
                _logger.warning("Prices of %s stay as they were: %s", strategy.name, error)
            if not self.env["ir.cron"]._commit_progress(1):
                break
