from odoo import models


class StockPicking(models.Model):
    """Parcels that left for customers of channels, and goods that came back from them."""

    _inherit = "stock.picking"

    def _action_done(self):
        res = super()._action_done()
        self._oms_tell_channels()
        return res

    def _oms_tell_channels(self):
        """Make an event of each transfer of orders of channels that left, or came back."""
        told = []
        # sudo: who ships need not read the order
        for picking in self.sudo().filtered(lambda picking: picking.state == "done"):
            returned = picking.move_ids.origin_returned_move_id
            fulfillment = picking.oms_fulfillment_id
            if returned:
                fulfillment = returned.oms_fulfillment_line_id.fulfillment_id[:1]
            leaves = picking.location_dest_id._is_outgoing()
            if fulfillment.channel_id and (leaves or returned):
                told.append(
                    {
                        "type": "return.received" if returned else "parcel.shipped",
                        "order_id": fulfillment.order_id.id,
                        "fulfillment_id": fulfillment.id,
                        "picking_id": picking.id,
                        "channel_id": fulfillment.channel_id.id,
                        "at": self.env.cr.now(),
                    }
                )
        if told:
            # sudo: events are written by what happens, whoever does it
            self.env["oms.feed.event"].sudo().create(told)
