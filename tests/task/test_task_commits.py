"""Tasks of processes that die, and of several at once, really committed."""

import threading
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from odoo.addons.oms.models.task.oms_task import OmsTask
from odoo.addons.oms.models.transaction import retrying

from .task_case import Handler, Outside

PATIENCE = 30


class Killed(BaseException):
    """The process ends here."""


@tagged("post_install", "-at_install")
class TestTaskCommits(BaseCase):
    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.outside = Outside()
        self.handler = Handler(self.outside)
        patcher = patch.object(OmsTask, "_get_handler", lambda _tasks, _kind: self.handler)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.addCleanup(self.clean)

    def clean(self):
        with self.registry.cursor() as cr:
            self.open(cr)["oms.task"].search([("kind", "=", "test")]).unlink()

    def open(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def task_class(self):
        """Return the class of tasks that all files together make."""
        return self.registry["oms.task"]

    def enqueue(self, *keys):
        with self.registry.cursor() as cr:
            env = self.open(cr)
            return (
                env["oms.task"]
                ._enqueue(
                    [
                        {"kind": "test", "key": key, "name": key, "company_id": 1, "arguments": {}}
                        for key in keys
                    ]
                )
                .ids
            )

    def run_job(self):
        with self.registry.cursor() as cr:
            self.open(cr)["oms.task"]._cron_run()

    def states(self, ids):
        with self.registry.cursor() as cr:
            return self.open(cr)["oms.task"].browse(ids).mapped("state")

    def be_due(self, ids):
        with self.registry.cursor() as cr:
            cr.execute(
                "UPDATE oms_task SET next_try = %s WHERE id = ANY(%s) AND next_try IS NOT NULL",
                [fields.Datetime.now(), ids],
            )

    def die(self, where, name):
        """Let the process die in a method: what it had committed stays, and nothing else."""

        def killed(*_args, **_kwargs):
            raise Killed

        with patch.object(where, name, killed), self.assertRaises(Killed):
            self.run_job()

    def test_killed_while_asking(self):
        """It was done, and the process that asked did not live to hear it."""
        ids = self.enqueue("one")
        ask = self.outside.ask

        def ask_and_die(key):
            ask(key)
            raise Killed

        with patch.object(self.outside, "ask", ask_and_die), self.assertRaises(Killed):
            self.run_job()
        self.assertEqual(self.states(ids), ["running"])
        self.run_job()
        self.assertEqual(self.states(ids), ["done"])
        self.assertEqual(self.outside.done, ["one"])
        self.assertEqual(self.handler.applied, [("one", 1)])

    def test_killed_before_asking(self):
        ids = self.enqueue("one")
        self.die(self.outside, "ask")
        self.run_job()
        self.assertEqual((self.states(ids), self.outside.done), (["done"], ["one"]))

    def test_killed_before_the_answer_is_kept(self):
        ids = self.enqueue("one")
        self.die(self.task_class(), "_keep")
        self.assertEqual(self.outside.done, ["one"])
        self.run_job()
        self.assertEqual((self.states(ids), self.outside.done), (["done"], ["one"]))

    def test_killed_before_the_answer_is_written(self):
        ids = self.enqueue("one")
        self.die(self.handler, "_apply")
        self.assertEqual(self.states(ids), ["applying"])
        self.run_job()
        self.assertEqual((self.states(ids), self.outside.asked), (["done"], ["ok"]))
        self.assertEqual(self.handler.applied, [("one", 1)])

    def test_killed_before_it_ended(self):
        ids = self.enqueue("one")
        self.die(self.task_class(), "_end")
        self.assertEqual(self.states(ids), ["applying"])
        self.run_job()
        self.assertEqual((self.states(ids), self.outside.asked), (["done"], ["ok"]))

    def test_several_workers(self):
        """Each task is done by one of them, and none twice."""
        keys = [f"key {number}" for number in range(12)]
        ids = self.enqueue(*keys)
        threads = [threading.Thread(target=self.run_job) for _worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(sorted(self.outside.done), sorted(keys))
        self.assertEqual(set(self.states(ids)), {"done"})

    def test_what_is_under_way_is_left_alone(self):
        """A second worker does not take a long call for one of a dead process."""
        [task] = self.enqueue("slow")
        began, go_on = threading.Event(), threading.Event()
        ask = self.outside.ask

        def ask_slowly(key):
            began.set()
            go_on.wait(PATIENCE)
            return ask(key)

        with patch.object(self.outside, "ask", ask_slowly):
            slow = threading.Thread(target=self.run_job)
            slow.start()
            self.assertTrue(began.wait(PATIENCE))
            [quick] = self.enqueue("quick")
            self.be_due([task])
            other = threading.Thread(target=self.look_for_others)
            other.start()
            other.join(PATIENCE)
            self.assertEqual(self.states([task]), ["running"])
            go_on.set()
            slow.join(PATIENCE)
        self.run_job()
        self.assertEqual(self.states([task, quick]), ["done", "done"])
        self.assertEqual(sorted(self.outside.done), ["quick", "slow"])

    def look_for_others(self):
        """Take up whatever is due but the quick one, as another worker would."""
        with self.registry.cursor() as cr:
            tasks = self.open(cr)["oms.task"]
            quick = tasks.search([("key", "=", "quick"), ("kind", "=", "test")]).ids
            self.assertIsNone(tasks._take_up(list(quick)))

    @mute_logger("odoo.sql_db")
    def test_the_same_task_by_two_at_once(self):
        """Who comes second waits, is run again, and finds the task of the first."""
        found = []
        vals = {"kind": "test", "key": "same", "name": "same", "company_id": 1}

        def enqueue(env):
            return env["oms.task"]._enqueue([vals]).ids

        with self.registry.cursor() as first:
            ids = enqueue(self.open(first))
            thread = threading.Thread(target=lambda: found.extend(self.retrying(enqueue)))
            thread.start()
            thread.join(0.3)
            self.assertTrue(thread.is_alive(), "it waits")
            first.commit()
            thread.join(PATIENCE)
        self.assertEqual(found, ids)

    def retrying(self, work):
        with self.registry.cursor() as cr:
            return retrying(self.open(cr), work)
