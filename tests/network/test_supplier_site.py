from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestSupplierSite(TransactionCase):
    """Suppliers get one site per company, on demand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.supplier = cls.env["res.partner"].create(
            {"name": "Mill", "is_company": True, "supplier_rank": 1, "ref": "M1"}
        )
        cls.seller = cls.env["res.partner"].create({"name": "Seller", "parent_id": cls.supplier.id})

    def test_twice_the_same(self):
        site = self.supplier._oms_ensure_supplier_site(self.company)
        self.assertRecordValues(
            site,
            [
                {
                    "name": "Mill",
                    "code": "SUP-M1",
                    "kind": "supplier",
                    "partner_id": self.supplier.id,
                    "warehouse_id": False,
                }
            ],
        )
        self.assertEqual(self.supplier._oms_ensure_supplier_site(self.company), site)

    def test_contact_stands_for_its_company(self):
        site = self.seller._oms_ensure_supplier_site(self.company)
        self.assertEqual(site.partner_id, self.supplier)
        both = (self.seller | self.supplier)._oms_ensure_supplier_site(self.company)
        self.assertEqual(both, site)

    def test_each_company_has_its_own(self):
        other = self.env["res.company"].create({"name": "Daughter"})
        site = self.supplier._oms_ensure_supplier_site(self.company)
        theirs = self.supplier._oms_ensure_supplier_site(other)
        self.assertNotEqual(site, theirs)
        self.assertEqual(theirs.company_id, other)

    def test_archived_site_is_found_again(self):
        site = self.supplier._oms_ensure_supplier_site(self.company)
        site.active = False
        self.assertEqual(self.supplier._oms_ensure_supplier_site(self.company), site)

    def test_suppliers_with_the_same_reference(self):
        twin = self.env["res.partner"].create({"name": "Twin", "ref": "M1"})
        sites = (self.supplier + twin)._oms_ensure_supplier_site(self.company)
        self.assertEqual(len(set(sites.mapped("code"))), 2)
        third = self.env["res.partner"].create({"name": "Third", "ref": "M1"})
        self.assertTrue(third._oms_ensure_supplier_site(self.company))

    def test_action_opens_the_site(self):
        action = self.seller.action_oms_supplier_site()
        site = self.env["oms.site"].browse(action["res_id"])
        self.assertEqual(site.partner_id, self.supplier)
