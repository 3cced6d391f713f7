from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        # sudo: who ships need not see how it is paid
        left = moves.sudo()._oms_filter_left()
        left.oms_fulfillment_line_id.sale_line_id.order_id._oms_tell_shipped()
        return moves
