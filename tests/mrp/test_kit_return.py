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
