from odoo.tests import tagged

from .common import WorkCase

GTIN = "04006381333931"


@tagged("post_install", "-at_install")
class TestScan(WorkCase):
    """What codes stand for, and how wrong ones are told apart."""

    def test_each_mistake_has_its_sentence(self):
        cherry = self.make_product("Cherry", barcode="2000000000015")
        shelf = self.env["stock.location"].create(
            {
                "name": "Back",
                "barcode": "BACK",
                "location_id": self.near.warehouse_id.lot_stock_id.id,
            }
        )
        self.env["stock.location"].create(
            {
                "name": "Else",
                "barcode": "ELSE",
                "location_id": self.far.warehouse_id.lot_stock_id.id,
            }
        )
        work = self.make_work((self.apple, 1))
        said = {
            "Nobody knows": "123",
            "not in this order": cherry.barcode,
            "of another site": "ELSE",
        }
        for sentence, code in said.items():
            with self.subTest(code=code):
                answer = self.do(work, "scan", barcode=code, expect="refused")
                self.assertIn(sentence, answer["message"])
                self.assertEqual(answer["sound"], "error")
        answer = self.do(work, "scan", barcode="BACK", expect="warning")
        self.assertIn("Go to", answer["message"])
        self.assertEqual(answer["sound"], "warning")
        answer = self.do(
            work, "scan", barcode=self.apple.barcode, location_id=shelf.id, expect="refused"
        )
        self.assertIn("Wrong place", answer["message"])
        self.do(work, "scan", barcode=self.apple.barcode, quantity=2, expect="refused")
        self.do(work, "scan", barcode=self.apple.barcode)
        answer = self.do(work, "scan", barcode=self.apple.barcode, expect="refused")
        self.assertIn("complete already", answer["message"])
        refused = self.env["oms.scan"].search(
            [("fulfillment_id", "=", work.id), ("outcome", "=", "refused")]
        )
        self.assertEqual(len(refused), 6, "what was refused is kept")

    def test_a_place_says_what_is_there(self):
        shelf = self.env["stock.location"].create(
            {
                "name": "Front",
                "barcode": "FRONT",
                "location_id": self.near.warehouse_id.lot_stock_id.id,
            }
        )
        cherry = self.make_product("Cherry", barcode="2000000000015")
        self.env["stock.quant"]._update_available_quantity(cherry, shelf, 2)
        self.stock(cherry, (self.near, 1))
        work = self.make_work((cherry, 3))
        answer = self.do(work, "scan", barcode="FRONT")
        self.assertIn("2 ", answer["message"])
        self.do(work, "scan", barcode=cherry.barcode)
        there = {
            row["location"]["barcode"]: (row["demand"], row["picked"])
            for row in self.detail(work)["lines"]
        }
        self.assertEqual(there["FRONT"], (2, 1), "taken from the place that was scanned")

    def test_codes_of_packagings_and_internal_references(self):
        self.env["product.uom"].create(
            {
                "product_id": self.apple.id,
                "uom_id": self.env.ref("uom.product_uom_dozen").id,
                "barcode": "DOZEN-OF-APPLES",
            }
        )
        self.stock(self.apple, (self.near, 20))
        work = self.make_work((self.apple, 14))
        self.do(work, "scan", barcode="DOZEN-OF-APPLES")
        self.assertEqual(self.rows(work), [("Apple", 14, 12, 0)])
        self.do(work, "scan", barcode="DOZEN-OF-APPLES", expect="refused")
        self.do(work, "scan", barcode="Apple", quantity=2)
        self.assertEqual(work.work_state, "picked")

    def test_codes_of_gs1(self):
        self.company.nomenclature_id = self.env.ref(
            "barcodes_gs1_nomenclature.default_gs1_nomenclature"
        )
        lots = self.make_lots("L1", "L2")
        work = self.make_work((lots.product_id, 4))
        cherry_gtin = "01" + "02000000000015"
        answer = self.do(work, "scan", barcode=cherry_gtin, expect="refused")
        self.assertIn("L1", answer["message"])
        self.do(work, "scan", barcode=f"{cherry_gtin}3000000002\x1d10L2")
        self.do(work, "scan", barcode=f"{cherry_gtin}10L1\x1d3000000002")
        self.assertEqual(work.work_state, "picked")
        self.assertEqual(
            {(row["lot"]["name"], row["picked"]) for row in self.detail(work)["lines"]},
            {("L1", 2), ("L2", 2)},
        )
        apples = self.make_work((self.apple, 3))
        self.do(apples, "scan", barcode=f"01{GTIN}3000000003")
        self.assertEqual(self.rows(apples), [("Apple", 3, 3, 0)])
        answer = self.do(apples, "scan", barcode=f"{cherry_gtin}10L1", expect="refused")
        self.assertIn("not in this order", answer["message"])

    # === LOTS AND SERIALS === #

    def make_lots(self, *names, tracking="lot", quantity=3):
        cherry = self.make_product("Cherry", tracking=tracking, barcode="2000000000015")
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": cherry.id} for name in names]
        )
        for lot in lots:
            self.stock(cherry, (self.near, quantity), lot_id=lot)
        return lots

    def test_lots_of_two_products_with_one_name(self):
        """Lots are often named by a day: the one that is still to be picked is meant."""
        place = self.near.warehouse_id.lot_stock_id
        milk, bread = (self.make_product(name, tracking="lot") for name in ("Milk", "Bread"))
        for product in (milk, bread):
            lot = self.env["stock.lot"].create({"name": "2026-01-02", "product_id": product.id})
            self.env["stock.quant"]._update_available_quantity(product, place, 9, lot_id=lot)
        work = self.make_work((milk, 1), (bread, 2))
        for _scan in range(3):
            self.do(work, "scan", barcode="2026-01-02")
        self.assertEqual(self.rows(work), [("Milk", 1, 1, 0), ("Bread", 2, 2, 0)])
        self.do(work, "scan", barcode="2026-01-02", expect="refused")

    def test_another_lot_is_taken_if_it_is_free(self):
        lots = self.make_lots("L1", "L2")
        work = self.make_work((lots.product_id, 2))
        reserved = work.move_ids.move_line_ids.lot_id
        other = lots - reserved
        self.do(work, "scan", barcode=other.name)
        self.do(work, "scan", barcode=reserved.name)
        self.do(work, "hand_over")
        left = {line.lot_id: line.quantity for line in work.move_ids.move_line_ids}
        self.assertEqual(left, {reserved: 1, other: 1})
        self.assertEqual(self.reserved(lots.product_id), 0)

    def test_a_lot_that_is_not_free_is_refused(self):
        lots = self.make_lots("L1", "L2", quantity=1)
        work, other = self.make_work((lots.product_id, 1)), self.make_work((lots.product_id, 1))
        taken = other.move_ids.move_line_ids.lot_id
        answer = self.do(work, "scan", barcode=taken.name, expect="refused")
        self.assertIn("Wrong lot", answer["message"])
        self.assertIn((lots - taken).name, answer["message"])

    def test_serials(self):
        lots = self.make_lots("S1", "S2", "S3", tracking="serial", quantity=1)
        work = self.make_work((lots.product_id, 2))
        answer = self.do(work, "scan", barcode="2000000000015", expect="refused")
        self.assertIn("serial", answer["message"])
        self.do(work, "scan", barcode="S3")
        answer = self.do(work, "scan", barcode="S3", expect="refused")
        self.assertIn("picked already", answer["message"])
        row = self.detail(work)["lines"][0]
        self.do(work, "set_picked", line_id=row["id"], quantity=1, lot_name="S1")
        self.assertEqual(work.work_state, "picked")
        self.do(work, "pack")
        self.do(work, "hand_over")
        self.assertEqual(set(work.move_ids.lot_ids.mapped("name")), {"S1", "S3"})

    def test_packages(self):
        package = self.env["stock.package"].create({"name": "BOX-1"})
        cherry = self.make_product("Cherry")
        self.stock(cherry, (self.near, 4), package_id=package)
        work = self.make_work((cherry, 4))
        self.do(work, "scan", barcode="BOX-1")
        self.assertEqual(self.rows(work)[0][:3], ("Cherry", 4, 4))
        self.do(work, "scan", barcode="BOX-1", expect="warning")
        self.do(work, "hand_over")
        self.assertEqual(work.state, "shipped")

    # === HELPERS === #

    def detail(self, work):
        return self.env["oms.site.work"].with_user(self.clerk).get_detail(work.id)

    def reserved(self, product):
        return sum(
            self.env["stock.quant"]
            .search([("product_id", "=", product.id), ("location_id.usage", "=", "internal")])
            .mapped("reserved_quantity")
        )
