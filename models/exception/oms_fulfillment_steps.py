from collections import defaultdict

from odoo import fields, models


class OmsFulfillmentLine(models.Model):
    """Goods between two steps of a delivery: off the shelf, and not yet with the carrier."""

    _inherit = "oms.fulfillment.line"

    def _get_moves_between(self):
        """Return the done moves that took goods off the shelf to a next step of the delivery.

        :rtype: ``stock.move``
        """
        self.ensure_one()
        started, _incoming = self.sale_line_id._get_outgoing_incoming_moves(strict=False)
        return started.filtered(
            lambda move: (
                move.oms_fulfillment_line_id == self
                and move.state == "done"
                and not move.location_dest_id._is_outgoing()
            )
        )

    def _get_later_moves(self):
        """Return the open moves that take on what left the shelf.

        :rtype: ``stock.move``
        """
        self.ensure_one()
        started, _incoming = self.sale_line_id._get_outgoing_incoming_moves(strict=False)
        ahead = (self.move_ids - started)._oms_filter_ahead()
        return ahead.filtered(lambda move: move.state != "done")

    def _get_quantity_between(self):
        """Return what left the shelf and is on an open transfer to the next step.

        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        later = self._get_later_moves()
        if not later:
            return 0.0
        gone = sum(
            move.product_uom._compute_quantity(move.quantity, self.uom_id)
            for move in self._get_moves_between()
        )
        # Where Odoo makes the transfers of all steps at once, the later ones have nothing yet.
        return max(min(sum(later.mapped("product_qty")), gone - self.quantity_done), 0.0)

    # === BACK TO THE SHELF === #

    def _carry_back(self):
        """Have what lies between two steps and goes no further put back on the shelf.

        As Odoo does for a lowered quantity, the site gets a transfer to work off: somebody has to
        carry the goods.

        :return: the new transfers
        :rtype: ``stock.picking``
        """
        pickings = self.env["stock.picking"]
        for line in self:
            first = line._get_moves_between()[:1]
            for place, quantity in line._get_left_lying().items():
                pickings += line._make_carry_back(first, place, quantity)
        return pickings

    def _get_left_lying(self):
        """Tell what lies where between two steps and is on no transfer.

        What a rejection wrote off or moved to where nothing is sold does not lie there any more.

        :return: quantity in the product's unit by ``stock.location``
        :rtype: dict
        """
        self.ensure_one()
        shelves = self._get_moves_between().location_id
        # Returned moves as well: they bring goods back to the shelf.
        moves = self.env["stock.move"].search(
            [
                ("oms_fulfillment_line_id", "=", self.id),
                ("state", "not in", ("draft", "cancel")),
            ]
        )
        lying = defaultdict(float)
        for move in moves | self.rejection_ids.move_ids.filtered(lambda m: m.state == "done"):
            done = move.quantity if move.state == "done" else move.product_uom_qty
            quantity = move.product_uom._compute_quantity(done, self.uom_id)
            lying[move.location_id] -= quantity
            if move.state == "done":
                lying[move.location_dest_id] += quantity
        return {
            place: self.uom_id.round(quantity)
            for place, quantity in lying.items()
            if place.usage == "internal"
            and place.oms_for_sale
            and place not in shelves
            and self.uom_id.compare(quantity, 0.0) > 0
        }

    def _make_carry_back(self, first, place, quantity):
        """Make the transfer from a place between two steps to the shelf that goods came from.

        :param first: ``stock.move`` that took them off the shelf
        :param place: ``stock.location`` where they lie
        :param float quantity: in the product's unit
        """
        self.ensure_one()
        fulfillment, shelf = self.fulfillment_id, first.location_id
        kind = first.picking_type_id.return_picking_type_id or first.picking_type_id
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": kind.id,
                "location_id": place.id,
                "location_dest_id": shelf.id,
                "origin": fulfillment.name,
                "company_id": self.company_id.id,
                "move_ids": [
                    fields.Command.create(self._prepare_carry_back(first, place, quantity))
                ],
            }
        )
        picking.action_confirm()
        picking.action_assign()
        fulfillment.message_post(
            body=self.env._(
                "%(transfer)s brings %(quantity)s %(product)s from %(place)s back to %(shelf)s.",
                transfer=picking.name,
                quantity=f"{quantity:g}",
                product=self.product_id.display_name,
                place=place.display_name,
                shelf=shelf.display_name,
            )
        )
        return picking

    def _prepare_carry_back(self, first, place, quantity):
        return {
            "product_id": self.product_id.id,
            "product_uom": self.uom_id.id,
            "product_uom_qty": quantity,
            "location_id": place.id,
            "location_dest_id": first.location_id.id,
            "warehouse_id": self.site_id.warehouse_id.id,
            "company_id": self.company_id.id,
            "origin": self.fulfillment_id.name,
            # A return of what was picked, so that nobody takes it for a step to the customer.
            "origin_returned_move_id": first.id,
            "to_refund": False,
            "sale_line_id": self.sale_line_id.id,
            "oms_fulfillment_line_id": self.id,
        }
