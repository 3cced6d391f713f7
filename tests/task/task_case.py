"""A world outside that does things once for each key, and can be told to fail."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase

from odoo.addons.oms.connectors.outcome import Ok, Rejected, Unknown
from odoo.addons.oms.models.task.oms_task import OmsTask


class Outside:
    """Those who are asked. ``done`` has everything that was done, twice if it was done twice.

    :param answers: how each attempt ends, one after the other: ``ok``, ``rejected``, ``before``
        (nobody answers, nothing was done), ``after`` (nobody answers, it was done), ``not_sent``
        or ``bug``
    """

    def __init__(self, *answers, can_look=True):
        self.answers = list(answers)
        self.can_look = can_look
        self.done = []
        self.asked = []

    def ask(self, key):
        answer = self.answers.pop(0) if self.answers else "ok"
        self.asked.append(answer)
        if answer == "not_sent":
            return Unknown("busy", sent=False, retry_after=7200.0)
        if answer == "before":
            return Unknown("nobody answers")
        if answer == "rejected":
            return Rejected("no", "they said no")
        self.done.append(key)
        if answer == "after":
            return Unknown("nobody answers any more")
        if answer == "bug":
            raise ZeroDivisionError("in the adapter")
        return Ok({"number": len(self.done)})

    def look(self, key):
        answer = self.answers.pop(0) if self.answers else "ok"
        self.asked.append(f"look {answer}")
        if answer in ("before", "after", "bug"):
            return Unknown("nobody tells")
        return Ok({"number": self.done.index(key) + 1} if key in self.done else None)


class Handler:
    """In place of an ``oms.task.handler``, of which models are made when the addon is loaded."""

    def __init__(self, outside, fail=0):
        self.outside = outside
        self.applied = []
        self.undone = []
        self.rejected = []
        self.fail = fail
        self.impossible = False

    def _prepare_call(self, task):
        if self.impossible:
            raise UserError("Not as things are.")  # pylint: disable=translation-required
        key = task.key
        return lambda: self.outside.ask(key)

    def _prepare_look(self, task):
        key = task.key
        return (lambda: self.outside.look(key)) if self.outside.can_look else None

    def _can_look(self, task):
        return self.outside.can_look

    def _apply(self, task, result):
        if self.fail:
            self.fail -= 1
            raise ValueError("cannot be written")
        self.applied.append((task.key, result["number"]))

    def _on_unwanted(self, task, result):
        self.undone.append((task.key, result["number"]))

    def _on_rejected(self, task):
        self.rejected.append(task.key)


class TaskCase(TransactionCase):
    """Tasks whose world outside is the test's."""

    def setUp(self):
        super().setUp()
        self.use(Outside())

    def use(self, outside, **more):
        """Let these do what tasks ask for."""
        self.outside, self.handler = outside, Handler(outside, **more)
        patcher = patch.object(OmsTask, "_get_handler", lambda _tasks, _kind: self.handler)
        patcher.start()
        self.addCleanup(patcher.stop)

    def enqueue(self, key="one", **more):
        vals = {
            "kind": "test",
            "key": key,
            "name": f"Test {key}",
            "company_id": self.env.company.id,
            "arguments": {"what": key},
            **more,
        }
        return self.env["oms.task"]._enqueue([vals])
