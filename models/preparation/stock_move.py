from odoo import models


class StockMove(models.Model):
    """What is cancelled or given back leaves its wave, and the wave tells."""

    _inherit = "stock.move"

    def _action_cancel(self):
        # sudo: who cancels an order need not have rights on waves
        before = {
            picking: picking.batch_id for picking in self.sudo().picking_id.filtered("batch_id")
        }
        res = super()._action_cancel()
        gone = {}
        for picking, batch in before.items():
            if picking.state == "cancel" and batch.oms_site_id:
                gone[batch] = gone.get(batch, picking.browse()) | picking
        for batch, pickings in gone.items():
            # Odoo has taken out what leaves others behind; the last one closes the wave.
            batch._oms_close_empty()
            batch.message_post(
                body=self.env._(
                    "Cancelled or given back, so not to be picked any more: %s.",
                    ", ".join(pickings.mapped("name")),
                )
            )
        return res
