from dataclasses import dataclass

from odoo import api, models
from odoo.exceptions import UserError, ValidationError


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
    """What scanned codes stand for, in the work at hand and elsewhere."""

    _inherit = "oms.site.work"

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
            or self._read_lot(products, moves, code)
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
    def _read_lot(self, products, moves, code):
        tracked = products.filtered(lambda product: product.tracking != "none")
        if not tracked:
            return None
        # sudo: lots of goods at hand
        lots = (
            self.env["stock.lot"]
            .sudo()
            .search([("name", "=", code), ("product_id", "in", tracked.ids)])
        )
        if len(lots) > 1:
            # Lots of several products bear one name, as a date: what is to be picked is meant.
            to_pick = moves.filtered(lambda move: move._oms_get_to_pick())
            reserved = to_pick.move_line_ids.filtered(lambda line: not line.picked).lot_id & lots
            wanted = lots.filtered(lambda lot: lot.product_id in to_pick.product_id)
            lots = reserved or wanted or lots
        lot = lots[:1]
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
