from .common import STOCK_HEADERS, IntakeCase, make_csv, make_xlsx


class TestImportStock(IntakeCase):
    def test_sets_on_hand(self):
        self.stock(self.apple, (self.near, 3), (self.far, 9))
        job = self.run_job(
            "stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,7.5", "MID,BERRY,2", "FAR,APPLE,4")
        )
        self.assertEqual((job.state, job.bad_count), ("done", 0))
        self.assertEqual((job.created_count, job.updated_count), (1, 2))
        self.assertEqual(self.get_on_hand(self.near, self.apple), 7.5)
        self.assertEqual(self.get_on_hand(self.middle, self.berry), 2)
        self.assertEqual(self.get_on_hand(self.far, self.apple), 4)
        moves = self.env["stock.move"].search([("inventory_name", "=", job._get_inventory_name())])
        self.assertEqual(len(moves), 3)
        self.assertTrue(all(moves.mapped("is_inventory")))

    def test_quantity_finer_than_the_unit_is_refused(self):
        job = self.run_job("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,7.125", "NEAR,BERRY,0.25"))
        self.assertEqual((job.created_count, job.bad_count), (1, 1))
        self.assertIn("7.125 is too fine", self.get_messages(job)[2])

    def test_same_file_twice_changes_nothing(self):
        content = make_csv(STOCK_HEADERS, "NEAR,APPLE,7", "MID,BERRY,2", "FAR,BERRY,0")
        self.run_job("stock", content)
        before = self.count_everything()
        job = self.run_job("stock", content)
        self.assertEqual(job.unchanged_count, 3)
        self.assertEqual(self.count_everything(), before)

    def test_available_adds_open_demand(self):
        self.stock(self.apple, (self.near, 5))
        self.make_order((self.apple, 3))
        content = make_csv(STOCK_HEADERS, "NEAR,APPLE,4")
        job = self.run_job("stock", content, stock_meaning="available")
        self.assertEqual(self.get_on_hand(self.near, self.apple), 7)
        available = self.near._get_available(self.apple)
        self.assertEqual(available[self.near.id, self.apple.id], 4)
        job = self.run_job("stock", content, stock_meaning="available")
        self.assertEqual(job.unchanged_count, 1)

    def test_what_is_not_in_the_file(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        self.stock(self.berry, (self.near, 5))
        content = make_csv(STOCK_HEADERS, "NEAR,APPLE,4")
        self.run_job("stock", content)
        self.assertEqual(self.get_on_hand(self.near, self.berry), 5)
        job = self.run_job("stock", content, zero_missing=True)
        self.assertEqual(job.zeroed_count, 1)
        self.assertEqual(self.get_on_hand(self.near, self.berry), 0)
        self.assertEqual(self.get_on_hand(self.far, self.apple), 5)
        job = self.run_job("stock", content, zero_missing=True, channel_id=self.channel.id)
        self.assertEqual(self.get_on_hand(self.far, self.apple), 0)
        job = self.run_job("stock", content, zero_missing=True, channel_id=self.channel.id)
        self.assertEqual((job.zeroed_count, job.unchanged_count), (0, 1))

    def test_emptying_leaves_what_was_promised(self):
        self.stock(self.berry, (self.near, 5))
        self.make_order((self.berry, 2))
        content = make_csv(STOCK_HEADERS, "NEAR,APPLE,4")
        self.run_job("stock", content, zero_missing=True, stock_meaning="available")
        self.assertEqual(self.get_on_hand(self.near, self.berry), 2)

    def test_check_changes_nothing(self):
        self.stock(self.berry, (self.near, 5))
        before = self.count_everything()
        job = self.make_job(
            "stock",
            make_csv(STOCK_HEADERS, "NEAR,APPLE,4", "NEAR,NEW,1"),
            zero_missing=True,
            create_products=True,
        )
        job.action_check()
        self.assertEqual((job.state, job.created_count, job.zeroed_count), ("checked", 2, 1))
        self.assertEqual(self.count_everything(), before)

    def test_bad_rows(self):
        service = self.make_product("Service", default_code="SERVICE", is_storable=False)
        self.assertFalse(service.is_storable)
        self.make_product("Twin", default_code="BERRY")
        self.make_product("Lot", default_code="LOT", tracking="lot")
        supplier = self.make_partner("Supplier", ref="SUPP")
        site = supplier._oms_ensure_supplier_site(self.company)
        job = self.run_job(
            "stock",
            make_csv(
                STOCK_HEADERS,
                "NOWHERE,APPLE,1",
                "NEAR,NOTHING,1",
                "NEAR,SERVICE,1",
                "NEAR,BERRY,1",
                "NEAR,LOT,1",
                f"{site.code},APPLE,1",
                "NEAR,APPLE,-1",
                "NEAR,APPLE,nan",
                "NEAR,APPLE,2000000",
                "NEAR,APPLE",
                "NEAR,APPLE,6",
                "NEAR,APPLE,7",
            ),
        )
        messages = self.get_messages(job)
        for line, part in enumerate(
            (
                "no site “NOWHERE”",
                "no product “NOTHING”",
                "keeps no stock",
                "Several products",
                "lots or serial numbers",
                "supplier's",
                "negative",
                "not a number",
                "not between",
                "has 2 columns, the header 3",
            ),
            start=2,
        ):
            self.assertIn(part, messages[line])
        self.assertIn("Line 12 is about the same NEAR / APPLE", messages[13])
        self.assertEqual((job.row_count, job.bad_count, job.good_count), (12, 11, 1))
        self.assertEqual(self.get_on_hand(self.near, self.apple), 6)

    def test_missing_products_are_made_on_demand(self):
        content = make_csv(STOCK_HEADERS, "NEAR,NEW-1,3", "MID,NEW-1,4")
        self.assertEqual(self.run_job("stock", content).bad_count, 2)
        job = self.run_job("stock", content, create_products=True)
        self.assertEqual(job.bad_count, 0)
        product = self.env["product.product"].search([("default_code", "=", "NEW-1")])
        self.assertTrue(product.is_storable)
        self.assertEqual(self.get_on_hand(self.middle, product), 4)

    def test_month_must_be_chosen(self):
        content = make_csv("month," + STOCK_HEADERS, "2024-01,NEAR,APPLE,1", "2024-02,NEAR,APPLE,2")
        job = self.run_job("stock", content)
        self.assertEqual(job.state, "failed")
        self.assertIn("2 months, 2024-01 to 2024-02", job.error)
        job = self.run_job("stock", content, month="2024-02")
        self.assertEqual((job.state, job.row_count, job.unit_count), ("done", 1, 1))
        self.assertEqual(self.get_on_hand(self.near, self.apple), 2)

    def test_goods_on_shelves_count(self):
        stock = self.near.warehouse_id.lot_stock_id
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": stock.id})
        Quant = self.env["stock.quant"]
        Quant._update_available_quantity(self.apple, shelf, 5)
        Quant._update_available_quantity(self.apple, stock, 2)
        job = self.run_job("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,6"))
        self.assertEqual(job.updated_count, 1)
        self.assertEqual(self.get_on_hand(self.near, self.apple), 6)
        job = self.run_job("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,4"))
        self.assertIn("5 of 6 stand outside", self.get_messages(job)[2])

    def test_workbook(self):
        content = make_xlsx(STOCK_HEADERS, ["NEAR", "APPLE", 7.0], ["NEAR", "BERRY", "x"])
        job = self.run_job("stock", content, name="stock.xlsx")
        self.assertEqual((job.created_count, job.bad_count), (1, 1))
        self.assertEqual(self.get_on_hand(self.near, self.apple), 7)

    def test_stock_wakes_waiting_orders(self):
        order = self.make_order((self.apple, 3))
        self.assertEqual(order.oms_state, "waiting")
        before = self.count_triggers()
        self.run_job("stock", make_csv(STOCK_HEADERS, "NEAR,APPLE,4"))
        self.assertEqual(self.count_triggers(), before + 1)
