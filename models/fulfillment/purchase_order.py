from odoo import models


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    def button_cancel(self):
        # What suppliers were to send to customers is open again: see the workflow's events.
        with self.order_line._oms_watch_given_back():
            return super().button_cancel()
