from odoo import models


class SaleOrder(models.Model):
    """A delivery address or a promised date that changes before everything is shipped."""

    _inherit = "sale.order"

    def write(self, vals):
        if not vals.get("partner_shipping_id") and "commitment_date" not in vals:
            return super().write(vals)
        begun = self.filtered(lambda order: order.state == "sale" and order.oms_state)
        before = {order: (order.partner_shipping_id, order.commitment_date) for order in begun}
        res = super().write(vals)
        moved = begun.filtered(lambda order: order.partner_shipping_id != before[order][0])
        for order in moved:
            order._oms_change_address()
        moved._oms_raise("address.changed")._run_later()
        # A later date can be kept if the old one could.
        sooner = begun.filtered(
            lambda order: (
                order.commitment_date
                and (not before[order][1] or order.commitment_date < before[order][1])
            )
        )
        if not self.env.context.get("oms_follows_promise"):
            (sooner - moved)._oms_raise("date.changed")._run_later()
        return res

    def _oms_change_address(self):
        """Send what no site has begun to the new address; say what goes to the old one."""
        self.ensure_one()
        # sudo: who changes the address need not have rights on transfers
        pickings = self.sudo().picking_ids.filtered(
            lambda picking: (
                picking.state not in ("done", "cancel") and picking.picking_type_code == "outgoing"
            )
        )
        begun = pickings.filtered(
            lambda picking: picking.printed or any(move.picked for move in picking.move_ids)
        )
        (pickings - begun).partner_id = self.partner_shipping_id
        if begun:
            self._oms_mark_conflict(
                self.env._(
                    "The delivery address changed while sites worked on it. To the old one go: %s.",
                    ", ".join(begun.mapped("name")),
                )
            )
