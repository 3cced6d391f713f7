from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError

from ..words import write_goods, write_quantity


class OmsReturn(models.Model):
    """What came is found in what was announced, or else in what the order delivered."""

    _inherit = "oms.return"

    def _match_items(self, items):
        """Find the return line of each item.

        :param list items: as in ``_receive``
        :return: (line, item) where there is one, and the items of no line
        :rtype: tuple[list, list]
        :raise UserError: an item is nothing
        """
        left = {line: max(line.quantity - line.quantity_received, 0.0) for line in self.line_ids}
        known, strange, more = [], [], defaultdict(float)
        for item in items:
            item = self._read_item(item)
            if item["unexpected"]:
                self._check_no_kit(item)
                strange.append(item)
                continue
            for line, part in self._find_lines(item, left, more):
                values = {**item, "quantity": part}
                if line:
                    known.append((line, values))
                else:
                    self._check_no_kit(item)
                    strange.append(values)
        self._check_lots_with_customer(known)
        return known, strange

    def _check_lots_with_customer(self, known):
        """Make sure that of no lot more comes than the customer has of it.

        :param list known: (line, item)
        :raise UserError: more does
        """
        came = defaultdict(float)
        for line, item in known:
            if item["lot"]:
                came[line.sale_line_id, item["lot"]] += item["quantity"]
        for (sale_line, lot), quantity in came.items():
            has = sale_line._oms_get_quantity_of_lot(lot)
            if lot.product_uom_id.compare(quantity, has) > 0:
                raise UserError(
                    self.env._(
                        "%(came)s of %(lot)s are more than the customer can have of it: "
                        "%(has)s. Take the rest in as unexpected goods.",
                        came=write_goods(self.env, quantity, lot.product_id),
                        lot=lot.name,
                        has=write_quantity(self.env, max(has, 0.0), lot.product_uom_id),
                    )
                )

    def _check_no_kit(self, item):
        """Make sure that goods of no order are goods that lie in stock.

        :raise UserError: they are a kit
        """
        if item["product"]._oms_is_kit(self.company_id):
            raise UserError(
                self.env._(
                    "%s is a kit that is not of this order: take its parts in one by one.",
                    item["product"].display_name,
                )
            )

    def _read_item(self, item):
        """Return an item with its records, checked by itself.

        :raise UserError: it is nothing that can come
        """
        line = self.line_ids.filtered(lambda each: each.id == item.get("line_id"))
        if item.get("line_id") and not line:
            raise UserError(self.env._("That is no line of %s.", self.name))
        product = line.product_id or self.env["product.product"].browse(
            item.get("product_id") or []
        )
        if not product.exists() or product.type != "consu":
            raise UserError(self.env._("Say what came: a product that can lie in stock."))
        if product.company_id and product.company_id != self.company_id:
            raise UserError(
                self.env._(
                    "%(product)s is a product of %(company)s: no other company takes it in.",
                    product=product.display_name,
                    company=product.company_id.name,
                )
            )
        quantity = self._check_quantity(product, item.get("quantity"))
        lot = self.env["stock.lot"].browse(item.get("lot_id") or [])
        if lot and lot.product_id != product:
            raise UserError(
                self.env._(
                    "%(lot)s is no lot of %(product)s.", lot=lot.name, product=product.display_name
                )
            )
        if product.tracking == "serial" and lot and quantity != 1:
            raise UserError(self.env._("A serial number stands for one piece: %s.", lot.name))
        return {
            **item,
            "line": line,
            "product": product,
            "quantity": quantity,
            "lot": lot,
            "unexpected": bool(item.get("unexpected")),
        }

    def _find_lines(self, item, left, more):
        """Say of which lines an item is, in the order: named, announced, delivered else.

        :param dict item: as ``_read_item`` gives it
        :param dict left: what is still expected, by line; what is found is taken off it
        :param dict more: what else of order lines was found so far; what is found is added
        :return: (line, quantity); an empty line for what fits nowhere
        :rtype: list[tuple]
        :raise UserError: the line that is named cannot be it
        """
        unit, rest = item["product"].uom_id, item["quantity"]
        if item["line"]:
            self._check_item_of_line(item)
            more[item["line"].sale_line_id] += max(rest - left[item["line"]], 0.0)
            left[item["line"]] = max(left[item["line"]] - rest, 0.0)
            return [(item["line"], rest)]
        found = []
        for line in self.line_ids.filtered(lambda each: each.product_id == item["product"]):
            part = unit.round(min(left[line], rest))
            if unit.compare(part, 0.0) > 0 and line._may_be(item["lot"]):
                found.append((line, part))
                left[line] -= part
                rest = unit.round(rest - part)
        for line, part in self._add_lines(item, rest, more) if rest else ():
            found.append((line, part))
            rest = unit.round(rest - part)
        if unit.compare(rest, 0.0) > 0:
            found.append((self.env["oms.return.line"], rest))
        return found

    def _check_item_of_line(self, item):
        """Make sure that an item can be of the line that it names.

        :raise UserError: it cannot
        """
        line, lot = item["line"], item["lot"]
        if lot and not line._may_be(lot):
            raise UserError(
                self.env._(
                    "%(lot)s was not delivered with the order %(order)s, or came back before.",
                    lot=lot.name,
                    order=self.order_id.name,
                )
            )
        others = sum(
            each._get_quantity_expected()
            for each in self.line_ids - line
            if each.sale_line_id == line.sale_line_id
        )
        room = line.sale_line_id._oms_get_quantity_with_customer() - others
        if line.uom_id.compare(item["quantity"], room) > 0:
            raise UserError(
                self.env._(
                    "%(came)s are more than the customer can have: %(room)s. "
                    "Take the rest in as unexpected goods.",
                    came=write_goods(self.env, item["quantity"], line.product_id),
                    room=write_quantity(self.env, max(room, 0.0), line.uom_id),
                )
            )

    def _add_lines(self, item, quantity, more):
        """Add lines for goods that were not announced, but were delivered with the order.

        :param dict item: as ``_read_item`` gives it
        :param float quantity: for which there is no line yet
        :param dict more: what was added so far, by order line; what is added now is added
        :return: (line, quantity)
        :rtype: list[tuple]
        """
        added = []
        unit = item["product"].uom_id
        for sale_line in self.order_id.order_line.filtered(
            lambda each: each.product_id == item["product"] and each.product_id.type == "consu"
        ):
            expected = sum(line._get_quantity_expected() for line in sale_line.oms_return_line_ids)
            has = sale_line._oms_get_quantity_with_customer()
            part = unit.round(min(has - expected - more.get(sale_line, 0.0), quantity))
            if unit.compare(part, 0.0) <= 0 or not sale_line._oms_has_lot(item["lot"]):
                continue
            line = self.line_ids.filtered(lambda each, of=sale_line: each.sale_line_id == of)[:1]
            if not line:
                line = self.line_ids.create(
                    {
                        "return_id": self.id,
                        "sale_line_id": sale_line.id,
                        "product_id": sale_line.product_id.id,
                        "price": sale_line._oms_get_return_price(),
                        "quantity": 0.0,
                        "objection": sale_line._oms_get_objection(part),
                        "origin_move_id": sale_line._oms_get_delivered_moves()[-1:].id,
                    }
                )
            added.append((line, part))
            more[sale_line] = more.get(sale_line, 0.0) + part
            quantity = unit.round(quantity - part)
        return added


class OmsReturnLine(models.Model):
    _inherit = "oms.return.line"

    def _may_be(self, lot):
        """Tell whether a lot was delivered with the line and is still with the customer.

        :param lot: ``stock.lot``, may be empty
        :rtype: bool
        """
        self.ensure_one()
        return self.sale_line_id._oms_has_lot(lot)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_has_lot(self, lot):
        """Tell whether a lot was delivered with the line and is still with the customer.

        :param lot: ``stock.lot``, may be empty
        :rtype: bool
        """
        self.ensure_one()
        return not lot or lot.product_uom_id.compare(self._oms_get_quantity_of_lot(lot), 0.0) > 0

    def _oms_get_quantity_of_lot(self, lot):
        """Return how much of a lot the customer has by the line, in the unit of the product.

        :param lot: ``stock.lot``
        :rtype: float
        """
        self.ensure_one()
        out = self._oms_get_delivered_moves().move_line_ids
        back = self._oms_get_back_moves().move_line_ids
        return sum(
            sign * line.quantity_product_uom
            for sign, lines in ((1, out), (-1, back))
            for line in lines
            if line.lot_id == lot
        )
