from odoo import api, fields, models
from odoo.exceptions import AccessError


class HandedOn(int):
    """The id of a proposal that a move hands on to one made of it: no request can hold one."""


class StockMove(models.Model):
    _inherit = "stock.move"

    # Handed on to backorders and to the moves that a push rule makes, and not to other copies: a
    # duplicate and what is sent back are no part of the flow.
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
        checked = []
        for vals in vals_list:
            proposal_id = vals.get("oms_proposal_id")
            if isinstance(proposal_id, HandedOn):
                vals = {**vals, "oms_proposal_id": int(proposal_id)}
            elif proposal_id:
                self._oms_check_proposal_writable()
            checked.append(vals)
        return super().create(checked)

    def write(self, vals):
        if "oms_proposal_id" in vals:
            self._oms_check_proposal_writable()
        return super().write(vals)

    @api.model
    def _oms_check_proposal_writable(self):
        """Check that it is the addon that ties documents to proposals, whose state follows them.

        :raises AccessError: it is a user
        """
        if not self.env.su:
            raise AccessError(
                self.env._("To which flow proposal something belongs is not changed by hand.")
            )

    def _prepare_move_split_vals(self, qty):
        vals = super()._prepare_move_split_vals(qty)
        # sudo: who moves goods need not see what proposed it
        proposal = self.sudo().oms_proposal_id
        return {**vals, "oms_proposal_id": HandedOn(proposal.id)} if proposal else vals

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

    def _oms_get_begun(self):
        """Return which of the moves, or of those before them in their chains, are done or picked.

        :rtype: StockMove
        """
        chain, before = self, self
        while before:
            before = before.move_orig_ids - chain
            chain |= before
        return chain.filtered(lambda move: move.state == "done" or move.picked)
