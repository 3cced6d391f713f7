from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.task.oms_task_run import MOST_ATTEMPTS

from .task_case import Outside, TaskCase

RUN = "odoo.addons.oms.models.task.oms_task_run"


@tagged("post_install", "-at_install")
class TestTask(TaskCase):
    def later(self, tasks, hours=7):
        """Let time pass."""
        moment = fields.Datetime.now() - timedelta(hours=hours)
        for task in tasks.filtered("next_try"):
            task.next_try = min(task.next_try, moment)
        tasks.flush_recordset()

    def run_job(self, times=1, tasks=None):
        for _time in range(times):
            if tasks is not None:
                self.later(tasks)
            self.env.flush_all()
            with self.enter_registry_test_mode():
                self.env.ref("oms.cron_run_tasks").method_direct_trigger()
            self.env["oms.task"].invalidate_model()

    # === ENDS === #

    def test_done(self):
        task = self.enqueue()
        self.run_job()
        self.assertEqual((task.state, task.attempts), ("done", 1))
        self.assertEqual(self.handler.applied, [("one", 1)])
        self.assertFalse(task.sudo().result)
        self.run_job()
        self.assertEqual(self.outside.done, ["one"])

    def test_the_same_key_is_one_task(self):
        first, again = self.enqueue(), self.enqueue(arguments={"what": "else"})
        self.assertEqual(first, again)
        self.assertEqual(again.arguments, {"what": "one"})
        self.run_job()
        self.assertEqual(self.enqueue(), first, "what was done is not done again")
        self.run_job()
        self.assertEqual(self.outside.done, ["one"])

    @mute_logger(RUN)
    def test_rejected(self):
        self.use(Outside("rejected"))
        task = self.enqueue()
        self.run_job()
        self.assertEqual((task.state, task.error), ("rejected", "they said no"))
        self.assertEqual(self.handler.rejected, ["one"])
        self.assertTrue(task.activity_ids, "somebody is told")
        self.run_job(3)
        self.assertEqual(self.outside.done, [])
        task.action_retry()
        self.run_job()
        self.assertEqual(task.state, "done")

    @mute_logger(RUN)
    def test_impossible_as_things_are(self):
        self.handler.impossible = True
        task = self.enqueue()
        self.run_job()
        self.assertEqual((task.state, task.error), ("rejected", "Not as things are."))
        self.assertEqual(self.outside.asked, [])

    # === UNKNOWN === #

    def test_looked_up_before_it_is_asked_again(self):
        self.use(Outside("after"))
        task = self.enqueue()
        self.run_job()
        self.assertEqual((task.state, task.may_have_happened), ("unknown", True))
        self.run_job(tasks=task)
        self.assertEqual(task.state, "done")
        self.assertEqual(self.outside.done, ["one"], "it was done once")
        self.assertEqual(self.handler.applied, [("one", 1)])

    def test_asked_again_where_it_was_not_done(self):
        self.use(Outside("before", "ok", "ok"))
        task = self.enqueue()
        self.run_job()
        self.run_job(tasks=task)
        self.assertEqual(self.outside.asked, ["before", "look ok", "ok"])
        self.assertEqual((task.state, self.outside.done), ("done", ["one"]))

    def test_not_sent_is_asked_again_when_they_said(self):
        self.use(Outside("not_sent"))
        task = self.enqueue()
        before = fields.Datetime.now()
        self.run_job()
        self.assertEqual((task.state, task.may_have_happened), ("waiting", False))
        self.assertGreaterEqual(task.next_try, before + timedelta(seconds=7199))
        self.run_job(tasks=task)
        self.assertEqual(self.outside.asked, ["not_sent", "ok"])
        self.assertEqual(task.state, "done")

    @mute_logger(RUN)
    def test_a_bug_may_have_done_it(self):
        self.use(Outside("bug"))
        task = self.enqueue()
        self.run_job()
        self.assertEqual(task.state, "unknown")
        self.assertIn("ZeroDivisionError", task.error)
        self.run_job(tasks=task)
        self.assertEqual((task.state, self.outside.done), ("done", ["one"]))

    @mute_logger(RUN)
    def test_where_nobody_can_look_a_person_does(self):
        self.use(Outside("after", can_look=False))
        task = self.enqueue()
        self.run_job()
        self.run_job(tasks=task)
        self.assertEqual(task.state, "stuck")
        self.assertTrue(task.activity_ids)
        with self.assertRaises(UserError):
            task.action_retry()
        self.run_job(3, task)
        self.assertEqual(self.outside.done, ["one"])
        task.action_not_done()
        self.run_job()
        self.assertEqual(task.state, "done")

    @mute_logger(RUN)
    def test_waits_for_a_person_in_the_end(self):
        self.use(Outside("before", *["before"] * 50))
        task = self.enqueue()
        waits = []
        for _time in range(MOST_ATTEMPTS + 3):
            self.run_job(tasks=task)
            if task.next_try:
                waits.append((task.next_try - fields.Datetime.now()).total_seconds())
        self.assertEqual((task.state, task.attempts), ("stuck", MOST_ATTEMPTS))
        self.assertEqual(len(self.outside.asked), MOST_ATTEMPTS)
        self.assertEqual(waits, sorted(waits), "the waits grow")
        self.outside.answers.clear()
        task.action_retry()
        self.run_job()
        self.assertEqual((task.state, self.outside.done), ("done", ["one"]))

    # === WRITING IT DOWN === #

    @mute_logger(RUN)
    def test_what_was_answered_is_kept_until_it_is_written(self):
        self.use(Outside(), fail=2)
        task = self.enqueue()
        self.run_job()
        self.assertEqual((task.state, task.sudo().result), ("applying", {"value": {"number": 1}}))
        self.run_job(2, task)
        self.assertEqual(task.state, "done")
        self.assertEqual(self.outside.asked, ["ok"], "they are asked once")
        self.assertEqual(self.handler.applied, [("one", 1)])

    @mute_logger(RUN)
    def test_what_can_never_be_written_gets_stuck_with_the_answer(self):
        self.use(Outside(), fail=100)
        task = self.enqueue()
        self.run_job(MOST_ATTEMPTS + 2, task)
        self.assertEqual((task.state, task.sudo().result), ("stuck", {"value": {"number": 1}}))
        self.handler.fail = 0
        task.action_retry()
        self.run_job()
        self.assertEqual((task.state, self.outside.done), ("done", ["one"]))

    # === TAKEN BACK === #

    def test_taken_back_before_it_was_tried(self):
        task = self.enqueue()
        task._cancel()
        self.run_job()
        self.assertEqual((task.state, self.outside.asked), ("cancelled", []))

    def test_taken_back_when_it_may_have_been_done(self):
        self.use(Outside("after"))
        task = self.enqueue()
        self.run_job()
        task._cancel()
        self.assertEqual((task.state, task.unwanted), ("unknown", True))
        self.run_job(tasks=task)
        self.assertEqual(task.state, "cancelled")
        self.assertEqual((self.handler.applied, self.handler.undone), ([], [("one", 1)]))

    def test_taken_back_and_never_done(self):
        self.use(Outside("before"))
        task = self.enqueue()
        self.run_job()
        task._cancel()
        self.run_job(tasks=task)
        self.assertEqual((task.state, self.outside.done), ("cancelled", []))

    def test_taken_back_just_before_it_is_asked(self):
        task = self.enqueue()
        task._cancel()
        self.assertEqual(task._begin(), (None, False), "whoever took it up comes too late")
        self.assertEqual((task.state, task.attempts), ("cancelled", 0))

    def test_taken_back_while_it_is_asked_in_vain(self):
        for answer in ("not_sent", "rejected"):
            self.use(Outside())
            task = self.enqueue(answer)

            def ask(_key, task=task, answer=answer):
                task._cancel()
                self.env.flush_all()
                self.outside.answers = [answer]
                return Outside.ask(self.outside, _key)

            with patch.object(self.outside, "ask", ask):
                self.run_job()
            self.run_job(tasks=task)
            self.assertEqual(task.state, "cancelled", answer)
            self.assertEqual((self.outside.asked, self.outside.done), ([answer], []))
            self.assertFalse(task.activity_ids, "nobody has to look")

    @mute_logger(RUN)
    def test_taken_back_when_it_was_stuck(self):
        self.use(Outside(*["not_sent"] * MOST_ATTEMPTS))
        task = self.enqueue()
        self.run_job(MOST_ATTEMPTS, task)
        self.assertEqual(task.state, "stuck")
        task._cancel()
        self.assertEqual(task.state, "cancelled")

    # === MANY === #

    @mute_logger(RUN)
    def test_one_that_nobody_can_do_keeps_nobody_waiting(self):
        prepare = self.handler._prepare_call

        def fail(task):
            if task.key == "one":
                raise ZeroDivisionError("in the handler")
            return prepare(task)

        self.handler._prepare_call = fail
        tasks = self.enqueue("one") | self.enqueue("two")
        self.run_job()
        self.assertEqual(tasks.mapped("state"), ["stuck", "done"])
        self.assertIn("ZeroDivisionError", tasks[0].error)
        self.assertTrue(tasks[0].activity_ids)

    @mute_logger(RUN)
    def test_rejected_and_what_it_was_for_is_gone(self):
        self.handler.impossible = True

        def gone(_task):
            raise UserError("It is not there any more.")  # pylint: disable=translation-required

        self.handler._on_rejected = gone
        tasks = self.enqueue("one") | self.enqueue("two")
        self.run_job()
        self.assertEqual(tasks.mapped("state"), ["rejected", "rejected"])

    def test_one_that_fails_keeps_nobody_waiting(self):
        self.use(Outside("before", "ok", "ok"))
        tasks = self.enqueue("one") | self.enqueue("two") | self.enqueue("three")
        self.run_job()
        self.assertEqual(tasks.mapped("state"), ["unknown", "done", "done"])

    # === RIGHTS === #

    def test_who_sees_tasks(self):
        task = self.enqueue()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.enqueue("foreign", company_id=other.id)
        operator = new_test_user(self.env, "task_operator", "oms.group_order_operator")
        seller = new_test_user(self.env, "task_seller", "sales_team.group_sale_salesman")
        manager = new_test_user(self.env, "task_manager", "oms.group_order_manager")
        seen = self.env["oms.task"].with_user(operator).search([])
        self.assertIn(task, seen)
        self.assertNotIn(foreign, seen)
        with self.assertRaises(AccessError):
            task.with_user(operator).read(["arguments"])
        with self.assertRaises(AccessError):
            task.with_user(operator).action_cancel()
        with self.assertRaises(AccessError):
            self.env["oms.task"].with_user(seller).search([])
        self.env.invalidate_all()
        task.with_user(manager).action_cancel()
        self.assertEqual(task.state, "cancelled")

    def test_nobody_writes_tasks_by_hand(self):
        """What is told of the world outside is not for anybody to make up."""
        task = self.enqueue()
        for group in ("group_order_manager", "group_order_operator", "group_site_operator"):
            user = new_test_user(self.env, f"task_{group}", f"oms.{group}")
            own = task.with_user(user)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(own.has_access(operation), (group, operation))
            with self.assertRaises(AccessError):
                own.write({"state": "done"})
        operator = new_test_user(self.env, "task_other", "oms.group_order_operator")
        for action in ("action_retry", "action_not_done", "action_cancel"):
            with self.assertRaises(AccessError):
                getattr(task.with_user(operator), action)()
        self.assertEqual(task.state, "waiting")
        # Talking about it is another matter.
        task.with_user(operator).message_post(body=self.env._("I called them."))

    @mute_logger(RUN)
    def test_a_manager_mends_tasks(self):
        """Who may not see the answers may have them written down all the same."""
        manager = new_test_user(self.env, "task_manager", "oms.group_order_manager")
        self.use(Outside("rejected"), fail=MOST_ATTEMPTS)
        task = self.enqueue()
        self.run_job()
        self.env.invalidate_all()
        task.with_user(manager).action_retry()
        self.run_job(MOST_ATTEMPTS, task)
        self.assertEqual(task.state, "stuck")
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            # It was done: to do it again would be once too often.
            task.with_user(manager).action_not_done()
        self.handler.fail = 0
        task.with_user(manager).action_retry()
        self.run_job()
        self.assertEqual((task.state, self.outside.done), ("done", ["one"]))
