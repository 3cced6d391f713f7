from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import KitCase


@tagged("post_install", "-at_install")
class TestKitLate(KitCase):
    """Goods that became a kit after they were planned."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5))
        cls.stock(cls.berry, (cls.near, 5))
        cls.stock(cls.bolt, (cls.near, 10))
        cls.stock(cls.nut, (cls.near, 10))
        cls.order = cls.make_order(
            (cls.berry, 2), (cls.apple, 1), warehouse_id=cls.near.warehouse_id.id
        )
        cls.make_bill(cls.berry, (cls.bolt, 2), (cls.nut, 1))
        cls.env.invalidate_all()

    def test_shipped_by_odoo(self):
        """Odoo takes them apart when they are validated, and fails on it: that is told before."""
        [picking] = self.order.picking_ids
        picking.move_ids.picked = True
        with self.assertRaisesRegex(UserError, "Berry became a kit after it was planned for"):
            picking.button_validate()
        self.assertEqual(picking.state, "assigned")
        self.assertEqual(self.order.order_line.mapped("qty_delivered"), [0, 0])

    def test_entered_anew(self):
        """As the message says: what became a kit goes another way, and the rest as planned."""
        berries = self.order.order_line[0]
        reason = self.env["oms.reject.reason"].search([("code", "=", "CLOSED")])
        line = berries.oms_fulfillment_line_ids
        line.fulfillment_id._reject(reason, {line: 2})
        berries.product_uom_qty = 0
        self.order.write(
            {"order_line": [(0, 0, {"product_id": self.berry.id, "product_uom_qty": 2})]}
        )
        for picking in self.order.picking_ids.filtered(lambda one: one.state == "assigned"):
            self.ship(picking)
        self.assertEqual(self.order.order_line.mapped("qty_delivered"), [0, 1, 2])
