from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        moves.filtered(
            lambda move: move.state == "done" and move.location_dest_id.warehouse_id
        ).product_id._oms_wake_waiting_orders()
        return moves

    def _action_cancel(self):
        freed = self.filtered(
            lambda move: (
                move.state not in ("draft", "done", "cancel") and move.location_id.warehouse_id
            )
        ).product_id
        res = super()._action_cancel()
        freed._oms_wake_waiting_orders()
        return res

    def _oms_lower_demand(self, quantity):
        """Lower what an open move asks for, as Odoo does when it merges a negative move.

        :param float quantity: how much less, in the unit of the move; all of it cancels the move
        """
        self.ensure_one()
        reserved = self.state in ("assigned", "partially_available")
        self.product_uom_qty -= quantity
        if self.product_uom.is_zero(self.product_uom_qty):
            self._action_cancel()
            return
        if reserved:
            # A lowered demand below what was reserved drops the whole reservation.
            self._action_assign()
        self.product_id._oms_wake_waiting_orders()
