import contextlib
import logging
from unittest.mock import patch

from psycopg2 import IntegrityError, OperationalError
from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import Cursor
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from ...models import transaction
from ...models.transaction import (
    KeptCursors,
    committing_statement,
    reading_committed,
    retrying,
)

KEY = "oms.test_transaction"


class OwnTransactionCase(BaseCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.cr = self.registry.cursor()
        self.addCleanup(self.cr.close)
        self.env = api.Environment(self.cr, SUPERUSER_ID, {"lang": "en_US", "kept": True})
        self.addCleanup(self.clean)

    def clean(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM ir_config_parameter WHERE key = %s", [KEY])

    def put(self, env, value):
        env["ir.config_parameter"].set_param(KEY, value)
        env.flush_all()

    def look(self):
        with self.registry.cursor() as cr:
            cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [KEY])
            return [value for [value] in cr.fetchall()]


@tagged("post_install", "-at_install")
class TestRetrying(OwnTransactionCase):
    """Work that loses against another transaction is done again, a bounded number of times."""

    def setUp(self):
        super().setUp()
        self.waits = []
        self.startPatcher(patch.object(transaction.time, "sleep", self.waits.append))

    def fail(self, *errors):
        """Return work that fails with these errors, one after the other, and then is done."""
        left = list(errors)
        self.values = []

        def work(env):
            self.put(env, str(len(self.values)))
            self.values.append(env)
            if left:
                raise left.pop(0)
            return "done"

        return work

    def test_done_at_once(self):
        self.assertEqual(retrying(self.env, self.fail()), "done")
        self.assertEqual(self.look(), ["0"])
        self.assertFalse(self.waits)
        [env] = self.values
        self.assertEqual((env.uid, env.context), (self.env.uid, self.env.context))
        self.assertIsNot(env.cr, self.cr)

    def test_done_again(self):
        errors = [SerializationFailure(), DeadlockDetected(), LockNotAvailable()]
        with self.assertLogs(transaction.__name__, logging.INFO) as logs:
            self.assertEqual(retrying(self.env, self.fail(*errors)), "done")
        self.assertEqual(self.look(), ["3"], "what was done in vain is undone")
        self.assertEqual(len({id(env.cr) for env in self.values}), 4, "each in its own transaction")
        self.assertIn("SerializationFailure in try 1 of 5", logs.output[0])
        self.assertIn("LockNotAvailable in try 3 of 5", logs.output[2])
        for number, wait in enumerate(self.waits):
            self.assertTrue(0 <= wait <= transaction.FIRST_WAIT * 2**number)

    def test_given_up(self):
        errors = [SerializationFailure(), SerializationFailure(), DeadlockDetected()]
        with self.assertRaises(DeadlockDetected):
            retrying(self.env, self.fail(*errors), tries=3)
        self.assertEqual(len(self.waits), 2)
        self.assertFalse(self.look())

    def test_other_errors_are_not_for_another_try(self):
        for error in (ValueError(), OperationalError(), KeyboardInterrupt()):
            with self.assertRaises(type(error)):
                retrying(self.env, self.fail(error))
            self.assertEqual(len(self.values), 1)
            self.assertFalse(self.look())

    def test_caller_keeps_his_transaction(self):
        """It neither commits nor is rolled back with the work."""
        self.put(self.env, "mine")
        with self.assertRaises(ValueError), mute_logger("odoo.sql_db"):
            retrying(self.env, self.raise_value_error)
        self.cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [KEY])
        self.assertEqual(self.cr.fetchall(), [("mine",)])
        self.cr.rollback()
        self.assertFalse(self.look())

    def raise_value_error(self, env):
        raise ValueError

    def test_real_conflict(self):
        """Two who read and write the same row: one does it again with what the other wrote."""
        retrying(self.env, lambda env: self.put(env, "1"))
        others = [lambda env: self.put(env, "5")]

        def add(env):
            before = int(env["ir.config_parameter"].get_param(KEY))
            if others:
                retrying(self.env, others.pop())
            self.put(env, str(before + 1))

        with mute_logger("odoo.sql_db"):
            retrying(self.env, add)
        self.assertEqual(self.look(), ["6"])


@tagged("post_install", "-at_install")
class TestReadingCommitted(OwnTransactionCase):
    """Short transactions on connections that are kept, with what was planned on them."""

    def setUp(self):
        super().setUp()
        self.kept = KeptCursors()
        self.by_statement = KeptCursors(by_statement=True)
        self.startPatcher(patch.object(transaction, "_kept", self.kept))
        self.startPatcher(patch.object(transaction, "_kept_by_statement", self.by_statement))
        # In tests nothing is kept, so that no connection outlives its test.
        self.startPatcher(patch.object(transaction.module, "current_test", False))
        self.addCleanup(self.close)

    def close(self):
        for kept in (self.kept, self.by_statement):
            for idle in kept._idle.values():
                while idle:
                    kept._close(idle.pop()[0])

    def get_pid(self):
        with reading_committed(self.env) as env:
            env.cr.execute("SELECT pg_backend_pid()")
            return env.cr.fetchone()[0]

    def test_sees_what_is_committed_meanwhile(self):
        with reading_committed(self.env) as env:
            env.cr.execute("SHOW transaction_isolation")
            self.assertEqual(env.cr.fetchone(), ("read committed",))
            with self.registry.cursor() as cr:
                self.put(api.Environment(cr, SUPERUSER_ID, {}), "theirs")
            env.cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [KEY])
            self.assertEqual(env.cr.fetchall(), [("theirs",)])

    def test_connection_is_kept(self):
        first = self.get_pid()
        self.assertEqual(self.get_pid(), first)
        with self.assertRaises(ValueError), reading_committed(self.env) as env:
            self.put(env, "wrong")
            raise ValueError
        self.assertEqual(self.get_pid(), first, "also after a failure")
        self.assertFalse(self.look())

    def test_next_one_starts_afresh(self):
        """No records, and no registry, of an earlier transaction."""
        with reading_committed(self.env) as env:
            self.put(env, "1")
            before = env.transaction
        self.assertEqual(self.look(), ["1"])
        with reading_committed(self.env) as env:
            self.assertIsNot(env.transaction, before)
            self.assertIs(env.transaction.registry, self.registry)

    def test_two_at_once(self):
        with reading_committed(self.env) as one, reading_committed(self.env) as two:
            self.assertIsNot(one.cr, two.cr)
        self.assertEqual(len(self.kept._idle[self.registry.db_name]), 2)

    def test_not_too_many_are_kept(self):
        with (
            patch.object(transaction, "MOST_KEPT", 1),
            reading_committed(self.env),
            reading_committed(self.env),
        ):
            pass
        self.assertEqual(len(self.kept._idle[self.registry.db_name]), 1)

    def test_dead_connection_is_replaced(self):
        first = self.get_pid()
        self.cr.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        self.assertNotEqual(self.get_pid(), first)

    def test_connection_that_dies_at_work(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(OperationalError),
            reading_committed(self.env) as env,
        ):
            env.cr.execute("SELECT pg_backend_pid()")
            self.cr.execute("SELECT pg_terminate_backend(%s, 5000)", env.cr.fetchone())
            env.cr.execute("SELECT 1")
        self.assertFalse(self.kept._idle[self.registry.db_name])
        self.assertTrue(self.get_pid())

    def test_idle_for_too_long(self):
        with reading_committed(self.env) as env:
            before = env.cr
        with patch.object(transaction, "KEEP_SECONDS", -1.0), reading_committed(self.env) as env:
            self.assertIsNot(env.cr, before)
        self.assertTrue(before.closed)

    def test_pool_closed(self):
        """Who closes all connections of a database closes the kept ones too."""
        with reading_committed(self.env) as env:
            before = env.cr
        before.connection.close()
        with reading_committed(self.env) as env:
            env.cr.execute("SELECT 1")
            self.assertIsNot(env.cr, before)

    def test_statement_that_commits_itself(self):
        """It is there at once, reads what is committed, and leaves nothing of its ways behind."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            committing_statement(self.env) as env,
        ):
            env.cr.execute("INSERT INTO ir_config_parameter (key, value) VALUES (%s, '1')", [KEY])
            self.assertEqual(self.look(), ["1"])
            env.cr.execute("SHOW transaction_isolation")
            self.assertEqual(env.cr.fetchone(), ("read committed",))
            env.cr.execute("INSERT INTO ir_config_parameter (key, value) VALUES (%s, '2')", [KEY])
        self.assertEqual(self.look(), ["1"], "what fails is undone, and that alone")
        with committing_statement(self.env) as env:
            cursor = env.cr
            pid = cursor.connection.get_backend_pid()
        self.by_statement._idle.clear()
        cursor.close()
        with contextlib.ExitStack() as opened:
            for _number in range(10):
                cr = opened.enter_context(self.registry.cursor())
                if cr.connection.get_backend_pid() == pid:
                    break
            cr.execute("SHOW transaction_isolation")
            self.assertEqual(cr.fetchone(), ("repeatable read",))
            cr.execute("SHOW default_transaction_isolation")
            self.assertEqual(cr.fetchone(), ("read committed",))
            self.assertFalse(cr.connection.autocommit)

    def test_in_a_test(self):
        with patch.object(transaction.module, "current_test", self):
            with reading_committed(self.env) as env:
                self.assertIsInstance(env.cr, Cursor)
                before = env.cr
            self.assertTrue(before.closed)
