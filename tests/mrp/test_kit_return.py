from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import KitCase


@tagged("post_install", "-at_install")
class TestKitReturn(KitCase):
    """Kits come back whole, and their parts do not come back alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kit = cls.make_kit("Rack", (cls.bolt, 4), (cls.nut, 2))
        cls.stock(cls.bolt, (cls.near, 40))
        cls.stock(cls.nut, (cls.near, 40))
        cls.order = cls.make_order((cls.kit, 3), warehouse_id=cls.near.warehouse_id.id)
        for picking in cls.order.picking_ids:
            cls.ship(picking)
        # As the workflow does when goods leave.
        cls.order._oms_invoice_shipped()

    def request(self, quantity, **line):
        line = {"sale_line_id": self.order.order_line.id, "quantity": quantity, **line}
        return self.env["oms.return"]._request(
            {"order_id": self.order.id, "site_id": self.far.id, "lines": [line]}
        )

    def left(self):
        return self.order._oms_get_returnable()[self.order.order_line]["quantity"]

    def came(self, part):
        place = self.far.return_location_id
        return self.env["stock.quant"]._get_available_quantity(part, place)

    def test_whole(self):
        self.assertEqual(self.left(), 3)
        record = self.request(2)
        self.assertEqual(self.left(), 1)
        parts = record.picking_ids.move_ids
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in parts}, {self.bolt: 8, self.nut: 4}
        )
        record._receive([{"product_id": self.kit.id, "quantity": 1}])
        self.assertEqual((record.state, record.line_ids.state), ("authorized", "partial"))
        self.assertEqual((self.came(self.bolt), self.came(self.nut)), (4, 2))
        self.assertEqual(self.order.order_line.qty_delivered, 2)
        items = record._receive([{"product_id": self.kit.id, "quantity": 1}])
        self.assertEqual(record.state, "received")
        self.assertEqual((self.came(self.bolt), self.came(self.nut)), (8, 4))
        record._inspect([{"item_id": item.id} for item in record.item_ids])
        self.assertFalse(record.settle_error)
        self.assertEqual((record.state, record.amount_settled), ("closed", 20))
        self.assertEqual(items.line_id, record.line_ids)
        self.assertEqual(self.left(), 1)
        with self.assertRaisesRegex(UserError, "more than can be returned: 1"):
            self.request(2)

    def test_validated_by_hand(self):
        record = self.request(2)
        self.ship(record.picking_ids)
        self.assertEqual((record.state, record.item_ids.quantity), ("received", 2))

    def test_part(self):
        with self.assertRaisesRegex(UserError, "Bolt is part of .*Rack: only the whole"):
            self.request(1, sale_line_id=False, product_id=self.bolt.id)
        record = self.request(1)
        items = record._receive([{"product_id": self.bolt.id, "quantity": 4}])
        self.assertFalse(items.line_id)
        self.assertEqual(self.order.order_line.qty_delivered, 3)
        with self.assertRaisesRegex(UserError, "take its parts in one by one"):
            record._receive([{"product_id": self.kit.id, "quantity": 1, "unexpected": True}])

    def leave_one_of_four(self, kit, parts):
        """An order of four kits, of which one left and came back."""
        self.stock(self.bolt, (self.near, 16))
        self.stock(self.nut, (self.near, 8))
        order = self.make_order((kit, 4), warehouse_id=self.near.warehouse_id.id)
        first = order.picking_ids
        for move in first.move_ids:
            move.write({"quantity": parts[move.product_id], "picked": True})
        first.with_context(skip_backorder=True).button_validate()
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(order._oms_get_amounts()[order].left(), {order.order_line.id: 1})
        wizard = self.env["stock.return.picking"].with_context(
            active_id=first.id, active_ids=first.ids, active_model="stock.picking"
        )
        wizard = wizard.create({})
        for part in wizard.product_return_moves:
            part.quantity = parts[part.product_id]
        self.ship(self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"]))
        self.assertEqual(order.order_line.qty_delivered, 0)
        return order

    def test_what_is_due_counts_kits(self):
        """One left and came back: it is due still, and its refund is another matter."""
        parts = {self.bolt: 4, self.nut: 2}
        order = self.leave_one_of_four(self.kit, parts)
        line = order.order_line
        self.assertEqual(order._oms_get_amounts()[order].left(), {line.id: 1})
        # What left later is captured as a whole.
        [rest] = order.picking_ids.filtered(
            lambda one: one.state != "done" and one.picking_type_code == "outgoing"
        )
        for move in rest.move_ids:
            move.write({"quantity": 2 * parts[move.product_id], "picked": True})
        rest.with_context(skip_backorder=True).button_validate()
        self.assertEqual(line.qty_delivered, 2)
        self.assertEqual(order._oms_get_amounts()[order].left(), {line.id: 3})

    def test_kits_of_kits(self):
        shelf = self.make_kit("Shelf", (self.kit, 1))
        order = self.leave_one_of_four(shelf, {self.bolt: 4, self.nut: 2})
        self.assertEqual(order._oms_get_amounts()[order].left(), {order.order_line.id: 1})

    def test_back_before_anything_was_invoiced(self):
        """It is invoiced and credited, each once, and of what stays nothing is asked twice."""
        order = self.leave_one_of_four(self.kit, {self.bolt: 4, self.nut: 2})
        line = order.order_line
        note = order._oms_credit({line: 1})
        bill = order.invoice_ids - note
        self.assertEqual((bill.move_type, note.move_type), ("out_invoice", "out_refund"))
        self.assertEqual((bill.amount_total, note.amount_total), (10, 10))
        self.assertEqual(note.reversed_entry_id, bill)
        self.assertFalse(order._oms_invoice_shipped())
        # Three are still to leave, which Odoo would invoice as ordered.
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (0, 3))
