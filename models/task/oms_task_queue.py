from odoo import api, models

from ..transaction import reading_committed

#: Channel of OCA's queue in which tasks run; its capacity is set there.
QUEUE_CHANNEL = "root.oms"


class OmsTask(models.Model):
    """The one place where tasks are handed to whoever does them: OCA's queue, or Odoo's cron.

    Where OCA's ``queue_job`` is installed its runners do the tasks, on as many hosts as there are.
    The scheduled job stays the safety net, and takes up what has to be tried again later: a task
    under way is locked, so that it does not matter who comes first.
    """

    _inherit = "oms.task"

    def _run_later(self):
        """Have the tasks done as soon as they are committed."""
        if not self:
            return
        if self._has_queue():
            self._hand_to_queue()
            return
        job = self.env.ref("oms.cron_run_tasks", raise_if_not_found=False)
        if job:
            # sudo: whoever causes a task need not have rights on scheduled jobs
            job.sudo()._trigger()

    @api.model
    def _has_queue(self):
        """Tell whether OCA's ``queue_job`` is installed, without depending on it.

        :rtype: bool
        """
        return "queue.job" in self.env and hasattr(type(self), "with_delay")

    def _hand_to_queue(self):
        """Make a job of each task; one that is waiting for the task already is enough."""
        # sudo: whoever causes a task need not have rights on the queue; jobs run as who made them
        for task in self.sudo().with_user(self.env.ref("base.user_root")):
            task.with_delay(
                channel=QUEUE_CHANNEL,
                description=task.name,
                identity_key=f"oms.task-{task.id}",
            )._run_one()

    def _run_one(self):
        """Do the task if it is still to be done, and nobody else is at it.

        :return: whether it was taken up
        :rtype: bool
        """
        self.ensure_one()
        # This transaction does nothing but hold the lock, which ends with the process.
        with reading_committed(self.env) as holding:
            task_id = self.with_env(holding)._take_up([], self.ids)
            if task_id:
                self._carry_out()
        return bool(task_id)
