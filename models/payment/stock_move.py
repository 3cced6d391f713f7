from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        # sudo: who ships need not see how it is paid
        leaving = self.sudo().filtered(lambda move: move.location_dest_id._is_outgoing())
        fulfillments = leaving.oms_fulfillment_line_id.fulfillment_id
        fulfillments.order_id.oms_payment_plan_ids._check_paid_before(fulfillments)
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        # sudo: see above
        left = moves.sudo()._oms_filter_left()
        left.oms_fulfillment_line_id.sale_line_id.order_id._oms_tell_shipped()
        return moves
