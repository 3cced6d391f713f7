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
