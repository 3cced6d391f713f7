from odoo.tests import tagged

from ..feed.feed_case import FeedCase
from .common import KitCase


@tagged("post_install", "-at_install")
class TestKitFeed(KitCase, FeedCase):
    """How many kits a channel can sell changes with their parts."""

    def test_parts_change(self):
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 1))
        box = self.make_kit("Box", (kit, 3))
        self.stock(self.bolt, (self.near, 20))
        self.stock(self.nut, (self.near, 7))
        client = self.open_client()
        self.assertEqual((client.known[kit.id], client.known[box.id]), (7, 2))
        self.stock(self.nut, (self.near, -4))
        self.assertEqual(self.told(client), {"Nut": 3, "Set": 3, "Box": 1})
        self.make_order((self.nut, 3))
        self.assertEqual(self.told(client), {"Nut": 0, "Set": 0, "Box": 0})

    def test_list_of_parts_changes(self):
        kit = self.make_kit("Set", (self.bolt, 2))
        self.stock(self.bolt, (self.near, 20))
        client = self.open_client()
        kit.bom_ids.bom_line_ids.product_qty = 5
        self.assertEqual(self.told(client)["Set"], 4)
        new = self.make_product("New Set", is_storable=False)
        self.told(client)
        self.make_bill(new, (self.bolt, 1))
        self.assertEqual(self.told(client)["New Set"], 20)
        kit.bom_ids.active = False
        self.assertIsNone(self.told(client)["Set"])
