from collections import defaultdict

from odoo import models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_get_lots_with_customer(self):
        """Return which lots and serial numbers of the lines customers have.

        :return: quantity in the product's unit by lot, by line; lots that are back are left out
        :rtype: dict[sale.order.line, dict[stock.lot, float]]
        """
        found = {line: defaultdict(float) for line in self}
        tracked = self.filtered(lambda line: line.product_id.tracking != "none")
        for line in tracked:
            signs = ((1, line._oms_get_delivered_moves()), (-1, line._oms_get_back_moves()))
            for sign, moves in signs:
                for part in moves.move_line_ids.filtered("lot_id"):
                    found[line][part.lot_id] += sign * part.quantity_product_uom
        return {
            line: {
                lot: quantity
                for lot, quantity in lots.items()
                if line.product_id.uom_id.compare(quantity, 0.0) > 0
            }
            for line, lots in found.items()
        }

    def _oms_get_room(self, record=None):
        """Return how many of a line may come: what the customer has, but did not announce else.

        :param record: ``oms.return`` with which it comes, None for a new one
        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        others = self.oms_return_line_ids
        if record:
            others = others.filtered(lambda line: line.return_id != record)
        announced = sum(line._get_quantity_expected() for line in others)
        return self._oms_get_quantity_with_customer() - announced
