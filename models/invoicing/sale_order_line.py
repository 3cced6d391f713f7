from fractions import Fraction

from odoo import api, fields, models

from ...engine import settlement


class SaleOrderLine(models.Model):
    """What of a line has left, and what of it was credited."""

    _inherit = "sale.order.line"

    oms_qty_credited = fields.Float(
        string="Credited",
        digits="Product Unit",
        compute="_compute_oms_qty_credited",
        store=True,
        copy=False,
        help="What was credited to the customer after a return, in the unit of the line. It is "
        "not invoiced again.",
        groups="base.group_user",
    )

    # === AMOUNTS === #

    def _oms_is_spread(self):
        """Tell whether the line is due in the measure of the goods, not as its own quantity leaves.

        So are deliveries, discounts, rewards and services that are invoiced as ordered.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.is_delivery
            or not self.product_id
            or self.product_uom_qty <= 0
            or self.product_id.type == "combo"
            or (self.product_id.type == "service" and self.product_id.invoice_policy == "order")
        )

    def _oms_prepare_settlement(self, amounts):
        """Return the line as the settlement engine takes it.

        :param TaxedAmounts amounts: of the line
        :rtype: settlement.Line
        """
        self.ensure_one()
        spread = amounts.total < 0 or self._oms_is_spread()
        return settlement.Line(
            self.id,
            amounts.total,
            Fraction(1) if spread else self._oms_to_product_unit(self.product_uom_qty),
            amounts.tax_amounts,
            spread,
        )

    def _oms_to_product_unit(self, quantity):
        """Return a quantity of the line in the unit of its product."""
        return settlement.exact(
            self.product_uom_id._compute_quantity(quantity, self.product_id.uom_id, round=False)
        )

    def _oms_from_product_unit(self, quantity):
        """Return a quantity in the unit of the product in the unit of the line, rounded to it."""
        return self.product_id.uom_id._compute_quantity(
            float(quantity), self.product_uom_id, rounding_method="HALF-UP"
        )

    def _oms_get_shipped(self):
        """Return what ever left of the lines; what came back counts still.

        :return: quantity by line in the unit of its product, once by id of fulfillment, and what
            left by none
        :rtype: tuple[dict[int, dict[int, Fraction]], dict[int, Fraction]]
        """
        by_fulfillment, others = {}, {}
        for line in self:
            known = Fraction(0)
            for part in line.oms_fulfillment_line_ids:
                done = settlement.exact(part.quantity_done)
                if done > 0:
                    quantities = by_fulfillment.setdefault(part.fulfillment_id.id, {})
                    quantities[line.id] = quantities.get(line.id, Fraction(0)) + done
                    known += done
            gross = line._oms_to_product_unit(line.qty_delivered + line._oms_get_qty_returned())
            if gross > known:
                others[line.id] = gross - known
        return by_fulfillment, others

    def _oms_get_qty_returned(self):
        """Return what came back of the line to be refunded, in its own unit."""
        self.ensure_one()
        if self.qty_delivered_method != "stock_move":
            return 0.0
        bill = self._oms_get_kit_bill()
        if bill:
            return max(self._oms_count_kits_sent(bill) - self.qty_delivered, 0.0)
        # sudo: what an order comes to is asked by whoever ships
        _outgoing, incoming = self.sudo()._get_outgoing_incoming_moves()
        return sum(
            move.product_uom._compute_quantity(
                move.quantity, self.product_uom_id, rounding_method="HALF-UP"
            )
            for move in incoming
            if move.state == "done"
        )

    def _oms_get_kit_bill(self):
        """Return the bill of materials of which the parts of the line were moved, if it is a kit.

        :rtype: mrp.bom, or None where it is none, or Manufacturing is not installed
        """
        self.ensure_one()
        if not self.env["product.product"]._oms_knows_kits():
            return None
        # sudo: what an order comes to is asked by whoever ships
        bills = self.sudo().move_ids.filtered(lambda move: move.state != "cancel").bom_line_id
        bills = bills.bom_id.filtered(lambda bill: bill.type == "phantom")
        if not bills:
            return None
        own = bills.filtered(
            lambda bill: (
                bill.product_tmpl_id == self.product_id.product_tmpl_id
                and bill.product_id in (self.product_id, bill.product_id.browse())
            )
        )
        # Of kits that hold kits only, Odoo looks up the outermost, too.
        found = own or bills._bom_find(
            self.product_id, company_id=self.company_id.id, bom_type="phantom"
        ).get(self.product_id)
        return found[:1] if found else None

    def _oms_count_kits_sent(self, bill):
        """Return how many whole kits ever left of the line, in its own unit.

        As Odoo counts what is delivered, but without taking off what came back.

        :param bill: ``mrp.bom`` of the line
        :rtype: float
        """
        self.ensure_one()
        # sudo: as above
        moves = self.sudo().move_ids.filtered(lambda move: move.state == "done")
        unit = bill.product_uom_id
        sent = moves._compute_kit_quantities(
            self.product_id,
            self.product_uom_id._compute_quantity(self.product_uom_qty, unit),
            bill,
            {
                "incoming_moves": lambda move: (
                    move._is_outgoing() and (not move.origin_returned_move_id or move.to_refund)
                ),
                "outgoing_moves": lambda move: False,
            },
        )
        return unit._compute_quantity(sent, self.product_uom_id)

    # === WHAT IS INVOICED === #

    @api.depends("invoice_lines.move_id.state", "invoice_lines.quantity")
    def _compute_oms_qty_credited(self):
        for line in self:
            line.oms_qty_credited = sum(
                credit.product_uom_id._compute_quantity(credit.quantity, line.product_uom_id)
                for credit in line.sudo().invoice_lines  # sudo: sellers need not see invoices
                if credit.move_id.oms_credit and credit.move_id.state != "cancel"
            )

    def _oms_get_qty_invoiced(self):
        """Return what was ever invoiced of the line, in its own unit; credited returns count."""
        self.ensure_one()
        return self.qty_invoiced + self.oms_qty_credited

    @api.depends("oms_qty_credited")
    def _compute_qty_to_invoice(self):
        """Of what was credited after a return nothing is invoiced again, under either policy."""
        res = super()._compute_qty_to_invoice()
        for line in self.filtered("oms_qty_credited"):
            if line.state != "sale" or line.display_type:
                continue
            credited, returned = line.oms_qty_credited, line._oms_get_qty_returned()
            if line.product_id.invoice_policy == "order":
                sent_again = line.qty_delivered + returned - line.product_uom_qty
                line.qty_to_invoice += min(max(sent_again, 0.0), returned) - credited
            else:
                # What was credited and kept is delivered still.
                line.qty_to_invoice -= max(credited - returned, 0.0)
        return res

    @api.depends("oms_qty_credited")
    def _compute_invoice_status(self):
        res = super()._compute_invoice_status()
        for line in self.filtered("oms_qty_credited"):
            invoiced = line._oms_get_qty_invoiced()
            unit = line.product_uom_id
            whole = unit.compare(invoiced, line.product_uom_qty) >= 0
            if line.invoice_status == "no" and line.state == "sale" and whole:
                line.invoice_status = "invoiced"
        return res
