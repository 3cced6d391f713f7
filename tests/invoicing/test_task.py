"""Channels without a workflow: invoices follow the payment policy all the same."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .invoicing_case import InvoicingCase

RUN = "odoo.addons.oms.models.task.oms_task_run"


@tagged("post_install", "-at_install")
class TestInvoiceTask(InvoicingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.workflow_id = False

    def tasks(self, order):
        return self.env["oms.task"].search(
            [("kind", "=", "order.invoice"), ("res_id", "=", order.id)], order="id"
        )

    def carry_out(self, order):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            for task in self.tasks(order).filtered(lambda each: each.state != "done"):
                task._carry_out()
        self.env.invalidate_all()

    def bills(self, order):
        return sorted(order.invoice_ids.mapped("amount_total"))

    def test_each_shipment(self):
        order = self.make_mixed(shipping=0.0, discount=0.0)
        self.assertFalse(self.tasks(order), "nothing has left")
        self.ship_from(order, self.near)
        self.assertFalse(order.invoice_ids, "whoever ships does not wait for it")
        self.carry_out(order)
        self.assertEqual(self.bills(order), [29.97])
        self.ship_from(order, self.far)
        self.carry_out(order)
        self.assertEqual(self.bills(order), [16.82, 29.97])
        self.assertEqual(self.tasks(order).mapped("state"), ["done", "done"])
        self.assertEqual(set(order.invoice_ids.mapped("state")), {"posted"})

    def test_two_shipments_before_the_job(self):
        """What the first task invoices is left for the second to find."""
        order = self.make_mixed(shipping=0.0, discount=0.0)
        self.ship_from(order, self.near)
        self.ship_from(order, self.far)
        self.assertEqual(len(self.tasks(order)), 2)
        self.carry_out(order)
        self.assertEqual(self.bills(order), [46.79])
        self.assertEqual(self.tasks(order).mapped("state"), ["done", "done"])

    def test_one_when_all_left(self):
        self.policy.invoicing = "order"
        order = self.make_mixed(shipping=0.0, discount=0.0)
        self.ship_from(order, self.near)
        self.carry_out(order)
        self.assertFalse(order.invoice_ids)
        self.ship_from(order, self.far)
        self.carry_out(order)
        self.assertEqual(self.bills(order), [46.79])

    def test_one_when_the_rest_never_leaves(self):
        """Nothing more leaves, though not all did: it is invoiced then."""
        self.policy.invoicing = "order"
        order = self.make_mixed(shipping=0.0, discount=0.0)
        self.ship_from(order, self.near)
        self.carry_out(order)
        order.order_line[1].product_uom_qty = 0
        self.carry_out(order)
        self.assertEqual(self.bills(order), [29.97])

    def test_by_hand(self):
        self.policy.invoicing = "none"
        order = self.make_mixed(shipping=0.0, discount=0.0)
        self.ship_from(order, self.near)
        self.assertFalse(self.tasks(order))

    def test_no_books(self):
        """A company without a journal of sales ships as any other, and nobody is alarmed."""
        order = self.make_mixed(shipping=0.0, discount=0.0)
        journals = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)]
        )
        journals.active = False
        self.ship_from(order, self.near)
        self.assertFalse(self.tasks(order))

    def test_workflows_say_it_themselves(self):
        self.channel.workflow_id = self.env.ref("oms.workflow_standard")
        order = self.make_mixed(shipping=0.0, discount=0.0)
        self.ship_from(order, self.near)
        self.assertFalse(self.tasks(order))

    def test_what_cannot_be_invoiced_is_tried_again(self):
        order = self.make_mixed(shipping=0.0, discount=0.0)
        self.ship_from(order, self.near)
        closed = UserError("The period is closed")
        with (
            patch.object(self.registry["account.move"], "_post", side_effect=closed),
            mute_logger(RUN),
        ):
            self.carry_out(order)
        task = self.tasks(order)
        self.assertEqual(task.state, "applying")
        self.assertIn("The period is closed", task.error)
        self.assertFalse(order.invoice_ids)
        self.carry_out(order)
        self.assertEqual((task.state, self.bills(order)), ("done", [29.97]))
