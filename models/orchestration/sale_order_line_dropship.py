from odoo import api, fields, models


class SaleOrderLine(models.Model):
    """Lines, or parts of them, that suppliers send to the customer."""

    _inherit = "sale.order.line"

    @api.depends("purchase_line_ids.state", "purchase_line_ids.product_qty")
    def _compute_oms_qty_open(self):
        return super()._compute_oms_qty_open()

    def _oms_get_purchase_lines(self):
        """Return what was asked of suppliers for the fulfillments of the line."""
        # sudo: a salesperson need not have rights on purchases
        return self.sudo().purchase_line_ids.filtered("oms_fulfillment_line_id")

    def _oms_get_qty_open(self):
        left = super()._oms_get_qty_open()
        asked = self._oms_get_purchase_lines()._oms_get_quantity()
        return self.product_id.uom_id.round(left - asked) if asked else left

    def _oms_was_begun_by_odoo(self):
        return super()._oms_was_begun_by_odoo() and not self._oms_get_purchase_lines()

    def _get_qty_procurement(self, previous_product_uom_qty=False):
        lines = self._oms_get_purchase_lines()
        if not lines:
            return super()._get_qty_procurement(previous_product_uom_qty)
        # Odoo takes a line for drop-shipped as a whole; here suppliers give a part of it only.
        unit, qty = self.product_id.uom_id, lines._oms_get_quantity()
        outgoing, incoming = self._get_outgoing_incoming_moves(strict=False)
        for sign, moves in ((1, outgoing), (-1, incoming)):
            for move in moves:
                amount = move.quantity if move.state == "done" else move.product_uom_qty
                qty += sign * move.product_uom._compute_quantity(amount, unit)
        qty = unit._compute_quantity(qty, self.product_uom_id, rounding_method="HALF-UP")
        return qty - self._oms_get_qty_stranded()

    def _oms_prepare_site_values(self, line):
        values = super()._oms_prepare_site_values(line)
        if line.site_id.warehouse_id:
            return values
        # sudo: routes and price lists are configuration that a salesperson cannot read
        site = line.site_id.sudo()
        # Without one Odoo would buy of whoever sells the goods, be it another supplier.
        seller = site._find_seller(line.product_id, line.quantity) or site._find_seller(
            line.product_id, None
        )
        return {
            **values,
            "warehouse_id": self.warehouse_id,
            "route_ids": site._get_drop_ship_route(),
            "supplierinfo_id": seller,
        }

    def _oms_reduce_moves(self, quantity):
        return super()._oms_reduce_moves(self._oms_reduce_purchases(quantity))

    def _oms_reduce_purchases(self, quantity):
        """Lower requests for quotation that nobody confirmed; return what is left to take off."""
        unit = self.product_id.uom_id
        for line in self._oms_get_purchase_lines().sorted("id", reverse=True):
            taken = min(line._oms_get_quantity(), quantity)
            if unit.compare(taken, 0.0) <= 0:
                continue
            quantity -= taken
            line.oms_fulfillment_line_id._lower_planned(taken)
            left = line.product_qty - unit._compute_quantity(taken, line.product_uom_id)
            if line.product_uom_id.is_zero(left) and line.state == "draft":
                purchase = line.order_id
                line.unlink()
                if not purchase.order_line:
                    purchase.button_cancel()
            else:
                line.product_qty = max(left, 0.0)
        return quantity


class OmsSite(models.Model):
    """Sites of suppliers, who send goods to customers."""

    _inherit = "oms.site"

    def _get_drop_ship_route(self):
        """Return Odoo's route for drop-shipping, if it is in use in the company."""
        route = self.env.ref("stock_dropshipping.route_drop_shipping", raise_if_not_found=False)
        if not route or not route.active:
            return self.env["stock.route"]
        return route

    def _find_seller(self, product, quantity):
        """Return the price list line by which a product is bought of the site's supplier.

        :param float quantity: in the unit of the product; None where no least quantity counts
        """
        self.ensure_one()
        return product.with_company(self.company_id)._select_seller(
            partner_id=self.partner_id.commercial_partner_id,
            quantity=quantity,
            date=fields.Date.context_today(self),
            uom_id=product.uom_id,
        )
