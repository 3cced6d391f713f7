from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestDecide(ExceptionCase):
    """What a user decides on orders that need a person."""

    def decide(self, orders, action, **vals):
        wizard = self.env["oms.exception.decide"].create(
            {"order_ids": [Command.set(orders.ids)], "action": action, **vals}
        )
        return wizard.action_decide()

    def waiting(self, quantity=4):
        """An order of berries, of which there come some after it waits."""
        order = self.make_order((self.berry, quantity))
        self.stock(self.berry, (self.near, 10), (self.middle, 10), (self.far, 10))
        return order

    def test_one_site(self):
        """The site is asked though another is nearer; the decision tells who chose."""
        orders = self.waiting() + self.make_order((self.apple, 1))
        told = self.decide(orders, "site", site_id=self.far.id)
        self.assertIn("2 of 2", told["params"]["message"])
        self.assertEqual(self.plan(orders[0]), {("FAR", "Berry"): 4})
        self.assertEqual(self.plan(orders[1]), {("NEAR", "Apple"): 1}, "nothing was open of it")
        decision = self.decision(orders[0])
        self.assertEqual((decision.trigger, decision.outcome), ("forced", "full"))
        self.assertEqual((decision.site_ids, decision.unfilled_units), (self.far, 0))
        self.assertIn(self.env.user.name, decision.note)
        self.assertFalse(decision.considered, "nothing was compared")
        self.assertIn("Far: 4 ", orders[0].message_ids[0].body)
        self.assertBalanced(orders[0])

    def test_move_what_nobody_has_begun(self):
        order = self.make_order((self.apple, 3))
        with self.assertRaisesRegex(UserError, "Nothing is open"):
            self.decide(order, "site", site_id=self.far.id)
        self.decide(order, "site", site_id=self.far.id, move_begun=True)
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 3})
        self.assertFalse(order.oms_rejection_ids)
        self.assertBalanced(order)

    def test_split_by_hand(self):
        order = self.waiting(5)
        form = Form(
            self.env["oms.exception.decide"].with_context(
                default_order_ids=order.ids, default_action="split"
            )
        )
        with form.line_ids.edit(0) as line:
            self.assertEqual(line.quantity_open, 5)
            line.site_id = self.far
            self.assertEqual(line.available, 10)
            line.quantity = 2
        with form.line_ids.new() as line:
            line.sale_line_id = order.order_line
            line.site_id = self.middle
            line.quantity = 2
        form.save().action_decide()
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 2, ("MID", "Berry"): 2})
        self.assertEqual((order.order_line.oms_qty_open, order.oms_state), (1, "partial"))
        self.assertEqual(self.decision(order).unfilled_units, 1)
        self.assertBalanced(order)

    def test_wrong_shares(self):
        order = self.waiting(4)
        line = order.order_line
        other = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.make_site("Foreign", "FRGN", company=other)
        for shares, error in (
            ([(line, self.far, 5)], "more than the 4 that are open"),
            ([(line, self.far, 3), (line, self.near, 2)], "more than the 4 that are open"),
            ([(line, self.far, 0)], "how much"),
            ([(line, foreign, 1)], "cannot ship"),
        ):
            with self.subTest(error=error), self.assertRaisesRegex(ValidationError, error):
                order._oms_assign(shares)
        self.stock(self.berry, (self.far, -8))
        with self.assertRaisesRegex(UserError, "2 are available at Far, not 3"):
            order._oms_assign([(line, self.far, 3)])
        order.oms_held = True
        with self.assertRaisesRegex(UserError, "on hold"):
            order._oms_assign([(line, self.near, 1)])

    def test_gate(self):
        """A forced site never gives what somebody else was promised."""
        order = self.waiting(4)
        self.make_order((self.berry, 8), partner_id=self.make_partner("X", (43.3, 5.4)).id)
        with self.assertRaisesRegex(UserError, "available at Far"):
            order._oms_assign([(order.order_line, self.far, 4)])
        self.assertBalanced(order)

    def test_other_strategy(self):
        """The order is sourced by the strategy for once; the next time by the channel's."""
        order = self.make_order((self.berry, 4))
        self.stock(self.berry, (self.near, 3), (self.far, 4))
        free_parcels = self.env["oms.strategy"].create(
            {
                "name": "Split freely",
                "currency_id": self.company.currency_id.id,
                "parcel_cost": 0.0001,
                "unit_cost": 0.4,
                "unit_km_cost": 0.01,
            }
        )
        self.decide(order, "strategy", strategy_id=free_parcels.id)
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 3, ("FAR", "Berry"): 1})
        self.assertEqual(self.decision(order).strategy_id, free_parcels)
        self.assertIn("Split freely", order.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "Nothing is open"):
            self.decide(order, "strategy", strategy_id=free_parcels.id)

    def test_substitute(self):
        """Open goods are shipped as another product, at the agreed price unless told otherwise."""
        self.stock(self.berry, (self.near, 2))
        cherry = self.make_product("Cherry", list_price=30)
        self.stock(cherry, (self.middle, 10))
        order = self.make_order((self.berry, 5, {"price_unit": 12, "discount": 10}))
        self.decide(order, "substitute", product_id=self.berry.id, substitute_id=cherry.id)
        first, second = order.order_line
        self.assertEqual((first.product_uom_qty, first.oms_qty_open), (2, 0))
        self.assertEqual(
            (second.product_id, second.product_uom_qty, second.price_unit, second.discount),
            (cherry, 3, 12, 10),
        )
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 2, ("MID", "Cherry"): 3})
        self.assertIn("Cherry instead of ", "".join(order.message_ids.mapped("body")))
        self.assertBalanced(order)
        order = self.make_order((self.berry, 1))
        self.decide(
            order, "substitute", product_id=self.berry.id, substitute_id=cherry.id, keep_price=False
        )
        self.assertEqual(order.order_line[1].price_unit, 30)
        service = self.make_product("Advice", type="service", is_storable=False)
        for other in (self.berry, service):
            with self.assertRaisesRegex(ValidationError, "Choose other goods"):
                order._oms_substitute(self.berry, other)
        liquid = self.make_product("Juice", uom_id=self.env.ref("uom.product_uom_litre").id)
        with self.assertRaisesRegex(ValidationError, "measured in"):
            order._oms_substitute(self.berry, liquid)

    def test_in_other_units(self):
        """A dozen of which some is open is lowered and replaced in dozens."""
        dozen = self.env.ref("uom.product_uom_dozen").id
        cherry = self.make_product("Cherry")
        self.stock(self.berry, (self.near, 6))
        self.stock(cherry, (self.near, 6))
        order = self.make_order((self.berry, 1, {"product_uom_id": dozen}))
        self.assertEqual(order.order_line.oms_qty_open, 6)
        self.decide(order, "substitute", product_id=self.berry.id, substitute_id=cherry.id)
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [0.5, 0.5])
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 6, ("NEAR", "Cherry"): 6})
        self.assertBalanced(order)

    def test_cancel_open(self):
        self.stock(self.berry, (self.near, 2))
        order = self.make_order((self.berry, 5), (self.apple, 1))
        self.decide(order, "cancel_open", note="Sold out.")
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [2, 1])
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 2, ("NEAR", "Apple"): 1})
        self.assertEqual(order.oms_state, "sourced")
        self.assertIn("Berry. Sold out.", order.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "Nothing is open"):
            self.decide(order, "cancel_open")

    def test_cancel_orders(self):
        orders = self.make_order((self.berry, 1)) + self.make_order((self.apple, 1))
        self.decide(orders, "cancel_order", note="Nobody answers.")
        self.assertEqual(orders.mapped("state"), ["cancel", "cancel"])
        self.assertFalse(self.open_moves(orders))
        self.assertIn("Nobody answers.", orders[0].message_ids[0].body)

    def test_let_wait(self):
        order = self.make_order((self.berry, 1))
        self.decide(order, "backorder")
        self.assertTrue(order.oms_backorder)

    def test_something_is_missing(self):
        order = self.make_order((self.berry, 1))
        for action in ("strategy", "site", "split", "substitute"):
            with self.subTest(action=action), self.assertRaises(UserError):
                self.decide(order, action)

    def test_locked_order(self):
        """A lock is there for people who edit, not for sourcing what is open."""
        order = self.waiting()
        order.action_lock()
        self.decide(order, "site", site_id=self.far.id)
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 4})
        self.assertTrue(order.locked)

    def test_roles(self):
        order = self.waiting()
        operator = self.make_user("forcing-operator", "oms.group_order_operator")
        clerk = self.make_user("forcing-clerk", "oms.group_site_operator")
        api = self.make_user("forcing-channel", "oms.group_channel_user")
        for user in (clerk, api):
            with self.assertRaises(AccessError):
                self.env["oms.exception.decide"].with_user(user).create(
                    {"order_ids": order.ids, "action": "site", "site_id": self.far.id}
                )
            with self.assertRaises(AccessError):
                order.with_user(user)._oms_assign([(order.order_line, self.far, 1)])
        wizard = self.env["oms.exception.decide"].with_user(operator)
        wizard.create(
            {
                "order_ids": [Command.set(order.ids)],
                "action": "site",
                "site_id": self.far.id,
            }
        ).action_decide()
        self.assertEqual(self.plan(order), {("FAR", "Berry"): 4})
        self.assertIn(operator.name, self.decision(order).note)
