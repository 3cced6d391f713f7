from odoo.tests import tagged

from .common import WorkflowCase


@tagged("post_install", "-at_install")
class TestStanding(WorkflowCase):
    """When sourcing leaves an order with all it needs, or waiting, its workflow is told once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mark = cls.make_action(
            "Mark",
            state="code",
            code="for r in records: r['client_order_ref'] = (r.client_order_ref or '') + 'x'",
        )

    def setUp(self):
        super().setUp()
        self.steps = self.make_step(self.mark, event="order.sourced")
        self.steps += self.make_step(self.mark, event="order.waiting")

    def run_job(self, name="run_events"):
        with self.enter_registry_test_mode():
            self.env.ref(f"oms.cron_{name}").method_direct_trigger()
        self.env.invalidate_all()

    def told(self, order):
        """What was told of an order, in order."""
        events = order.oms_event_ids.sorted("id").mapped("event")
        return [event for event in events if event in ("order.sourced", "order.waiting")]

    def test_sourced_at_once(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        self.assertEqual(self.told(order), ["order.sourced"])
        event = self.event(order, "order.sourced")
        self.assertEqual((event.state, order.client_order_ref), ("pending", False))
        self.run_job()
        self.assertEqual((event.state, order.client_order_ref), ("done", "x"))

    def test_waits_and_is_told_so_once(self):
        order = self.make_order((self.apple, 5))
        self.assertEqual(self.told(order), ["order.waiting"])
        # There is something to take up each time, and never enough.
        for _run in range(3):
            self.stock(self.apple, (self.near, 1))
            self.run_job("source_waiting")
            self.run_job("source_waiting")
        order.action_oms_source()
        self.assertEqual((order.oms_state, self.told(order)), ("partial", ["order.waiting"]))
        self.stock(self.apple, (self.far, 9))
        self.run_job("source_waiting")
        order._oms_take_up("stock")
        self.assertEqual(self.told(order), ["order.waiting", "order.sourced"])
        self.run_job()
        self.assertEqual(order.client_order_ref, "xx")

    def test_given_back(self):
        self.make_step(self.source, event="fulfillment.rejected")
        self.stock(self.apple, (self.near, 2), (self.far, 2))
        order = self.make_order((self.apple, 2))
        order.picking_ids.action_cancel()
        self.run_job()
        self.assertEqual(self.told(order), ["order.sourced"] * 2, "it waited in between")
        order.picking_ids.filtered(lambda picking: picking.state != "cancel").action_cancel()
        self.run_job()
        self.assertEqual(order.oms_state, "waiting")
        self.assertEqual(self.told(order), ["order.sourced"] * 2 + ["order.waiting"])

    def test_a_step_that_sources_again_makes_no_circle(self):
        self.make_step(self.source, event="order.waiting")
        order = self.make_order((self.apple, 2))
        self.run_job()
        self.run_job()
        self.assertEqual(self.told(order), ["order.waiting"])

    def test_what_changes_nothing_is_not_told(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        order._oms_source_by_workflow("order.changed")
        order._oms_take_up("manual")
        self.assertEqual(self.told(order), ["order.sourced"])

    def test_goods_that_were_held(self):
        """They are the order's before it is sourced."""
        self.stock(self.apple, (self.near, 5))
        claims = self.hold((self.apple, self.near, 2))
        order = self.make_order((self.apple, 2), confirm=False)
        order._oms_confirm_held(claims)
        self.assertEqual(self.told(order), ["order.sourced"])

    def test_the_rest_is_given_up(self):
        """An order that waits has all it needs when less of it is wanted."""
        self.make_step(self.source, event="order.changed")
        self.stock(self.apple, (self.near, 2))
        order = self.make_order((self.apple, 5))
        order.order_line.product_uom_qty = 2
        order._oms_source_by_workflow("order.changed")
        self.assertEqual(self.told(order), ["order.waiting", "order.sourced"])

    def test_placed_again(self):
        """What was told before an order was cancelled counts no more."""
        order = self.make_order((self.apple, 2))
        self.cancel(order)
        order.action_draft()
        order.action_confirm()
        self.assertEqual(self.told(order), ["order.waiting"] * 2)

    def test_sites_chosen_by_hand(self):
        order = self.make_order((self.apple, 2))
        self.stock(self.apple, (self.far, 2))
        order._oms_assign([(order.order_line, self.far, 2)])
        self.assertEqual(self.told(order), ["order.waiting", "order.sourced"])

    def test_planned_anew(self):
        """A better plan for the same goods is no news; one that has the rest is."""
        self.channel.replan_gain = 0.0
        self.stock(self.apple, (self.far, 3))
        order = self.make_order((self.apple, 2))
        partial = self.make_order((self.apple, 3))
        self.assertEqual((partial.oms_state, self.told(partial)), ("partial", ["order.waiting"]))
        self.stock(self.apple, (self.near, 9))
        for each in (order, partial):
            each._oms_replan("better")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        self.assertEqual(self.told(order), ["order.sourced"])
        self.assertEqual(self.told(partial), ["order.waiting", "order.sourced"])

    def test_waves(self):
        """An order that is collected for a wave was not sourced yet."""
        self.channel.write({"wave_minutes": 10, "wave_seconds": 5})
        self.stock(self.apple, (self.near, 2))
        orders = self.make_order((self.apple, 2)) + self.make_order((self.berry, 1))
        self.assertEqual([self.told(order) for order in orders], [[], []])
        self.run_job("run_waves")
        self.assertEqual(
            [self.told(order) for order in orders], [["order.sourced"], ["order.waiting"]]
        )
        with self.enter_registry_test_mode():
            self.env["oms.wave"]._run(self.channel, orders, "scheduled")
        self.assertEqual(
            [self.told(order) for order in orders], [["order.sourced"], ["order.waiting"]]
        )

    def test_nothing_is_written_where_no_step_waits_for_it(self):
        self.steps.active = False
        self.stock(self.apple, (self.near, 2))
        orders = self.make_order((self.apple, 2)) + self.make_order((self.apple, 2))
        self.assertEqual(orders.mapped("oms_state"), ["sourced", "waiting"])
        self.assertEqual([self.told(order) for order in orders], [[], []])

    def test_many_are_told_in_as_many_statements_as_one(self):
        self.stock(self.apple, (self.near, 100))

        def count(number):
            orders = self.env["sale.order"]
            for _order in range(number):
                orders += self.make_order((self.apple, 1), (self.berry, 1), confirm=False)
                orders += self.make_order((self.apple, 1), confirm=False)
            self.env.flush_all()
            with self.queries() as statements:
                orders.action_confirm()
            self.assertEqual(
                [self.told(order) for order in orders],
                [["order.waiting"], ["order.sourced"]] * number,
            )
            verbs = ("SELECT", "INSERT", "UPDATE")
            return [
                sum(f"{verb} " in text and '"oms_event"' in text for text in statements)
                for verb in verbs
            ]

        count(1)
        self.assertEqual(count(10), count(1))
