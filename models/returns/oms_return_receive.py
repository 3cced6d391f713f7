from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .oms_return import OPEN_STATES

#: States in which goods of a return may come.
RECEIVING_STATES = (*OPEN_STATES, "received")


class OmsReturn(models.Model):
    """What really comes: as announced, or more, fewer, other goods, or at another site."""

    _inherit = "oms.return"

    def _receive(self, items, site=None):
        """Take in what came, and put it where it waits for its inspection.

        Goods of an item that names no return line are matched with what was announced and then
        with what else the order delivered; what fits nowhere is kept as goods of no order line, and
        so is what names none on purpose (``unexpected``).

        :param list items: dicts with ``product_id`` (or ``line_id``), ``quantity`` in the product's
            unit, and perhaps ``lot_id``, ``unexpected``, ``note``, ``photo_ids``, ``grade_id``,
            ``checks``
        :param site: ``oms.site`` at which they came; that of the return when None
        :return: what came
        :rtype: oms.return.item
        :raise UserError: the return is over, more than was delivered would be back, or a lot was
            not delivered; nothing is changed
        """
        self.ensure_one()
        # sudo: who takes goods back at a site need not have rights on the order
        record = self.sudo()
        site = (site or record.site_id).sudo()
        record._check_state(RECEIVING_STATES, self.env._("received"))
        record._check_receiving_site(site)
        record.order_id.order_line._oms_lock_returns()
        if record.state == "requested":
            record.site_id = site
            record._authorize()
        known, strange = record._match_items(items)
        made = record._take_in(known, site)
        made |= record._take_in_strange(strange, site)
        record._note_received(made, site)
        return made.with_env(self.env)

    def _check_receiving_site(self, site):
        """Make sure that goods can be taken in at a site.

        :raise UserError: they cannot
        """
        self.ensure_one()
        if not site or not site.warehouse_id or site.company_id != self.company_id:
            raise UserError(self.env._("Say at which site of %s it came.", self.company_id.name))

    # === WHAT IT IS === #

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
                        "%(came)g %(unit)s of %(lot)s are more than the customer can have of it: "
                        "%(has)g. Take the rest in as unexpected goods.",
                        came=quantity,
                        unit=lot.product_uom_id.name,
                        lot=lot.name,
                        has=max(has, 0.0),
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
                    "%(came)g %(unit)s of %(product)s are more than the customer can have: "
                    "%(room)g. Take the rest in as unexpected goods.",
                    came=item["quantity"],
                    unit=line.uom_id.name,
                    product=line.product_id.display_name,
                    room=max(room, 0.0),
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
                        "origin_move_id": sale_line._oms_get_delivered_moves()[-1:].id,
                    }
                )
            added.append((line, part))
            more[sale_line] = more.get(sale_line, 0.0) + part
            quantity = unit.round(quantity - part)
        return added

    # === INTO STOCK === #

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

    # === WHAT FOLLOWS === #

    def _note_moves(self, moves):
        """Write down what came in transfers that people validated themselves.

        :param moves: done ``stock.move`` of lines of the return
        """
        self.ensure_one()
        site = moves.picking_type_id.warehouse_id.oms_site_ids[:1] or self.site_id
        items = self.env["oms.return.item"].create(
            [
                {
                    "return_id": self.id,
                    "line_id": move.oms_return_line_id.id,
                    "product_id": move.product_id.id,
                    "lot_id": lot.id,
                    "quantity": quantity,
                    # What does not lower what was delivered is paid back to nobody.
                    "accepted": move.to_refund,
                    "site_id": site.id,
                    "move_ids": [Command.set(move.ids)],
                }
                for move in moves
                if move.product_id == move.oms_return_line_id.product_id
                for lot, quantity in move._oms_get_quantities_by_lot().items()
            ]
            + [
                {
                    "return_id": self.id,
                    "line_id": line.id,
                    "product_id": line.product_id.id,
                    "quantity": quantity,
                    "accepted": all(of_line.mapped("to_refund")),
                    "site_id": site.id,
                    "move_ids": [Command.set(of_line.ids)],
                }
                for line, of_line in moves.grouped("oms_return_line_id").items()
                if (quantity := line._count_kits(of_line))
            ]
        )
        if items and self.state in RECEIVING_STATES:
            self._note_received(items, site)

    def _note_received(self, items, site):
        """Go on when all that was announced is here."""
        if site != self.site_id and self.site_id and items:
            self.message_post(
                body=self.env._(
                    "It came to %(here)s instead of %(there)s.",
                    here=site.name,
                    there=self.site_id.name,
                )
            )
        missing = any(
            line.uom_id.compare(line.quantity_received, line.quantity) < 0 for line in self.line_ids
        )
        if not missing and self.state in OPEN_STATES:
            self._finish_receipt()

    def _finish_receipt(self):
        """Count returns as received: what did not come so far is not expected any more.

        :raise UserError: nothing came
        """
        self._check_state(OPEN_STATES, self.env._("received"))
        # sudo: who takes goods back at a site need not have rights on the order
        for record in self.sudo():
            if not record.item_ids:
                raise UserError(self.env._("Nothing of %s came: cancel it instead.", record.name))
            record.write({"state": "received", "received_at": fields.Datetime.now()})
            record._cancel_pickings()
            record._raise_event("return.received")
            record._note_inspected()
            if record.state == "received" and record.policy_id.refund_at == "received":
                record._try_settle()


class OmsReturnLine(models.Model):
    _inherit = "oms.return.line"

    def _may_be(self, lot):
        """Tell whether a lot was delivered with the line and is still with the customer.

        :param lot: ``stock.lot``, may be empty
        :rtype: bool
        """
        self.ensure_one()
        return self.sale_line_id._oms_has_lot(lot)

    def _count_kits(self, moves):
        """Return how many kits came by moves of their parts; zero if it is no kit.

        :param moves: done ``stock.move`` of the line
        :rtype: float
        """
        self.ensure_one()
        if not self.product_id._oms_is_kit(self.company_id):
            return 0.0
        by_part = moves.grouped("product_id")
        return min(
            (
                part.uom_id.round(by_part.get(part, moves[:0])._oms_get_quantity_moved()) / per_kit
                for part, per_kit in self._get_parts_per_kit().items()
                if per_kit
            ),
            default=0.0,
        )

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
