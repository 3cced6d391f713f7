from odoo.tests import tagged

from .collect_case import TransferCase


@tagged("post_install", "-at_install")
class TestTransferSteps(TransferCase):
    """The site in the middle picks, or picks and packs, before it sends what the store lacks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.middle.warehouse_id
        cls.stock(cls.berry, (cls.middle, 10))

    def steps(self, delivery_steps):
        self.warehouse.delivery_steps = delivery_steps

    def kinds(self, fulfillment):
        """Return what transfers there are, the oldest first."""
        pickings = fulfillment.picking_ids.filtered(lambda p: p.state != "cancel")
        return pickings.sorted("id").picking_type_id.mapped("sequence_code")

    def moves(self, fulfillment, kind):
        """Return the open moves of transfers of a kind."""
        return fulfillment.line_ids.move_ids._oms_filter_open().filtered(
            lambda m: m.picking_type_id.sequence_code == kind
        )

    def demand(self, fulfillment, kind):
        return sum(self.moves(fulfillment, kind).mapped("product_qty"))

    def test_one_pair_for_all_lines(self):
        order = self.collect_order((self.apple, 13), (self.berry, 12))
        there, sent = self.parts(order)
        self.assertEqual((len(sent.line_ids), self.kinds(sent)), (2, ["OUT", "IN"]))
        self.assertFalse(order.picking_ids & sent.picking_ids)
        self.send(sent)
        self.receive(sent)
        self.assertEqual((sent.state, there.state), ("delivered", "released"))
        self.assertEqual(sent.line_ids.mapped("quantity_done"), [3, 2])
        self.assertEqual(self.kinds(sent), ["OUT", "IN"])
        self.assertEqual(len(order.order_line), 2)
        self.assertWhole(order)

    def test_pick_then_send(self):
        self.steps("pick_ship")
        order = self.collect_order((self.apple, 13), (self.berry, 12))
        there, sent = self.parts(order)
        self.assertEqual(self.kinds(sent), ["PICK", "OUT", "IN"])
        self.assertEqual(self.available(self.apple, self.middle), 7)
        self.assertWhole(order)
        sent._pick()
        self.assertEqual(sent.work_state, "picked")
        sent._make_ready("Gate 2")
        # Carried to the gate: it has not left yet.
        self.assertEqual((sent.state, sent.work_state), ("released", "ready"))
        self.assertEqual(self.on_hand(self.apple, self.middle), 7)
        self.assertEqual(self.available(self.apple, self.middle), 7)
        self.assertFalse(sent.shipped_at)
        self.assertWhole(order)
        left = sent._hand_over()
        self.assertEqual(left.picking_type_id, self.warehouse.out_type_id)
        self.assertEqual((sent.state, self.available(self.apple)), ("shipped", 0))
        self.assertTrue(sent.shipped_at and sent.picked_at)
        self.receive(sent)
        self.assertEqual((sent.state, there.state), ("delivered", "released"))
        self.assertEqual((self.on_hand(self.apple), self.available(self.apple)), (13, 0))
        self.assertWhole(order)
        there._pick()
        there._make_ready()
        there._collect()
        self.assertEqual(order.order_line.mapped("qty_delivered"), [13, 12])
        self.assertEqual(len(order.order_line), 2)

    def test_pick_pack_then_send(self):
        self.steps("pick_pack_ship")
        order = self.collect_order((self.apple, 13), (self.berry, 12))
        _there, sent = self.parts(order)
        self.assertEqual(self.kinds(sent), ["PICK", "OUT", "IN"])
        sent._pick()
        package = sent._pack()
        self.assertTrue(sent.packed_at)
        # Odoo's own rule made the step for packing: one for both lines.
        self.assertEqual(sorted(self.kinds(sent)), ["IN", "OUT", "PACK", "PICK"])
        self.assertEqual(self.available(self.apple, self.middle), 7)
        sent._hand_over()
        self.assertEqual(sent.state, "shipped")
        arriving = self.moves(sent, "IN").move_line_ids
        self.assertEqual(arriving.package_id, package)
        self.receive(sent)
        self.assertEqual(sent.state, "delivered")
        self.assertWhole(order)

    def test_the_screen_shows_each_thing_once(self):
        self.steps("pick_pack_ship")
        order = self.collect_order((self.apple, 13))
        _there, sent = self.parts(order)
        work = self.env["oms.site.work"]
        [row] = work._prepare_detail(sent)["lines"]
        self.assertEqual((row["demand"], row["picked"]), (3, 0))
        [card] = work._prepare_cards(sent)
        self.assertEqual((card["units"], card["picked_units"]), (3, 0))
        sent._pick()
        sent._pack()
        [row] = work._prepare_detail(sent)["lines"]
        self.assertEqual((row["demand"], row["picked"], row["packed"]), (3, 3, 3))
        [package] = work._prepare_detail(sent)["packages"]
        self.assertEqual(package["contents"][0]["quantity"], 3)

    def test_given_back_before_it_is_picked(self):
        for steps in ("pick_ship", "pick_pack_ship"):
            with self.subTest(steps):
                self.steps(steps)
                order = self.collect_order((self.apple, 13))
                there, sent = self.parts(order)
                sent._reject(self.env.ref("oms.reason_capacity"), {sent.line_ids: 1})
                kinds = ("PICK", "OUT", "IN")
                self.assertEqual([self.demand(sent, kind) for kind in kinds], [2, 2, 2])
                self.assertEqual((there.line_ids.quantity, order.order_line.oms_qty_open), (12, 1))
                self.assertWhole(order)
                sent._reject(self.env.ref("oms.reason_capacity"))
                self.assertEqual([self.demand(sent, kind) for kind in kinds], [0, 0, 0])
                self.assertEqual((sent.state, there.line_ids.quantity), ("rejected", 10))
                self.assertWhole(order)
                self.cancel(order)

    def test_given_back_after_it_was_picked(self):
        """Who picked it carries it back to the shelf."""
        for steps in ("pick_ship", "pick_pack_ship"):
            with self.subTest(steps):
                self.steps(steps)
                order = self.collect_order((self.apple, 13))
                there, sent = self.parts(order)
                sent._pick()
                self.ship(sent.picking_ids.filtered(lambda p: p.picking_type_code == "internal"))
                sent._reject(self.env.ref("oms.reason_capacity"), {sent.line_ids: 1})
                self.assertEqual([self.demand(sent, kind) for kind in ("OUT", "IN")], [2, 2])
                self.assertEqual((there.line_ids.quantity, order.order_line.oms_qty_open), (12, 1))
                self.assertEqual(self.carried_back(sent), 1)
                self.assertWhole(order)
                sent._hand_over()
                self.receive(sent)
                self.assertEqual((sent.state, there.line_ids.quantity), ("delivered", 12))
                self.assertWhole(order)
                self.cancel(order)

    def carried_back(self, fulfillment):
        back = self.env["stock.move"].search(
            [
                ("oms_fulfillment_line_id", "in", fulfillment.line_ids.ids),
                ("origin_returned_move_id", "!=", False),
                ("location_dest_id", "=", self.warehouse.lot_stock_id.id),
            ]
        )
        return sum(back.mapped("product_qty"))

    def test_picked_in_parts_and_less_is_wanted(self):
        self.steps("pick_ship")
        order = self.collect_order((self.apple, 16))
        there, sent = self.parts(order)
        pick = self.moves(sent, "PICK").picking_id
        self.ship(pick, 4, backorder=True)
        self.assertEqual(sent.line_ids._get_quantity_open(), 6)
        # Not picked yet: 2. Then what lies at the gate goes back.
        order.order_line.product_uom_qty = 15
        self.assertEqual([self.demand(sent, kind) for kind in ("PICK", "OUT", "IN")], [1, 5, 5])
        self.assertFalse(self.carried_back(sent))
        order.order_line.product_uom_qty = 13
        self.assertEqual([self.demand(sent, kind) for kind in ("PICK", "OUT", "IN")], [0, 3, 3])
        self.assertEqual((self.carried_back(sent), there.line_ids.quantity), (1, 13))
        self.assertWhole(order)
        self.assertEqual(self.available(self.apple, self.middle), 7)

    def test_odoo_s_pick_is_short(self):
        self.steps("pick_ship")
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        self.ship(self.moves(sent, "PICK").picking_id, 2)
        self.assertEqual([self.demand(sent, kind) for kind in ("OUT", "IN")], [2, 2])
        self.assertEqual((there.line_ids.quantity, order.order_line.oms_qty_open), (12, 1))
        self.assertIn("fulfillment.rejected", self.events(order))
        self.assertWhole(order)

    def test_odoo_s_delivery_is_short(self):
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        self.ship(self.moves(sent, "OUT").picking_id, 2)
        self.assertEqual(self.demand(sent, "IN"), 2)
        self.assertEqual((there.line_ids.quantity, order.order_line.oms_qty_open), (12, 1))
        self.assertIn("fulfillment.rejected", self.events(order))
        self.assertWhole(order)

    def test_odoo_s_pick_or_delivery_is_cancelled(self):
        self.steps("pick_ship")
        for kind, picked in (("PICK", False), ("OUT", False), ("OUT", True)):
            with self.subTest(kind, picked=picked):
                order = self.collect_order((self.apple, 13))
                there, sent = self.parts(order)
                if picked:
                    self.ship(self.moves(sent, "PICK").picking_id)
                self.moves(sent, kind).picking_id.action_cancel()
                self.assertEqual(
                    [self.demand(sent, each) for each in ("PICK", "OUT", "IN")],
                    [0, 0, 0],
                )
                self.assertEqual((there.line_ids.quantity, order.order_line.oms_qty_open), (10, 3))
                self.assertEqual(self.carried_back(sent), 3 if picked else 0)
                self.assertIn("fulfillment.rejected", self.events(order))
                self.assertWhole(order)
                self.cancel(order)

    def test_the_customer_cancels(self):
        self.steps("pick_pack_ship")
        for picked in (False, True):
            with self.subTest(picked=picked):
                order = self.collect_order((self.apple, 13))
                _there, sent = self.parts(order)
                if picked:
                    self.ship(self.moves(sent, "PICK").picking_id)
                self.cancel(order)
                self.assertFalse(sent.line_ids.move_ids._oms_filter_open())
                self.assertEqual(self.carried_back(sent), 3 if picked else 0)
                self.assertEqual(self.available(self.apple, self.middle), 10)

    def test_taken_back_while_nobody_works_on_it(self):
        for steps in ("ship_only", "pick_ship"):
            with self.subTest(steps):
                self.steps(steps)
                order = self.collect_order((self.apple, 13))
                there, sent = self.parts(order)
                sent._oms_take_back("Closed for today.")
                self.assertFalse(sent.line_ids.move_ids._oms_filter_open())
                self.assertEqual((there.line_ids.quantity, order.order_line.oms_qty_open), (10, 3))
                self.assertWhole(order)
                self.cancel(order)
