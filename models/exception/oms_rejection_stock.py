from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError


class OmsRejection(models.Model):
    """What a rejection says about stock, in moves and claims of Odoo's own kind."""

    _inherit = "oms.rejection"

    def _apply_stock_effect(self, lots=None):
        """Change the stock of the sites as the reasons say.

        :param dict lots: where the goods were reserved that are given back, (location, lot,
            package) ids by rejection; taken from there first
        """
        for rejection in self:
            product, site = rejection.product_id, rejection.site_id
            if not (product.is_storable and site.warehouse_id):
                continue
            effect = rejection.stock_effect
            if effect == "block":
                rejection._block()
            elif effect != "none":
                most = None if effect == "zero" else rejection.quantity
                first = (lots or {}).get(rejection, ())
                rejection._take_off(rejection._pick_quants(most, first), effect)

    def _pick_quants(self, most, first):
        """Choose what of the stock for sale is meant: where it was reserved, then what is free.

        :param float most: how much, in the product's unit; all there is when None
        :param first: (location, lot, package) ids where goods were reserved
        :return: (quant, quantity) pairs
        """
        self.ensure_one()
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.product_id.id),
                ("location_id.oms_position_site_id", "=", self.site_id.id),
                # What belongs to others is not promised to anybody.
                ("owner_id", "=", False),
            ]
        )
        spots = {q: (q.location_id.id, q.lot_id.id, q.package_id.id) for q in quants}
        unit = self.uom_id
        if most is None:
            in_hand = self._get_in_hand()
            left = {q: unit.round(q.quantity - in_hand.get(spots[q], 0.0)) for q in quants}
            return [(quant, quantity) for quant, quantity in left.items() if quantity]
        left, picked, first = most, [], set(first)
        order = sorted(quants, key=lambda q: (spots[q] not in first, -q.available_quantity, q.id))
        # What is free goes first; only then what Odoo reserved for others, which it then frees.
        for reserved in (False, True):
            for quant in order:
                had = sum(quantity for q, quantity in picked if q == quant)
                there = quant.quantity if reserved else quant.available_quantity
                part = min(there - had, left)
                if unit.compare(part, 0.0) > 0:
                    picked.append((quant, part))
                    left = unit.round(left - part)
        return picked

    def _get_in_hand(self):
        """Return what somebody has in his hands: that is not on the shelf, and there.

        It is picked, or on its way between two steps.

        :return: quantity by (location, lot, package) ids
        :rtype: dict
        """
        groups = self.env["stock.move.line"]._read_group(
            [
                ("product_id", "=", self.product_id.id),
                ("location_id.oms_position_site_id", "=", self.site_id.id),
                "|",
                ("picked", "=", True),
                ("move_id.move_orig_ids.state", "=", "done"),
                ("state", "not in", ("done", "cancel")),
                ("owner_id", "=", False),
            ],
            ["location_id", "lot_id", "package_id"],
            ["quantity_product_uom:sum"],
        )
        return {
            (location.id, lot.id, package.id): quantity
            for location, lot, package, quantity in groups
        }

    def _take_off(self, picked, effect):
        """Move chosen goods out of what is for sale."""
        moves = self.env["stock.move"]
        for quant, quantity in picked:
            loss = quant.product_id.with_company(quant.company_id).property_stock_inventory
            target = self.site_id._get_not_for_sale_location() if effect == "sellable" else loss
            moves += self._make_move(quant, quantity, quant.location_id, target)
        self.move_ids = moves
        self.stock_quantity = sum(quantity for _quant, quantity in picked)

    def _make_move(self, quant, quantity, source, target):
        """Move goods at once, below zero the other way round.

        :param quant: ``stock.quant`` that tells lot, package and owner
        :return: the done move
        """
        if quantity < 0:
            return self._make_move(quant, -quantity, target, source)
        name = self.env._(
            "%(fulfillment)s given back: %(reason)s",
            fulfillment=self.fulfillment_id.name,
            reason=self.reason_id.name or "",
        )
        values = quant.with_context(inventory_name=name)._get_inventory_move_values(
            quantity, source, target, package_id=quant.package_id
        )
        values["origin"] = self.fulfillment_id.name
        values["is_inventory"] = "inventory" in (source.usage, target.usage)
        move = self.env["stock.move"].with_context(inventory_mode=False).create(values)
        move.with_context(ignore_dest_packages=True)._action_done()
        return move

    def _block(self):
        """Claim what is left to sell at the site for a time, so that nobody is promised it."""
        left = self.site_id._get_available(self.product_id).get(
            (self.site_id.id, self.product_id.id), 0.0
        )
        if self.uom_id.compare(left, 0.0) <= 0:
            return
        until = fields.Datetime.now() + timedelta(hours=self.reason_id.block_hours)
        self.claim_ids = self.env["oms.claim"].create(
            {
                "product_id": self.product_id.id,
                "site_id": self.site_id.id,
                "quantity": left,
                "origin": "block",
                "reference": self.fulfillment_id.name,
                "expires_at": until,
            }
        )
        self.stock_quantity = left

    def _undo_stock_effect(self):
        """Bring back what the rejection took off.

        :raise UserError: the goods are not where it put them any more
        """
        self.ensure_one()
        self.claim_ids._release()
        back = self.env["stock.move"]
        for line in self.move_ids.move_line_ids:
            if line.location_dest_id.usage == "internal":
                self._check_still_there(line)
            move = line.move_id
            back += move.copy(
                {
                    "location_id": line.location_dest_id.id,
                    "location_dest_id": line.location_id.id,
                    "product_uom_qty": line.quantity_product_uom,
                    "product_uom": line.product_id.uom_id.id,
                    "is_inventory": move.is_inventory,
                    "inventory_name": move.inventory_name,
                    "state": "confirmed",
                    "picked": True,
                    "move_line_ids": [
                        fields.Command.create(
                            {
                                "product_id": line.product_id.id,
                                "product_uom_id": line.product_id.uom_id.id,
                                "quantity": line.quantity_product_uom,
                                "location_id": line.location_dest_id.id,
                                "location_dest_id": line.location_id.id,
                                "company_id": line.company_id.id,
                                "lot_id": line.lot_id.id,
                                "package_id": line.result_package_id.id,
                                "result_package_id": line.package_id.id,
                                "owner_id": line.owner_id.id,
                            }
                        )
                    ],
                }
            )
        back.with_context(ignore_dest_packages=True)._action_done()
        self.move_ids += back
        # What was between two steps is there again, and nobody takes it on.
        self.fulfillment_line_id._carry_back()

    def _check_still_there(self, line):
        there = self.env["stock.quant"]._get_available_quantity(
            line.product_id, line.location_dest_id, lot_id=line.lot_id, strict=True
        )
        if line.product_id.uom_id.compare(there, line.quantity_product_uom) < 0:
            raise UserError(
                self.env._(
                    "%(product)s is not in %(location)s any more: adjust the stock by hand.",
                    product=line.product_id.display_name,
                    location=line.location_dest_id.display_name,
                )
            )

    def _take_back_hopeless(self):
        """Take back what the sites were to give to other orders of goods that they do not have.

        :return: the fulfillments of which something was taken back
        """
        taken = self.env["oms.fulfillment"]
        for rejection in self.filtered(lambda each: each.stock_effect == "zero"):
            lines = self.env["oms.fulfillment.line"].search(
                [
                    ("product_id", "=", rejection.product_id.id),
                    ("site_id", "=", rejection.site_id.id),
                    ("fulfillment_id.state", "in", ("planned", "released")),
                    ("fulfillment_id", "!=", rejection.fulfillment_id.id),
                ]
            )
            stopped = lines._stop_idle()
            taken |= stopped.fulfillment_id
            for order in stopped.fulfillment_id.order_id:
                order._oms_note(
                    self.env._(
                        "Taken back from %(site)s: there is no %(product)s, says %(fulfillment)s.",
                        site=rejection.site_id.name,
                        product=rejection.product_id.display_name,
                        fulfillment=rejection.fulfillment_id.name,
                    )
                )
        return taken
