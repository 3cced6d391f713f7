from odoo import api, models


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _get_custom_move_fields(self):
        return [*super()._get_custom_move_fields(), "oms_proposal_id"]

    @api.model
    def _get_procurements_to_merge_groupby(self, procurement):
        # Each proposal keeps a line of its own, so that it can be undone.
        key = super()._get_procurements_to_merge_groupby(procurement)
        return (*key, procurement.values.get("oms_proposal_id", False))

    def _push_prepare_move_copy_values(self, move_to_copy, new_date):
        vals = super()._push_prepare_move_copy_values(move_to_copy, new_date)
        # What is pushed on is part of the same flow.
        # sudo: who moves goods need not see what proposed it
        proposal = move_to_copy.sudo().oms_proposal_id
        return {**vals, "oms_proposal_id": proposal.id} if proposal else vals
