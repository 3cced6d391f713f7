"""Invoices and credit notes of several processes at once, and of processes that die."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..inventory.gate_case import GateCase
from ..payment.payment_case import Bank, make_provider, pay


class Killed(BaseException):
    """The process ends here."""


@tagged("post_install", "-at_install")
class TestInvoicingCommits(GateCase):
    """Two of three have left, and nothing is invoiced yet."""

    def setUp(self):
        # After all else: an order that is cancelled then puts its task into the queue, too.
        self.addCleanup(self.clean_tasks)
        super().setUp()
        with self.committed() as env:
            env["oms.channel"].browse(self.channel).workflow_id = False
            product = env["product.product"].browse(self.product)
            product.write({"list_price": 10.0, "taxes_id": False})
            company = env["oms.site"].browse(self.site).company_id
            journals = [("type", "=", "sale"), ("company_id", "=", company.id)]
            self.assertTrue(env["account.journal"].search(journals))
        self.order_id = self.order(3, confirm=True)
        self.addCleanup(self.clean_shipped)
        with self.committed() as env:
            picking = self.sold(env).picking_ids
            picking.move_ids.write({"quantity": 2, "picked": True})
            picking._action_done()

    def sold(self, env):
        return env["sale.order"].browse(self.order_id)

    def clean_tasks(self):
        with self.committed() as env:
            kind = [("res_id", "=", self.order_id), ("kind", "=", "order.invoice")]
            env["oms.task"].search(kind).unlink()

    def clean_shipped(self):
        with self.committed() as env:
            order = self.sold(env)
            moves = order.order_line.move_ids
            # What is done cannot be deleted in Odoo's own way.
            env.cr.execute("DELETE FROM stock_move_line WHERE move_id = ANY(%s)", [moves.ids])
            env.cr.execute("UPDATE stock_move SET state = 'cancel' WHERE id = ANY(%s)", [moves.ids])
            env.invalidate_all()

    def run_job(self):
        with self.committed() as env:
            env.cr.execute(
                "UPDATE oms_task SET next_try = %s WHERE next_try IS NOT NULL AND res_id = %s",
                [fields.Datetime.now(), self.order_id],
            )
        with self.committed() as env:
            env["oms.task"]._cron_run()

    def bills(self):
        """Return what was invoiced and credited, below zero."""
        with self.committed() as env:
            moves = self.sold(env).invoice_ids.sorted("id")
            return [move.amount_total_signed for move in moves if move.state == "posted"]

    def states(self):
        with self.committed() as env:
            kind = [("res_id", "=", self.order_id), ("kind", "=", "order.invoice")]
            return env["oms.task"].search(kind).mapped("state")

    def at_once(self, first, second):
        """Run two transactions that both began before either was committed.

        :return: why the second, run again with what the first did, was refused
        """
        with self.registry.cursor() as cr:
            late = self.open(cr)
            # It sees the world as it is now, and goes on seeing it.
            self.assertEqual(self.sold(late).order_line.qty_delivered, 2)
            with self.committed() as early:
                first(self.sold(early))
            with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
                second(self.sold(late))
            cr.rollback()
        with self.committed() as env:
            try:
                retrying(env, lambda own: second(self.sold(own)))
            except UserError as error:
                return error.args[0]
        return None

    def test_two_invoice_at_once(self):
        self.at_once(lambda order: order._oms_invoice(), lambda order: order._oms_invoice())
        self.assertEqual(self.bills(), [20.0])
        self.run_job()
        self.assertEqual((self.bills(), self.states()), ([20.0], ["done"]))

    def test_two_credit_the_same(self):
        self.run_job()
        refused = self.at_once(
            lambda order: order._oms_credit({order.order_line: 2}),
            lambda order: order._oms_credit({order.order_line: 1}),
        )
        self.assertIn("no more than 0", refused)
        self.assertEqual(self.bills(), [20.0, -20.0])

    def test_one_credits_while_another_invoices(self):
        """Whoever credits first invoices what has left: the other finds nothing to do."""
        self.at_once(
            lambda order: order._oms_credit({order.order_line: 1}),
            lambda order: order._oms_invoice(),
        )
        self.assertEqual(self.bills(), [20.0, -10.0])

    def killed_at(self, point):
        """Return a context in which the process dies at a point of its way, once."""

        def dies(*_args, **_how):
            raise Killed

        task, handler, move = (
            self.registry[name] for name in ("oms.task", "oms.invoice.task", "account.move")
        )
        where, name = {
            "between shipment and invoice": (task, "_begin"),
            "before it is invoiced": (handler, "_apply"),
            "while it is posted": (move, "action_post"),
            "before it is committed": (task, "_end"),
        }[point]
        return patch.object(where, name, dies)

    @mute_logger("odoo.addons.oms.models.task.oms_task_run")
    def test_killed_on_the_way(self):
        """Wherever the process dies, there is no invoice; run again, there is one."""
        for point in (
            "between shipment and invoice",
            "before it is invoiced",
            "while it is posted",
            "before it is committed",
        ):
            with self.subTest(point=point):
                with self.killed_at(point), self.assertRaises(Killed):
                    self.run_job()
                self.assertEqual(self.bills(), [])
        self.run_job()
        self.run_job()
        self.assertEqual((self.bills(), self.states()), ([20.0], ["done"]))

    def take_back(self):
        """Receive and judge one of them, so that it is credited and paid back."""
        with self.committed() as env:
            order = self.sold(env)
            line = {"sale_line_id": order.order_line.id, "quantity": 1}
            record = env["oms.return"]._request(
                {"order_id": order.id, "lines": [line], "site_id": self.site}
            )
            items = record._receive([{"line_id": record.line_ids.id, "quantity": 1}])
            record._inspect([{"item_id": items.id}])
            self.assertFalse(record.settle_error)

    def test_killed_between_credit_note_and_refund(self):
        """They are one transaction: never one without the other, and once when it is run again."""
        with self.committed() as env:
            self.enterContext(Bank().open(env))
            provider = make_provider(env, env.company)
            pay(self.sold(env), provider, state="done")
            self.provider_id = provider.id
        self.addCleanup(self.clean_payments)
        self.run_job()

        def dies(*_args, **_how):
            raise Killed

        with (
            patch.object(self.registry["sale.order"], "_oms_request_refund", dies),
            self.assertRaises(Killed),
        ):
            self.take_back()
        self.assertEqual((self.bills(), self.refunds()), ([20.0], []))
        self.take_back()
        self.assertEqual((self.bills(), self.refunds()), ([20.0, -10.0], [-10.0]))

    def refunds(self):
        with self.committed() as env:
            payments = env["payment.transaction"].search([("provider_id", "=", self.provider_id)])
            return payments.filtered(lambda each: each.operation == "refund").mapped("amount")

    def clean_payments(self):
        with self.committed() as env:
            provider = env["payment.provider"].browse(self.provider_id)
            payments = env["payment.transaction"].search([("provider_id", "=", provider.id)])
            tasks = payments.oms_task_id
            payments.payment_id.action_draft()
            payments.payment_id.unlink()
            for payment in payments.sorted("id", reverse=True):
                payment.unlink()
            tasks.unlink()
            order = self.sold(env)
            moves = order.oms_return_ids.picking_ids.move_ids
            order.oms_return_ids.unlink()
            env.cr.execute("DELETE FROM stock_move_line WHERE move_id = ANY(%s)", [moves.ids])
            env.cr.execute("UPDATE stock_move SET state = 'cancel' WHERE id = ANY(%s)", [moves.ids])
            env.invalidate_all()
            provider.unlink()
