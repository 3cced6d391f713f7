from odoo import models


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    def button_cancel(self):
        # What suppliers were to send to customers is open again: see the workflow's events.
        with self.order_line._oms_watch_given_back():
            return super().button_cancel()

    def _prepare_grouped_data(self, rfq):
        key = super()._prepare_grouped_data(rfq)
        # Merged into the line of another one, what an order is to get would count as given back,
        # and be bought a second time.
        # sudo: who buys need not see fulfillments
        return (*key, rfq.id) if rfq.sudo().order_line.oms_fulfillment_line_id else key
