from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from ..transaction import reading_committed

#: Wrong codes that one user may enter within a time, in minutes, before a pause.
MOST_WRONG = 10
WITHIN_MINUTES = 10
#: Days for which wrong codes are remembered.
HISTORY_DAYS = 30


class OmsPickupTry(models.Model):
    """A code that was entered and is none: who guesses has to wait.

    Written in a transaction of its own: the one in which the code was refused is rolled back.
    """

    _name = "oms.pickup.try"
    _description = "Wrong Pickup Code"
    _order = "id desc"
    _log_access = False

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade")
    moment = fields.Datetime(required=True, readonly=True)

    _user_idx = models.Index("(user_id, moment)")

    @api.model
    def _note(self):
        """Write down that the user entered a code that is none."""
        with reading_committed(self.env) as own:
            own.cr.execute(
                SQL(
                    "INSERT INTO oms_pickup_try (user_id, moment) VALUES (%s, %s)",
                    self.env.uid,
                    fields.Datetime.now(),
                )
            )

    @api.model
    def _get_pause(self):
        """Return the moment until which the user has to wait, or None.

        :return: UTC without time zone
        :rtype: datetime.datetime | None
        """
        since = fields.Datetime.now() - timedelta(minutes=WITHIN_MINUTES)
        with reading_committed(self.env) as own:
            own.cr.execute(
                SQL(
                    "SELECT moment FROM oms_pickup_try WHERE user_id = %s AND moment > %s "
                    "ORDER BY moment DESC OFFSET %s LIMIT 1",
                    self.env.uid,
                    since,
                    MOST_WRONG - 1,
                )
            )
            row = own.cr.fetchone()
        return row[0] + timedelta(minutes=WITHIN_MINUTES) if row else None

    @api.model
    def _get_pause_sentence(self):
        """Return what to tell a user who entered too many wrong codes; None if he did not.

        :rtype: str | None
        """
        until = self._get_pause()
        if not until:
            return None
        return self.env._(
            "Too many wrong codes: no code is taken from you before %s. Find the customer by name "
            "or order number.",
            format_datetime(self.env, until, dt_format="HH:mm"),
        )

    @api.autovacuum
    def _gc_tries(self):
        before = fields.Datetime.now() - timedelta(days=HISTORY_DAYS)
        self.search([("moment", "<", before)]).unlink()
