from odoo import api, fields, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.depends("oms_fulfillment_line_ids.quantity_lost")
    def _compute_oms_qty_open(self):
        return super()._compute_oms_qty_open()

    def _oms_get_qty_open(self):
        """Ask again for what was lost on its way."""
        open_quantity = super()._oms_get_qty_open()
        # sudo: a salesperson need not have rights on fulfillments
        lost = sum(self.sudo().oms_fulfillment_line_ids.mapped("quantity_lost"))
        return self.product_id.uom_id.round(open_quantity + lost) if lost else open_quantity

    def _oms_reduce(self, quantity):
        """Have somebody tell the sites that they have less to give than they have begun with."""
        # sudo: who changes an order need not have rights on transfers
        moves = self.sudo().move_ids.filtered(lambda move: move._oms_is_begun())
        before = {move: move.product_uom_qty for move in moves}
        shares = super()._oms_reduce(quantity)
        lowered = moves.filtered(
            lambda move: move.state == "cancel" or move.product_uom_qty < before[move]
        )
        names = dict.fromkeys(lowered.picking_id.mapped("name"))
        names |= dict.fromkeys(line.fulfillment_id.name for line, _less in shares)
        if names:
            self.order_id._oms_mark_conflict(
                self.env._(
                    "Less %(product)s was wanted while sites worked on it: %(transfers)s.",
                    product=self.product_id.display_name,
                    transfers=", ".join(names),
                )
            )
        return shares

    def _oms_lower_by(self, quantity):
        """Lower what is ordered.

        :param float quantity: how much less, in the product's unit
        """
        self.ensure_one()
        less = self.product_id.uom_id._compute_quantity(
            quantity, self.product_uom_id, rounding_method="HALF-UP"
        )
        # With the price that was agreed: a quantity that changes makes Odoo ask the price list.
        self.write(
            {
                "product_uom_qty": max(self.product_uom_qty - less, 0.0),
                "price_unit": self.price_unit,
                "discount": self.discount,
            }
        )

    def _oms_substitute(self, substitute, keep_price, note):
        """Order another product for what is open of the line; see ``sale.order``."""
        self.ensure_one()
        order, quantity, product = self.order_id, self.oms_qty_open, self.product_id
        in_line_unit = product.uom_id._compute_quantity(
            quantity, self.product_uom_id, rounding_method="HALF-UP"
        )
        # Before the other is added: lowering takes off what is open, and nothing else.
        self._oms_lower_by(quantity)
        values = {
            "order_id": order.id,
            "product_id": substitute.id,
            "product_uom_id": self.product_uom_id.id,
            "product_uom_qty": in_line_unit,
            "sequence": self.sequence,
        }
        if keep_price:
            values |= {"price_unit": self.price_unit, "discount": self.discount}
            values["tax_ids"] = [fields.Command.set(self.tax_ids.ids)]
        self.create(values)
        order._oms_note(
            self.env._(
                "%(quantity)s %(substitute)s instead of %(product)s. %(note)s",
                quantity=f"{quantity:g}",
                substitute=substitute.display_name,
                product=product.display_name,
                note=note or "",
            ).strip()
        )
