from odoo import models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def action_oms_view_values(self):
        """Open what the products are worth at each site.

        :return: a window action
        :rtype: dict
        """
        return self.product_variant_ids.action_oms_view_values()


class ProductProduct(models.Model):
    _inherit = "product.product"

    def action_oms_view_values(self):
        """Open what the products are worth at each site.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_value")
        return {**action, "domain": [("product_id", "in", self.ids)], "context": {}}
