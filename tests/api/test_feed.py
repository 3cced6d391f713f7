from odoo.tests import tagged

from odoo.addons.oms.models.api.error import get_code

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestFeed(ApiCase):
    """The feeds themselves are tested where they are; here that channels reach them."""

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def test_stock(self):
        self.stock(self.apple, (self.near, 3))
        self.env.flush_all()
        page = self.api.stock_snapshot(products=["Apple"], by_site=True)
        [row] = page["rows"]
        self.assertEqual((row["product"], row["available"]), ("Apple", 3))
        self.assertEqual(row["sites"], [{"site": "NEAR", "available": 3}])
        self.api.hold(lines=[{"product": "Apple", "site": "NEAR", "quantity": 1}])
        changes = self.api.stock_changes(cursor=page["cursor"])
        self.assertIn(("Apple", 2), [(row["product"], row["available"]) for row in changes["rows"]])
        self.assertFalse(changes["more"])

    def test_orders(self):
        self.stock(self.apple, (self.near, 3))
        start = self.api.order_events()["cursor"]
        self.make_order((self.apple, 1), oms_external_ref="W-1")
        self.env.flush_all()
        rows = self.api.order_events(cursor=start)["rows"]
        self.assertIn(("order.placed", "W-1"), [(row["type"], row["order"]) for row in rows])

    def test_cursors_that_are_none(self):
        for call in (self.api.stock_changes, self.api.order_events):
            for cursor in ("nonsense", "00000000-1"):
                with self.assertRaises(Exception) as caught:
                    call(cursor=cursor)
                self.assertIn(get_code(caught.exception), ("cursor_invalid", "cursor_expired"))
