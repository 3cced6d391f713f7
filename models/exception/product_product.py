from odoo import fields, models

GROUPS = "sales_team.group_sale_salesman,oms.group_site_operator"


class ProductProduct(models.Model):
    _inherit = "product.product"

    oms_rejection_count = fields.Integer(
        string="Rejections", compute="_compute_oms_rejection_count", groups=GROUPS
    )

    def _compute_oms_rejection_count(self):
        counts = dict(
            self.env["oms.rejection"]._read_group(
                [("product_id", "in", self._origin.ids), ("state", "=", "valid")],
                ["product_id"],
                ["__count"],
            )
        )
        for product in self:
            product.oms_rejection_count = counts.get(product._origin, 0)

    def action_view_oms_rejections(self):
        """Open what sites gave back of the products.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_rejection")
        action["domain"] = [("product_id", "in", self.ids)]
        action["context"] = {}
        return action
