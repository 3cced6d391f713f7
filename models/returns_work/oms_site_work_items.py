from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..site_work.answer import Answer
from ..site_work.oms_site_work_apply import MOST_QUANTITY, is_id
from ..words import write_quantity


class OmsSiteWork(models.AbstractModel):
    """Counting goods that come back; see ``docs/site-work.md``."""

    _inherit = "oms.site.work"

    @api.model
    def _apply_return_item(self, record, operation):
        """Count goods that came, or fewer of them.

        Keys: ``quantity`` in the product's unit (times what a packaging's ``barcode`` stands for);
        of what, as ``barcode``, ``sale_line_id``, ``product_id`` or ``draft_id``; ``lot_name``;
        ``is_other`` for goods that are not of the order, and ``note`` for what nobody knows.
        """
        site = self._begin_receipt(record, operation)
        quantity = self._read_quantity(operation, default=1, least=-MOST_QUANTITY)
        if not quantity:
            raise UserError(self.env._("Nothing was scanned."))
        if quantity < 0:
            return self._take_off(record, site, operation, -quantity)
        seen, line = self._read_item(record, site, operation)
        if not seen:
            return self._take_unknown(record, site, operation, quantity)
        quantity = seen.product.uom_id.round(quantity * (seen.quantity or 1.0))
        lot_name = str(operation.get("lot_name") or "").strip()[:100] or seen.lot.name
        lot = seen.lot
        if line:
            lot = self._check_lot_came(record, line, seen.product, lot_name, quantity)
            self._check_room(record, line, quantity)
        elif record.order_id and not operation.get("is_other"):
            raise UserError(self._tell_not_of_order(record, seen, lot_name))
        else:
            lot = self._read_other_lot(site, seen, lot_name)
        if seen.product.tracking == "serial" and quantity != 1:
            raise UserError(self.env._("A serial number stands for one piece: %s.", lot_name))
        draft = self._add_to_hand(
            record,
            {
                "sale_line_id": line.id,
                "product_id": seen.product.id,
                "lot_id": lot.id,
                "lot_name": lot_name if lot_name and not lot else False,
                "is_other": bool(record.order_id) and not line,
                "site_id": site.id,
                "note": str(operation.get("note") or "")[:1000] or False,
            },
            quantity,
        )
        text, outcome = self._tell_received(record, line, seen.product)
        return Answer(text, outcome, changes={"added": [[draft.id, quantity]]})

    @api.model
    def _read_item(self, record, site, operation):
        """Return what goods somebody has in hand, and of which order line they are.

        :return: ``Seen``, None for what nobody knows; and ``sale.order.line``, perhaps empty
        :rtype: tuple
        """
        line = self.env["sale.order.line"].sudo()
        lot_name = str(operation.get("lot_name") or "").strip()
        if operation.get("sale_line_id"):
            key = operation["sale_line_id"]
            line = record.order_id.order_line.filtered(lambda each: each.id == key)
            if not line:
                raise UserError(self.env._("That is no line of this order: load it anew."))
            return self._see(line.product_id), line
        if operation.get("product_id"):
            key = operation["product_id"]
            # sudo: whoever has goods in hand may know what they are
            products = self.env["product.product"].sudo()
            named = Domain("id", "=", key if is_id(key) else 0)
            here = products.search(self._get_goods_domain(site) & named)
            seen = self._see(self._read_record("product.product", key, here).sudo())
        else:
            code = str(operation.get("barcode") or "").strip()[:200]
            seen = code and self._read_goods(site, code, record.order_id)
        if not seen:
            return None, line
        if seen.product.type != "consu":
            raise UserError(
                self.env._("%s is a service: it cannot come back.", seen.product.display_name)
            )
        if not operation.get("is_other"):
            lot = seen.lot
            if lot_name and not lot:
                found = self._read_any_lot(site, lot_name, seen.product, seen.product)
                lot = found.lot if found else lot
            line = self._find_sale_line(record, seen.product, lot) or line
        return seen, line

    @api.model
    def _read_other_lot(self, site, seen, lot_name):
        """Return the lot of goods that are of no order line, if it is known here."""
        if seen.product.tracking == "none" or seen.lot:
            return seen.lot
        if not lot_name:
            raise UserError(
                self.env._("Scan the serial or lot number of %s.", seen.product.display_name)
            )
        found = self._read_any_lot(site, lot_name, seen.product, seen.product)
        return found.lot if found else seen.lot

    @api.model
    def _check_room(self, record, line, quantity):
        """Make sure that no more comes of a line than the customer has.

        :raise UserError: it is more
        """
        product = line.product_id
        left = self._get_rows(record)[line]["left"]
        if product.uom_id.compare(quantity, left) <= 0:
            return
        if product.uom_id.compare(left, 0.0) <= 0:
            raise UserError(
                self.env._("%s: all that was delivered is back already.", product.display_name)
            )
        raise UserError(
            self.env._(
                "Too many: the customer can have only %(left)s more of %(product)s.",
                left=write_quantity(self.env, left, product.uom_id),
                product=product.display_name,
            )
        )

    @api.model
    def _tell_not_of_order(self, record, seen, lot_name):
        """Say why goods cannot be of the order of a return."""
        lines = record.order_id.order_line.filtered(lambda line: line.product_id == seen.product)
        if lines and lot_name:
            lots = seen.lot or self.env["stock.lot"].sudo().search(
                [("name", "=", lot_name), ("product_id", "=", seen.product.id)]
            )
            return self._tell_wrong_lot(record, lines[0], lots, lot_name)
        if lines:
            return self.env._(
                "%s: all that was delivered is back already.", seen.product.display_name
            )
        return self.env._(
            "%(product)s is not of order %(order)s: take it as other goods, or give it back.",
            product=seen.product.display_name,
            order=record.order_id.name,
        )

    @api.model
    def _take_unknown(self, record, site, operation, quantity):
        """Keep goods of which nobody knows what they are."""
        note = str(operation.get("note") or "").strip()[:1000]
        code = str(operation.get("barcode") or "").strip()[:200]
        if not note:
            raise UserError(
                self.env._("Nobody knows the barcode %s.", code)
                if code
                else self.env._("Say what it is.")
            )
        draft = self._add_to_hand(
            record,
            {"barcode": code or False, "note": note, "is_other": True, "site_id": site.id},
            quantity,
        )
        return Answer(
            self.env._("Kept apart: %s. Somebody looks at it.", note),
            "warning",
            changes={"added": [[draft.id, quantity]]},
        )

    @api.model
    def _add_to_hand(self, record, vals, quantity):
        """Put goods to those of the same kind that nobody graded yet, or beside them."""
        same = record.receipt_item_ids.filtered(
            lambda each: (
                not each.grade_id
                and not (vals.get("note") or each.note)
                and all(
                    (each[name].id if name.endswith("_id") else each[name]) == vals.get(name)
                    for name in (
                        "sale_line_id",
                        "product_id",
                        "lot_id",
                        "lot_name",
                        "is_other",
                        "site_id",
                    )
                )
            )
        )[:1]
        if same:
            same.quantity += quantity
            return same
        return (
            self.env["oms.receipt.item"]
            .sudo()
            .create({**vals, "return_id": record.id, "quantity": quantity, "user_id": self.env.uid})
        )

    @api.model
    def _take_off(self, record, site, operation, quantity):
        """Count fewer goods than before."""
        draft = self._find_in_hand(record, operation)
        unit = draft.product_id.uom_id
        part = min(quantity, draft.quantity)
        changes = {"removed": [[draft._prepare_copy(), part]]}
        line, product = draft.sale_line_id, draft.product_id
        draft._lower(part)
        text, _outcome = self._tell_received(record, line, product)
        if unit and unit.compare(quantity, part) > 0:
            return Answer(text, "warning", changes=changes)
        return Answer(text, changes=changes)

    @api.model
    def _find_in_hand(self, record, operation):
        """Return the goods in hand that an operation names.

        By ``draft_id``, or as those of a line, product and lot that nobody graded.

        :raise UserError: there are none
        """
        drafts = record.receipt_item_ids
        key = operation.get("draft_id")
        if key:
            found = drafts.filtered(lambda each: each.id == key)
        else:
            lot_name = operation.get("lot_name") or ""
            found = drafts.filtered(
                lambda each: (
                    not each.grade_id
                    and each.product_id
                    and (each.lot_id.name or each.lot_name or "") == lot_name
                    and (
                        each.sale_line_id.id == operation["sale_line_id"]
                        if operation.get("sale_line_id")
                        else each.product_id.id == operation.get("product_id")
                    )
                )
            )
        if not found:
            raise UserError(self.env._("These goods are not there any more: load it anew."))
        return found[0]

    @api.model
    def _tell_received(self, record, line, product):
        """Return what is said of goods of which more or fewer are counted now.

        :return: sentence and outcome
        :rtype: tuple[str, str]
        """
        if not product:
            return self.env._("Taken off."), "ok"
        unit, values = product.uom_id, {"product": product.display_name}
        if not line:
            in_hand = record.receipt_item_ids.filtered(
                lambda each: each.product_id == product and not each.sale_line_id
            )
            received = sum(in_hand.mapped("quantity"))
            values["received"] = write_quantity(self.env, received, unit)
            return self.env._("%(product)s: %(received)s.", **values), "ok"
        row = self._get_rows(record)[line]
        values["received"] = write_quantity(self.env, row["received"], unit)
        if not row["announced"]:
            return self.env._("%(product)s: %(received)s.", **values), "ok"
        values["wanted"] = write_quantity(self.env, row["announced"], unit)
        if unit.compare(row["missing"], 0.0) < 0:
            return (
                self.env._("%(product)s: %(received)s, only %(wanted)s were announced.", **values),
                "warning",
            )
        return self.env._("%(product)s: %(received)s of %(wanted)s.", **values), "ok"
