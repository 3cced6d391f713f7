from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError

from ..words import write_goods


class StockMove(models.Model):
    """No more comes back than was delivered, and whatever comes is seen by its return."""

    _inherit = "stock.move"

    # Copied on purpose: what is still to come back stays in the return.
    oms_return_line_id = fields.Many2one(
        "oms.return.line",
        string="Return Line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    def _action_done(self, cancel_backorder=False):
        # sudo: who takes goods in need not have rights on orders
        back = self.sudo()._oms_filter_coming_back()
        back.sale_line_id._oms_lock_returns()
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        if back:
            back.exists().sale_line_id._oms_check_returned()
        moves.sudo()._oms_filter_coming_back()._oms_note_returned()
        return moves

    def _oms_filter_coming_back(self):
        """Keep the moves by which goods of a channel's orders come back from customers."""
        return self.filtered(
            lambda move: (
                move.sale_line_id.order_id.oms_channel_id
                and move.location_id._is_outgoing()
                and not move.location_dest_id._is_outgoing()
            )
        )

    def _oms_get_quantity_moved(self):
        """Return what moves of one product moved, in the unit of the product."""
        return sum(
            move.product_uom._compute_quantity(
                move.quantity, move.product_id.uom_id, rounding_method="HALF-UP"
            )
            for move in self
        )

    def _oms_is_within(self, quantity):
        """Tell whether open moves of one return line bring no more than a quantity.

        Parts of kits are counted otherwise, and are not.

        :param quantity: in the unit of the line's product; None for nothing
        :rtype: bool
        """
        line = self.oms_return_line_id
        return bool(
            quantity
            and line
            and self.product_id == line.product_id
            and line.uom_id.compare(sum(self.mapped("product_qty")), quantity) <= 0
        )

    def _oms_get_quantities_by_lot(self):
        """Return what the move moved of each lot, in the unit of its product.

        :rtype: dict[stock.lot, float]
        """
        self.ensure_one()
        found = defaultdict(float)
        for line in self.move_line_ids:
            found[line.lot_id] += line.quantity_product_uom
        return {lot: quantity for lot, quantity in found.items() if quantity > 0}

    def _oms_note_returned(self):
        """Write down as received what came in transfers of returns that people validated."""
        known = self.env["oms.return.item"].search([("move_ids", "in", self.ids)]).move_ids
        came = (self - known).filtered(
            lambda move: move.state == "done" and move.oms_return_line_id
        )
        for record, moves in came.grouped(lambda move: move.oms_return_line_id.return_id).items():
            record._note_moves(moves)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_check_returned(self):
        """Make sure that of no line more came back than was delivered.

        :raise UserError: more did
        """
        for line in self:
            left = defaultdict(float)
            for move in line.move_ids.filtered(lambda move: move.state == "done"):
                out, back = move.location_dest_id._is_outgoing(), move.location_id._is_outgoing()
                left[move.product_id] += (out - back) * move._oms_get_quantity_moved()
            for product, quantity in left.items():
                if product.uom_id.compare(quantity, 0.0) < 0:
                    raise UserError(
                        self.env._(
                            "%(more)s more would be back than were delivered with %(order)s. "
                            "Take them in as goods of no order.",
                            more=write_goods(self.env, -quantity, product),
                            order=line.order_id.name,
                        )
                    )
