from collections import defaultdict

from odoo import models
from odoo.fields import Command


class OmsReturn(models.Model):
    """What came goes into stock, by the transfers in which it was announced or by others."""

    _inherit = "oms.return"

    def _take_in(self, known, site):
        """Validate the transfers of what came of lines, and write it down.

        :param list known: (line, item)
        :param site: ``oms.site`` at which it came
        :rtype: oms.return.item
        """
        by_line = defaultdict(list)
        for line, item in known:
            by_line[line].append(item)
        quantities = {
            line: sum(item["quantity"] for item in items) for line, items in by_line.items()
        }
        moves = self._open_moves_at(quantities, site)
        for line, items in by_line.items():
            self._fill_moves(moves[line], items)
        # Before they are validated, so that it is seen what is known already.
        made = self.env["oms.return.item"].create(
            [
                {
                    **self._prepare_item(item, site),
                    "line_id": line.id,
                    "move_ids": [Command.set(moves[line].ids)],
                }
                for line, items in by_line.items()
                for item in items
            ]
        )
        self._validate(self.env["stock.move"].union(*moves.values()))
        return made

    def _open_moves_at(self, quantities, site):
        """Return open moves that bring just so much of lines to a site, apart from the rest.

        What was announced to come to another site, or with the rest, is taken off those transfers.

        :param dict quantities: in the product's unit by line
        :param site: ``oms.site``
        :return: ``stock.move`` by line
        :rtype: dict
        """
        found = dict.fromkeys(quantities, self.env["stock.move"])
        left = dict(quantities)
        for picking in self.picking_ids.filtered(lambda each: each._oms_is_open_at(site)):
            by_line = picking.move_ids.grouped("oms_return_line_id")
            if all(moves._oms_is_within(left.get(line)) for line, moves in by_line.items()):
                for line, moves in by_line.items():
                    found[line] |= moves
                    left[line] = line.uom_id.round(left[line] - sum(moves.mapped("product_qty")))
        left = {
            line: quantity
            for line, quantity in left.items()
            if line.uom_id.compare(quantity, 0.0) > 0
        }
        used = self.env["stock.move"].union(*found.values())
        for line, quantity in left.items():
            line._lower_announced(quantity, used)
        if left:
            for move in self._prepare_pickings(left, site).move_ids:
                found[move.oms_return_line_id] |= move
        return found

    def _fill_moves(self, moves, items):
        """Write into moves what of which lot came.

        :param moves: ``stock.move`` of one line
        :param list items: of this line
        """
        lots = [(item["lot"], item["quantity"]) for item in items if item["lot"]]
        for move in moves:
            move.picked = True
            if move.product_id.tracking == "none" or not lots:
                continue
            move.move_line_ids.unlink()
            wanted, parts = move.product_qty, []
            while lots and move.product_id.uom_id.compare(wanted, 0.0) > 0:
                lot, quantity = lots.pop(0)
                part = min(wanted, quantity)
                parts.append((lot, part))
                wanted -= part
                if quantity > part:
                    lots.insert(0, (lot, quantity - part))
            move.move_line_ids = [
                Command.create(
                    {
                        "lot_id": lot.id,
                        "quantity": move.product_id.uom_id._compute_quantity(
                            part, move.product_uom
                        ),
                        "product_uom_id": move.product_uom.id,
                        "product_id": move.product_id.id,
                        "location_id": move.location_id.id,
                        "location_dest_id": move.location_dest_id.id,
                        "picking_id": move.picking_id.id,
                    }
                )
                for lot, part in parts
            ]
            move.picked = True

    def _validate(self, moves):
        """Finish transfers without asking.

        :param moves: all moves of these transfers
        """
        for move in moves.filtered(lambda move: not move.move_line_ids):
            move.quantity = move.product_uom_qty
        moves.picked = True
        moves.picking_id._action_done()

    def _take_in_strange(self, strange, site):
        """Take in what is of no line of the return, as goods of nobody's order.

        :param list strange: items
        :param site: ``oms.site`` at which they came
        :rtype: oms.return.item
        """
        Item = self.env["oms.return.item"]
        if not strange:
            return Item
        source = self.partner_id.property_stock_customer or self.env.ref(
            "stock.stock_location_customers"
        )
        target = site._get_return_location()
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": site._get_return_type().id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "partner_id": self.partner_id.id,
                "origin": self.name,
                "oms_return_id": self.id,
            }
        )
        made = Item
        for item in strange:
            move = self.env["stock.move"].create(
                {
                    "product_id": item["product"].id,
                    "product_uom_qty": item["quantity"],
                    "product_uom": item["product"].uom_id.id,
                    "location_id": source.id,
                    "location_dest_id": target.id,
                    "picking_id": picking.id,
                    "company_id": self.company_id.id,
                    "to_refund": False,
                }
            )
            move._action_confirm(merge=False)
            self._fill_moves(move, [item])
            made |= Item.create(
                {
                    **self._prepare_item(item, site),
                    "accepted": False,
                    "move_ids": [Command.set(move.ids)],
                }
            )
        self._validate(picking.move_ids)
        return made

    def _prepare_item(self, item, site):
        """Return the values of something that came."""
        return {
            "return_id": self.id,
            "product_id": item["product"].id,
            "lot_id": item["lot"].id,
            "quantity": item["quantity"],
            "grade_id": item.get("grade_id"),
            "checks": item.get("checks"),
            "note": item.get("note"),
            "photo_ids": [Command.set(item.get("photo_ids") or [])],
            "site_id": site.id,
            "user_id": self.env.uid,
        }


class OmsReturnLine(models.Model):
    _inherit = "oms.return.line"

    def _lower_announced(self, quantity, used):
        """Take what came off the transfers in which it was announced.

        :param float quantity: in the product's unit; of kits how many
        :param used: ``stock.move`` that are left as they are
        """
        self.ensure_one()
        kits = self.product_id._oms_is_kit(self.company_id)
        expected = self._get_quantity_expected()
        share = min(quantity / expected, 1.0) if kits and expected else 0.0
        left = quantity
        for move in (self.move_ids - used).filtered(
            lambda move: move.state not in ("done", "cancel")
        ):
            unit = move.product_id.uom_id
            of_move = move.product_qty * share if kits else min(left, move.product_qty)
            left -= 0.0 if kits else of_move
            rest = unit.round(move.product_qty - of_move)
            if unit.compare(rest, 0.0) > 0:
                move.product_uom_qty = unit._compute_quantity(rest, move.product_uom)
            else:
                move._action_cancel()
