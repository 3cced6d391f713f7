"""What people see of payments and may do with them, by role."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .payment_case import Bank, PaymentCase


@tagged("post_install", "-at_install")
class TestScreen(PaymentCase):
    def test_roles(self):
        order, _root = self.make_paid()
        plan = order.oms_payment_plan_id
        own = "sales_team.group_sale_salesman"
        seller = self.make_user("pay_seller", own)
        operator = self.make_user("pay_operator", "oms.group_order_operator")
        manager = self.make_user("pay_manager", "oms.group_order_manager")
        accountant = self.make_user("pay_accountant", "account.group_account_invoice")
        stranger = self.make_user("pay_stranger", "base.group_user")
        order.user_id = operator
        plan.invalidate_recordset()
        with self.assertRaises(AccessError):
            plan.with_user(stranger).read(["captured"])
        with self.assertRaises(AccessError):
            plan.with_user(seller).read(["captured"])
        order.user_id = seller
        for user in (seller, operator, manager, accountant):
            plan.with_user(user).read(["captured", "due", "state"])
            self.assertEqual(
                plan.with_user(user).may_operate, user in manager | accountant, user.login
            )
        for user in (operator, manager, accountant):
            Form(plan.with_user(user))
        for user in (seller, operator):
            with self.assertRaises(AccessError):
                plan.with_user(user).action_void_rest()
            with self.assertRaises(AccessError):
                plan.with_user(user).captured = 5.0
        plan.with_user(accountant).action_capture_due()
        account = self.env["oms.payment.policy"].create({"name": "A", "method": "account"})
        plan.with_user(manager).policy_id = account
        self.assertEqual(plan.method, "account")
        with self.assertRaises(AccessError):
            plan.with_user(manager).captured = 5.0

    def test_the_link_is_read_without_writing(self):
        order, _root = self.make_paid()
        self.assertTrue(order.access_token, "made with the plan")
        self.assertIn(order.access_token, order.oms_pay_url)
        order.access_token = False
        self.env.flush_all()
        self.env.cr.execute("SAVEPOINT reading")
        self.env.cr.execute("SET TRANSACTION READ ONLY")
        order.invalidate_recordset()
        self.assertFalse(order.oms_pay_url)
        self.env.flush_all()
        self.env.cr.execute("ROLLBACK TO SAVEPOINT reading")

    def test_companies(self):
        order, _root = self.make_paid()
        other = self.env["res.company"].create({"name": "Other"})
        manager = self.make_user(
            "pay_other", "oms.group_order_manager", company_id=other.id, company_ids=[other.id]
        )
        plan = order.oms_payment_plan_id.with_user(manager)
        with self.assertRaises(AccessError):
            plan.read(["captured"])
        self.assertFalse(
            self.env["oms.payment.plan"].with_user(manager).search([("id", "=", plan.id)])
        )

    def test_an_amount_by_hand(self):
        order, _root = self.make_paid()
        plan = order.oms_payment_plan_id
        manager = self.make_user("pay_manager", "oms.group_order_manager")
        action = plan.with_user(manager).with_context(operation="capture").action_operate()
        form = Form(
            self.env[action["res_model"]].with_user(manager).with_context(**action["context"])
        )
        self.assertEqual((form.amount, form.most), (100.0, 100.0))
        form.amount = 40.0
        form.save().action_apply()
        self.run_tasks()
        self.assertEqual(plan.captured, 40.0)
        wizard = self.env["oms.payment.operation"].create(
            {"plan_id": plan.id, "operation": "refund", "amount": 40.01}
        )
        with self.assertRaisesRegex(UserError, "Refund less"):
            wizard.action_apply()

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_refused_and_asked_again(self):
        self.use(Bank("refused"))
        order, _root = self.make_paid()
        capture = order._oms_request_capture(30.0)
        self.run_tasks()
        manager = self.make_user("pay_manager", "oms.group_order_manager")
        capture.with_user(manager).action_oms_retry()
        self.run_tasks()
        self.assertEqual(order.oms_payment_plan_id.captured, 30.0)
        with self.assertRaises(UserError):
            order.oms_payment_plan_id.transaction_ids.filtered(
                lambda each: each.state == "done"
            ).action_oms_retry()

    def test_taken_back_before_the_bank_was_asked(self):
        order, _root = self.make_paid()
        capture = order._oms_request_capture(30.0)
        capture.oms_task_id.action_cancel()
        self.assertEqual(capture.state, "error")
        self.assertEqual(self.sums(order)["available"], 100.0)
        self.assertEqual(self.bank.asked, [])

    def test_captures_come_before_the_void_of_the_rest(self):
        """Some providers let go of all that is not captured by then."""
        self.use(Bank("before"))
        order, _root = self.make_paid()
        order._oms_request_capture(30.0)
        void = order._oms_request_void()
        self.run_tasks()
        self.assertEqual(
            (void.state, [what[0] for what in self.bank.asked]), ("draft", ["capture"])
        )
        self.run_tasks()
        self.assertEqual((void.state, self.sums(order)["voided"]), ("cancel", 70.0))
