from odoo import api, models
from odoo.tools import SQL

from ..inventory.position_sql import ids


class ProductProduct(models.Model):
    """Which kits change with which parts, asked set by set."""

    _inherit = "product.product"

    def _oms_with_kits(self):
        """Return the ids of the products, and of whatever may be a kit with one of them in it.

        What bills and lines of Manufacturing leave open, which company and which variant they are
        for, is not looked at: a kit too many does no harm.

        :rtype: set[int]
        """
        if not self or not self._oms_knows_kits():
            return set(self._ids)
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE kit AS (
                    SELECT unnest(%s) AS product_id
                     UNION
                    SELECT made.id
                      FROM kit
                      JOIN mrp_bom_line line ON line.product_id = kit.product_id
                      JOIN mrp_bom bill ON bill.id = line.bom_id AND bill.type = 'phantom'
                      JOIN product_product made
                        ON made.product_tmpl_id = bill.product_tmpl_id
                       AND (bill.product_id IS NULL OR bill.product_id = made.id)
                )
                SELECT product_id FROM kit
                """,
                ids(self._ids),
            )
        )
        return {product_id for [product_id] in rows}

    @api.model
    def _oms_get_all_kits(self):
        """Return the ids of all products that are, were or may be kits.

        :rtype: set[int]
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT made.id FROM mrp_bom bill JOIN product_product made "
                "ON made.product_tmpl_id = bill.product_tmpl_id"
            )
        )
        return {product_id for [product_id] in rows}
