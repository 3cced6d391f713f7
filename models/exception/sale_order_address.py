from odoo import models


class SaleOrder(models.Model):
    """A delivery address that changes before everything is shipped."""

    _inherit = "sale.order"

    def write(self, vals):
        if not vals.get("partner_shipping_id"):
            return super().write(vals)
        moved = self.filtered(
            lambda order: (
                order.state == "sale"
                and order.partner_shipping_id.id != vals["partner_shipping_id"]
                and order.oms_state
            )
        )
        res = super().write(vals)
        for order in moved:
            order._oms_change_address()
        moved._oms_raise("address.changed")._run_later()
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
            # sudo: a mark of the addon
            self.sudo().oms_conflict = self.env._(
                "The delivery address changed while sites worked on it: %s go to the old one.",
                ", ".join(begun.mapped("name")),
            )
