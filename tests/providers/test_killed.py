"""Odoo's genuine code of Adyen and processes that die: nothing is done twice, nothing is lost."""

import base64
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from odoo.addons.oms.connectors.carrier import Message
from odoo.addons.oms.connectors.payment.bank import Bank
from odoo.addons.oms.connectors.payment.exchange import ask
from odoo.addons.oms.connectors.payment.simulator import FAULTS, Simulator
from odoo.addons.oms.models.payment import oms_payment_task

from ..payment import test_operations_commits as commits
from .provider_case import redirected

RUN = "odoo.addons.oms.models.task.oms_task_run"
INBOX = "odoo.addons.oms.models.tracking.oms_webhook_apply"
#: Attempts after which every fault is over.
ROUNDS = 4


@tagged("post_install", "-at_install")
class TestKilled(BaseCase):
    """Authorized by a saved card, captured and refunded, all really committed."""

    POINTS = commits.TestOperationsCommits.POINTS
    killed_at = commits.TestOperationsCommits.killed_at
    open = commits.TestOperationsCommits.open
    order = commits.TestOperationsCommits.order
    request = commits.TestOperationsCommits.request
    run_job = commits.TestOperationsCommits.run_job
    sums = commits.TestOperationsCommits.sums

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # The guard of Odoo's tests against calls elsewhere knows patience as one number only. Where
        # a process is killed after the bank did what it was asked, the bank is asked so, too.
        self.bank = SimpleNamespace(ask=partial(ask, timeout=20.0))
        self.enterContext(patch.object(oms_payment_task, "ask", self.bank.ask))
        self.books = Bank()
        self.simulator = self.enterContext(Simulator(self.books))
        self.enterContext(redirected(self.registry, self.simulator.url))
        with self.open() as env:
            self.prepare(env)
        self.addCleanup(self.clean)

    def prepare(self, env):
        provider = env["payment.provider"].search(
            [("code", "=", "adyen"), ("company_id", "=", env.company.id)], limit=1
        )
        self.vals = {
            "state": "test",
            "capture_manually": True,
            "adyen_merchant_account": self.books.account,
            "adyen_api_key": self.books.api_key,
            "adyen_client_key": "client",
            "adyen_hmac_key": self.books.hmac_key,
            "adyen_api_url_prefix": "prefix-checkout",
        }
        self.old = provider.read(list(self.vals))[0]
        provider.write(self.vals)
        partner = env["res.partner"].create({"name": "Customer of Adyen"})
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
                "provider_ref": "stored",
                "adyen_shopper_reference": "ODOO_PARTNER_7",
            }
        )
        self.made = [order, token, partner, product]
        self.order_id, self.token_id, self.provider_id = order.id, token.id, provider.id

    def clean(self):
        with self.open() as env:
            provider = env["payment.provider"].browse(self.provider_id)
            env["oms.payment.reconciliation"].search([("provider_id", "=", provider.id)]).unlink()
            env["oms.webhook.event"].search([("kind", "=", "adyen")]).unlink()
            transactions = env["payment.transaction"].search([("provider_id", "=", provider.id)])
            tasks = transactions.oms_task_id
            for transaction in transactions.sorted("id", reverse=True):
                transaction.unlink()
            tasks.unlink()
            for record in self.made:
                record.with_env(env).unlink()
            provider.write({name: self.old[name] for name in self.vals})

    # === STEPS === #

    def ask_for(self, operation, amount):
        if operation == "authorization":
            with self.open() as env:
                token = env["payment.token"].browse(self.token_id)
                self.order(env)._oms_request_authorization(amount, token)
        else:
            self.request(operation, amount)

    def authorize(self):
        self.ask_for("authorization", 100.0)
        self.run_job()
        self.hear()

    def hear(self, **options):
        """Let the bank work and tell, and what it told be applied."""
        with self.simulator.books() as books:
            books.work()
            bodies = books.take(**options)
        for body in bodies:
            with self.open() as env:
                message = Message({}, body, datetime.now(UTC))
                result = env["oms.webhook.event"]._receive_native("adyen", message)
                self.assertIn(result, ("received", "repeated"))
        self.apply()

    def apply(self):
        with self.open() as env:
            env.cr.execute(
                "UPDATE oms_webhook_event SET next_try = %s WHERE next_try IS NOT NULL",
                [fields.Datetime.now()],
            )
        with self.open() as env:
            env["oms.webhook.event"]._cron_apply()

    def assertAgree(self, **expected):
        """Check that order, books and bank tell the same, which is expected."""
        sums = self.sums()
        for name, amount in expected.items():
            self.assertEqual(sums[name], amount, name)
        payments = self.books.payments.values()
        for name in ("captured", "voided", "refunded"):
            at_bank = sum(getattr(payment, name) for payment in payments) / 100
            self.assertEqual(sums[name], at_bank, f"{name} at the bank")
        self.assertEqual(sums["capturing"], 0.0)
        self.assertEqual(self.get_booked(), sums["captured"] - sums["refunded"])

    def get_booked(self):
        """Return what is booked when all is; nothing of that stays."""
        with self.registry.cursor() as cr:
            env = commits.api.Environment(cr, commits.SUPERUSER_ID, {})
            done = self.order(env).oms_payment_plan_id.transaction_ids.filtered(
                lambda each: each.state == "done"
            )
            if done and done.provider_id.journal_id:
                done._post_process()
            signs = {"inbound": 1, "outbound": -1}
            booked = sum(
                signs[payment.payment_type] * payment.amount for payment in done.payment_id
            )
            self.assertTrue(done.provider_id.journal_id or not done)
            cr.rollback()
        return booked

    # === KILLED === #

    @mute_logger(RUN)
    def test_killed_at_every_step_of_the_request(self):
        count = dict.fromkeys(("authorization", "capture", "refund"), 0)
        amounts = {"authorization": 100.0, "capture": 10.0, "refund": 5.0}
        for operation in count:
            for point in self.POINTS:
                with self.subTest(operation=operation, point=point):
                    self.ask_for(operation, amounts[operation])
                    before = len(self.books.done)
                    with self.killed_at(point), self.assertRaises(commits.Killed):
                        self.run_job()
                    self.run_job()
                    self.assertEqual(len(self.books.done), before + 1, "it was done once")
                    self.hear()
                    count[operation] += 1
                    self.assertAgree(
                        authorized=100.0 * count["authorization"],
                        captured=10.0 * count["capture"],
                        refunded=5.0 * count["refund"],
                    )
        self.assertEqual(sum(count.values()), 3 * len(self.POINTS))

    @mute_logger(RUN, INBOX)
    def test_killed_at_every_step_of_the_message(self):
        self.authorize()
        event, transaction = (
            self.registry[name] for name in ("oms.webhook.event", "payment.transaction")
        )
        points = ((event, "_process"), (transaction, "_oms_take"), (event, "_end"))
        for times, (where, name) in enumerate(points, 1):
            self.request("capture", 10.0)
            self.run_job()
            with (
                self.subTest(name=name),
                patch.object(where, name, side_effect=commits.Killed),
                self.assertRaises(commits.Killed),
            ):
                self.hear()
            self.apply()
            self.assertAgree(captured=10.0 * times)

    @mute_logger(RUN, INBOX, "odoo.addons.oms.models.task.oms_task")
    def test_a_bank_that_fails_in_every_way(self):
        self.authorize()
        for times, fault in enumerate(FAULTS, 1):
            with self.subTest(fault=fault):
                self.simulator.fail(fault)
                self.request("capture", 10.0)
                before = len(self.books.done)
                for _round in range(ROUNDS):
                    self.run_job()
                self.hear(seed=times, copies=2)
                self.apply()
                self.run_job()
                self.assertEqual(len(self.books.done), before + 1, "it was done once")
                self.assertAgree(captured=10.0 * times)

    @mute_logger(RUN)
    def test_what_nobody_can_ask_for_again_is_found_by_reconciliation(self):
        self.authorize()
        self.request("capture", 10.0)
        with self.killed_at("after the bank did it"), self.assertRaises(commits.Killed):
            self.run_job()
        # By now the bank has forgotten the key, and its message never came.
        with self.open() as env:
            task = self.order(env).oms_payment_plan_id.transaction_ids.oms_task_id.filtered(
                lambda each: each.kind == "payment.capture"
            )
            old = fields.Datetime.now() - timedelta(days=8)
            env.cr.execute("UPDATE oms_task SET create_date = %s WHERE id IN %s", [old, task._ids])
        with self.simulator.books() as books:
            books._answers.clear()
            books.work()
            books.take()
            done = len(books.done)
        for _round in range(ROUNDS):
            self.run_job()
        self.assertEqual(len(self.books.done), done, "it is not asked for again")
        with self.open() as env:
            record = env["oms.payment.reconciliation"].create(
                {
                    "provider_id": self.provider_id,
                    "file": base64.b64encode(self.books.report()),
                }
            )
            record.action_compare()
            self.assertEqual(record.line_ids.mapped("difference"), ["unnoticed"])
            record.line_ids.action_apply()
        for _round in range(ROUNDS):
            self.run_job()
        self.assertEqual(len(self.books.done), done)
        self.assertAgree(captured=10.0)
