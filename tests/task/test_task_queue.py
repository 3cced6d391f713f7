from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from .task_case import Outside, TaskCase


class Delayed:
    """In place of OCA's delayable: keeps what was to be done, once by its identity."""

    def __init__(self, jobs, task, options):
        self.jobs, self.task, self.options = jobs, task, options

    def _run_one(self):
        self.jobs.setdefault(self.options["identity_key"], (self.task, self.options))


@tagged("post_install", "-at_install")
class TestTaskQueue(TaskCase):
    """Where OCA's queue is installed its runners do the tasks."""

    def setUp(self):
        super().setUp()
        jobs = self.jobs = {}
        kind = type(self.env["oms.task"])

        def with_delay(task, **options):
            return Delayed(jobs, task, options)

        for name, value in (("_has_queue", lambda _self: True), ("with_delay", with_delay)):
            patcher = patch.object(kind, name, value, create=True)
            patcher.start()
            self.addCleanup(patcher.stop)

    def test_handed_over_once(self):
        self.use(Outside())
        first = self.enqueue()
        self.enqueue("two")
        self.enqueue()
        self.assertEqual(len(self.jobs), 2)
        task, options = self.jobs[f"oms.task-{first.id}"]
        self.assertEqual((task, task.env.uid), (first, self.env.ref("base.user_root").id))
        self.assertEqual((options["channel"], options["description"]), ("root.oms", first.name))
        self.assertFalse(self.outside.done, "nothing is done in the transaction that causes it")

    def test_a_runner_does_it(self):
        self.use(Outside())
        task = self.enqueue()
        self.enqueue("two")
        job, _options = self.jobs[f"oms.task-{task.id}"]
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.assertTrue(job._run_one())
        self.env.invalidate_all()
        self.assertEqual((task.state, self.outside.done), ("done", ["one"]), "that one only")
        with self.enter_registry_test_mode():
            self.assertFalse(job._run_one(), "the scheduled job or another runner was faster")
        self.assertEqual(self.outside.done, ["one"])


@tagged("post_install", "-at_install")
class TestTaskWithoutQueue(TransactionCase):
    def test_odoo_alone(self):
        has = self.env["oms.task"]._has_queue()
        self.assertEqual(has, "queue.job" in self.env)
