from odoo import models


class StockWarehouseOrderpoint(models.Model):
    _inherit = "stock.warehouse.orderpoint"

    def _oms_is_as_set(self, kept):
        """Return whether a reordering rule still is what a proposal of levels made of it.

        :param dict kept: ``set``, what was written, and ``was``, what it was before; a rule that
            was made is not looked at any more once somebody gave it a supplier or a route
        :rtype: bool
        """
        self.ensure_one()
        numbers = ("product_min_qty", "product_max_qty")
        if any(abs(self[name] - kept["set"][name]) > 1e-6 for name in numbers):
            return False
        if any(self[name] != value for name, value in kept["set"].items() if name not in numbers):
            return False
        return kept["was"] is not None or not (self.route_id or self.supplier_id)
