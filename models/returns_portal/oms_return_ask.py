"""Guests who want to send something back: they prove with a mailed code that an order is theirs."""

import hashlib
import hmac
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize, format_datetime

from ..transaction import reading_committed

#: Minutes for which a code holds.
CODE_MINUTES = 30
#: Wrong codes after which an ask is of no use any more.
MOST_WRONG = 5
#: Codes that may be asked for within an hour: for one mail address, for one order number, and from
#: one address of the network. They count whether or not there is such an order.
MOST_BY_EMAIL, MOST_BY_REFERENCE, MOST_BY_SOURCE = 5, 10, 40
WITHIN = timedelta(hours=1)
#: Days for which asks are remembered.
HISTORY_DAYS = 2
STATE_SELECTION = [
    ("asked", "Asked"),
    ("sent", "Code Sent"),
    ("unknown", "No Such Order"),
    ("used", "Code Entered"),
]


class OmsReturnAsk(models.Model):
    """A guest who asks for a code, by the number of an order and a mail address.

    Whether there is such an order is not looked at while the guest waits: a scheduled job does, a
    moment later. So neither what is answered nor how long it takes tells anybody whose orders
    there are. Of the code only a hash under the database's secret is kept.
    """

    _name = "oms.return.ask"
    _description = "Guest Who Asks for a Code"
    _order = "id desc"
    _rec_name = "reference"
    _log_access = False

    reference = fields.Char(string="Order Number", required=True, readonly=True)
    email = fields.Char(required=True, readonly=True)
    source = fields.Char(
        required=True,
        readonly=True,
        groups="base.group_system",
        help="The address of the network, so hashed that nobody reads it.",
    )
    lang = fields.Char(string="Language", readonly=True)
    moment = fields.Datetime(required=True, readonly=True)
    expires_at = fields.Datetime(string="Holds Until", required=True, readonly=True)
    state = fields.Selection(STATE_SELECTION, required=True, readonly=True, default="asked")
    order_id = fields.Many2one("sale.order", readonly=True, ondelete="cascade", index=True)
    code_hash = fields.Char(readonly=True, groups="base.group_system")
    tries = fields.Integer(string="Codes Tried", readonly=True)

    _email_idx = models.Index("(email, moment)")
    _reference_idx = models.Index("(lower(reference), moment)")
    _source_idx = models.Index("(source, moment)")
    _asked_idx = models.Index("(id) WHERE state = 'asked'")

    # === ASKING === #

    @api.model
    def _ask(self, reference, email, source):
        """Take down that somebody asks for a code, in a transaction of its own.

        :param str reference: number of an order, ours or the channel's, as typed
        :param str email: as typed
        :param str source: address of the network from which it is asked
        :return: id of the ask
        :rtype: int
        :raises UserError: it cannot be read, or too much was asked
        """
        reference, email = self._read_asked(reference, email)
        source = self._hash("source", source or "")
        now = fields.Datetime.now()
        limits = [
            ("email", email, MOST_BY_EMAIL),
            ("lower(reference)", reference.lower(), MOST_BY_REFERENCE),
            ("source", source, MOST_BY_SOURCE),
        ]
        with reading_committed(self.env) as own:
            # Who asks at the same moment waits, and is counted.
            for key in sorted(f"oms.return.ask/{name}/{value}" for name, value, _most in limits):
                own.cr.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
            pauses = [pause for limit in limits if (pause := self._get_pause(own.cr, *limit, now))]
            if not pauses:
                own.cr.execute(
                    SQL(
                        """
                        INSERT INTO oms_return_ask
                               (reference, email, source, lang, moment, expires_at, state, tries)
                        VALUES (%s, %s, %s, %s, %s, %s, 'asked', 0) RETURNING id
                        """,
                        reference,
                        email,
                        source,
                        self.env.lang or None,
                        now,
                        now + timedelta(minutes=CODE_MINUTES),
                    )
                )
                [ask_id] = own.cr.fetchone()
                # sudo: the job that mails the codes is nobody's to see
                own.ref("oms.cron_return_codes").sudo()._trigger()
                return ask_id
        raise UserError(
            self.env._(
                "Too many codes were asked for. Please try again after %s.",
                format_datetime(self.env, max(pauses), dt_format="short"),
            )
        )

    @api.model
    def _read_asked(self, reference, email):
        """Return a number and an address as they are compared.

        :raises UserError: they cannot be any
        """
        reference = " ".join((reference or "").split()).removeprefix("#")[:64]
        email = email_normalize((email or "")[:254])
        if not reference or not reference.isprintable():
            raise UserError(self.env._("Enter the number of your order. It stands in our mails."))
        if not email:
            raise UserError(self.env._("Enter the mail address with which you ordered."))
        return reference, email

    @api.model
    def _get_pause(self, cr, name, value, most, now):
        """Return the moment after which a further code may be asked for, or None.

        :param str name: what is counted, in SQL
        :param int most: codes within an hour
        """
        cr.execute(
            SQL(
                "SELECT moment FROM oms_return_ask WHERE %s = %s AND moment > %s "
                "ORDER BY moment DESC OFFSET %s LIMIT 1",
                SQL(name),
                value,
                now - WITHIN,
                most - 1,
            )
        )
        row = cr.fetchone()
        return row[0] + WITHIN if row else None

    @api.model
    def _hash(self, *parts):
        """Return what is kept in place of something that nobody is to read.

        :rtype: str
        """
        # sudo: the database's secret is used, not shown
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        text = "\0".join(("oms.return.ask", *parts))
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    @api.autovacuum
    def _gc_asks(self):
        before = fields.Datetime.now() - timedelta(days=HISTORY_DAYS)
        self.search([("moment", "<", before)]).unlink()
