from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..words import write_goods


class OmsReturn(models.Model):
    """The transfers by which goods come back: Odoo's own returns of what was delivered."""

    _inherit = "oms.return"

    def _prepare_pickings(self, quantities=None, site=None):
        """Make the transfers that bring goods back, one for each delivery they are from.

        :param dict quantities: in the product's unit by line; all that was announced when None
        :param site: ``oms.site`` to which they go; that of the return when None
        :return: the transfers
        :rtype: stock.picking
        """
        self.ensure_one()
        site = site or self.site_id
        if quantities is None:
            quantities = {line: line.quantity for line in self.line_ids}
        by_picking = defaultdict(list)
        for line, quantity in quantities.items():
            for move, part in line._find_moves(quantity):
                by_picking[move.picking_id].append((line, move, part))
        pickings = self.env["stock.picking"]
        for picking, parts in by_picking.items():
            pickings += self._make_picking(picking, parts, site)
        return pickings

    def _make_picking(self, picking, parts, site):
        """Make the return of one delivery.

        :param picking: ``stock.picking`` by which the goods were delivered
        :param list parts: (return line, move, quantity in the product's unit)
        :param site: ``oms.site`` to which they go
        """
        wizard = self.env["stock.return.picking"].create(
            {
                "picking_id": picking.id,
                "oms_return_id": self.id,
                "oms_site_id": site.id,
                "product_return_moves": [
                    Command.create(
                        {
                            "product_id": move.product_id.id,
                            "move_id": move.id,
                            "quantity": move.product_id.uom_id._compute_quantity(
                                part, move.product_uom
                            ),
                            "to_refund": True,
                            "oms_return_line_id": line.id,
                        }
                    )
                    for line, move, part in parts
                ],
            }
        )
        made = wizard._create_return()
        # Odoo takes the reservation of earlier returns of the same delivery away, and leaves it so.
        origins = self.env["stock.move"].union(*(move for _line, move, _part in parts))
        (origins.returned_move_ids - made.move_ids).filtered(
            lambda move: move.state in ("waiting", "confirmed", "partially_available")
        )._action_assign()
        made.write({"carrier_id": self.carrier_id.id, "partner_id": self.partner_id.id})
        return made


class OmsReturnLine(models.Model):
    _inherit = "oms.return.line"

    def _find_moves(self, quantity):
        """Return by which moves the customer got goods that come back.

        :param float quantity: in the product's unit; of kits how many
        :return: (move, quantity in the unit of the move's product); parts of kits in proportion
        :rtype: list[tuple]
        :raise UserError: he did not get as much
        """
        self.ensure_one()
        if self.product_id._oms_is_kit(self.company_id):
            return self._find_moves_of_kit(quantity)
        return self._spread(self.sale_line_id._oms_get_delivered_moves(), quantity)

    def _find_moves_of_kit(self, quantity):
        """Return by which moves the parts of kits came, in proportion to all that were sent."""
        moves = self.sale_line_id.move_ids.filtered(
            lambda move: move.state == "done" and move.location_dest_id._is_outgoing()
        ).sorted(lambda move: (move.date, move.id))
        found = []
        for part, per_kit in self._get_parts_per_kit().items():
            of_part = moves.filtered(lambda move, part=part: move.product_id == part)
            found += self._spread(of_part, part.uom_id.round(per_kit * quantity))
        return found

    def _get_parts_per_kit(self):
        """Return how much of each part the kits of the order line have, as they were sent.

        :return: in the unit of the part, by product
        :rtype: dict
        """
        line = self.sale_line_id
        moves = line.move_ids.filtered(
            lambda move: (
                move.state != "cancel"
                and not move.origin_returned_move_id
                and (move.location_final_id or move.location_dest_id)._is_outgoing()
            )
        )
        ordered = line._oms_get_qty_ordered()
        return {
            part: sum(of_part.mapped("product_qty")) / ordered
            for part, of_part in moves.grouped("product_id").items()
        }

    def _spread(self, moves, quantity):
        """Take a quantity from moves by which it was delivered, less what came back of each.

        :param moves: ``stock.move`` of one product, oldest first
        :param float quantity: in the product's unit
        :rtype: list[tuple]
        :raise UserError: they delivered less
        """
        unit = moves.product_id.uom_id or self.uom_id
        found, left = [], quantity
        first = moves.filtered(lambda move: move == self.origin_move_id)
        for move in first | moves:
            back = move.returned_move_ids.filtered(
                lambda each: each.state != "cancel" and not each.location_dest_id._is_outgoing()
            )
            room = move._oms_get_quantity_moved() - sum(
                each._oms_get_quantity_moved() if each.state == "done" else each.product_qty
                for each in back
            )
            part = unit.round(min(room, left))
            if unit.compare(part, 0.0) > 0:
                found.append((move, part))
                left = unit.round(left - part)
        if unit.compare(left, 0.0) > 0:
            raise UserError(
                self.env._(
                    "%s were not delivered, or came back before.",
                    write_goods(self.env, left, moves.product_id or self.product_id),
                )
            )
        return found
