import base64
import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..transaction import retrying

_logger = logging.getLogger(__name__)

#: Minutes until a message is tried a second time, and at most; the wait doubles with each.
FIRST_WAIT = 2
LONGEST_WAIT = 12 * 60
#: Days for which a message waits for what it tells of.
WAIT_DAYS = 14
#: Messages that one run of the job applies.
MOST_AT_ONCE = 500


class OmsWebhookEvent(models.Model):
    """Applying messages: each in a transaction of its own."""

    _inherit = "oms.webhook.event"

    @api.model
    def _cron_apply(self):
        """Apply the messages whose time has come, in the order in which they came."""
        due = [("state", "in", ("received", "parked")), ("next_try", "<=", fields.Datetime.now())]
        events = self.search(due, order="next_try, id", limit=MOST_AT_ONCE)
        self.env["ir.cron"]._commit_progress(remaining=len(events))
        for event in events:
            try:
                retrying(self.env, lambda env, event=event: event.with_env(env)._process())
            except OperationalError as error:
                _logger.info("Webhook message %s is applied in the next run: %s", event.id, error)
            if not self.env["ir.cron"]._commit_progress(1):
                return
        if len(events) == MOST_AT_ONCE:
            self.env["ir.cron"]._commit_progress(remaining=self.search_count(due, limit=1))

    def _process(self):
        """Apply one message, if nobody else is at it."""
        self.ensure_one()
        self.env.cr.execute(
            SQL("SELECT 1 FROM oms_webhook_event WHERE id = %s FOR UPDATE SKIP LOCKED", self.id)
        )
        if not self.env.cr.fetchone() or self.state not in ("received", "parked"):
            return
        self.attempts += 1
        # sudo: what a message says is seen by administrators only
        body = base64.b64decode(self.sudo().with_context(bin_size=False).body or b"")
        try:
            with self.env.cr.savepoint():
                handler = self._get_handler(self.kind)
                if handler is None:
                    raise UserError(
                        self.env._("Nothing here understands “%s” any more.", self.kind)
                    )
                applied = handler._apply(self, body)
                self.env.flush_all()
        except OperationalError:
            raise
        except UserError as error:
            self._fail(str(error))
        except Exception as error:  # one that cannot be applied must not keep others waiting
            # Its text may be from the message, which is not for logs.
            _logger.exception("Webhook message %s cannot be applied", self.id)
            self._put_off(type(error).__name__)
        else:
            self.text = applied.text[:500]
            if applied.missing:
                self._put_off(applied.missing)
            else:
                self._end()

    def _end(self):
        self.write(
            {
                "state": "done",
                "error": False,
                "next_try": False,
                "applied_at": fields.Datetime.now(),
            }
        )

    def _put_off(self, error):
        now = fields.Datetime.now()
        if self.received_at < now - timedelta(days=WAIT_DAYS):
            self._fail(error)
            return
        wait = min(FIRST_WAIT * 2 ** min(self.attempts - 1, 20), LONGEST_WAIT)
        self.write({"state": "parked", "error": error, "next_try": now + timedelta(minutes=wait)})

    def _fail(self, error):
        self.write({"state": "failed", "error": error, "next_try": False})
        _logger.info("Webhook message %s needs somebody", self.id)

    @api.model
    def _try_parked(self, source, words):
        """Have messages to somebody tried at once that wait for what is there now.

        All others wait on: an account that others use too gets messages of their parcels as well,
        of which there are many, and of which nothing will ever be known here.

        :param source: record to which they were sent
        :param list words: what is there now, as it stands in what the messages miss
        """
        words = [word for word in words if word]
        if not source or not words:
            return
        parked = self.search(
            [
                ("res_model", "=", source._name),
                ("res_id", "in", source.ids),
                ("state", "=", "parked"),
                *("|",) * (len(words) - 1),
                *(("error", "like", word) for word in words),
            ]
        )
        if parked:
            parked.next_try = fields.Datetime.now()
            self._apply_later()
