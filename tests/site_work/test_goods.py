from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import WorkCase


@tagged("post_install", "-at_install")
class TestGoods(WorkCase):
    """Quantities, packages, parts, and what is taken back."""

    def assertReserved(self, product, quantity):
        """What Odoo has reserved of a product at the site is what open lines hold."""
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", product.id),
                ("location_id.warehouse_id", "=", self.near.warehouse_id.id),
            ]
        )
        self.assertAlmostEqual(sum(quants.mapped("reserved_quantity")), quantity, 6)
        lines = self.env["stock.move.line"].search(
            [
                ("product_id", "=", product.id),
                ("state", "not in", ("done", "cancel")),
                ("location_id.warehouse_id", "=", self.near.warehouse_id.id),
            ]
        )
        self.assertAlmostEqual(sum(lines.mapped("quantity_product_uom")), quantity, 6)

    def test_decimals_and_other_units(self):
        gram = self.env.ref("uom.product_uom_gram")
        salt = self.make_product("Salt", uom_id=self.env.ref("uom.product_uom_kgm").id)
        self.stock(salt, (self.near, 5))
        work = self.make_work((salt, 2500, {"product_uom_id": gram.id}))
        line = work.line_ids
        self.do(work, "set_picked", line_id=line.id, quantity=1.25)
        self.assertEqual(self.rows(work), [("Salt", 2.5, 1.25, 0)])
        self.assertReserved(salt, 2.5)
        self.do(work, "set_picked", line_id=line.id, quantity=2.6, expect="refused")
        self.do(work, "set_picked", line_id=line.id, quantity=2.5)
        self.do(work, "hand_over")
        self.assertEqual(work.order_id.order_line.qty_delivered, 2500)
        self.assertReserved(salt, 0)

    def test_dozens_are_picked_one_by_one(self):
        self.env["ir.config_parameter"].sudo().set_param("stock.propagate_uom", "1")
        dozen = self.env.ref("uom.product_uom_dozen")
        self.stock(self.apple, (self.near, 20))
        work = self.make_work((self.apple, 1, {"product_uom_id": dozen.id}))
        for _apple in range(5):
            self.do(work, "scan", barcode=self.apple.barcode)
        self.assertEqual(self.rows(work), [("Apple", 12, 5, 0)])
        self.assertReserved(self.apple, 12)
        self.do(work, "scan", barcode=self.apple.barcode, quantity=7)
        self.do(work, "hand_over")
        self.assertEqual(work.order_id.order_line.qty_delivered, 1)

    def test_two_packages(self):
        for steps in ("ship_only", "pick_ship"):
            with self.subTest(steps=steps):
                self.near.warehouse_id.delivery_steps = steps
                work = self.make_work((self.apple, 3))
                self.do(work, "pack", expect="refused")
                self.do(work, "scan", barcode=self.apple.barcode, quantity=2)
                self.do(work, "pack", weight=1)
                self.assertEqual(work.work_state, "accepted")
                self.do(work, "scan", barcode=self.apple.barcode)
                answer = self.do(work, "pack", weight=2)
                self.assertEqual(work.work_state, "packed")
                contents = [
                    (package["weight"], package["contents"][0]["quantity"])
                    for package in answer["detail"]["packages"]
                ]
                self.assertEqual(sorted(contents), [(1, 2), (2, 1)])
                self.do(work, "hand_over")
                self.assertEqual(work.state, "shipped")

    def test_part_of_what_is_picked_is_packed(self):
        work = self.make_work((self.apple, 3))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=3)
        line = work.line_ids
        self.do(work, "pack", lines=[{"line_id": line.id, "quantity": 4}], expect="refused")
        self.do(work, "pack", lines=[{"line_id": line.id, "quantity": 1}])
        self.assertEqual(self.rows(work), [("Apple", 3, 3, 1)])
        self.assertReserved(self.apple, 3)
        answer = self.do(work, "pack")
        package = answer["detail"]["packages"][-1]
        self.do(work, "unpack", package_id=package["id"])
        self.assertEqual(work.work_state, "picked")
        other = self.make_work()
        self.do(other, "unpack", package_id=package["id"], expect="refused")

    def test_unpacking_after_the_first_step(self):
        self.near.warehouse_id.delivery_steps = "pick_ship"
        work = self.make_work((self.apple, 2))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=2)
        answer = self.do(work, "pack")
        self.do(work, "unpack", package_id=answer["detail"]["packages"][0]["id"])
        self.assertEqual(work.work_state, "picked")
        self.do(work, "pack")
        self.assertEqual(work.work_state, "packed")
        self.do(work, "hand_over")
        self.assertEqual(work.order_id.order_line.qty_delivered, 2)

    def test_part_is_handed_over_and_the_rest_stays_work(self):
        for steps in ("ship_only", "pick_ship"):
            with self.subTest(steps=steps):
                self.near.warehouse_id.delivery_steps = steps
                work = self.make_work((self.apple, 3))
                self.do(work, "scan", barcode=self.apple.barcode)
                answer = self.do(work, "hand_over", expect="refused")
                self.assertIn("2 Apple", answer["message"].replace("[Apple] ", ""))
                self.do(work, "hand_over", partial=True)
                self.assertEqual((work.state, work.work_state), ("released", "accepted"))
                self.assertEqual(work.order_id.order_line.qty_delivered, 1)
                self.do(work, "scan", barcode=self.apple.barcode, quantity=2)
                self.do(work, "hand_over")
                self.assertEqual(work.state, "shipped")
                self.assertBalanced(work.order_id)

    def test_goods_that_odoo_did_not_reserve(self):
        work = self.make_work((self.apple, 2))
        work.picking_ids.do_unreserve()
        row = self.env["oms.site.work"].get_detail(work.id)["lines"][0]
        self.assertEqual((row["move_line_id"], row["demand"]), (None, 2))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=2)
        self.do(work, "hand_over")
        self.assertEqual(work.state, "shipped")

    # === TAKEN BACK === #

    def test_undo(self):
        work = self.make_work((self.apple, 3))
        first = self.do(work, "scan", barcode=self.apple.barcode, quantity=1)
        second = self.do(work, "scan", barcode=self.apple.barcode, quantity=2)
        self.do(work, "undo", target=first["uuid"])
        self.assertEqual(self.rows(work), [("Apple", 3, 2, 0)])
        self.do(work, "undo", target=first["uuid"], expect="refused")
        self.do(work, "undo", target="something else", expect="refused")
        self.do(work, "scan", barcode=self.apple.barcode)
        packed = self.do(work, "pack")
        ready = self.do(work, "ready")
        self.do(work, "undo", target=ready["uuid"])
        self.assertEqual(work.work_state, "packed")
        self.do(work, "undo", target=packed["uuid"])
        self.assertEqual(work.work_state, "picked")
        self.do(work, "undo", target=second["uuid"])
        self.assertEqual(self.rows(work), [("Apple", 3, 1, 0)])
        self.assertReserved(self.apple, 3)
        lowered = self.do(work, "set_picked", line_id=work.line_ids.id, quantity=0)
        self.do(work, "undo", target=lowered["uuid"])
        self.assertEqual(self.rows(work), [("Apple", 3, 1, 0)])
        gone = self.do(work, "hand_over", partial=True)
        self.do(work, "undo", target=gone["uuid"], expect="refused")

    def test_what_was_put_back_is_not_put_back_again(self):
        work = self.make_work((self.apple, 3))
        scan = self.do(work, "scan", barcode=self.apple.barcode, quantity=2)
        self.do(work, "set_picked", line_id=work.line_ids.id, quantity=0)
        answer = self.do(work, "undo", target=scan["uuid"], expect="refused")
        self.assertIn("taken back already", answer["message"])
        self.assertEqual(self.rows(work), [("Apple", 3, 0, 0)])

    def test_less_is_set(self):
        work = self.make_work((self.apple, 3))
        self.do(work, "set_picked", line_id=work.line_ids.id, quantity=3)
        self.do(work, "ready")
        self.do(work, "set_picked", line_id=work.line_ids.id, quantity=1)
        self.assertEqual((work.work_state, self.rows(work)), ("accepted", [("Apple", 3, 1, 0)]))
        self.do(work, "set_picked", line_id=work.line_ids.id, quantity=-1, expect="refused")
        self.do(work, "set_picked", line_id=work.line_ids.id, quantity="1", expect="refused")

    # === MANY AT ONCE === #

    def test_bulk_buttons(self):
        works = self.make_work((self.apple, 2)) + self.make_work((self.berry, 1))
        mine = works.with_user(self.clerk)
        mine.action_pick()
        self.assertEqual(works.mapped("work_state"), ["picked", "picked"])
        with self.assertRaises(UserError):
            mine.action_pick()
        mine.action_pack()
        mine.action_make_ready()
        self.assertEqual(works.mapped("work_state"), ["ready", "ready"])
        mine.action_hand_over()
        self.assertEqual(works.mapped("state"), ["shipped", "shipped"])
        with self.assertRaises(UserError):
            mine.action_hand_over()
