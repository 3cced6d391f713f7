from odoo.tests import tagged

from .common import DispositionCase


@tagged("-at_install", "post_install")
class TestGradeStock(DispositionCase):
    """Stock by site tells what lies apart by grade."""

    def position(self, product, site):
        self.env.flush_all()
        return self.env["oms.position"].search(
            [("product_id", "=", product.id), ("site_id", "=", site.id)]
        )

    def put(self, product, site, grade, quantity):
        self.env["stock.quant"]._update_available_quantity(
            product, grade._get_location(site), quantity
        )

    def test_by_grade(self):
        self.put(self.apple, self.near, self.grade_d, 1)
        self.put(self.apple, self.near, self.grade_b, 3)
        self.put(self.apple, self.near, self.grade_a, 7)
        self.put(self.berry, self.near, self.grade_b, 1.5)
        self.stock(self.apple, (self.far, 1))
        self.assertEqual(self.position(self.apple, self.near).grade_text, "B 3 · D 1")
        self.assertEqual(self.position(self.berry, self.near).grade_text, "B 1.50")
        self.assertFalse(self.position(self.apple, self.far).grade_text)

    def test_records_behind(self):
        self.put(self.apple, self.near, self.grade_b, 3)
        action = self.position(self.apple, self.near).action_view_grades()
        quants = self.env["stock.quant"].search(action["domain"])
        self.assertEqual(sum(quants.mapped("quantity")), 3)

    def test_a_page_is_read_at_once(self):
        self.stock(self.apple, (self.far, 1), (self.middle, 1))
        self.stock(self.berry, (self.far, 1), (self.middle, 1))
        for site in self.sites:
            self.put(self.apple, site, self.grade_b, 1)
        positions = self.position(self.apple, self.near)
        page = self.env["oms.position"].search(
            [("product_id", "in", (self.apple + self.berry).ids)]
        )
        self.assertGreater(len(page), 4)

        def count(records):
            self.env.invalidate_all()
            records.mapped("grade_text")
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.mapped("grade_text")
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(page), count(positions))

    def test_a_site_operator_sees_it(self):
        self.put(self.apple, self.near, self.grade_b, 3)
        clerk = self.make_user("grade clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        seen = self.position(self.apple, self.near).with_user(clerk)
        self.assertEqual(seen.grade_text, "B 3")
