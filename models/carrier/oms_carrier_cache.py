import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...connectors.outcome import Unknown

_logger = logging.getLogger(__name__)

#: Minutes after a failure in which the carrier is not asked again.
REST_MINUTES = 5
#: Days after which what nobody asks for is forgotten.
KEPT_DAYS = 60


class OmsCarrierCache(models.AbstractModel):
    """Something that a carrier told, kept with its age, and asked for anew by a task.

    Nothing is bought by asking: what fails is kept, and asked again when somebody wants it.
    """

    _name = "oms.carrier.cache"
    _description = "What a Carrier Told"

    #: Kind of the task that asks.
    _ask_kind = ""
    #: Of what there is one record: the columns of the unique index.
    _one_for = SQL()
    #: Hours for which what was told is taken for true without asking again.
    _fresh_hours = 24
    #: Days after which it counts no more.
    _most_days = 14

    account_id = fields.Many2one(
        "oms.carrier.account", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    answered_at = fields.Datetime(string="Known Since", readonly=True)
    next_ask = fields.Datetime(
        string="Asked Again From", readonly=True, help="Not before that, when somebody wants it."
    )
    ask_count = fields.Integer(string="Times Asked", readonly=True)
    error = fields.Char(string="Last Failure", readonly=True)

    @api.model
    def _make(self, account, **values):
        """Return a record, made now; whoever makes it at the same moment makes the same.

        :param account: ``oms.carrier.account`` that is asked
        :param values: of what there is one record, as the database keeps them
        """
        now = fields.Datetime.now()
        values |= {"account_id": account.id, "company_id": account.company_id.id, "ask_count": 0}
        values |= {"create_uid": self.env.uid, "write_uid": self.env.uid}
        values |= {"create_date": now, "write_date": now}
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %s (%s) VALUES %s
                ON CONFLICT (%s) DO UPDATE SET account_id = EXCLUDED.account_id
                RETURNING id
                """,
                SQL.identifier(self._table),
                SQL(", ").join(map(SQL.identifier, values)),
                tuple(values.values()),
                self._one_for,
            )
        )
        return self.browse(self.env.cr.fetchone()[0])

    def _is_fresh(self):
        """Tell whether it need not be asked for; not so of an empty recordset."""
        since = fields.Datetime.now() - timedelta(hours=self._fresh_hours)
        return bool(self.answered_at) and self.answered_at > since

    def _is_known(self):
        """Tell whether it can still be told; not so of an empty recordset."""
        since = fields.Datetime.now() - timedelta(days=self._most_days)
        return bool(self.answered_at) and self.answered_at > since

    def _may_ask(self):
        """Tell whether the carrier may be asked now, or is left alone after a failure."""
        return not self.next_ask or self.next_ask <= fields.Datetime.now()

    def _get_ask_title(self):
        """Return what the task that asks is called.

        :rtype: str
        """
        raise NotImplementedError

    def _get_ask_arguments(self):
        """Return what the task has to know.

        :rtype: dict
        """
        self.ensure_one()
        return {"account_id": self.account_id.id}

    def _ask_later(self):
        """Put a task into the queue that asks; for as long as it waits no second one."""
        self.env["oms.task"]._enqueue(
            [
                {
                    "kind": self._ask_kind,
                    "key": f"{each.id}-{each.ask_count}",
                    "name": each._get_ask_title(),
                    "company_id": each.company_id.id,
                    "res_model": each._name,
                    "res_id": each.id,
                    "arguments": each._get_ask_arguments(),
                }
                for each in self
            ]
        )

    def _prepare_answer(self, answer):
        """Return values that keep an answer.

        :rtype: dict
        """
        raise NotImplementedError

    def _keep_answer(self, answer, error=None):
        """Keep what a carrier answered.

        :param answer: None where it failed
        :param error: what came instead
        """
        self.ensure_one()
        now = fields.Datetime.now()
        vals = {"ask_count": self.ask_count + 1}
        if answer is not None:
            vals |= self._prepare_answer(answer)
            next_ask = now + timedelta(hours=self._fresh_hours)
            vals |= {"answered_at": now, "next_ask": next_ask, "error": False}
        else:
            vals |= {"error": error, "next_ask": now + timedelta(minutes=REST_MINUTES)}
        self.write(vals)

    def action_ask(self):
        """Have the carriers asked anew."""
        self.check_access("read")
        # sudo: whoever may see what is known may have it asked for
        self.sudo()._ask_later()

    @api.autovacuum
    def _gc_forgotten(self):
        """Forget what nobody has wanted to know for a long time."""
        if self._abstract:
            return
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("write_date", "<", before)]).unlink()


class OmsCarrierAsking(models.AbstractModel):
    """Asking a carrier for what is kept."""

    _name = "oms.carrier.asking"
    _description = "Ask a Carrier"
    _inherit = "oms.carrier.task"

    #: Model of what is kept.
    _kept = ""

    @staticmethod
    def _ask(ask, *arguments):
        """Ask a carrier; an answer that its adapter stumbles over is none.

        A task that cannot be done would keep all later ones from asking.

        :param ask: method of an adapter
        """
        try:
            return ask(*arguments)
        except Exception as error:  # whatever it is, nothing was bought
            _logger.exception("What a carrier answered cannot be read")
            return Unknown(type(error).__name__)

    def _get_kept(self, task):
        return self.env[self._kept].browse(task.res_id).exists()

    def _prepare_look(self, task):
        # Asking twice does no harm.
        return self._prepare_call(task)

    def _read_answer(self, data):
        """Return an answer of JSON data."""
        raise NotImplementedError

    def _apply(self, task, result):
        answer = result.get("answer")
        if answer is not None:
            answer = self._read_answer(answer)
        for kept in self._get_kept(task):
            kept._keep_answer(answer, result.get("error"))

    def _on_rejected(self, task):
        # It could not even be asked, as the account stood; the next who wants it asks anew.
        for kept in self._get_kept(task):
            kept._keep_answer(None, task.error)
