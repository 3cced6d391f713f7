from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import OmsCase


@tagged("-at_install", "post_install")
class TestGrade(OmsCase):
    """Goods of a grade lie where they are promised to those who want them, and to nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.new = cls.env.ref("oms.grade_a")
        cls.opened = cls.env.ref("oms.grade_b")
        cls.broken = cls.env.ref("oms.grade_d")

    def put(self, grade, site, quantity):
        location = grade._get_location(site)
        self.env["stock.quant"]._update_available_quantity(self.apple, location, quantity)
        return location

    def promised(self, site):
        positions = self.env["oms.position"]._get_positions([site.id], [self.apple.id])
        return sum(position.available for position in positions)

    def test_as_new_goods_are_stock(self):
        self.assertEqual(self.put(self.new, self.near, 2), self.near.warehouse_id.lot_stock_id)
        self.assertEqual(self.promised(self.near), 2)

    def test_other_goods_are_promised_to_nobody(self):
        location = self.put(self.opened, self.near, 3)
        self.assertEqual(self.promised(self.near), 0)
        self.assertEqual(location.warehouse_id, self.near.warehouse_id)
        self.assertEqual(self.apple.with_context(location=location.id).qty_available, 3)
        # Nor does Odoo reserve them.
        order = self.make_order((self.apple, 1))
        self.assertFalse(self.open_moves(order))

    def test_one_location_per_site_and_grade(self):
        first = self.opened._get_location(self.near)
        self.assertEqual(self.opened._get_location(self.near), first)
        self.assertNotEqual(self.opened._get_location(self.far), first)
        self.assertNotEqual(self.broken._get_location(self.near), first)

    def test_all_sites_at_once(self):
        grades = self.new + self.opened + self.broken
        found = grades._get_locations(self.sites)
        self.assertEqual(len(found), 9)
        for (site_id, grade_id), location in found.items():
            site, grade = self.sites.browse(site_id), grades.browse(grade_id)
            self.assertEqual(location.warehouse_id, site.warehouse_id)
            self.assertEqual(location.oms_for_sale, grade.sellable)
        self.assertEqual(grades._get_locations(self.sites), found)

    def test_bins_are_of_the_grade_but_goods_are_put_above(self):
        location = self.opened._get_location(self.near)
        shelf = self.env["stock.location"].create({"name": "1", "location_id": location.id})
        self.assertEqual(shelf.oms_grade_id, self.opened)
        self.assertEqual(self.opened._get_location(self.near), location)

    def test_clerks_need_no_rights_on_locations(self):
        clerk = self.make_user("grading clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        grade = self.opened.with_user(clerk)
        self.assertEqual(grade._get_location(self.near.with_user(clerk)).oms_grade_id, self.opened)

    def test_a_site_without_stock_is_refused(self):
        supplier = self.env["oms.site"].create(
            {
                "name": "Outside",
                "code": "OUT9",
                "kind": "supplier",
                "partner_id": self.make_partner("Outside").id,
            }
        )
        with self.assertRaisesRegex(UserError, "Outside keeps no stock"):
            self.opened._get_location(supplier)

    def test_quants_are_counted_by_grade(self):
        self.put(self.opened, self.near, 3)
        self.put(self.broken, self.far, 1)
        self.put(self.new, self.far, 5)
        groups = self.env["stock.quant"]._read_group(
            [("product_id", "=", self.apple.id)], ["oms_grade_id"], ["quantity:sum"]
        )
        self.assertEqual(
            {grade.code: quantity for grade, quantity in groups}, {"B": 3, "D": 1, False: 5}
        )

    def test_the_worst_answer_makes_the_grade(self):
        checks = self.env["oms.grade.check"]._get_checks(self.apple)[self.apple.id]
        packaging = self.env.ref("oms.grade_check_packaging")
        works = self.env.ref("oms.grade_check_works")
        traces = self.env.ref("oms.grade_check_traces")
        self.assertEqual(checks._get_grade({}), self.new)
        self.assertEqual(checks._get_grade({traces.id: "no", works.id: "yes"}), self.new)
        self.assertEqual(checks._get_grade({packaging.id: "no"}), self.opened)
        self.assertEqual(checks._get_grade({works.id: "no", packaging.id: "no"}), self.broken)

    def test_checks_are_asked_of_their_goods(self):
        above = self.env["product.category"].create({"name": "Shoes"})
        below = self.env["product.category"].create({"name": "Boots", "parent_id": above.id})
        self.apple.categ_id = below
        check = self.env["oms.grade.check"].create(
            {"name": "Worn outside?", "grade_id": self.opened.id, "categ_ids": [(6, 0, above.ids)]}
        )
        asked = self.env["oms.grade.check"]._get_checks(self.apple + self.berry)
        self.assertIn(check, asked[self.apple.id])
        self.assertNotIn(check, asked[self.berry.id])
        check.categ_ids = False
        check.product_ids = self.berry
        asked = self.env["oms.grade.check"]._get_checks(self.apple + self.berry)
        self.assertNotIn(check, asked[self.apple.id])
        self.assertIn(check, asked[self.berry.id])
