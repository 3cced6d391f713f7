from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..words import write_quantity


class OmsSiteWork(models.AbstractModel):
    """What codes on goods that come back stand for, and of which order line these are."""

    _inherit = "oms.site.work"

    @api.model
    def find_goods(self, site_id, return_ref, code):
        """Return what a code on goods stands for, and whether they are of a return.

        :param int site_id: ``oms.site`` at which the goods are
        :param return_ref: id of ``oms.return``, or the key that a device gave it
        :param str code: what was scanned or typed; also the name of a product
        :return: ``product``, ``lot``, ``quantity``, ``rounding``, ``is_of_return`` and
            ``message``; None where nobody knows the code
        :rtype: dict
        :raise AccessError: the user does not work there
        """
        site = self._get_return_site(site_id)
        code = (code if isinstance(code, str) else "").strip()[:200]
        # sudo: of a return that may be seen at the site
        record = self._get_return(site, return_ref).sudo()
        seen = code and (
            self._read_goods(site, code, record.order_id) or self._read_product_name(site, code)
        )
        if not seen:
            return None
        fits = self._find_sale_line(record, seen.product, seen.lot)
        message = ""
        if record.order_id and not fits:
            message = self.env._(
                "%(product)s is not of order %(order)s, or all of it came back. Taken in all the "
                "same, it is kept apart and nothing is paid back for it.",
                product=seen.product.display_name,
                order=record.order_id.name,
            )
        return {
            "product": self._prepare_product(seen.product),
            "lot": seen.lot.name or None,
            "quantity": seen.quantity or 1.0,
            "rounding": seen.product.uom_id.rounding,
            "is_of_return": not record.order_id or bool(fits),
            "message": message,
        }

    # === CODES === #

    @api.model
    def _read_goods(self, site, code, order=None):
        """Return what a code on goods stands for.

        :param site: ``oms.site`` at which the goods are
        :param str code: barcode of product or packaging, reference, lot or serial number, or GS1
        :param order: ``sale.order`` whose goods are meant first where a code stands for several
        :rtype: Seen
        """
        # sudo: whoever has goods in hand may know what they are
        own = (order or self.env["sale.order"]).sudo().order_line.product_id
        return (
            (own and self._read_product(own, code))
            or self._read_any_product(site, [code])
            or self._read_any_lot(site, code, own)
            or self._read_any_gs1(site, code, own)
        )

    @api.model
    def _get_goods_domain(self, site):
        """Return which products lie at a site: barcodes and names are those of a company."""
        return Domain("company_id", "in", (False, site.company_id.id))

    @api.model
    def _read_any_product(self, site, codes):
        """Find a product by its barcode, that of a packaging, or its reference."""
        # sudo: whoever has goods in hand may know what they are
        products = self.env["product.product"].sudo()
        here = self._get_goods_domain(site)
        found = products.search(here & Domain("barcode", "in", codes), limit=1)
        if not found:
            packed = Domain("product_id", "any", here) & Domain("barcode", "in", codes)
            packaging = self.env["product.uom"].sudo().search(packed, limit=1)
            if packaging:
                return self._read_product(packaging.product_id, packaging.barcode)
            found = products.search(here & Domain("default_code", "in", codes), limit=1)
        return self._see(found) if found else None

    @api.model
    def _read_product_name(self, site, text):
        """Find a product by its name, if there is just one of it."""
        named = Domain("name", "ilike", text) & Domain("type", "=", "consu")
        # sudo: whoever has goods in hand may know what they are
        products = self.env["product.product"].sudo()
        found = products.search(self._get_goods_domain(site) & named, limit=2)
        return self._see(found) if len(found) == 1 else None

    @api.model
    def _read_any_lot(self, site, code, own, products=None):
        """Find a lot or serial number; where several products have it, that of own goods."""
        domain = [("name", "=", code), ("company_id", "in", (False, site.company_id.id))]
        if products is not None:
            domain.append(("product_id", "in", products.ids))
        lots = self.env["stock.lot"].sudo().search(domain, limit=50)
        lot = (lots.filtered(lambda each: each.product_id in own) or lots)[:1]
        return self._see(lot.product_id, lot) if lot else None

    @api.model
    def _read_any_gs1(self, site, code, own):
        """Read a code of GS1: product, lot or serial number, quantity."""
        values = self._split_gs1(site, code)
        gtin = values.get("product")
        if not gtin:
            return None
        numbers = dict.fromkeys((gtin, *(gtin[14 - length :] for length in (13, 12, 8))))
        seen = self._read_any_product(
            site,
            [number for number in numbers if set(gtin[: 14 - len(number)]) <= {"0"}],
        )
        if not seen:
            return None
        quantity = seen.quantity
        if values.get("quantity"):
            quantity = float(values["quantity"]) * (quantity or 1.0)
        lot = None
        if values.get("lot") and seen.product.tracking != "none":
            found = self._read_any_lot(site, values["lot"], own, seen.product)
            lot = found and found.lot
        return self._see(seen.product, lot, quantity=quantity)

    # === OF WHICH LINE === #

    @api.model
    def _find_sale_line(self, record, product, lot=None):
        """Return of which order line goods are that come: announced ones first.

        :param record: ``oms.return``
        :param product: ``product.product``
        :param lot: ``stock.lot``, where it was read
        :return: a line of which more may come; empty where there is none
        :rtype: sale.order.line
        """
        rows = [
            (line, row)
            for line, row in self._get_rows(record).items()
            if line.product_id == product and row["left"] > 0
        ]
        if lot:
            lots = record.order_id.order_line._oms_get_lots_with_customer()
            rows = [(line, row) for line, row in rows if lot in lots[line]]
        rows.sort(key=lambda each: (each[1]["missing"] <= 0, each[0].id))
        return rows[0][0] if rows else self.env["sale.order.line"].sudo()

    @api.model
    def _get_rows(self, record):
        """Return how many of each order line may still come, and are still missing.

        :return: ``left``, ``missing``, ``announced`` and ``received`` in the product's unit
        :rtype: dict[sale.order.line, dict]
        """
        rows = {}
        for line in record.order_id.order_line.filtered(
            lambda line: not line.display_type and line.product_id.type == "consu"
        ):
            unit = line.product_id.uom_id
            announced = record.line_ids.filtered(lambda each, of=line: each.sale_line_id == of)
            in_hand = record.receipt_item_ids.filtered(
                lambda each, of=line: each.sale_line_id == of
            )
            counted = sum(in_hand.mapped("quantity"))
            received = counted + sum(announced.item_ids.mapped("quantity"))
            wanted = sum(announced.mapped("quantity"))
            rows[line] = {
                "left": unit.round(line._oms_get_room(record) - counted),
                "missing": unit.round(wanted - received),
                "announced": wanted,
                "received": received,
            }
        return rows

    @api.model
    def _check_lot_came(self, record, line, product, lot_name, quantity):
        """Return the lot that goods of an order line have.

        :param float quantity: how much of it is counted now, in the product's unit
        :raise UserError: it was not delivered with the order, or came back already, or not as much
            was delivered of it
        """
        if product.tracking == "none":
            return self.env["stock.lot"].sudo()
        if not lot_name:
            raise UserError(
                self.env._("Scan the serial or lot number of %s.", product.display_name)
            )
        lots = (
            self.env["stock.lot"]
            .sudo()
            .search([("name", "=", lot_name), ("product_id", "=", product.id)])
        )
        held = line._oms_get_lots_with_customer()[line]
        lot = lots.filtered(lambda each: each in held)[:1]
        if not lot:
            raise UserError(self._tell_wrong_lot(record, line, lots, lot_name))
        counted = sum(
            record.receipt_item_ids.filtered(
                lambda each: each.lot_id == lot and each.sale_line_id == line
            ).mapped("quantity")
        )
        left = product.uom_id.round(held[lot] - counted)
        if product.uom_id.compare(left, 0.0) <= 0:
            raise UserError(self.env._("%s was scanned already.", lot_name))
        if product.tracking != "serial" and product.uom_id.compare(quantity, left) > 0:
            raise UserError(
                self.env._(
                    "Too many: the customer can have only %(left)s more of %(lot)s.",
                    left=write_quantity(self.env, left, product.uom_id),
                    lot=lot_name,
                )
            )
        return lot

    @api.model
    def _tell_wrong_lot(self, record, line, lots, lot_name):
        """Say why goods with a number cannot be those of an order line."""
        values = {"lot": lot_name, "product": line.product_id.display_name}
        if not lots:
            return self.env._("%(product)s has no lot or serial number %(lot)s.", **values)
        values["order"] = record.order_id.name
        if lots & line._oms_get_delivered_moves().move_line_ids.lot_id:
            return self.env._(
                "%(lot)s was delivered with %(order)s, but came back already.", **values
            )
        others = self._find_orders_of_lot(record, lots[0]) - record.order_id
        if others:
            values["other"] = ", ".join(others.mapped("name"))
            return self.env._("%(lot)s was delivered with %(other)s, not with %(order)s.", **values)
        return self.env._("%(lot)s was never delivered to a customer.", **values)
