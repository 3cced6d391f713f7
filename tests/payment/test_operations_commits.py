"""Operations of several processes at once, and of processes that die, really committed."""

from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from odoo.addons.oms.models.payment import oms_payment_task
from odoo.addons.oms.models.transaction import retrying

from .payment_case import Bank, make_provider, pay


class Killed(BaseException):
    """The process ends here."""


@tagged("post_install", "-at_install")
class TestOperationsCommits(BaseCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.bank = Bank()
        self.made = []
        with self.open() as env:
            self.enterContext(self.bank.open(env))
            provider = make_provider(env, env.company)
            partner = env["res.partner"].create({"name": "Customer of a bank"})
            product = env["product.product"].create(
                {"name": "Advice", "type": "service", "list_price": 100.0, "taxes_id": False}
            )
            line = fields.Command.create({"product_id": product.id})
            order = env["sale.order"].create(
                {"partner_id": partner.id, "oms_channel_id": False, "order_line": [line]}
            )
            token = env["payment.token"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": env.ref("payment.payment_method_card").id,
                    "partner_id": partner.id,
                    "provider_ref": "T1",
                }
            )
            self.made = [order, token, partner, product, provider]
            self.order_id, self.token_id, self.provider_id = order.id, token.id, provider.id
        self.addCleanup(self.clean)

    def clean(self):
        with self.open() as env:
            provider = env["payment.provider"].browse(self.provider_id)
            transactions = env["payment.transaction"].search([("provider_id", "=", provider.id)])
            tasks = transactions.oms_task_id
            for transaction in transactions.sorted("id", reverse=True):
                transaction.unlink()
            tasks.unlink()
            for record in self.made:
                record.with_env(env).unlink()

    @contextmanager
    def open(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def order(self, env):
        return env["sale.order"].browse(self.order_id)

    def authorize(self):
        with self.open() as env:
            pay(self.order(env), env["payment.provider"].browse(self.provider_id))

    def request(self, name, *arguments):
        with self.open() as env:
            getattr(self.order(env), f"_oms_request_{name}")(*arguments)

    def run_job(self):
        with self.open() as env:
            env.cr.execute(
                "UPDATE oms_task SET next_try = %s WHERE next_try IS NOT NULL",
                [fields.Datetime.now()],
            )
        with self.open() as env:
            env["oms.task"]._cron_run()

    def sums(self):
        with self.open() as env:
            plan = self.order(env).oms_payment_plan_id
            names = ("authorized", "available", "captured", "capturing", "voided", "refunded")
            return {name: plan[name] for name in names}

    def assertAgree(self, **expected):
        """Check that the plan, its transactions and the bank tell the same, which is expected."""
        sums = self.sums()
        for name, amount in expected.items():
            self.assertEqual(sums[name], amount, name)
        for name, operation in (
            ("captured", "capture"),
            ("voided", "void"),
            ("refunded", "refund"),
        ):
            self.assertEqual(sums[name], self.bank.get_total(operation), f"{name} at the bank")
        self.assertLessEqual(sums["captured"] + sums["voided"], sums["authorized"])
        self.assertLessEqual(sums["refunded"], sums["captured"])

    # === AT ONCE === #

    def at_once(self, first, second):
        """Run two requests whose transactions both began before either was committed.

        :return: whether the second, run again with what the first did, was refused
        """
        with self.registry.cursor() as cr:
            late = api.Environment(cr, SUPERUSER_ID, {})
            # It sees the world as it is now, and goes on seeing it.
            self.assertTrue(self.order(late).oms_payment_plan_id.transaction_ids)
            with self.open() as early:
                first(self.order(early))
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                second(self.order(late))
            cr.rollback()
        refused = False
        with self.open() as env:
            try:
                retrying(env, lambda own: second(self.order(own)))
            except UserError:
                refused = True
        self.run_job()
        return refused

    def test_two_captures_at_once(self):
        self.authorize()
        refused = self.at_once(
            lambda order: order._oms_request_capture(60.0),
            lambda order: order._oms_request_capture(60.0),
        )
        self.assertTrue(refused)
        self.assertAgree(captured=60.0, available=40.0)

    def test_an_order_without_any_payment_is_held(self):
        """Two counters that take the same money: the second sees what the first did."""
        with self.open() as env:
            self.order(env)._oms_ensure_payment_plans()
        with self.registry.cursor() as cr:
            late = api.Environment(cr, SUPERUSER_ID, {})
            self.assertFalse(self.order(late).oms_payment_plan_id.transaction_ids)
            with self.open() as early:
                self.order(early)._oms_hold_payment()
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                self.order(late)._oms_hold_payment()
            cr.rollback()

    def test_one_that_cannot_be_renewed_keeps_no_other_from_it(self):
        self.authorize()
        plans = self.registry["oms.payment.plan"]
        with (
            patch.object(plans, "_is_to_renew", lambda plan, now: True),
            patch.object(plans, "_renew", side_effect=UserError("disabled")) as renew,
            self.assertLogs("odoo.addons.oms.models.payment.oms_payment_renew", "WARNING"),
            self.open() as env,
        ):
            env["oms.payment.plan"]._cron_renew()
        renew.assert_called()

    def test_two_captures_for_which_there_is_enough(self):
        self.authorize()
        refused = self.at_once(
            lambda order: order._oms_request_capture(60.0),
            lambda order: order._oms_request_capture(40.0),
        )
        self.assertFalse(refused)
        self.assertAgree(captured=100.0, available=0.0)

    def test_a_void_against_a_capture(self):
        self.authorize()
        refused = self.at_once(
            lambda order: order._oms_request_capture(60.0), lambda order: order._oms_request_void()
        )
        self.assertFalse(refused, "what is left is let go")
        self.assertAgree(captured=60.0, voided=40.0)

    def test_a_capture_against_a_void(self):
        self.authorize()
        refused = self.at_once(
            lambda order: order._oms_request_void(), lambda order: order._oms_request_capture(60.0)
        )
        self.assertTrue(refused)
        self.assertAgree(captured=0.0, voided=100.0)

    def test_two_refunds_at_once(self):
        self.authorize()
        self.request("capture", 50.0)
        self.request("capture", 50.0)
        self.run_job()
        refused = self.at_once(
            lambda order: order._oms_request_refund(70.0),
            lambda order: order._oms_request_refund(70.0),
        )
        self.assertTrue(refused)
        self.assertAgree(captured=100.0, refunded=70.0)

    def test_odoos_own_button_against_a_task(self):
        self.authorize()

        def press(order):
            order.transaction_ids._capture(60.0)

        self.assertTrue(self.at_once(lambda order: order._oms_request_capture(60.0), press))
        self.assertAgree(captured=60.0)

    # === KILLED === #

    def killed_at(self, point):
        """Return a context in which the process dies at a point of its way, once."""
        task = self.registry["oms.task"]
        handler = self.registry["oms.payment.task"]
        transaction = self.registry["payment.transaction"]

        def dies(*_args, **_how):
            raise Killed

        def dies_after(*args, **how):
            self.bank.ask(*args, **how)
            raise Killed

        where, name, new = {
            "before it is begun": (task, "_begin", dies),
            "before it is asked": (oms_payment_task, "ask", dies),
            "after the bank did it": (oms_payment_task, "ask", dies_after),
            "before the answer is kept": (task, "_keep", dies),
            "before it is written down": (handler, "_apply", dies),
            "while it is written down": (transaction, "_oms_post_process_later", dies),
            "before it is committed": (task, "_end", dies),
        }[point]
        return patch.object(where, name, new)

    POINTS = (
        "before it is begun",
        "before it is asked",
        "after the bank did it",
        "before the answer is kept",
        "before it is written down",
        "while it is written down",
        "before it is committed",
    )

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_killed_at_every_step(self):
        """Authorized by a saved card, captured, refunded: each killed at each of its steps."""
        times = 0
        for operation in ("authorization", "capture", "refund"):
            for point in self.POINTS:
                with self.subTest(operation=operation, point=point):
                    times += 1
                    if operation == "authorization":
                        with self.open() as env:
                            token = env["payment.token"].browse(self.token_id)
                            self.order(env)._oms_request_authorization(100.0, token)
                    else:
                        self.request(operation, 10.0)
                    before = len(self.bank.done)
                    with self.killed_at(point), self.assertRaises(Killed):
                        self.run_job()
                    self.run_job()
                    self.assertEqual(len(self.bank.done), before + 1, "it was done once")
                    count = dict.fromkeys(("authorization", "capture", "refund"), 0)
                    for name in count:
                        kind = "authorize" if name == "authorization" else name
                        count[name] = [what[0] for what in self.bank.done.values()].count(kind)
                    self.assertAgree(
                        authorized=100.0 * count["authorization"],
                        captured=10.0 * count["capture"],
                        refunded=10.0 * count["refund"],
                        capturing=0.0,
                    )
        self.assertEqual(times, 21)
