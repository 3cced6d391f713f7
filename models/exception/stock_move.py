from odoo import fields, models
from odoo.tools import format_date


class StockMove(models.Model):
    """Receipts that come late or never concern the orders that wait for their goods."""

    _inherit = "stock.move"

    def write(self, vals):
        if "date" not in vals:
            return super().write(vals)
        due = fields.Datetime.to_datetime(vals["date"])
        delayed = self._oms_filter_receipts().filtered(lambda move: due and move.date < due)
        res = super().write(vals)
        delayed._oms_tell_late(cancelled=False)
        return res

    def _action_cancel(self):
        receipts = self._oms_filter_receipts()
        res = super()._action_cancel()
        receipts.filtered(lambda move: move.state == "cancel")._oms_tell_late(cancelled=True)
        return res

    def _oms_is_begun(self):
        """Tell whether somebody works on an open move."""
        self.ensure_one()
        return self.state not in ("done", "cancel") and (self.picked or self.picking_id.printed)

    def _oms_filter_receipts(self):
        """Keep open moves that bring goods to a site from elsewhere."""
        return self.filtered(
            lambda move: (
                move.state in ("waiting", "confirmed", "partially_available", "assigned")
                and move.location_dest_id.oms_position_site_id
                and move.location_dest_id.oms_position_site_id
                != move.location_id.oms_position_site_id
            )
        )

    def _oms_tell_late(self, cancelled):
        """Raise an event for the orders that wait for goods of late or cancelled receipts.

        :param bool cancelled: the receipts will not come at all
        """
        if not self:
            return
        # sudo: who changes a receipt need not see who waits for it
        lines = (
            self.env["sale.order.line"]
            .sudo()
            .search(
                [
                    ("product_id", "in", self.product_id.ids),
                    ("oms_qty_open", ">", 0),
                    ("state", "=", "sale"),
                ]
            )
        )
        channels = lines.order_id.oms_channel_id
        sites = {channel: channel._get_sourcing_sites() for channel in channels}
        orders = self.env["sale.order"].sudo()
        for move in self.sudo():
            site = move.location_dest_id.oms_position_site_id
            concerned = lines.filtered(
                lambda line, move=move, site=site: (
                    line.product_id == move.product_id
                    and site in sites[line.order_id.oms_channel_id]
                )
            ).order_id
            for order in concerned:
                order._oms_note(move._oms_get_late_sentence(cancelled))
            orders |= concerned
        pending = orders.oms_event_ids.filtered(
            lambda event: event.event == "receipt.late" and event.state == "pending"
        )
        (orders - pending.order_id)._oms_raise("receipt.late")._run_later()

    def _oms_get_late_sentence(self, cancelled):
        self.ensure_one()
        names = {
            "receipt": self.picking_id.name or self.reference or self.env._("A receipt"),
            "quantity": f"{self.product_qty:g}",
            "product": self.product_id.display_name,
            "site": self.location_dest_id.oms_position_site_id.name,
        }
        if cancelled:
            return self.env._(
                "%(receipt)s of %(quantity)s %(product)s to %(site)s was cancelled.", **names
            )
        day = fields.Datetime.context_timestamp(self, self.date).date()
        return self.env._(
            "%(receipt)s of %(quantity)s %(product)s to %(site)s comes later, on %(day)s.",
            day=format_date(self.env, day),
            **names,
        )
