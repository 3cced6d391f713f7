from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .collect_case import CollectCase


@tagged("post_install", "-at_install")
class TestCollect(CollectCase):
    def test_with_the_code(self):
        fulfillment = self.make_ready()
        order = fulfillment.order_id
        told = fulfillment.with_user(self.clerk)._collect(fulfillment.pickup_code)
        self.assertEqual(told, [])
        self.assertEqual((fulfillment.state, fulfillment.pickup_state), ("delivered", "collected"))
        self.assertTrue(fulfillment._is_handed_over())
        self.assertEqual(fulfillment.delivered_at, fulfillment.shipped_at)
        self.assertEqual(fulfillment.pickup_handed_by_id, self.clerk)
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertEqual(self.on_hand(self.apple), 8)
        self.assertIn("fulfillment.delivered", self.events(order))
        self.assertBalanced(order)

    def test_code_of_another_order(self):
        fulfillment, other = self.make_ready(), self.make_ready()
        with self.assertRaisesRegex(UserError, "belongs to another order"):
            fulfillment.with_user(self.clerk)._collect(other.pickup_code)
        self.assertEqual(set((fulfillment + other).mapped("pickup_state")), {"ready"})

    def test_identity(self):
        """Asked for as the channel says: never, without the code, or always."""
        for policy, with_code, without in (
            ("never", False, False),
            ("no_code", False, True),
            ("always", True, True),
        ):
            self.channel.pickup_identity = policy
            for code, needed in ((True, with_code), (False, without)):
                with self.subTest(policy=policy, code=code):
                    fulfillment = self.make_ready((self.apple, 1))
                    clerk = fulfillment.with_user(self.clerk)
                    code = fulfillment.pickup_code if code else None
                    if needed:
                        with self.assertRaisesRegex(UserError, "Check the identity of Ada"):
                            clerk._collect(code)
                        self.assertEqual(fulfillment.pickup_state, "ready")
                        clerk._collect(code, identity_checked=True)
                        self.assertTrue(fulfillment.pickup_identity_checked)
                    else:
                        clerk._collect(code)
                    self.assertEqual(fulfillment.pickup_state, "collected")

    def test_only_once(self):
        fulfillment = self.make_ready()
        clerk = fulfillment.with_user(self.clerk)
        clerk._collect()
        with self.assertRaisesRegex(UserError, "handed over already"):
            clerk._collect()
        self.assertEqual(self.on_hand(self.apple), 8)

    def test_several_orders_of_one_customer(self):
        first = self.make_ready()
        second = self.make_ready(storage="Shelf C")
        [sentence] = first.with_user(self.clerk)._collect()
        self.assertEqual(sentence, f"More waits here for Ada: {second.order_id.name} (Shelf C).")

    def test_the_rest_is_kept(self):
        fulfillment = self.make_ready((self.apple, 3), (self.berry, 2))
        order, line = fulfillment.order_id, fulfillment.line_ids[0]
        told = fulfillment.with_user(self.clerk)._collect(quantities={line: 1})
        self.assertIn("stays here", told[0])
        self.assertEqual((fulfillment.pickup_state, fulfillment.work_state), ("ready", "ready"))
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 0])
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [3, 2])
        self.assertEqual(len(self.mails(fulfillment)), 1)
        self.assertEqual(fulfillment.storage_place, "Shelf A")
        self.assertBalanced(order)
        self.assertFalse([e for e in self.events(order) if e == "fulfillment.rejected"])
        fulfillment.with_user(self.clerk)._collect()
        self.assertEqual(order.order_line.mapped("qty_delivered"), [3, 2])
        self.assertEqual(fulfillment.state, "delivered")
        self.assertBalanced(order)

    def test_the_rest_is_returned(self):
        fulfillment = self.make_ready((self.apple, 3), (self.berry, 2))
        order, line = fulfillment.order_id, fulfillment.line_ids[0]
        fulfillment.with_user(self.clerk)._collect(quantities={line: 1}, rest="return")
        self.assertEqual(order.order_line.mapped("qty_delivered"), [1, 0])
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [1, 0])
        self.assertEqual(order.order_line.mapped("oms_qty_open"), [0, 0])
        self.assertEqual((order.state, order.oms_state), ("sale", "sourced"))
        self.assertEqual(fulfillment.state, "delivered")
        self.assertEqual((self.available(self.apple), self.available(self.berry)), (9, 10))
        self.assertFalse([e for e in self.events(order) if e == "fulfillment.rejected"])
        self.assertBalanced(order)

    def test_wrong_quantities(self):
        fulfillment = self.make_ready((self.apple, 3))
        clerk, line = fulfillment.with_user(self.clerk), fulfillment.line_ids
        for quantities, error, words in (
            ({line: 4}, ValidationError, "4 of .*Apple.*3 are here"),
            ({line: -1}, ValidationError, "-1 of .*Apple.*3 are here"),
            ({line: 0}, UserError, "what the customer takes"),
            ({}, UserError, "what the customer takes"),
        ):
            with self.subTest(quantities=quantities), self.assertRaisesRegex(error, words):
                clerk._collect(quantities=quantities)
        with self.assertRaisesRegex(ValidationError, "kept for the customer, or returned"):
            clerk._collect(rest="eat")
        self.assertEqual((fulfillment.pickup_state, self.on_hand(self.apple)), ("ready", 10))

    def test_steps(self):
        """Goods of a store that delivers in two steps wait at its exit."""
        self.store.warehouse_id.delivery_steps = "pick_ship"
        fulfillment = self.make_ready((self.apple, 3))
        self.assertEqual(fulfillment.pickup_state, "ready")
        line = fulfillment.line_ids
        fulfillment.with_user(self.clerk)._collect(quantities={line: 1})
        self.assertEqual((line.quantity_done, fulfillment.pickup_state), (1, "ready"))
        fulfillment.with_user(self.clerk)._collect()
        self.assertEqual((line.quantity_done, fulfillment.state), (3, "delivered"))
        self.assertBalanced(fulfillment.order_id)

    def test_from_odoo_s_own_transfer(self):
        """Who validates the transfer has handed the goods over."""
        fulfillment = self.collect_order().oms_fulfillment_ids
        self.ship(fulfillment.picking_ids)
        self.assertEqual((fulfillment.state, fulfillment.pickup_state), ("delivered", "collected"))

    def test_decimals_and_lots(self):
        cheese = self.make_product(
            "Cheese", tracking="lot", uom_id=self.env.ref("uom.product_uom_kgm").id
        )
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": cheese.id} for name in ("L1", "L2")]
        )
        for lot in lots:
            self.stock(cheese, (self.store, 1.5), lot_id=lot)
        fulfillment = self.make_ready((cheese, 2.75))
        fulfillment.with_user(self.clerk)._collect(
            quantities={fulfillment.line_ids: 0.25}, rest="keep"
        )
        self.assertAlmostEqual(fulfillment.line_ids.quantity_done, 0.25)
        fulfillment.with_user(self.clerk)._collect()
        self.assertAlmostEqual(fulfillment.line_ids.quantity_done, 2.75)
        self.assertAlmostEqual(self.on_hand(cheese), 0.25)

    def test_dialog(self):
        fulfillment = self.make_ready((self.apple, 3))
        self.channel.pickup_identity = "no_code"
        action = fulfillment.with_user(self.clerk).action_collect()
        Wizard = self.env[action["res_model"]].with_user(self.clerk)
        with Form(Wizard.with_context(**action["context"])) as form:
            self.assertEqual(form.order_id, fulfillment.order_id)
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.quantity, 3)
                line.quantity = 2
            form.code = fulfillment.pickup_code.lower()
        wizard = form.record
        answer = wizard.action_confirm()
        self.assertIn("stays here", answer["params"]["message"])
        self.assertEqual(fulfillment.line_ids.quantity_done, 2)

    def test_strangers(self):
        fulfillment = self.make_ready()
        stranger = self.make_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            fulfillment.with_user(stranger)._collect(fulfillment.pickup_code)
