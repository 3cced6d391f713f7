from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestRejection(ExceptionCase):
    """A site gives back some or all of its work, with a reason that changes its stock."""

    def reject(self, order, code="CAPACITY", quantities=None, **kwargs):
        fulfillment = order.oms_fulfillment_ids.filtered(lambda f: f.state == "released")[:1]
        if quantities is not None:
            quantities = {
                fulfillment.line_ids.filtered(lambda line, p=product: line.product_id == p): qty
                for product, qty in quantities.items()
            }
        return fulfillment._reject(self.reason(code), quantities, **kwargs)

    def test_whole(self):
        order = self.make_order((self.apple, 3))
        rejections = self.reject(order, note="Nobody is here.")
        fulfillment = rejections.fulfillment_id
        self.assertEqual((fulfillment.state, order.oms_state), ("rejected", "waiting"))
        self.assertEqual(rejections.quantity, 3)
        self.assertIn("Nobody is here.", order.message_ids[0].body)
        self.assertIn("No time for it", fulfillment.message_ids[0].body)
        events = order.oms_event_ids.filtered(lambda e: e.event == "fulfillment.rejected")
        self.assertEqual(events.mapped("state"), ["pending"])
        self.run_events()
        self.assertEqual(self.plan(order), {("MID", "Apple"): 3})
        self.assertEqual((order.oms_attempts, self.decision(order).trigger), (1, "rejected"))
        self.assertBalanced(order)

    def test_some_quantities_of_some_lines(self):
        self.stock(self.berry, (self.near, 5), (self.middle, 5))
        order = self.make_order((self.apple, 3), (self.berry, 2))
        self.reject(order, quantities={self.apple: 1})
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2, ("NEAR", "Berry"): 2})
        self.assertEqual(order.order_line.mapped("oms_qty_open"), [1, 0])
        self.run_events()
        self.assertEqual(
            self.plan(order),
            {("NEAR", "Apple"): 2, ("NEAR", "Berry"): 2, ("MID", "Apple"): 1},
        )
        self.assertBalanced(order)

    def test_in_two_steps(self):
        self.near.warehouse_id.delivery_steps = "pick_ship"
        order = self.make_order((self.apple, 3))
        self.reject(order, "DAMAGE", {self.apple: 2})
        self.run_events()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1, ("MID", "Apple"): 2})
        self.assertBalanced(order)

    def test_stock_effects(self):
        """What each reason leaves on hand and to sell, of 10 of which 3 are given back."""
        for code, on_hand, sellable in (
            ("CAPACITY", 10, 10),
            ("NOT_IN_STOCK", 0, 0),
            ("MISMATCH", 7, 7),
            ("DAMAGE", 10, 7),
            ("WORN_DISPLAY", 10, 7),
            ("UNFINDABLE", 10, 0),
        ):
            with self.subTest(reason=code):
                product = self.make_product(f"Product {code}")
                self.stock(product, (self.near, 10), (self.far, 10))
                order = self.make_order((product, 3))
                rejection = self.reject(order, code)
                self.assertEqual(self.on_hand(product, self.near), on_hand)
                self.assertEqual(self.sellable(product, self.near), sellable)
                self.run_events()
                self.assertEqual(self.plan(order), {("FAR", product.name): 3})
                self.assertBalanced(order)
                rejection.action_undo()
                self.assertEqual(rejection.state, "withdrawn")
                self.assertEqual(self.on_hand(product, self.near), 10)
                self.assertEqual(self.sellable(product, self.near), 10)
                with self.assertRaisesRegex(UserError, "withdrawn already"):
                    rejection.action_undo()

    def test_effect_on_lots(self):
        """The lot that was reserved is the one that is damaged, and comes back with the undo."""
        product = self.make_product("Cheese", tracking="lot")
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": product.id} for name in ("A", "B")]
        )
        self.stock(product, (self.near, 4), lot_id=lots[0])
        self.stock(product, (self.near, 4), lot_id=lots[1])
        order = self.make_order((product, 3))
        order.order_line.move_ids._action_assign()
        lot = order.order_line.move_ids.move_line_ids.lot_id
        rejection = self.reject(order, "DAMAGE")
        self.assertEqual(rejection.move_ids.move_line_ids.lot_id, lot)
        place = self.near.not_for_sale_location_id
        self.assertEqual(rejection.move_ids.location_dest_id, place)
        self.assertFalse(place.oms_for_sale)
        self.assertEqual(product.with_context(location=place.id).qty_available, 3)
        rejection.action_undo()
        self.assertEqual(product.with_context(location=place.id).qty_available, 0)
        self.assertEqual(lot.product_qty, 4)

    def test_undo_of_goods_that_are_gone(self):
        order = self.make_order((self.apple, 3))
        rejection = self.reject(order, "DAMAGE")
        quant = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.apple.id),
                ("location_id", "=", self.near.not_for_sale_location_id.id),
            ]
        )
        quant.with_context(inventory_mode=True).inventory_quantity = 1
        quant.action_apply_inventory()
        with self.assertRaisesRegex(UserError, "adjust the stock by hand"):
            rejection.action_undo()

    def test_nothing_there_concerns_other_orders(self):
        """Who says that there is none frees the other orders that wait for it there."""
        first, second = (self.make_order((self.apple, 3)) for _each in range(2))
        picked = self.make_order((self.apple, 1))
        picked.order_line.move_ids._action_assign()
        picked.order_line.move_ids.picked = True
        self.reject(first, "NOT_IN_STOCK")
        self.assertEqual(second.oms_state, "waiting")
        self.assertEqual(picked.oms_state, "sourced", "somebody has it in the hand")
        self.assertFalse(second.oms_rejection_ids, "the site did not reject that one")
        self.run_events()
        for order in first + second:
            self.assertEqual(self.plan(order), {("MID", "Apple"): 3})
            self.assertBalanced(order)

    def test_cool_down(self):
        """A site is asked again by itself when the time of the reason is over."""
        self.stock(self.apple, (self.middle, -10), (self.far, -10))
        order = self.make_order((self.apple, 3))
        rejection = self.reject(order, "CAPACITY")
        self.run_events()
        self.assertEqual(order.oms_state, "waiting")
        self.run_cron()
        self.assertEqual(order.oms_state, "waiting")
        self.assertEqual(order._oms_get_sites_given_back(), self.near)
        self.channel.cool_down_hours = 1
        self.assertEqual(order._oms_get_sites_given_back(), self.near, "the reason says when")
        rejection.cool_until = "2024-03-05 10:00:00"
        self.assertFalse(order._oms_get_sites_given_back())
        self.run_cron()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        self.assertBalanced(order)

    def test_seen_in_transfers(self):
        """Cancelled and short transfers are in the history too, each loss once."""
        cancelled, short = self.make_order((self.apple, 2)), self.make_order((self.apple, 3))
        cancelled.picking_ids.action_cancel()
        self.ship(short.picking_ids, 1)
        for order, quantity, code in ((cancelled, 2, "CANCELLED"), (short, 2, "SHORT")):
            rejection = order.oms_rejection_ids
            self.assertEqual((rejection.quantity, rejection.reason_id.code), (quantity, code))
            events = order.oms_event_ids.filtered(lambda e: e.event == "fulfillment.rejected")
            self.assertEqual(len(events), 1)

    def test_rates(self):
        for code in ("CAPACITY", "CLOSED"):
            self.reject(self.make_order((self.apple, 1)), code)
        for _each in range(3):
            self.ship(self.make_order((self.apple, 1)).picking_ids)
        rates = self.env["oms.rejection"]._get_rates(self.sites)
        self.assertEqual(rates[self.near.id], (1, 4), "a closed site is no fault")
        self.assertEqual(rates[self.far.id], (0, 0))
        self.assertEqual((self.near.rejection_count, self.near.rejection_rate), (1, 0.25))
        self.assertEqual(self.apple.oms_rejection_count, 2)

    def test_wrong_quantities(self):
        order = self.make_order((self.apple, 3))
        for quantity in (4, 0, -1):
            with self.assertRaisesRegex(ValidationError, "cannot be given back"):
                self.reject(order, quantities={self.apple: quantity})
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        fulfillment = order.oms_fulfillment_ids
        self.ship(order.picking_ids)
        with self.assertRaisesRegex(UserError, "Nothing is open"):
            fulfillment._reject(self.reason("CAPACITY"))
        with self.assertRaisesRegex(UserError, "Nothing of this is open"):
            fulfillment.action_reject()

    def test_wizard(self):
        self.stock(self.berry, (self.near, 5))
        order = self.make_order((self.apple, 3), (self.berry, 2))
        action = order.oms_fulfillment_ids.action_reject()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        form.reason_id = self.reason("MISMATCH")
        self.assertEqual([form.line_ids.edit(i).quantity for i in range(2)], [3, 2])
        with form.line_ids.edit(0) as line:
            line.quantity = 2
        with form.line_ids.edit(1) as line:
            line.quantity = 0
        form.save().action_confirm()
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1, ("NEAR", "Berry"): 2})
        self.assertEqual(self.on_hand(self.apple, self.near), 8)

    def test_roles(self):
        """Clerks give back the work of their sites, operators any, others none."""
        order = self.make_order((self.apple, 3))
        fulfillment = order.oms_fulfillment_ids
        reason = self.reason("DAMAGE")
        clerk = self.make_user("rejecting-clerk", "oms.group_site_operator")
        self.far.user_ids = clerk
        api = self.make_user("rejecting-channel", "oms.group_channel_user")
        self.channel.user_ids = api
        seller = self.make_user("rejecting-seller", "sales_team.group_sale_salesman_all_leads")
        for user in (clerk, api, seller):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                fulfillment.with_user(user)._reject(reason)
        with self.assertRaises(AccessError):
            self.env["oms.rejection"].with_user(api).search([])
        self.near.user_ids = clerk
        rejection = fulfillment.with_user(clerk)._reject(
            reason, {fulfillment.line_ids.with_user(clerk): 1}
        )
        self.assertEqual(rejection.user_id, clerk)
        with self.assertRaises(AccessError):
            rejection.with_user(clerk).action_undo()
        with self.assertRaises(AccessError):
            rejection.with_user(clerk).quantity = 5
        operator = self.make_user("rejecting-operator", "oms.group_order_operator")
        fulfillment.with_user(operator)._reject(reason)
        self.assertEqual(len(self.env["oms.rejection"].with_user(operator).search([])), 2)
        self.near.user_ids = False
        self.assertFalse(self.env["oms.rejection"].with_user(clerk).search([]))
