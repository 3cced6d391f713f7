from datetime import date

from odoo.tests import tagged

from ..common import DATE_ORDER
from .common import KitCase


@tagged("post_install", "-at_install")
class TestKitDemand(KitCase):
    """Kits that were wanted are their parts, beside the bills of Odoo's Manufacturing."""

    def count(self):
        demand = self.env["oms.demand"]
        demand._count(self.company, [date(2024, 3, 4), date(2024, 3, 5)])
        self.env.flush_all()
        parts = self.bolt + self.nut
        kits = self.env["product.product"].search([("name", "in", ("Set", "Box", "Old"))])
        rows = demand.search([("product_id", "in", (parts + kits).ids)])
        return {
            (row.product_id.name, row.site_id): (row.quantity, row.lost)
            for row in rows
            if row.source == "orders"
        }

    def order(self, *lines, **vals):
        order = self.make_order(*lines, **vals)
        order.date_order = DATE_ORDER
        return order

    def test_parts_of_kits_in_kits_and_by_the_dozen(self):
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 1, {"product_uom_id": self.dozen.id}))
        box = self.make_kit("Box", (kit, 3), product_qty=2.0)
        self.order((kit, 2), (box, 4))
        self.order((self.bolt, 5))
        # Two sets, and half of three in each of four boxes: eight sets.
        self.assertEqual(
            {key[0]: value[0] for key, value in self.count().items()},
            {"Bolt": 8 * 2 + 5, "Nut": 8 * 12},
        )

    def test_where_they_were_wanted_and_what_was_missing(self):
        kit = self.make_kit("Set", (self.bolt, 2))
        self.stock(self.bolt, (self.far, 4))
        self.order((kit, 2))
        self.assertEqual([*self.count()], [("Bolt", self.near)])

    def test_a_kit_that_is_sold_no_more(self):
        kit = self.make_kit("Old", (self.bolt, 2))
        self.order((kit, 2))
        kit.active = False
        self.assertEqual({key[0]: value[0] for key, value in self.count().items()}, {"Bolt": 4})

    def test_refused_kits_are_their_parts(self):
        kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 1))
        self.stock(self.bolt, (self.near, 3))
        self.stock(self.nut, (self.near, 9))
        asked = self.env["oms.claim"]._replace_kits([(kit.id, self.near.id, 4.0)])
        self.env["oms.demand"]._record_refused([tuple(each[:3]) for each in asked], "1/cart")
        rows = self.env["oms.demand"].search([("source", "=", "refused")])
        mine = rows.filtered(lambda row: row.product_id in self.bolt + self.nut + kit)
        self.assertEqual([(row.product_id, row.quantity) for row in mine], [(self.bolt, 5.0)])

    def test_bills_that_change_have_all_counted_anew(self):
        kit = self.make_kit("Set", (self.bolt, 2))
        self.order((kit, 2))
        demand = self.env["oms.demand"]
        before = demand._get_fingerprint(self.company)
        kit.bom_ids.bom_line_ids.product_qty = 5
        self.env.flush_all()
        self.assertNotEqual(demand._get_fingerprint(self.company), before)
        self.assertEqual(self.count()["Bolt", self.near][0], 10)
