import logging

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.transaction import retrying
from ..intake.common import ORDER_HEADERS, make_csv
from .gate_case import GateCase

TRANSACTION_LOGGER = "odoo.addons.oms.models.transaction"


@tagged("post_install", "-at_install")
class TestCommitments(GateCase):
    """Every way in which an order takes goods, while somebody else takes the same ones.

    Three units are there. In each test somebody else commits after the path has read what there
    is and before it takes it. Odoo's own transactions then fail and are run again.
    """

    def setUp(self):
        super().setUp()
        self.Claim = self.registry["oms.claim"]
        self.Sourcing = self.registry["oms.sourcing"]

    def sell(self, quantity):
        """Somebody else takes goods, for good."""
        self.order(quantity, confirm=True)

    def run_against(self, work, taken=2):
        """Run work in transactions that are run again, while somebody takes goods in between.

        :return: what the work returned
        """
        with (
            self.meanwhile(self.Sourcing, "_solve_order", lambda: self.sell(taken)),
            self.assertLogs(TRANSACTION_LOGGER, logging.INFO) as logs,
            mute_logger("odoo.sql_db"),
            self.committed() as env,
        ):
            result = retrying(env, work)
        self.assertIn("SerializationFailure in try 1 of 5", logs.output[0])
        return result

    def assertFails(self, work):
        """See that without another try the transaction fails as a whole."""
        with (
            self.meanwhile(self.Sourcing, "_solve_order", lambda: self.sell(2)),
            mute_logger("odoo.sql_db"),
            self.assertRaises(SerializationFailure),
            self.registry.cursor() as cr,
        ):
            work(self.open(cr))

    def assertSurvivesKill(self, work, before=0):
        """Kill the connection after the claims are made; see that nothing stays of them."""
        with self.killed_after(self.Claim, "create"):
            self.die(work)
        self.assertEqual(self.promised(), before)
        self.assertNotOversold()
        with self.committed() as env:
            work(env)
        self.assertNotOversold()

    # === CONFIRMATION === #

    def confirm(self, *ids):
        return lambda env: env["sale.order"].browse(ids).action_confirm()

    def test_confirmation_alone_fails(self):
        order = self.order(3)
        self.assertFails(self.confirm(order))
        self.assertEqual(self.read_orders(order), [(False, 0)])
        self.assertEqual(self.promised(), 2)
        self.assertNotOversold()

    def test_confirmation(self):
        order = self.order(3)
        self.run_against(self.confirm(order))
        self.assertEqual(self.read_orders(order), [("partial", 2)])
        self.assertEqual(self.promised(), 3)
        self.assertNotOversold()

    def test_confirmations_at_once(self):
        orders = [self.order(2) for _number in range(4)]
        finishes = [
            self.start(lambda env, order=order: retrying(env, self.confirm(order), tries=20))
            for order in orders
        ]
        with mute_logger("odoo.sql_db"):
            self.assertEqual([finish() for finish in finishes], [True] * 4)
        opened = sorted(open_units for _state, open_units in self.read_orders(*orders))
        self.assertEqual(opened, [0, 1, 2, 2])
        self.assertNotOversold()

    def test_confirmation_killed(self):
        order = self.order(3)
        self.assertSurvivesKill(self.confirm(order))
        self.assertEqual(self.read_orders(order), [("sourced", 0)])

    def test_confirmation_next_to_a_hold(self):
        """A hold does not fail, and does not make the order fail for nothing."""
        order = self.order(2)
        with self.registry.cursor() as cr:
            self.confirm(order)(self.open(cr))
            cr.flush()
            outcome = self.run_behind(cr, lambda env: self.hold(2, env))
        self.assertIsInstance(outcome, UserError)
        self.assertEqual(self.read_orders(order), [("sourced", 0)])
        self.assertNotOversold()

    # === RAISED QUANTITY === #

    def raise_to(self, order, quantity):
        def work(env):
            env["sale.order"].browse(order).order_line.product_uom_qty = quantity

        return work

    def test_raised_quantity(self):
        order = self.order(1, confirm=True)
        self.assertFails(self.raise_to(order, 3))
        self.assertEqual(self.read_orders(order), [("sourced", 0)])
        with self.committed() as env:
            env["sale.order"].search(
                [("oms_channel_id", "=", self.channel), ("id", "!=", order)]
            )._action_cancel()
        self.run_against(self.raise_to(order, 3), taken=1)
        self.assertEqual(self.read_orders(order), [("partial", 1)])
        self.assertNotOversold()

    def test_raised_quantity_killed(self):
        order = self.order(1, confirm=True)
        self.assertSurvivesKill(self.raise_to(order, 3), before=1)
        self.assertEqual(self.read_orders(order), [("sourced", 0)])

    # === HOLD TO ORDER === #

    def confirm_held(self, order, claim):
        def work(env):
            env["sale.order"].browse(order)._oms_confirm_held(env["oms.claim"].browse(claim))

        return work

    def test_hold_confirmed_for_one_of_two_orders(self):
        claim, orders = self.hold(3), [self.order(3), self.order(3)]
        with (
            self.meanwhile(
                self.Claim,
                "_check_confirmable",
                lambda: self.die_or_do(self.confirm_held(orders[1], claim)),
            ),
            mute_logger("odoo.sql_db"),
            self.committed() as env,
            self.assertRaisesRegex(UserError, "has ended"),
        ):
            retrying(env, self.confirm_held(orders[0], claim))
        self.assertEqual(self.read_orders(*orders), [(False, 0), ("sourced", 0)])
        self.assertEqual(self.promised(), 3)
        self.assertNotOversold()

    def die_or_do(self, work):
        with self.committed() as env:
            work(env)

    def test_hold_that_expires_meanwhile(self):
        """It is confirmed, or somebody else has its goods: never both."""
        claim, order = self.hold(3), self.order(3)

        def expire_and_take():
            with self.committed() as env:
                env["oms.claim"].browse(claim).expires_at = "2020-01-01 00:00:00"
            self.hold(3)

        with (
            self.meanwhile(self.Claim, "_check_confirmable", expire_and_take),
            mute_logger("odoo.sql_db"),
            self.committed() as env,
            self.assertRaisesRegex(UserError, "has ended"),
        ):
            retrying(env, self.confirm_held(order, claim))
        self.assertEqual(self.promised(), 3)
        self.assertEqual(self.read_orders(order), [(False, 0)])
        self.assertNotOversold()

    def test_hold_being_confirmed_is_not_free_when_its_time_is_over(self):
        """Whoever looks waits for the confirmation, though the hold as it was has expired."""
        claim, order = self.hold(3), self.order(3)
        with self.registry.cursor() as cr:
            self.confirm_held(order, claim)(self.open(cr))
            cr.flush()
            outcome = self.run_behind(cr, lambda env: self.hold(1, env))
        self.assertIsInstance(outcome, UserError)
        self.assertNotOversold()

    def test_confirmed_hold_killed(self):
        claim, order = self.hold(3), self.order(3)
        with self.killed_after(self.Claim, "_confirm"):
            self.die(self.confirm_held(order, claim))
        self.assertEqual(self.read_orders(order), [(False, 0)])
        self.assertEqual(self.promised(), 3, "the hold goes on")
        with self.committed() as env:
            self.confirm_held(order, claim)(env)
        self.assertEqual(self.read_orders(order), [("sourced", 0)])
        self.assertNotOversold()

    # === SCHEDULED JOB === #

    def take_up(self, env):
        env["sale.order"]._cron_source_waiting()

    def test_waiting_order(self):
        """The job tries again at once, with what the other one left."""
        first = self.order(3, confirm=True)
        waiting = self.order(3, confirm=True)
        with self.committed() as env:
            env["sale.order"].browse(first)._action_cancel()
        with (
            self.meanwhile(self.Sourcing, "_solve_order", lambda: self.sell(1)),
            self.assertLogs(TRANSACTION_LOGGER, logging.INFO),
            mute_logger("odoo.sql_db"),
            self.committed() as env,
        ):
            self.take_up(env)
        self.assertEqual(self.read_orders(waiting), [("partial", 1)])
        self.assertNotOversold()

    def test_waiting_order_killed(self):
        first = self.order(3, confirm=True)
        waiting = self.order(3, confirm=True)
        with self.committed() as env:
            env["sale.order"].browse(first)._action_cancel()
        with mute_logger("odoo.addons.oms.models.orchestration.sale_order"):
            self.assertSurvivesKill(self.take_up)
        self.assertEqual(self.read_orders(waiting), [("sourced", 0)])

    def test_waiting_orders_of_two_jobs(self):
        first = self.order(3, confirm=True)
        waiting = [self.order(2, confirm=True) for _number in range(2)]
        with self.committed() as env:
            env["sale.order"].browse(first)._action_cancel()
        finishes = [self.start(self.take_up), self.start(self.take_up)]
        with mute_logger("odoo.sql_db"):
            for finish in finishes:
                self.assertIsNone(finish())
        opened = sorted(open_units for _state, open_units in self.read_orders(*waiting))
        self.assertEqual(opened, [0, 1])
        self.assertNotOversold()

    # === IMPORT === #

    def make_import(self):
        content = make_csv(ORDER_HEADERS, "A1,2024-03-04,C1,75001,Paris,,48.8,2.3,Gate,3,30")
        with self.committed() as env:
            options = {"channel_id": self.channel, "confirm_orders": True}
            job = env["oms.import"]._create_job("orders", "gate.csv", content, options)
            job._begin("import")
            return job.id

    def run_import(self, env):
        env["oms.import"]._cron_run()

    def read_import(self, job):
        with self.committed() as env:
            job = env["oms.import"].browse(job)
            return job.state, [(o.oms_state, o.order_line.oms_qty_open) for o in job.order_ids]

    def test_import(self):
        job = self.make_import()
        with (
            self.meanwhile(self.Sourcing, "_solve_order", lambda: self.sell(2)),
            mute_logger("odoo.sql_db"),
            self.committed() as env,
        ):
            self.run_import(env)
        self.assertEqual(self.read_import(job), ("running", []))
        with self.committed() as env:
            self.run_import(env)
        self.assertEqual(self.read_import(job), ("done", [("partial", 2)]))
        self.assertNotOversold()

    def test_import_killed(self):
        job = self.make_import()
        self.assertSurvivesKill(self.run_import)
        self.assertEqual(self.read_import(job), ("done", [("sourced", 0)]))
