from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_return_ids = fields.One2many(
        "oms.return", "order_id", string="Returns", groups="base.group_user"
    )
    oms_return_count = fields.Integer(
        string="Number of Returns",
        compute="_compute_oms_return_count",
        compute_sudo=True,
        groups="base.group_user",
    )

    def _compute_oms_return_count(self):
        counts = dict(
            self.env["oms.return"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
        )
        for order in self:
            order.oms_return_count = counts.get(order, 0)

    def action_view_oms_returns(self):
        """Open the returns of the orders.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_return")
        action["domain"] = [("order_id", "in", self.ids)]
        action["context"] = {}
        returns = self.oms_return_ids
        if len(returns) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = returns.id
        return action
