from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import WorkflowCase


@tagged("post_install", "-at_install")
class TestWorkflow(WorkflowCase):
    """Steps run in order, for the orders they are for, with one run for many orders."""

    def test_shipped_workflows_source(self):
        """Each workflow that comes with the addon sources an order in the end."""
        self.stock(self.apple, (self.near, 9))
        for name in ("standard", "review", "grace"):
            self.channel.workflow_id = self.env.ref(f"oms.workflow_{name}")
            order = self.make_order((self.apple, 2, {"price_unit": 10}))
            if order.oms_held:
                self.assertFalse(order.oms_fulfillment_ids)
                order.action_oms_let_go()
            self.assertEqual(order.oms_state, "sourced", name)
            self.assertEqual(self.event(order).state, "done", name)

    def test_channel_without_workflow(self):
        self.stock(self.apple, (self.near, 2))
        self.channel.workflow_id = False
        order = self.make_order((self.apple, 2))
        self.assertEqual(order.oms_state, "sourced")
        self.assertFalse(order.oms_event_ids)

    def test_steps_in_order(self):
        """Before and after sourcing, by sequence; the result of each is kept."""
        self.stock(self.apple, (self.near, 2))
        code = (
            "count = len(records.oms_fulfillment_ids)\n"
            "before = records.client_order_ref or ''\n"
            "records.write({'client_order_ref': f'{before}%s {count},'})"
        )
        for sequence, name in ((60, "After"), (40, "Before")):
            action = self.make_action(name, state="code", code=code % name)
            self.make_step(action, sequence=sequence)
        order = self.make_order((self.apple, 2))
        self.assertEqual(order.client_order_ref, "Before 0,After 1,")
        event = self.event(order)
        self.assertEqual(
            self.outcomes(event), [("Before", "done"), ("Source", "done"), ("After", "done")]
        )
        self.assertEqual(event.log[1]["text"], "Sourced from Near.")

    def test_condition(self):
        """A step leaves out the orders to which its condition does not apply."""
        self.stock(self.apple, (self.near, 99))
        mark = self.make_action("Mark", state="code", code="records.write({'note': 'large'})")
        self.make_step(mark, domain="[('amount_total', '>', 100)]")
        small, large = self.make_order((self.apple, 2)), self.make_order((self.apple, 20))
        self.assertFalse(small.note)
        self.assertIn("large", large.note)
        self.assertEqual(self.outcomes(self.event(small))[0], ("Mark", "skipped"))

    def test_many_orders_in_one_run(self):
        """Orders confirmed together run through each step together."""
        self.stock(self.apple, (self.near, 99))
        count = "env['ir.config_parameter'].sudo().set_param('runs', str(len(records)))"
        self.make_step(self.make_action("Count", state="code", code=count), sequence=60)
        orders = self.env["sale.order"].union(
            *(self.make_order((self.apple, 1), confirm=False) for _order in range(3))
        )
        orders.action_confirm()
        self.assertEqual(self.env["ir.config_parameter"].sudo().get_param("runs"), "3")
        self.assertEqual(set(orders.mapped("oms_state")), {"sourced"})
        self.assertEqual(orders.oms_event_ids.mapped("state"), ["done"] * 3)

    def test_raised_quantity(self):
        self.stock(self.apple, (self.near, 5))
        self.make_step(self.source, event="order.changed")
        order = self.make_order((self.apple, 2))
        order.order_line.product_uom_qty = 4
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 4})
        self.assertEqual(self.event(order, "order.changed").state, "done")
        self.assertEqual(order.oms_decision_ids.mapped("trigger"), ["change", "confirm"])

    def test_no_step_no_sourcing(self):
        """What the workflow does not say is not done; a user can still source by hand."""
        self.stock(self.apple, (self.near, 5))
        self.source_step.active = False
        order = self.make_order((self.apple, 2))
        self.assertEqual(order.oms_state, "waiting")
        order.action_oms_source()
        self.assertEqual(order.oms_state, "sourced")

    def test_cancelled(self):
        self.stock(self.apple, (self.near, 5))
        mark = self.make_action("Mark", state="code", code="records.write({'note': 'gone'})")
        self.make_step(mark, event="order.cancelled")
        order = self.make_order((self.apple, 2))
        self.cancel(order)
        self.assertIn("gone", order.note)

    def test_native_channel_has_no_events(self):
        self.channel.orchestrated = False
        order = self.make_order((self.apple, 2))
        self.assertFalse(order.oms_event_ids)

    # === SETTING UP === #

    def test_bad_steps(self):
        partner_action = self.env["ir.actions.server"].create(
            {
                "name": "Elsewhere",
                "model_id": self.env.ref("base.model_res_partner").id,
                "state": "code",
                "code": "pass",
            }
        )
        with self.assertRaisesRegex(ValidationError, "a step works on orders"):
            self.make_step(partner_action)
        for domain in ("[('nothing', '=', 1)]", "[(", "1 / 0", "[('name', 'is like', 1)]"):
            with self.assertRaisesRegex(ValidationError, "does not work"):
                self.make_step(self.source, domain=domain)

    def test_nobody_gains_rights_by_a_step(self):
        """A manager cannot make a step of an action that he may not run himself."""
        secret = self.make_action(
            "Secret",
            state="code",
            code="pass",
            group_ids=[(6, 0, self.env.ref("base.group_system").ids)],
        )
        manager = self.make_user("workflow-manager", "oms.group_order_manager")
        step = self.source_step.with_user(manager)
        with self.assertRaisesRegex(ValidationError, "You may not run"):
            step.action_id = secret.id
        step.sequence = 7

    def test_roles(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2), user_id=False)
        operator = self.make_user("workflow-operator", "oms.group_order_operator")
        self.assertTrue(self.event(order).with_user(operator).read(["state", "log"]))
        with self.assertRaises(AccessError):
            self.event(order).with_user(operator).write({"state": "done"})
        with self.assertRaises(AccessError):
            self.workflow.with_user(operator).write({"name": "Mine"})
        clerk = self.make_user("workflow-clerk", "oms.group_site_operator")
        with self.assertRaises(AccessError):
            self.event(order).with_user(clerk).read(["state"])
        other = self.make_user("workflow-other", "sales_team.group_sale_salesman")
        order.user_id = operator
        self.assertFalse(
            self.env["oms.event"].with_user(other).search([("order_id", "=", order.id)])
        )
