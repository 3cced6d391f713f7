from odoo import models


class OmsTaskHandler(models.AbstractModel):
    """What a kind of task does. Inherit it, and name the kind in ``oms.task._get_handlers``.

    Whatever is asked outside is asked without a transaction: :meth:`_prepare_call` reads what is
    needed, and returns a function that knows nothing of the database.
    """

    _name = "oms.task.handler"
    _description = "Task Handler"

    def _get_title(self):
        """Return what the kind is called.

        :rtype: str
        """
        raise NotImplementedError

    def _prepare_call(self, task):
        """Return what does the task outside.

        :param task: ``oms.task``
        :return: a function without arguments that returns an outcome (``connectors.outcome``) whose
            value is JSON data; it may take as long as it takes, and must not touch the database
        :raises odoo.exceptions.UserError: the task cannot be done as things are, which rejects it
        """
        raise NotImplementedError

    def _prepare_look(self, task):
        """Return what looks whether the task was done by an attempt of which nobody knows.

        :return: as :meth:`_prepare_call`, with the value None where it was not done; None where
            nobody can be asked, so that a person has to look
        """
        return None

    def _can_look(self, task):
        """Tell whether somebody can be asked what came of the task."""
        return self._prepare_look(task) is not None

    def _apply(self, task, result):
        """Write down what came of the task, in one transaction with its end.

        Called again if it fails. What it cannot write keeps the task visibly stuck, with its
        result.

        :param result: JSON data
        """
        raise NotImplementedError

    def _on_rejected(self, task):
        """Take notice of a task that was rejected."""

    def _on_unwanted(self, task, result):
        """Undo what was done although the task was cancelled meanwhile.

        Called in place of :meth:`_apply`: as a rule it puts another task in the queue.
        """
        self._apply(task, result)
