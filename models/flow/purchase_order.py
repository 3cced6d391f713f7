from odoo import api, fields, models


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    oms_proposal_count = fields.Integer(
        string="Flow Proposals",
        compute="_compute_oms_proposal_count",
        groups="base.group_user",
    )

    def _compute_oms_proposal_count(self):
        # sudo: how many there are; to open them takes rights of one's own
        for order in self:
            order.oms_proposal_count = len(order.sudo().order_line.oms_proposal_id)

    def action_view_oms_proposals(self):
        """Open the proposals from which the orders were made.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_proposal")
        # sudo: which ones; to see them takes rights of one's own
        action["domain"] = [("id", "in", self.sudo().order_line.oms_proposal_id.ids)]
        action["context"] = {}
        return action

    def button_cancel(self):
        res = super().button_cancel()
        # sudo: who cancels an order need not see what proposed it
        self.sudo().order_line.oms_proposal_id._follow_cancelled()
        return res

    def _prepare_grouped_data(self, rfq):
        key = super()._prepare_grouped_data(rfq)
        # Merged into the line of another one, what was proposed could not be undone any more.
        # sudo: who buys need not see proposals
        return (*key, rfq.id) if rfq.sudo().order_line.oms_proposal_id else key


class PurchaseOrderLine(models.Model):
    _inherit = "purchase.order.line"

    oms_proposal_id = fields.Many2one(
        "oms.proposal",
        string="Flow Proposal",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("oms_proposal_id") for vals in vals_list):
            self.env["stock.move"]._oms_check_proposal_writable()
        return super().create(vals_list)

    def write(self, vals):
        if "oms_proposal_id" in vals:
            self.env["stock.move"]._oms_check_proposal_writable()
        return super().write(vals)

    def unlink(self):
        # sudo: who deletes a line need not see what proposed it
        proposals = self.sudo().oms_proposal_id
        res = super().unlink()
        proposals.invalidate_recordset(["purchase_line_ids"])
        proposals._follow_cancelled()
        return res

    @api.model
    def _oms_get_reason_fields(self):
        return (*super()._oms_get_reason_fields(), "oms_proposal_id")
