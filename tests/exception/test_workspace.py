from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestWorkspace(ExceptionCase):
    """The list of those orders, and what is offered to decide on them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now()

    def make_order(self, *lines, **vals):
        vals.setdefault("date_order", self.now)
        return super().make_order(*lines, **vals)

    def late_order(self, days=2):
        order = self.make_order((self.apple, 1))
        order.order_line.move_ids.date_deadline = self.now - timedelta(days=days)
        return order

    def exceptions(self, orders):
        return self.env["oms.exception"].search([("order_id", "in", orders.ids)])

    def wizard(self, orders, action="site"):
        return Form(
            self.env["oms.exception.decide"].with_context(
                default_order_ids=orders.ids, default_action=action
            )
        )

    # === THE LIST === #

    def test_urgent_first(self):
        """What is only late comes last, however old; of the rest, what is late too comes first."""
        late = self.late_order(days=30)
        nowhere = self.make_order((self.berry, 1))
        overdue = self.make_order((self.berry, 1), commitment_date=self.now - timedelta(days=3))
        conflict = self.make_order((self.apple, 3))
        conflict._oms_mark_conflict("Changed.")
        orders = late + nowhere + overdue + conflict
        found = self.exceptions(orders)
        self.assertEqual(found.mapped("order_id"), conflict + overdue + nowhere + late)
        self.assertEqual(found.mapped("kind"), ["conflict", "unsourceable", "unsourceable", "late"])
        also_late = found.filtered("late_since").order_id
        self.assertEqual(also_late, overdue + late)
        domain = [("order_id", "in", orders.ids)]
        counts = self.env["oms.exception"].search_panel_select_multi_range(
            "kind", enable_counters=True, search_domain=domain
        )
        self.assertEqual(
            {row["id"]: row["__count"] for row in counts["values"] if row["__count"]},
            {"conflict": 1, "unsourceable": 2, "late": 1},
        )

    def test_age_is_counted_from_the_first_try(self):
        """To try again in vain makes nothing younger; to be sourced in between does."""
        order = self.make_order((self.berry, 1))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE oms_decision SET create_date = create_date - interval '5 days' "
            "WHERE order_id = %s",
            [order.id],
        )
        order.action_oms_source()
        self.assertEqual(len(order.oms_decision_ids), 2)
        self.assertAlmostEqual(self.exceptions(order).age, 5, 1)
        self.stock(self.berry, (self.far, 1))
        order.action_oms_source()
        self.stock(self.berry, (self.far, -1))
        self.open_moves(order).picking_id.action_cancel()
        self.run_events()
        self.assertEqual(self.exceptions(order).kind, "unsourceable")
        self.assertLess(self.exceptions(order).age, 1)

    def test_queries_do_not_grow_with_the_list(self):
        def count(orders):
            found = self.exceptions(orders)
            self.env.flush_all()
            self.env.invalidate_all()
            with self.queries() as statements:
                texts = found.mapped("reason") + found.mapped("tried")
            self.assertTrue(all(texts))
            return len(statements)

        def given_back():
            order = self.make_order((self.apple, 2), (self.berry, 1))
            order.oms_fulfillment_ids._reject(self.reason("CAPACITY"))
            return order

        orders = self.env["sale.order"].union(*(given_back() for _each in range(2)))
        count(orders)
        few = count(orders)
        orders |= orders.union(*(given_back() for _each in range(10)))
        self.assertLessEqual(count(orders), few + 2)

    # === WHAT IS OFFERED === #

    def test_nothing_open(self):
        """Of a late order nothing can be shared out or cancelled in part; it can be moved."""
        order = self.late_order()
        form = self.wizard(order)
        self.assertEqual(form.allowed, ["site", "replan", "date", "cancel_order"])
        self.assertTrue(form.move_begun)
        form.site_id = self.far
        form.save().action_decide()
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 1})
        self.open_moves(order).picking_id.printed = True
        form = self.wizard(order)
        self.assertEqual(form.allowed, ["date", "cancel_order"])
        self.assertEqual(form.action, "date", "the first that is possible")

    def test_open(self):
        order = self.make_order((self.berry, 1))
        form = self.wizard(order, "backorder")
        self.assertEqual(form.action, "backorder")
        self.assertNotIn("replan", form.allowed)
        self.assertNotIn("resolved", form.allowed)
        self.assertIn("split", form.allowed)
        self.assertIn("no site found", form.summary)
        self.assertFalse(form.move_begun)

    def test_many(self):
        orders = self.env["sale.order"].union(
            *(self.make_order((self.berry, 1)) for _each in range(6))
        )
        self.assertIn("Further orders: 2", self.wizard(orders).summary)

    def test_another_date(self):
        order = self.late_order()
        self.assertEqual(self.exceptions(order).kind, "late")
        form = self.wizard(order, "date")
        form.date = self.now + timedelta(days=3)
        form.note = "Agreed on the phone."
        form.save().action_decide()
        self.assertFalse(self.exceptions(order))
        self.assertIn("Agreed on the phone.", order.message_ids[0].body)
        with self.assertRaisesRegex(ValidationError, "a day to come"):
            order._oms_promise_anew(self.now - timedelta(days=1))

    def test_better_plan(self):
        self.stock(self.berry, (self.far, 6))
        order = self.make_order((self.berry, 6))
        self.stock(self.berry, (self.near, 6))
        self.wizard(order, "replan").save().action_decide()
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 6})

    def test_looked_after(self):
        order, other = self.make_order((self.apple, 1)), self.make_order((self.apple, 1))
        order._oms_mark_conflict("Changed.")
        form = self.wizard(order + other, "resolved")
        form.note = "Done."
        form.save().action_decide()
        self.assertFalse(order.oms_conflict)
        wizard = self.env["oms.exception.decide"].create(
            {"order_ids": [Command.set(other.ids)], "action": "resolved"}
        )
        with self.assertRaisesRegex(UserError, "None of these"):
            wizard.action_decide()
