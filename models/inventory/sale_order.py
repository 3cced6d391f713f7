from odoo import fields, models

from .product_template import CLAIM_GROUPS


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_claim_count = fields.Integer(
        string="Open Claims", compute="_compute_oms_claim_count", groups=CLAIM_GROUPS
    )

    def _compute_oms_claim_count(self):
        counts = dict(
            self.env["oms.claim"]._read_group(
                [("order_id", "in", self._origin.ids), ("state", "=", "active")],
                ["order_id"],
                ["__count"],
            )
        )
        for order in self:
            order.oms_claim_count = counts.get(order._origin, 0)

    def action_view_oms_claims(self):
        """Open the claims made for the orders.

        :return: a window action
        :rtype: dict
        """
        return self.env["oms.position"]._get_action(
            "oms.action_claim", [("order_id", "in", self.ids)]
        )

    def action_view_oms_stock(self):
        """Open the stock of the orders' products, at all sites.

        :return: a window action
        :rtype: dict
        """
        products = self.order_line.product_id.filtered("is_storable")
        return self.env["oms.position"]._get_action(
            "oms.action_position",
            [("product_id", "in", products.ids)],
            {"search_default_group_product": 1},
        )
