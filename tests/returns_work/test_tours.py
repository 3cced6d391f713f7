from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TourCase
from .case import ReceiptCase

TOUR_CODES = {"Apple": "2000000000015", "Berry": "2000000000022", "Cheese": "2000000000039"}


@tagged("post_install", "-at_install")
class TestReturnTours(TourCase, ReceiptCase):
    """Goods come back to a store, whose clerk has a phone and a hand scanner."""

    browser_size = "360x740"

    def setUp(self):
        super().setUp()
        for product in self.apple + self.berry + self.cheese:
            product.barcode = TOUR_CODES[product.name]

    def start_work(self, tour):
        # Odoo writes down what it refuses.
        with mute_logger("odoo.http"):
            self.start_tour_surely("/odoo/oms-site-work", tour, login=self.clerk.login)
        self.env.invalidate_all()

    def test_store_receives_and_grades_two_of_three(self):
        order = self.deliver((self.apple, 3), (self.berry, 1))
        back = self.ask(order, (self.apple, 2), (self.berry, 1), site_id=self.near.id)
        back.tracking = "1Z999AA10123456784"
        self.start_work("oms_site_returns_receive")
        self.assertEqual(self.came(back), [("Apple", 1, "A", True), ("Apple", 1, "B", True)])
        self.assertIn(back.state, ("inspected", "closed"))
        self.assertEqual(back.line_ids.mapped("quantity_accepted"), [2, 0])
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 1])
        self.assertEqual(back.item_ids.user_id, self.clerk)

    def test_blind_return_is_matched(self):
        order = self.deliver((self.apple, 2))
        self.deliver((self.apple, 5), partner_id=self.make_partner("Grace Hopper").id)
        self.start_work("oms_site_returns_blind")
        back = order.oms_return_ids
        self.assertEqual((back.origin, back.site_id), ("blind", self.near))
        self.assertEqual(self.came(back), [("Apple", 1, "A", True)])
        self.assertEqual(order.order_line.qty_delivered, 1)

    def test_without_a_connection(self):
        watch = self.make_product("Watch", tracking="serial")
        order = self.deliver_lots(watch, *self.make_serials(watch, "W-1", "W-2"))
        self.start_work("oms_site_returns_offline")
        back = order.oms_return_ids
        self.assertEqual(len(back), 1, "begun once")
        self.assertEqual(
            [(each.lot_id.name, each.grade_id.code) for each in back.receipt_item_ids],
            [("W-1", "A"), ("W-2", False)],
        )
        scans = self.env["oms.scan"].search([("return_id", "=", back.id)], order="id")
        self.assertEqual(
            scans.mapped("kind"),
            ["return_receive", "return_item", "return_item", "return_grade"],
        )
