import math
import threading
import time
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.tools import SQL

from ..transaction import committing_statement

#: Into how many parts the calls of a minute are given to the processes.
PARTS = 50


@dataclass
class Grant:
    """Calls of a minute that this process may still answer without asking the database.

    :param int limit: of the channel when it was given; another one makes it void
    :param float until: end of the minute, by the monotonic clock
    :param int left: calls
    """

    limit: int
    until: float
    left: int


_grants: dict[tuple[str, int], Grant] = {}
_lock = threading.Lock()


class OmsApiUsage(models.Model):
    """How often a channel's systems called, by the minute."""

    _name = "oms.api.usage"
    _description = "API Calls of a Channel"
    _log_access = False
    _order = "channel_id, id"

    channel_id = fields.Many2one("oms.channel", required=True, index=True, ondelete="cascade")
    minute = fields.Datetime(required=True)
    calls = fields.Integer(
        required=True, help="Calls that were granted in the minute, and those refused."
    )

    _channel_uniq = models.UniqueIndex("(channel_id)", "A channel counts its calls once.")

    @api.model
    def _take_call(self, channel_id, limit):
        """Count a call, over all processes together, and tell whether it may be answered.

        Calls are given to a process in parts of a fiftieth of the limit, so that few of them have
        to write. In a minute never more are answered than the limit says; what is left of the
        parts of other processes when it is reached is not answered.

        :param int limit: calls in a minute
        :return: zero, or in how many seconds to try again
        :rtype: int
        """
        key = self.env.cr.dbname, channel_id
        now = time.monotonic()
        with _lock:
            grant = _grants.get(key)
            if grant and grant.limit == limit and now < grant.until:
                if grant.left > 0:
                    grant.left -= 1
                    return 0
                if grant.left < 0:
                    return math.ceil(grant.until - now)
        part = max(limit // PARTS, 1)
        with committing_statement(self.env) as env:
            env.cr.execute(self._get_count_sql(channel_id, part))
            calls, rest = env.cr.fetchone()
        given = min(part, limit - (calls - part))
        # Below zero: there is nothing left for anybody in this minute.
        with _lock:
            _grants[key] = Grant(limit, now + float(rest), given - 1 if given > 0 else -1)
        return 0 if given > 0 else math.ceil(rest)

    @api.model
    def _get_count_sql(self, channel_id, calls):
        """Return the statement that counts calls of this minute.

        It returns how many there are, and the seconds that are left of the minute.
        """
        return SQL(
            """
            INSERT INTO oms_api_usage AS usage (channel_id, minute, calls)
            VALUES (%(channel)s, date_trunc('minute', clock_timestamp() AT TIME ZONE 'UTC'),
                    %(calls)s)
            ON CONFLICT (channel_id) DO UPDATE
            SET calls = CASE WHEN usage.minute = EXCLUDED.minute THEN usage.calls ELSE 0 END
                        + EXCLUDED.calls,
                minute = EXCLUDED.minute
            RETURNING calls, 60 - extract(second FROM clock_timestamp())
            """,
            channel=channel_id,
            calls=calls,
        )
