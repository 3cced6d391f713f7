from collections import defaultdict

from odoo import api, fields, models


class SaleOrderLine(models.Model):
    """Kits of an order leave from the site at which their parts were held."""

    _inherit = "sale.order.line"

    def _oms_ship_kits_from(self, claims):
        """Have Odoo ship kits of orders to be confirmed from where their parts were held.

        Odoo ships all kits of a line from one warehouse: that of the site where most of them were
        held.

        :param claims: ``oms.claim`` recordset of the parts, given back in this transaction and
            their guards taken
        :raises UserError: the site has not the parts for all kits of the lines
        """
        held = defaultdict(lambda: defaultdict(float))
        for claim in claims.filtered(lambda claim: claim.state == "released"):
            held[claim.site_id][claim.product_id.id] += claim.quantity
        kits = self.product_id._oms_get_kits(self.company_id) if held else {}
        taken = defaultdict(float)
        for line in self:
            kit = kits.get((line.company_id.id, line.product_id.id))
            if not kit or line.state not in ("draft", "sent"):
                continue
            site = max(held, key=lambda site: kit.most(held[site]))
            if not (site.warehouse_id and kit.most(held[site])):
                continue
            count = line.product_uom_id._compute_quantity(
                line.product_uom_qty, line.product_id.uom_id, rounding_method="HALF-UP"
            )
            line.warehouse_id = site.warehouse_id
            for part, needed in claims._get_needed(kit, count).items():
                held[site][part] -= needed
                taken[part, site.id] += needed
        self.env["oms.position"]._check_available(taken)

    def _oms_get_native_moves(self):
        """Return the open moves by which Odoo delivers lines from sites, without a fulfillment.

        :rtype: ``stock.move``
        """
        # sudo: who sells need not have rights on transfers
        return self.sudo().move_ids.filtered(
            lambda move: (
                move.state not in ("draft", "done", "cancel")
                and not move.oms_fulfillment_line_id
                and not move.origin_returned_move_id
                and move.location_id.warehouse_id
            )
        )


class SaleOrder(models.Model):
    """What of an order no site sees at its screen is told on the order."""

    _inherit = "sale.order"

    oms_native_note = fields.Text(
        string="Delivered in Inventory",
        compute="_compute_oms_native_note",
        groups="base.group_user",
    )

    @api.depends(
        "oms_channel_id.orchestrated",
        "order_line.product_uom_qty",
        "order_line.move_ids.state",
        "order_line.move_ids.picking_id",
        "order_line.move_ids.oms_fulfillment_line_id",
    )
    def _compute_oms_native_note(self):
        for order in self:
            # sudo: whether a channel is orchestrated matters to everybody who sells on it
            orchestrated = order.oms_channel_id.sudo().orchestrated
            lines = order.order_line if orchestrated else order.order_line.browse()
            sentences = [
                order._oms_tell_native(line, moves)
                for line, moves in lines._oms_get_native_moves().grouped("sale_line_id").items()
            ]
            order.oms_native_note = "\n".join(sentences)

    def _oms_tell_native(self, line, moves):
        """Say with which transfers Odoo delivers a line."""
        return self.env._(
            "%(quantity)s %(unit)s of %(product)s: %(transfers)s of %(warehouse)s",
            quantity=f"{line.product_uom_qty:g}",
            unit=line.product_uom_id.name,
            product=line.product_id.display_name,
            transfers=", ".join(moves.picking_id.mapped("name")),
            warehouse=", ".join(moves.location_id.warehouse_id.mapped("name")),
        )
