import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

STATE_SELECTION = [
    ("waiting", "Waiting"),
    ("running", "Running"),
    ("unknown", "Outcome Unknown"),
    ("applying", "To Be Written Down"),
    ("done", "Done"),
    ("rejected", "Rejected"),
    ("stuck", "Stuck"),
    ("cancelled", "Cancelled"),
]
#: States in which the scheduled job looks after a task.
OPEN_STATES = ("waiting", "running", "unknown", "applying")


class OmsTask(models.Model):
    """Something that is to be done outside, once.

    The intention is committed first, under a key; it is carried out afterwards, by a job. What
    comes of it is done, rejected or unknown. Unknown is looked up before it is asked again.
    """

    _name = "oms.task"
    _description = "Task"
    _inherit = ["oms.handled", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "name"
    # Nobody writes tasks by hand, and whoever sees them may talk about them.
    _mail_post_access = "read"

    name = fields.Char(required=True, readonly=True, index="trigram")
    key = fields.Char(
        required=True,
        readonly=True,
        help="Names the task towards those outside, the same for every attempt.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(string="Document", model_field="res_model", readonly=True)
    arguments = fields.Json(
        readonly=True, groups="base.group_system", help="What was committed to be asked."
    )
    result = fields.Json(
        readonly=True, groups="base.group_system", help="What was answered, until it is written."
    )
    state = fields.Selection(
        STATE_SELECTION, required=True, readonly=True, default="waiting", tracking=True, index=True
    )
    error = fields.Text(readonly=True, help="What came last instead of the outcome, or with it.")
    attempts = fields.Integer(readonly=True, help="How often it was asked or looked for.")
    may_have_happened = fields.Boolean(
        readonly=True, help="An attempt ended without anybody knowing what came of it."
    )
    unwanted = fields.Boolean(
        readonly=True, help="It was cancelled while it may have been under way: it is undone."
    )
    next_try = fields.Datetime(readonly=True, help="When the scheduled job takes it up again.")
    done_at = fields.Datetime(string="Ended", readonly=True)
    duration = fields.Float(
        string="Last Attempt (s)", digits=(16, 3), readonly=True, help="Time of the last answer."
    )

    _key_uniq = models.UniqueIndex("(kind, key)", "There is a task with this key already.")
    _due_idx = models.Index(
        "(next_try) WHERE state IN ('waiting', 'running', 'unknown', 'applying')"
    )
    _document_idx = models.Index("(res_model, res_id)")

    # === KINDS === #

    @api.model
    def _get_handler(self, kind):
        """Return the handler of a kind, an ``oms.task.handler``.

        :raises odoo.exceptions.UserError: whatever did it is not installed any more
        """
        handler = super()._get_handler(kind)
        if handler is None:
            raise UserError(self.env._("Nothing here knows how to do tasks of kind “%s”.", kind))
        return handler

    # === PUTTING INTO THE QUEUE === #

    @api.model
    def _enqueue(self, vals_list):
        """Put tasks into the queue, each once: what is there under its key already is left alone.

        Two transactions that put the same task at the same moment wait for each other, and the
        second finds that of the first.

        :param list vals_list: ``kind``, ``key``, ``name``, ``company_id``, ``res_model``,
            ``res_id`` and ``arguments`` of each
        :return: the tasks, in the same order
        """
        if not vals_list:
            return self.sudo().browse()
        self.flush_model()
        now = fields.Datetime.now()
        convert = self._fields["arguments"].convert_to_column_insert
        rows = SQL(", ").join(
            SQL(
                "(%s, %s, %s, %s, %s, %s::int, %s::jsonb, 'waiting', %s, %s, %s, %s, %s)",
                *(vals["kind"], vals["key"], vals["name"], vals["company_id"]),
                *(vals.get("res_model"), vals.get("res_id")),
                convert(vals.get("arguments"), self),
                *(now, self.env.uid, self.env.uid, now, now),
            )
            # In one order everywhere, so that no two wait for each other.
            for vals in sorted(vals_list, key=lambda vals: (vals["kind"], vals["key"]))
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_task (kind, key, name, company_id, res_model, res_id, arguments,
                    state, next_try, create_uid, write_uid, create_date, write_date)
                VALUES %s
                ON CONFLICT (kind, key) DO NOTHING
                """,
                rows,
            )
        )
        self.invalidate_model()
        # sudo: whoever causes a task need not have rights on tasks
        found = self.sudo().search(
            [
                ("kind", "in", [vals["kind"] for vals in vals_list]),
                ("key", "in", [vals["key"] for vals in vals_list]),
            ]
        )
        by_key = {(task.kind, task.key): task.id for task in found}
        tasks = self.sudo().browse(by_key[vals["kind"], vals["key"]] for vals in vals_list)
        tasks._run_later()
        return tasks

    # === ENDING === #

    def _cancel(self):
        """Take tasks back: those that were never tried are cancelled, others undone when known."""
        # sudo: answers are seen by administrators only, and who takes tasks back need not see them
        open_ones = self.sudo().filtered(lambda task: task.state in (*OPEN_STATES, "stuck"))
        open_ones._lock()
        # What was at it a moment ago may have ended it.
        open_ones = open_ones.filtered(lambda task: task.state in (*OPEN_STATES, "stuck"))
        untouched = open_ones.filtered(
            lambda task: (
                task.state in ("waiting", "stuck") and not (task.may_have_happened or task.result)
            )
        )
        untouched.write({"state": "cancelled", "next_try": False, "done_at": self._now()})
        (open_ones - untouched).write({"unwanted": True})

    def _lock(self):
        """Wait until nobody else changes the tasks, and see how they are."""
        if self:
            self.flush_recordset()
            self.env.cr.execute(
                SQL("SELECT id FROM oms_task WHERE id = ANY(%s) ORDER BY id FOR UPDATE", self.ids)
            )
            self.invalidate_recordset()

    @api.model
    def _now(self):
        return fields.Datetime.now()

    # === ACTION METHODS === #

    def _check_manager(self):
        """Check that the user may decide on the tasks, whose fields nobody may write by hand.

        :raises AccessError: the user is no order manager, or does not see them
        """
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group("oms.group_order_manager")):
            raise AccessError(self.env._("Order managers decide on what is done outside."))

    def action_retry(self):
        """Try again what was rejected or is stuck; what may have happened is looked up first.

        :raises AccessError: the user is no order manager
        :raises UserError: none of them can be tried again
        """
        self._check_manager()
        # sudo: answers are seen by administrators only, and the task goes by whether there is one
        tasks = self.sudo().filtered(lambda task: task.state in ("rejected", "stuck", "unknown"))
        if not tasks:
            raise UserError(self.env._("Only rejected and stuck tasks can be tried again."))
        tasks._check_known()
        for task in tasks:
            state = "unknown" if task.may_have_happened else "waiting"
            if task.result:
                state = "applying"
            task.write({"state": state, "attempts": 0, "next_try": self._now(), "done_at": False})
        tasks._run_later()

    def _check_known(self):
        """Refuse to ask again blindly."""
        for task in self:
            handler = self._get_handler(task.kind)
            blind = task.may_have_happened and not task.result
            if blind and not handler._can_look(task):
                raise UserError(
                    self.env._(
                        "Nobody knows whether “%s” was done, and it cannot be looked up from here. "
                        "Look at the other side first, then say that it was not done.",
                        task.name,
                    )
                )

    def action_not_done(self):
        """Say, having looked, that stuck tasks were not done, so that they are done now.

        :raises AccessError: the user is no order manager
        :raises UserError: of none of them it can be said, or one was done and answered
        """
        self._check_manager()
        # sudo: answers are seen by administrators only, and the task goes by whether there is one
        tasks = self.sudo().filtered(lambda task: task.state in ("stuck", "unknown"))
        if not tasks:
            raise UserError(self.env._("Only of stuck tasks somebody has to say this."))
        if answered := tasks.filtered("result"):
            raise UserError(
                self.env._(
                    "“%s” was done, and what was answered is kept. Try it again, so that it is "
                    "written down.",
                    answered[0].name,
                )
            )
        for task in tasks:
            task.message_post(
                body=self.env._("%s looked: it was not done.", self.env.user.display_name)
            )
        tasks.write(
            {
                "state": "waiting",
                "may_have_happened": False,
                "attempts": 0,
                "next_try": self._now(),
            }
        )
        tasks._run_later()

    def action_cancel(self):
        """Take tasks back.

        :raises AccessError: the user is no order manager
        """
        self._check_manager()
        self._cancel()

    def action_view_document(self):
        """Open what the task is for.

        :rtype: dict
        """
        self.ensure_one()
        if not self.res_model or self.res_model not in self.env:
            raise UserError(self.env._("The task is for no document that is still here."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
