from odoo import api, fields, models


class StockMove(models.Model):
    _inherit = "stock.move"

    # Copied on purpose: backorders and the moves that a push rule makes are part of the flow.
    oms_proposal_id = fields.Many2one(
        "oms.proposal",
        string="Flow Proposal",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    @api.model
    def _prepare_merge_moves_distinct_fields(self):
        return [*super()._prepare_merge_moves_distinct_fields(), "oms_proposal_id"]

    def _prepare_procurement_values(self):
        vals = super()._prepare_procurement_values()
        # What brings the goods to where this move begins is part of the same flow.
        # sudo: who moves goods need not see what proposed it
        proposal = self.sudo().oms_proposal_id
        return {**vals, "oms_proposal_id": proposal.id} if proposal else vals

    def _action_done(self, cancel_backorder=False):
        # sudo: who moves goods need not see what proposed it
        proposals = self.sudo().oms_proposal_id
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        proposals._follow_moves()
        return moves

    def _action_cancel(self):
        # sudo: who cancels a move need not see what proposed it
        proposals = self.sudo().oms_proposal_id
        res = super()._action_cancel()
        proposals._follow_moves()
        return res
