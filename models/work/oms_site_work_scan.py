from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .answer import Answer

#: For how long a scanned place counts as the place where somebody stands.
PLACE_MINUTES = 30


@dataclass(frozen=True)
class Seen:
    """What a barcode stands for.

    :param product: ``product.product``, perhaps empty
    :param lot: ``stock.lot``, perhaps empty
    :param package: ``stock.package``, perhaps empty
    :param location: ``stock.location``, perhaps empty
    :param float quantity: how many of the product's unit it stands for, or None where it does not
        tell
    """

    product: models.BaseModel
    lot: models.BaseModel
    package: models.BaseModel
    location: models.BaseModel
    quantity: float | None = None


class OmsSiteWork(models.AbstractModel):
    """Scanning: what a code stands for, and what is done with it."""

    _inherit = "oms.site.work"

    @api.model
    def _apply_scan(self, fulfillment, operation):
        code = str(operation.get("barcode") or "").strip()
        count = self._read_quantity(operation, default=1)
        if not code or not count:
            raise UserError(self.env._("Nothing was scanned."))
        fulfillment = fulfillment._begin_work()
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

    # === WHAT A CODE STANDS FOR === #

    @api.model
    def _read_barcode(self, fulfillment, moves, code):
        """Return what a barcode stands for in the work at hand.

        :param moves: ``stock.move`` that are to be picked
        :rtype: Seen
        :raise UserError: it stands for nothing of this work
        """
        products = fulfillment._get_site_moves().product_id
        seen = (
            self._read_product(products, code)
            or self._read_lot(products, code)
            or self._read_place(fulfillment, code)
            or self._read_package(fulfillment, code)
            or self._read_gs1(fulfillment, products, code)
        )
        if not seen:
            raise UserError(self._tell_unknown(fulfillment, code))
        if seen.product and seen.product not in moves.product_id:
            raise UserError(self._tell_too_many_of(fulfillment, seen.product))
        return seen

    @api.model
    def _see(self, product=None, lot=None, package=None, location=None, quantity=None):
        return Seen(
            # sudo: what belongs to the work at hand, whoever does it
            product or self.env["product.product"].sudo(),
            lot or self.env["stock.lot"].sudo(),
            package or self.env["stock.package"].sudo(),
            location or self.env["stock.location"].sudo(),
            quantity,
        )

    @api.model
    def _read_product(self, products, code):
        found = products.filtered(lambda product: code == product.barcode)
        found = found or products.filtered(lambda product: code == product.default_code)
        if found:
            return self._see(found[0])
        # sudo: packagings of goods at hand
        packaging = (
            self.env["product.uom"]
            .sudo()
            .search([("barcode", "=", code), ("product_id", "in", products.ids)], limit=1)
        )
        if not packaging:
            return None
        product = packaging.product_id
        return self._see(
            product, quantity=packaging.uom_id._compute_quantity(1.0, product.uom_id, round=False)
        )

    @api.model
    def _read_lot(self, products, code):
        tracked = products.filtered(lambda product: product.tracking != "none")
        if not tracked:
            return None
        # sudo: lots of goods at hand
        lot = (
            self.env["stock.lot"]
            .sudo()
            .search([("name", "=", code), ("product_id", "in", tracked.ids)], limit=1)
        )
        return self._see(lot.product_id, lot) if lot else None

    @api.model
    def _read_place(self, fulfillment, code):
        # sudo: places of the site at hand
        place = (
            self.env["stock.location"]
            .sudo()
            .search(
                [
                    ("barcode", "=", code),
                    ("warehouse_id", "=", fulfillment.site_id.warehouse_id.id),
                ],
                limit=1,
            )
        )
        return self._see(location=place) if place else None

    @api.model
    def _read_package(self, fulfillment, code):
        lines = fulfillment._get_site_moves().move_line_ids
        packages = (lines.package_id | lines.result_package_id).filtered(
            lambda package: package.name == code
        )
        return self._see(package=packages[0]) if packages else None

    @api.model
    def _read_gs1(self, fulfillment, products, code):
        """Read a code of GS1: product, lot or serial, quantity, package."""
        values = self._split_gs1(fulfillment, code)
        if "package" in values:
            return self._read_package(fulfillment, values["package"])
        if "product" not in values:
            return None
        seen = self._read_gtin(products, values["product"])
        if not seen:
            return None
        lot = self.env["stock.lot"].sudo()
        if "lot" in values and seen.product.tracking != "none":
            lot = lot.search(
                [("name", "=", values["lot"]), ("product_id", "=", seen.product.id)], limit=1
            )
            if not lot:
                raise UserError(
                    self.env._(
                        "There is no lot %(lot)s of %(product)s.",
                        lot=values["lot"],
                        product=seen.product.display_name,
                    )
                )
        quantity = seen.quantity
        if values.get("quantity"):
            quantity = float(values["quantity"]) * (quantity or 1.0)
        return self._see(seen.product, lot, quantity=quantity)

    @api.model
    def _split_gs1(self, fulfillment, code):
        """Return what a code of GS1 tells by kind; nothing where it is none.

        :rtype: dict
        """
        # sudo: the nomenclature is the company's, and no secret
        nomenclature = fulfillment.company_id.sudo().nomenclature_id
        if not nomenclature.is_gs1_nomenclature:
            return {}
        try:
            parts = nomenclature.gs1_decompose_extended(code) or ()
        except ValidationError:
            return {}
        return {part["type"]: part["value"] for part in reversed(parts)}

    @api.model
    def _read_gtin(self, products, gtin):
        """Find a product by its number of 14 digits, which may be kept with fewer."""
        for number in dict.fromkeys((gtin, *(gtin[14 - length :] for length in (13, 12, 8)))):
            seen = gtin.endswith(number) and self._read_product(products, number)
            if seen and set(gtin[: 14 - len(number)]) <= {"0"}:
                return seen
        return None

    # === WRONG CODES === #

    @api.model
    def _tell_unknown(self, fulfillment, code):
        """Say what a code stands for that has nothing to do with the work at hand."""
        gtin = self._split_gs1(fulfillment, code).get("product", "")
        # Kept with as many digits as it has on the goods.
        codes = {code, gtin.lstrip("0"), *(gtin[place:] for place in (0, 1, 2, 6) if gtin)} - {""}
        # sudo: the name of what was scanned is on it
        product = self.env["product.product"].sudo().search([("barcode", "in", codes)], limit=1)
        product = (
            product
            or self.env["product.uom"].sudo().search([("barcode", "in", codes)], limit=1).product_id
        )
        lot = self.env["stock.lot"].sudo().search([("name", "=", code)], limit=1)
        if product or lot:
            return self.env._(
                "%(product)s is not in this order: put it back.",
                product=(product or lot.product_id).display_name,
            )
        if self.env["stock.package"].sudo().search_count([("name", "=", code)], limit=1):
            return self.env._("Package %s is not of this order.", code)
        if self.env["stock.location"].sudo().search_count([("barcode", "=", code)], limit=1):
            return self.env._("The place %s is of another site.", code)
        return self.env._("Nobody knows the barcode %s.", code)

    @api.model
    def _tell_too_many_of(self, fulfillment, product):
        moves = fulfillment._get_site_moves().filtered(lambda move: move.product_id == product)
        return self._tell_too_many(fulfillment, moves, 0.0)

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
