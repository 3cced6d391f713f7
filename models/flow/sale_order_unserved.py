from odoo import models

#: Orders of which something waits for stock.
SHORT_STATES = ("waiting", "partial")


class SaleOrder(models.Model):
    """What is cancelled for want of stock had been wanted."""

    _inherit = "sale.order"

    def _action_cancel(self):
        rows = self._oms_get_unserved()
        res = super()._action_cancel()
        # sudo: demand is counted for everybody
        self.env["oms.demand"].sudo()._record("unserved", rows)
        return res

    def _oms_cancel_open(self, note=None):
        rows = self._oms_get_unserved()
        res = super()._oms_cancel_open(note=note)
        # sudo: demand is counted for everybody
        self.env["oms.demand"].sudo()._record("unserved", rows)
        return res

    def _oms_get_unserved(self):
        """Return what waits for stock, as :meth:`OmsDemand._record` takes it.

        :rtype: list[tuple]
        """
        # sudo: see _action_cancel
        orders = self.sudo().filtered(
            lambda order: order.state == "sale" and order.oms_state in SHORT_STATES
        )
        if not orders:
            return []
        homes = orders.env["oms.demand"]._find_homes(orders)
        return [
            (line.product_id.id, homes[order.id], line.oms_qty_open, f"{order.id}")
            for order in orders
            if order.id in homes
            for line in order._oms_get_open_lines()
        ]
