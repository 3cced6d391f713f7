from odoo import models
from odoo.tools import SQL

from ..inventory import news_sql


class OmsClaim(models.Model):
    _inherit = "oms.claim"

    def write(self, vals):
        """Have it told when a hold ends at another time: what it holds may count as free by now."""
        res = super().write(vals)
        if "expires_at" in vals and self:
            self.env.cr.execute(
                news_sql.add(SQL("SELECT unnest(%s) AS product_id", self.product_id.ids))
            )
        return res
