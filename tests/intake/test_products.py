from .common import IntakeCase, make_csv

HEADERS = "sku,name,price,weight,barcode,category"


class TestImportProducts(IntakeCase):
    def test_create_update_unchanged(self):
        content = make_csv(HEADERS, "P1,Pear,2.50,0.2,4006381333931,Fruit", "P2,Plum,,,,Fruit")
        job = self.run_job("products", content)
        self.assertEqual((job.created_count, job.bad_count), (2, 0))
        pear = self.env["product.product"].search([("default_code", "=", "P1")])
        self.assertTrue(pear.is_storable)
        self.assertEqual((pear.list_price, pear.weight), (2.5, 0.2))
        self.assertEqual((pear.barcode, pear.categ_id.name), ("4006381333931", "Fruit"))
        before = self.count_everything()
        self.assertEqual(self.run_job("products", content).unchanged_count, 2)
        self.assertEqual(self.count_everything(), before)
        job = self.run_job("products", content.replace(b"2.50", b"2.75"))
        self.assertEqual((job.updated_count, job.unchanged_count), (1, 1))
        self.assertEqual(pear.list_price, 2.75)

    def test_check_makes_no_category(self):
        job = self.make_job("products", make_csv(HEADERS, "P1,Pear,2.50,,,Never"))
        job.action_check()
        self.assertEqual((job.state, job.created_count), ("checked", 1))
        self.assertFalse(self.env["product.category"].search_count([("name", "=", "Never")]))

    def test_barcode_of_another_product(self):
        self.apple.barcode = "4006381333931"
        job = self.run_job(
            "products",
            make_csv(HEADERS, "P1,Pear,,,4006381333931,", "P2,Plum,,,2990000000019,",
                     "P3,Peach,,,2990000000019,"),
        )  # fmt: skip
        messages = self.get_messages(job)
        self.assertIn("that of the product “APPLE”", messages[2])
        self.assertIn("that of the product “P2”", messages[4])
        self.assertEqual(job.created_count, 1)
