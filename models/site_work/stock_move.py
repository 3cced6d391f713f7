from odoo import models
from odoo.exceptions import UserError


class StockMove(models.Model):
    """Picking bit by bit, and what becomes of picked goods when less is wanted."""

    _inherit = "stock.move"

    def write(self, vals):
        if "product_uom_qty" not in vals:
            return super().write(vals)
        # What no fulfillment ships is left to Odoo.
        # sudo: who lowers an order need not see what it is for
        begun = self.filtered(
            lambda move: (
                move.state not in ("draft", "done", "cancel")
                and move.picked
                and move.sudo().oms_fulfillment_line_id
            )
        )
        begun._oms_keep_within(vals["product_uom_qty"])
        return super().write(vals)

    def _action_cancel(self):
        picked = self.filtered(lambda move: move.state not in ("draft", "done", "cancel"))
        picked._oms_tell_put_back({move: move._oms_get_picked() for move in picked if move.picked})
        return super()._action_cancel()

    def _oms_is_begun(self):
        if super()._oms_is_begun():
            return True
        # sudo: who cancels need not see what it is for
        fulfillment = self.sudo().oms_fulfillment_line_id.fulfillment_id
        return self.state not in ("done", "cancel") and bool(
            fulfillment.accepted_by_id or fulfillment.worker_id
        )

    # === PICKED === #

    def _oms_get_picked(self):
        """Return how much of an open move is picked.

        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        return sum(self.move_line_ids.filtered("picked").mapped("quantity_product_uom"))

    def _oms_get_to_pick(self):
        """Return how much of the move is still to be picked.

        :return: quantity in the product's unit, never below zero
        :rtype: float
        """
        self.ensure_one()
        unit = self.product_id.uom_id
        return max(unit.round(self.product_qty - self._oms_get_picked()), 0.0)

    def _oms_pick(self, quantity, lines=None):
        """Mark goods of an open move as picked, those that are reserved first.

        :param float quantity: in the product's unit, at most what is still to be picked
        :param lines: ``stock.move.line`` of the move to take it from; any when None
        :return: how much was picked by line that holds it
        :rtype: dict
        """
        self.ensure_one()
        unit, left, taken = self.product_id.uom_id, quantity, {}
        lines = self.move_line_ids if lines is None else lines
        for line in lines.filtered(lambda line: not line.picked).sorted("id"):
            part = min(line.quantity_product_uom, left)
            if unit.compare(part, 0.0) <= 0:
                continue
            held = line._oms_give(part, picked=True)
            taken[held] = taken.get(held, 0.0) + part
            left = unit.round(left - part)
        if unit.compare(left, 0.0) > 0:
            line = self._oms_pick_unreserved(left)
            taken[line] = taken.get(line, 0.0) + left
        return taken

    def _oms_pick_unreserved(self, quantity, lot=None, location=None, package=None):
        """Write down that goods were picked that Odoo did not reserve.

        :param float quantity: in the product's unit
        :return: the picked line
        :raise UserError: nobody said which lot it is
        """
        self.ensure_one()
        product = self.product_id
        place = location or self.location_id
        quant = self.env["stock.quant"]._gather(
            product, place, lot_id=lot or None, package_id=package or None
        )
        quant = quant.filtered(lambda quant: quant.available_quantity > 0)[:1]
        lot = lot or quant.lot_id
        if not quant:
            self._oms_check_is_here()
        if product.tracking != "none" and not lot:
            raise UserError(
                self.env._(
                    "Say which %(product)s you took: scan its lot or serial number.",
                    product=product.display_name,
                )
            )
        vals = self._prepare_move_line_vals(quantity=quantity)
        return self.env["stock.move.line"].create(
            {
                **vals,
                "quantity": quantity,
                "product_uom_id": product.uom_id.id,
                "location_id": quant.location_id.id or place.id,
                "lot_id": lot.id,
                "package_id": (package or quant.package_id).id,
                "picked": True,
            }
        )

    def _oms_check_is_here(self):
        """Make sure that goods of which nothing is free are not still on their way.

        :raise UserError: another site or a supplier sends them
        """
        coming = self.move_orig_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        if coming and self.product_id.is_storable:
            raise UserError(
                self.env._(
                    "%(product)s is not here yet: it comes with %(transfers)s.",
                    product=self.product_id.display_name,
                    transfers=", ".join(coming.picking_id.mapped("name")),
                )
            )

    def _oms_unpick(self, quantity, lines=None):
        """Take back that goods were picked.

        :param float quantity: in the product's unit
        :param lines: ``stock.move.line`` of the move to take it back from; any when None
        :return: how much could not be taken back
        :rtype: float
        """
        self.ensure_one()
        unit, left = self.product_id.uom_id, quantity
        lines = self.move_line_ids if lines is None else lines
        # What lies in no package yet goes first.
        picked = lines.filtered("picked").sorted(
            lambda line: (bool(line.result_package_id), -line.id)
        )
        for line in picked:
            part = min(line.quantity_product_uom, left)
            if unit.compare(part, 0.0) <= 0:
                continue
            line._oms_give(part, picked=False).result_package_id = False
            left = unit.round(left - part)
        return left

    # === LESS IS WANTED === #

    def _oms_keep_within(self, demand):
        """Have moves of which something is picked keep no more than they are to carry.

        Odoo leaves what is reserved of such moves alone. What is not picked goes first.

        :param float demand: in the unit of the moves
        """
        surplus = {}
        for move in self:
            unit = move.product_id.uom_id
            wanted = move.product_uom._compute_quantity(demand, unit)
            over = sum(move.move_line_ids.mapped("quantity_product_uom")) - wanted
            for line in move.move_line_ids.sorted(
                lambda line: (line.picked, bool(line.result_package_id), -line.id)
            ):
                part = min(line.quantity_product_uom, over)
                if unit.compare(part, 0.0) <= 0:
                    break
                if line.picked:
                    surplus[move] = surplus.get(move, 0.0) + part
                line._oms_drop(part)
                over = unit.round(over - part)
        self._oms_tell_put_back(surplus)

    def _oms_tell_put_back(self, quantities):
        """Tell on the fulfillments that goods that were picked are not wanted any more.

        :param dict quantities: in the product's unit by ``stock.move``
        """
        for move, quantity in quantities.items():
            # sudo: who changes an order need not see what it is for
            fulfillment = move.sudo().oms_fulfillment_line_id.fulfillment_id
            if not fulfillment or not quantity:
                continue
            fulfillment.message_post(
                body=self.env._(
                    "%(quantity)s %(unit)s %(product)s were picked already and are not wanted any "
                    "more: put them back to %(place)s.",
                    quantity=f"{quantity:g}",
                    unit=move.product_id.uom_id.name,
                    product=move.product_id.display_name,
                    place=move.location_id.display_name,
                )
            )

    # === HOW FAR === #

    def _oms_are_picked(self):
        """Tell whether all that the moves are to take off the shelf is picked.

        :rtype: bool
        """
        return not any(
            move.product_id.uom_id.compare(move._oms_get_to_pick(), 0.0) for move in self
        )

    def _oms_are_packed(self):
        """Tell whether all goods of the moves are in packages, or were packed in a step before.

        :rtype: bool
        """
        lines = self.move_line_ids.filtered("quantity")
        return bool(lines) and all(
            line.result_package_id or line.move_id._oms_is_after_packing() for line in lines
        )

    def _oms_is_after_packing(self):
        """Tell whether the goods came through two steps before, of which one is for packing."""
        self.ensure_one()
        packing = self.move_orig_ids._oms_filter_within(self.location_id.warehouse_id)
        return bool(packing.move_orig_ids._oms_filter_within(self.location_id.warehouse_id))

    def _oms_filter_within(self, warehouse):
        """Keep the done moves from one place of a warehouse to another."""
        return self.filtered(
            lambda move: (
                move.state == "done"
                and move.location_id.warehouse_id == warehouse
                and move.location_dest_id.warehouse_id == warehouse
            )
        )

    def _oms_stays_within(self):
        """Tell whether the goods only go on within the site.

        :rtype: bool
        """
        self.ensure_one()
        place = self.location_dest_id
        # In transit they are on their way to another site.
        return not place._is_outgoing() and place.usage != "transit"

    # === SHIPPING === #

    def _oms_validate(self):
        """Validate the transfers of picked moves as Odoo's button does, without its dialogs.

        What is not picked stays open, in a transfer of its own.

        :return: the transfers
        :rtype: ``stock.picking``
        :raise UserError: Odoo asks or refuses something
        """
        pickings = self.picking_id.filtered(lambda picking: picking.state not in ("done", "cancel"))
        if not pickings:
            return pickings
        # Messages to customers are sent as the channel says, and dates of lots were seen.
        context = {"skip_backorder": True, "skip_sms": True, "skip_expired": True}
        pickings.with_context(**context).button_validate()
        waiting = pickings.filtered(lambda picking: picking.state != "done")
        if waiting:
            raise UserError(
                self.env._(
                    "Odoo asks something before these transfers are done: %s. Open them.",
                    ", ".join(waiting.mapped("name")),
                )
            )
        return pickings

    def _oms_get_unreserved(self):
        """Return how much of an open move is neither reserved nor picked.

        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        if self.state in ("done", "cancel"):
            return 0.0
        there = sum(self.move_line_ids.mapped("quantity_product_uom"))
        return max(self.product_id.uom_id.round(self.product_qty - there), 0.0)
