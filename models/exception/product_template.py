from odoo import fields, models

from .product_product import GROUPS


class ProductTemplate(models.Model):
    _inherit = "product.template"

    oms_rejection_count = fields.Integer(
        string="Rejections", compute="_compute_oms_rejection_count", groups=GROUPS
    )

    def _compute_oms_rejection_count(self):
        for template in self:
            template.oms_rejection_count = sum(
                template.product_variant_ids.mapped("oms_rejection_count")
            )

    def action_view_oms_rejections(self):
        """Open what sites gave back of the products.

        :return: a window action
        :rtype: dict
        """
        return self.product_variant_ids.action_view_oms_rejections()
