from odoo.tests import tagged

from ..common import TourCase
from .common import KitCase


@tagged("post_install", "-at_install")
class TestKitPage(KitCase):
    """What the page of a kit shows."""

    def test_sites(self):
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 3))
        self.stock(self.bolt, (self.near, 9), (self.far, 1))
        self.stock(self.nut, (self.near, 7))
        overview = kit.get_stock_overview()
        rows = {row["id"]: row for row in overview["sites"]}
        near, far = rows[self.near.id], rows[self.far.id]
        self.assertEqual((near["available"], near["on_hand"]), (2, 0))
        self.assertEqual([limit["product"] for limit in near["limits"]], ["Nut", "Bolt"])
        self.assertEqual((far["available"], far["some"]), (0, True))
        self.assertFalse(rows[self.middle.id]["some"])
        self.assertEqual(overview["total"], 2)
        self.assertFalse(overview["hint"])
        self.assertEqual({part["id"] for part in overview["parts"]}, {self.bolt.id, self.nut.id})
        [web] = [each for each in overview["channels"] if each["id"] == self.channel.id]
        self.assertEqual(web["sellable"], 2)
        self.assertTrue(kit.product_tmpl_id.oms_has_stock)
        self.assertFalse(kit.is_storable)

    def test_parts_without_stock(self):
        card = self.make_product("Card", is_storable=False)
        kit = self.make_kit("Paper", (card, 1))
        overview = kit.get_stock_overview()
        self.assertIn("can always be promised", overview["hint"])
        self.assertEqual((overview["parts"], overview["channels"]), ([], []))

    def test_no_kit(self):
        self.stock(self.bolt, (self.near, 9))
        overview = self.bolt.get_stock_overview()
        self.assertEqual((overview["parts"], overview["total"]), ([], 9))

    def test_a_salesperson_sees_it(self):
        """Who sells need not have rights on bills of materials."""
        kit = self.make_kit("Set", (self.bolt, 2))
        self.stock(self.bolt, (self.near, 9))
        user = self.make_user("seller", "sales_team.group_sale_salesman")
        self.assertEqual(kit.with_user(user).get_stock_overview()["total"], 4)
        self.assertEqual(kit.with_user(user).oms_available_qty, 4)
        self.assertEqual(self.ask(kit, user)["available"], 4)

    def test_its_stock_is_that_of_its_parts(self):
        kit = self.make_kit("Set", (self.bolt, 2))
        self.stock(self.bolt, (self.near, 9))
        domain = kit.action_view_oms_stock()["domain"]
        self.assertEqual(self.env["oms.position"].search(domain).product_id, self.bolt)


@tagged("post_install", "-at_install")
class TestKitTour(TourCase, KitCase):
    """A user looks at a kit in the browser."""

    def test_kit_page(self):
        self.make_user("tour-kit", "stock.group_stock_user,sales_team.group_sale_salesman")
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 3))
        self.stock(self.bolt, (self.near, 9), (self.far, 1))
        self.stock(self.nut, (self.near, 7))
        self.start_tour_surely(
            f"/odoo/m-product.template/{kit.product_tmpl_id.id}",
            "oms_kit_stock",
            login="tour-kit",
        )
