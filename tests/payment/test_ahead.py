"""Money that was taken ahead of the goods is neither asked for again nor kept."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .payment_case import Bank, pay
from .shipment_case import ShipmentCase

RUN = "odoo.addons.oms.models.task.oms_task_run"


@tagged("post_install", "-at_install")
class TestAhead(ShipmentCase):
    def use_policy(self, **vals):
        policy = self.env["oms.payment.policy"].create({"name": "Test", **vals})
        self.channel.payment_policy_id = policy

    def line_of(self, order, product):
        return order.order_line.filtered(lambda line: line.product_id == product)

    def test_what_is_paid_is_not_authorized_again(self):
        order, _payment = self.place(state="done", token_id=self.token(None).id)
        plan = self.plan_of(order)
        self.assertEqual(plan._authorize_open(), "")
        self.leave(order, self.near)
        self.assertEqual(plan._authorize_open(), "")
        self.follow()
        self.assertEqual(self.bank.asked, [])

    def test_only_what_is_not_paid_is_authorized(self):
        order, _payment = self.place(60.0, state="done", token_id=self.token(None).id)
        self.plan_of(order)._authorize_open()
        self.follow()
        self.assertEqual(self.sums(order)["available"], 40.0)

    def test_what_is_paid_twice_is_not_renewed(self):
        order, payment = self.place(token_id=self.token(None).id)
        pay(order, self.provider, state="done")
        moment = fields.Datetime.now() + timedelta(days=6.5)
        with freeze_time(moment):
            self.plan_of(order)._renew()
            self.follow()
        self.assertEqual((payment.state, self.sums(order)["available"]), ("cancel", 0.0))
        self.assertEqual(self.bank.get_total("authorize"), 0.0)

    def test_everything_is_captured_before_it_leaves(self):
        """Who captures once has to capture all, also when money is taken as sites begin."""
        self.use_policy(method="full", capture_at="released")
        self.stock(self.berry, (self.far, -10))
        order, _payment = self.place(sites=1)
        self.follow()
        self.assertEqual(self.bank.asked[0][2], 100.0)
        self.assertEqual(len(self.bank.asked), 1)
        self.assertEqual(self.plan_of(order).captured, 100.0)

    def test_what_was_captured_for_what_is_taken_off_is_refunded(self):
        self.use_policy(method="full")
        order, _payment = self.place()
        self.leave(order, self.near)
        self.assertEqual(self.sums(order)["captured"], 100.0)
        self.line_of(order, self.berry).product_uom_qty = 0
        self.follow()
        self.assertEqual(self.sums(order)["refunded"], 70.0)

    def test_what_is_taken_off_is_let_go(self):
        order, _payment = self.place()
        self.leave(order, self.near)
        self.line_of(order, self.berry).product_uom_qty = 0
        self.follow()
        self.assertEqual(self.sums(order)["voided"], 70.0)

    def test_without_workflow_what_is_cancelled_is_let_go(self):
        self.channel.workflow_id = False
        order = self.make_order((self.apple, 1), (self.berry, 1), confirm=False)
        pay(order, self.provider)
        order.action_confirm()
        self.cancel(order)
        self.follow()
        self.assertEqual(self.sums(order)["voided"], 100.0)

    @mute_logger(RUN)
    def test_what_has_expired_is_taken_last(self):
        """The customer paid again: what the bank holds pays, not what it let go long ago."""
        order, old = self.place()
        with freeze_time(fields.Datetime.now() + timedelta(days=8)):
            new = pay(order, self.provider)
            self.leave(order, self.near)
            self.assertFalse(
                old.child_transaction_ids.filtered(lambda t: t.oms_operation == "capture")
            )
            self.assertEqual(sum(new.child_transaction_ids.mapped("amount")), 30.0)

    @mute_logger(RUN)
    def test_what_has_expired_is_let_go_once(self):
        order, old = self.place()
        with freeze_time(fields.Datetime.now() + timedelta(days=8)):
            pay(order, self.provider)
            self.use(Bank("refused", "refused"))
            for _hour in range(2):
                self.plan_of(order)._renew()
                self.run_tasks()
        self.assertEqual(len(self.bank.asked), 1)
        self.assertEqual(old.state, "cancel")

    def test_a_card_whose_provider_is_disabled_is_not_asked(self):
        order, _payment = self.place(token_id=self.token(None).id)
        self.provider.state = "disabled"
        with freeze_time(fields.Datetime.now() + timedelta(days=6.5)):
            self.plan_of(order)._renew()
        self.assertTrue(order.oms_held)

    def test_a_branch_uses_what_was_saved_at_its_company(self):
        order, _payment = self.place(token_id=self.token(None).id)
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        other = self.env["res.company"].create({"name": "Another company"})
        plan, token = self.plan_of(order), self.token(None)
        self.assertTrue(plan._is_usable(token))
        order.env.cr.execute(
            "UPDATE sale_order SET company_id = %s WHERE id = %s", [branch.id, order.id]
        )
        order.invalidate_recordset()
        self.assertTrue(plan._is_usable(token))
        order.env.cr.execute(
            "UPDATE sale_order SET company_id = %s WHERE id = %s", [other.id, order.id]
        )
        order.invalidate_recordset()
        self.assertFalse(plan._is_usable(token))
