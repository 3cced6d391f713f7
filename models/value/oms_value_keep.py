import logging

import numpy as np
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from ..transaction import retrying

_logger = logging.getLogger(__name__)

#: So many products are worked out in one transaction.
BATCH = 1000
#: Figures of a row, in the order in which they are written.
FIGURES = (
    "price",
    "cost",
    "margin",
    "rate",
    "variance",
    "stock",
    "age_days",
    "next_value",
    "last_value",
    "stock_value",
    "sale",
    "markdown",
    "interest",
    "holding",
    "salvage",
    "chance",
    "days",
)


class OmsValue(models.Model):
    """Keeps the values of the screen as young as the last run."""

    _inherit = "oms.value"

    @api.model
    def _refresh(self, products, sites):
        """Work out what stock is worth, and keep it; what has neither stock nor sales has no row.

        :param products: ``product.product``
        :param sites: ``oms.site``
        :return: how many rows there are of them now
        :rtype: int
        """
        self.flush_model()
        values = self._get_values(products, sites)
        worth_it = values.known & ((values.stock > 0.0) | (values.rate > 0.0))
        rows, columns = np.nonzero(worth_it)
        table = self._get_figures(values)
        figures = [table[name][rows, columns].tolist() for name in FIGURES]
        keys = [
            np.array(products.ids, dtype=int)[rows].tolist(),
            np.array(sites.ids, dtype=int)[columns].tolist(),
        ]
        self._drop_others(products, sites, *keys)
        if len(rows):
            self.env.cr.execute(self._upsert(*keys, figures))
        self.invalidate_model()
        return len(rows)

    @api.model
    def _get_figures(self, values):
        """Return the figures of all rows by name, shape (P, S) each."""
        following = values.next_unit()
        return {
            "price": values.price,
            "cost": values.cost,
            "margin": following.value - values.cost,
            "rate": values.rate,
            "variance": values.variance,
            "stock": values.stock,
            "age_days": values.age,
            "next_value": following.value,
            "last_value": np.where(values.stock >= 1.0, values.last_unit().value, 0.0),
            "stock_value": values.all_units(),
            **{
                name: getattr(following, name)
                for name in ("sale", "markdown", "interest", "holding", "salvage", "chance")
            },
            "days": np.nan_to_num(following.days, nan=0.0),
        }

    @api.model
    def _drop_others(self, products, sites, product_ids, site_ids):
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM oms_value
                 WHERE product_id = ANY(%s) AND site_id = ANY(%s)
                   AND NOT EXISTS (
                       SELECT FROM unnest(%s::integer[], %s::integer[]) AS kept (product, site)
                        WHERE kept.product = product_id AND kept.site = site_id)
                """,
                products.ids,
                sites.ids,
                product_ids,
                site_ids,
            )
        )

    @api.model
    def _upsert(self, product_ids, site_ids, figures):
        names = SQL(", ").join(map(SQL.identifier, FIGURES))
        arrays = SQL(", ").join(SQL("%s::float8[]", column) for column in figures)
        rounded = SQL(", ").join(SQL("kept.%s::numeric", SQL.identifier(name)) for name in FIGURES)
        changes = SQL(", ").join(
            SQL("%(name)s = EXCLUDED.%(name)s", name=SQL.identifier(name)) for name in FIGURES
        )
        return SQL(
            """
            INSERT INTO oms_value (product_id, site_id, company_id, computed_at, create_uid,
                                   create_date, write_uid, write_date, %(names)s)
            SELECT kept.product, site.id, site.company_id, %(now)s, %(uid)s, %(now)s, %(uid)s,
                   %(now)s, %(rounded)s
              FROM unnest(%(products)s::integer[], %(sites)s::integer[], %(arrays)s)
                   AS kept (product, site, %(names)s)
              JOIN oms_site site ON site.id = kept.site
            ON CONFLICT (product_id, site_id) DO UPDATE
               SET computed_at = EXCLUDED.computed_at, write_uid = EXCLUDED.write_uid,
                   write_date = EXCLUDED.write_date, company_id = EXCLUDED.company_id, %(changes)s
            """,
            names=names,
            rounded=rounded,
            arrays=arrays,
            changes=changes,
            now=fields.Datetime.now(),
            uid=self.env.uid,
            products=product_ids,
            sites=site_ids,
        )

    @api.model
    def _cron_refresh(self):
        """Work out what all stock is worth, some products in each transaction."""
        product_ids = self._get_product_ids()
        parts = [product_ids[at : at + BATCH] for at in range(0, len(product_ids), BATCH)]
        self.env["ir.cron"]._commit_progress(remaining=len(parts))
        for part in parts:
            try:
                retrying(self.env, lambda env, ids=part: env["oms.value"]._refresh_products(ids))
            except OperationalError as error:
                _logger.info("Some values are worked out next time: %s", error)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    @api.model
    def _refresh_products(self, product_ids):
        products = self.env["product.product"].browse(product_ids).exists()
        return self._refresh(products, self.env["oms.site"].search([("active", "=", True)]))

    @api.model
    def _get_product_ids(self):
        """Return the products that are or were anywhere lately, those of the oldest values first.

        A run that is cut off so goes on where the last one stopped.
        """
        policies = self.env["oms.disposition.policy"].search([("active", "=", True)])
        weeks = max(policies.mapped("sales_weeks"), default=13)
        since = fields.Datetime.subtract(fields.Datetime.now(), weeks=weeks)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT found.product_id
                  FROM (SELECT product_id FROM oms_position_row
                         UNION SELECT product_id FROM oms_value
                         UNION SELECT product_id FROM stock_move
                                WHERE state = 'done' AND date >= %s) AS found
             LEFT JOIN (SELECT product_id, MIN(computed_at) AS since
                          FROM oms_value GROUP BY product_id) AS known USING (product_id)
              ORDER BY known.since NULLS FIRST, found.product_id
                """,
                since,
            )
        )
        return [product_id for (product_id,) in rows]
