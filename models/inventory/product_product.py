from collections import defaultdict

from odoo import fields, models


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

    def _oms_get_lead_days(self, company, day=None):
        """Return how long these products take from their fastest vendors, with what the company
        needs to order.

        Vendors count whose price is valid on the day, whatever the quantity that it asks for.

        :param company: ``res.company`` that buys
        :param datetime.date day: today when None
        :return: days by product id; None where no vendor sells the product
        :rtype: dict[int, float | None]
        """
        day = day or fields.Date.context_today(self)
        # sudo: who may see a product need not see the prices of its vendors
        lines = (
            self.env["product.supplierinfo"]
            .sudo()
            .search_fetch(
                [
                    ("product_tmpl_id", "in", self.product_tmpl_id.ids),
                    ("product_id", "in", [False, *self.ids]),
                    ("company_id", "in", (False, company.id)),
                    ("partner_id.active", "=", True),
                    "|",
                    ("date_start", "=", False),
                    ("date_start", "<=", day),
                    "|",
                    ("date_end", "=", False),
                    ("date_end", ">=", day),
                ],
                ["product_tmpl_id", "product_id", "delay"],
            )
        )
        delays = defaultdict(list)
        for line in lines:
            delays[line.product_id or line.product_tmpl_id].append(line.delay)
        found = {
            product: delays.get(product, []) + delays.get(product.product_tmpl_id, [])
            for product in self
        }
        return {
            product.id: min(days) + company.days_to_purchase if days else None
            for product, days in found.items()
        }

    def action_view_oms_sellable(self):
        """Explain what each channel can sell of the product.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_sellable")
        action["context"] = {"default_product_id": self.id}
        return action
