from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _oms_wake_waiting_orders(self):
        """Have the scheduled job look at once, if any order waits for one of these products.

        The job runs in a transaction of its own: whoever receives goods neither waits for the
        sourcing of other people's orders nor fails with it.
        """
        if not self.ids:
            return
        # sudo: who moves goods need not see the orders that wait for them
        waiting = (
            self.env["sale.order.line"]
            .sudo()
            .search_count([("product_id", "in", self.ids), ("oms_qty_open", ">", 0)], limit=1)
        )
        job = self.env.ref("oms.cron_source_waiting", raise_if_not_found=False)
        if waiting and job:
            job.sudo()._trigger()
