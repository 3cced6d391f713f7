import base64
import hashlib
import logging
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

STATE_SELECTION = [
    ("received", "Received"),
    ("parked", "Waits"),
    ("done", "Applied"),
    ("failed", "Needs Somebody"),
    ("discarded", "Given Up"),
]
#: Days for which messages are kept when nothing else is set, and by what that is set.
KEEP_DAYS = 30
KEEP_PARAMETER = "oms.webhook_keep_days"
#: Forged messages since this process began, by whom they claimed to come from.
_refused = Counter()


class OmsWebhookEvent(models.Model):
    """A message that somebody outside sent by itself, kept once and applied afterwards.

    Who sends is answered as soon as the message is committed. Of what is not genuine nothing is
    kept.
    """

    _name = "oms.webhook.event"
    _description = "Webhook Message"
    _inherit = "oms.handled"
    _order = "id desc"
    _rec_name = "key"

    kind = fields.Selection(string="Sender")
    res_model = fields.Char(string="Account Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Account", model_field="res_model", required=True, readonly=True
    )
    source = fields.Char(string="From", readonly=True, help="The account as it was called then.")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    key = fields.Char(
        required=True, readonly=True, help="The sender's number of it, or else what is in it."
    )
    body = fields.Binary(attachment=False, readonly=True, groups="base.group_system")
    received_at = fields.Datetime(string="Received", required=True, readonly=True, index=True)
    state = fields.Selection(
        STATE_SELECTION, required=True, readonly=True, default="received", index=True
    )
    text = fields.Char(string="Tells", readonly=True)
    error = fields.Text(readonly=True, help="Why it was not applied, or not whole.")
    attempts = fields.Integer(readonly=True)
    next_try = fields.Datetime(readonly=True, help="When it is applied, or tried again.")
    applied_at = fields.Datetime(string="Applied", readonly=True)

    _key_uniq = models.UniqueIndex(
        "(kind, res_model, res_id, key)", "This message was received already."
    )
    _due_idx = models.Index("(next_try) WHERE state IN ('received', 'parked')")

    # === RECEIVING === #

    @api.model
    def _receive(self, kind, token, message):
        """Keep a message, once however often it comes.

        Two that come at the same moment: one of the transactions is run again, and finds that of
        the other.

        :param str kind: of whom it claims to come from
        :param str token: part of the address to which it was sent
        :param message: ``connectors.carrier.Message``
        :return: ``unknown`` where nobody has this address, ``forged``, ``received`` or ``repeated``
        :rtype: str
        """
        handler = self._get_handler(kind)
        # sudo: nobody is logged in when machines call
        source = None if handler is None else handler.sudo()._find_source(token)
        if not source:
            return "unknown"
        if not handler.sudo()._is_genuine(source, message):
            _refused[self.env.cr.dbname, kind, source.id] += 1
            _logger.warning(
                "Refused a webhook to %s account %s that is not signed by it, the %s. since start",
                kind,
                source.id,
                _refused[self.env.cr.dbname, kind, source.id],
            )
            return "forged"
        number = handler._get_message_id(source, message)
        digest = hashlib.sha256(message.body).hexdigest()
        event_id = self.sudo()._insert(kind, source, number[:128] or f"sha256:{digest}", message)
        if event_id:
            self.sudo()._apply_later()
        return "received" if event_id else "repeated"

    def _insert(self, kind, source, key, message):
        self.flush_model()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_webhook_event (kind, res_model, res_id, source, company_id, key,
                    body, received_at, state, attempts, next_try, create_uid, write_uid,
                    create_date, write_date)
                VALUES (%(kind)s, %(model)s, %(id)s, %(source)s, %(company)s, %(key)s, %(body)s,
                    %(now)s, 'received', 0, %(now)s, %(user)s, %(user)s, %(now)s, %(now)s)
                ON CONFLICT (kind, res_model, res_id, key) DO NOTHING
                RETURNING id
                """,
                kind=kind,
                model=source._name,
                id=source.id,
                source=source.display_name,
                company=source.company_id.id,
                key=key,
                body=base64.b64encode(message.body),
                now=now,
                user=self.env.uid,
            )
        )
        row = self.env.cr.fetchone()
        self.invalidate_model()
        return row and row[0]

    def _apply_later(self):
        """Have messages applied as soon as they are committed."""
        job = self.env.ref("oms.cron_apply_webhooks", raise_if_not_found=False)
        if job:
            # sudo: whoever sends a message has no rights on scheduled jobs
            job.sudo()._trigger()

    # === ACTION METHODS === #

    def action_retry(self):
        """Apply again what waits or failed.

        :raises UserError: none of them can be tried again
        """
        self.check_access("read")
        if not self.env.user.has_group("oms.group_order_operator"):
            raise UserError(self.env._("Only order operators try messages again."))
        # sudo: nobody writes messages, they follow what comes of them
        events = self.sudo().filtered(lambda event: event.state in ("parked", "failed"))
        if not events:
            raise UserError(self.env._("Only messages that wait or failed can be tried again."))
        now = fields.Datetime.now()
        events.write({"state": "parked", "attempts": 0, "next_try": now})
        events._apply_later()

    def action_discard(self):
        """Give up what waits or failed.

        :raises UserError: none of them can be given up
        """
        self.check_access("read")
        if not self.env.user.has_group("oms.group_order_operator"):
            raise UserError(self.env._("Only order operators give messages up."))
        # sudo: nobody writes messages, they follow what comes of them
        events = self.sudo().filtered(lambda event: event.state in ("parked", "failed"))
        if not events:
            raise UserError(self.env._("Only messages that wait or failed can be given up."))
        events.write({"state": "discarded", "next_try": False})

    @api.autovacuum
    def _gc_kept(self):
        """Forget messages after the days that are set; those that need somebody after thrice."""
        # sudo: for how long messages are kept is no secret
        value = self.env["ir.config_parameter"].sudo().get_param(KEEP_PARAMETER, KEEP_DAYS)
        days = int(value) if str(value).isdigit() and int(value) else KEEP_DAYS
        now = fields.Datetime.now()
        over = [("received_at", "<", fields.Datetime.subtract(now, days=days))]
        old = [("received_at", "<", fields.Datetime.subtract(now, days=3 * days))]
        self.search([("state", "in", ("done", "discarded")), *over]).unlink()
        self.search([("state", "=", "failed"), *old]).unlink()
