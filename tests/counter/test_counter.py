from itertools import count

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..collect.collect_case import CollectCase
from ..invoicing.invoicing_case import InvoicingCase


class CounterCase(CollectCase, InvoicingCase):
    """A store in which customers pay when they collect."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.method = "collection"
        cls.till = cls.env["account.journal"].create(
            {"name": "Till", "code": "TILL", "type": "cash", "company_id": cls.company.id}
        )
        cls.work = cls.env["oms.site.work"].with_user(cls.clerk)
        cls.numbers = count(1)

    def use(self, bank):
        """No bank is asked for what clerks take."""

    def do(self, fulfillment, kind, **more):
        [answer] = self.work.apply(
            [
                {
                    "uuid": f"counter-{next(self.numbers):04}",
                    "fulfillment_id": fulfillment.id,
                    "kind": kind,
                    "at": "2024-03-04T09:00:00Z",
                    **more,
                }
            ]
        )
        return answer


@tagged("post_install", "-at_install")
class TestCounter(CounterCase):
    def test_cash_with_change_and_then_the_goods(self):
        fulfillment = self.make_ready()
        order = fulfillment.order_id
        detail = self.work.get_detail(fulfillment.id)
        self.assertTrue(detail["actions"]["pay"])
        self.assertAlmostEqual(detail["payment"]["due"], 19.98, 2)
        refused = self.do(fulfillment, "collect")
        self.assertEqual(refused["outcome"], "refused")
        self.assertIn("still to be paid", refused["message"])
        answer = self.do(fulfillment, "pay", means="cash", amount=19.98, given=50.0)
        self.assertEqual(answer["outcome"], "ok", answer)
        self.assertIn("30.02", answer["message"])
        detail = self.work.get_detail(fulfillment.id)
        self.assertFalse(detail["actions"]["pay"])
        self.assertEqual(detail["payment"]["due"], 0.0)
        self.assertEqual(self.do(fulfillment, "collect")["outcome"], "ok")
        plan = order.oms_payment_plan_id
        self.assertAlmostEqual(plan.captured, 19.98, 2)
        self.assertEqual(plan.method, "collection")
        [payment] = plan.transaction_ids
        self.assertEqual(payment.payment_id.journal_id, self.till)
        self.assertTrue(payment.reference.startswith(order.name))
        invoice = order._oms_invoice()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def test_half_in_cash_and_half_by_card(self):
        fulfillment = self.make_ready()
        self.do(fulfillment, "pay", means="cash", amount=10.0)
        self.assertEqual(self.do(fulfillment, "collect")["outcome"], "refused")
        answer = self.do(fulfillment, "pay", means="card", amount=9.98, reference="T-4711")
        self.assertEqual(answer["outcome"], "ok")
        self.assertEqual(self.do(fulfillment, "collect")["outcome"], "ok")
        payments = fulfillment.order_id.oms_payment_plan_id.transaction_ids.sorted("id")
        self.assertEqual(payments.provider_id.mapped("oms_counter"), ["cash", "card"])
        self.assertEqual(payments[1].provider_reference, "T-4711")
        self.assertEqual(payments[1].payment_id.journal_id.type, "bank")

    def test_what_is_taken_has_to_be_paid_and_no_more(self):
        fulfillment = self.make_ready()
        line = fulfillment.line_ids
        part = [{"line_id": line.id, "quantity": 1}]
        self.assertEqual(self.do(fulfillment, "collect", lines=part)["outcome"], "refused")
        self.do(fulfillment, "pay", means="cash", amount=9.99)
        answer = self.do(fulfillment, "collect", lines=part)
        self.assertIn(answer["outcome"], ("ok", "warning"), answer)
        self.assertAlmostEqual(fulfillment._get_counter_due(), 9.99, 2)

    def test_wrong_amounts_are_refused(self):
        fulfillment = self.make_ready()
        for values, text in (
            ({"means": "cash", "amount": 20.0}, "too much"),
            ({"means": "cash", "amount": 0}, "above zero"),
            ({"means": "cash", "amount": -5}, "no amount"),
            ({"means": "cash", "amount": "ten"}, "no amount"),
            ({"means": "cash", "amount": float("nan")}, "no amount"),
            ({"means": "cash", "amount": 19.98, "given": 10}, "less than"),
            ({"means": "shells", "amount": 19.98}, "cash or by card"),
        ):
            with self.subTest(values=values):
                answer = self.do(fulfillment, "pay", **values)
                self.assertEqual(answer["outcome"], "refused")
                self.assertIn(text, answer["message"])
        self.assertFalse(fulfillment.order_id.oms_payment_plan_id.captured)

    def test_an_order_that_is_paid_otherwise_is_handed_over_as_ever(self):
        self.policy.method = "multi"
        fulfillment = self.make_ready()
        detail = self.work.get_detail(fulfillment.id)
        self.assertNotIn("payment", detail)
        self.assertFalse(detail["actions"]["pay"])
        answer = self.do(fulfillment, "pay", means="cash", amount=19.98)
        self.assertIn("not paid at the counter", answer["message"])
        self.assertEqual(self.do(fulfillment, "collect")["outcome"], "ok")

    def test_told_twice_it_is_taken_once(self):
        fulfillment = self.make_ready()
        operation = {
            "uuid": "counter-twice",
            "fulfillment_id": fulfillment.id,
            "kind": "pay",
            "at": "2024-03-04T09:00:00Z",
            "means": "cash",
            "amount": 5.0,
        }
        self.work.apply([operation])
        [answer] = self.work.apply([operation])
        self.assertEqual(answer["outcome"], "repeated")
        self.assertAlmostEqual(fulfillment.order_id.oms_payment_plan_id.captured, 5.0, 2)

    def test_what_paid_for_goods_that_left_is_not_taken_back(self):
        fulfillment = self.make_ready()
        self.do(fulfillment, "pay", means="cash", amount=9.99)
        self.do(fulfillment, "pay", means="card", amount=2.0)
        payments = fulfillment.order_id.oms_payment_plan_id.transaction_ids.sorted("id")
        self.do(fulfillment, "collect", lines=[{"line_id": fulfillment.line_ids.id, "quantity": 1}])
        self.assertIn(fulfillment.state, ("planned", "released"))
        with self.assertRaisesRegex(UserError, "has left"):
            fulfillment._give_back_money(payments[0])
        fulfillment._give_back_money(payments[1])
        self.assertEqual(payments.mapped("state"), ["done", "cancel"])

    def test_a_mistake_is_taken_back(self):
        fulfillment = self.make_ready()
        self.do(fulfillment, "pay", means="cash", amount=19.98)
        payment = fulfillment.order_id.oms_payment_plan_id.transaction_ids
        fulfillment._give_back_money(payment)
        self.assertEqual(payment.state, "cancel")
        self.assertEqual(payment.payment_id.state, "canceled")
        self.assertAlmostEqual(fulfillment._get_counter_due(), 19.98, 2)
        with self.assertRaisesRegex(UserError, "refund it"):
            fulfillment._give_back_money(payment)

    def test_after_the_goods_left_nothing_is_taken_back(self):
        fulfillment = self.make_ready()
        self.do(fulfillment, "pay", means="cash", amount=19.98)
        self.do(fulfillment, "collect")
        payment = fulfillment.order_id.oms_payment_plan_id.transaction_ids
        with self.assertRaisesRegex(UserError, "have left"):
            fulfillment._give_back_money(payment)

    def test_a_refund_waits_until_it_is_paid_out(self):
        fulfillment = self.make_ready()
        order = fulfillment.order_id
        self.do(fulfillment, "pay", means="cash", amount=19.98)
        self.do(fulfillment, "collect")
        order._oms_invoice()
        credit = order._oms_credit({order.order_line: 1})
        refund = order._oms_request_refund(credit.amount_total)
        self.assertEqual(refund.state, "pending")
        with self.assertRaises(AccessError):
            refund.with_user(self.clerk).action_oms_paid_out()
        keeper = self.make_user("keeper", "account.group_account_invoice,base.group_system")
        refund.with_user(keeper).action_oms_paid_out()
        self.assertEqual(refund.state, "done")
        self.assertEqual(credit.amount_residual, 0.0)
        self.assertAlmostEqual(order.oms_payment_plan_id.refunded, 9.99, 2)
        with self.assertRaisesRegex(UserError, "no refund that waits"):
            refund.with_user(keeper).action_oms_paid_out()

    def test_clerks_of_other_stores_take_nothing(self):
        fulfillment = self.make_ready()
        other = self.make_user("other-clerk", "oms.group_site_operator")
        self.middle.user_ids = other
        with self.assertRaises(AccessError):
            fulfillment.with_user(other)._take_money("cash", 5.0)

    def test_a_reservation_is_paid_before_it_is_sold(self):
        fulfillment = self.reserve((self.apple, 2, {"price_unit": 9.99}))
        self.do(fulfillment, "ready")
        detail = self.work.get_detail(fulfillment.id)
        self.assertTrue(detail["actions"]["pay"] and detail["actions"]["sell"])
        self.assertAlmostEqual(detail["payment"]["due"], 19.98, 2)
        refused = self.do(fulfillment, "sell")
        self.assertEqual(refused["outcome"], "refused")
        self.assertIn("still to be paid", refused["message"])
        self.assertEqual(fulfillment.order_id.state, "draft")
        self.assertEqual(self.do(fulfillment, "pay", means="cash", amount=19.98)["outcome"], "ok")
        self.assertEqual(fulfillment.order_id.state, "draft", "it is paid, and not taken yet")
        self.assertIn(self.do(fulfillment, "sell")["outcome"], ("ok", "warning"))
        order = fulfillment.order_id
        self.assertEqual((order.state, fulfillment.state), ("sale", "delivered"))
        self.assertAlmostEqual(order.oms_payment_plan_id.captured, 19.98, 2)
        self.assertEqual(order._oms_invoice().amount_residual, 0.0)

    def test_a_part_of_a_reservation(self):
        """Only what is taken is sold and paid; shipping stays on it as a whole."""
        fulfillment = self.reserve(
            (self.apple, 2, {"price_unit": 9.99}),
            (self.post, 1, {"price_unit": 4.0, "is_delivery": True}),
        )
        self.do(fulfillment, "ready")
        part = [{"line_id": fulfillment.line_ids.id, "quantity": 1}]
        self.do(fulfillment, "pay", means="card", amount=13.99)
        self.assertIn(self.do(fulfillment, "sell", lines=part)["outcome"], ("ok", "warning"))
        order = fulfillment.order_id
        self.assertAlmostEqual(order.amount_total, 13.99, 2)
        self.assertEqual(order.oms_payment_plan_id.state, "captured")

    def test_a_paid_reservation_that_is_released_is_paid_out(self):
        fulfillment = self.reserve((self.apple, 2, {"price_unit": 9.99}))
        self.do(fulfillment, "ready")
        self.do(fulfillment, "pay", means="cash", amount=19.98)
        self.do(fulfillment, "release")
        order = fulfillment.order_id
        self.assertEqual(order.state, "cancel")
        order.oms_payment_plan_id._refund_surplus()
        refund = order.oms_payment_plan_id.transaction_ids.filtered("oms_waits_at_counter")
        self.assertAlmostEqual(refund.amount, -19.98, 2)

    def test_the_dialog_takes_the_money(self):
        fulfillment = self.make_ready()
        clerk = fulfillment.with_user(self.clerk)
        action = clerk.action_collect()
        wizards = self.env[action["res_model"]].with_user(self.clerk)
        with Form(wizards.with_context(**action["context"])) as form:
            form.code = fulfillment.pickup_code
            self.assertAlmostEqual(form.due, 19.98, 2)
            form.means = "cash"
            form.given = 20.0
            self.assertAlmostEqual(form.change, 0.02, 2)
        form.record.action_confirm()
        self.assertEqual(fulfillment.state, "delivered")
        plan = fulfillment.order_id.oms_payment_plan_id
        self.assertAlmostEqual(plan.captured, 19.98, 2)
        self.assertEqual(plan.transaction_ids.provider_id.oms_counter, "cash")

    def test_the_dialog_takes_what_a_part_costs(self):
        fulfillment = self.make_ready()
        action = fulfillment.with_user(self.clerk).action_collect()
        wizards = self.env[action["res_model"]].with_user(self.clerk)
        with Form(wizards.with_context(**action["context"])) as form:
            form.code = fulfillment.pickup_code
            with form.line_ids.edit(0) as line:
                line.quantity = 1
            self.assertAlmostEqual(form.due, 9.99, 2)
            form.means = "cash"
            form.given = 5.0
        with self.assertRaisesRegex(UserError, "less than"):
            form.record.action_confirm()
        self.assertFalse(fulfillment.order_id.oms_payment_plan_id.captured)
        form.record.write({"given": 10.0})
        form.record.action_confirm()
        self.assertAlmostEqual(fulfillment.order_id.oms_payment_plan_id.captured, 9.99, 2)

    def test_the_dialog_without_the_money(self):
        fulfillment = self.make_ready()
        action = fulfillment.with_user(self.clerk).action_collect()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.clerk)
            .with_context(**action["context"])
            .create({"code": fulfillment.pickup_code})
        )
        with self.assertRaisesRegex(UserError, "still to be paid"):
            wizard.action_confirm()

    def test_undone_at_the_screen(self):
        fulfillment = self.make_ready()
        self.do(fulfillment, "pay", means="cash", amount=19.98)
        payment = fulfillment.order_id.oms_payment_plan_id.transaction_ids
        answer = self.do(fulfillment, "undo", target=f"counter-{next(self.numbers) - 1:04}")
        self.assertEqual(answer["outcome"], "ok", answer)
        self.assertIn("give", answer["message"])
        self.assertEqual((payment.state, payment.payment_id.state), ("cancel", "canceled"))
        self.assertAlmostEqual(fulfillment._get_counter_due(), 19.98, 2)

    def test_journals_of_branches(self):
        """A branch keeps its cash in a till of its own, or in that of the company above it."""
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        provider = self.env["payment.provider"]._oms_get_counter(branch, "cash")
        self.assertEqual(provider.company_id, branch)
        self.assertEqual(provider._oms_get_counter_journal(), self.till)
        own = self.env["account.journal"].create(
            {"name": "Till of the branch", "code": "TILB", "type": "cash", "company_id": branch.id}
        )
        self.assertEqual(provider._oms_get_counter_journal(), own)
        card = self.env["payment.provider"]._oms_get_counter(branch, "card")
        self.assertEqual(card._oms_get_counter_journal().type, "bank")
        self.assertNotEqual(card, provider)
        self.assertEqual(self.env["payment.provider"]._oms_get_counter(branch, "cash"), provider)
