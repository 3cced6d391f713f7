from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestSite(TransactionCase):
    """What a site may be."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Site = cls.env["oms.site"]
        cls.warehouse = cls.env["stock.warehouse"].create({"name": "Quay", "code": "QUAY"})
        cls.site = cls.warehouse.oms_site_ids

    def assertRefused(self, vals, site=None):
        site = site or self.site
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            site.write(vals)
            site.flush_recordset()
        site.invalidate_recordset()

    def test_stocked_kinds_need_a_warehouse(self):
        for kind in ("warehouse", "store", "pickup"):
            with self.assertRaises(ValidationError):
                self.Site.create({"name": "Nowhere", "code": f"N-{kind}", "kind": kind})

    def test_site_of_a_warehouse_is_no_supplier(self):
        for kind in ("store", "pickup", "warehouse"):
            self.site.kind = kind
        for kind in ("supplier", "distributor"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.site.kind = kind

    def test_supplier_site_needs_its_supplier(self):
        with self.assertRaises(ValidationError):
            self.Site.create({"name": "Nobody", "code": "NOB", "kind": "supplier"})

    def test_distributor_needs_neither_warehouse_nor_partner(self):
        site = self.Site.create({"name": "Depot", "code": "DEP", "kind": "distributor"})
        self.assertFalse(site.warehouse_id)

    def test_coordinates_stay_on_the_globe(self):
        for vals in (
            {"latitude": 90.1},
            {"latitude": -90.1},
            {"longitude": 180.1},
            {"longitude": -180.1},
        ):
            with self.subTest(vals=vals):
                self.assertRefused(vals)

    def test_costs_are_not_negative(self):
        self.assertRefused({"parcel_cost": -0.01})
        self.assertRefused({"unit_cost": -0.01})

    def test_codes_are_unique_in_a_company(self):
        other = self.Site.create({"name": "Depot", "code": "DEP", "kind": "distributor"})
        self.assertRefused({"code": "QUAY"}, other)
        company = self.env["res.company"].create({"name": "Daughter"})
        self.Site.create(
            {
                "name": "Depot",
                "code": "DEP",
                "kind": "distributor",
                "company_id": company.id,
            }
        )

    def test_a_warehouse_has_one_site(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.Site.create({"name": "Again", "code": "AG", "warehouse_id": self.warehouse.id})

    def test_name_of_site(self):
        self.site.code = self.site.name
        self.assertEqual(self.site.display_name, "Quay")
        found = self.Site.name_search("QUAY")
        self.assertIn(self.site.id, [site_id for site_id, _name in found])

    def test_actions_open_what_belongs_to_the_site(self):
        stock = self.site.action_view_stock()
        self.assertIn(("location_id.warehouse_id", "=", self.warehouse.id), stock["domain"])
        work = self.site.action_view_fulfillments()
        self.assertEqual(work["res_model"], "oms.fulfillment")
        self.assertEqual(work["domain"], [("site_id", "in", self.site.ids)])
