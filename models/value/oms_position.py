from odoo import models


class OmsPosition(models.Model):
    _inherit = "oms.position"

    def action_view_values(self):
        """Open what the stock of the positions is worth.

        :return: a window action
        :rtype: dict
        """
        return self._get_action(
            "oms.action_value",
            [("product_id", "in", self.product_id.ids), ("site_id", "in", self.site_id.ids)],
        )
