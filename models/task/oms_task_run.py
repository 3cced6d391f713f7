import logging
import time
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...connectors.outcome import Rejected, Unknown
from ..transaction import reading_committed, retrying
from .oms_task import OPEN_STATES

_logger = logging.getLogger(__name__)

#: Class of the advisory locks that tell which tasks are under way. They end with the process.
LOCK_CLASS = 0x6F6D73
#: Attempts after which a task waits for a person, and seconds before the second of them; the wait
#: doubles with each.
MOST_ATTEMPTS = 10
FIRST_WAIT = 30
LONGEST_WAIT = 6 * 3600
#: Seconds for which one run of the job takes up tasks.
RUN_SECONDS = 240


class OmsTask(models.Model):
    """Doing tasks: three short transactions around a call that is in none."""

    _inherit = "oms.task"

    # === THE JOB === #

    @api.model
    def _cron_run(self):
        """Do the tasks whose time has come, each by itself, whatever other workers do."""
        started = time.monotonic()
        seen = []
        while time.monotonic() - started < RUN_SECONDS:
            # This transaction does nothing but hold the lock, which ends with the process.
            with reading_committed(self.env) as holding:
                task_id = self.with_env(holding)._take_up(seen)
                if not task_id:
                    break
                self.browse(task_id)._carry_out()
            if not self.env["ir.cron"]._commit_progress(1):
                break
        self._continue_later(seen)

    def _continue_later(self, seen):
        """Come back for what is due already."""
        due = self.search_count(
            [("state", "in", OPEN_STATES), ("next_try", "<=", self._now()), ("id", "not in", seen)],
            limit=1,
        )
        self.env["ir.cron"]._commit_progress(remaining=due)

    @api.model
    def _take_up(self, seen, only=None):
        """Lock the next task whose time has come, until the end of the transaction.

        :param list seen: ids of tasks that are not looked at any more, completed here
        :param list only: ids of the tasks that are looked at; all when None
        :return: id of the task; None if there is none
        """
        while True:
            due = SQL(
                """
                state IN %(states)s AND next_try <= %(now)s AND id != ALL(%(seen)s)
                AND (%(only)s::int[] IS NULL OR id = ANY(%(only)s))
                """,
                states=OPEN_STATES,
                now=self._now(),
                seen=seen,
                only=only,
            )
            self.env.cr.execute(
                SQL("SELECT id FROM oms_task WHERE %s ORDER BY next_try, id LIMIT 1", due)
            )
            row = self.env.cr.fetchone()
            if not row:
                return None
            self.env.cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, row[0]])
            [locked] = self.env.cr.fetchone()
            # Whoever had it a moment ago may have ended it.
            self.env.cr.execute(SQL("SELECT id FROM oms_task WHERE %s AND id = %s", due, row[0]))
            still = self.env.cr.fetchone()
            seen.append(row[0])
            if locked and still:
                return row[0]

    # === ONE TASK === #

    def _carry_out(self):
        """Do one task whose lock is held: look or ask, and write down what came of it."""
        self.ensure_one()
        try:
            state = self._in_transaction("_get_state")
            if state != "applying":
                state = self._ask()
            if state == "again":
                # It was not done, which is known now.
                state = self._ask()
            if state == "applying":
                self._in_transaction("_write_down")
        except OperationalError:
            # What was committed tells the next one where to go on.
            _logger.warning("Task %s was interrupted", self.id, exc_info=True)
        except Exception as error:  # one that cannot be done must not keep others waiting
            _logger.exception("Task %s cannot be done", self.id)
            self._in_transaction("_set_aside", f"{type(error).__name__}: {error}")

    def _in_transaction(self, name, *arguments):
        """Call a method in a transaction of its own, again where others were faster."""
        return retrying(self.env, lambda env: getattr(self.with_env(env), name)(*arguments))

    def _get_state(self):
        return self.state

    def _ask(self):
        """Ask, or look whether an earlier attempt did it, and keep the answer.

        :return: see :meth:`_keep`
        :rtype: str
        """
        call, looking = self._in_transaction("_begin")
        if not call:
            return ""
        started = time.monotonic()
        try:
            outcome = call()
        except Exception as error:  # whatever it is, it may have been done
            _logger.exception("Task %s", self.id)
            outcome = Unknown(f"{type(error).__name__}: {error}")
        return self._in_transaction("_keep", outcome, looking, time.monotonic() - started)

    def _begin(self):
        """Make an attempt known, whatever becomes of this process.

        :return: what asks or looks, None where there is nothing to do; and whether it only looks
        :rtype: tuple
        """
        self._lock()
        if self.state not in OPEN_STATES:
            # It was taken back, or a person took it on, just before.
            return None, False
        if self.state == "running":
            # Whoever was at it is gone.
            self.may_have_happened = True
        looking = self.may_have_happened
        if self.unwanted and not looking:
            self._end("cancelled")
            return None, looking
        try:
            with self.env.cr.savepoint():
                handler = self._get_handler(self.kind)
                call = handler._prepare_look(self) if looking else handler._prepare_call(self)
        except UserError as error:
            if looking:
                # Nobody can be asked, as things are, what came of it: that is no refusal.
                self.attempts += 1
                self._put_off(str(error))
                return None, looking
            self._end("rejected", str(error))
            return None, looking
        if call is None:
            self._get_stuck(self.env._("It may have been done, and cannot be looked up from here."))
            return None, looking
        self.write({"state": "running", "attempts": self.attempts + 1, "next_try": self._now()})
        return call, looking

    def _keep(self, outcome, looking, seconds):
        """Keep what was answered, before anything is made of it.

        :param outcome: see ``connectors.outcome``
        :param bool looking: whether it was only looked for
        :param float seconds: how long it took
        :return: ``applying`` where there is something to write down, ``again`` where it is known
            now that it was not done
        :rtype: str
        """
        self._lock()
        self.duration = seconds
        _logger.info(
            "Task %s %s, attempt %s: %s in %.1f s",
            self.id,
            self.key,
            self.attempts,
            type(outcome).__name__.lower(),
            seconds,
        )
        if isinstance(outcome, Unknown):
            self.may_have_happened = self.may_have_happened or outcome.sent
            self._put_off(outcome.text, outcome.retry_after)
        elif isinstance(outcome, Rejected):
            if looking:
                # It was not the task that was refused, but the question.
                self._put_off(outcome.text)
            elif self.unwanted:
                self._end("cancelled", outcome.text)
            else:
                self._end("rejected", outcome.text)
        elif looking and outcome.value is None:
            if self.unwanted:
                self._end("cancelled")
                return ""
            self.write({"state": "waiting", "may_have_happened": False, "next_try": self._now()})
            return "again"
        else:
            remarks = "\n".join(outcome.warnings) or False
            kept = {"value": outcome.value}
            self.write({"state": "applying", "result": kept, "error": remarks})
            return "applying"
        return ""

    def _write_down(self):
        """Make of the answer what is to be made of it, in one transaction with the task's end."""
        self._lock()
        if self.state != "applying":
            return
        try:
            with self.env.cr.savepoint():
                handler = self._get_handler(self.kind)
                if self.unwanted:
                    handler._on_unwanted(self, self.result["value"])
                else:
                    handler._apply(self, self.result["value"])
                self.env.flush_all()
        except OperationalError:
            raise
        except Exception as error:  # what was answered must not be lost
            _logger.exception("Task %s was done, but cannot be written down", self.id)
            self.attempts += 1
            self._put_off(str(error) or type(error).__name__, state="applying")
            return
        self._end("cancelled" if self.unwanted else "done", self.error)

    # === WHAT BECAME OF IT === #

    def _end(self, state, error=False):
        self.write(
            {
                "state": state,
                "error": error,
                "next_try": False,
                "done_at": self._now(),
                "may_have_happened": False,
                "result": None,
            }
        )
        if state == "rejected":
            try:
                with self.env.cr.savepoint():
                    self._get_handler(self.kind)._on_rejected(self)
                    self.env.flush_all()
            except UserError as problem:
                # What it was for may be gone; that it was rejected stays true.
                _logger.info("Nobody is told that task %s was rejected: %s", self.id, problem)
            self._call_for_help(self.env._("Rejected: %s", error))

    def _put_off(self, error, seconds=None, state=None):
        """Try it again later, or have a person look where it was tried often enough.

        :param float seconds: after which it is tried at the earliest
        """
        if self.attempts >= MOST_ATTEMPTS:
            self._get_stuck(error)
            return
        wait = min(FIRST_WAIT * 2 ** max(self.attempts - 1, 0), LONGEST_WAIT)
        wait = max(wait, seconds or 0.0)
        state = state or ("unknown" if self.may_have_happened else "waiting")
        self.write(
            {"state": state, "error": error, "next_try": self._now() + timedelta(seconds=wait)}
        )

    def _set_aside(self, error):
        """Have a person look at what raised an error that nobody foresaw."""
        self._lock()
        if self.state in OPEN_STATES:
            if self.state == "running":
                self.may_have_happened = True
            self._get_stuck(error)

    def _get_stuck(self, error):
        self.write({"state": "stuck", "error": error, "next_try": False})
        self._call_for_help(error)

    def _call_for_help(self, text):
        """Ask the order managers of the company to look."""
        group = self.env.ref("oms.group_order_manager", raise_if_not_found=False)
        users = group and group.all_user_ids.filtered(
            lambda user: self.company_id in user.company_ids and user.active and not user.share
        )
        self.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.env._("A task needs somebody"),
            note=text,
            user_id=users[:1].id or self.env.uid,
        )
        _logger.warning("Task %s %s (%s): %s", self.id, self.key, self.state, text)

    @api.autovacuum
    def _gc_ended(self):
        """Forget tasks that ended well 180 days ago."""
        before = fields.Datetime.now() - timedelta(days=180)
        self.search([("state", "in", ("done", "cancelled")), ("done_at", "<", before)]).unlink()
