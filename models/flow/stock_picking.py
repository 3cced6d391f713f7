from odoo import fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    oms_proposal_count = fields.Integer(
        string="Flow Proposals",
        compute="_compute_oms_proposal_count",
        groups="base.group_user",
    )

    def _compute_oms_proposal_count(self):
        # sudo: how many there are; to open them takes rights of one's own
        for picking in self:
            picking.oms_proposal_count = len(picking.sudo().move_ids.oms_proposal_id)

    def action_view_oms_proposals(self):
        """Open the proposals from which the transfers were made.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_proposal")
        # sudo: which ones; to see them takes rights of one's own
        action["domain"] = [("id", "in", self.sudo().move_ids.oms_proposal_id.ids)]
        action["context"] = {}
        return action
