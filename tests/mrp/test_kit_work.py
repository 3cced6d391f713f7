from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import TourCase
from ..site_work.common import WorkCase
from .common import KitCase


@tagged("post_install", "-at_install")
class TestKitWork(WorkCase, KitCase):
    """Kits are delivered in Odoo's Inventory, whatever the site screen does beside them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kit = cls.make_kit("Set", (cls.bolt, 2), (cls.nut, 1))
        cls.bolt.barcode, cls.nut.barcode = "BOLT-CODE", "NUT-CODE"
        cls.stock(cls.bolt, (cls.near, 40))
        cls.stock(cls.nut, (cls.near, 40))

    def make_mixed(self, *lines):
        """An order of two kits, three bolts beside them and two apples, all of the near site.

        :return: its fulfillment, and the transfer of the kits
        """
        order = self.make_order(
            (self.kit, 2),
            *(lines or [(self.bolt, 3), (self.apple, 2)]),
            warehouse_id=self.near.warehouse_id.id,
        )
        work = order.oms_fulfillment_ids
        self.assertEqual(work.site_id, self.near)
        return work, order.picking_ids - work.picking_ids

    def transfer(self, picking):
        return sorted((move.product_id.name, move.product_qty) for move in picking.move_ids)

    def screen(self):
        return self.env["oms.site.work"].with_user(self.clerk)

    def test_an_order_of_kits_alone(self):
        """It is no work of the screen, and both the order and the screen say so."""
        order = self.make_order((self.kit, 2), warehouse_id=self.near.warehouse_id.id)
        [picking] = order.picking_ids
        self.assertFalse(order.oms_fulfillment_ids)
        self.assertFalse(self.screen().get_work(self.near.id)["cards"])
        self.assertIn("2 Units of [Set] Set", order.oms_native_note)
        self.assertIn(picking.name, order.oms_native_note)
        self.assertIn("Near", order.oms_native_note)
        for text in (order.name, picking.name, f" {picking.name.lower()} "):
            self.assertFalse(self.screen().find(self.near.id, text))
            self.assertIn(picking.name, self.screen().explain(self.near.id, text))
            self.assertIn("Inventory", self.screen().explain(self.near.id, text))
            # Not of that site.
            self.assertFalse(self.env["oms.site.work"].explain(self.far.id, text))
        self.ship(picking)
        self.env.invalidate_all()
        self.assertFalse(order.oms_native_note)
        self.assertFalse(self.screen().explain(self.near.id, order.name))
        with self.assertRaises(AccessError):
            self.screen().explain(self.far.id, order.name)
        self.assertEqual(order.order_line.qty_delivered, 2)

    def test_what_is_not_told(self):
        """Quotations, orders all of a site, and channels that leave all to Odoo."""
        self.assertFalse(self.make_order((self.kit, 2), confirm=False).oms_native_note)
        work = self.make_work((self.apple, 1))
        self.assertFalse(work.order_id.oms_native_note)
        self.assertFalse(self.screen().explain(self.near.id, work.order_id.name))
        self.assertFalse(self.screen().explain(self.near.id, "  "))
        self.assertFalse(self.screen().explain(self.near.id, "no such thing"))
        self.channel.orchestrated = False
        self.assertFalse(self.make_order((self.kit, 2)).oms_native_note)

    def test_each_in_its_own_transfer(self):
        for steps in ("ship_only", "pick_ship", "pick_pack_ship"):
            with self.subTest(steps=steps):
                self.near.warehouse_id.delivery_steps = steps
                work, picking = self.make_mixed()
                self.assertEqual(self.transfer(picking), [("Bolt", 4), ("Nut", 2)])
                self.assertEqual(self.transfer(work.picking_ids), [("Apple", 2), ("Bolt", 3)])
                self.assertEqual(self.rows(work), [("Bolt", 3, 0, 0), ("Apple", 2, 0, 0)])
                [beside] = self.screen().get_detail(work.id)["beside"]
                self.assertEqual(beside["product"], "[Set] Set")
                self.assertEqual((beside["quantity"], beside["uom"]), (2, "Units"))
                self.assertEqual(beside["transfers"], [picking.name])

    def test_the_way_to_the_customer(self):
        """Picking, packing and handing over leave the kits where they are."""
        for steps in ("ship_only", "pick_pack_ship"):
            with self.subTest(steps=steps):
                self.near.warehouse_id.delivery_steps = steps
                work, picking = self.make_mixed()
                order = work.order_id
                for _time in range(3):
                    self.do(work, "scan", barcode=self.bolt.barcode)
                # The bolts of the kits are not picked here.
                self.do(work, "scan", barcode=self.bolt.barcode, expect="refused")
                answer = self.do(work, "scan", barcode=self.nut.barcode, expect="refused")
                self.assertIn("Set", answer["message"])
                self.assertIn(picking.name, answer["message"])
                self.do(work, "set_picked", line_id=work.line_ids[1].id, quantity=2)
                self.do(work, "pack")
                self.do(work, "hand_over")
                self.assertEqual((work.state, work.work_state), ("shipped", False))
                self.assertEqual(order.order_line.mapped("qty_delivered"), [0, 3, 2])
                self.assertEqual(self.transfer(picking), [("Bolt", 4), ("Nut", 2)])
                self.assertFalse(any(picking.move_ids.mapped("picked")))
                self.assertIn(picking.name, order.oms_native_note)
                while left := order.picking_ids.filtered(lambda p: p.state == "assigned"):
                    self.ship(left)
                self.assertEqual(order.order_line.mapped("qty_delivered"), [2, 3, 2])
                self.assertEqual(order.delivery_status, "full")
                self.assertFalse(order.oms_native_note)
                self.assertEqual(self.env["oms.position"]._rebuild(), 0)

    def test_short_of_a_part(self):
        """What is short is sourced elsewhere; the kits keep the parts that they have."""
        self.stock(self.bolt, (self.far, 5))
        work, picking = self.make_mixed()
        order = work.order_id
        self.do(work, "scan", barcode=self.bolt.barcode)
        self.do(work, "short", line_id=work.line_ids[0].id, reason_id=self.reason("UNFINDABLE").id)
        self.run_events()
        self.assertEqual(self.transfer(picking), [("Bolt", 4), ("Nut", 2)])
        self.assertEqual(picking.state, "assigned")
        other = order.oms_fulfillment_ids - work
        self.assertEqual(other.site_id, self.far)
        self.assertEqual(self.transfer(other.picking_ids), [("Bolt", 2)])
        self.assertFalse(
            self.screen().with_user(self.env.user).get_detail(other.id)["beside"],
            "the kits are of the other site",
        )
        self.do(work, "hand_over", partial=True)
        self.ship(picking)
        self.assertEqual(order.order_line.mapped("qty_delivered"), [2, 1, 0])

    def test_less_of_a_kit_arrives(self):
        """A backorder of a kit's part stays Odoo's."""
        work, picking = self.make_mixed((self.apple, 2))
        order = work.order_id
        picking.move_ids[0].quantity = 2
        picking.move_ids.picked = True
        picking.with_context(skip_backorder=True).button_validate()
        self.assertEqual(order.order_line[0].qty_delivered, 1)
        [rest] = order.picking_ids - work.picking_ids - picking
        self.assertFalse(rest.oms_fulfillment_id)
        self.assertEqual(self.transfer(rest), [("Bolt", 2)])
        self.assertIn(rest.name, order.oms_native_note)
        self.assertNotIn(picking.name, order.oms_native_note)
        self.assertEqual(len(order.oms_fulfillment_ids), 1)

    def test_a_changed_and_a_cancelled_order(self):
        work, picking = self.make_mixed()
        order = work.order_id
        self.do(work, "scan", barcode=self.bolt.barcode)
        order.order_line[0].product_uom_qty = 3
        self.assertEqual(self.transfer(picking), [("Bolt", 6), ("Nut", 3)])
        self.assertEqual(self.rows(work)[0][:2], ("Bolt", 3))
        self.cancel(order)
        self.assertEqual(set(order.picking_ids.mapped("state")), {"cancel"})
        self.assertFalse(work.work_state)
        self.assertFalse(order.oms_native_note)

    def test_a_product_that_becomes_a_kit(self):
        """Odoo fails on goods that became a kit after they were reserved: it is told before."""
        work = self.make_work(
            (self.berry, 2), (self.apple, 1), warehouse_id=self.near.warehouse_id.id
        )
        self.make_bill(self.berry, (self.bolt, 2), (self.nut, 1))
        self.env.invalidate_all()
        self.assertEqual(self.rows(work), [("Berry", 2, 0, 0), ("Apple", 1, 0, 0)])
        for line, quantity in zip(work.line_ids, (2, 1), strict=True):
            self.do(work, "set_picked", line_id=line.id, quantity=quantity)
        answer = self.do(work, "hand_over", expect="refused")
        self.assertIn("[Berry] Berry became a kit", answer["message"])
        self.assertEqual(work.work_state, "picked")
        order, berries = work.order_id, work.line_ids[0]
        self.do(
            work,
            "reject",
            reason_id=self.reason("CLOSED").id,
            lines=[{"line_id": berries.id, "quantity": 2}],
        )
        self.do(work, "hand_over")
        self.assertEqual(work.state, "shipped")
        order.order_line[0].product_uom_qty = 0
        order.order_line.create(
            {"order_id": order.id, "product_id": self.berry.id, "product_uom_qty": 2}
        )
        [picking] = order.picking_ids.filtered(lambda picking: picking.state == "assigned")
        self.assertEqual(self.transfer(picking), [("Bolt", 4), ("Nut", 2)])
        self.ship(picking)
        self.assertEqual(order.order_line.mapped("qty_delivered"), [0, 1, 2])


@tagged("post_install", "-at_install")
class TestKitWorkTour(TourCase, WorkCase, KitCase):
    """A clerk with a phone is told where the kits are, and so is whoever looks at the order."""

    browser_size = "360x740"

    def setUp(self):
        super().setUp()
        self.kit = self.make_kit("Set", (self.bolt, 2), (self.nut, 1))
        self.stock(self.bolt, (self.near, 20))
        self.stock(self.nut, (self.near, 20))
        self.nut.barcode = "NUT-CODE"
        values = {"warehouse_id": self.near.warehouse_id.id}
        self.mixed = self.make_order((self.kit, 2), (self.apple, 2), name="KIT-AND-MORE", **values)
        self.alone = self.make_order((self.kit, 1), name="KIT-ALONE", **values)

    def test_site(self):
        self.start_tour_surely("/odoo/oms-site-work", "oms_site_kit", login=self.clerk.login)

    def test_order(self):
        user = self.make_user("tour-kit-order", "sales_team.group_sale_salesman_all_leads")
        url = f"/odoo/oms-orders/{self.mixed.id}"
        self.start_tour_surely(url, "oms_order_kit", login=user.login)
