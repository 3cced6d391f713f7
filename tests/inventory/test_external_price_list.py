from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .external import ExternalCase


@tagged("post_install", "-at_install")
class TestPriceList(ExternalCase):
    """What a vendor's price list says of its stock stands at the vendor's site."""

    def make_line(self, product=None, vendor=None, **vals):
        return self.env["product.supplierinfo"].create(
            {
                "partner_id": (vendor or self.mill).id,
                "product_id": (product or self.apple).id,
                "delay": 4,
                **vals,
            }
        )

    def test_follows_the_line(self):
        line = self.make_line(oms_stock_quantity=8)
        self.assertEqual(self.stored(self.supplier), {"APPLE": (8, 4)})
        self.assertEqual(self.available(self.supplier, self.apple), 8)
        stock = self.Stock.search([("site_id", "=", self.supplier.id)])
        self.assertEqual((stock.source, stock.updated_at), ("pricelist", line.oms_stock_date))
        line.delay = 6
        self.assertEqual(self.stored(self.supplier), {"APPLE": (8, 6)})
        line.oms_stock_quantity = 0
        self.assertEqual(self.stored(self.supplier), {"APPLE": (0, 6)})
        line.oms_stock_quantity = 3
        line.product_id = self.berry
        self.assertEqual(self.stored(self.supplier), {"BERRY": (3, 6)})
        line.unlink()
        self.assertFalse(self.stored(self.supplier))

    def test_a_line_without_stock_says_nothing(self):
        line = self.make_line()
        self.assertFalse(line.oms_stock_date)
        line.write({"price": 3, "delay": 9})
        self.assertFalse(self.stored(self.supplier))
        line.oms_stock_quantity = 5
        line.oms_stock_date = False
        self.assertFalse(self.stored(self.supplier))

    def test_makes_the_site_at_first_use(self):
        vendor = self.make_partner("Farm", is_company=True)
        seller = self.make_partner("Farmer", parent_id=vendor.id)
        self.make_line(vendor=seller, oms_stock_quantity=5)
        self.assertEqual(vendor.oms_site_ids.kind, "supplier")
        self.assertEqual(self.stored(vendor.oms_site_ids), {"APPLE": (5, 4)})

    def test_who_speaks_last(self):
        first = self.make_line(oms_stock_quantity=5, oms_stock_date=self.ago(3), min_qty=1)
        second = self.make_line(oms_stock_quantity=7, oms_stock_date=self.ago(2), min_qty=10)
        self.assertEqual(self.stored(self.supplier), {"APPLE": (7, 4)})
        first.delay = 8
        self.assertEqual(self.stored(self.supplier), {"APPLE": (7, 4)})
        second.unlink()
        self.assertEqual(self.stored(self.supplier), {"APPLE": (5, 8)})

    def test_a_line_may_take_back_its_date(self):
        line = self.make_line(oms_stock_quantity=5)
        line.write({"oms_stock_quantity": 6, "oms_stock_date": self.ago(30)})
        stock = self.Stock.search([("site_id", "=", self.supplier.id)])
        self.assertEqual((stock.quantity, stock.stale), (6, True))

    def test_later_news_of_others_stay(self):
        line = self.make_line(oms_stock_quantity=5, oms_stock_date=self.ago(3))
        self.feed(self.supplier, ("APPLE", 9, 1), updated_at=str(self.ago(2)))
        line.oms_stock_date = self.ago(2.5)
        self.assertEqual(self.stored(self.supplier), {"APPLE": (9, 1)})
        line.unlink()
        self.assertEqual(self.stored(self.supplier), {"APPLE": (9, 1)})

    def test_units(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.make_line(oms_stock_quantity=2.5, product_uom_id=dozen.id)
        self.assertEqual(self.stored(self.supplier), {"APPLE": (30, 4)})

    def test_many_lines_at_once(self):
        def make(count):
            products = self.env["product.product"].create(
                [{"name": f"Many {n}", "is_storable": True} for n in range(count)]
            )
            with self.queries() as statements:
                self.env["product.supplierinfo"].create(
                    [
                        {
                            "partner_id": self.mill.id,
                            "product_id": product.id,
                            "oms_stock_quantity": 5,
                        }
                        for product in products
                    ]
                )
            return len(statements)

        make(2)
        self.assertLessEqual(make(200), make(2) + 5)
        self.assertEqual(len(self.Stock.search([("site_id", "=", self.supplier.id)])), 204)

    def test_lines_without_company(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        theirs = self.mill._oms_ensure_supplier_site(other)
        line = self.make_line(oms_stock_quantity=5, company_id=False)
        self.assertEqual(self.stored(self.supplier), {"APPLE": (5, 4)})
        self.assertEqual(self.stored(theirs), {"APPLE": (5, 4)})
        line.company_id = other
        self.assertFalse(self.stored(self.supplier))
        self.assertEqual(self.stored(theirs), {"APPLE": (5, 4)})
        line.with_company(self.company).unlink()
        self.assertFalse(self.stored(theirs))

    def test_buyers_need_no_rights_on_sites(self):
        buyer = self.make_user("buyer", "purchase.group_purchase_manager")
        line = (
            self.env["product.supplierinfo"]
            .with_user(buyer)
            .create(
                {
                    "partner_id": self.mill.id,
                    "product_id": self.apple.id,
                    "oms_stock_quantity": 5,
                }
            )
        )
        self.assertEqual(self.stored(self.supplier), {"APPLE": (5, 1)})
        line.oms_stock_quantity = 6
        line.unlink()
        self.assertFalse(self.stored(self.supplier))

    def test_typed_on_the_form(self):
        form = Form(self.env["product.supplierinfo"].with_context(visible_product_tmpl_id=False))
        form.partner_id = self.mill
        form.product_tmpl_id = self.apple.product_tmpl_id
        form.oms_stock_quantity = 5
        line = form.save()
        self.assertTrue(line.oms_stock_date)
        self.assertEqual(self.stored(self.supplier), {"APPLE": (5, 1)})

    def test_imported_by_odoo(self):
        result = self.env["product.supplierinfo"].load(
            ["partner_id/.id", "product_id/.id", "delay", "oms_stock_quantity"],
            [[str(self.mill.id), str(product.id), "3", "7"] for product in self.apple + self.berry],
        )
        self.assertFalse(result["messages"])
        self.assertEqual(self.stored(self.supplier), {"APPLE": (7, 3), "BERRY": (7, 3)})

    # === WHAT CANNOT BE === #

    def test_the_future(self):
        with self.assertRaisesRegex(ValidationError, "still to come"):
            self.make_line(
                oms_stock_quantity=5, oms_stock_date=fields.Datetime.now() + timedelta(hours=1)
            )

    def test_several_variants(self):
        color = self.env["product.attribute"].create(
            {"name": "Color", "value_ids": [(0, 0, {"name": "red"}), (0, 0, {"name": "green"})]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Painted",
                "is_storable": True,
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": color.id, "value_ids": [(6, 0, color.value_ids.ids)]})
                ],
            }
        )
        vals = {"product_id": False, "product_tmpl_id": template.id, "oms_stock_quantity": 5}
        with self.assertRaisesRegex(ValidationError, "several variants"), self.env.cr.savepoint():
            self.make_line(**vals)
        variant = template.product_variant_ids[1]
        self.make_line(**{**vals, "product_id": variant.id})
        stock = self.Stock.search([("site_id", "=", self.supplier.id)])
        self.assertEqual(stock.product_id, variant)

    def test_less_than_nothing(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.make_line(oms_stock_quantity=-5)
            self.env.flush_all()

    def test_goods_without_stock(self):
        service = self.make_product("Service", is_storable=False)
        self.make_line(service, oms_stock_quantity=5)
        self.assertFalse(self.stored(self.supplier))

    def test_numbers_beyond_the_limits(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.make_line(oms_stock_quantity=10**9, product_uom_id=dozen.id, delay=5000)
        self.assertEqual(self.stored(self.supplier), {"APPLE": (10**9, 3650)})
