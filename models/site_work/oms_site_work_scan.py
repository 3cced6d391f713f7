from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .answer import Answer

#: For how long a scanned place counts as the place where somebody stands.
PLACE_MINUTES = 30


class OmsSiteWork(models.AbstractModel):
    """Scanning: what is done with what a code stands for."""

    _inherit = "oms.site.work"

    @api.model
    def _apply_scan(self, fulfillment, operation):
        code = str(operation.get("barcode") or "").strip()
        count = self._read_quantity(operation, default=1)
        if not code or not count:
            raise UserError(self.env._("Nothing was scanned."))
        fulfillment = self._begin_picking(fulfillment)
        moves = fulfillment._get_work().first
        seen = self._read_barcode(fulfillment, moves, code)
        if seen.location:
            return self._stand_at(fulfillment, moves, seen.location)
        if seen.package:
            return self._pick_package(fulfillment, moves, seen.package)
        moves = moves.filtered(lambda move: move.product_id == seen.product)
        if operation.get("line_id"):
            moves = (
                moves.filtered(lambda move: move.oms_fulfillment_line_id.id == operation["line_id"])
                or moves
            )
        quantity = count * (1.0 if seen.quantity is None else seen.quantity)
        return self._pick_seen(fulfillment, moves, seen, quantity, operation)

    # === WHAT IS DONE === #

    @api.model
    def _stand_at(self, fulfillment, moves, place):
        """Tell what is to be picked at a place."""
        lines = moves.move_line_ids.filtered(lambda line: not line.picked)
        here = lines.filtered(lambda line: line.location_id._child_of(place))
        seen = {"location_id": place.id}
        if not here:
            elsewhere = ", ".join(lines.location_id.mapped("display_name"))
            text = (
                self.env._(
                    "Nothing is to be picked at %(place)s. Go to %(others)s.",
                    place=place.display_name,
                    others=elsewhere,
                )
                if elsewhere
                else self.env._("All is picked already.")
            )
            return Answer(text, "warning", seen=seen if not elsewhere else {})
        goods = ", ".join(
            f"{sum(of_product.mapped('quantity_product_uom')):g} {product.display_name}"
            for product, of_product in here.grouped("product_id").items()
        )
        return Answer(
            self.env._("%(place)s: pick %(goods)s.", place=place.display_name, goods=goods),
            seen=seen,
        )

    @api.model
    def _pick_package(self, fulfillment, moves, package):
        """Pick all that is to be taken out of a package, or the package as it is."""
        lines = moves.move_line_ids.filtered(lambda line: line.package_id == package)
        open_lines = lines.filtered(lambda line: not line.picked)
        if not open_lines:
            return Answer(self.env._("Package %s is picked already.", package.name), "warning")
        taken = {line: line.quantity_product_uom for line in open_lines}
        open_lines.picked = True
        return Answer(
            self.env._("All of package %s is picked.", package.name),
            changes=self._keep_picked(taken),
        )

    @api.model
    def _pick_seen(self, fulfillment, moves, seen, quantity, operation):
        """Pick so much of a product, of the lot that was scanned."""
        product = seen.product
        open_quantity = sum(move._oms_get_to_pick() for move in moves)
        if product.uom_id.compare(quantity, open_quantity) > 0:
            raise UserError(self._tell_too_many(fulfillment, moves, open_quantity))
        if seen.lot:
            return self._pick_lot(moves, seen.lot, quantity)
        lines = moves.move_line_ids.filtered(lambda line: not line.picked)
        self._check_lot_needed(product, lines)
        place = self._get_place(fulfillment, lines, operation)
        if place:
            here = lines.filtered(lambda line: line.location_id._child_of(place))
            if lines and not here:
                raise UserError(
                    self.env._(
                        "Wrong place: %(product)s is to be taken from %(right)s, not %(wrong)s.",
                        product=product.display_name,
                        right=", ".join(lines.location_id.mapped("display_name")),
                        wrong=place.display_name,
                    )
                )
            lines = here + (lines - here)
        changes = self._pick_from(moves, lines, quantity)
        return Answer(
            self._tell_picked(moves), changes=changes, seen=self._see_quantity(moves, quantity)
        )

    @api.model
    def _see_quantity(self, moves, quantity):
        return {"quantity": quantity, "picking_id": moves.picking_id[:1].id}

    @api.model
    def _pick_from(self, moves, lines, quantity):
        """Pick so much from lines in their order, and then whatever is open."""
        unit, taken, left = moves.product_id.uom_id, {}, quantity
        for line in lines:
            part = min(line.quantity_product_uom, left, line.move_id._oms_get_to_pick())
            if unit.compare(part, 0.0) > 0:
                taken |= line.move_id._oms_pick(part, line)
                left = unit.round(left - part)
        for move in moves:
            part = min(move._oms_get_to_pick(), left)
            if unit.compare(part, 0.0) > 0:
                taken |= move._oms_pick(part)
                left = unit.round(left - part)
        return self._keep_picked(taken)

    @api.model
    def _check_lot_needed(self, product, lines):
        """Have the lot scanned where the product alone does not say which is meant."""
        if product.tracking == "none" or (product.tracking == "lot" and len(lines.lot_id) == 1):
            return
        lots = ", ".join(lines.lot_id.mapped("name"))
        raise UserError(
            self.env._(
                "Scan the serial or lot number of %(product)s: %(lots)s.",
                product=product.display_name,
                lots=lots or self.env._("none is reserved"),
            )
        )

    @api.model
    def _get_place(self, fulfillment, lines, operation):
        """Return where the user stands: the place that was scanned last."""
        places = self.env["stock.location"].sudo()
        if operation.get("location_id"):
            return places.browse(operation["location_id"]).exists()
        # sudo: the log is written by the screen's methods only
        last = (
            self.env["oms.scan"]
            .sudo()
            .search(
                [
                    ("fulfillment_id", "=", fulfillment.id),
                    ("user_id", "=", self.env.uid),
                    ("location_id", "!=", False),
                    ("received_at", ">", fields.Datetime.now() - timedelta(minutes=PLACE_MINUTES)),
                ],
                limit=1,
            )
        )
        return last.location_id

    @api.model
    def _pick_lot(self, moves, lot, quantity):
        """Pick goods of a lot: of a reserved one, or of another that is free.

        :param lot: ``stock.lot``, or its name
        """
        product = moves.product_id
        if isinstance(lot, str):
            name = lot
            # sudo: lots of goods at hand
            lot = (
                self.env["stock.lot"]
                .sudo()
                .search([("name", "=", name), ("product_id", "=", product.id)], limit=1)
            )
            if not lot:
                raise UserError(
                    self.env._(
                        "There is no lot %(lot)s of %(product)s.",
                        lot=name,
                        product=product.display_name,
                    )
                )
        lines = moves.move_line_ids.filtered(lambda line: line.lot_id == lot)
        open_lines = lines.filtered(lambda line: not line.picked)
        if product.tracking == "serial" and lines and not open_lines:
            raise UserError(
                self.env._(
                    "%(lot)s of %(product)s is picked already.",
                    lot=lot.name,
                    product=product.display_name,
                )
            )
        there = sum(open_lines.mapped("quantity_product_uom"))
        unit = product.uom_id
        missing = unit.round(quantity - there)
        taken = {}
        if unit.compare(missing, 0.0) > 0:
            taken |= self._swap_lot(moves, lot, missing)
        left = unit.round(min(quantity, there))
        for line in open_lines:
            part = min(line.quantity_product_uom, left)
            if unit.compare(part, 0.0) > 0:
                taken |= line.move_id._oms_pick(part, line)
                left = unit.round(left - part)
        return Answer(
            self._tell_picked(moves),
            changes=self._keep_picked(taken),
            seen=self._see_quantity(moves, quantity),
        )

    @api.model
    def _swap_lot(self, moves, lot, quantity):
        """Take goods of a lot that is not reserved in place of those that are.

        :raise UserError: the lot is not free at the site
        """
        product, unit = lot.product_id, lot.product_id.uom_id
        reserved = moves.move_line_ids.filtered(lambda line: not line.picked and line.lot_id != lot)
        free = (
            self.env["stock.quant"]
            .sudo()
            ._get_available_quantity(product, moves[0].location_id, lot_id=lot)
        )
        if unit.compare(free, quantity) < 0:
            others = ", ".join(reserved.lot_id.mapped("name"))
            raise UserError(
                self.env._(
                    "Wrong lot: %(lot)s of %(product)s is not free here. Take %(others)s.",
                    lot=lot.name,
                    product=product.display_name,
                    others=others or self.env._("another one"),
                )
            )
        taken, left = {}, quantity
        for move in moves:
            part = min(move._oms_get_to_pick(), left)
            if unit.compare(part, 0.0) <= 0:
                continue
            over = unit.round(part - move._oms_get_unreserved())
            for line in reserved & move.move_line_ids:
                drop = min(line.quantity_product_uom, over)
                if unit.compare(drop, 0.0) > 0:
                    line._oms_drop(drop)
                    over = unit.round(over - drop)
            taken[move._oms_pick_unreserved(part, lot=lot)] = part
            left = unit.round(left - part)
        return taken
