from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.oms.hooks import post_init_hook


@tagged("post_install", "-at_install")
class TestWarehouseSite(TransactionCase):
    """Each warehouse has one site that follows it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.address = cls.env["res.partner"].create(
            {"name": "Quay", "partner_latitude": 43.3, "partner_longitude": 5.4}
        )
        cls.warehouse = cls.env["stock.warehouse"].create(
            {"name": "Quay", "code": "QUAY", "partner_id": cls.address.id}
        )
        cls.site = cls.warehouse.oms_site_ids

    def test_new_warehouse_gets_its_site(self):
        self.assertRecordValues(
            self.site,
            [
                {
                    "name": "Quay",
                    "code": "QUAY",
                    "kind": "warehouse",
                    "company_id": self.warehouse.company_id.id,
                    "partner_id": self.address.id,
                    "latitude": 43.3,
                    "longitude": 5.4,
                    "ships": True,
                    "active": True,
                }
            ],
        )

    def test_renaming_and_recoding_follow(self):
        self.warehouse.write({"name": "Harbor", "code": "HARB"})
        self.assertEqual((self.site.name, self.site.code), ("Harbor", "HARB"))
        self.assertEqual(self.site.display_name, "Harbor (HARB)")

    def test_other_changes_leave_the_site_alone(self):
        self.site.name = "Shop window"
        self.warehouse.delivery_steps = "pick_ship"
        self.assertEqual(self.site.name, "Shop window")

    def test_archiving_and_unarchiving_follow(self):
        self.warehouse.active = False
        self.assertFalse(self.site.active)
        self.warehouse.active = True
        self.assertTrue(self.site.active)
        self.assertEqual(self.warehouse.oms_site_ids, self.site)

    def test_deleting_follows(self):
        rules = self.env["stock.rule"].with_context(active_test=False)
        # PostgreSQL cannot cascade from types to rules made in this very transaction.
        rules.search([("warehouse_id", "=", self.warehouse.id)]).unlink()
        self.warehouse.unlink()
        self.assertFalse(self.site.exists())

    def test_second_site_for_a_warehouse_is_refused(self):
        self.assertEqual(self.warehouse._oms_ensure_sites(), self.site)
        self.assertEqual(len(self.warehouse.oms_site_ids), 1)

    def test_copy_of_a_warehouse_gets_a_site_of_its_own(self):
        copy = self.warehouse.copy({"name": "Quay 2", "code": "QUA2"})
        self.assertEqual(copy.oms_site_ids.code, "QUA2")
        self.assertEqual(self.warehouse.oms_site_ids, self.site)

    def test_address_moves_the_site(self):
        self.address.write({"partner_latitude": 50.6, "partner_longitude": 3.1})
        self.assertEqual((self.site.latitude, self.site.longitude), (50.6, 3.1))

    def test_address_without_coordinates_keeps_those_typed(self):
        self.site.write({"latitude": 1.0, "longitude": 2.0})
        self.warehouse.partner_id = self.env["res.partner"].create({"name": "Unplaced"})
        self.assertEqual((self.site.latitude, self.site.longitude), (1.0, 2.0))
        self.assertEqual(self.site.partner_id.name, "Unplaced")

    def test_hook_makes_missing_sites_also_of_archived_warehouses(self):
        archived = self.env["stock.warehouse"].create(
            {"name": "Closed", "code": "CLOSD", "active": False}
        )
        before = self.env["oms.site"].with_context(active_test=False).search_count([])
        (self.site + archived.oms_site_ids).unlink()
        self.env.invalidate_all()
        post_init_hook(self.env)
        self.assertEqual(self.warehouse.oms_site_ids.code, "QUAY")
        self.assertRecordValues(archived.oms_site_ids, [{"code": "CLOSD", "active": False}])
        after = self.env["oms.site"].with_context(active_test=False).search_count([])
        self.assertEqual(after, before)

    def test_new_company_gets_a_site(self):
        company = self.env["res.company"].create({"name": "Daughter"})
        sites = self.env["oms.site"].search([("company_id", "=", company.id)])
        warehouses = self.env["stock.warehouse"].search([("company_id", "=", company.id)])
        self.assertTrue(sites)
        self.assertEqual(sites.warehouse_id, warehouses)

    def test_stock_manager_without_our_roles_manages_warehouses(self):
        user = new_test_user(self.env, "stock-manager", groups="stock.group_stock_manager")
        warehouse = (
            self.env["stock.warehouse"].with_user(user).create({"name": "His", "code": "HIS"})
        )
        warehouse.write({"name": "Hers", "code": "HERS"})
        self.assertEqual(warehouse.oms_site_ids.display_name, "Hers (HERS)")
        warehouse.active = False
        self.assertFalse(warehouse.sudo().oms_site_ids.active)
