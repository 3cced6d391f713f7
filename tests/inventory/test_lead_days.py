from datetime import date

from odoo.tests import tagged

from ..common import OmsCase

DAY = date(2024, 3, 4)


@tagged("post_install", "-at_install")
class TestLeadDays(OmsCase):
    """How soon the fastest vendor delivers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mill = cls.make_partner("Mill")

    def make_line(self, delay, product=None, **vals):
        return self.env["product.supplierinfo"].create(
            {
                "partner_id": self.mill.id,
                "product_id": (product or self.apple).id,
                "delay": delay,
                **vals,
            }
        )

    def lead(self, product=None, company=None):
        product = product or self.apple
        return product._oms_get_lead_days(company or self.company, DAY)[product.id]

    def test_none_without_vendor(self):
        self.assertIsNone(self.lead())

    def test_the_fastest_vendor_whatever_its_minimum(self):
        self.make_line(7)
        self.make_line(3, min_qty=100)
        self.assertEqual(self.lead(), 3)
        self.assertIsNone(self.lead(self.berry))

    def test_zero_days_are_days(self):
        self.make_line(0)
        self.assertEqual(self.lead(), 0)

    def test_prices_have_dates(self):
        self.make_line(1, date_end="2024-03-03")
        self.make_line(2, date_start="2024-03-05")
        self.make_line(9, date_start="2024-03-04", date_end="2024-03-04")
        self.assertEqual(self.lead(), 9)

    def test_companies(self):
        other = self.env["res.company"].create({"name": "Daughter", "days_to_purchase": 2})
        self.make_line(5)
        self.make_line(1, company_id=other.id)
        self.assertEqual(self.lead(), 5)
        self.assertEqual(self.lead(company=other), 3)
        self.make_line(0, company_id=False)
        self.assertEqual(self.lead(), 0)

    def test_variants(self):
        color = self.env["product.attribute"].create(
            {"name": "Color", "value_ids": [(0, 0, {"name": "red"}), (0, 0, {"name": "green"})]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Painted",
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": color.id, "value_ids": [(6, 0, color.value_ids.ids)]})
                ],
            }
        )
        red, green = template.product_variant_ids
        self.make_line(8, product_id=False, product_tmpl_id=template.id)
        self.make_line(4, red)
        self.assertEqual((self.lead(red), self.lead(green)), (4, 8))

    def test_vendors_that_are_no_more(self):
        self.make_line(5)
        self.mill.active = False
        self.assertIsNone(self.lead())

    def test_in_one_go_for_everybody(self):
        self.make_line(5)
        self.make_line(6, self.berry)
        seller = self.make_user("lead-seller", "sales_team.group_sale_salesman")
        products = (self.apple + self.berry).with_user(seller)
        products.mapped("product_tmpl_id")
        days = products._oms_get_lead_days(self.company)
        self.assertEqual(days, {self.apple.id: 5, self.berry.id: 6})
        self.env.flush_all()
        with self.assertQueryCount(1):
            products._oms_get_lead_days(self.company)
